//! Starting loops.

use grump_core::{
    ErrorKind, Event, EventKind, Member, NewLoop, Operation::*, RunStatus, Since, Uncommitted,
};

use super::{conflict, refused};
use crate::behaviour::{
    Repository,
    case::{Case, case},
    scripts,
    stage::{Stage, collected},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(answers_with_a_cursor_before_the_first_event)
            .runs(&[])
            .kinds(&[EventKind::RunStarted, EventKind::RunCompleted])
            .members(&[Member::EventsCursor]),
        case!(refuses_a_loop_that_runs_already).runs(&[RunsStop]),
        case!(says_where_a_loop_is_that_it_refuses)
            .runs(&[RunsStop])
            .members(&[Member::ConflictDetail]),
        case!(refuses_uncommitted_changes_naming_files_and_options)
            .needs(&[LoopsCreate, RunsStart]),
        case!(commits_uncommitted_changes_when_told_to).runs(&[]),
        case!(stashes_uncommitted_changes_when_told_to).runs(&[]),
        case!(refuses_a_folder_that_is_no_repository).needs(&[LoopsCreate, RunsStart, RunsOpen]),
        case!(refuses_a_folder_that_is_not_there).needs(&[LoopsCreate, RunsStart]),
        case!(refuses_a_repository_without_a_commit).needs(&[LoopsCreate, RunsStart]),
        case!(refuses_a_loop_that_is_done_with).runs(&[DeliveriesAccept]),
        case!(leaves_the_users_checkout_alone).runs(&[]),
    ]
}

/// Pitfall 7: what happens between the start and the watching is not lost.
async fn answers_with_a_cursor_before_the_first_event(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let started = stage.loops().start(&run).await.unwrap();
    stage.loops().wait(&run).await.unwrap();
    let since = Since::from(started.cursor.expect("this plane has positions"));
    let updates = stage.loops().watch(&run, since).await.unwrap();
    let events = collected(updates).await;
    let kinds: Vec<_> = events.iter().map(Event::kind).collect();
    assert_eq!(kinds.first(), Some(&EventKind::RunStarted));
    assert_eq!(kinds.last(), Some(&EventKind::RunCompleted));
}

async fn refuses_a_loop_that_runs_already(stage: &Stage) {
    let run = stage.hanging().await;
    conflict(stage.loops().start(&run).await, "already_running");
    stage.loops().stop(&run).await.unwrap();
}

async fn says_where_a_loop_is_that_it_refuses(stage: &Stage) {
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

async fn commits_uncommitted_changes_when_told_to(stage: &Stage) {
    let (repository, before) = (stage.repository(), stage.repository().head());
    repository.write("new.txt", "new\n");
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let start = stage.loops().start_with(&run, Uncommitted::Commit).await;
    start.unwrap();
    let done = stage.loops().wait(&run).await.unwrap();
    assert_eq!(repository.git(&["rev-parse", "HEAD^"]), before);
    assert_eq!(repository.status(), "");
    assert_eq!(stage.work(&done, "new.txt").as_deref(), Some("new\n"));
}

async fn stashes_uncommitted_changes_when_told_to(stage: &Stage) {
    let (repository, before) = (stage.repository(), stage.repository().head());
    repository.write("README.md", "# Changed\n");
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let start = stage.loops().start_with(&run, Uncommitted::Stash).await;
    start.unwrap();
    let done = stage.loops().wait(&run).await.unwrap();
    assert_eq!(repository.head(), before);
    assert_eq!(stage.work(&done, "README.md").as_deref(), Some("# App\n"));
    repository.git(&["stash", "pop", "-q"]);
    assert_eq!(repository.read("README.md").as_deref(), Some("# Changed\n"));
}

async fn refuses_a_folder_that_is_no_repository(stage: &Stage) {
    let folder = stage.beside("plain");
    std::fs::create_dir(&folder).unwrap();
    let new = NewLoop::new("a task", folder.to_str().unwrap(), "Do it").agent(scripts::FINISHES);
    let run = stage.created(new).await;
    refused(stage.loops().start(&run).await, ErrorKind::InvalidInput);
    let after = stage.loops().open(&run).await.unwrap();
    assert_eq!(after.status.unified, RunStatus::Draft);
}

async fn refuses_a_folder_that_is_not_there(stage: &Stage) {
    let folder = stage.beside("missing");
    let new = NewLoop::new("a task", folder.to_str().unwrap(), "Do it").agent(scripts::FINISHES);
    let run = stage.created(new).await;
    refused(stage.loops().start(&run).await, ErrorKind::InvalidInput);
}

async fn refuses_a_repository_without_a_commit(stage: &Stage) {
    let empty = Repository::empty(stage.beside("empty"));
    let new = NewLoop::new("a task", empty.directory(), "Do it").agent(scripts::FINISHES);
    let run = stage.created(new).await;
    refused(stage.loops().start(&run).await, ErrorKind::InvalidInput);
}

async fn refuses_a_loop_that_is_done_with(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    stage.loops().accept(&run).await.unwrap();
    conflict(stage.loops().start(&run).await, "not_startable");
}

async fn leaves_the_users_checkout_alone(stage: &Stage) {
    let repository = stage.repository();
    let before = repository.head();
    let run = stage.finished(stage.task(scripts::FINISHES)).await;
    assert_eq!(repository.head(), before);
    assert_eq!(repository.git(&["branch", "--show-current"]), "main");
    assert_eq!(repository.status(), "");
    assert_eq!(repository.read("done.txt"), None);
    let branch = stage.branch(&run);
    assert!(branch.starts_with("ralph/"), "{branch}");
    let message = repository.git(&["log", "-1", "--format=%s", &branch]);
    assert!(message.starts_with("[Ralph]"), "{message}");
}
