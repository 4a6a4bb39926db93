//! The script agent.

use grump_core::{ErrorKind, EventKind, Payload};
use grump_engine::agent::{
    Agent, Ruling, TurnOutcome,
    script::{Script, ScriptAgent},
};
use serde_json::{Value, json};

use crate::{
    scene::BUSY,
    stage::{Played, Stage},
};

fn agent(script: &Value) -> ScriptAgent {
    ScriptAgent::new(script.to_string().parse().unwrap())
}

/// Plays one turn of these steps.
async fn play(steps: Value) -> (Stage, Played) {
    let mut stage = Stage::with(agent(&json!({ "turns": [{ "steps": steps }] }))).await;
    let played = stage.turn(1, "the prompt").await;
    (stage, played)
}

#[tokio::test]
async fn the_example_of_the_documentation_plays_two_turns() {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/script-agent.md"
    ));
    let text = text.unwrap();
    let (_, json) = text.split_once("```json\n").unwrap();
    let script: Script = json.split_once("```").unwrap().0.parse().unwrap();
    let mut stage = Stage::with(ScriptAgent::new(script)).await;

    let one = stage.turn(1, "greet").await;
    assert_eq!(
        one.end().final_message,
        "The file is there, a test is missing."
    );
    assert_eq!(stage.read("hello.txt"), "hello from iteration 1\n");
    let two = stage.turn(2, "greet").await;
    assert_eq!(two.end().outcome, TurnOutcome::Finished);
    assert_eq!(
        two.end().final_message,
        "Done.\n<promise>COMPLETE</promise>"
    );
    assert_eq!(two.result(), ("passed\n".to_owned(), true));
    assert_eq!(
        stage.read("docs/hello.txt"),
        "Hello from iteration 1\nand from 2\n"
    );
    stage.close().await;
}

#[tokio::test]
async fn a_message_is_streamed_in_pieces_and_then_told_whole() {
    let script = json!({ "turns": [{ "final": "für {{prompt}}" }], "chunk": 3 });
    let mut stage = Stage::with(agent(&script)).await;
    let played = stage.turn(1, "dich").await;
    use EventKind::{Message, TextDelta};
    assert_eq!(played.kinds(), [TextDelta, TextDelta, TextDelta, Message]);
    assert_eq!(played.streamed(), "für dich");
    assert_eq!(played.end().final_message, "für dich");
    assert_eq!(played.events[3], Payload::message("assistant", "für dich"));
}

#[tokio::test]
async fn a_file_step_tells_call_result_and_change() {
    let (stage, played) = play(json!([{ "write": { "path": "a/b.txt", "content": "x" } }])).await;
    use EventKind::{FileChanged, ToolCalled, ToolResult};
    assert_eq!(played.kinds(), [ToolCalled, ToolResult, FileChanged]);
    let Payload::FileChanged(change) = &played.events[2] else {
        unreachable!()
    };
    assert_eq!(change.path.as_deref(), Some("a/b.txt"));
    assert_eq!(change.change.as_deref(), Some("added"));
    assert_eq!(stage.read("a/b.txt"), "x");
}

#[tokio::test]
async fn a_file_step_that_fails_names_its_place_in_the_script() {
    let (_, played) = play(json!([{ "say": "hm" }, { "delete": { "path": "nope" } }])).await;
    let error = played.error();
    assert!(error.contains("step: steps[1]"), "{error}");
    assert!(error.contains("file: nope"), "{error}");
    assert!(!played.result().1);
}

#[tokio::test]
async fn a_command_that_fails_does_not_end_the_turn() {
    let (_, played) = play(json!([{ "bash": "echo no >&2; exit 3" }, { "say": "went on" }])).await;
    assert_eq!(played.result(), ("no\n\n[exit code 3]".to_owned(), false));
    assert_eq!(played.end().final_message, "went on");
}

/// Pitfall 31: 100 MB on each pipe are drained, and only the end is kept.
#[tokio::test]
async fn a_command_may_write_100_mb_to_both_pipes() {
    let command = "head -c 100000000 /dev/zero | tr '\\0' e >&2 & \
                   head -c 100000000 /dev/zero | tr '\\0' o; wait; echo; echo the end";
    let (_, played) = play(json!([{ "bash": command }])).await;
    let (output, success) = played.result();
    assert!(success);
    assert!(output.starts_with('[') && output.contains("bytes left out]"));
    assert!(output.ends_with("the end\n"));
    assert!(output.len() < 100_000);
}

