//! The plane: each operation of each facet once.

use grump::domain::{
    Accounts, Against, ApproveRun, CompareSnapshots, ControlPlane, Cursor, Deliveries, Devices,
    EditProvider, EditSettings, ErrorKind, EventKind, EventQuery, Events, Evidence, Ext, Login,
    NewDevice, NewProject, NewSnapshot, NewTask, Operation, Page, PageMark, PageRequest,
    ProjectDocs, ProjectEdit, ProjectStatus, Projects, RejectRun, Result, RunKind, RunRef,
    RunStatus, Runs, Settings, Since, Snapshots, StartRun, Tasks,
};
use grump_client::StewardPlane;
use grump_testkit::contract::Contract;
use serde_json::json;

use super::{asked, run_in, steward, task, tell};

async fn plane() -> (Contract, StewardPlane) {
    let (server, client) = steward().await;
    (server, StewardPlane::new(client))
}

/// A facet of a plane that has it.
macro_rules! facet {
    ($plane:ident.$facet:ident) => {
        $plane.facets().$facet.as_deref().unwrap()
    };
}

fn held(server: &Contract) {
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_task_is_made_and_controlled() {
    let (server, plane) = plane().await;
    let project = server.put("project", json!({"status": "ready"}));
    let (tasks, runs): (&dyn Tasks, &dyn Runs) = (facet!(plane.tasks), facet!(plane.runs));
    let new = NewTask::told("Add dark mode")
        .project(&*project)
        .agent("frontend")
        .model("sonnet");
    let made = tasks.create(new).await.unwrap();
    let run = &made.name;
    assert_eq!(
        (run.kind, made.status.unified),
        (RunKind::Task, RunStatus::Draft)
    );
    assert_eq!(made.title, "Add dark mode");
    let started = runs.start(StartRun::new(run.clone())).await.unwrap();
    assert_eq!(started.cursor, Some(Cursor::new("0")));
    server.advance(run.id.as_str());
    runs.pause(run).await.unwrap();
    assert_eq!(
        runs.open(run).await.unwrap().status.unified,
        RunStatus::Paused
    );
    runs.resume(run).await.unwrap();
    server.break_down(run.id.as_str());
    let retried = runs.retry(run).await.unwrap();
    assert_eq!(retried.run, None);
    runs.stop(run).await.unwrap();
    let now = runs.open(run).await.unwrap();
    assert_eq!(now.status.unified, RunStatus::Cancelled);
    assert_eq!(now.as_task().unwrap().model.as_deref(), Some("sonnet"));
    held(&server);
}

/// Pitfall 7: what follows the position that a start answers with is all that it caused.
#[tokio::test]
async fn a_start_says_where_its_events_begin() {
    let (server, plane) = plane().await;
    let id = run_in(&server, "draft");
    tell(&server, &id, 2);
    let request = StartRun::new(task(&id));
    let started = facet!(plane.runs).start(request).await.unwrap();
    assert_eq!(started.cursor, Some(Cursor::new("91824")));
}

#[tokio::test]
async fn a_task_without_what_the_document_wants_is_refused_before_anything_is_sent() {
    let (server, plane) = plane().await;
    let new = NewTask::told("Add dark mode").project("12");
    let error = facet!(plane.tasks).create(new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(asked(&server).is_empty());
}

#[tokio::test]
async fn runs_of_another_kind_are_none_of_this_plane() {
    let (server, plane) = plane().await;
    let run = RunRef::of_loop("148");
    let error = facet!(plane.runs).open(&run).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(asked(&server).is_empty());
}

#[tokio::test]
async fn what_the_plane_lacks_it_says_before_anything_is_sent() {
    let (server, plane) = plane().await;
    assert!(plane.info().require(Operation::RunsList).is_err());
    let run = task("148");
    let refusals = [
        facet!(plane.runs).list(Default::default()).await.map(drop),
        facet!(plane.runs).remove(&run).await,
        facet!(plane.deliveries).accept(&run).await.map(drop),
        facet!(plane.deliveries).discard(&run).await,
        facet!(plane.events).watch_all(Since::Now).await.map(drop),
        facet!(plane.events)
            .history(EventQuery::default())
            .await
            .map(drop),
        facet!(plane.reviews).pending().await.map(drop),
        facet!(plane.evidence).artifacts(&run).await.map(drop),
        facet!(plane.accounts).tiers().await.map(drop),
    ];
    for refused in refusals {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    }
    assert!(asked(&server).is_empty());
}

#[tokio::test]
async fn every_operation_that_it_says_it_has_is_in_a_facet() {
    let (_server, plane) = plane().await;
    let facets = plane.facets();
    assert!(facets.runs.is_some() && facets.tasks.is_some() && facets.events.is_some());
    assert!(facets.loops.is_none() && facets.ships.is_none() && facets.system.is_none());
    assert_eq!(plane.info().operations.len(), 49);
}

#[tokio::test]
async fn projects_are_listed_made_changed_and_archived() {
    let (server, plane) = plane().await;
    let projects: &dyn Projects = facet!(plane.projects);
    let new = NewProject::new("My app", "https://git.example.com/app.git").default_branch("main");
    let made = projects.create(new).await.unwrap();
    assert_eq!(made.status, Some(ProjectStatus::Cloning));
    server.advance(made.id.as_str());
    projects.pull(&made.id).await.unwrap();
    projects.index(&made.id).await.unwrap();
    let edited = projects.edit(ProjectEdit::new(made.id.clone()).name("Ours"));
    assert_eq!(edited.await.unwrap().name.as_deref(), Some("Ours"));
    server.put("project", json!({}));
    let first = projects
        .list(PageRequest::default().limit(1))
        .await
        .unwrap();
    assert_eq!(first.next, Some(PageMark::Cursor("after-1".into())));
    let rest: Page<_> = projects
        .list(PageRequest::default().at(first.next))
        .await
        .unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
    projects.archive(&made.id).await.unwrap();
    let archived = projects.open(&made.id).await.unwrap();
    assert_eq!(archived.status, Some(ProjectStatus::Archived));
    projects.reclone(&made.id).await.unwrap();
    held(&server);
}

#[tokio::test]
async fn what_is_known_about_a_project_is_told() {
    let (server, plane) = plane().await;
    let id = server.put("project", json!({"status": "ready"})).into();
    let docs: &dyn ProjectDocs = facet!(plane.project_docs);
    let listed = docs.list(&id).await.unwrap();
    let doc = docs.open(&id, &listed[0].slug).await.unwrap();
    assert!(doc.body.unwrap().starts_with("# "));
    assert_eq!(
        docs.map(&id).await.unwrap()[0].value()["path"],
        "src/app.ts"
    );
    assert!(docs.schema(&id).await.unwrap().value()["tables"].is_array());
    assert!(docs.diagrams(&id).await.unwrap().contains("mermaid"));
    assert_eq!(
        docs.changelog(&id).await.unwrap()[0].title.as_deref(),
        Some("Add dark mode")
    );
    docs.regenerate(&id).await.unwrap();
    held(&server);
}

#[tokio::test]
async fn what_a_run_did_is_told() {
    let (server, plane) = plane().await;
    let run = task(&run_in(&server, "completed"));
    let evidence: &dyn Evidence = facet!(plane.evidence);
    let files = evidence.files(&run).await.unwrap();
    let file = evidence.file(&run, &files[0].id).await.unwrap();
    assert_eq!((file.additions, file.diff.is_some()), (Some(1), true));
    let commands = evidence.commands(&run).await.unwrap();
    let command = evidence.command(&run, &commands[0].id).await.unwrap();
    assert_eq!(command.exit_code, Some(0));
    assert!(command.stdout.unwrap().reveal().contains("signature="));
    let summary = evidence.summary(&run).await.unwrap();
    assert_eq!(summary.tests.unwrap().value()["passed"], 12);
    let deliveries: &dyn Deliveries = facet!(plane.deliveries);
    let diff = deliveries.diff(&run).await.unwrap();
    assert_eq!(
        (diff[0].path.to_string(), diff[0].additions),
        ("src/app.ts".into(), 1)
    );
    held(&server);
}

#[tokio::test]
async fn a_run_is_decided_about_and_delivered() -> Result<()> {
    let (server, plane) = plane().await;
    let run = task(&run_in(&server, "completed"));
    server.set("safety.auto_git_push", true);
    let (reviews, deliveries) = (facet!(plane.reviews), facet!(plane.deliveries));
    let error = deliveries.commit(&run).await.unwrap_err();
    assert_eq!(error.conflict().unwrap().code, "review-required");
    let rejected = reviews
        .reject(RejectRun::new(run.clone()).note("No"))
        .await?;
    assert_eq!(rejected.ext["status"], "rejected");
    let yes = ApproveRun::new(run.clone()).note("Well done").commit(false);
    let approved = reviews.approve(yes).await?;
    assert_eq!(approved.note.as_deref(), Some("Well done"));
    assert_eq!(deliveries.commit(&run).await?.commit.unwrap().len(), 40);
    assert!(deliveries.push(&run).await?.branch.is_some());
    held(&server);
    Ok(())
}

#[tokio::test]
async fn snapshots_are_taken_compared_and_restored() {
    let (server, plane) = plane().await;
    let run = run_in(&server, "running");
    let project = server.known(&run)["projectId"].to_string().into();
    let snapshots: &dyn Snapshots = facet!(plane.snapshots);
    let new = NewSnapshot::new(&project, "before");
    let made = snapshots.create(new).await.unwrap();
    assert_eq!(snapshots.open(&made.id).await.unwrap(), made);
    let whole = PageRequest::default;
    let listed = snapshots.list_of_project(&project, whole()).await.unwrap();
    assert_eq!(listed.items, std::slice::from_ref(&made));
    let of_run = snapshots.list_of_run(&task(&run), whole()).await.unwrap();
    assert!(of_run.items.is_empty() && of_run.next.is_none());
    let compare = |against| CompareSnapshots::new(made.id.clone(), against);
    let compared = snapshots.compare(compare(Against::Current)).await.unwrap();
    assert!(compared.diff.unwrap().starts_with("diff --git "));
    let other = Against::Snapshot(made.id.clone());
    snapshots.compare(compare(other)).await.unwrap();
    let restored = snapshots.restore(&made.id).await.unwrap();
    let kept = restored.checkpoint.unwrap();
    assert_eq!(kept.description.as_deref(), Some("restore checkpoint"));
    held(&server);
}

#[tokio::test]
async fn settings_are_read_and_changed() {
    let (server, plane) = plane().await;
    let settings: &dyn Settings = facet!(plane.settings);
    assert_eq!(settings.read().await.unwrap().values["rag.enabled"], true);
    let edit = EditSettings::default().set("rag.enabled", false);
    assert_eq!(
        settings.edit(edit).await.unwrap().values["rag.enabled"],
        false
    );
    let providers = settings.providers().await.unwrap();
    let edit = EditProvider::new(providers[0].key.clone(), false);
    assert!(!settings.edit_provider(edit).await.unwrap().enabled);
    held(&server);
}

#[tokio::test]
async fn users_log_in_and_devices_are_registered() {
    let (server, plane) = plane().await;
    let accounts: &dyn Accounts = facet!(plane.accounts);
    let login = Login::new("user@example.com", "securepassword");
    let told = accounts.login(login).await.unwrap();
    assert!(!told.token.reveal().is_empty() && !told.abilities.is_empty());
    let me = accounts.whoami().await.unwrap();
    assert_eq!(me.email.as_deref(), Some("user@example.com"));
    let devices: &dyn Devices = facet!(plane.devices);
    let ext: Ext = json!({"platform": "ios"}).as_object().cloned().unwrap();
    let device = devices
        .register(NewDevice::new("0f74").ext(ext))
        .await
        .unwrap();
    devices.remove(&device.id).await.unwrap();
    accounts.logout().await.unwrap();
    held(&server);
}

#[tokio::test]
async fn history_is_read_in_order_and_filtered() {
    let (server, plane) = plane().await;
    let run = task(&run_in(&server, "running"));
    tell(&server, run.id.as_str(), 3);
    let events: &dyn Events = facet!(plane.events);
    let first = events
        .history(EventQuery::of(run.clone()).limit(2))
        .await
        .unwrap();
    assert!(first.has_more);
    assert_eq!(first.events[0].kind(), EventKind::FileChanged);
    assert_eq!(first.cursor, Some(Cursor::new("91824")));
    let rest = EventQuery::of(run.clone()).after(first.cursor.unwrap());
    let rest = events.history(rest).await.unwrap();
    assert_eq!((rest.events.len(), rest.has_more), (1, false));
    let mut filtered = EventQuery::of(run.clone());
    filtered.path = Some("src/1.rs".into());
    assert_eq!(events.history(filtered).await.unwrap().events.len(), 1);
    let end = rest.cursor.unwrap();
    let empty = events
        .history(EventQuery::of(run).after(end.clone()))
        .await
        .unwrap();
    assert_eq!((empty.events.len(), empty.cursor), (0, Some(end)));
    held(&server);
}

/// Pitfall 3: a position of another journal is refused.
#[tokio::test]
async fn a_position_of_another_plane_is_refused() {
    let (server, plane) = plane().await;
    let run = task(&run_in(&server, "running"));
    let strange = Cursor::new("0192-7");
    let events = facet!(plane.events);
    let query = EventQuery::of(run.clone()).after(strange.clone());
    let read = events.history(query).await.unwrap_err();
    assert_eq!(read.kind(), ErrorKind::CursorExpired);
    let watched = events
        .watch(&run, Since::Cursor(strange))
        .await
        .unwrap_err();
    assert_eq!(watched.kind(), ErrorKind::CursorExpired);
    held(&server);
}
