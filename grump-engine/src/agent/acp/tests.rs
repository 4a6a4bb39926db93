//! Recordings of opencode 1.18.33 and gemini-cli 0.61.0 (`fixtures/acp`), through `decode` and
//! `map`.

use grump_core::{
    EventKind, Payload, Usage,
    payload::{FileChanged, ToolCalled, ToolResult},
};
use serde_json::{Value, json};

use super::{
    super::{Question, Ruling},
    args,
    choose::Session,
    decode::{Line, Permission, Stopped, decode},
    map::Mapper,
};

macro_rules! recording {
    ($name:literal) => {
        include_str!(concat!("../../../fixtures/acp/", $name, ".jsonl"))
    };
}

/// What came of a recording, and the replies to its questions.
struct Heard {
    mapper: Mapper,
    told: Vec<Payload>,
    asked: Vec<Question>,
    replies: Vec<[Value; 2]>,
}

fn hear(recording: &str) -> Heard {
    let messages = recording
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answers: Vec<_> = messages
        .filter(|message| message["result"].is_object())
        .collect();
    let session = answers
        .iter()
        .find(|answer| answer["result"]["sessionId"].is_string());
    let session = Session::new(session.unwrap()["result"].clone()).unwrap();
    let mut heard = Heard {
        mapper: Mapper::new(session.id, "/repo"),
        told: Vec::new(),
        asked: Vec::new(),
        replies: Vec::new(),
    };
    for line in recording.lines() {
        heard.line(line);
    }
    let stopped = answers.last().unwrap()["result"].clone();
    let stopped: Stopped = serde_json::from_value(stopped).unwrap();
    heard.told.extend(heard.mapper.finish(stopped.usage));
    heard
}

impl Heard {
    fn line(&mut self, line: &str) {
        match decode(line) {
            Line::Request { method, .. } if method == args::PERMISSION => {
                let detail = serde_json::from_str::<Value>(line).unwrap()["params"].clone();
                let permission: Permission = serde_json::from_value(detail.clone()).unwrap();
                self.replies.push(
                    [Ruling::Allow, Ruling::Deny(None)]
                        .map(|ruling| args::reply(&permission, &ruling)),
                );
                let (told, question) = self.mapper.permission(permission, &detail);
                self.told.extend(told);
                self.asked.push(question);
            }
            line => self.told.extend(self.mapper.hear(line)),
        }
    }

    fn kinds(&self) -> Vec<EventKind> {
        let mut kinds: Vec<_> = self.told.iter().map(Payload::kind).collect();
        kinds.dedup();
        kinds
    }

    fn text(&self) -> String {
        let deltas = self.told.iter().filter_map(|told| match told {
            Payload::TextDelta(delta) => Some(&*delta.text),
            _ => None,
        });
        deltas.collect()
    }

    fn called(&self) -> Vec<&ToolCalled> {
        let called = self.told.iter().filter_map(|told| match told {
            Payload::ToolCalled(called) => Some(called),
            _ => None,
        });
        called.collect()
    }

    fn results(&self) -> Vec<&ToolResult> {
        let results = self.told.iter().filter_map(|told| match told {
            Payload::ToolResult(result) => Some(result),
            _ => None,
        });
        results.collect()
    }

    fn changes(&self) -> Vec<&FileChanged> {
        let changes = self.told.iter().filter_map(|told| match told {
            Payload::FileChanged(changed) => Some(changed),
            _ => None,
        });
        changes.collect()
    }

    fn usage(&self) -> Vec<Usage> {
        let usage = self.told.iter().filter_map(|told| match told {
            Payload::UsageReported(reported) => Some(reported.usage),
            _ => None,
        });
        usage.collect()
    }
}

#[test]
fn a_turn_of_opencodes_is_told_in_the_words_of_the_domain() {
    let heard = hear(recording!("opencode-write-asking"));
    assert_eq!(
        heard.kinds(),
        [
            EventKind::TextDelta,
            EventKind::ToolCalled,
            EventKind::ToolResult,
            EventKind::FileChanged,
            EventKind::Message,
            EventKind::TextDelta,
            EventKind::Message,
            EventKind::UsageReported,
        ]
    );
    assert_eq!(
        heard.text(),
        "I will write the file.Done.\n<promise>COMPLETE</promise>"
    );
    assert_eq!(heard.mapper.last(), "Done.\n<promise>COMPLETE</promise>");
}

#[test]
fn a_tool_is_called_with_its_input_and_pairs_with_its_result() {
    let heard = hear(recording!("opencode-write-asking"));
    let (called, result) = (heard.called()[0], heard.results()[0]);
    let input = json!({"filePath": "/repo/hello.txt", "content": "hello from the script\n"});
    assert_eq!(called.tool, "write");
    assert_eq!(called.input.as_ref().unwrap().value(), input);
    assert_eq!(called.call_id, result.call_id);
    assert_eq!(result.success, Some(true));
    let output = result.output.as_ref().unwrap().value();
    assert_eq!(output["metadata"]["exists"], false);
}

#[test]
fn a_change_is_below_the_folder_of_the_run() {
    for recording in [
        recording!("opencode-write-asking"),
        recording!("gemini-write-asking"),
    ] {
        let heard = hear(recording);
        let paths: Vec<_> = heard
            .changes()
            .iter()
            .map(|change| change.path.clone())
            .collect();
        assert_eq!(paths, [Some("hello.txt".to_owned())]);
    }
}

