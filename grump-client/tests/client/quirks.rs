//! What servers in the field do otherwise than their document says.

use grump::{
    ErrorKind, EventKind, Integration, NewLoop, Origin, Payload, RunId, RunStatus, Since,
    Uncommitted,
};
use grump_client::LoopOptions;
use grump_testkit::field::{NoModel, Reply};
use grump_wire::ralpher::LoopChange;
use serde_json::json;

use crate::support::{field, field_plane, next_event, told};

#[tokio::test]
async fn a_page_where_json_is_due_says_so() {
    let (field, client) = field().await;
    let page = || Reply::text(200, "text/html;charset=utf-8", "<!DOCTYPE html>");
    field.reply_once("GET", "/api/loops", page());
    let error = client.loops().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(
        error.to_string().contains("answered with a page"),
        "{error}"
    );
    field.reply_once("GET", "/api/events", page());
    let error = client.events().all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("text/html"), "{error}");
}

#[tokio::test]
async fn a_failure_in_plain_text_is_an_error_of_its_status() {
    let (field, client) = field().await;
    let reply =
        Reply::text(500, "text/plain", "Internal Server Error").header("x-correlation-id", "req-7");
    field.reply_once("GET", "/api/health", reply);
    let error = client.health().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Remote);
    assert_eq!(error.failed_operation(), Some("system.health"));
    let remote = error.remote_detail().unwrap();
    assert_eq!(remote.status, Some(500));
    assert_eq!(remote.request_id.as_deref(), Some("req-7"));
}

#[tokio::test]
async fn json_is_read_whatever_it_is_called() {
    let (field, client) = field().await;
    let body = r#"{"healthy":true,"version":"1"}"#;
    field.reply_once("GET", "/api/health", Reply::text(200, "text/plain", body));
    assert!(client.health().await.unwrap().healthy);
}

