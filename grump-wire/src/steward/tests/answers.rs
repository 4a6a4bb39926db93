//! What is answered, and how it comes into the domain.

use grump_core::{Outcome, RunKind, RunRef, RunStatus, Status};
use serde_json::{Value, json};

use super::{fixture, survives, value};
use crate::{
    Endpoint, Visitor,
    endpoint::{Auth, Json, Received, ResponseBody, ResponseKind, Whole, Wrapped},
    steward::{self as dialect, map, types},
};

/// Reads an answer of each endpoint.
#[derive(Default)]
struct Answers(Vec<String>);

impl Visitor for Answers {
    fn endpoint<E: Endpoint>(&mut self) {
        let (ending, content_type) = match E::Response::KIND {
            ResponseKind::Json => ("json", "application/json"),
            ResponseKind::Text if E::PATH.ends_with("diff") => ("diff", "text/x-diff"),
            ResponseKind::Text => ("md", "text/markdown"),
            _ => return,
        };
        let name = format!("{}__response_{}.{ending}", super::spelled::<E>(), E::STATUS);
        let body = fixture(&name);
        let received = Received {
            content_type,
            body: body.as_bytes(),
        };
        E::Response::check(received).unwrap_or_else(|error| panic!("{name}: {error}"));
        self.0.push(name);
    }
}

#[test]
fn every_answer_has_a_fixture_and_is_read() {
    let mut answers = Answers::default();
    dialect::each(&mut answers);
    assert_eq!(answers.0.len(), 45);
}

#[test]
fn answers_are_written_as_they_were_read() {
    survives::<types::Token>("POST_api_auth_token__response_200.json");
    survives::<types::User>("GET_api_auth_me__response_200.json");
    survives::<types::Page<types::Project>>("GET_api_projects__response_200.json");
    survives::<types::Queued>("POST_api_projects_project_clone__response_202.json");
    survives::<types::Page<Value>>("GET_api_projects_project_map__response_200.json");
    survives::<types::Page<types::AgentEvent>>("GET_api_runs_run_events__response_200.json");
    survives::<types::WorkspaceFile>("GET_api_runs_run_files_file__response_200.json");
    survives::<types::CommandExecution>("GET_api_runs_run_commands_command__response_200.json");
    survives::<types::RunSummary>("GET_api_runs_run_summary__response_200.json");
    survives::<types::Review>("POST_api_runs_run_reject__response_200.json");
    survives::<types::Committed>("POST_api_runs_run_commit__response_200.json");
    survives::<types::Pushed>("POST_api_runs_run_push__response_200.json");
    survives::<types::Snapshot>("GET_api_snapshots_snapshot__response_200.json");
    survives::<types::Restored>("POST_api_snapshots_snapshot_restore__response_200.json");
    survives::<types::Comparison>("POST_api_snapshots_snapshot_compare__response_200.json");
    survives::<types::ManagedDoc>("GET_api_projects_project_docs_slug__response_200.json");
    survives::<types::Page<types::ChangelogEntry>>(
        "GET_api_projects_project_changelog__response_200.json",
    );
    survives::<types::ServerParams>("GET_api_settings_server-params__response_200.json");
    survives::<types::Provider>("PUT_api_settings_providers_key__response_200.json");
    survives::<types::Device>("POST_api_devices__response_201.json");
    survives::<types::Problem>("POST_api_runs_run_start__response_409.json");
}

#[test]
fn a_run_comes_into_the_domain() {
    let told: types::Run = survives("GET_api_runs_run__response_200.json");
    assert_eq!(
        told.timeline().unwrap().last_event_id.unwrap(),
        "91824".into()
    );
    let run = map::run(told);
    assert_eq!(run.name, RunRef::new(RunKind::Task, "148"));
    assert_eq!(run.status.unified, RunStatus::Failed);
    assert_eq!(run.outcome, Some(Outcome::Errors));
    assert_eq!(run.error.as_deref(), Some("The tests failed"));
    assert_eq!(run.ended_at, Some("2026-01-20T10:05:00Z".parse().unwrap()));
}

