//! What was recorded of real agents, and what one may send tomorrow, through the whole way from
//! bytes to events.

use std::path::Path;

use grump_core::{EventKind, Payload, Usage};
use serde_json::json;

use super::Format;
use crate::agent::{
    TurnOutcome,
    cmd::{report::Report, stdout::Stdout},
};

/// Reads a whole output in pieces of 1,000 bytes, of an agent that worked in `/repo`.
fn read(format: Format, output: &str) -> (Vec<Payload>, Report) {
    let mut stdout = Stdout::new(format, Path::new("/repo"), 1024 * 1024);
    let pieces = output.as_bytes().chunks(1000);
    let mut events: Vec<_> = pieces.flat_map(|piece| stdout.push(piece)).collect();
    let (last, report) = stdout.finish();
    events.extend(last);
    (events, report)
}

macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!("../../../../fixtures/", $path))
    };
}

/// The kinds of events but usage, each with its text where it has one.
fn told(events: &[Payload]) -> Vec<String> {
    let show = |event: &Payload| {
        Some(match event {
            Payload::UsageReported(_) => return None,
            Payload::TextDelta(delta) => format!("delta {:?}", delta.text),
            Payload::Message(message) => format!("message {}", message.message.value()["content"]),
            Payload::ToolCalled(call) => format!("called {}", call.tool),
            Payload::ToolResult(result) => {
                let output = result.output.as_ref().unwrap().text();
                let shown = output.get(..30).unwrap_or(output);
                format!("{} gave {shown} {:?}", result.tool, result.success.unwrap())
            }
            Payload::FileChanged(change) => format!(
                "{} {}",
                change.change.as_deref().unwrap(),
                change.path.as_deref().unwrap()
            ),
            Payload::Log(log) => format!("{}: {}", log.level, log.message),
            other => other.name().to_owned(),
        })
    };
    events.iter().filter_map(show).collect()
}

fn used(events: &[Payload]) -> Usage {
    let mut total = Usage::default();
    for event in events {
        if let Payload::UsageReported(event) = event {
            total += event.usage;
        }
    }
    total
}

const DONE: &str = "Done.\n<promise>COMPLETE</promise>";
const DONE_MESSAGE: &str = r#"message "Done.\n<promise>COMPLETE</promise>""#;

#[test]
fn claude_tells_messages_tools_changes_and_usage() {
    let (events, report) = read(Format::Claude, fixture!("claude/hello-write.jsonl"));
    assert_eq!(
        told(&events),
        [
            r#"message "I will write the file.""#,
            "called Write",
            r#"Write gave "File created successfully at: true"#,
            "added hello.txt",
            DONE_MESSAGE,
        ]
    );
    assert_eq!(report.last, DONE);
    assert_eq!(report.outcome, Some(TurnOutcome::Finished));
    assert_eq!(report.failure, None);
    let usage = used(&events);
    assert_eq!((usage.input, usage.output, usage.cached), (3500, 52, 1000));
    assert_eq!(usage.cost, Some(0.01124));
}

