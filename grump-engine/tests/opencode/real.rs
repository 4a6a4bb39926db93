//! Real opencode, driven by the scripted model.
//!
//! Each test has a server, a home and a repository of its own, and a server costs seconds: what can
//! be shown one after the other in one server is.

use std::{fs, path::Path, time::Duration};

use grump_core::{Endpoint, ErrorKind, EventKind, ModelRef, Payload};
use grump_engine::{
    agent::{Agent, OpenCode, Ruling, Site, Turn, TurnEnd, TurnOutcome},
    process::{Child, Launch},
};
use grump_testkit::{model::Ending, opencode};
use rustix::process::{Pid, test_kill_process};
use serde_json::json;
use tokio::{io::AsyncReadExt, time::timeout};

use crate::bench::{Bench, HANG, play, turn};

/// A session that begins anew writes again.
pub(crate) const WRITES: &str = r#"{"count": "history", "turns": [
    {"text": "I write.", "tools": [{"write": {"path": "hello.txt", "content": "hello\n"}}]},
    {"text": "Done."}
]}"#;

/// Waits until the file is there and whole, and reads it.
pub(crate) async fn appeared(file: &Path) -> String {
    let there = async {
        loop {
            match fs::read_to_string(file) {
                Ok(text) if text.ends_with('\n') => return text,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    timeout(HANG, there).await.expect("the file appears")
}

pub(crate) fn is_alive(pid: &str) -> bool {
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    test_kill_process(pid).is_ok()
}

#[tokio::test]
async fn a_turn_does_its_work_and_tells_of_it() {
    let bench = Bench::new(WRITES).await;
    let mut session = bench.agent().open(bench.site()).await.unwrap();
    let played = play(&mut *session, turn(), Ruling::Allow).await;
    session.close().await.unwrap();
    let expected = TurnEnd {
        final_message: "Done.".into(),
        outcome: TurnOutcome::Finished,
    };
    assert_eq!(*played.end(), expected);
    assert_eq!(bench.written().as_deref(), Some("hello\n"));
    for kind in [
        EventKind::TextDelta,
        EventKind::Message,
        EventKind::ToolCalled,
        EventKind::ToolResult,
        EventKind::FileChanged,
        EventKind::UsageReported,
    ] {
        assert!(played.kinds().contains(&kind), "{kind}: {:?}", played.told);
    }
}

/// Pitfalls 16 and 17: the tool, its child, and a daemon that hides in an empty environment.
#[tokio::test]
async fn stopping_a_busy_tool_leaves_nothing_alive() {
    let hide = "setsid env -i sh -c 'echo $$ > daemon.pid; exec sleep 600' & \
                sleep 600 & echo $! > child.pid; echo $$ > tool.pid; sleep 600";
    let script = json!({"turns": [{"tools": [{"bash": {"command": hide}}]}]});
    let bench = Bench::new(&script.to_string()).await;
    let mut session = bench.agent().open(bench.site()).await.unwrap();
    let turn = turn();
    let stop = turn.stop.clone();
    let repository = bench.repository.path();
    let busy = async {
        let mut pids = Vec::new();
        for file in ["daemon.pid", "child.pid", "tool.pid"] {
            pids.push(appeared(&repository.join(file)).await);
        }
        stop.cancel();
        pids
    };
    let (played, pids) = tokio::join!(play(&mut *session, turn, Ruling::Allow), busy);
    assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    session.close().await.unwrap();
    for pid in pids {
        assert!(!is_alive(&pid), "{pid} is still alive");
    }
}

/// Refused, refused with a word to the model, and allowed.
#[tokio::test]
async fn only_what_is_allowed_is_done() {
    let bench = Bench::new(WRITES).await;
    let site = Site {
        ask: true,
        ..bench.site()
    };
    let mut session = bench.agent().open(site).await.unwrap();

    let refused = play(&mut *session, turn(), Ruling::Deny(None)).await;
    assert_eq!(refused.end().outcome, TurnOutcome::Refused);
    assert_eq!(bench.written(), None);
    let failed =
        |told: &Payload| matches!(told, Payload::ToolResult(tool) if tool.success == Some(false));
    assert!(refused.told.iter().any(failed), "{:?}", refused.told);

    let no = Ruling::Deny(Some("not before Monday".into()));
    let told_why = play(&mut *session, turn(), no).await;
    assert_eq!(told_why.end().outcome, TurnOutcome::Finished);
    assert_eq!(bench.written(), None);
    let asked = bench.model.requests("lane");
    let last = asked.last().unwrap().request.last();
    assert!(last.contains("not before Monday"), "{last}");

    let allowed = play(&mut *session, turn(), Ruling::Allow).await;
    assert_eq!(allowed.asked[0].action, "edit");
    assert_eq!(allowed.end().outcome, TurnOutcome::Finished);
    assert_eq!(bench.written().as_deref(), Some("hello\n"));
    session.close().await.unwrap();
}

/// The model's error, no such model, a rate limit, and then work.
#[tokio::test]
async fn what_fails_in_the_model_is_told_and_does_not_spoil_the_session() {
    let bench = Bench::new(
        r#"{"turns": [
            {"fault": {"error": {"status": 400, "message": "no such luck"}}},
            {"fault": {"error": {"status": 429, "message": "slow down", "headers": {"retry-after": "1"}}}},
            {"text": "Recovered."}
        ]}"#,
    )
    .await;
    let mut session = bench.agent().open(bench.site()).await.unwrap();

    let failed = play(&mut *session, turn(), Ruling::Allow).await;
    let error = failed.end.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Agent);
    assert_eq!(error.message(), "no such luck");
    assert_eq!(error.remote_detail().unwrap().status, Some(400));

    let nobody = Turn {
        model: Some(ModelRef::new("scripted", "nobody")),
        ..turn()
    };
    let failed = play(&mut *session, nobody, Ruling::Allow).await;
    let error = failed.end.unwrap_err();
    assert_eq!(error.message(), "Model not found: scripted/nobody.");

    let limited = play(&mut *session, turn(), Ruling::Allow).await;
    assert!(
        limited.kinds().contains(&EventKind::Retrying),
        "{:?}",
        limited.told
    );
    assert_eq!(limited.end().final_message, "Recovered.");
    session.close().await.unwrap();
}