#[tokio::test]
async fn a_question_that_is_allowed_goes_on() {
    let ask = json!({ "action": "bash", "title": "run it", "else": [{ "say": "no" }] });
    let (_, played) = play(json!([{ "ask": ask }, { "say": "yes" }])).await;
    assert_eq!(played.end().final_message, "yes");
    assert_eq!(played.questions[0].title, "run it");
}

/// Pitfall 21: a question that is refused ends the turn, or takes the way the script has for it.
#[tokio::test]
async fn a_question_that_is_refused_ends_the_turn_or_goes_another_way() {
    let other = json!([{ "say": "the other way" }]);
    let script = json!({ "turns": [
        { "steps": [{ "ask": { "action": "bash", "title": "t" } }], "final": "not said" },
        { "steps": [{ "ask": { "action": "bash", "title": "t", "else": other } }] },
    ]});
    let mut stage = Stage::with(agent(&script)).await;
    stage.ruling = Ruling::Deny(None);
    let one = stage.turn(1, "").await;
    assert_eq!(one.end().outcome, TurnOutcome::Refused);
    assert_eq!(one.streamed(), "");
    let two = stage.turn(2, "").await;
    assert_eq!(two.end().outcome, TurnOutcome::Finished);
    assert_eq!(two.end().final_message, "the other way");
}

#[tokio::test]
async fn usage_retries_and_plans_are_told() {
    let (_, played) = play(json!([
        { "usage": { "input": 7, "output": 2 } },
        { "retry": { "attempt": 2, "message": "busy" } },
        { "plan": [{ "description": "one" }] },
    ]))
    .await;
    use EventKind::{PlanUpdated, Retrying, UsageReported};
    assert_eq!(played.kinds(), [UsageReported, Retrying, PlanUpdated]);
    let Payload::PlanUpdated(event) = &played.events[2] else {
        unreachable!()
    };
    let steps = json!([{ "id": 1, "description": "one", "status": "pending" }]);
    assert_eq!(event.plan.value(), json!({ "steps": steps }));
}

#[tokio::test]
async fn a_turn_fails_as_the_script_says_and_the_next_one_plays() {
    let script = json!({ "turns": [
        { "steps": [{ "fail": "the model is overloaded" }] },
        { "steps": ["crash"] },
        { "final": "fine" },
    ]});
    let mut stage = Stage::with(agent(&script)).await;
    let one = stage.turn(1, "").await;
    assert_eq!(one.end.as_ref().unwrap_err().kind(), ErrorKind::Agent);
    assert!(one.error().contains("the model is overloaded"));
    assert!(
        stage
            .turn(2, "")
            .await
            .error()
            .contains("killed by signal 9")
    );
    assert_eq!(stage.turn(3, "").await.end().final_message, "fine");
}

#[tokio::test]
async fn stopping_a_busy_command_leaves_nothing() {
    let command = format!("{BUSY} sleep 1000");
    let mut stage = Stage::with(agent(
        &json!({ "turns": [{ "steps": [{ "bash": command }] }] }),
    ))
    .await;
    let stopper = stage.stop_once_written("ready");
    let played = stage.turn(1, "").await;
    stopper.await.unwrap();
    assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    stage.close().await;
    stage.scene.assert_nothing_is_left();
}

#[tokio::test]
async fn every_step_that_waits_is_cut_short_by_a_stop() {
    for waits in [json!("hang"), json!({ "sleep_ms": 3_600_000 })] {
        let steps = json!([{ "write": { "path": "ready", "content": "x" } }, waits]);
        let mut stage = Stage::with(agent(&json!({ "turns": [{ "steps": steps }] }))).await;
        let stopper = stage.stop_once_written("ready");
        let played = stage.turn(1, "").await;
        stopper.await.unwrap();
        assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    }
}

#[tokio::test]
async fn a_script_that_cannot_be_read_is_named_when_a_run_opens() {
    let stage = Stage::empty();
    let file = stage.path("part.json");
    std::fs::write(&file, r#"{"turns": [{"steps": [{"jump": 1}]}]}"#).unwrap();
    let error = ScriptAgent::from_file(&file).open(stage.site()).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("part.json") && error.contains("`jump`"),
        "{error}"
    );
    let error = ScriptAgent::from_file("nowhere.json")
        .open(stage.site())
        .await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
}
