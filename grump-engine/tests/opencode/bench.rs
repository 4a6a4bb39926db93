//! What opencode works on, and playing a turn and keeping what came of it.

use std::{fs, path::Path, process::Command, time::Duration};

use grump_core::{Error, EventKind, Payload};
use grump_engine::{
    agent::{AgentSession, OpenCode, Question, Ruling, Sink, Site, Told, Turn, TurnEnd},
    process::{KeeperCommand, Launcher},
};
use grump_testkit::{
    model::{Script, ScriptedModel},
    opencode,
};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Far more than anything here takes; only a hang is longer.
pub(crate) const HANG: Duration = Duration::from_secs(120);

/// A scripted model, a home that knows no other, and a repository with one commit on `main`.
pub(crate) struct Bench {
    pub(crate) model: ScriptedModel,
    pub(crate) home: TempDir,
    pub(crate) repository: TempDir,
}

impl Bench {
    pub(crate) async fn new(script: &str) -> Self {
        let script = Script::parse(script).unwrap();
        let repository = tempfile::tempdir().unwrap();
        for arguments in [
            &["init", "--quiet", "-b", "main"][..],
            &["config", "user.name", "Example User"],
            &["config", "user.email", "user@example.com"],
            &["commit", "--quiet", "--allow-empty", "--message", "first"],
        ] {
            git(repository.path(), arguments);
        }
        Self {
            model: ScriptedModel::start([("m", script)]).await.unwrap(),
            home: tempfile::tempdir().unwrap(),
            repository,
        }
    }

    pub(crate) fn agent(&self) -> OpenCode {
        let base_url = self.model.base_url();
        let env = opencode::environment(self.home.path(), &base_url, "lane", &["m"]).unwrap();
        env.into_iter()
            .fold(OpenCode::new(), |agent, (name, value)| {
                agent.env(name, value)
            })
            .program(opencode::program())
    }

    pub(crate) fn site(&self) -> Site {
        Site {
            directory: self.repository.path().canonicalize().unwrap(),
            run: "run".into(),
            // Marks of its own, or one test sweeps the agents of another.
            launcher: Launcher::new(Some(keeper()), self.home.path().to_string_lossy()),
            connect: None,
            ask: false,
        }
    }

    pub(crate) fn written(&self) -> Option<String> {
        fs::read_to_string(self.repository.path().join("hello.txt")).ok()
    }
}

pub(crate) fn keeper() -> KeeperCommand {
    KeeperCommand::new(env!("CARGO_BIN_EXE_grump-keeper"))
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status()
        .unwrap();
    assert!(done.success());
}

pub(crate) fn turn() -> Turn {
    Turn {
        prompt: "Write a greeting.".into(),
        model: None,
        iteration: 1,
        stop: CancellationToken::new(),
    }
}

/// What came of a turn, and what was told in it.
pub(crate) struct Played {
    pub(crate) end: Result<TurnEnd, Error>,
    pub(crate) told: Vec<Payload>,
    pub(crate) asked: Vec<Question>,
}

impl Played {
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        self.told.iter().map(Payload::kind).collect()
    }

    pub(crate) fn end(&self) -> &TurnEnd {
        self.end.as_ref().unwrap()
    }
}

/// Plays a turn, answering whatever is asked by `ruling`.
pub(crate) async fn play(session: &mut dyn AgentSession, turn: Turn, ruling: Ruling) -> Played {
    let (sink, mut receiver) = Sink::channel(16);
    let hear = async {
        let (mut told, mut asked) = (Vec::new(), Vec::new());
        while let Some(heard) = receiver.recv().await {
            match heard {
                Told::Event(payload, _) => told.push(payload),
                Told::Question(question, answer) => {
                    asked.push(question);
                    answer.send(ruling.clone()).unwrap();
                }
            }
        }
        (told, asked)
    };
    let both = async { tokio::join!(session.turn(turn, sink), hear) };
    let (end, (told, asked)) = timeout(HANG, both).await.expect("the turn ends");
    Played { end, told, asked }
}