#[test]
fn claudes_partial_messages_are_deltas() {
    let (events, report) = read(Format::Claude, fixture!("claude/partial-messages.jsonl"));
    let told = told(&events);
    assert_eq!(
        told[..2],
        [r#"delta "I will write the""#, r#"delta " file.""#]
    );
    assert_eq!(told.last().unwrap(), DONE_MESSAGE);
    assert_eq!(report.last, DONE);
}

#[test]
fn a_write_that_claude_was_denied_is_no_success_whatever_the_model_claims() {
    let (events, report) = read(Format::Claude, fixture!("claude/write-denied.jsonl"));
    assert_eq!(report.last, DONE);
    assert_eq!(report.outcome, Some(TurnOutcome::Refused));
    let told = told(&events);
    assert!(
        told.contains(&r#"Write gave "not now" false"#.to_owned()),
        "{told:?}"
    );
    assert!(
        !told.iter().any(|event| event.starts_with("added")),
        "{told:?}"
    );
}

#[test]
fn an_api_error_fails_claudes_turn_although_its_subtype_is_success() {
    let (_, report) = read(Format::Claude, fixture!("claude/api-error.jsonl"));
    assert!(report.failure.unwrap().starts_with("API Error: 400"));
}

#[test]
fn a_claude_that_was_interrupted_failed() {
    let (_, report) = read(Format::Claude, fixture!("claude/interrupted.jsonl"));
    assert!(report.failure.unwrap().contains("ede_diagnostic"));
    assert_eq!(report.last, "This answer is streamed ");
}

#[test]
fn claudes_retries_are_told_with_their_time() {
    let (events, report) = read(Format::Claude, fixture!("claude/rate-limited.jsonl"));
    let retry = events.iter().find_map(|event| match event {
        Payload::Retrying(retry) => Some(retry),
        _ => None,
    });
    let retry = retry.unwrap();
    assert_eq!(
        (retry.attempt, retry.message.as_str()),
        (1, "rate_limit 429")
    );
    assert!(retry.at.is_some());
    assert_eq!(report.last, "Recovered.\n<promise>COMPLETE</promise>");
}

#[test]
fn what_claudes_sub_agents_say_is_not_its_own_message() {
    let line = json!({ "type": "assistant", "parent_tool_use_id": "t1", "message": { "content":
        [{ "type": "text", "text": DONE }] } });
    let (events, report) = read(Format::Claude, &line.to_string());
    assert_eq!((events.len(), report.last.as_str()), (0, ""));
}

#[test]
fn codex_tells_messages_commands_and_usage() {
    let (events, report) = read(Format::Codex, fixture!("codex/hello-write.jsonl"));
    let told = told(&events);
    assert!(told[0].starts_with("warn: Model metadata"), "{told:?}");
    assert_eq!(
        told[1..],
        [
            r#"message "I will write the file.""#,
            "called command_execution",
            r#"command_execution gave "" true"#,
            DONE_MESSAGE,
        ]
    );
    assert_eq!(report.outcome, Some(TurnOutcome::Finished));
    let usage = used(&events);
    assert_eq!((usage.input, usage.output, usage.cached), (2500, 52, 1000));
}

#[test]
fn a_turn_that_codex_failed_fails_with_its_words() {
    let line = json!({ "type": "turn.failed", "error": { "message": "no credit" } });
    let (_, report) = read(Format::Codex, &line.to_string());
    assert_eq!(report.failure.as_deref(), Some("no credit"));
}

#[test]
fn codexs_file_changes_and_to_do_lists_are_told() {
    let lines = [
        json!({ "type": "item.completed", "item": { "type": "file_change", "changes": [
            { "path": "/repo/a", "kind": "add" }, { "path": "b", "kind": "delete" }] } }),
        json!({ "type": "item.updated", "item": { "type": "todo_list", "items": [
            { "text": "one", "completed": true }] } }),
    ];
    let (events, _) = read(
        Format::Codex,
        &lines.map(|line| line.to_string()).join("\n"),
    );
    assert_eq!(told(&events), ["added a", "deleted b", "plan.updated"]);
}

#[test]
fn opencode_tells_messages_tools_changes_and_usage() {
    let (events, report) = read(Format::Opencode, fixture!("opencode/hello-write.jsonl"));
    assert_eq!(
        told(&events),
        [
            r#"message "I will write the file.""#,
            "called write",
            r#"write gave "Wrote file successfully." true"#,
            "added hello.txt",
            DONE_MESSAGE,
        ]
    );
    assert_eq!(report.outcome, Some(TurnOutcome::Finished));
    let usage = used(&events);
    assert_eq!((usage.input, usage.output, usage.cached), (2500, 52, 1000));
    assert_eq!(usage.cost, None);
}

#[test]
fn an_opencode_whose_last_step_called_tools_was_refused() {
    let whole = fixture!("opencode/hello-write.jsonl");
    let cut: Vec<&str> = whole.lines().take(4).collect();
    let (_, report) = read(Format::Opencode, &cut.join("\n"));
    assert_eq!(report.outcome, Some(TurnOutcome::Refused));
}

#[test]
fn an_error_of_opencode_fails_the_turn() {
    let line = json!({ "type": "error", "error":
        { "name": "UnknownError", "data": { "message": "Model not found" } } });
    let (_, report) = read(Format::Opencode, &line.to_string());
    assert_eq!(report.failure.as_deref(), Some("Model not found"));
}

#[test]
fn pi_tells_deltas_messages_tools_and_usage() {
    let (events, report) = read(Format::Pi, fixture!("pi/hello-write.jsonl"));
    assert_eq!(
        told(&events),
        [
            r#"delta "I will write the""#,
            r#"delta " file.""#,
            r#"message "I will write the file.""#,
            "called write",
            r#"write gave "Successfully wrote 22 bytes t true"#,
            "modified hello.txt",
            r#"delta "Done.\n<promise>C""#,
            r#"delta "OMPLETE</promise""#,
            r#"delta ">""#,
            DONE_MESSAGE,
        ]
    );
    assert_eq!(report.outcome, Some(TurnOutcome::Finished));
    let usage = used(&events);
    assert_eq!((usage.input, usage.output, usage.cached), (2500, 52, 1000));
}

#[test]
fn a_model_error_fails_pis_turn_although_its_code_is_0() {
    let (_, report) = read(Format::Pi, fixture!("pi/model-error.jsonl"));
    assert_eq!(
        report.failure.as_deref(),
        Some("400 scripted permanent error")
    );
    let (_, report) = read(Format::Pi, fixture!("pi/aborted.jsonl"));
    assert_eq!(report.failure.as_deref(), Some("Request was aborted"));
}

#[test]
fn a_pi_that_recovered_did_not_fail() {
    let both = [
        fixture!("pi/model-error.jsonl"),
        fixture!("pi/hello-write.jsonl"),
    ];
    let (_, report) = read(Format::Pi, &both.concat());
    assert_eq!(report.failure, None);
    assert_eq!(report.last, DONE);
}

/// Pitfall 25: what nobody knows yet is kept as it came, and the turn goes on.
#[test]
fn unknown_lines_are_kept_in_every_format() {
    for format in Format::ALL
        .into_iter()
        .filter(|format| *format != Format::Text)
    {
        let line = r#"{"b": 1.0, "type": "tomorrow", "a": [1e999]}"#;
        let (events, report) = read(format, &format!("{line}\n{{\"a\": 1}}\nplain words\n"));
        let Payload::Unknown(unknown) = &events[0] else {
            panic!("{format}: {events:?}");
        };
        assert_eq!(
            (unknown.name.as_str(), unknown.body.text()),
            ("tomorrow", line)
        );
        assert_eq!(events[1].kind(), EventKind::Unknown, "{format}");
        assert_eq!(events[2..], [Payload::log("agent", "plain words")]);
        assert_eq!(report.outcome, None);
    }
}

/// Pitfall 25: a line beyond the cap is told as an error, others are counted, and the turn goes on.
#[test]
fn a_line_that_is_too_long_is_left_out_and_said_so() {
    let long = "x".repeat(9 * 1024 * 1024);
    let output = format!("{long}\n{long}\n{}", fixture!("codex/hello-write.jsonl"));
    let (events, report) = read(Format::Codex, &output);
    let Payload::ErrorReported(error) = &events[0] else {
        panic!("{:?}", told(&events));
    };
    assert_eq!(error.code.as_deref(), Some("line_too_long"));
    assert_eq!(report.last, DONE);
    assert_eq!(
        told(&events).last().unwrap(),
        "warn: 2 lines that are too long were left out"
    );
}

#[test]
fn what_a_tool_gave_is_bounded_in_its_event() {
    let output = "y".repeat(1_000_000);
    let line = json!({ "type": "item.completed", "item": { "type": "command_execution",
        "id": "i", "exit_code": 0, "aggregated_output": output } });
    let (events, _) = read(Format::Codex, &line.to_string());
    let Payload::ToolResult(result) = &events[0] else {
        panic!("{events:?}");
    };
    let kept: String = result.output.as_ref().unwrap().parse().unwrap();
    assert!(kept.len() < 70_000);
    assert!(
        kept.ends_with("… [934464 bytes left out]"),
        "{}",
        &kept[kept.len() - 40..]
    );
}

#[test]
fn plain_output_is_streamed_up_to_the_cap_and_its_end_is_the_message() {
    let mut stdout = Stdout::new(Format::Text, Path::new("/repo"), 10);
    let mut events = Vec::new();
    for piece in ["abcdefgé", "hijk", "lmnop<é>"] {
        events.extend(stdout.push(piece.as_bytes()));
    }
    let (last, report) = stdout.finish();
    events.extend(last);
    assert_eq!(
        told(&events),
        [
            r#"delta "abcdefgé""#,
            r#"delta "h""#,
            "warn: the first 12 bytes of a message were left out",
            r#"message "klmnop<é>""#,
        ]
    );
    assert_eq!(report.last, "klmnop<é>");
}
