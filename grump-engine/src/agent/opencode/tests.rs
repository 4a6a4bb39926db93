//! Recordings of opencode 1.18.33 (`fixtures/opencode`), through `decode` and `map`.

use grump_core::{
    EventKind, Payload, Usage,
    payload::{FileChanged, ToolCalled, ToolResult},
};
use serde_json::json;

use super::{
    decode::{Event, decode},
    map::{Effect, Mapper},
    wire::Message,
};

macro_rules! recording {
    ($name:literal) => {
        include_str!(concat!("../../../fixtures/opencode/", $name, ".sse"))
    };
}

fn events(recording: &str) -> impl Iterator<Item = Event> {
    recording
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(decode)
}

/// The first session that is made in a recording.
fn root(recording: &str) -> String {
    let made = events(recording).find_map(|event| match event {
        Event::Created(session) => Some(session.id),
        _ => None,
    });
    made.unwrap()
}

struct Heard {
    mapper: Mapper,
    effects: Vec<Effect>,
}

fn hear(recording: &str) -> Heard {
    let mut mapper = Mapper::new(root(recording), "/repo");
    let effects = events(recording)
        .flat_map(|event| mapper.hear(event))
        .collect();
    Heard { mapper, effects }
}

impl Heard {
    fn told(&self) -> impl Iterator<Item = &Payload> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Tell(payload) => Some(payload),
            _ => None,
        })
    }

    fn kinds(&self) -> Vec<EventKind> {
        let mut kinds: Vec<_> = self.told().map(Payload::kind).collect();
        kinds.dedup();
        kinds
    }

    fn text(&self) -> String {
        self.told()
            .filter_map(|payload| match payload {
                Payload::TextDelta(delta) => Some(&*delta.text),
                _ => None,
            })
            .collect()
    }

    fn results(&self) -> Vec<&ToolResult> {
        self.told()
            .filter_map(|payload| match payload {
                Payload::ToolResult(result) => Some(result),
                _ => None,
            })
            .collect()
    }

    fn calls(&self) -> Vec<&ToolCalled> {
        self.told()
            .filter_map(|payload| match payload {
                Payload::ToolCalled(call) => Some(call),
                _ => None,
            })
            .collect()
    }

    fn final_message(&self) -> String {
        self.mapper.last().unwrap().text()
    }
}

#[test]
fn a_turn_is_told_in_order_and_once() {
    let heard = hear(recording!("write"));
    use EventKind as K;
    assert_eq!(
        heard.kinds(),
        [
            K::TextDelta,
            K::ToolCalled,
            K::FileChanged,
            K::ToolResult,
            K::UsageReported,
            K::Message,
            K::TextDelta,
            K::UsageReported,
            K::Message
        ]
    );
    assert_eq!(
        heard.text(),
        "I will write the file.Done.\n<promise>COMPLETE</promise>"
    );
    assert_eq!(heard.final_message(), "Done.\n<promise>COMPLETE</promise>");
    assert_eq!(heard.mapper.last().unwrap().finish.as_deref(), Some("stop"));
}

#[test]
fn a_tool_call_has_its_input_and_its_result() {
    let heard = hear(recording!("write"));
    let ([call], [result]) = (&heard.calls()[..], &heard.results()[..]) else {
        panic!("{:?}", heard.effects);
    };
    assert_eq!(call.tool, "write");
    let input = call.input.as_ref().unwrap().value();
    assert_eq!(input["filePath"], "/repo/hello.txt");
    assert_eq!(result.call_id, call.call_id);
    assert_eq!(result.success, Some(true));
    assert_eq!(
        result.output.as_ref().unwrap().value(),
        "Wrote file successfully."
    );
}

