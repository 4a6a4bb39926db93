//! Requests that the types write, and the answers of a server that keeps loops.

use grump_testkit::field::{NoModel, Quirks};
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    ralpher::{self, *},
};
use serde_json::json;

use super::{Speaker, request};

fn id(told: &Loop) -> LoopPath {
    LoopPath {
        id: told.config.id.to_string(),
    }
}

/// A loop's life, from its creation to its purge.
async fn life(to: &Speaker) {
    let none = || (NoQuery {}, NoBody);
    let made: Loop = to
        .ask::<CreateLoop, _>(NoPath {}, NoQuery {}, request())
        .await;
    let path = || id(&made);
    let all: Vec<Loop> = to.ask::<ListLoops, _>(NoPath {}, none().0, none().1).await;
    assert_eq!(all, std::slice::from_ref(&made));
    let change = LoopChange {
        max_iterations: Some(7),
        ..LoopChange::default()
    };
    let changed: Loop = to.ask::<EditLoop, _>(path(), NoQuery {}, change).await;
    assert_eq!(changed.config.max_iterations, Some(7));
    let started: Success = to
        .ask::<StartLoop, _>(path(), NoQuery {}, StartRequest::default())
        .await;
    assert!(started.success);
    let prompt = PendingPrompt {
        prompt: "More".to_owned(),
    };
    to.ask::<SetPendingPrompt, Success>(path(), NoQuery {}, prompt)
        .await;
    to.ask::<ClearPendingPrompt, Success>(path(), none().0, none().1)
        .await;
    to.ask::<StopLoop, Success>(path(), none().0, none().1)
        .await;
    to.ask::<StartLoop, Success>(path(), NoQuery {}, StartRequest::default())
        .await;
    to.field.complete(&path().id);
    let over: Loop = to.ask::<OpenLoop, _>(path(), none().0, none().1).await;
    assert_eq!(
        (&*over.state.status, over.state.current_iteration),
        ("completed", 1)
    );
    let diff: Vec<FileDiff> = to.ask::<DiffLoop, _>(path(), none().0, none().1).await;
    assert_eq!(diff[0].status, "added");
    let accepted: Accepted = to.ask::<AcceptLoop, _>(path(), none().0, none().1).await;
    assert_eq!(accepted.merge_commit.len(), 40);
    to.ask::<PurgeLoop, Success>(path(), none().0, none().1)
        .await;
}

/// What else there is to ask.
async fn rest(to: &Speaker) {
    let none = || (NoQuery {}, NoBody);
    let health: HealthReport = to.ask::<Health, _>(NoPath {}, none().0, none().1).await;
    assert!(health.healthy);
    let made: Loop = to
        .ask::<CreateLoop, _>(NoPath {}, NoQuery {}, request())
        .await;
    let path = || id(&made);
    let plan: PlanningFile = to.ask::<Plan, _>(path(), none().0, none().1).await;
    let status: PlanningFile = to.ask::<StatusFile, _>(path(), none().0, none().1).await;
    assert_eq!((plan.exists, status.exists), (false, false));
    to.field.complete(&path().id);
    to.ask::<DiscardLoop, Success>(path(), none().0, none().1)
        .await;
    to.ask::<DeleteLoop, Success>(path(), none().0, none().1)
        .await;
    let directory = || DirectoryQuery {
        directory: "/path/to/project".to_owned(),
    };
    let models: Vec<Model> = to
        .ask::<ListModels, _>(NoPath {}, directory(), NoBody)
        .await;
    assert_eq!(models.len(), 2);
    let folder: PlanningFolder = to
        .ask::<CheckPlanningDir, _>(NoPath {}, directory(), NoBody)
        .await;
    assert!(!folder.exists);
    let last: Option<ModelRef> = to.ask::<LastModel, _>(NoPath {}, none().0, none().1).await;
    assert_eq!(last, None);
    let model = ModelRef {
        provider_id: Some("anthropic".to_owned()),
        model_id: Some("claude-sonnet-4-20250514".to_owned()),
        ..ModelRef::default()
    };
    to.ask::<SetLastModel, Success>(NoPath {}, NoQuery {}, model.clone())
        .await;
    let last: Option<ModelRef> = to.ask::<LastModel, _>(NoPath {}, none().0, none().1).await;
    assert_eq!(last, Some(model));
}

async fn streams(to: &Speaker) {
    let made: Loop = to
        .ask::<CreateLoop, _>(NoPath {}, NoQuery {}, request())
        .await;
    let run = async {
        to.field.streaming(2).await;
        to.field.complete(&id(&made).id);
    };
    let (of_all, of_one, ()) = futures::join!(
        to.watch::<AllEvents>(NoPath {}, NoQuery {}, NoBody, "loop.completed"),
        to.watch::<LoopEvents>(id(&made), NoQuery {}, NoBody, "loop.completed"),
        run,
    );
    assert_eq!(of_all, of_one);
    for kind in [
        "run.started",
        "iteration.started",
        "tool.called",
        "run.completed",
    ] {
        assert!(of_all.iter().any(|told| told == kind), "{kind}: {of_all:?}");
    }
}

#[tokio::test]
async fn the_types_speak_with_a_server_that_follows_the_document() {
    let to = Speaker::to(Quirks::documented(), "typed").await;
    life(&to).await;
    rest(&to).await;
    streams(&to).await;
}

#[tokio::test]
async fn the_types_speak_with_a_server_in_the_field() {
    let to = Speaker::to(Quirks::field(), "typed").await;
    life(&to).await;
    to.field.quirks(|quirks| {
        quirks.no_model = NoModel::Empty;
        quirks.no_content = true;
    });
    let empty: Option<ModelRef> = to.ask::<LastModel, _>(NoPath {}, NoQuery {}, NoBody).await;
    assert_eq!(empty.and_then(ralpher::map::complete), None);
    to.field.quirks(|quirks| quirks.no_model = NoModel::Null);
    rest(&to).await;
    streams(&to).await;
}

#[tokio::test]
async fn a_refusal_of_the_server_is_read_as_what_it_is() {
    let to = Speaker::to(Quirks::documented(), "typed").await;
    let made = to.field.create("a task");
    to.field.changed_files(&["src/foo.ts"]);
    let url = format!("{}/api/loops/{made}/start", to.field.url());
    let response = to.client.post(url).send().await.unwrap();
    let status = response.status().as_u16();
    let error = ralpher::error::read(status, &response.bytes().await.unwrap());
    let conflict = error.conflict().unwrap();
    assert_eq!(conflict.code, "uncommitted_changes");
    assert_eq!(json!(conflict.changed_files), json!(["src/foo.ts"]));
}
