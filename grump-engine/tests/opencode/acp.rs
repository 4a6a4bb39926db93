//! Real opencode in its own `acp` mode, driven by the scripted model.

use std::{fs, sync::Arc};

use grump::{NewLoop, Outcome, Plane};
use grump_core::{ErrorKind, EventKind, ModelRef, Payload};
use grump_engine::{
    DataFolder, Engine,
    agent::{
        Agent, Ruling, Site, Turn, TurnEnd, TurnOutcome, acp::AcpAgent, cmd::Command,
        registry::Agents,
    },
};
use grump_testkit::opencode;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    bench::{Bench, HANG, keeper, play, turn},
    real::{WRITES, appeared, is_alive},
};

fn agent(bench: &Bench, configuration: &Value) -> AcpAgent {
    let program = opencode::program().to_string_lossy().into_owned();
    let agent = AcpAgent::new(Command::new(program).args(["acp"]));
    let env = opencode::environment(bench.home.path(), &bench.model.base_url(), "lane", &["m"]);
    let env = env.unwrap().into_iter();
    env.fold(agent, |agent, (name, value)| agent.env(name, value))
        .env("OPENCODE_CONFIG_CONTENT", configuration.to_string())
}

fn configuration(bench: &Bench) -> Value {
    opencode::configuration(&bench.model.base_url(), "lane", &["m"])
}

#[tokio::test]
async fn a_loop_over_acp_runs_until_it_is_done_and_is_merged() {
    let script = include_str!("../../../grump-testkit/scripts/three-iterations.json");
    let bench = Bench::new(script).await;
    let repository = bench.repository.path().canonicalize().unwrap();
    let data = tempfile::tempdir().unwrap();
    let agent = agent(&bench, &configuration(&bench));
    let agents = Agents::default().with("acp", Arc::new(agent));
    let engine = Engine::builder(DataFolder::new(data.path().join("data")))
        .agents(agents)
        .keeper(keeper());
    let plane = Plane::new(engine.open().unwrap());
    let loops = plane.loops();
    let new = NewLoop::new("lines", repository.to_str().unwrap(), "Write three lines.")
        .agent("acp")
        .max_iterations(10);
    let created = loops.create(new).await.unwrap();
    loops.start(&created).await.unwrap();
    let ended = timeout(HANG, loops.wait(&created)).await;
    let run = ended.expect("the loop ends").unwrap();
    assert_eq!(run.outcome, Some(Outcome::Matched), "{run:?}");
    assert_eq!(run.as_loop().unwrap().iteration, 3);
    loops.accept(&run).await.unwrap();
    let lines = fs::read_to_string(repository.join("log.txt")).unwrap();
    assert_eq!(lines.lines().count(), 3, "{lines}");
}

/// Also with a model that was chosen, and one that there is not.
#[tokio::test]
async fn a_turn_over_acp_does_its_work_and_tells_of_it() {
    let bench = Bench::new(WRITES).await;
    let agent = agent(&bench, &configuration(&bench));
    let mut session = agent.open(bench.site()).await.unwrap();

    let nobody = Turn {
        model: Some(ModelRef::new("scripted", "nobody")),
        ..turn()
    };
    let refused = play(&mut *session, nobody, Ruling::Allow).await;
    let error = refused.end.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("it has scripted/m"), "{error}");

    let chosen = Turn {
        model: Some(ModelRef::new("scripted", "m")),
        ..turn()
    };
    let played = play(&mut *session, chosen, Ruling::Allow).await;
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
    assert!(
        !played.kinds().contains(&EventKind::Unknown),
        "{:?}",
        played.told
    );
}

/// Pitfalls 16 and 17: the tool, its child, and a daemon that hides in an empty environment.
#[tokio::test]
async fn stopping_a_busy_tool_over_acp_leaves_nothing_alive() {
    let hide = "setsid env -i sh -c 'echo $$ > daemon.pid; exec sleep 600' & \
                sleep 600 & echo $! > child.pid; echo $$ > tool.pid; sleep 600";
    let script = json!({"turns": [{"tools": [{"bash": {"command": hide}}]}]});
    let bench = Bench::new(&script.to_string()).await;
    let agent = agent(&bench, &configuration(&bench));
    let mut session = agent.open(bench.site()).await.unwrap();
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
async fn only_what_is_allowed_over_acp_is_done() {
    let write = json!({"text": "I write.", "tools": [
        {"write": {"path": "hello.txt", "content": "hello\n"}},
    ]});
    let said = |text: &str| json!({"text": text});
    let turns = [
        &write,
        &write,
        &said("Monday, then."),
        &write,
        &said("Done."),
    ];
    let bench = Bench::new(&json!({ "turns": turns }).to_string()).await;
    let mut asking = configuration(&bench);
    asking["permission"] = json!({"edit": "ask"});
    let site = Site {
        ask: true,
        ..bench.site()
    };
    let mut session = agent(&bench, &asking).open(site).await.unwrap();

    let refused = play(&mut *session, turn(), Ruling::Deny(None)).await;
    assert_eq!(refused.end().outcome, TurnOutcome::Refused);
    assert_eq!(bench.written(), None);
    let failed =
        |told: &Payload| matches!(told, Payload::ToolResult(tool) if tool.success == Some(false));
    assert!(refused.told.iter().any(failed), "{:?}", refused.told);

    let no = Ruling::Deny(Some("not before Monday".into()));
    let told_why = play(&mut *session, turn(), no).await;
    let expected = TurnEnd {
        final_message: "Monday, then.".into(),
        outcome: TurnOutcome::Finished,
    };
    assert_eq!(*told_why.end(), expected);
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
