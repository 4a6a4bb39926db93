//! Agents that speak ACP, played by shell scripts where no real one can be made to do it.

use grump_core::{ErrorKind, EventKind, Payload};
use grump_engine::agent::{Agent, Ruling, TurnOutcome, acp::AcpAgent, cmd::Command};
use serde_json::{Value, json};

use crate::{
    scene::BUSY,
    stage::{Played, Stage},
};

/// What the scripts are made of. `answer` waits for a request.
const WORDS: &str = r#"
    wait_for_one() { read -r line; id=$(printf '%s' "$line" | sed 's/.*"id":\("[^"]*"\|[0-9]*\).*/\1/'); }
    give() { printf '{"jsonrpc":"2.0","id":%s,"%s":%s}\n' "$id" "$1" "$2"; }
    answer() { wait_for_one; give result "$1"; }
    update() { printf '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":%s}}\n' "$1"; }
    text() { update "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"$1\"}}"; }
    hello() { answer '{"protocolVersion":1,"authMethods":[{"id":"key","name":"Key"}]}'; }
    session() { answer '{"sessionId":"s"}'; }
    done_with() { give result "{\"stopReason\":\"$1\"}"; }
"#;

fn agent(script: &str) -> AcpAgent {
    let script = format!("{WORDS}{script}");
    AcpAgent::new(Command::new("sh").args(["-c", &script]))
}

async fn play(script: &str) -> (Stage, Played) {
    let mut stage = Stage::with(agent(script)).await;
    let played = stage.turn(1, "Go.").await;
    (stage, played)
}

async fn refused_to_open(agent: AcpAgent) -> grump_core::Error {
    agent.open(Stage::empty().site()).await.unwrap_err()
}

#[tokio::test]
async fn lines_that_are_no_messages_are_log_and_spoil_nothing() {
    let script = r#"hello; session; wait_for_one
        text 'One, '; echo 'Warning: no colours'; echo '{"jsonrpc":'; echo '[1]'; echo
        printf 'caf\351\n'; text 'two.'; done_with end_turn"#;
    let (_, played) = play(script).await;
    assert_eq!(played.end().final_message, "One, two.");
    assert_eq!(played.end().outcome, TurnOutcome::Finished);
    let expected = ["Warning: no colours", "{\"jsonrpc\":", "[1]", "caf\u{fffd}"];
    assert_eq!(played.log("agent"), expected);
}

/// Pitfall 14: what is too much to be kept is left out, and that is said; a question among it is
/// answered.
#[tokio::test]
async fn messages_that_are_too_many_before_the_prompt_are_left_out_and_counted() {
    let script = r#"hello; wait_for_one; session=$id
        i=0; while [ $i -lt 1030 ]; do text x; i=$((i+1)); done
        printf '{"jsonrpc":"2.0","id":9,"method":"session/request_permission","params":{}}\n'
        read -r answer; printf '%s' "$answer" > answer
        id=$session; give result '{"sessionId":"s"}'
        wait_for_one; done_with end_turn"#;
    let (stage, played) = play(script).await;
    assert_eq!(played.streamed(), "x".repeat(1024));
    let expected = ["7 messages that came before the prompt were left out"];
    assert_eq!(played.log("warn"), expected);
    let answer: Value = serde_json::from_str(&stage.read("answer")).unwrap();
    assert!(answer["id"] == 9 && answer["error"].is_object(), "{answer}");
}

#[tokio::test]
async fn messages_that_are_not_known_survive_and_their_lines_are_kept() {
    let script = r#"hello; session; wait_for_one; prompt=$id
        update '{"sessionUpdate":"tea_ready","hot":1.50}'
        echo '{"jsonrpc":"2.0","id":9,"method":"elicitation/create","params":{}}'
        read -r answer; printf '%s' "$answer" > answer
        text 'Tea.'; id=$prompt; done_with end_turn"#;
    let (stage, played) = play(script).await;
    let names: Vec<_> = played.events.iter().map(Payload::name).collect();
    assert!(
        names.contains(&"tea_ready") && names.contains(&"elicitation/create"),
        "{names:?}"
    );
    let answer: Value = serde_json::from_str(&stage.read("answer")).unwrap();
    assert_eq!(
        (&answer["id"], &answer["error"]["code"]),
        (&json!(9), &json!(-32601))
    );
    let line = played
        .lines
        .iter()
        .find(|native| native.name == "tea_ready")
        .unwrap();
    let expected = r#"{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tea_ready","hot":1.50}}}"#;
    assert_eq!((line.channel, line.raw.as_deref()), ("acp", Some(expected)));
    assert!(
        played
            .lines
            .iter()
            .any(|native| native.name == "agent_message_chunk")
    );
}