#[test]
fn opencodes_tokens_count_what_was_cached() {
    let heard = hear(recording!("opencode-write-asking"));
    let expected = Usage {
        input: 1300,
        output: 12,
        cached: 1000,
        cost: None,
    };
    assert_eq!(heard.usage(), [expected]);
}

#[test]
fn a_question_is_asked_with_all_that_the_agent_said() {
    let heard = hear(recording!("opencode-write-asking"));
    let question = &heard.asked[0];
    assert_eq!(question.action, "edit");
    assert_eq!(question.title, "/repo/hello.txt");
    assert_eq!(question.call_id, heard.called()[0].call_id);
    let detail = question.detail.as_ref().unwrap().value();
    assert_eq!(detail["toolCall"]["content"][0]["type"], "diff");
    assert_eq!(detail["options"].as_array().unwrap().len(), 3);
}

/// The ids of the options differ per agent, and `always` would hold for longer.
#[test]
fn an_answer_is_the_option_of_its_kind_and_holds_once() {
    let chosen = |id| json!({"outcome": {"outcome": "selected", "optionId": id}});
    let opencode = hear(recording!("opencode-write-asking"));
    assert_eq!(opencode.replies, [[chosen("once"), chosen("reject")]]);
    let gemini = hear(recording!("gemini-write-asking"));
    assert_eq!(gemini.replies, [[chosen("proceed_once"), chosen("cancel")]]);
}

#[test]
fn a_call_that_is_first_heard_of_in_a_question_is_told_before_it() {
    let heard = hear(recording!("gemini-write-asking"));
    assert_eq!(heard.called().len(), 1);
    assert_eq!(heard.called()[0].tool, "edit");
    assert_eq!(heard.results().len(), 1);
    let at = |kind| heard.told.iter().position(|told| told.kind() == kind);
    assert!(at(EventKind::ToolCalled) < at(EventKind::ToolResult));
}

#[test]
fn messages_without_ids_end_where_a_tool_is_called() {
    let heard = hear(recording!("gemini-write-asking"));
    let messages = heard
        .told
        .iter()
        .filter(|told| told.kind() == EventKind::Message);
    assert_eq!(messages.count(), 2);
    assert_eq!(heard.mapper.last(), "Done.\n<promise>COMPLETE</promise>");
}

#[test]
fn after_a_refusal_nothing_is_said_and_no_file_changed() {
    let heard = hear(recording!("opencode-refused"));
    assert_eq!(heard.results()[0].success, Some(false));
    assert!(heard.changes().is_empty());
    assert_eq!(heard.mapper.steps(), 3, "two pieces of text and one call");
}

#[test]
fn a_list_of_things_to_do_is_a_plan() {
    let heard = hear(recording!("opencode-to-do"));
    let plans = heard.told.iter().filter_map(|told| match told {
        Payload::PlanUpdated(updated) => Some(updated.plan.value()["steps"].clone()),
        _ => None,
    });
    let status = |plan: Value| [plan[0]["status"].clone(), plan[1]["status"].clone()];
    let statuses: Vec<_> = plans.map(status).collect();
    assert_eq!(
        statuses,
        [["in_progress", "pending"], ["completed", "completed"]]
    );
}

#[test]
fn a_plan_of_the_protocols_own_is_told() {
    let mut mapper = Mapper::new("s", "/repo");
    let line = r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"plan","entries":[{"content":"Read","priority":"high","status":"pending"}]}}}"#;
    let told = mapper.hear(decode(line));
    let [Payload::PlanUpdated(updated)] = &told[..] else {
        panic!("{told:?}");
    };
    let step = json!({"id": "1", "description": "Read", "status": "pending"});
    assert_eq!(updated.plan.value(), json!({ "steps": [step] }));
}

#[test]
fn what_is_said_in_another_session_is_not_told() {
    let mut mapper = Mapper::new("another", "/repo");
    let lines = recording!("opencode-stopped").lines().map(decode);
    for line in lines.filter(|line| matches!(line, Line::Update { .. })) {
        assert_eq!(mapper.hear(line), []);
    }
}

#[test]
fn what_is_not_known_is_told_as_it_came() {
    let mut mapper = Mapper::new("s", "/repo");
    let line = r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tea_ready","hot":true}}}"#;
    let [Payload::Unknown(unknown)] = &mapper.hear(decode(line))[..] else {
        panic!("it is told");
    };
    assert_eq!((&*unknown.name, unknown.body.text()), ("tea_ready", line));
    let asked = mapper.hear(decode(
        r#"{"id":1,"method":"elicitation/create","params":{}}"#,
    ));
    assert_eq!(asked[0].name(), "elicitation/create");
    let declined = mapper.hear(decode(
        r#"{"id":1,"method":"fs/write_text_file","params":{}}"#,
    ));
    assert_eq!(declined, []);
}

#[test]
fn a_tool_that_deletes_says_what_is_gone() {
    let mut mapper = Mapper::new("s", "/repo");
    let line = r#"{"method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tool_call","toolCallId":"c","title":"Delete a.txt","kind":"delete","status":"completed","locations":[{"path":"/repo/a.txt"}]}}}"#;
    let told = mapper.hear(decode(line));
    let Some(Payload::FileChanged(changed)) = told.last() else {
        panic!("{told:?}");
    };
    assert_eq!(changed.path.as_deref(), Some("a.txt"));
    assert_eq!(changed.change.as_deref(), Some("deleted"));
    assert_eq!(mapper.hear(decode(line)), [], "nothing is told twice");
}
