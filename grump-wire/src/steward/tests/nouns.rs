//! What is answered, as the domain's nouns.

use grump_core::{
    Cursor, ErrorKind, EventQuery, NewTask, PageMark, PageRequest, ProjectStatus, RepoPath, Review,
    RunKind, RunRef, snapshot,
};
use serde_json::json;

use super::survives;
use crate::steward::{map, types};

#[test]
fn a_project_is_known_by_its_words() {
    let told: types::Page<types::Project> = survives("GET_api_projects__response_200.json");
    assert_eq!(
        map::mark(&told),
        Some(PageMark::Cursor("eyJpZCI6MTJ9".into()))
    );
    let project = map::project(told.data[0].clone());
    assert_eq!(project.id, "12".into());
    assert_eq!(project.status, Some(ProjectStatus::Ready));
    assert_eq!(project.default_branch.as_deref(), Some("main"));
}

#[test]
fn a_reviewed_run_says_what_was_decided() {
    let mut told: types::Run = survives("GET_api_runs_run__response_200.json");
    told.extra.insert("colour".into(), json!("blue"));
    let run = map::run(told);
    let Review::Approved { note, .. } = &run.review else {
        panic!("{run:?}")
    };
    assert_eq!(note.as_deref(), Some("Well done."));
    let task = run.as_task().unwrap();
    assert_eq!(task.agent.as_deref(), Some("frontend"));
    assert_eq!(task.project, Some("12".into()));
    assert_eq!(run.ext["colour"], "blue");
    assert_eq!(run.ext["safeMode"], true);
}

#[test]
fn a_task_names_what_the_document_wants() {
    let whole = || {
        NewTask::told("Add dark mode\nand tests")
            .project("12")
            .agent("frontend")
            .model("claude-sonnet-4")
    };
    let request = map::run_request(whole().safe_mode(true)).unwrap();
    assert_eq!(request.title, "Add dark mode");
    assert_eq!(request.selected_agent, types::AgentRole::Frontend);
    assert_eq!(serde_json::to_value(&request).unwrap()["projectId"], 12);
    let without = |change: fn(&mut NewTask)| {
        let mut new = whole();
        change(&mut new);
        let refused = map::run_request(new).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        refused.to_string()
    };
    assert!(without(|new| new.prompt = None).contains("prompt"));
    assert!(without(|new| new.project = None).contains("project"));
    assert!(without(|new| new.agent = None).contains("agent"));
    assert!(without(|new| new.model = None).contains("model"));
    let long = map::run_request(whole().prompt("ä".repeat(70))).unwrap();
    assert_eq!(long.title, format!("{}…", "ä".repeat(60)));
}

#[test]
fn a_position_of_another_dialects_list_is_refused() {
    let at = |mark| map::page_query(PageRequest::default().at(Some(mark)).limit(7));
    let query = at(PageMark::Cursor("c".into())).unwrap();
    assert_eq!((query.cursor.as_deref(), query.limit), (Some("c"), Some(7)));
    let refused = at(PageMark::Offset(3)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::CursorExpired);
}

#[test]
fn stored_events_are_asked_for_as_the_document_says() {
    let run = RunRef::new(RunKind::Task, "148");
    let mut query = EventQuery::of(run).after(Cursor::new("91823")).limit(10);
    query.kinds = vec!["file_updated".into(), "message".into()];
    query.path = Some("src/a.rs".into());
    let told = serde_json::to_value(map::events_query(&query)).unwrap();
    assert_eq!(
        told,
        json!({
            "since": 91823, "eventTypes": "file_updated,message", "path": "src/a.rs", "limit": 10,
        })
    );
}

#[test]
fn what_a_run_did_is_told() {
    let file = map::file(survives("GET_api_runs_run_files_file__response_200.json"));
    assert_eq!(file.path, RepoPath::from("src/app.ts"));
    assert_eq!((file.id.as_str(), file.additions), ("5", Some(1)));
    let command = map::command(survives(
        "GET_api_runs_run_commands_command__response_200.json",
    ));
    assert_eq!(command.exit_code, Some(0));
    assert!(
        command
            .stdout
            .unwrap()
            .reveal()
            .ends_with("signature=5f0c7a1e")
    );
    let told = serde_json::from_str(include_str!(
        "../fixtures/field/command_with_other_urls.json"
    ));
    let other = map::command(told.unwrap());
    assert!(other.stderr.is_some() && other.ext.is_empty());
    let summary = map::summary(survives("GET_api_runs_run_summary__response_200.json"));
    assert_eq!(summary.tests.unwrap().value()["passed"], 12);
    let diff = super::fixture("GET_api_runs_run_diff__response_200.diff");
    assert_eq!(map::file_diffs(&diff)[0].path, RepoPath::from("src/app.ts"));
}

#[test]
fn what_became_of_a_run_is_told() {
    let committed = map::committed(survives("POST_api_runs_run_commit__response_200.json"));
    assert!(committed.commit.unwrap().starts_with("4e1243bd"));
    let pushed = map::pushed(survives("POST_api_runs_run_push__response_200.json"));
    assert_eq!(pushed.remote.as_deref(), Some("origin"));
    let reviewed = map::reviewed(survives("POST_api_runs_run_reject__response_200.json"));
    assert_eq!(reviewed.note.as_deref(), Some("Not like this."));
    assert_eq!(reviewed.ext["status"], "rejected");
}

#[test]
fn snapshots_and_documents_are_told() {
    let snapshot = map::snapshot(survives("GET_api_snapshots_snapshot__response_200.json"));
    assert_eq!(snapshot.run, Some(RunRef::new(RunKind::Task, "148")));
    let restored = map::restored(survives(
        "POST_api_snapshots_snapshot_restore__response_200.json",
    ));
    let kept = restored.checkpoint.unwrap();
    assert_eq!(kept.description.as_deref(), Some("restore checkpoint"));
    let compared = map::comparison(survives(
        "POST_api_snapshots_snapshot_compare__response_200.json",
    ));
    assert!(compared.diff.is_some() && compared.body.is_none());
    let other = snapshot::Against::Snapshot("32".into());
    assert_eq!(map::against(&other), types::Against::Snapshot("32".into()));
    let doc = map::project_doc(survives(
        "GET_api_projects_project_docs_slug__response_200.json",
    ));
    assert_eq!(doc.body.as_deref(), Some("# PROJECT_MAP\n"));
    let log: types::Page<types::ChangelogEntry> =
        survives("GET_api_projects_project_changelog__response_200.json");
    let entry = map::changelog_entry(log.data[0].clone());
    assert_eq!(
        (entry.title.as_deref(), &entry.ext["runId"]),
        (Some("Add dark mode"), &json!(148))
    );
}

#[test]
fn users_settings_and_devices_are_told_and_secrets_are_not() {
    let account = map::account(survives("GET_api_auth_me__response_200.json"));
    assert_eq!(account.email.as_deref(), Some("user@example.com"));
    let login = map::logged_in(survives("POST_api_auth_token__response_200.json"));
    assert!(login.token.reveal().ends_with("example-token"));
    assert!(!format!("{login:?}").contains("example-token"));
    let params = map::server_params(survives(
        "GET_api_settings_server-params__response_200.json",
    ));
    assert_eq!(params.values["runs.max_minutes"], 60);
    let provider = map::provider(survives(
        "PUT_api_settings_providers_key__response_200.json",
    ));
    assert!(!provider.enabled);
    let told = json!({"id": 5, "token": "hush", "platform": "ios"});
    let device = map::device(serde_json::from_value(told).unwrap());
    assert_eq!((device.id.as_str(), device.ext.len()), ("5", 1));
}