#[test]
fn a_changed_file_is_named_below_the_folder_and_told_once() {
    let heard = hear(recording!("write"));
    let changed: Vec<_> = heard
        .told()
        .filter(|payload| payload.kind() == EventKind::FileChanged)
        .collect();
    let expected = Payload::from(FileChanged {
        path: Some("hello.txt".into()),
        change: Some("added".into()),
        description: None,
    });
    assert_eq!(changed, [&expected]);
}

#[test]
fn cached_tokens_count_as_read_and_no_price_is_no_price() {
    let heard = hear(recording!("write"));
    let mut sum = Usage::default();
    for payload in heard.told() {
        if let Payload::UsageReported(used) = payload {
            sum += used.usage;
        }
    }
    let expected = Usage {
        input: 1200 + 1300,
        output: 52,
        cached: 1000,
        cost: None,
    };
    assert_eq!(sum, expected);
}

#[test]
fn a_permission_is_asked_for_with_what_it_is_about() {
    let heard = hear(recording!("permission-allowed"));
    let asked = heard.effects.iter().find_map(|effect| match effect {
        Effect::Ask(id, question) => Some((id, question)),
        _ => None,
    });
    let (id, question) = asked.unwrap();
    assert!(id.starts_with("per_"), "{id}");
    assert_eq!(question.action, "edit");
    assert_eq!(question.title, "/repo/hello.txt");
    assert_eq!(question.call_id, heard.calls()[0].call_id);
    let detail = question.detail.as_ref().unwrap().value();
    assert_eq!(detail["patterns"], json!(["hello.txt"]));
}

#[test]
fn a_refusal_fails_the_tool_and_ends_the_turn_unfinished() {
    let heard = hear(recording!("permission-refused"));
    assert_eq!(heard.results()[0].success, Some(false));
    let last = heard.mapper.last().unwrap();
    assert_eq!(last.finish.as_deref(), Some("tool-calls"));
    assert!(heard.mapper.failure().is_none());
}

#[test]
fn a_refusal_with_a_word_lets_the_model_go_on() {
    let heard = hear(recording!("permission-refused-with-a-word"));
    let output = heard.results()[0].output.as_ref().unwrap().value();
    assert!(output.as_str().unwrap().ends_with("use another name"));
    assert_eq!(heard.mapper.last().unwrap().finish.as_deref(), Some("stop"));
}

#[test]
fn an_error_of_the_models_is_the_turns() {
    let heard = hear(recording!("model-error"));
    let failure = heard.mapper.failure().unwrap();
    assert_eq!(failure.name, "APIError");
    assert_eq!(failure.data.status_code, Some(400));
    assert_eq!(failure.data.is_retryable, Some(false));
}

#[test]
fn a_model_that_is_not_there_is_an_error_too() {
    let heard = hear(recording!("unknown-model"));
    let message = heard.mapper.failure().unwrap().data.message.clone();
    assert_eq!(message.unwrap(), "Model not found: scripted/nope.");
    assert!(heard.mapper.last().is_none());
}

#[test]
fn a_rate_limit_is_a_retry_with_its_time() {
    let heard = hear(recording!("rate-limit"));
    let retried: Vec<_> = heard
        .told()
        .filter_map(|payload| match payload {
            Payload::Retrying(retrying) => Some(retrying),
            _ => None,
        })
        .collect();
    let [retrying] = retried[..] else {
        panic!("{retried:?}");
    };
    assert_eq!(
        (retrying.attempt, &*retrying.message),
        (1, "scripted rate limit")
    );
    assert!(retrying.at.is_some());
    assert!(heard.mapper.failure().is_none());
}

#[test]
fn an_abort_is_seen_in_the_last_message_and_ends_the_tool() {
    let heard = hear(recording!("aborted-in-a-tool"));
    assert!(heard.mapper.failure().unwrap().is_abort());
    assert!(heard.mapper.last().unwrap().completed);
    assert_eq!(heard.results().len(), 1);
}

