//! A server of an engine, and of whatever else is to be served.

use std::{net::SocketAddr, path::Path, sync::Arc};

use grump_core::{ControlPlane, Result};
use grump_engine::{
    DataFolder, Engine,
    agent::{registry::Agents, script::ScriptAgent},
};
use grump_server::{Builder, Server};
use grump_testkit::behaviour::{Repository, scripts};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::wire::Asking;

/// A server that is up.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) addresses: Vec<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<()>>,
}

impl Served {
    pub(crate) async fn up(builder: Builder) -> Self {
        grump_testkit::coverage::start();
        let server = builder.bind().await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        Self {
            addresses: server.local_addrs().collect(),
            stop: Some(stop),
            serving: tokio::spawn(server.serve(async move { drop(stopped.await) })),
        }
    }

    /// This plane, on the loopback.
    pub(crate) async fn of(plane: Arc<dyn ControlPlane>) -> Self {
        Self::up(Server::builder(plane).ralpher(anywhere())).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub(crate) fn ask(&self) -> Asking {
        Asking::of(self.address())
    }

    /// Tells the server to end, without waiting for it.
    pub(crate) fn signal(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(mut self) -> Result<()> {
        self.signal();
        self.serving.await.unwrap()
    }
}

pub(crate) fn anywhere() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// An engine behind a server, with a repository to work on.
#[derive(Debug)]
pub(crate) struct Stage {
    _folder: TempDir,
    pub(crate) repository: Repository,
    pub(crate) served: Served,
    pub(crate) ask: Asking,
    pub(crate) engine: Arc<Engine>,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::with_commit(folder.path().join("app"));
        let engine = Arc::new(engine(&folder.path().join("data")));
        let served = Served::of(engine.clone()).await;
        Self {
            ask: served.ask(),
            served,
            _folder: folder,
            repository,
            engine,
        }
    }

    /// What creates a loop of this agent.
    pub(crate) fn request(&self, agent: &str) -> Value {
        json!({
            "name": "A loop",
            "directory": self.repository.directory(),
            "prompt": "work",
            "backend": {"type": agent},
        })
    }

    /// Creates a loop of this agent; the path of it.
    pub(crate) async fn create(&self, agent: &str) -> String {
        self.create_from(self.request(agent)).await
    }

    pub(crate) async fn create_from(&self, request: Value) -> String {
        let created = self.ask.done("POST", "/api/loops", Some(request)).await;
        format!("/api/loops/{}", created["config"]["id"].as_str().unwrap())
    }

    /// Creates and starts a loop of this agent.
    pub(crate) async fn start(&self, agent: &str) -> String {
        let path = self.create(agent).await;
        self.ask.done("POST", &format!("{path}/start"), None).await;
        path
    }

    /// Runs a loop of this agent to its end.
    pub(crate) async fn run(&self, agent: &str) -> String {
        let path = self.start(agent).await;
        self.until(&path, "completed").await;
        path
    }

    /// Waits until the loop has this status.
    pub(crate) async fn until(&self, path: &str, status: &str) {
        let mut seen = Value::Null;
        while seen["state"]["status"] != status {
            seen = self.ask.get(path).await.body;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn close(self) {
        self.served.ended().await.unwrap();
        self.engine.close().await;
    }
}

fn engine(data: &Path) -> Engine {
    let mut agents = Agents::none();
    for (name, script) in scripts::all() {
        agents = agents.with(name, agent(&script));
    }
    // The agent that a request which names none is for.
    let done = json!({"turns": [{"steps": [
        {"bash": "until [ -e \"$(git rev-parse --git-common-dir)/gates/go\" ]; do sleep 0.02; done"},
        {"write": {"path": "auth.txt", "content": "{{prompt}}\n"}},
    ], "final": "<promise>COMPLETE</promise>"}]});
    Engine::builder(DataFolder::new(data))
        .agents(agents.with("opencode", agent(&done)))
        .max_running(2)
        .inline_agents(false)
        .open()
        .unwrap()
}

fn agent(script: &Value) -> Arc<ScriptAgent> {
    Arc::new(ScriptAgent::new(script.to_string().parse().unwrap()))
}