#[tokio::test]
async fn an_answer_that_is_cut_short_is_no_answer() {
    let (field, client) = field().await;
    let body = r#"{"healthy":tr"#;
    field.reply_once(
        "GET",
        "/api/health",
        Reply::text(200, "application/json", body),
    );
    let error = client.health().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn any_success_is_one() {
    let (field, client) = field().await;
    for created in [200, 201, 202] {
        field.quirks(|quirks| quirks.created = created);
        let made = client
            .loops()
            .create("n", "/d", "p", LoopOptions::new())
            .await;
        assert_eq!(made.unwrap().state.status, "idle");
    }
    let id = field.create("a task");
    field.begin(&id);
    field.reply_once("POST", &format!("/api/loops/{id}/stop"), Reply::empty(204));
    client.loops().stop(&*id).await.unwrap();
}

#[tokio::test]
async fn a_success_that_says_it_is_none_is_an_error() {
    let (field, client) = field().await;
    let id = field.create("a task");
    let reply = Reply::json(200, &json!({"success": false}));
    field.reply_once("DELETE", &format!("/api/loops/{id}"), reply);
    let error = client.loops().delete(&*id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Remote);
}

#[tokio::test]
async fn no_model_is_said_in_three_ways() {
    let (field, client) = field().await;
    for no_model in [NoModel::Null, NoModel::Empty, NoModel::NoContent] {
        field.quirks(|quirks| quirks.no_model = no_model);
        assert_eq!(
            client.preferences().last_model().await.unwrap(),
            None,
            "{no_model:?}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_may_have_no_content() {
    let (field, client) = field().await;
    field.quirks(|quirks| quirks.no_content = true);
    let plan = client.loops().plan(field.create("a task")).await.unwrap();
    assert_eq!((plan.content.as_str(), plan.exists), ("", false));
}

#[tokio::test]
async fn members_that_no_document_has_are_kept() {
    let (field, client) = field().await;
    let id = field.create("a task");
    field.begin(&id);
    let read = client.loops().open(&*id).await.unwrap();
    assert!(read.state.extra.contains_key("toolCalls"), "{read:?}");
}

#[tokio::test]
async fn times_are_read_however_they_are_written() {
    let (field, plane) = field_plane().await;
    for number in 0..4 {
        let run = plane
            .loops()
            .open(field.create(&format!("task {number}")))
            .await;
        assert!(run.unwrap().created_at.as_millis().is_some());
    }
}

#[tokio::test]
async fn uncommitted_changes_say_what_is_known_of_them() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.changed_files(&["README.md"]);
    let error = plane.loops().start(&*id).await.unwrap_err();
    let conflict = error.conflict().unwrap();
    assert_eq!(conflict.code, "uncommitted_changes");
    assert_eq!(conflict.changed_files, ["EADME.md"]);
    assert_eq!(conflict.options, ["commit", "stash", "cancel"]);
    field.quirks(|quirks| quirks.bare_errors = true);
    let error = plane.loops().start(&*id).await.unwrap_err();
    assert_eq!(error.conflict().unwrap().changed_files, ["README.md"]);
    plane
        .loops()
        .start_with(&*id, Uncommitted::Stash)
        .await
        .unwrap();
}

#[tokio::test]
async fn refusals_are_told_by_their_codes() {
    let (field, client) = field().await;
    let id = field.create("a task");
    let refused = client.loops().stop("nobody").await.unwrap_err();
    assert_eq!(refused.conflict().unwrap().code, "not_running");
    let refused = client.loops().diff(&*id).await.unwrap_err();
    assert_eq!(refused.conflict().unwrap().code, "no_git_branch");
    field.begin(&id);
    let refused = client.loops().purge(&*id).await.unwrap_err();
    assert_eq!(refused.conflict().unwrap().code, "purge_failed");
    let refused = client.loops().accept(&*id).await.unwrap_err();
    assert_eq!(refused.conflict().unwrap().code, "accept_failed");
    let refused = client.loops().edit(&*id, LoopChange::default()).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Remote);
    let code = refused.remote_detail().unwrap().code.clone();
    assert_eq!(code.as_deref(), Some("update_failed"));
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_refused_at_the_start() {
    let (_field, plane) = field_plane().await;
    let new = NewLoop::new("a task", "/path/to/project", "Do it").agent("nobody");
    let run = plane.loops().create(new).await.unwrap();
    let error = plane.loops().start(&run).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_start_right_after_the_end_may_be_refused() {
    let (field, client) = field().await;
    let id = field.create("a task");
    field.complete(&id);
    let start = || client.loops().start(&*id);
    let refused = start().await.unwrap_err();
    assert_eq!(refused.conflict().unwrap().code, "already_running");
    start().await.unwrap();
}

#[tokio::test]
async fn a_deleted_loop_is_there_until_it_is_purged() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    plane
        .runs()
        .remove(&grump::RunRef::of_loop(&*id))
        .await
        .unwrap();
    let run = plane.loops().open(&*id).await.unwrap();
    assert_eq!(run.status.unified, RunStatus::Discarded);
    assert_eq!(run.status.native, "deleted");
    assert_eq!(run.integration, Integration::None);
    plane
        .deliveries()
        .purge(&grump::RunRef::of_loop(&*id))
        .await
        .unwrap();
    let gone = plane.loops().open(&*id).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_status_that_nobody_knows_keeps_its_word() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.state(&id, |state| state["status"] = json!("meditating"));
    let run = plane.loops().open(&*id).await.unwrap();
    assert_eq!(run.status.unified, RunStatus::Unknown);
    assert_eq!(run.status.to_string(), "meditating");
}

#[tokio::test]
async fn a_patch_may_be_a_whole_section() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.complete(&id);
    let files = plane.loops().diff(&*id).await.unwrap();
    assert!(files[0].patch.contains("export {};"), "{files:?}");
}

#[tokio::test]
async fn the_limit_of_iterations_is_told_as_a_stop() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    let updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.iterate(&id);
    field.limit(&id);
    let told = told(updates).await;
    assert_eq!(told.last().unwrap(), "run.limit_reached");
}

#[tokio::test]
async fn a_limit_that_no_event_tells_is_told_all_the_same() {
    let (field, plane) = field_plane().await;
    field.quirks(|quirks| quirks.stopped_at_limit = false);
    let id = field.create("a task");
    let updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.iterate(&id);
    field.limit(&id);
    let told = told(updates).await;
    let end = ["gap", "is limit_reached", "run.limit_reached"];
    assert_eq!(told[told.len() - 3..], end, "{told:?}");
}

