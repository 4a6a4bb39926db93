//! What is asked, word for word.

use futures::{StreamExt, TryStreamExt};
use grump_client::{EventFilter, ProjectOptions, StewardClient, StewardRunOptions};
use grump_testkit::contract::Contract;
use grump_wire::steward::{
    Against, ApproveRequest, DeviceRequest, EventsQuery, PageQuery, ProjectChange, RejectRequest,
    ReviewStatus, RunStatus, ServerParams, Severity,
};
use serde_json::{Value, json};

use super::{asked, check, line, run_in, steward, tell};

#[tokio::test]
async fn one_logs_in_and_out_as_the_document_says() {
    let (server, client) = steward().await;
    let auth = client.auth();
    let token = auth.login("user@example.com", "securepassword").await;
    let token = token.unwrap();
    let me = auth.me().await.unwrap();
    assert_eq!(me.email.as_deref(), Some("user@example.com"));
    auth.logout().await.unwrap();
    check(
        &server,
        &[
            line(
                "POST",
                "/api/auth/token",
                json!({"email": "user@example.com", "password": "securepassword"}),
            ),
            line("GET", "/api/auth/me", Value::Null),
            line("POST", "/api/auth/logout", Value::Null),
        ],
    );
    let login = &server.requests()[0];
    assert_eq!(login.header("authorization"), None);
    assert!(!token.token.is_empty() && !token.abilities.is_empty());
}

#[tokio::test]
async fn a_client_logs_in_by_itself_and_knows_its_abilities() {
    let server = Contract::start("steward").await;
    let client = StewardClient::builder(&format!("{}/api/", server.url()))
        .login("user@example.com", "securepassword")
        .build()
        .unwrap();
    assert!(client.abilities().is_none());
    client.auth().me().await.unwrap();
    assert!(client.abilities().unwrap().allows("projects:read"));
    server.expire_tokens();
    client.auth().me().await.unwrap();
    let paths: Vec<_> = asked(&server)
        .into_iter()
        .map(|(_, path, _)| path)
        .collect();
    let (token, me) = ("/api/auth/token", "/api/auth/me");
    assert_eq!(paths, [token, me, me, token, me]);
}

#[tokio::test]
async fn a_project_is_made_changed_and_archived_as_the_document_says() {
    let (server, client) = steward().await;
    let projects = client.projects();
    let options = ProjectOptions::new().default_branch("main");
    let url = "https://git.example.com/me/app.git";
    let made = projects.create("My app", url, options).await.unwrap();
    let id = &made.id;
    server.advance(id.as_str());
    let change = ProjectChange {
        description: Some("An example".into()),
        ..ProjectChange::default()
    };
    let edited = projects.edit(id, change).await.unwrap();
    assert_eq!(edited.description.as_deref(), Some("An example"));
    assert_eq!(projects.open(id).await.unwrap(), edited);
    projects.pull(id).await.unwrap();
    projects.index_rag(id).await.unwrap();
    projects.archive(id).await.unwrap();
    let queued = projects.reclone(id).await.unwrap();
    assert!(queued.status.is_some());
    let path = |end: &str| format!("/api/projects/{id}{end}");
    check(
        &server,
        &[
            line(
                "POST",
                "/api/projects",
                json!({"name": "My app", "repositoryUrl": url, "defaultBranch": "main"}),
            ),
            line("PUT", path(""), json!({"description": "An example"})),
            line("GET", path(""), Value::Null),
            line("POST", path("/pull"), Value::Null),
            line("POST", path("/index-rag"), Value::Null),
            line("DELETE", path(""), Value::Null),
            line("POST", path("/clone"), Value::Null),
        ],
    );
}

