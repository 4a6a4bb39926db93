//! What a plane does by each facet that the dialect has.

use std::collections::BTreeSet;

use futures::{FutureExt, StreamExt};
use grump_client::{GrumpClient, GrumpPlane};
use grump_core::{
    Allowance, AnalyzeWorkspace, BuildBundle, ChatRequest, CompileIntent, ControlPlane, ErrorKind,
    Event, EventKind, EventStream, NewArchitecture, NewPrd, NewShip, NewWebhook, Operation,
    Outcome, PageMark, Payload, RunAgent, RunFilter, RunKind, RunRef, RunStatus, Since, StartRun,
    Uncommitted, Update, WebhookEvent,
};
use grump_testkit::contract::{Contract, Endpoint};
use serde_json::json;

use super::{asked, facet, grump_plane, is_documented, job, paths, session, status};
use crate::support::{impatient, short};

#[tokio::test]
async fn it_says_up_front_what_it_can() {
    let plane = GrumpPlane::new(GrumpClient::new("http://localhost:3000").unwrap());
    let info = plane.info();
    assert_eq!(info.name, "grump");
    let documented: BTreeSet<_> = Contract::endpoints("grump").map(Endpoint::name).collect();
    assert_eq!(documented.len(), 24);
    for operation in [
        Operation::ShipsStartAndWatch,
        Operation::ChatsSend,
        Operation::EventsWatchAll,
    ] {
        assert!(info.operations.contains(&operation));
    }
    assert!(info.require(Operation::LoopsCreate).is_err());
    let facets = plane.facets();
    assert!(facets.loops.is_none() && facets.deliveries.is_none() && facets.reviews.is_none());
}

/// What is not in the document is refused before anything is sent.
#[tokio::test]
async fn what_it_cannot_do_is_refused_before_anything_is_sent() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "pending");
    let runs = facet!(plane, runs);
    let refused = [
        runs.remove(&run).await.unwrap_err(),
        runs.pause(&run).await.unwrap_err(),
        runs.list(RunFilter::kind(RunKind::Ship)).await.unwrap_err(),
        runs.start(StartRun::new(run.clone()).uncommitted(Uncommitted::Stash))
            .await
            .unwrap_err(),
        facet!(plane, events)
            .watch(&run, Since::Now)
            .await
            .unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:?}");
    }
    assert!(paths(&server).is_empty());
}

#[tokio::test]
async fn a_session_is_made_started_opened_and_stopped() {
    let (server, plane) = grump_plane().await;
    let (ships, runs) = (facet!(plane, ships), facet!(plane, runs));
    let wishes = json!({"style": "modern"}).as_object().unwrap().clone();
    let made = ships
        .create(NewShip::new("Build a React app").preferences(wishes))
        .await
        .unwrap();
    assert_eq!(
        (made.status.unified, status(&made)),
        (RunStatus::Draft, "pending")
    );
    let started = runs.start(StartRun::new(made.name.clone())).await.unwrap();
    let job = started.run.unwrap();
    assert_eq!(job.kind, RunKind::Job);
    let opened = runs.open(&made.name).await.unwrap();
    assert_eq!(opened.status.unified, RunStatus::Running);
    assert_eq!(opened.as_ship().unwrap().job.as_ref(), Some(&job));
    runs.stop(&made.name).await.unwrap();
    let stopped = runs.open(&job).await.unwrap();
    assert_eq!(
        (stopped.status.unified, stopped.outcome),
        (RunStatus::Cancelled, Some(Outcome::Stopped))
    );
    is_documented(&server);
}

/// Ambiguity G-09: a session is stopped by its job, and by nothing else.
#[tokio::test]
async fn a_session_whose_job_is_not_known_cannot_be_stopped() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "running");
    let error = facet!(plane, runs).stop(&run).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(paths(&server).iter().all(|path| !path.contains("cancel")));
}

