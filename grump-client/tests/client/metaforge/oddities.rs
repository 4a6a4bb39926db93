//! What servers in the field do that no document says.

use futures::StreamExt;
use grump::{ApproveRun, ControlPlane, ErrorKind, NewTask, RunFilter, RunKind, RunRef, Since};
use grump_testkit::contract::{Contract, Oddity};

use super::gateway_plane;
use crate::support::short;

/// Leads a session from its start to its approval, and gives what was told of it.
async fn life(server: &Contract, plane: &dyn ControlPlane) -> Vec<String> {
    let facets = plane.facets();
    let new = NewTask::new()
        .skill("spec")
        .files(vec!["PRD.md".to_owned()]);
    let run = facets
        .tasks
        .as_deref()
        .unwrap()
        .create_and_start(new)
        .await
        .unwrap();
    let events = facets.events.as_deref().unwrap();
    let mut updates = events.watch(&run.name, Since::Now).await.unwrap();
    server.streaming(1).await;
    server.advance(run.name.id.as_str());
    let mut told = Vec::new();
    while let Some(update) = updates.next().await {
        let word = short(&update.unwrap());
        if word == "approval.requested" {
            let reviews = facets.reviews.as_deref().unwrap();
            assert_eq!(reviews.pending().await.unwrap()[0].run, run.name);
            reviews.approve(ApproveRun::new(&run)).await.unwrap();
        }
        told.push(word);
    }
    let runs = facets.runs.as_deref().unwrap();
    assert_eq!(
        runs.list(RunFilter::default()).await.unwrap().items.len(),
        1
    );
    assert_eq!(
        runs.open(&run.name).await.unwrap().status.native,
        "approved"
    );
    let system = facets.system.as_deref().unwrap();
    assert!(system.health().await.unwrap().healthy);
    system.status().await.unwrap();
    runs.remove(&run.name).await.unwrap();
    told
}

#[tokio::test]
async fn a_session_is_led_from_its_start_to_its_approval_whatever_is_odd() {
    for oddity in Oddity::all("metaforge").filter(|oddity| !oddity.fails) {
        let (server, plane) = gateway_plane().await;
        server.oddity(oddity.name);
        let told = life(&server, &*plane).await;
        let expected = [
            "progress",
            "approval.requested",
            "approval.resolved",
            "run.merged",
        ];
        assert_eq!(told, expected, "{}: {}", oddity.name, oddity.about);
    }
}

#[tokio::test]
async fn what_cannot_be_made_good_is_an_error_of_its_kind() {
    let nobody = RunRef::new(RunKind::Task, "nobody");
    for oddity in Oddity::all("metaforge").filter(|oddity| oddity.fails) {
        let (server, plane) = gateway_plane().await;
        server.oddity(oddity.name);
        let facets = plane.facets();
        let kind = match oddity.name {
            "html-pages" => {
                let health = facets.system.as_deref().unwrap().health().await;
                assert_eq!(health.unwrap_err().kind(), ErrorKind::Protocol);
                continue;
            }
            _ => facets
                .runs
                .as_deref()
                .unwrap()
                .open(&nobody)
                .await
                .unwrap_err()
                .kind(),
        };
        assert_eq!(
            kind,
            ErrorKind::NotFound,
            "{}: {}",
            oddity.name,
            oddity.about
        );
    }
}