#[tokio::test]
async fn an_agent_that_dies_in_a_turn_fails_it_and_is_started_anew() {
    let script = r#"hello; session; wait_for_one
        if ! [ -e died ]; then touch died; text 'Half a'; echo 'out of memory' >&2; exit 3; fi
        text 'Whole.'; done_with end_turn"#;
    let (mut stage, played) = play(script).await;
    assert_eq!(played.end.as_ref().unwrap_err().kind(), ErrorKind::Agent);
    let error = played.error();
    assert!(
        error.contains("Code(3)") && error.contains("out of memory"),
        "{error}"
    );
    assert_eq!(played.streamed(), "Half a");
    let played = stage.turn(2, "Go on.").await;
    assert_eq!(played.end().final_message, "Whole.");
    stage.close().await;
}

#[tokio::test]
async fn an_agent_that_closes_its_output_and_stays_fails_the_turn() {
    let (_, played) = play("hello; session; wait_for_one; exec >&-; sleep 600").await;
    assert!(
        played.error().contains("ended before it was done"),
        "{}",
        played.error()
    );
}

#[tokio::test]
async fn a_program_that_is_not_there_says_what_to_do() {
    let error = refused_to_open(AcpAgent::new(Command::new("no-such-agent"))).await;
    assert_eq!(error.kind(), ErrorKind::Agent);
    let text = error.to_string();
    assert!(
        text.contains("no-such-agent") && text.contains("PATH"),
        "{text}"
    );
}

#[tokio::test]
async fn a_program_that_does_not_speak_acp_says_what_it_wrote() {
    let error = refused_to_open(agent("echo 'usage: agent FILE'; exit 2")).await;
    let text = error.to_string();
    assert!(
        text.contains("usage: agent FILE") && text.contains("speak ACP"),
        "{text}"
    );
}

