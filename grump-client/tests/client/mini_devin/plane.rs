//! The plane: one case per operation of its facets.

use grump::{
    ErrorKind, Login, NewAccount, NewFolder, NewKey, NewTask, Operation, RunFilter, RunKind,
    RunRef, RunStatus, SendInput, Since, StartRun,
};
use serde_json::json;

use super::{at_work, server_plane};
use crate::contract::{held, last, lines};

/// A facet that the plane has.
macro_rules! facet {
    ($plane:expr, $facet:ident) => {
        $plane.facets().$facet.as_deref().unwrap()
    };
}

#[tokio::test]
async fn it_says_what_it_can_do() {
    let (_server, plane) = server_plane().await;
    let info = plane.info();
    assert_eq!(info.name, "mini-devin");
    for operation in [
        Operation::TasksSendInput,
        Operation::FoldersCreate,
        Operation::EvidenceArtifact,
    ] {
        info.require(operation).unwrap();
    }
    for operation in [
        Operation::RunsStart,
        Operation::TasksCreate,
        Operation::EventsWatchAll,
    ] {
        assert_eq!(
            info.require(operation).unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
}

#[tokio::test]
async fn what_it_cannot_do_is_refused_before_anything_is_sent() {
    let (server, plane) = server_plane().await;
    let run = RunRef::new(RunKind::Task, "t");
    let tasks = facet!(plane, tasks);
    let new = NewTask::told("Fix it").folder("f").skill("spec");
    for refused in [
        facet!(plane, runs).remove(&run).await.map(drop),
        facet!(plane, runs)
            .start(StartRun::new(run.clone()))
            .await
            .map(drop),
        tasks.create(new.clone()).await.map(drop),
        tasks.create_and_start(new).await.map(drop),
        facet!(plane, events).watch_all(Since::Now).await.map(drop),
        facet!(plane, models).last_used().await.map(drop),
        facet!(plane, accounts).logout().await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    assert!(plane.facets().reviews.is_none());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_run_of_another_kind_is_not_there() {
    let (server, plane) = server_plane().await;
    let error = facet!(plane, runs)
        .open(&RunRef::of_loop("l"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_server_says_how_it_is() {
    let (server, plane) = server_plane().await;
    let health = facet!(plane, system).health().await.unwrap();
    assert!(health.healthy && !health.version.is_empty());
    held(&server);
}

#[tokio::test]
async fn users_are_registered_logged_in_and_given_keys() {
    let (server, plane) = server_plane().await;
    let accounts = facet!(plane, accounts);
    let new = NewAccount::new("new@example.com", "securepassword").name("Example User");
    let account = accounts.register(new).await.unwrap();
    assert_eq!(account.email.as_deref(), Some("new@example.com"));
    let login = Login::new("new@example.com", "securepassword");
    let logged_in = accounts.login(login).await.unwrap();
    assert_eq!(logged_in.expires_in.unwrap().as_secs(), 3600);
    let key = accounts.create_key(NewKey::new("ci")).await.unwrap();
    assert!(key.key.reveal().starts_with("md_"));
    assert_eq!(last(&server).json(), json!({"name": "ci"}));
    held(&server);
}

#[tokio::test]
async fn models_and_providers_are_listed() {
    let (server, plane) = server_plane().await;
    let models = facet!(plane, models);
    let all = models.list("/anywhere").await.unwrap();
    assert_eq!(
        (&*all[0].name.provider, all[0].tools),
        ("openai", Some(true))
    );
    let providers = models.providers().await.unwrap();
    assert_eq!(providers.providers[2].configured, Some(false));
    assert_eq!(providers.default_model.as_deref(), Some("gpt-4o"));
    held(&server);
}

#[tokio::test]
async fn folders_are_made_listed_opened_and_removed() {
    let (server, plane) = server_plane().await;
    let folders = facet!(plane, folders);
    let new = NewFolder::new()
        .name("New Session")
        .directory("/path/to/project");
    let made = folders.create(new).await.unwrap();
    assert_eq!(made.directory.as_deref(), Some("/path/to/project"));
    let task = NewTask::told("Fix it").folder(&made.id);
    let run = facet!(plane, tasks).create_and_start(task).await.unwrap();
    assert_eq!(folders.list().await.unwrap()[0].task_count, Some(1));
    let opened = folders.open(&made.id).await.unwrap();
    assert_eq!(opened.tasks[0].name, run.name);
    folders.remove(&made.id).await.unwrap();
    let gone = folders.open(&made.id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    held(&server);
}

#[tokio::test]
async fn a_task_is_created_and_started_in_a_folder() {
    let (server, plane) = server_plane().await;
    let folder = server.put("session", json!({}));
    let tasks = facet!(plane, tasks);
    let new = NewTask::told("Fix it").model("gpt-4o").run_mode("offline");
    let nowhere = tasks.create_and_start(new.clone()).await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::InvalidInput);
    let run = tasks.create_and_start(new.folder(&*folder)).await.unwrap();
    assert_eq!(
        (&*run.title, run.status.unified),
        ("Fix it", RunStatus::Running)
    );
    assert_eq!(
        run.as_task().unwrap().folder.as_ref().unwrap().as_str(),
        folder
    );
    let body = json!({"description": "Fix it", "model": "gpt-4o", "run_mode": "offline"});
    assert_eq!(lines(&server)[0].2, body);
    held(&server);
}

#[tokio::test]
async fn runs_are_listed_of_one_folder_and_of_all() {
    let (server, plane) = server_plane().await;
    let folders = [
        server.put("session", json!({})),
        server.put("session", json!({})),
    ];
    let tasks = facet!(plane, tasks);
    for folder in &folders {
        tasks
            .create_and_start(NewTask::told("x").folder(&**folder))
            .await
            .unwrap();
    }
    let runs = facet!(plane, runs);
    let of_one = runs
        .list(RunFilter::default().folder(&*folders[0]))
        .await
        .unwrap();
    assert_eq!(of_one.items.len(), 1);
    let all = runs.list(RunFilter::default().limit(1)).await.unwrap();
    assert_eq!((all.items.len(), all.total), (1, Some(2)));
    let done = runs
        .list(RunFilter::default().statuses([RunStatus::Completed]))
        .await
        .unwrap();
    assert!(done.items.is_empty());
    held(&server);
}

#[tokio::test]
async fn a_run_is_opened() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    server.finish(run.id.as_str());
    let opened = facet!(plane, runs).open(&run).await.unwrap();
    assert_eq!(opened.status.unified, RunStatus::Completed);
    let task = opened.as_task().unwrap();
    assert_eq!(
        (task.iterations, task.result.as_ref().unwrap().success),
        (Some(5), Some(true))
    );
    assert!(task.plan.is_some());
    held(&server);
}

#[tokio::test]
async fn a_run_is_stopped() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let runs = facet!(plane, runs);
    runs.stop(&run).await.unwrap();
    assert_eq!(
        runs.open(&run).await.unwrap().status.unified,
        RunStatus::Cancelled
    );
    runs.stop(&run).await.unwrap_err();
    held(&server);
}

#[tokio::test]
async fn an_agent_is_told_something() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let input = SendInput::new(&run, "Yes, proceed with the changes");
    facet!(plane, tasks).send_input(input).await.unwrap();
    server.heard(1).await;
    let said = json!({"type": "input", "content": "Yes, proceed with the changes"});
    assert_eq!(server.messages(), [said]);
    held(&server);
}

#[tokio::test]
async fn input_to_a_task_that_is_not_there_is_an_error() {
    let (_server, plane) = server_plane().await;
    let nobody = SendInput::new(RunRef::new(RunKind::Task, "nobody"), "hi");
    let error = facet!(plane, tasks).send_input(nobody).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.failed_operation(), Some("tasks.send_input"));
}

#[tokio::test]
async fn artifacts_are_listed_and_downloaded() {
    let (server, plane) = server_plane().await;
    let run = at_work(&server);
    let evidence = facet!(plane, evidence);
    let artifacts = evidence.artifacts(&run).await.unwrap();
    assert_eq!(
        (&*artifacts[1].path, artifacts[1].kind.as_deref()),
        ("diff.patch", Some("diff"))
    );
    let id = artifacts[1].id.clone().unwrap();
    let download = evidence.artifact(&run, &id).await.unwrap();
    assert_eq!(download.file_name.as_deref(), Some("diff.patch"));
    assert_eq!(download.length, Some(2048));
    assert_eq!(download.read(4096).await.unwrap().len(), 2048);
    held(&server);
}
