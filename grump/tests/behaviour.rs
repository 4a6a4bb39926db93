//! The behaviour suite over the wire: on an engine behind a server behind a client, on a client
//! behind a server behind a client, which is a gateway, and through a network that cuts streams.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::{env, net::SocketAddr, path::Path, process::ExitCode, sync::Arc, time::Duration};

use async_trait::async_trait;
use grump::{Plane, PlaneInfo};
use grump_engine::{
    DataFolder, Engine,
    agent::{registry::Agents, script::ScriptAgent},
    process::{KeeperCommand, keeper_main},
};
use grump_server::Server;
use grump_testkit::{
    behaviour::{self, Behind, Implementation, Opened, SLOTS, scripts},
    proxy::{At, Cut, Direction, FaultProxy, Plan},
};
use tokio::{sync::oneshot, task::JoinHandle};

/// What this program is asked to be as the keeper of its own agents.
const KEEPER: &str = "__keeper";

fn main() -> ExitCode {
    if env::args()
        .nth(1)
        .is_some_and(|argument| argument == KEEPER)
    {
        return keeper_main(env::args_os().skip(2));
    }
    let server = || Behind::new("server", Box::new(Embedded), said(), served);
    let gateway = Behind::new("gateway", Box::new(server()), said(), served);
    let cut = Behind::new("cut", Box::new(Embedded), said(), cut_off);
    let cut = cut.only(&["events", "watching", "start"]);
    behaviour::run(vec![Box::new(server()), Box::new(gateway), Box::new(cut)])
}

/// What a plane that speaks Ralpher says of itself.
fn said() -> PlaneInfo {
    use grump_wire::ralpher;
    PlaneInfo::new(ralpher::NAME)
        .operations(ralpher::OPERATIONS.iter().copied())
        .kinds(ralpher::KINDS.iter().copied())
        .members(ralpher::MEMBERS.iter().copied())
}

/// A client of a server of this plane.
async fn served(plane: Plane) -> Opened {
    let server = Serving::of(&plane).await;
    let client = client_of(server.address);
    Opened::new(client.clone(), move || async move {
        client.close().await;
        server.end().await;
    })
}

/// As [`served`], through a network that cuts every other connection in the middle of an event.
///
/// Pitfall 1: whatever the pattern of cuts, the events are the same.
async fn cut_off(plane: Plane) -> Opened {
    let server = Serving::of(&plane).await;
    let proxy = FaultProxy::start(server.address).await.unwrap();
    proxy.each(|number| {
        let cut = [Cut::End, Cut::Reset][usize::from(number % 4 == 1)];
        // Nothing but events holds this text.
        let at = At::text("data: ", 2 + number % 7);
        match number % 2 {
            0 => Plan::new(),
            _ => Plan::new().cut_at(Direction::ToClient, at, cut),
        }
    });
    let client = client_of(proxy.address());
    Opened::new(client.clone(), move || async move {
        client.close().await;
        drop(proxy);
        server.end().await;
    })
}

fn client_of(address: SocketAddr) -> Plane {
    grump::connect(&format!("ralpher+http://{address}")).unwrap()
}

/// A server that runs.
struct Serving {
    address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<grump::Result<()>>,
}

impl Serving {
    /// A server of this plane.
    async fn of(plane: &Plane) -> Self {
        let server = Server::builder(plane.implementation())
            .ralpher(SocketAddr::from(([127, 0, 0, 1], 0)))
            .bind()
            .await
            .unwrap();
        let address = server.local_addr();
        let (shutdown, end) = oneshot::channel::<()>();
        let task = tokio::spawn(server.serve(async {
            // A sender that was dropped ends the server too.
            let _ = end.await;
        }));
        Self {
            address,
            shutdown,
            task,
        }
    }

    async fn end(self) {
        drop(self.shutdown);
        self.task.await.unwrap().unwrap();
    }
}

/// An engine in this process.
struct Embedded;

#[async_trait]
impl Implementation for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn info(&self) -> PlaneInfo {
        unreachable!("what stands before it says what it can do")
    }

    async fn open(&self, data: &Path) -> Opened {
        let mut agents = Agents::none();
        for (name, script) in scripts::all() {
            let script = script.to_string().parse().unwrap();
            agents = agents.with(name, Arc::new(ScriptAgent::new(script)));
        }
        let engine = Engine::builder(DataFolder::new(data))
            .agents(agents)
            .keeper(KeeperCommand::new(env::current_exe().unwrap()).arg(KEEPER))
            .inline_agents(false)
            .max_running(SLOTS)
            .pause_after_error(Duration::from_millis(20))
            .open()
            .unwrap();
        let plane = Plane::new(engine);
        let closing = plane.clone();
        Opened::new(plane, move || async move { closing.close().await })
    }
}
