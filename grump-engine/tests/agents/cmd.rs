//! Any program of the command line as an agent.

use std::time::Duration;

use grump_core::{ErrorKind, EventKind, ModelRef, Payload};
use grump_engine::agent::{
    TurnOutcome,
    cmd::{CmdAgent, Command, Format},
};

use crate::{
    scene::BUSY,
    stage::{Played, Stage},
};

/// A shell script as the agent.
fn sh(script: &str) -> CmdAgent {
    CmdAgent::new(Command::new("sh").args(["-c", script]))
}

/// Plays one turn of a shell script.
async fn play(script: &str, prompt: &str) -> (Stage, Played) {
    let mut stage = Stage::with(sh(script)).await;
    let played = stage.turn(1, prompt).await;
    (stage, played)
}

#[tokio::test]
async fn the_prompt_comes_on_standard_input_and_the_answer_is_the_message() {
    let (_, played) = play("printf 'you said: '; cat", "größer\n").await;
    assert_eq!(played.end().final_message, "you said: größer\n");
    assert_eq!(played.end().outcome, TurnOutcome::Finished);
    assert_eq!(played.streamed(), "you said: größer\n");
    let message = Payload::message("assistant", "you said: größer\n");
    assert_eq!(played.events.last(), Some(&message));
}

#[tokio::test]
async fn the_prompt_comes_as_an_argument_where_one_asks_for_it() {
    let command = Command::new("sh").args(["-c", "cat; printf '%s|' \"$@\"", "sh"]);
    let command = command.args(["-p={prompt}", "{iteration}", "{model_id}"]);
    let mut stage = Stage::with(CmdAgent::new(command)).await;
    stage.model = Some(ModelRef::new("provider", "small"));
    let played = stage.turn(3, "a 'b' $HOME").await;
    assert_eq!(played.end().final_message, "-p=a 'b' $HOME|3|small|");
}

#[tokio::test]
async fn the_agent_works_in_its_folder_and_knows_run_and_iteration() {
    let (stage, played) = play("pwd -P; echo \"$GRUMP_RUN $GRUMP_ITERATION\"", "").await;
    let folder = stage.scene.path();
    let expected = format!("{}\n{}/run-1 1\n", folder.display(), stage.scene.journal);
    assert_eq!(played.end().final_message, expected);
}

/// Pitfall 31: 100 MB on each pipe are drained, what is told of them is bounded, and the end of
/// the message, where a stop pattern looks, is there.
#[tokio::test]
async fn an_agent_may_write_100_mb_to_both_pipes() {
    let script = "cat >/dev/null; head -c 100000000 /dev/zero | tr '\\0' e >&2 & \
                  head -c 100000000 /dev/zero | tr '\\0' o; wait; echo; echo the end";
    let (_, played) = play(script, &"long prompt ".repeat(100_000)).await;
    let end = played.end();
    assert!(end.final_message.ends_with("o\nthe end\n"));
    assert_eq!(end.final_message.len(), CmdAgent::MESSAGE_CAP);
    assert_eq!(played.streamed().len(), CmdAgent::MESSAGE_CAP);
    let left_out = 100_000_009 - CmdAgent::MESSAGE_CAP;
    let note = format!("the first {left_out} bytes of a message were left out");
    assert!(
        played.log("warn").contains(&note),
        "{:?}",
        played.log("warn")
    );
    assert!(played.log("agent")[0].ends_with("bytes left out]"));
}

#[tokio::test]
async fn a_flood_of_short_lines_of_json_is_drained_and_its_end_counts() {
    let line = r#"{"type":"message_update","assistantMessageEvent":{"type":"x"},"message":[1,2]}"#;
    let end = r#"{"type":"agent_end"}"#;
    let agent = sh(&format!("yes '{line}' | head -n 50000; echo '{end}'")).format(Format::Pi);
    let mut stage = Stage::with(agent).await;
    let played = stage.turn(1, "").await;
    assert_eq!(played.end().outcome, TurnOutcome::Finished);
    assert!(!played.kinds().contains(&EventKind::Unknown));
}

#[tokio::test]
async fn bytes_that_are_not_text_are_replaced_and_the_rest_is_kept() {
    let (_, played) = play(
        "printf 'a\\377\\303'; sleep 0.05; printf '\\251z'; printf 'e\\376' >&2",
        "",
    )
    .await;
    assert_eq!(played.end().final_message, "a\u{fffd}éz");
    assert_eq!(played.streamed(), "a\u{fffd}éz");
    assert_eq!(played.log("agent"), ["e\u{fffd}"]);
}

#[tokio::test]
async fn an_agent_that_never_reads_its_prompt_ends_all_the_same() {
    let (_, played) = play("echo done", &"x".repeat(1_000_000)).await;
    assert_eq!(played.end().final_message, "done\n");
    let (_, played) = play("exec <&-; sleep 0.05; echo done", &"x".repeat(1_000_000)).await;
    assert_eq!(played.end().final_message, "done\n");
}

#[tokio::test]
async fn an_agent_that_ends_at_once_said_nothing() {
    let (_, played) = play("exit 0", "prompt").await;
    assert_eq!(played.end().final_message, "");
    assert!(!played.kinds().contains(&EventKind::Message));
}

