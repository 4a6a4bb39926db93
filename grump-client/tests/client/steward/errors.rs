//! How servers refuse, and how that arrives.

use futures::TryStreamExt;
use grump::{Error, ErrorKind, Retry, RunStatus};
use grump_testkit::contract::Failure;
use serde_json::json;

use super::{client_at, run_in, steward};

fn context<'e>(error: &'e Error, wanted: &str) -> Option<&'e str> {
    let mut context = error.context();
    context.find_map(|(name, value)| (name == wanted).then_some(value))
}

#[tokio::test]
async fn a_run_that_cannot_be_started_says_where_it_is() {
    let (server, client) = steward().await;
    let id = run_in(&server, "running");
    let error = client.runs().start(&*id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.failed_operation(), Some("runs.start"));
    let conflict = error.conflict().unwrap();
    assert_eq!(conflict.code, "run-not-startable");
    assert_eq!(
        conflict.current.as_ref().unwrap().unified,
        RunStatus::Running
    );
    assert_eq!(context(&error, "run"), Some(&*id));
}

#[tokio::test]
async fn every_transition_that_is_refused_says_where_the_run_is() {
    let (server, client) = steward().await;
    let id = run_in(&server, "completed");
    let runs = client.runs();
    for refused in [
        runs.pause(&*id).await,
        runs.resume(&*id).await,
        runs.cancel(&*id).await,
        runs.retry(&*id).await,
    ] {
        let error = refused.unwrap_err();
        let conflict = error.conflict().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(conflict.code, "run-transition-conflict");
        assert_eq!(conflict.current.as_ref().unwrap().native, "completed");
    }
}

#[tokio::test]
async fn a_refusal_names_the_ability_that_the_token_lacks() {
    let (server, _) = steward().await;
    let id = run_in(&server, "draft");
    let token = server.token_of(&["projects:*", "runs:start"]);
    let client = client_at(&server.url(), token);
    client.runs().start(&*id).await.unwrap();
    let error = client.runs().cancel(&*id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(context(&error, "ability"), Some("runs:control"), "{error}");
    let error = client.reviews().push(&*id).await.unwrap_err();
    assert_eq!(context(&error, "ability"), Some("git:push"), "{error}");
    let error = client.settings().read().await.unwrap_err();
    assert_eq!(context(&error, "ability"), Some("settings:read"), "{error}");
}

#[tokio::test]
async fn a_push_says_which_of_its_gates_was_shut() {
    let (server, client) = steward().await;
    let id = run_in(&server, "completed");
    let error = client.reviews().push(&*id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(context(&error, "setting"), Some("safety.auto_git_push"));
    assert_eq!(context(&error, "ability"), None, "{error}");
    server.set("safety.auto_git_push", true);
    let error = client.reviews().push(&*id).await.unwrap_err();
    assert_eq!(error.conflict().unwrap().code, "review-required");
    assert!(error.advice().unwrap().contains("approve"));
}

#[tokio::test]
async fn members_that_are_wrong_are_named() {
    let (server, client) = steward().await;
    let failure = Failure::new(422, "validation-failed")
        .message("The title field is required.")
        .with("errors", json!({"title": ["The title field is required."]}));
    server.fail_with("POST /api/projects", failure);
    let made = client.projects().create("", "", Default::default()).await;
    let error = made.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let member = context(&error, "member").unwrap();
    assert_eq!(member, "title: The title field is required.");
}

#[tokio::test]
async fn what_is_not_there_and_who_is_not_let_in_are_told_apart() {
    let (server, client) = steward().await;
    let error = client.runs().open("404").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let stranger = client_at(&server.url(), "made-up".to_owned());
    let error = stranger.auth().me().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!format!("{error:?} {stranger:?}").contains("made-up"));
}

#[tokio::test]
async fn too_many_requests_are_sent_again_and_what_may_have_run_is_not() {
    let (server, client) = steward().await;
    let id = run_in(&server, "draft");
    let failure = Failure::new(429, "too-many-requests").retry_after("0");
    server.fail_with("POST /api/runs/{run}/start", failure);
    client.runs().start(&*id).await.unwrap();
    server.fail_next("POST /api/runs/{run}/cancel", 500, "internal-error");
    let error = client.runs().cancel(&*id).await.unwrap_err();
    assert_eq!(error.retry(), Retry::MaybeApplied);
    let cancels = server.requests().into_iter();
    let cancels = cancels.filter(|asked| asked.path.ends_with("/cancel"));
    assert_eq!(cancels.count(), 1);
}

#[tokio::test]
async fn an_answer_that_a_list_breaks_off_with_is_its_last_item() {
    let (server, client) = steward().await;
    server.fail_next("GET /api/projects", 403, "missing-ability");
    let error = client.projects().list().try_collect::<Vec<_>>().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_closed_plane_asks_nothing_more() {
    let (server, client) = steward().await;
    let plane = grump::Plane::new(grump_client::StewardPlane::new(client.clone()));
    plane.close().await;
    let error = client.auth().me().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(server.requests().is_empty());
}
