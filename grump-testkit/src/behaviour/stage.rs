//! [`Stage`]: what a case is played on.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use grump::{
    Event, EventKind, NewLoop, Plane, PlaneInfo, Run, RunStatus, Since, Update,
    handles::{Loops, Runs},
};
use tempfile::TempDir;

use super::{Implementation, Opened, Repository};

/// How often a condition is looked at that no event tells of.
const GLANCE: Duration = Duration::from_millis(20);

/// What a case is played on: a fresh plane, and a repository with one commit.
pub struct Stage {
    folder: TempDir,
    repository: Repository,
    implementation: Arc<dyn Implementation>,
    opened: Mutex<Option<Opened>>,
}

impl Stage {
    /// Sets a stage for this implementation.
    pub(super) async fn set(implementation: Arc<dyn Implementation>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::with_commit(folder.path().join("app"));
        let opened = implementation.open(&folder.path().join("data")).await;
        Self {
            folder,
            repository,
            implementation,
            opened: Mutex::new(Some(opened)),
        }
    }

    /// The plane.
    #[must_use]
    pub fn plane(&self) -> Plane {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = opened.as_ref().expect("a stage that is set has a plane");
        opened.plane().clone()
    }

    /// What the implementation says of its planes without opening one.
    #[must_use]
    pub fn announced(&self) -> PlaneInfo {
        self.implementation.info()
    }

    /// The plane's loops.
    #[must_use]
    pub fn loops(&self) -> Loops {
        self.plane().loops()
    }

    /// The plane's runs.
    #[must_use]
    pub fn runs(&self) -> Runs {
        self.plane().runs()
    }

    /// The user's repository.
    #[must_use]
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The path of something beside the repository; nothing is there yet.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Closes the plane, and opens another one on what it left.
    pub async fn restart(&self) {
        self.close().await;
        let data = self.folder.path().join("data");
        let opened = self.implementation.open(&data).await;
        self.put(Some(opened));
    }

    /// Closes the plane and removes everything.
    pub(super) async fn clear(self) {
        self.close().await;
    }

    async fn close(&self) {
        if let Some(opened) = self.put(None) {
            opened.close().await;
        }
    }

    fn put(&self, opened: Option<Opened>) -> Option<Opened> {
        let mut place = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, opened)
    }

    /// A loop in the repository that this agent works on, at most five times.
    #[must_use]
    pub fn task(&self, agent: &str) -> NewLoop {
        NewLoop::new("a task", self.repository.directory(), "Do it")
            .agent(agent)
            .max_iterations(5)
    }

    /// Creates a loop.
    pub async fn created(&self, new: NewLoop) -> Run {
        self.loops().create(new).await.unwrap()
    }

    /// Creates a loop and starts it.
    pub async fn started(&self, new: NewLoop) -> Run {
        let run = self.created(new).await;
        self.loops().start(&run).await.unwrap();
        run
    }

    /// Creates a loop, starts it, and waits until its work is over.
    pub async fn finished(&self, new: NewLoop) -> Run {
        let run = self.started(new).await;
        self.loops().wait(&run).await.unwrap()
    }

    /// Starts a loop, and waits until its agent has changed something and hangs.
    pub async fn hanging(&self) -> Run {
        let run = self.started(self.task(super::scripts::HANGS)).await;
        let info = self.plane().info().clone();
        let changed = [EventKind::FileChanged, EventKind::ToolResult];
        let told = changed.into_iter().find(|kind| info.kinds.contains(kind));
        self.told(&run, told.expect("a plane tells what agents do"))
            .await;
        run
    }

    /// Starts as many loops that hang as can run at once: further ones wait.
    pub async fn full(&self) -> Vec<Run> {
        let mut running = Vec::new();
        for _ in 0..super::SLOTS {
            running.push(self.hanging().await);
        }
        running
    }

    /// Waits until the first event of this kind, which is there already or is still to come.
    pub async fn told(&self, run: &Run, kind: EventKind) -> Event {
        let mut updates = self.loops().watch(run, Since::Beginning).await.unwrap();
        while let Some(update) = updates.next().await {
            if let Update::Event(event) = update.unwrap()
                && event.kind() == kind
            {
                return (*event).clone();
            }
        }
        panic!("the work was over without {kind}")
    }

    /// All events of a run whose work is over, or will be.
    pub async fn events(&self, run: &Run) -> Vec<Event> {
        let updates = self.loops().watch(run, Since::Beginning).await.unwrap();
        collected(updates).await
    }

    /// Waits until a run is as this says.
    pub async fn until(&self, run: &Run, is_so: impl Fn(&Run) -> bool) -> Run {
        loop {
            let now = self.loops().open(run).await.unwrap();
            if is_so(&now) {
                return now;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Reads a file in the folder that a loop works in; `None` where there is none.
    #[must_use]
    pub fn work(&self, run: &Run, path: &str) -> Option<String> {
        std::fs::read_to_string(self.worktree(run).join(path)).ok()
    }

    /// The folder that a loop works in: what the plane tells, or else what git knows of the
    /// repository's worktrees.
    #[must_use]
    pub fn worktree(&self, run: &Run) -> PathBuf {
        let told = run.as_loop().and_then(|detail| detail.worktree.clone());
        told.map_or_else(|| self.found(run).0, PathBuf::from)
    }

    /// The branch that holds a loop's work: what the plane tells, or else what git knows.
    #[must_use]
    pub fn branch(&self, run: &Run) -> String {
        let told = run.as_loop().and_then(|detail| detail.branch.clone());
        told.unwrap_or_else(|| self.found(run).1)
    }

    /// The worktree that names the run in its path or branch, or that is the only one, and its
    /// branch.
    fn found(&self, run: &Run) -> (PathBuf, String) {
        let mut worktrees = self.repository.worktrees();
        let id = run.name.id.as_str();
        if worktrees.len() > 1 {
            worktrees.retain(|(path, branch)| names(path, id) || branch.contains(id));
        }
        let found = worktrees.pop();
        found.expect("a loop that was started has a worktree, which names it")
    }

    /// Waits until a file is below the repository's folder and has a line; what it holds.
    pub async fn file(&self, path: &str) -> String {
        loop {
            match self.repository.read(path) {
                Some(content) if content.ends_with('\n') => return content,
                _ => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Waits until a started run waits for its turn. Where the plane has no word for that, it is
    /// starting, and stays so while as many loops run as may.
    pub async fn queued(&self, run: &Run) -> Run {
        if self.plane().info().kinds.contains(&EventKind::RunQueued) {
            self.told(run, EventKind::RunQueued).await;
            return self.reached(run, RunStatus::Queued).await;
        }
        let waits = [RunStatus::Queued, RunStatus::Starting];
        self.until(run, |run| waits.contains(&run.status.unified))
            .await
    }

    /// Waits until a run has this status.
    pub async fn reached(&self, run: &Run, status: RunStatus) -> Run {
        self.until(run, |run| run.status.unified == status).await
    }
}

fn names(path: &Path, id: &str) -> bool {
    path.components().any(|part| part.as_os_str() == id)
}

/// The events that a stream yields to its end; gaps and the like are none.
pub(super) async fn collected(mut updates: grump::EventStream) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(update) = updates.next().await {
        events.extend(update.unwrap().event().cloned());
    }
    events
}

/// The first so many events of a stream; then nobody watches any more.
pub(super) async fn taken(mut updates: grump::EventStream, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while events.len() < count {
        let update = updates.next().await.expect("the stream ends too early");
        events.extend(update.unwrap().event().cloned());
    }
    events
}
