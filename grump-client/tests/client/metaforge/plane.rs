//! The plane: one case per operation of its facets.

use grump::{
    ApproveRun, ErrorKind, NewTask, Operation, RejectRun, Review, RunFilter, RunKind, RunRef,
    RunStatus, StartRun,
};
use serde_json::json;

use super::{at_work, gateway_plane};
use crate::contract::{held, lines};

/// A facet that the plane has.
macro_rules! facet {
    ($plane:expr, $facet:ident) => {
        $plane.facets().$facet.as_deref().unwrap()
    };
}

#[tokio::test]
async fn it_says_what_it_can_do() {
    let (_server, plane) = gateway_plane().await;
    let info = plane.info();
    assert_eq!(info.name, "metaforge");
    for operation in [
        Operation::TasksCreateAndStart,
        Operation::ReviewsApprove,
        Operation::EventsWatch,
    ] {
        info.require(operation).unwrap();
    }
    for operation in [
        Operation::RunsStop,
        Operation::LoopsCreate,
        Operation::EventsHistory,
    ] {
        assert_eq!(
            info.require(operation).unwrap_err().kind(),
            ErrorKind::Unsupported
        );
    }
}

#[tokio::test]
async fn what_it_cannot_do_is_refused_before_anything_is_sent() {
    let (server, plane) = gateway_plane().await;
    let run = RunRef::new(RunKind::Task, "s");
    let runs = facet!(plane, runs);
    let tasks = facet!(plane, tasks);
    let told = NewTask::told("Fix it").skill("spec");
    let expected = ApproveRun::new(&run).expected("v1");
    for refused in [
        runs.stop(&run).await.map(drop),
        runs.start(StartRun::new(run.clone())).await.map(drop),
        tasks.create(told.clone()).await.map(drop),
        tasks.create_and_start(told).await.map(drop),
        facet!(plane, reviews).approve(expected).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    assert!(plane.facets().loops.is_none());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_run_of_another_kind_is_not_there() {
    let (server, plane) = gateway_plane().await;
    let error = facet!(plane, runs)
        .open(&RunRef::of_loop("l"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let none = facet!(plane, runs)
        .list(RunFilter::kind(RunKind::Loop))
        .await
        .unwrap();
    assert!(none.items.is_empty() && server.requests().is_empty());
}

#[tokio::test]
async fn a_task_is_created() {
    let (server, plane) = gateway_plane().await;
    let new = NewTask::new()
        .skill("spec")
        .files(vec!["PRD.md".to_owned()]);
    let run = facet!(plane, tasks).create(new).await.unwrap();
    assert_eq!(
        (run.status.unified, &*run.title),
        (RunStatus::Draft, "spec")
    );
    let body = json!({"skill": "spec", "input": {"files": ["PRD.md"]}});
    assert_eq!(lines(&server)[0].2, body);
    held(&server);
}

#[tokio::test]
async fn a_task_is_created_and_started() {
    let (server, plane) = gateway_plane().await;
    let options = json!({"temperature": 0.3, "seed": 7});
    let args = json!({"depth": 2});
    let new = NewTask::new()
        .skill("spec")
        .args(args.as_object().unwrap().clone())
        .options(options.as_object().unwrap().clone());
    let run = facet!(plane, tasks).create_and_start(new).await.unwrap();
    assert_eq!(run.status.unified, RunStatus::Running);
    let task = run.as_task().unwrap();
    assert_eq!(
        (task.skill.as_deref(), task.agent.as_deref()),
        (Some("spec"), Some("requirements-agent"))
    );
    let body = json!({"skill": "spec", "input": {"files": [], "args": args}, "options": options});
    assert_eq!(lines(&server)[0].2, body);
    held(&server);
}

#[tokio::test]
async fn a_task_without_a_skill_is_refused() {
    let (server, plane) = gateway_plane().await;
    let error = facet!(plane, tasks)
        .create_and_start(NewTask::new())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn runs_are_listed_page_by_page() {
    let (server, plane) = gateway_plane().await;
    for _ in 0..3 {
        at_work(&server);
    }
    server.put("session", json!({"status": "created"}));
    let runs = facet!(plane, runs);
    let filter = RunFilter::default().statuses([RunStatus::Running]).limit(2);
    let first = runs.list(filter.clone()).await.unwrap();
    assert_eq!((first.items.len(), first.total), (2, Some(3)));
    let rest = runs.list(filter.at(first.next)).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    assert_eq!(
        lines(&server)[1].1,
        "/api/v1/sessions?limit=2&offset=2&status=running"
    );
    held(&server);
}

#[tokio::test]
async fn a_run_is_opened_with_what_waits_for_a_decision() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.advance(run.id.as_str());
    let opened = facet!(plane, runs).open(&run).await.unwrap();
    assert_eq!(opened.status.unified, RunStatus::AwaitingApproval);
    assert_eq!(opened.review, Review::Pending);
    assert!(!opened.as_task().unwrap().artifacts.is_empty());
    held(&server);
}

#[tokio::test]
async fn a_run_that_only_its_agent_knows_is_opened_there() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.fail_next("sessionGet", 404, "NOT_FOUND");
    let opened = facet!(plane, runs).open(&run).await.unwrap();
    assert_eq!(opened.name, run);
    held(&server);
}

#[tokio::test]
async fn a_run_is_removed() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let runs = facet!(plane, runs);
    runs.remove(&run).await.unwrap();
    assert_eq!(
        runs.open(&run).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn what_waits_is_listed_and_approved() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.advance(run.id.as_str());
    let reviews = facet!(plane, reviews);
    let pending = reviews.pending().await.unwrap();
    assert_eq!(pending[0].run, run);
    assert!(!pending[0].artifacts.is_empty());
    let reviewed = reviews
        .approve(ApproveRun::new(&run).note("LGTM"))
        .await
        .unwrap();
    assert_eq!(reviewed.status.unwrap().unified, RunStatus::Merged);
    assert_eq!(reviewed.applied, Some(true));
    assert!(reviews.pending().await.unwrap().is_empty());
    held(&server);
}

#[tokio::test]
async fn what_waits_is_rejected_with_a_reason() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    server.advance(run.id.as_str());
    let reviews = facet!(plane, reviews);
    let asked = server.requests().len();
    let silent = reviews.reject(RejectRun::new(&run)).await.unwrap_err();
    assert_eq!(silent.kind(), ErrorKind::InvalidInput);
    assert_eq!(server.requests().len(), asked);
    let reviewed = reviews
        .reject(RejectRun::new(&run).note("too long"))
        .await
        .unwrap();
    assert_eq!(reviewed.status.unwrap().unified, RunStatus::Rejected);
    assert_eq!(reviewed.note.as_deref(), Some("too long"));
    held(&server);
}

#[tokio::test]
async fn a_decision_about_what_does_not_wait_is_a_conflict_that_names_the_status() {
    let (server, plane) = gateway_plane().await;
    let run = at_work(&server);
    let refused = facet!(plane, reviews)
        .approve(ApproveRun::new(&run))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let conflict = refused.conflict().unwrap();
    assert_eq!(conflict.code, "not_pending");
    assert_eq!(conflict.current.as_ref().unwrap().native, "running");
    assert_eq!(refused.remote_detail().unwrap().status, Some(400));
}

#[tokio::test]
async fn the_gateway_says_how_it_is() {
    let (server, plane) = gateway_plane().await;
    let system = facet!(plane, system);
    let health = system.health().await.unwrap();
    assert!(health.healthy && health.components.contains_key("tools"));
    assert_eq!(health.uptime, Some(3600));
    let status = system.status().await.unwrap();
    assert_eq!(
        (status.tools[0].ready, status.agents[0].ready),
        (Some(true), Some(true))
    );
    assert!(status.sessions.contains_key("pending"));
    held(&server);
}

#[tokio::test]
async fn a_plane_that_was_closed_asks_nothing_any_more() {
    let (server, plane) = gateway_plane().await;
    plane.close().await;
    let error = facet!(plane, system).health().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(server.requests().is_empty());
}
