//! The behaviour suite on the engine; and on an engine with operations masked off, which shows
//! that the suite is honest about what it cannot play.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};

use async_trait::async_trait;
use grump::{ControlPlane, EventKind, Member, Operation, Plane, PlaneInfo, domain::Facets};
use grump_engine::{
    DataFolder, Engine,
    agent::{registry::Agents, script::ScriptAgent},
    process::KeeperCommand,
};
use grump_testkit::behaviour::{self, Implementation, Opened, SLOTS, scripts};

fn main() -> ExitCode {
    let engine = Embedded {
        name: "engine",
        lacks: &[],
    };
    let masked = Embedded {
        name: "masked",
        lacks: &[
            Operation::RunsStart,
            Operation::RunsStop,
            Operation::LoopsEdit,
            Operation::ReviewsPending,
            Operation::DeliveriesAccept,
            Operation::DeliveriesUndo,
            Operation::EventsWatchAll,
            Operation::ModelsLastUsed,
            Operation::SystemHealth,
        ],
    };
    behaviour::run(vec![Box::new(engine), Box::new(masked)])
}

/// What other kinds of runs tell, and what only goes over wires.
const NOT_OF_LOOPS: &[EventKind] = &[
    EventKind::PhaseStarted,
    EventKind::PhaseCompleted,
    EventKind::Progress,
    EventKind::ApprovalRequested,
    EventKind::ApprovalResolved,
    EventKind::ArtifactCreated,
    EventKind::SnapshotCreated,
    EventKind::Heartbeat,
];

/// The facets that an engine has, as operations are named after them.
const FACETS: [&str; 7] = [
    "runs",
    "loops",
    "reviews",
    "deliveries",
    "events",
    "models",
    "system",
];

/// What an engine lacks in the facets that it has.
const NOT_OF_ENGINES: [Operation; 10] = [
    Operation::RunsPause,
    Operation::RunsResume,
    Operation::RunsRetry,
    Operation::ReviewsApprove,
    Operation::ReviewsReject,
    Operation::DeliveriesCommit,
    Operation::DeliveriesPush,
    Operation::ModelsProviders,
    Operation::SystemMetrics,
    Operation::SystemStatus,
];

/// What an engine can do.
fn operations() -> impl Iterator<Item = Operation> {
    let all = Operation::ALL.iter().copied();
    all.filter(|operation| {
        let facet = operation.as_str().split('.').next();
        facet.is_some_and(|facet| FACETS.contains(&facet)) && !NOT_OF_ENGINES.contains(operation)
    })
}

/// What its runs hold, and what it can be told: nothing of tasks and reviews, and history is not
/// filtered.
fn members() -> impl Iterator<Item = Member> {
    let of_others = ["task.", "review.", "events.filter"];
    let all = Member::ALL.iter().copied();
    all.filter(move |member| {
        !of_others
            .iter()
            .any(|other| member.as_str().starts_with(other))
    })
}

/// An engine in this process, without some of its operations.
struct Embedded {
    name: &'static str,
    lacks: &'static [Operation],
}

impl Embedded {
    fn info_of(&self, engine: &PlaneInfo) -> PlaneInfo {
        let mut info = engine.clone();
        info.operations
            .retain(|operation| !self.lacks.contains(operation));
        info
    }
}

#[async_trait]
impl Implementation for Embedded {
    fn name(&self) -> &'static str {
        self.name
    }

    fn info(&self) -> PlaneInfo {
        let kinds = EventKind::ALL.iter().copied();
        let engine = PlaneInfo::new("engine")
            .operations(operations())
            .kinds(kinds.filter(|kind| !NOT_OF_LOOPS.contains(kind)))
            .members(members());
        self.info_of(&engine)
    }

    async fn open(&self, data: &Path) -> Opened {
        let mut agents = Agents::none();
        for (name, script) in scripts::all() {
            let script = script.to_string().parse().unwrap();
            agents = agents.with(name, Arc::new(ScriptAgent::new(script)));
        }
        let engine = Engine::builder(DataFolder::new(data))
            .agents(agents)
            .keeper(KeeperCommand::new(env!("CARGO_BIN_EXE_grump-keeper")))
            .max_running(SLOTS)
            .pause_after_error(Duration::from_millis(20))
            .open()
            .unwrap();
        let info = self.info_of(engine.info());
        let engine = Arc::new(engine);
        let closing = engine.clone();
        let plane = Plane::new(Masked { engine, info });
        Opened::new(plane, move || async move { closing.close().await })
    }
}

/// An engine that says it can do less.
#[derive(Debug)]
struct Masked {
    engine: Arc<Engine>,
    info: PlaneInfo,
}

#[async_trait::async_trait]
impl ControlPlane for Masked {
    fn info(&self) -> &PlaneInfo {
        &self.info
    }

    fn facets(&self) -> &Facets {
        self.engine.facets()
    }

    async fn close(&self) {
        self.engine.close().await;
    }
}
