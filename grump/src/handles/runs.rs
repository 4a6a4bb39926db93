//! Handle of the facet `Runs`.

use futures::{Stream, TryStreamExt};
use grump_core::{Operation, Page, Result, Run, RunFilter, RunRef, StartRun, Started, page};

use super::{Until, named};
use crate::plane::Plane;

/// Runs of any kind.
#[derive(Clone, Debug)]
pub struct Runs(Plane);

impl Runs {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Lists runs, the newest first: all that the filter asks for, however many parts the plane
    /// gives them in.
    ///
    /// # Errors
    /// See [`grump_core::Runs::list`].
    pub async fn list(&self, filter: RunFilter) -> Result<Vec<Run>> {
        self.each(filter).try_collect().await
    }

    /// Lists runs as a stream: each part of the list is read when it is needed.
    ///
    /// # Errors
    /// An item is one where reading a part failed: see [`grump_core::Runs::list`].
    pub fn each(&self, filter: RunFilter) -> impl Stream<Item = Result<Run>> + Send + use<> {
        let runs = self.clone();
        let first = filter.page.at.clone();
        page::items(move |at| {
            let (runs, at) = (runs.clone(), at.or_else(|| first.clone()));
            let filter = filter.clone().at(at);
            async move { runs.page(filter).await }
        })
    }

    /// Reads one part of the list of runs.
    ///
    /// # Errors
    /// See [`grump_core::Runs::list`].
    pub async fn page(&self, filter: RunFilter) -> Result<Page<Run>> {
        let runs = self.0.facet(Operation::RunsList, |facets| &facets.runs)?;
        runs.list(filter).await.map_err(named(Operation::RunsList))
    }

    /// Reads one run.
    ///
    /// # Errors
    /// See [`grump_core::Runs::open`].
    pub async fn open(&self, run: &RunRef) -> Result<Run> {
        let runs = self.0.facet(Operation::RunsOpen, |facets| &facets.runs)?;
        runs.open(run).await.map_err(named(Operation::RunsOpen))
    }

    /// Starts a run's work; answers when it is under way.
    ///
    /// # Errors
    /// See [`grump_core::Runs::start`].
    pub async fn start(&self, request: StartRun) -> Result<Started> {
        let runs = self.0.facet(Operation::RunsStart, |facets| &facets.runs)?;
        runs.start(request)
            .await
            .map_err(named(Operation::RunsStart))
    }

    /// Stops a run's work; answers when nothing of it is left running.
    ///
    /// # Errors
    /// See [`grump_core::Runs::stop`].
    pub async fn stop(&self, run: &RunRef) -> Result<()> {
        let runs = self.0.facet(Operation::RunsStop, |facets| &facets.runs)?;
        runs.stop(run).await.map_err(named(Operation::RunsStop))
    }

    /// Marks a run as deleted, stopping it first.
    ///
    /// # Errors
    /// See [`grump_core::Runs::remove`].
    pub async fn remove(&self, run: &RunRef) -> Result<()> {
        let runs = self.0.facet(Operation::RunsRemove, |facets| &facets.runs)?;
        runs.remove(run).await.map_err(named(Operation::RunsRemove))
    }

    /// Suspends a run's work.
    ///
    /// # Errors
    /// See [`grump_core::Runs::pause`].
    pub async fn pause(&self, run: &RunRef) -> Result<()> {
        let runs = self.0.facet(Operation::RunsPause, |facets| &facets.runs)?;
        runs.pause(run).await.map_err(named(Operation::RunsPause))
    }

    /// Goes on with a run that was paused, or that waits for a person.
    ///
    /// # Errors
    /// See [`grump_core::Runs::resume`].
    pub async fn resume(&self, run: &RunRef) -> Result<Started> {
        let runs = self.0.facet(Operation::RunsResume, |facets| &facets.runs)?;
        runs.resume(run).await.map_err(named(Operation::RunsResume))
    }

    /// Works on a failed run's task anew.
    ///
    /// # Errors
    /// See [`grump_core::Runs::retry`].
    pub async fn retry(&self, run: &RunRef) -> Result<Started> {
        let runs = self.0.facet(Operation::RunsRetry, |facets| &facets.runs)?;
        runs.retry(run).await.map_err(named(Operation::RunsRetry))
    }

    /// Waits until a run's work is over and answers with the run as it is then. Dropping the
    /// future stops the waiting, not the run. [`RunHandle::wait`](super::RunHandle::wait) waits for other states, and not
    /// for ever.
    ///
    /// # Errors
    /// See [`RunHandle::wait`](super::RunHandle::wait), and `NotFound` if the run is purged meanwhile.
    pub async fn wait(&self, run: &RunRef) -> Result<Run> {
        let waited = self.0.run(run).wait(Until::over()).await?;
        waited.reached()
    }
}
