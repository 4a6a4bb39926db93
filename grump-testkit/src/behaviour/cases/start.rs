//! Starting loops.

use grump_core::{Event, EventKind, Operation::*, RunStatus, Since};

use super::conflict;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::{Stage, collected},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(answers_with_a_cursor_before_the_first_event)
            .runs(&[])
            .kinds(&[EventKind::RunStarted, EventKind::RunCompleted]),
        case!(refuses_a_loop_that_runs_already).runs(&[RunsStop]),
        case!(refuses_uncommitted_changes_naming_files_and_options)
            .needs(&[LoopsCreate, RunsStart]),
    ]
}

/// Pitfall 7: what happens between the start and the watching is not lost.
async fn answers_with_a_cursor_before_the_first_event(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let started = stage.loops().start(&run).await.unwrap();
    stage.loops().wait(&run).await.unwrap();
    let since = Since::from(started.cursor.expect("this plane has positions"));
    let updates = stage.loops().watch(&run, since).await.unwrap();
    let kinds: Vec<_> = collected(updates).await.iter().map(Event::kind).collect();
    assert_eq!(kinds.first(), Some(&EventKind::RunStarted));
    assert_eq!(kinds.last(), Some(&EventKind::RunCompleted));
}

async fn refuses_a_loop_that_runs_already(stage: &Stage) {
    let run = stage.hanging().await;
    let error = conflict(stage.loops().start(&run).await, "already_running");
    let current = error.conflict().unwrap().current.clone().unwrap();
    assert_eq!(current.unified, RunStatus::Running);
    stage.loops().stop(&run).await.unwrap();
}

async fn refuses_uncommitted_changes_naming_files_and_options(stage: &Stage) {
    stage.repository().write("README.md", "# Changed\n");
    stage.repository().write("new.txt", "new\n");
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let error = conflict(stage.loops().start(&run).await, "uncommitted_changes");
    let found = error.conflict().unwrap();
    assert_eq!(found.changed_files, ["README.md", "new.txt"]);
    assert_eq!(found.options, ["commit", "stash", "cancel"]);
}
