//! What a victim does on a disk that is full: the journal cannot grow beyond what it is.

use std::{fs, time::Duration};

use futures::StreamExt;
use grump::{ErrorKind, EventKind, Outcome, Plane, Result, Run, RunStatus, Since};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::scene::{Scene, only};

/// From now on no file grows beyond the size that the journal's log has.
pub(crate) fn fill(scene: &Scene) {
    let log = scene.data().journal().with_extension("db-wal");
    limit(Some(fs::metadata(log).unwrap().len()));
}

/// There is space again.
pub(crate) fn free() {
    limit(None);
}

fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let current = bytes.or(maximum);
    setrlimit(Resource::Fsize, Rlimit { current, maximum }).unwrap();
}

/// Runs a loop to its end as somebody does who tries again until it works; tells when it was cut
/// off.
pub(crate) async fn persist(scene: &Scene, plane: &Plane, cut_off: impl Fn()) {
    fs::write(scene.flag(), "").unwrap();
    let loops = plane.loops();
    let run = until_stored(|| loops.create(scene.new_loop())).await;
    until_stored(|| loops.start(&run)).await;
    loop {
        let run = ended(plane).await;
        if run.status.unified == RunStatus::Completed {
            return;
        }
        is_cut_off(&run);
        cut_off();
        until_stored(|| loops.start(&run)).await;
    }
}

fn is_cut_off(run: &Run) {
    assert_eq!(run.status.unified, RunStatus::Cancelled, "{run:?}");
    assert_eq!(
        (run.outcome, run.resumable),
        (Some(Outcome::Interrupted), true)
    );
}

async fn until_stored<T>(act: impl AsyncFn() -> Result<T>) -> T {
    loop {
        match act().await {
            Ok(done) => return done,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Storage, "{error:?}"),
        }
        pause().await;
    }
}

/// The loop when it is at work no more.
async fn ended(plane: &Plane) -> Run {
    loop {
        let run = only(plane).await.unwrap();
        if run.status.unified.is_terminal() {
            return run;
        }
        pause().await;
    }
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

/// Fills the disk while the agent works, and stops the loop.
pub(crate) async fn stop(scene: &Scene, plane: &Plane) {
    let loops = plane.loops();
    let run = loops.create(scene.new_loop()).await.unwrap();
    loops.start(&run).await.unwrap();
    let mut updates = loops.watch(&run, Since::Beginning).await.unwrap();
    while let Some(update) = updates.next().await {
        let update = update.unwrap();
        if update.event().map(grump::Event::kind) == Some(EventKind::ToolResult) {
            break;
        }
    }
    fill(scene);
    let refused = loops.stop(&run).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Storage, "{refused:?}");
    free();
    assert_eq!(ended(plane).await.status.unified, RunStatus::Cancelled);
}
