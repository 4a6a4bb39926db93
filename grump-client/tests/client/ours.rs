//! Our client and our server: nothing is lost between the two.

use std::{path::Path, sync::Arc, time::Duration};

use futures::{StreamExt, future::join_all};
use grump::{ControlPlane, Cursor, Event, NewLoop, Plane, Run, Since, Update};
use grump_client::RalpherPlane;
use grump_engine::{
    DataFolder, Engine,
    agent::{registry::Agents, script::ScriptAgent},
};
use grump_server::Server;
use grump_testkit::{
    behaviour::{Repository, scripts},
    proxy::{At, Cut, Direction::ToClient, FaultProxy, Plan, Seed},
};
use tempfile::TempDir;

use crate::support::{builder, plane};

/// An engine behind a server.
struct Ours {
    _folder: TempDir,
    repository: Repository,
    engine: Arc<Engine>,
    address: std::net::SocketAddr,
}

impl Ours {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let engine = Arc::new(engine(&folder.path().join("data")));
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let server = Server::builder(engine.clone()).ralpher(anywhere);
        let server = server.bind().await.unwrap();
        let address = server.local_addr();
        tokio::spawn(server.serve(std::future::pending()));
        Self {
            repository: Repository::with_commit(folder.path().join("app")),
            _folder: folder,
            engine,
            address,
        }
    }

    fn plane(&self) -> Plane {
        plane(&format!("http://{}", self.address))
    }

    async fn created(&self, agent: &str) -> Run {
        let new = NewLoop::new("a task", self.repository.directory(), "Do it").agent(agent);
        self.plane().loops().create(new).await.unwrap()
    }
}

fn engine(folder: &Path) -> Engine {
    let agents = scripts::all().into_iter();
    let agents = agents.fold(Agents::none(), |agents, (name, script)| {
        let script = script.to_string().parse().unwrap();
        agents.with(name, Arc::new(ScriptAgent::new(script)))
    });
    let engine = Engine::builder(DataFolder::new(folder)).agents(agents);
    engine.open().unwrap()
}

async fn events(updates: grump::EventStream) -> Vec<Event> {
    let event = |update: grump::Result<Update>| match update.unwrap() {
        Update::Event(event) => (*event).clone(),
        other => panic!("{other:?}"),
    };
    updates.map(event).collect().await
}

/// All events of a run, told through a network like this, and where to go on when it fails before
/// the stream has begun.
async fn survived(
    ours: &Ours,
    run: &Run,
    plans: impl Fn(u64) -> Plan + Send + 'static,
) -> Vec<Event> {
    let proxy = FaultProxy::start(ours.address).await.unwrap();
    proxy.each(plans);
    let client = builder(&proxy.url()).request_timeout(Duration::from_millis(500));
    let plane = Plane::new(RalpherPlane::new(client.build().unwrap()));
    loop {
        if let Ok(updates) = plane.loops().watch(run, Since::Beginning).await {
            return events(updates).await;
        }
    }
}

/// Pitfall 1: whatever happens between our client and our server, the sequence is the same.
#[tokio::test]
async fn any_pattern_of_faults_is_exactly_the_same_sequence() {
    let ours = Ours::start().await;
    let run = ours.created(scripts::TELLS_ALL).await;
    let seed = Seed::fresh();
    let cases =
        (0..12).map(|case| survived(&ours, &run, move |number| seed.plan(case * 1000 + number)));
    let starting = async { ours.plane().loops().start(&run).await.unwrap() };
    let (told, _) = futures::join!(join_all(cases), starting);
    let whole = ours.plane().loops().watch(&run, Since::Beginning).await;
    let whole = events(whole.unwrap()).await;
    assert!(whole.len() > 10, "{whole:?}");
    for told in told {
        assert_eq!(told, whole);
    }
    ours.engine.close().await;
}

/// Pitfall 7: watching from where the start says misses nothing of it.
#[tokio::test]
async fn a_start_says_where_to_watch_from() {
    let ours = Ours::start().await;
    let run = ours.created(scripts::FINISHES).await;
    let plane = ours.plane();
    let started = plane.loops().start(&run).await.unwrap();
    let cursor: Cursor = started.cursor.expect("our server has positions");
    let told = events(plane.loops().watch(&run, cursor).await.unwrap()).await;
    let whole = plane.loops().watch(&run, Since::Beginning).await.unwrap();
    // All but that it was created.
    assert_eq!(told, events(whole).await[1..]);
    ours.engine.close().await;
}

/// Pitfall 39: a create whose answer was lost is sent again, and there is one loop.
#[tokio::test]
async fn a_create_whose_answer_is_lost_makes_one_loop() {
    let ours = Ours::start().await;
    let proxy = FaultProxy::start(ours.address).await.unwrap();
    proxy.lose_answer_to("POST /api/loops");
    let new = NewLoop::new("a task", ours.repository.directory(), "Do it");
    let new = new.agent(scripts::FINISHES);
    let made = plane(&proxy.url()).loops().create(new).await.unwrap();
    let all = ours.plane().loops().list().await.unwrap();
    assert_eq!(all, [made]);
    ours.engine.close().await;
}

/// Pitfall 9: the end of the connection is not that of the run, also right behind its last event.
#[tokio::test]
async fn a_cut_right_behind_the_last_event_ends_nothing_but_the_connection() {
    let ours = Ours::start().await;
    let run = ours.created(scripts::FINISHES).await;
    ours.plane().loops().start(&run).await.unwrap();
    let whole = ours.plane().loops().watch(&run, Since::Beginning).await;
    let whole = events(whole.unwrap()).await;
    let cut = || Plan::new().cut_at(ToClient, At::text("loop.completed", 1), Cut::End);
    let plan = move |number| if number < 3 { cut() } else { Plan::new() };
    assert_eq!(survived(&ours, &run, plan).await, whole);
    ours.engine.close().await;
}