/// Ambiguity G-24: the document has no code for a state that does not allow it.
#[tokio::test]
async fn what_the_state_does_not_allow_is_a_conflict() {
    let (server, plane) = grump_plane().await;
    let runs = facet!(plane, runs);
    let run = session(&server, "running");
    let error = runs.start(StartRun::new(run)).await.unwrap_err();
    let conflict = error.conflict().unwrap();
    assert_eq!(conflict.code, "already_running");
    assert_eq!(
        conflict.current.as_ref().unwrap().unified,
        RunStatus::Running
    );
    let done = job(&server, "completed");
    let error = runs.stop(&done).await.unwrap_err();
    assert_eq!(error.conflict().unwrap().code, "not_running");
}

#[tokio::test]
async fn a_job_cannot_be_started_and_another_kind_is_not_there() {
    let (_server, plane) = grump_plane().await;
    let runs = facet!(plane, runs);
    let job = RunRef::new(RunKind::Job, "j");
    let error = runs.start(StartRun::new(job)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = runs.open(&RunRef::of_loop("l")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn jobs_are_listed_part_by_part() {
    let (server, plane) = grump_plane().await;
    for _ in 0..3 {
        job(&server, "queued");
    }
    job(&server, "failed");
    let runs = facet!(plane, runs);
    let first = runs.list(RunFilter::default().limit(2)).await.unwrap();
    assert_eq!((first.items.len(), first.total), (2, Some(4)));
    assert_eq!(first.next, Some(PageMark::Offset(2)));
    let rest = runs
        .list(RunFilter::kind(RunKind::Job).at(first.next))
        .await
        .unwrap();
    assert_eq!((rest.items.len(), rest.next), (2, None));
    let failed = RunFilter::default().statuses([RunStatus::Failed]);
    let failed = runs.list(failed).await.unwrap();
    assert_eq!(failed.items.len(), 1);
    assert!(asked(&server)[2].1.ends_with("?status=failed"));
    let ended = RunFilter::default().statuses([RunStatus::Failed, RunStatus::Completed]);
    assert_eq!(runs.list(ended).await.unwrap().items.len(), 1);
    let strange = RunFilter::default().at(Some(PageMark::Cursor("x".into())));
    assert_eq!(
        runs.list(strange).await.unwrap_err().kind(),
        ErrorKind::CursorExpired
    );
    assert!(
        runs.list(RunFilter::kind(RunKind::Loop))
            .await
            .unwrap()
            .items
            .is_empty()
    );
    is_documented(&server);
}

#[tokio::test]
async fn code_is_built_and_downloaded() {
    let (server, plane) = grump_plane().await;
    let bundles = facet!(plane, code_bundles);
    let run = session(&server, "completed");
    let building = bundles
        .build(BuildBundle::new(run.clone()).format("json"))
        .await
        .unwrap();
    assert_eq!(building.status.unwrap().unified, RunStatus::Queued);
    let early = bundles.download(&run).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::NotFound);
    server.finish(building.job.id.as_str());
    let file = bundles.download(&run).await.unwrap();
    assert_eq!(file.content_type.as_deref(), Some("application/json"));
    assert!(file.read(1 << 20).await.unwrap().starts_with(b"{"));
    let accepted = server
        .requests()
        .last()
        .unwrap()
        .header("accept")
        .unwrap()
        .to_owned();
    assert_eq!(accepted, "application/json");
    let strange = BuildBundle::new(run).format("tar");
    assert_eq!(
        bundles.build(strange).await.unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    is_documented(&server);
}

#[tokio::test]
async fn designs_are_made() {
    let (server, plane) = grump_plane().await;
    let designs = facet!(plane, designs);
    let new = NewArchitecture::new("a bank").format("mermaid").c4(true);
    let made = designs.generate_architecture(new).await.unwrap();
    assert_eq!(made.components[0].name, "API Gateway");
    assert!(made.diagram.unwrap().starts_with("graph TB"));
    let told = designs
        .analyze_workspace(AnalyzeWorkspace::new("./src"))
        .await
        .unwrap();
    assert!(told.value()["metrics"].is_object());
    let prd = designs
        .generate_prd(NewPrd::new("an app").user_stories(true))
        .await
        .unwrap();
    assert!(prd.text.unwrap().starts_with("# Product"));
    let files = vec!["./features/*.intent".to_owned()];
    let told = designs
        .compile_intent(CompileIntent::new(files).watch(false))
        .await
        .unwrap();
    assert!(told.value()["errors"].is_array());
    is_documented(&server);
}

#[tokio::test]
async fn agents_are_listed_and_run() {
    let (server, plane) = grump_plane().await;
    let agents = facet!(plane, agents);
    let listed = agents.list().await.unwrap();
    assert_eq!(listed[0].name.as_deref(), Some("Architect Agent"));
    let answer = agents
        .run(RunAgent::new("coder", "Review this"))
        .await
        .unwrap();
    assert_eq!(answer.job.unwrap().kind, RunKind::Job);
    assert_eq!(answer.status.as_deref(), Some("queued"));
    let error = agents.run(RunAgent::new("nobody", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    is_documented(&server);
}

#[tokio::test]
async fn accounts_say_what_there_is_and_what_was_used() {
    let (server, plane) = grump_plane().await;
    let accounts = facet!(plane, accounts);
    let tiers = accounts.tiers().await.unwrap();
    assert_eq!(tiers[1].price_minor, Some(2900));
    assert_eq!(tiers[0].api_calls, Some(Allowance::Limited(50)));
    let usage = accounts.usage().await.unwrap();
    assert_eq!(
        (usage.calls, usage.limit),
        (Some(450), Some(Allowance::Limited(1000)))
    );
    assert_eq!(
        accounts.whoami().await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    is_documented(&server);
}

#[tokio::test]
async fn webhooks_are_registered_listed_and_removed() {
    let (server, plane) = grump_plane().await;
    let webhooks = facet!(plane, webhooks);
    let events = vec![WebhookEvent::JobCompleted];
    let new = NewWebhook::new("https://e.com/hook", events.clone()).secret("hush");
    let made = webhooks.register(new).await.unwrap();
    assert_eq!(
        (made.url.as_deref(), &made.events),
        (Some("https://e.com/hook"), &events)
    );
    assert_eq!(webhooks.list().await.unwrap(), std::slice::from_ref(&made));
    webhooks.remove(&made.id).await.unwrap();
    assert!(webhooks.list().await.unwrap().is_empty());
    is_documented(&server);
}

#[tokio::test]
async fn the_server_says_how_it_is() {
    let (server, plane) = grump_plane().await;
    let system = facet!(plane, system);
    let health = system.health().await.unwrap();
    assert!(health.healthy && health.components.contains_key("queue"));
    assert_eq!(health.version, "1.0.0");
    assert!(system.metrics().await.unwrap().starts_with("# HELP"));
    is_documented(&server);
}

async fn ask(plane: &GrumpPlane) -> EventStream {
    let asked = ChatRequest::ask("How do I implement JWT authentication?").mode("plan");
    facet!(plane, chats).send(asked).await.unwrap()
}

#[tokio::test]
async fn a_chat_is_told_to_its_end() {
    let (server, plane) = grump_plane().await;
    let updates: Vec<_> = ask(&plane).await.map(Result::unwrap).collect().await;
    let kinds: Vec<_> = updates.iter().map(short).collect();
    assert_eq!(
        kinds,
        ["text.delta", "tool.called", "tool.result", "run.completed"]
    );
    let events: Vec<&Event> = updates.iter().filter_map(Update::event).collect();
    assert!(events.iter().all(|event| event.run == events[0].run));
    let (Payload::ToolCalled(call), Payload::ToolResult(result)) =
        (&events[1].payload, &events[2].payload)
    else {
        panic!("{events:?}")
    };
    assert!(call.call_id.is_some() && call.call_id == result.call_id);
    assert_eq!(asked(&server)[0].2["mode"], "plan");
    is_documented(&server);
}

/// Pitfalls 9 and 39: a turn that is cut off cannot be read anew, and is not asked again.
#[tokio::test]
async fn a_chat_that_is_cut_off_is_a_gap_and_an_error() {
    for cut in 1..4 {
        let (server, plane) = grump_plane().await;
        server.cut_after(cut);
        let updates: Vec<_> = ask(&plane).await.collect().await;
        let (last, told) = updates.split_last().unwrap();
        assert_eq!(last.as_ref().unwrap_err().kind(), ErrorKind::Truncated);
        assert_eq!(told.len() as u64, cut + 1);
        assert!(matches!(told.last(), Some(Ok(Update::Gap(_)))));
        assert_eq!(paths(&server).len(), 1);
    }
}

#[tokio::test]
async fn a_chat_that_ends_after_an_error_failed() {
    let (server, plane) = grump_plane().await;
    let error = json!({"type": "error", "message": "overloaded", "errorType": "api_error"});
    server.script(&[
        error.clone(),
        json!({"type": "done"}),
        json!({"type": "done"}),
    ]);
    server.script(&[error]);
    for _ in 0..2 {
        let updates: Vec<_> = ask(&plane).await.map(Result::unwrap).collect().await;
        let kinds: Vec<_> = updates.iter().map(short).collect();
        assert_eq!(kinds, ["error", "run.failed"]);
    }
}

#[tokio::test]
async fn a_word_that_the_document_does_not_list_is_not_sent() {
    let (server, plane) = grump_plane().await;
    let asked = ChatRequest::ask("hi").provider("acme");
    let error = facet!(plane, chats).send(asked).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(paths(&server).is_empty());
}

async fn watch_all(plane: &GrumpPlane, server: &Contract) -> EventStream {
    let updates = facet!(plane, events).watch_all(Since::Now).await.unwrap();
    server.streaming(1).await;
    updates
}

async fn next(updates: &mut EventStream) -> Update {
    updates.next().await.unwrap().unwrap()
}

#[tokio::test]
async fn everything_is_told_that_the_socket_tells() {
    let (server, plane) = grump_plane().await;
    let run = session(&server, "running");
    let mut updates = watch_all(&plane, &server).await;
    let id = run.id.as_str();
    server.emit(
        id,
        json!({"type": "start", "sessionId": id, "phase": "design"}),
    );
    server.emit(id, json!({"type": "phase_start", "phase": "design"}));
    server.emit(id, json!({"type": "tea", "hot": true}));
    for (kind, name) in [
        (EventKind::RunStarted, "run.started"),
        (EventKind::PhaseStarted, "phase.started"),
        (EventKind::Unknown, "tea"),
    ] {
        let update = next(&mut updates).await;
        let event = update.event().unwrap();
        assert_eq!((event.kind(), event.payload.name()), (kind, name));
        assert_eq!(event.run, run);
    }
}

/// Pitfall 6: where the socket breaks, the gap is told, and what became of jobs and sessions.
#[tokio::test]
async fn a_socket_that_breaks_is_a_gap_and_the_jobs() {
    let (server, plane) = grump_plane().await;
    let job = job(&server, "running");
    let run = session(&server, "running");
    let mut updates = watch_all(&plane, &server).await;
    let id = run.id.as_str();
    server.emit(
        id,
        json!({"type": "start", "sessionId": id, "phase": "design"}),
    );
    assert_eq!(short(&next(&mut updates).await), "run.started");
    server.abort_streams();
    server.finish(job.id.as_str());
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "run.completed") {
        told.push(short(&next(&mut updates).await));
    }
    assert_eq!(told.first().unwrap(), "gap");
    assert!(told.contains(&"is completed".to_owned()), "{told:?}");
    assert!(!told.contains(&"run.deleted".to_owned()), "{told:?}");
    server.streaming(1).await;
    assert!(updates.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_socket_that_is_refused_ends_the_stream() {
    let server = Contract::start("grump").await;
    let client = GrumpClient::builder(&server.url()).token(server.token());
    let client = client.stream(impatient()).build().unwrap();
    let plane = GrumpPlane::new(client);
    let mut updates = watch_all(&plane, &server).await;
    server.close_sockets(1008, "no");
    let end = updates.next().await.unwrap().unwrap_err();
    assert_eq!(end.kind(), ErrorKind::Unauthenticated);
}