/// Pitfall 21: a headless run never hangs on a question, as the model is given no way to ask one.
#[tokio::test]
async fn the_model_cannot_ask_questions_that_nobody_answers() {
    let bench = Bench::new(WRITES).await;
    let mut configuration = opencode::configuration(&bench.model.base_url(), "lane", &["m"]);
    configuration["permission"] = json!({"question": "allow"});
    let agent = bench
        .agent()
        .env("OPENCODE_CONFIG_CONTENT", configuration.to_string());
    let mut session = agent.open(bench.site()).await.unwrap();
    let played = play(&mut *session, turn(), Ruling::Allow).await;
    session.close().await.unwrap();
    assert_eq!(played.end().outcome, TurnOutcome::Finished);
    let asked = bench.model.requests("lane");
    let offered = &asked[0].request.tools;
    assert!(offered.contains_key("write"), "{:?}", offered.keys());
    assert!(!offered.contains_key("question"), "{:?}", offered.keys());
}

/// A server that somebody else runs, with the password `open sesame`.
async fn foreign_server(bench: &Bench) -> (Child, Endpoint) {
    let env = opencode::environment(bench.home.path(), &bench.model.base_url(), "lane", &["m"]);
    let site = bench.site();
    let mut launch = Launch::new(opencode::program(), &site.directory, "foreign")
        .args(["serve", "--hostname", "127.0.0.1", "--port", "0"])
        .env("OPENCODE_SERVER_PASSWORD", "open sesame");
    for (name, value) in env.unwrap() {
        launch = launch.env(name, value);
    }
    let mut child = site.launcher.spawn(launch).await.unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut said = String::new();
    let mut buffer = [0; 256];
    while !said.contains("127.0.0.1:") || !said.ends_with('\n') {
        let read = timeout(HANG, stdout.read(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        assert!(read > 0, "opencode ended: {said}");
        said.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let (_, port) = said.trim().rsplit_once(':').unwrap();
    let endpoint = Endpoint {
        hostname: "127.0.0.1".into(),
        port: port.parse().unwrap(),
    };
    (child, endpoint)
}

#[tokio::test]
async fn a_server_that_runs_already_is_asked_aborted_and_left_running() {
    let bench = Bench::new(r#"{"turns": [{"fault": "hang"}]}"#).await;
    let (mut server, endpoint) = foreign_server(&bench).await;
    let site = Site {
        connect: Some(endpoint),
        ..bench.site()
    };
    let agent = OpenCode::new().password("open sesame");
    let models = agent.models(site.clone()).await.unwrap();
    assert_eq!(models[0].name.to_string(), "scripted/m");
    assert_eq!(models[0].provider_title, "Scripted");
    let mut session = agent.open(site).await.unwrap();
    let turn = turn();
    let stop = turn.stop.clone();
    let hanging = async {
        let asked = bench
            .model
            .requests_until("lane", |asked| !asked.is_empty());
        timeout(HANG, asked).await.expect("the model is asked");
        stop.cancel();
    };
    let (played, ()) = tokio::join!(play(&mut *session, turn, Ruling::Allow), hanging);
    assert_eq!(played.end().outcome, TurnOutcome::Stopped);
    session.close().await.unwrap();
    let abandoned = bench.model.requests_until("lane", |asked| {
        asked.iter().all(|asked| asked.ending == Ending::Abandoned)
    });
    timeout(HANG, abandoned)
        .await
        .expect("the model's answer is given up");
    assert!(is_alive(&server.pid().to_string()));
    server.kill().await.unwrap();
}

#[tokio::test]
async fn a_server_that_dies_fails_the_turn() {
    let bench = Bench::new(
        r#"{"turns": [{"tools": [{"bash": {"command": "kill -9 $PPID; sleep 600"}}]}]}"#,
    )
    .await;
    let mut session = bench.agent().open(bench.site()).await.unwrap();
    let played = play(&mut *session, turn(), Ruling::Allow).await;
    let error = played.end.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Agent);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_program_that_is_no_opencode_says_what_it_wrote() {
    let bench = Bench::new(WRITES).await;
    let program = bench.home.path().join("opencode");
    fs::write(&program, "#!/bin/sh\necho 'no license' >&2\nexit 3\n").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).unwrap();
    let error = OpenCode::new()
        .program(program)
        .open(bench.site())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Agent);
    assert!(error.to_string().contains("no license"), "{error}");
}