/// Idle is said again after an abort, and by two events each time.
#[test]
fn rest_is_noticed_however_often_it_is_said() {
    let heard = hear(recording!("aborted-while-asking"));
    let settled = heard
        .effects
        .iter()
        .filter(|effect| **effect == Effect::Settle);
    assert_eq!(settled.count(), 4);
}

#[test]
fn a_todo_list_is_the_plan() {
    let heard = hear(recording!("todo"));
    let plans: Vec<_> = heard
        .told()
        .filter_map(|payload| match payload {
            Payload::PlanUpdated(updated) => Some(updated.plan.value()),
            _ => None,
        })
        .collect();
    assert_eq!(plans.len(), 2);
    assert_eq!(
        plans[0]["steps"][0],
        json!({"id": "1", "description": "write one.txt", "status": "in_progress"})
    );
    assert_eq!(plans[1]["steps"][1]["status"], "completed");
}

/// Pitfall 21: nobody is there to choose an answer, so the question is refused and told.
#[test]
fn a_question_is_refused() {
    let heard = hear(recording!("question"));
    let rejected = heard
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Reject(_)));
    assert_eq!(rejected.count(), 1);
    assert!(heard.kinds().contains(&EventKind::Log));
}

#[test]
fn a_sub_agents_words_are_not_the_agents() {
    let heard = hear(recording!("sub-agent"));
    assert_eq!(
        heard.text(),
        "Delegating.Sub agent done.\n<promise>COMPLETE</promise>"
    );
    let tools: Vec<_> = heard.calls().iter().map(|call| &*call.tool).collect();
    assert_eq!(tools, ["task", "invalid"]);
}

/// Pitfall 1: whatever the stream left out, reading the state tells the rest and nothing twice.
#[test]
fn a_cut_anywhere_loses_nothing_and_doubles_nothing() {
    let recording = recording!("write");
    let whole = hear(recording);
    let count = events(recording).count();
    for cut in 0..=count {
        let mut mapper = Mapper::new(root(recording), "/repo");
        let mut effects: Vec<_> = events(recording)
            .take(cut)
            .flat_map(|event| mapper.hear(event))
            .collect();
        effects.extend(mapper.catch_up(state()));
        let heard = Heard { mapper, effects };
        assert_eq!(heard.text(), whole.text(), "cut after {cut}");
        assert_eq!(
            heard.final_message(),
            whole.final_message(),
            "cut after {cut}"
        );
        assert_eq!(heard.calls().len(), 1, "cut after {cut}");
        assert_eq!(heard.results().len(), 1, "cut after {cut}");
        let messages = heard
            .told()
            .filter(|payload| payload.kind() == EventKind::Message);
        assert_eq!(messages.count(), 2, "cut after {cut}");
    }
}

/// The messages of the recording `write` as they stand at its end.
fn state() -> Vec<Message> {
    let state = include_str!("../../../fixtures/opencode/write.messages.json");
    serde_json::from_str(state).unwrap()
}

/// Pitfall 26: pieces before their part, and parts before their message, do no harm.
#[test]
fn the_order_of_events_does_not_matter_for_the_text() {
    let recording = recording!("write");
    let mut mapper = Mapper::new(root(recording), "/repo");
    let mut backwards: Vec<_> = events(recording).collect();
    backwards.reverse();
    let mut effects: Vec<_> = backwards
        .into_iter()
        .flat_map(|event| mapper.hear(event))
        .collect();
    effects.extend(mapper.catch_up(state()));
    let heard = Heard { mapper, effects };
    let whole = "Done.\n<promise>COMPLETE</promise>";
    assert!(heard.text().contains(whole), "{}", heard.text());
}

/// Pitfall 24: a question under a new name is looked for, so that nobody waits for ever.
#[test]
fn an_unknown_event_about_permissions_has_the_state_read() {
    let mut mapper = Mapper::new("s", "/repo");
    let event = decode(r#"{"type":"permission.v3.wanted","properties":{}}"#);
    assert_eq!(mapper.hear(event), [Effect::Reread]);
}