#[tokio::test]
async fn a_code_other_than_0_fails_the_turn_with_the_last_lines_of_standard_error() {
    let (mut stage, played) = play("echo partial; echo one >&2; echo two >&2; exit 7", "").await;
    assert_eq!(played.end.as_ref().unwrap_err().kind(), ErrorKind::Agent);
    let error = played.error();
    assert!(
        error.contains("exit code 7") && error.contains("one | two"),
        "{error}"
    );
    assert_eq!(played.streamed(), "partial\n");
    assert_eq!(stage.turn(2, "").await.streamed(), "partial\n");
}

#[tokio::test]
async fn an_agent_that_a_signal_killed_failed() {
    let (_, played) = play("kill -KILL $$", "").await;
    assert!(
        played.error().contains("killed by signal 9"),
        "{}",
        played.error()
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let agent = CmdAgent::new(Command::new("no-such-program"));
    let mut stage = Stage::with(agent).await;
    let error = stage.turn(1, "").await.error();
    assert!(
        error.contains("no-such-program") && error.contains("install it"),
        "{error}"
    );
}

#[tokio::test]
async fn a_model_that_the_command_does_not_take_is_said_to_be_ignored() {
    let mut stage = Stage::with(sh("echo")).await;
    stage.model = Some(ModelRef::new("provider", "small"));
    let played = stage.turn(1, "").await;
    assert!(
        played
            .log("warn")
            .iter()
            .any(|line| line.contains("{model}"))
    );
}

/// Pitfall 21: a program that waits for an answer on its standard input gets its end, not silence.
#[tokio::test]
async fn a_program_that_asks_on_standard_input_does_not_hang() {
    let command = Command::new("sh").args(["-c", "read answer || echo nobody there", "{prompt}"]);
    let mut stage = Stage::with(CmdAgent::new(command)).await;
    let played = stage.turn(1, "prompt").await;
    assert_eq!(played.end().final_message, "nobody there\n");
    let (_, played) = play("read prompt; read answer || echo nobody there", "prompt").await;
    assert_eq!(played.end().final_message, "nobody there\n");
}

#[tokio::test]
async fn stopping_a_busy_agent_leaves_nothing() {
    let mut stage = Stage::with(sh(&format!("{BUSY} echo busy; sleep 1000"))).await;
    let stopper = stage.stop_once_written("ready");
    let played = stage.turn(1, "").await;
    stopper.await.unwrap();
    assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    stage.scene.assert_nothing_is_left();
    stage.close().await;
}

#[tokio::test]
async fn an_agent_that_is_stopped_may_write_much_before_it_ends() {
    let script = "trap 'head -c 10000000 /dev/zero; echo >ended; exit' TERM; \
                  echo >ready; while :; do sleep 0.01; done";
    let mut stage = Stage::with(sh(script)).await;
    let stopper = stage.stop_once_written("ready");
    let played = stage.turn(1, "").await;
    stopper.await.unwrap();
    assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    assert!(stage.path("ended").exists());
}

#[tokio::test]
async fn what_an_agent_leaves_behind_does_not_keep_its_turn_open() {
    let (stage, played) = play(&format!("{BUSY} echo done"), "").await;
    assert_eq!(played.end().final_message, "done\n");
    stage.scene.assert_nothing_is_left();
}

#[tokio::test]
async fn a_turn_that_takes_longer_than_its_timeout_fails_and_leaves_nothing() {
    let agent = sh("sleep 1000").timeout(Duration::from_millis(50));
    let mut stage = Stage::with(agent).await;
    let played = stage.turn(1, "").await;
    assert!(
        played.error().contains("took longer than 50ms"),
        "{}",
        played.error()
    );
    stage.scene.assert_nothing_is_left();
}

#[tokio::test]
async fn a_known_agents_lines_are_its_events_and_its_failure_is_the_turns() {
    let recording = |name: &str| {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
        CmdAgent::new(Command::new("cat").args([format!("{fixtures}/{name}")]))
    };
    let agent = recording("claude/hello-write.jsonl").format(Format::Claude);
    let played = Stage::with(agent).await.turn(1, "").await;
    assert_eq!(
        played.end().final_message,
        "Done.\n<promise>COMPLETE</promise>"
    );
    assert!(played.kinds().contains(&EventKind::FileChanged));

    let agent = recording("claude/write-denied.jsonl").format(Format::Claude);
    let played = Stage::with(agent).await.turn(1, "").await;
    assert_eq!(played.end().outcome, TurnOutcome::Refused);

    let agent = recording("pi/model-error.jsonl").format(Format::Pi);
    let played = Stage::with(agent).await.turn(1, "").await;
    assert!(played.error().contains("400 scripted permanent error"));
}

#[tokio::test]
async fn output_that_is_not_of_the_format_fails_and_says_which_command_writes_it() {
    let mut stage = Stage::with(sh("echo Done.").format(Format::Codex)).await;
    let played = stage.turn(1, "").await;
    assert!(
        played.error().contains("`codex exec --json`"),
        "{}",
        played.error()
    );
    assert_eq!(played.log("agent"), ["Done."]);
}