#[tokio::test]
async fn what_is_known_about_a_project_is_asked_as_the_document_says() {
    let (server, client) = steward().await;
    let id = server.put("project", json!({"status": "ready"}));
    let rows: Vec<_> = client
        .projects()
        .map(&*id)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(rows[0].is_object());
    assert!(client.projects().schema(&*id).await.unwrap().is_object());
    let diagrams = client.projects().diagrams(&*id).await.unwrap();
    assert!(diagrams.starts_with("# "), "{diagrams}");
    let docs: Vec<_> = client
        .docs()
        .list(&*id)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let doc = client.docs().open(&*id, &*docs[0].slug).await.unwrap();
    assert!(doc.text().unwrap().starts_with("# "));
    let log = client.docs().changelog(&*id).unwrap();
    let log: Vec<_> = log.try_collect().await.unwrap();
    assert!(log[0].title.is_some());
    client.docs().regenerate(&*id).await.unwrap();
    let path = |end: &str| format!("/api/projects/{id}/{end}");
    check(
        &server,
        &[
            line("GET", path("map"), Value::Null),
            line("GET", path("schema"), Value::Null),
            line("GET", path("diagrams"), Value::Null),
            line("GET", path("docs"), Value::Null),
            line("GET", path(&format!("docs/{}", doc.slug)), Value::Null),
            line("GET", path("changelog"), Value::Null),
            line("POST", path("docs/regenerate"), Value::Null),
        ],
    );
}

#[tokio::test]
async fn a_list_is_read_part_by_part_and_no_part_before_it_is_needed() {
    let (server, client) = steward().await;
    for _ in 0..60 {
        server.put("project", json!({}));
    }
    let mut projects = client.projects().list();
    assert!(asked(&server).is_empty());
    projects.next().await.unwrap().unwrap();
    assert_eq!(asked(&server).len(), 1);
    assert_eq!(projects.try_collect::<Vec<_>>().await.unwrap().len(), 59);
    let query = PageQuery {
        limit: Some(2),
        ..PageQuery::default()
    };
    let page = client.projects().list_page(query).await.unwrap();
    assert_eq!((page.data.len(), page.next_cursor()), (2, Some("after-2")));
    check(
        &server,
        &[
            line("GET", "/api/projects", Value::Null),
            line("GET", "/api/projects?cursor=after-50", Value::Null),
            line("GET", "/api/projects?limit=2", Value::Null),
        ],
    );
}

#[tokio::test]
async fn a_run_is_made_and_controlled_as_the_document_says() {
    let (server, client) = steward().await;
    let project = server.put("project", json!({"status": "ready"}));
    let (runs, options) = (client.runs(), StewardRunOptions::new().safe_mode(true));
    let made = runs.create(
        &*project,
        "Dark mode",
        "Add it",
        "frontend",
        "sonnet",
        options,
    );
    let made = made.await.unwrap();
    assert_eq!(made.status, RunStatus::Draft);
    let id = &made.id;
    let status = |run: grump_wire::steward::Run| run.status;
    assert_eq!(status(runs.start(id).await.unwrap()), RunStatus::Queued);
    server.advance(id.as_str());
    assert_eq!(status(runs.pause(id).await.unwrap()), RunStatus::Paused);
    assert_eq!(status(runs.resume(id).await.unwrap()), RunStatus::Running);
    server.break_down(id.as_str());
    assert_eq!(status(runs.retry(id).await.unwrap()), RunStatus::Queued);
    assert_eq!(status(runs.cancel(id).await.unwrap()), RunStatus::Cancelled);
    assert!(runs.open(id).await.unwrap().timeline.is_some());
    let path = |end: &str| format!("/api/runs/{id}{end}");
    let project: u64 = project.parse().unwrap();
    check(
        &server,
        &[
            line(
                "POST",
                "/api/runs",
                json!({
                    "projectId": project, "title": "Dark mode", "prompt": "Add it",
                    "selectedAgent": "frontend", "selectedModel": "sonnet", "safeMode": true,
                }),
            ),
            line("POST", path("/start"), Value::Null),
            line("POST", path("/pause"), Value::Null),
            line("POST", path("/resume"), Value::Null),
            line("POST", path("/retry"), Value::Null),
            line("POST", path("/cancel"), Value::Null),
            line("GET", path(""), Value::Null),
        ],
    );
    let created = &server.requests()[0];
    assert!(created.header("idempotency-key").is_some());
}