#[tokio::test]
async fn an_agent_of_another_version_of_the_protocol_is_refused() {
    let error = refused_to_open(agent(r#"answer '{"protocolVersion":2}'; read -r line"#)).await;
    assert_eq!(error.kind(), ErrorKind::Agent);
}

#[tokio::test]
async fn an_agent_that_wants_its_user_to_log_in_says_how() {
    let refusing =
        r#"wait_for_one; give error '{"code":-32000,"message":"Authentication required"}'"#;
    let (_, played) = play(&format!("hello; {refusing}; read -r line")).await;
    assert!(
        played.error().contains("acp(login=key)"),
        "{}",
        played.error()
    );

    let script = r#"hello; answer '{}'; printf '%s' "$line" > login; session; wait_for_one; done_with end_turn"#;
    let mut stage = Stage::with(agent(script).login("key")).await;
    assert_eq!(
        stage.turn(1, "Go.").await.end().outcome,
        TurnOutcome::Finished
    );
    assert!(stage.read("login").contains(r#""methodId":"key""#));
}

/// Pitfall 16: it hears neither the cancel nor the end of its input, and has tools of its own.
#[tokio::test]
async fn an_agent_that_does_not_stop_is_ended_with_all_below_it() {
    let script = format!("hello; session; wait_for_one; {BUSY} sleep 600");
    let mut stage = Stage::with(agent(&script)).await;
    let stopping = stage.stop_once_written("ready");
    let played = stage.turn(1, "Go.").await;
    stopping.await.unwrap();
    assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    stage.close().await;
    stage.scene.assert_nothing_is_left();
}

/// The protocol wants it: whoever is told to stop is not left without an answer.
#[tokio::test]
async fn what_is_asked_is_withdrawn_when_the_turn_is_stopped() {
    let script = r#"hello; session; wait_for_one; prompt=$id
        echo '{"jsonrpc":"2.0","id":9,"method":"session/request_permission","params":{"sessionId":"s","toolCall":{"toolCallId":"c"},"options":[]}}'
        echo > asked; read -r cancel; printf '%s' "$cancel" > cancel
        read -r answer; printf '%s' "$answer" > answer; id=$prompt; done_with cancelled"#;
    let mut stage = Stage::with(agent(script)).await;
    stage.silent = true;
    let stopping = stage.stop_once_written("asked");
    let played = stage.turn(1, "Go.").await;
    stopping.await.unwrap();
    assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    assert!(stage.read("cancel").contains("session/cancel"));
    let answer: Value = serde_json::from_str(&stage.read("answer")).unwrap();
    assert_eq!(answer["result"]["outcome"]["outcome"], "cancelled");
}

#[tokio::test]
async fn what_cannot_be_allowed_once_is_not_allowed_and_that_is_told() {
    let script = r#"hello; session; wait_for_one; prompt=$id
        echo '{"jsonrpc":"2.0","id":9,"method":"session/request_permission","params":{"sessionId":"s","toolCall":{"toolCallId":"c","title":"Trust this folder"},"options":[{"optionId":"y","kind":"allow_always","name":"Yes"}]}}'
        read -r answer; printf '%s' "$answer" > answer; text Fine.; id=$prompt; done_with end_turn"#;
    let (stage, played) = play(script).await;
    let answer: Value = serde_json::from_str(&stage.read("answer")).unwrap();
    assert_eq!(answer["result"]["outcome"]["outcome"], "cancelled");
    assert_eq!(played.questions[0].title, "Trust this folder");
    assert_eq!(played.log("warn").len(), 1, "{:?}", played.events);
}

/// A word about a refusal has no place in the protocol, so it follows as a prompt.
#[tokio::test]
async fn why_something_is_refused_is_said_once_the_agent_is_done() {
    let script = r#"hello; session; wait_for_one; prompt=$id
        echo '{"jsonrpc":"2.0","id":9,"method":"session/request_permission","params":{"sessionId":"s","toolCall":{"toolCallId":"c","kind":"execute","rawInput":{"command":"rm -r ."}},"options":[{"optionId":"n","kind":"reject_once"}]}}'
        read -r answer; id=$prompt; done_with end_turn
        wait_for_one; printf '%s' "$line" > word; text 'I see.'; done_with end_turn"#;
    let mut stage = Stage::with(agent(script)).await;
    stage.ruling = Ruling::Deny(Some("ask the owner".into()));
    let played = stage.turn(1, "Go.").await;
    assert_eq!(played.end().final_message, "I see.");
    assert_eq!(played.end().outcome, TurnOutcome::Finished);
    let word = stage.read("word");
    assert!(
        word.contains("(bash): rm -r .") && word.contains("ask the owner"),
        "{word}"
    );
}

#[tokio::test]
async fn a_turn_that_reached_a_limit_was_cut_off() {
    for reason in ["max_tokens", "max_turn_requests"] {
        let (_, played) = play(&format!("hello; session; wait_for_one; done_with {reason}")).await;
        assert_eq!(played.end().outcome, TurnOutcome::CutOff);
    }
}

#[tokio::test]
async fn reasons_to_stop_that_are_no_success_fail_the_turn() {
    for (reason, said) in [
        ("refusal", "refused to go on"),
        ("tea_time", "tea_time"),
        ("cancelled", "somebody else"),
    ] {
        let (_, played) = play(&format!(
            "hello; session; wait_for_one; done_with {reason}; read -r line"
        ))
        .await;
        assert!(played.error().contains(said), "{}", played.error());
    }
}

/// Pitfall 31: what is too long to be read is not kept in memory, and nobody waits for it.
#[tokio::test]
async fn a_line_that_is_too_long_fails_the_turn() {
    let script =
        r"hello; session; wait_for_one; head -c 40000000 /dev/zero | tr '\0' x; echo; sleep 600";
    let (_, played) = play(script).await;
    assert!(played.error().contains("40000000"), "{}", played.error());
}

#[tokio::test]
async fn each_turn_is_a_session_of_its_own_in_one_process() {
    let script = r#"hello
        while read -r line; do
            id=$(printf '%s' "$line" | sed 's/.*"id":\("[^"]*"\|[0-9]*\).*/\1/')
            case $line in
                *session/new*) echo $$ >> sessions; give result '{"sessionId":"s"}' ;;
                *session/prompt*) text Done.; done_with end_turn ;;
            esac
        done"#;
    let mut stage = Stage::with(agent(script)).await;
    for iteration in 1..=3 {
        let played = stage.turn(iteration, "Go.").await;
        assert_eq!(played.end().final_message, "Done.");
        assert!(played.kinds().contains(&EventKind::Message));
    }
    stage.close().await;
    let sessions = stage.read("sessions");
    let mut pids: Vec<_> = sessions.lines().collect();
    assert_eq!(pids.len(), 3);
    pids.dedup();
    assert_eq!(pids.len(), 1, "{sessions}");
}
