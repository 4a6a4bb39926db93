//! Waiting for a run of a plane that can be read and not watched.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grump_core::{ControlPlane, Facets, PlaneInfo, RunDetail, RunKind, RunStatus, Runs, Status};

use super::*;

/// What a look at the run gives.
type Look = std::result::Result<RunStatus, ErrorKind>;

/// A run that is told look by look; the last look lasts.
#[derive(Debug)]
struct Tape(Mutex<Vec<Look>>);

#[async_trait]
impl Runs for Tape {
    async fn open(&self, run: &RunRef) -> Result<Run> {
        let mut looks = self.0.lock().unwrap();
        let look = if looks.len() > 1 {
            looks.remove(0)
        } else {
            looks[0]
        };
        let status = look.map_err(|kind| Error::new(kind, "it cannot be read"))?;
        let mut run = Run::new(run.clone(), "a job", RunDetail::None);
        run.status = Status::from(status);
        Ok(run)
    }
}

#[derive(Debug)]
struct Readable(PlaneInfo, Facets);

#[async_trait]
impl ControlPlane for Readable {
    fn info(&self) -> &PlaneInfo {
        &self.0
    }

    fn facets(&self) -> &Facets {
        &self.1
    }

    async fn close(&self) {}
}

fn job(looks: &[Look]) -> RunHandle {
    let info = PlaneInfo::new("tape").operations([Operation::RunsOpen]);
    let mut facets = Facets::default();
    facets.runs = Some(Arc::new(Tape(Mutex::new(looks.to_vec()))));
    Plane::new(Readable(info, facets)).run(RunRef::new(RunKind::Job, "job_1"))
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_be_watched_is_read_until_it_is_there() {
    let looks = [
        Ok(RunStatus::Queued),
        Ok(RunStatus::Running),
        Ok(RunStatus::Completed),
    ];
    let waited = job(&looks).wait(Until::over()).await.unwrap();
    assert_eq!(
        waited.reached().unwrap().status.unified,
        RunStatus::Completed
    );
}

/// Pitfall 6: that a plane cannot be reached for a while ends no waiting.
#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_ends_no_waiting() {
    let looks = [
        Ok(RunStatus::Running),
        Err(ErrorKind::Transport),
        Err(ErrorKind::Unavailable),
        Ok(RunStatus::Failed),
    ];
    let waited = job(&looks).wait(Until::over()).await.unwrap();
    assert_eq!(waited.reached().unwrap().status.unified, RunStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_stays_ends_a_wait_without_a_limit() {
    let looks = [Err(ErrorKind::Transport)];
    let failed = job(&looks).wait(Until::over()).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Transport);
}

/// Pitfall 41: the answer to a wait that was too short holds the run, and how it was seen last.
#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_short_says_how_the_run_was_seen() {
    let until = Until::over().within(Duration::from_secs(60));
    let waited = job(&[Ok(RunStatus::Running)]).wait(until).await.unwrap();
    let Waited::TimedOut(later) = waited else {
        panic!("it runs for ever: {waited:?}");
    };
    let last = later.last.as_ref().unwrap();
    assert_eq!(last.status.unified, RunStatus::Running);
    assert_eq!(
        Error::from(later).to_string(),
        "the time to wait for the run was up; it goes on: wait for it again \
         (run: job job_1, status: running, seconds: 60)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_is_needed_where_a_run_waits_for_one() {
    let looks = [Ok(RunStatus::Running), Ok(RunStatus::AwaitingApproval)];
    let waited = job(&looks).wait(Until::needs_person()).await.unwrap();
    let run = waited.reached().unwrap();
    assert_eq!(run.status.unified, RunStatus::AwaitingApproval);
}