#[tokio::test]
async fn what_a_run_did_is_asked_as_the_document_says() {
    let (server, client) = steward().await;
    let id = run_in(&server, "running");
    let runs = client.runs();
    let files: Vec<_> = runs.files(&*id).unwrap().try_collect().await.unwrap();
    let file = runs
        .file(&*id, files[0].id.as_ref().unwrap())
        .await
        .unwrap();
    assert!(file.diff.unwrap().starts_with("diff --git "));
    assert!(runs.diff(&*id).await.unwrap().starts_with("diff --git "));
    let commands = runs.commands(&*id).unwrap();
    let commands: Vec<_> = commands.try_collect().await.unwrap();
    let command = runs.command(&*id, &commands[0].id).await.unwrap();
    assert!(command.stdout().is_some() && command.stderr().is_some());
    assert!(runs.summary(&*id).await.unwrap().risks.is_some());
    let path = |end: &str| format!("/api/runs/{id}/{end}");
    check(
        &server,
        &[
            line("GET", path("files"), Value::Null),
            line("GET", path("files/1"), Value::Null),
            line("GET", path("diff"), Value::Null),
            line("GET", path("commands"), Value::Null),
            line("GET", path("commands/1"), Value::Null),
            line("GET", path("summary"), Value::Null),
        ],
    );
}

#[tokio::test]
async fn stored_events_are_asked_for_as_the_document_says() {
    let (server, client) = steward().await;
    let id = run_in(&server, "running");
    tell(&server, &id, 3);
    let filter = EventFilter::new()
        .event_types(["file_updated", "message"])
        .severity(Severity::Info)
        .path("src/1.rs")
        .limit(2);
    let events = client.runs().events(&*id, filter).unwrap();
    let events: Vec<_> = events.try_collect().await.unwrap();
    assert_eq!(events.len(), 1);
    let all = client
        .runs()
        .events(&*id, EventFilter::new().limit(2))
        .unwrap();
    assert_eq!(all.try_collect::<Vec<_>>().await.unwrap().len(), 3);
    let query = EventsQuery {
        since: events[0].id.clone(),
        ..EventsQuery::default()
    };
    let page = client.runs().events_page(&*id, query).await.unwrap();
    assert_eq!(page.data.len(), 1);
    let path = format!("/api/runs/{id}/events");
    check(
        &server,
        &[
            line(
                "GET",
                format!(
                    "{path}?eventTypes=file_updated,message&limit=2&path=src/1.rs&severity=info"
                ),
                Value::Null,
            ),
            line("GET", format!("{path}?limit=2"), Value::Null),
            line("GET", format!("{path}?cursor=after-2&limit=2"), Value::Null),
            line("GET", format!("{path}?since=91824"), Value::Null),
        ],
    );
}

#[tokio::test]
async fn a_run_is_decided_about_as_the_document_says() {
    let (server, client) = steward().await;
    let id = run_in(&server, "completed");
    server.set("safety.auto_git_push", true);
    let reviews = client.reviews();
    let no = RejectRequest {
        notes: Some("Not yet".into()),
    };
    let review = reviews.reject(&*id, no).await.unwrap();
    assert_eq!(review.status, Some(ReviewStatus::Rejected));
    let yes = ApproveRequest {
        notes: Some("Well done".into()),
        commit: Some(true),
    };
    reviews.approve(&*id, yes).await.unwrap();
    let review = reviews
        .approve(&*id, ApproveRequest::default())
        .await
        .unwrap();
    assert_eq!(review.status, Some(ReviewStatus::Approved));
    let committed = reviews.commit(&*id).await.unwrap();
    assert_eq!(committed.commit().unwrap().len(), 40);
    assert!(reviews.push(&*id).await.unwrap().branch.is_some());
    let path = |end: &str| format!("/api/runs/{id}/{end}");
    check(
        &server,
        &[
            line("POST", path("reject"), json!({"notes": "Not yet"})),
            line(
                "POST",
                path("approve"),
                json!({"notes": "Well done", "commit": true}),
            ),
            line("POST", path("approve"), Value::Null),
            line("POST", path("commit"), Value::Null),
            line("POST", path("push"), Value::Null),
        ],
    );
}

