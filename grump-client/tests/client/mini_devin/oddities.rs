//! What servers in the field do that no document says.

use std::sync::Arc;

use futures::StreamExt;
use grump::{
    ControlPlane, ErrorKind, NewFolder, NewTask, RunFilter, RunKind, RunRef, RunStatus, Since,
};
use grump_client::MiniDevinPlane;
use grump_testkit::contract::{Contract, Oddity};

use super::{at_work, builder, server_plane};
use crate::support::{short, told};

/// Leads a task from the login to its end, and gives what was told of it.
async fn life(server: &Contract, plane: &dyn ControlPlane) -> Vec<String> {
    let facets = plane.facets();
    let folders = facets.folders.as_deref().unwrap();
    let folder = folders
        .create(NewFolder::new().name("New Session"))
        .await
        .unwrap();
    let tasks = facets.tasks.as_deref().unwrap();
    let new = NewTask::told("Fix it").folder(&folder.id);
    let run = tasks.create_and_start(new).await.unwrap();
    let events = facets.events.as_deref().unwrap();
    let mut updates = events.watch(&run.name, Since::Now).await.unwrap();
    server.streaming(1).await;
    server.finish(run.name.id.as_str());
    let mut told = Vec::new();
    while let Some(update) = updates.next().await {
        told.push(short(&update.unwrap()));
    }
    let runs = facets.runs.as_deref().unwrap();
    let opened = runs.open(&run.name).await.unwrap();
    assert_eq!(opened.status.unified, RunStatus::Completed);
    let listed = runs.list(RunFilter::default()).await.unwrap();
    assert_eq!(listed.items[0].name, run.name);
    let models = facets.models.as_deref().unwrap();
    assert_eq!(models.list("").await.unwrap()[0].tools, Some(true));
    models.providers().await.unwrap();
    let evidence = facets.evidence.as_deref().unwrap();
    assert_eq!(evidence.artifacts(&run.name).await.unwrap().len(), 2);
    assert!(
        facets
            .system
            .as_deref()
            .unwrap()
            .health()
            .await
            .unwrap()
            .healthy
    );
    folders.remove(&folder.id).await.unwrap();
    told
}

#[tokio::test]
async fn a_task_is_led_from_the_login_to_its_end_whatever_is_odd() {
    for oddity in Oddity::all("mini-devin").filter(|oddity| !oddity.fails) {
        let server = Contract::start("mini-devin").await;
        server.oddity(oddity.name);
        let login = builder(&server).login("user@example.com", "securepassword");
        let plane = MiniDevinPlane::new(login.build().unwrap());
        let mut told = life(&server, &plane).await;
        told.retain(|word| word != "unknown");
        let expected = [
            "text.delta",
            "tool.called",
            "tool.result",
            "plan.updated",
            "run.completed",
        ];
        assert_eq!(told, expected, "{}: {}", oddity.name, oddity.about);
    }
}

#[tokio::test]
async fn what_cannot_be_made_good_is_an_error_of_its_kind() {
    let nobody = RunRef::new(RunKind::Task, "nobody");
    for oddity in Oddity::all("mini-devin").filter(|oddity| oddity.fails) {
        let (server, plane) = server_plane().await;
        server.oddity(oddity.name);
        let facets = plane.facets();
        let (events, runs) = (
            facets.events.as_deref().unwrap(),
            facets.runs.as_deref().unwrap(),
        );
        let (kind, error) = match oddity.name {
            "html-pages" => {
                let health = facets.system.as_deref().unwrap().health().await;
                (ErrorKind::Protocol, health.unwrap_err())
            }
            "socket-403" => {
                let run = at_work(&server);
                let watched = events.watch(&run, Since::Now).await;
                (ErrorKind::Forbidden, watched.map(drop).unwrap_err())
            }
            "detail-lists" => {
                server.fail_next("*", 422, "VALIDATION_ERROR");
                (
                    ErrorKind::InvalidInput,
                    runs.open(&nobody).await.unwrap_err(),
                )
            }
            _ => (ErrorKind::NotFound, runs.open(&nobody).await.unwrap_err()),
        };
        assert_eq!(error.kind(), kind, "{}: {}", oddity.name, oddity.about);
    }
}

/// Pitfall 11: a server that falls silent after a stop keeps nobody waiting.
#[tokio::test]
async fn a_stop_that_the_socket_does_not_tell_is_told_without_a_gap() {
    let (server, plane) = server_plane().await;
    server.oddity("silent-stop");
    let run = at_work(&server);
    let events = plane.facets().events.as_deref().unwrap();
    let updates = events.watch(&run, Since::Now).await.unwrap();
    server.streaming(1).await;
    let runs = Arc::clone(plane.facets().runs.as_ref().unwrap());
    runs.stop(&run).await.unwrap();
    assert_eq!(told(updates).await, ["run.cancelled"]);
}