#[test]
fn secrets_stand_in_no_debug_output() {
    let login: types::LoginRequest =
        serde_json::from_value(value(&fixture("POST_api_auth_token__request.json"))).unwrap();
    let token: types::Token = survives("POST_api_auth_token__response_200.json");
    let params: types::ServerParams =
        serde_json::from_value(json!({"providers.example.api_key": "hush"})).unwrap();
    let device: types::DeviceRequest =
        serde_json::from_value(value(&fixture("POST_api_devices__request.json"))).unwrap();
    let command: types::CommandExecution =
        serde_json::from_str(field!("command_with_other_urls.json")).unwrap();
    let url = command.stdout().unwrap();
    let shown = format!("{login:?} {token:?} {params:?} {device:?} {command:?} {url:?}");
    for secret in ["correct horse", "example-token", "hush", "0f744707"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(url.reveal().ends_with("sig=hush"));
}

#[test]
fn a_mask_is_known_wherever_it_stands() {
    for masked in [json!("********"), json!("•••"), json!({"key": ["***"]})] {
        assert!(types::is_masked(&masked), "{masked}");
    }
    for plain in [
        json!("a**"),
        json!(""),
        json!("*"),
        json!(3),
        json!({"key": "x"}),
    ] {
        assert!(!types::is_masked(&plain), "{plain}");
    }
    let params: types::ServerParams =
        serde_json::from_value(json!({"a": 1, "b": {"c": "****"}})).unwrap();
    assert_eq!(params.masked(), Some("b"));
}

#[test]
fn a_parameter_is_found_under_its_whole_name_or_part_for_part() {
    let find = |params: Value| {
        let params: types::ServerParams = serde_json::from_value(params).unwrap();
        params.find("safety.auto_git_push").cloned()
    };
    assert_eq!(
        find(json!({"safety.auto_git_push": true})),
        Some(json!(true))
    );
    assert_eq!(
        find(json!({"safety": {"auto_git_push": true}})),
        Some(json!(true))
    );
    assert_eq!(find(json!({"safety": true})), None);
}

#[test]
fn the_abilities_are_those_of_the_document() {
    let listed = include_str!("../fixtures/document/sanctum_abilities.txt");
    for ability in types::ABILITIES {
        assert!(listed.contains(&format!("• {ability}")), "{ability}");
    }
    assert_eq!(types::ABILITIES.len(), listed.matches('•').count());
    let all = ["*".to_owned()];
    assert!(types::grants(&all, "git:push"));
    assert!(!types::grants(&["git*".to_owned()], "git:push"));
}

/// Every ability that an endpoint names is one of the document's.
struct Abilities;

impl Visitor for Abilities {
    fn endpoint<E: Endpoint>(&mut self) {
        if let Auth::Ability(ability) = E::AUTH {
            assert!(types::ABILITIES.contains(&ability), "{}", E::NAME);
        }
    }
}

#[test]
fn the_endpoints_need_abilities_that_there_are() {
    dialect::each(&mut Abilities);
}

#[test]
fn the_words_are_kept_whether_they_are_known_or_not() {
    for word in types::RunStatus::KNOWN {
        assert_eq!(types::RunStatus::from(word.as_str()), *word);
    }
    let strange: types::RunStatus = serde_json::from_str(r#""brew\u0069ng""#).unwrap();
    assert_eq!(strange, types::RunStatus::Unknown("brewing".into()));
    assert_eq!(serde_json::to_string(&strange).unwrap(), r#""brewing""#);
}

#[test]
fn the_statuses_are_those_of_the_table() {
    let table = include_str!("../../../contract/status_map.tsv");
    let rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let rows: Vec<_> = rows.filter(|row| row[..2] == ["steward", "run"]).collect();
    assert!(rows.len() >= 7);
    for row in rows {
        let status = map::status(row[2].to_owned());
        assert_eq!(format!("{:?}", status.unified), row[3]);
        assert_eq!(map::wire_status(&status).as_str(), row[2]);
    }
}

#[test]
fn a_status_that_the_dialect_lacks_is_told_as_the_nearest() {
    let written = |unified: RunStatus| map::wire_status(&unified.into()).as_str().to_owned();
    assert_eq!(written(RunStatus::Starting), "queued");
    assert_eq!(written(RunStatus::Waiting), "running");
    assert_eq!(written(RunStatus::LimitReached), "failed");
    assert_eq!(written(RunStatus::Merged), "completed");
    assert_eq!(written(RunStatus::Discarded), "cancelled");
    assert_eq!(written(RunStatus::AwaitingApproval), "waiting_for_user");
    let succeeded = map::status("succeeded".to_owned());
    assert_eq!(succeeded.unified, RunStatus::Completed);
    assert_eq!(map::wire_status(&succeeded).as_str(), "succeeded");
    let strange = Status::new(RunStatus::Unknown, "brewing");
    assert_eq!(map::wire_status(&strange).as_str(), "brewing");
}

fn json_answer(body: &str) -> Received<'_> {
    Received {
        content_type: "application/json",
        body: body.as_bytes(),
    }
}

#[test]
fn a_run_in_an_envelope_is_read_and_keeps_its_members() {
    let body = field!("run_in_an_envelope.json");
    let told = Wrapped::<types::Run>::read(json_answer(body)).unwrap();
    assert_eq!(told.extra["color"], "blue");
    assert_eq!(told.timeline(), None);
    let again = serde_json::to_value(&told).unwrap();
    assert_eq!(again["timeline"], json!(["draft", "running"]));
    assert_eq!(again["id"], "148");
    let run = map::run(told);
    assert_eq!(run.status.unified, RunStatus::AwaitingApproval);
    assert_eq!(run.error.as_deref(), Some("asks"));
}

#[test]
fn a_run_with_hardly_a_member_is_read() {
    let told = serde_json::from_str(field!("run_with_hardly_a_member.json")).unwrap();
    let run = map::run(told);
    assert_eq!(
        (run.name.id.as_str(), &*run.status.native),
        ("7", "brewing")
    );
    assert_eq!(run.status.unified, RunStatus::Unknown);
}

#[test]
fn a_list_is_read_with_and_without_its_envelope() {
    let read = |body| Json::<types::Page<types::Project>>::read(json_answer(body)).unwrap();
    let bare = read(field!("list_without_envelope.json"));
    assert_eq!(bare.data[0].status, Some(types::ProjectStatus::Indexing));
    assert_eq!(bare.next_cursor(), None);
    let older = read(field!("list_of_an_older_page.json"));
    assert_eq!(older.next_cursor(), Some("91823"));
    assert_eq!(older.meta.extra["perPage"], 50);
    assert_eq!(read("").data, []);
    assert_eq!(
        read(r#"{"data":[],"meta":{"nextCursor":""}}"#).next_cursor(),
        None
    );
}

#[test]
fn a_list_that_is_none_says_where() {
    let read = |body| Json::<types::Page<types::Project>>::read(json_answer(body)).unwrap_err();
    assert_eq!(
        read(r#"{"data":[{"name":"n"}]}"#).path().to_string(),
        "data[0]"
    );
    assert!(read(r#"{"items":[]}"#).to_string().contains("data"));
}

#[test]
fn answers_that_the_document_does_not_show_may_be_anything() {
    let queued = |body| Wrapped::<types::Queued>::read(json_answer(body)).unwrap();
    assert_eq!(queued(""), types::Queued::default());
    assert_eq!(queued("null"), types::Queued::default());
    assert_eq!(queued(r#""queued""#).extra["value"], "queued");
    let project = queued(r#"{"data":{"id":12,"status":"cloning"}}"#);
    assert_eq!(project.status.as_deref(), Some("cloning"));
    assert_eq!(project.extra["id"], 12);
    let committed = |body: &str| {
        let read = Wrapped::<types::Committed>::read(json_answer(body)).unwrap();
        read.commit().map(str::to_owned)
    };
    assert_eq!(committed(r#"{"sha":"c1"}"#).as_deref(), Some("c1"));
    assert_eq!(committed(r#"{"commitSha":"c1"}"#).as_deref(), Some("c1"));
    assert_eq!(
        committed(r#"{"commit":{"sha":"c1"}}"#).as_deref(),
        Some("c1")
    );
    assert_eq!(committed("{}"), None);
}

#[test]
fn a_comparison_is_a_diff_in_whatever_form() {
    let read = |content_type, body: &str| {
        let body = body.as_bytes();
        types::Compared::read(Received { content_type, body }).unwrap()
    };
    let diff = Some("+x".to_owned());
    assert_eq!(read("text/x-diff", "+x").diff, diff);
    assert_eq!(read("application/json", r#""+x""#).diff, diff);
    assert_eq!(
        read("application/json", r#"{"data":{"diff":"+x"}}"#).diff,
        diff
    );
    let other = read("application/json", r#"{"files":["a"]}"#);
    assert_eq!((other.diff, &other.extra["files"][0]), (None, &json!("a")));
}

#[test]
fn a_restore_tells_of_its_checkpoint_in_two_ways() {
    let ours: types::Restored = survives("POST_api_snapshots_snapshot_restore__response_200.json");
    assert_eq!(ours.checkpoint().unwrap().id, "32".into());
    let bare: types::Restored = serde_json::from_str(r#"{"id":33,"projectId":12}"#).unwrap();
    assert_eq!(bare.checkpoint().unwrap().id, "33".into());
    assert_eq!(types::Restored::default().checkpoint(), None);
}