#[tokio::test]
async fn snapshots_are_taken_compared_and_restored_as_the_document_says() {
    let (server, client) = steward().await;
    let run = run_in(&server, "running");
    let project = server.known(&run)["projectId"].to_string();
    let snapshots = client.snapshots();
    let made = snapshots.create(&*project, "before").await.unwrap();
    let other = snapshots.create(&*project, "after").await.unwrap();
    assert_eq!(snapshots.open(&made.id).await.unwrap(), made);
    let all = snapshots.of_project(&*project).unwrap();
    assert_eq!(all.try_collect::<Vec<_>>().await.unwrap().len(), 2);
    let of_run = snapshots.of_run(&*run).unwrap();
    assert_eq!(of_run.try_collect::<Vec<_>>().await.unwrap(), []);
    let compared = snapshots.compare(&made.id, Against::Current).await.unwrap();
    assert!(compared.diff.is_some());
    let against = Against::Snapshot(other.id.clone());
    snapshots.compare(&made.id, against).await.unwrap();
    let kept = snapshots.restore(&made.id).await.unwrap().checkpoint();
    assert_eq!(
        kept.unwrap().description.as_deref(),
        Some("restore checkpoint")
    );
    let of_project = format!("/api/projects/{project}/snapshots");
    let one = |end: &str| format!("/api/snapshots/{}{end}", made.id);
    check(
        &server,
        &[
            line("POST", &*of_project, json!({"description": "before"})),
            line("POST", &*of_project, json!({"description": "after"})),
            line("GET", one(""), Value::Null),
            line("GET", &*of_project, Value::Null),
            line("GET", format!("/api/runs/{run}/snapshots"), Value::Null),
            line("POST", one("/compare"), json!({"against": "current"})),
            line(
                "POST",
                one("/compare"),
                json!({"against": other.id.number()}),
            ),
            line("POST", one("/restore"), Value::Null),
        ],
    );
}

#[tokio::test]
async fn settings_and_devices_are_changed_as_the_document_says() {
    let (server, client) = steward().await;
    let settings = client.settings();
    let params = settings.read().await.unwrap();
    assert!(params.find("runs.max_minutes").is_some());
    let change: ServerParams = serde_json::from_value(json!({"runs.max_minutes": 30})).unwrap();
    let changed = settings.edit(change).await.unwrap();
    assert_eq!(changed.find("runs.max_minutes"), Some(&json!(30)));
    let providers: Vec<_> = settings.providers().try_collect().await.unwrap();
    let provider = settings
        .edit_provider(&*providers[0].key, false)
        .await
        .unwrap();
    assert!(!provider.enabled);
    let device = client
        .devices()
        .register(DeviceRequest::new("0f74"))
        .await
        .unwrap();
    client
        .devices()
        .remove(device.id.as_ref().unwrap())
        .await
        .unwrap();
    check(
        &server,
        &[
            line("GET", "/api/settings/server-params", Value::Null),
            line(
                "PUT",
                "/api/settings/server-params",
                json!({"runs.max_minutes": 30}),
            ),
            line("GET", "/api/settings/providers", Value::Null),
            line(
                "PUT",
                format!("/api/settings/providers/{}", provider.key),
                json!({"enabled": false}),
            ),
            line("POST", "/api/devices", json!({"token": "0f74"})),
            line(
                "DELETE",
                format!("/api/devices/{}", device.id.unwrap()),
                Value::Null,
            ),
        ],
    );
}

#[tokio::test]
async fn what_was_masked_is_never_written_back() {
    let (server, client) = steward().await;
    let params = client.settings().read().await.unwrap();
    let refused = client.settings().edit(params).await.unwrap_err();
    assert_eq!(refused.kind(), grump::ErrorKind::InvalidInput);
    assert!(refused.to_string().contains("providers.anthropic.api_key"));
    assert_eq!(asked(&server).len(), 1);
}

#[tokio::test]
async fn an_id_is_a_part_of_the_path_whatever_it_holds() {
    let (server, client) = steward().await;
    for id in ["a/b", "a?b", "é", "", ".", ".."] {
        let error = client.runs().open(id).await.unwrap_err();
        assert_eq!(error.kind(), grump::ErrorKind::NotFound, "{id}");
    }
    let paths: Vec<_> = asked(&server)
        .into_iter()
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(
        paths,
        ["/api/runs/a%2Fb", "/api/runs/a%3Fb", "/api/runs/%C3%A9"]
    );
}

#[tokio::test]
async fn any_answer_is_had_as_it_came() {
    let (server, client) = steward().await;
    let id = run_in(&server, "draft");
    let path = grump_wire::steward::RunPath { run: id.into() };
    let (query, body) = (Default::default(), Default::default());
    let raw = client.raw::<grump_wire::steward::PauseRun>(path, query, body);
    let raw = raw.await.unwrap();
    assert_eq!(raw.status(), 409);
}