#[tokio::test]
async fn an_error_is_the_end_only_where_the_loop_says_so() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.begin(&id);
    let mut updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.error(&id, "Try again");
    assert_eq!(
        next_event(&mut updates).await.kind(),
        EventKind::ErrorReported
    );
    field.fail(&id, "No more");
    assert_eq!(
        next_event(&mut updates).await.kind(),
        EventKind::ErrorReported
    );
    let end = next_event(&mut updates).await;
    assert_eq!(
        (end.kind(), end.origin),
        (EventKind::RunFailed, Origin::Synthesised)
    );
    assert_eq!(told(updates).await, [""; 0]);
}

#[tokio::test]
async fn a_stop_for_a_reason_of_its_own_is_what_the_loop_says() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.begin(&id);
    let mut updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.state(&id, |state| state["status"] = json!("max_iterations"));
    field.event(&json!({"type": "loop.stopped", "loopId": id, "reason": "Enough"}));
    let end = next_event(&mut updates).await;
    let Payload::RunLimitReached(reached) = end.payload else {
        panic!("{end:?}");
    };
    assert_eq!(reached.reason.as_deref(), Some("Enough"));
    assert_eq!(told(updates).await, [""; 0]);
}

#[tokio::test]
async fn a_start_is_told_late_and_in_no_iteration() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    let mut updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    plane.loops().start(&*id).await.unwrap();
    for _ in 0..12 {
        assert_eq!(next_event(&mut updates).await.kind(), EventKind::Log);
    }
    let started = next_event(&mut updates).await;
    assert_eq!(
        (started.kind(), started.iteration),
        (EventKind::RunStarted, None)
    );
}

#[tokio::test]
async fn a_log_entry_that_replaces_another_has_its_id() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    let updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.complete(&id);
    let mut logs = Vec::new();
    futures::pin_mut!(updates);
    while let Some(update) = futures::StreamExt::next(&mut updates).await {
        if let Some(Payload::Log(log)) = update.unwrap().event().map(|event| &event.payload) {
            logs.push((log.log_id.clone().unwrap(), log.message.clone()));
        }
    }
    let of_iteration: Vec<_> = logs.iter().filter(|(id, _)| id == "log-1").collect();
    assert_eq!(of_iteration.len(), 2, "{logs:?}");
}

/// Pitfall 25: what nobody understands is an event, and the stream lives.
#[tokio::test]
async fn frames_that_are_no_events_do_not_end_the_stream() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.begin(&id);
    let mut updates = plane.loops().watch(&*id, Since::Now).await.unwrap();
    field.raw("data: [DONE]\n\ndata: 7\n\nevent: ping\n\n: \n\nunknown: x\n\n");
    field.event(&json!({"type": "loop.tea", "loopId": id, "hot": true}));
    let kinds: Vec<_> = [
        next_event(&mut updates).await,
        next_event(&mut updates).await,
        next_event(&mut updates).await,
    ]
    .iter()
    .map(|event| event.payload.name().to_owned())
    .collect();
    assert_eq!(kinds, ["unknown", "unknown", "loop.tea"]);
    field.complete(&id);
    assert_eq!(told(updates).await.last().unwrap(), "run.completed");
}

#[tokio::test]
async fn a_stop_answers_when_the_loop_has_stopped() {
    let (field, plane) = field_plane().await;
    let id = field.create("a task");
    field.begin(&id);
    // The first answer comes before the loop has stopped.
    let path = format!("/api/loops/{id}/stop");
    field.reply_once("POST", &path, Reply::json(200, &json!({"success": true})));
    let name = RunId::from(&*id);
    let stopping = tokio::spawn(async move { plane.loops().stop(name).await });
    let looked = format!("/api/loops/{id}");
    field
        .asked_until(|asked| asked.iter().filter(|asked| asked.path == looked).count() > 2)
        .await;
    assert!(!stopping.is_finished());
    field.state(&id, |state| state["status"] = json!("stopped"));
    stopping.await.unwrap().unwrap();
}
