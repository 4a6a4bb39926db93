//! The cases, a file for each thing that they are about.
//!
//! A case is an `async fn` that makes one claim, in at most 40 lines, and panics if it does not
//! hold.

mod accept;
mod again;
mod create;
mod diff;
mod edit;
mod events;
mod honesty;
mod outcomes;
mod permissions;
mod plane;
mod planning;
mod prompts;
mod reading;
mod removal;
mod several;
mod start;
mod stop;
mod stop_pattern;
mod waiting;
mod watching;

use grump_core::{Error, ErrorKind, LoopEdit, Operation, Result, RunRef, Since, StartRun};

use super::{case::Case, stage::Stage};

/// Every case, in the order of a loop's life.
pub(super) fn all() -> Vec<Case> {
    [
        create::cases(),
        reading::cases(),
        start::cases(),
        stop::cases(),
        outcomes::cases(),
        stop_pattern::cases(),
        prompts::cases(),
        edit::cases(),
        planning::cases(),
        permissions::cases(),
        diff::cases(),
        accept::cases(),
        removal::cases(),
        again::cases(),
        several::cases(),
        events::cases(),
        watching::cases(),
        waiting::cases(),
        plane::cases(),
        honesty::cases(),
    ]
    .concat()
}

/// The refusal that this was expected to be.
fn refused<T>(answer: Result<T>, kind: ErrorKind) -> Error {
    let Err(error) = answer else {
        panic!("this should have been refused as {kind}");
    };
    assert_eq!(error.kind(), kind, "{error:?}");
    error
}

/// The conflict that this was expected to be.
fn conflict<T>(answer: Result<T>, code: &str) -> Error {
    let error = refused(answer, ErrorKind::Conflict);
    let found = error.conflict().map(|conflict| &*conflict.code);
    assert_eq!(found, Some(code), "{error:?}");
    error
}

/// No operation of the plane's finds this run.
async fn is_nowhere(stage: &Stage, run: &RunRef) {
    for operation in &stage.plane().info().operations {
        if let Some(answer) = ask_for(stage, *operation, run).await {
            let error = refused(answer, ErrorKind::NotFound);
            assert_eq!(error.failed_operation(), Some(operation.as_str()));
        }
    }
}

/// What an operation says about a run; `None` for one that is not about a run.
async fn ask_for(stage: &Stage, operation: Operation, run: &RunRef) -> Option<Result<()>> {
    let plane = stage.plane();
    let (loops, runs, deliveries) = (plane.loops(), plane.runs(), plane.deliveries());
    let id = || run.id.clone();
    Some(match operation {
        Operation::RunsOpen => runs.open(run).await.map(drop),
        Operation::RunsStart => runs.start(StartRun::new(run.clone())).await.map(drop),
        Operation::RunsStop => runs.stop(run).await,
        Operation::RunsRemove => runs.remove(run).await,
        Operation::LoopsEdit => loops.edit(id(), LoopEdit::default()).await.map(drop),
        Operation::LoopsSetPendingPrompt => loops.set_pending_prompt(id(), "x").await,
        Operation::LoopsClearPendingPrompt => loops.clear_pending_prompt(id()).await,
        Operation::LoopsPlan => loops.plan(id()).await.map(drop),
        Operation::LoopsStatusFile => loops.status_file(id()).await.map(drop),
        Operation::DeliveriesDiff => deliveries.diff(run).await.map(drop),
        Operation::DeliveriesAccept => deliveries.accept(run).await.map(drop),
        Operation::DeliveriesDiscard => deliveries.discard(run).await,
        Operation::DeliveriesUndo => deliveries.undo(run).await,
        Operation::DeliveriesPurge => deliveries.purge(run).await,
        Operation::EventsHistory => {
            let query = grump_core::EventQuery::of(run.clone());
            plane.events().history(query).await.map(drop)
        }
        Operation::EventsWatch => plane.events().watch(run, Since::Now).await.map(drop),
        _ => return None,
    })
}
