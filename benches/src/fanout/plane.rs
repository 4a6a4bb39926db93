//! A plane in memory, which is told what happens.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::channel::mpsc;
use grump_core::{
    ControlPlane, Cursor, Error, Event, EventPage, EventQuery, EventStream, Events, Facets, Loop,
    LoopConfig, Operation, Page, PlaneInfo, Result, Run, RunDetail, RunFilter, RunRef, Runs, Since,
    StartRun, Started, Update, stream::Step,
};

use crate::event;

/// A plane of one loop, whose events are told and not kept.
#[derive(Debug)]
pub(crate) struct Plane {
    info: PlaneInfo,
    facets: Facets,
    desk: Arc<Desk>,
}

/// Who is told, and where they are.
#[derive(Debug)]
struct Desk {
    run: Run,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    cursor: Cursor,
    watching: Vec<mpsc::UnboundedSender<Result<Step>>>,
}

impl Plane {
    pub(crate) fn new() -> Self {
        let desk = Arc::new(Desk {
            run: run(),
            state: Mutex::new(State {
                cursor: cursor(0),
                watching: Vec::new(),
            }),
        });
        let mut facets = Facets::default();
        facets.runs = Some(desk.clone());
        facets.events = Some(desk.clone());
        let operations = [
            Operation::RunsOpen,
            Operation::EventsWatch,
            Operation::EventsWatchAll,
        ];
        let info = PlaneInfo::new("memory").operations(operations);
        Self { info, facets, desk }
    }

    /// Tells an event of this number.
    pub(crate) fn tell(&self, number: u64, event: Event) {
        let mut state = self.desk.state();
        state.cursor = cursor(number + 1);
        let (cursor, event) = (state.cursor.clone(), Arc::new(event));
        let step = || Ok((Some(cursor.clone()), Update::Event(event.clone())));
        let is_there =
            |sender: &mut mpsc::UnboundedSender<_>| sender.unbounded_send(step()).is_ok();
        state.watching.retain_mut(is_there);
    }
}

/// A position, as long as the engine's are.
fn cursor(number: u64) -> Cursor {
    Cursor::new(format!("019a0000-0000-7000-8000-000000000000.{number}"))
}

/// The loop that the plane has.
pub(crate) fn run() -> Run {
    let config = LoopConfig::new("/home/user/app", "add a dark mode");
    let detail = RunDetail::Loop(Box::new(Loop::new(config)));
    Run::new(RunRef::of_loop(event::LOOP), "dark mode", detail)
}

impl Desk {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn updates(&self) -> EventStream {
        let (sender, receiver) = mpsc::unbounded();
        let mut state = self.state();
        state.watching.push(sender);
        EventStream::new(receiver).starting_at(Some(state.cursor.clone()))
    }
}

#[async_trait]
impl ControlPlane for Plane {
    fn info(&self) -> &PlaneInfo {
        &self.info
    }

    fn facets(&self) -> &Facets {
        &self.facets
    }

    async fn close(&self) {}
}

#[async_trait]
impl Events for Desk {
    async fn history(&self, _: EventQuery) -> Result<EventPage> {
        Err(Error::unsupported("events.history"))
    }

    async fn watch(&self, _: &RunRef, _: Since) -> Result<EventStream> {
        Ok(self.updates())
    }

    async fn watch_all(&self, _: Since) -> Result<EventStream> {
        Ok(self.updates())
    }
}

#[async_trait]
impl Runs for Desk {
    async fn list(&self, _: RunFilter) -> Result<Page<Run>> {
        Ok(Page::last(vec![self.run.clone()]))
    }

    async fn open(&self, _: &RunRef) -> Result<Run> {
        Ok(self.run.clone())
    }

    async fn start(&self, _: StartRun) -> Result<Started> {
        Err(Error::unsupported("runs.start"))
    }

    async fn stop(&self, _: &RunRef) -> Result<()> {
        Err(Error::unsupported("runs.stop"))
    }

    async fn remove(&self, _: &RunRef) -> Result<()> {
        Err(Error::unsupported("runs.remove"))
    }
}
