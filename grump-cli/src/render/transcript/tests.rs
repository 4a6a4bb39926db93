use std::sync::Arc;

use grump::{Decision, Gap, RunRef, RunStatus, payload};
use serde_json::json;

use super::*;

fn at(mut event: Event, second: i64, iteration: u64) -> Update {
    event.at = Some(Timestamp::from_millis(second * 1000));
    event.iteration = (iteration > 0).then_some(iteration);
    Update::Event(Arc::new(event))
}

fn told(payload: impl Into<Payload>) -> Update {
    at(Event::new(RunRef::of_loop("l-1"), payload), 0, 1)
}

fn shown(updates: &[Update]) -> String {
    let mut transcript = Transcript::default();
    let mut lines: Vec<_> = updates
        .iter()
        .flat_map(|update| transcript.update(update))
        .collect();
    lines.extend(transcript.finish());
    lines
        .iter()
        .map(|line| format!("{:7}|{}\n", format!("{:?}", line.tone), line.text))
        .collect()
}

fn delta(text: &str) -> Update {
    told(payload::TextDelta { text: text.into() })
}

fn call(tool: &str, input: Value) -> payload::ToolCalled {
    payload::ToolCalled {
        tool: tool.into(),
        input: Some(input.into()),
        call_id: None,
        status: None,
        output: None,
    }
}

fn result(tool: &str, success: bool) -> payload::ToolResult {
    payload::ToolResult {
        tool: tool.into(),
        output: Some(Json::string("FAILED 1 test\nmore")),
        success: Some(success),
        call_id: None,
        status: None,
        input: None,
    }
}

#[test]
fn an_iteration_reads_like_a_story() {
    let status = payload::RunStatusChanged {
        status: Some(RunStatus::Starting.into()),
        message: None,
        artifacts: None,
    };
    let loop_event = |payload| Event::new(RunRef::of_loop("l-1"), payload);
    let began = loop_event(payload::IterationStarted {}.into());
    let ended: Payload = payload::IterationEnded {
        outcome: Some("continue".into()),
    }
    .into();
    let completed = payload::RunCompleted {
        status: None,
        message: None,
        artifacts: None,
    };
    let steps = json!({"steps": [
        {"id": "1", "description": "Write it", "status": "completed"},
        {"id": "2", "description": "Test it", "status": "in_progress"},
    ]});
    insta::assert_snapshot!(shown(&[
        told(status),
        at(began, 10, 1),
        told(payload::PlanUpdated { plan: steps.into() }),
        delta("I will wri"),
        delta("te the file.\nThen te"),
        delta("st it."),
        told(Payload::message(
            "assistant",
            "I will write the file.\nThen test it."
        )),
        told(call("write", json!({"path": "hello.txt", "content": "x"}))),
        told(result("write", true)),
        told(call("bash", json!({"command": "sh test.sh"}))),
        told(result("bash", false)),
        told(payload::UsageReported {
            usage: grump::Usage::default()
        }),
        told(payload::CommitCreated {
            commit: json!({"sha": "1a2b3c4d5e6f", "files": ["hello.txt"]}).into()
        }),
        at(loop_event(ended), 14, 1),
        told(completed),
    ]));
}

#[test]
fn a_message_that_was_not_streamed_is_told_whole_and_what_people_wrote_is_not() {
    let shown = shown(&[
        told(Payload::message("user", "Add dark mode")),
        told(Payload::message("assistant", "Done.\nReally.")),
    ]);
    assert_eq!(shown, "Dim    |  Done.\nDim    |  Really.\n");
}

#[test]
fn half_a_line_is_told_before_what_follows_it() {
    let shown = shown(&[delta("I run"), told(call("bash", json!("ls")))]);
    assert_eq!(shown, "Dim    |  I run\nAction |  → bash ls\n");
}

#[test]
fn questions_retries_warnings_gaps_and_errors_stand_out() {
    let asked = payload::PermissionRequested {
        approval: "a-1".into(),
        action: "bash".into(),
        title: "rm -rf build".into(),
        detail: None,
        call_id: None,
        deadline: None,
    };
    let resolved = |decision, by: &str| payload::PermissionResolved {
        approval: "a-1".into(),
        decision,
        by: Some(by.into()),
        note: (decision == Decision::Deny).then(|| "use make clean".into()),
    };
    let retry = payload::Retrying {
        attempt: 2,
        message: "overloaded".into(),
        at: None,
    };
    let error = payload::ErrorReported {
        message: "the agent ended".into(),
        code: None,
    };
    let gap = Gap::default();
    insta::assert_snapshot!(shown(&[
        told(asked),
        told(resolved(Decision::Allow, "person")),
        told(resolved(Decision::Deny, "person")),
        told(resolved(Decision::Expired, "deadline")),
        told(retry),
        told(Payload::log("warn", "not committed: key.pem")),
        told(Payload::log("info", "verified by: true")),
        told(Payload::log("agent", "debugger attached")),
        told(Payload::log("debug", "never shown")),
        told(error),
        Update::Gap(gap),
    ]));
}

#[test]
fn every_end_of_a_run_has_a_line() {
    insta::assert_snapshot!(shown(&[
        told(payload::RunQueued {}),
        told(payload::RunLimitReached {
            reason: Some("limit_reached".into())
        }),
        told(payload::RunFailed {
            status: None,
            message: Some("no agent".into()),
            code: None
        }),
        told(payload::RunCancelled {
            status: None,
            message: None,
            reason: Some("stopped".into())
        }),
        told(payload::RunMerged { commit: None }),
        told(payload::RunDiscarded {}),
        told(payload::RunDeleted {}),
    ]));
}

#[test]
fn what_an_agent_says_cannot_play_with_the_terminal() {
    let shown = shown(&[
        delta("\u{1b}[2J\u{1b}]0;title\u{7}hi\n"),
        told(call("ba\u{1b}[1msh", json!("x\u{8}y"))),
        told(Payload::log("warn", "a\u{1b}[31mb")),
    ]);
    assert!(
        !shown.contains(|character: char| character.is_control() && character != '\n'),
        "{shown:?}"
    );
    assert!(shown.starts_with("Dim    |  hi\n"), "{shown}");
}
