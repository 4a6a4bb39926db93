//! The document's own examples and tables, read and written.

use std::collections::BTreeMap;

use grump_core::{
    ErrorKind, Event, EventKind, Payload, RunRef, RunStatus,
    payload::{Progress, RunStatusChanged},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{GatewayEvent, SessionStatus, error, events, map, types};
use crate::endpoint::{BodyError, RequestBody};

/// A fixture of the document's.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!("fixtures/document/", $name))
    };
}

/// A fixture of what servers in the field may send.
macro_rules! field {
    ($name:literal) => {
        include_str!(concat!("fixtures/field/", $name))
    };
}

/// Reads an example and writes it again: nothing is added and nothing gets lost.
fn survives<T: Serialize + DeserializeOwned>(example: &str) -> T {
    let read: T = serde_json::from_str(example).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), value(example));
    read
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_documents_answers_survive() {
    survives::<types::Session>(document!("POST_session_create__response_200.json"));
    survives::<types::Session>(document!("GET_session_id__response_200.json"));
    survives::<types::SessionPage>(document!("GET_sessions__response_200.json"));
    survives::<types::DeletedSession>(document!("DELETE_session_id__response_200.json"));
    survives::<types::AgentStarted>(document!("POST_agent_run__response_200.json"));
    survives::<types::AgentStatus>(document!("GET_agent_id_status__response_200.json"));
    survives::<types::PendingSessions>(document!("GET_pending__response_200.json"));
    survives::<types::Approved>(document!("POST_approve_session__response_200.json"));
    survives::<types::Rejected>(document!("POST_reject_session__response_200.json"));
    survives::<types::HealthReport>(document!("GET_health__response_200.json"));
    survives::<types::SystemReport>(document!("GET_status__response_200.json"));
}

#[test]
fn the_documents_requests_survive() {
    survives::<types::CreateRequest>(document!("POST_session_create__request.json"));
    survives::<types::CreateRequest>(document!("POST_session_create__request_workflow.json"));
    survives::<types::RunRequest>(document!("POST_agent_run__request.json"));
    survives::<types::RunRequest>(document!("POST_agent_run__request_workflow.json"));
    survives::<types::ApproveRequest>(document!("POST_approve_session__request.json"));
    survives::<types::RejectRequest>(document!("POST_reject_session__request.json"));
}

#[test]
fn the_files_are_sent_also_where_there_are_none() {
    let request = types::RunRequest {
        skill: "spec".into(),
        ..types::RunRequest::default()
    };
    let written: Value = serde_json::from_slice(&request.write().unwrap()).unwrap();
    assert_eq!(written, json!({"skill": "spec", "input": {"files": []}}));
}

#[test]
fn an_approval_without_a_comment_has_no_body() {
    assert_eq!(types::ApproveRequest::default().write(), None);
    assert_eq!(
        types::ApproveRequest::read(b"").unwrap(),
        types::ApproveRequest::default()
    );
}

#[test]
fn a_request_is_refused_by_what_is_wrong_with_it() {
    let wrong = |body: &str| types::CreateRequest::read(body.as_bytes()).unwrap_err();
    assert!(matches!(wrong("{"), BodyError::NotJson(_)));
    assert!(wrong("{}").to_string().contains("skill"));
    assert!(
        wrong(r#"{"skill":"s","prompt":"p"}"#)
            .to_string()
            .contains("prompt")
    );
    let open = r#"{"skill":"s","input":{"files":[],"depth":3}}"#;
    let read = types::CreateRequest::read(open.as_bytes()).unwrap();
    assert_eq!(read.input.extra["depth"], 3);
}

#[test]
fn a_session_survives_the_way_through_the_domain() {
    let session: types::Session = survives(document!("POST_session_create__response_200.json"));
    let run = map::run(session.clone());
    assert_eq!(
        (&*run.title, run.status.unified),
        ("spec", RunStatus::Draft)
    );
    let again = types::Session {
        updated: None,
        ..map::wire_session(&run)
    };
    assert_eq!(again, session);
}

#[test]
fn the_documents_events_survive_the_way_through_the_domain() {
    for (example, kind, session) in [
        (
            document!("WS_ws__event_session.started.json"),
            EventKind::RunStarted,
            "session-abc123",
        ),
        (
            document!("WS_ws__event_agent.progress.json"),
            EventKind::Progress,
            "session-abc123",
        ),
        (
            document!("WS_ws__event_session.complete.json"),
            EventKind::ApprovalRequested,
            "session-abc123",
        ),
    ] {
        survives::<GatewayEvent>(example);
        let mut event = events::decode(example).unwrap();
        assert_eq!(event.kind(), kind);
        assert_eq!(event.run, map::name(session));
        assert_eq!(events::encode(&event).unwrap(), example);
        event.native = None;
        assert_eq!(value(&events::encode(&event).unwrap()), value(example));
    }
}

#[test]
fn every_event_of_the_document_has_a_kind_and_every_kind_comes_back() {
    let mut kinds = BTreeMap::new();
    for event in events::TYPES {
        for status in ["pending_approval", "completed", "rejected"] {
            let message = json!({"event": event, "data": {
                "session_id": "s", "status": status, "progress": 0.5, "unheard": {"of": 1},
            }});
            let mut decoded = events::decode(&message.to_string()).unwrap();
            decoded.native = None;
            let written = events::encode(&decoded).unwrap().into_owned();
            assert_eq!(value(&written)["event"], **event);
            let again = events::decode(&written).unwrap();
            assert_eq!(again.kind(), decoded.kind(), "{written}");
            kinds.insert(decoded.kind(), event);
        }
    }
    let told: Vec<_> = kinds.into_keys().collect();
    let mut all = events::KINDS.to_vec();
    all.sort();
    assert_eq!(told, all);
}

#[test]
fn the_events_follow_the_contracts_table() {
    let kind = |message: Value| events::decode(&message.to_string()).unwrap().kind();
    let complete = |status: &str| {
        kind(json!({"event": "session.complete", "data": {"session_id": "s", "status": status}}))
    };
    assert_eq!(complete("pending_approval"), EventKind::ApprovalRequested);
    assert_eq!(complete("completed"), EventKind::RunCompleted);
    assert_eq!(complete("failed"), EventKind::RunStatusChanged);
    assert_eq!(complete("brewing"), EventKind::RunStatusChanged);
}

#[test]
fn progress_in_percent_is_told_as_a_fraction() {
    let progress = Progress {
        value: 45.0,
        scale: "percent".into(),
        agent: None,
        message: None,
    };
    let event = Event::new(map::name("s"), progress);
    let written = events::encode(&event).unwrap();
    assert_eq!(value(&written)["data"]["progress"], 0.45);
}

#[test]
fn a_status_that_is_no_end_is_told_by_no_event() {
    let changed = RunStatusChanged {
        status: Some(RunStatus::Running.into()),
        message: None,
        artifacts: None,
    };
    assert_eq!(events::encode(&Event::new(map::name("s"), changed)), None);
}

/// Pitfall 25: an event that nobody knows is an event.
#[test]
fn messages_of_the_field_are_understood_and_passed_on_as_they_came() {
    let messages: Vec<_> = field!("messages.ndjson").lines().collect();
    let read: Vec<_> = messages.iter().map(|text| events::decode(text)).collect();
    let kinds: Vec<_> = read
        .iter()
        .map(|event| event.as_ref().map(Event::kind))
        .collect();
    assert_eq!(
        kinds,
        [
            None,
            None,
            Some(EventKind::RunStarted),
            Some(EventKind::Progress),
            Some(EventKind::Unknown),
            Some(EventKind::ApprovalRequested),
            Some(EventKind::RunStatusChanged),
            Some(EventKind::Unknown),
        ]
    );
    for (event, text) in read.iter().zip(&messages) {
        if let Some(event) = event {
            assert_eq!(event.run, map::name("s-1"));
            assert_eq!(events::encode(event).unwrap(), *text);
        }
    }
}

#[test]
fn messages_that_are_not_understood_are_kept_by_the_types_too() {
    for text in messages_without_sense() {
        let GatewayEvent::Unknown(unknown) = GatewayEvent::read(text) else {
            panic!("{text} is understood");
        };
        assert_eq!(
            unknown.message,
            serde_json::from_str(text).unwrap_or(Value::from(text))
        );
    }
}

fn messages_without_sense() -> [&'static str; 6] {
    [
        "[DONE]",
        "7",
        "null",
        "not json",
        r#"{"event":7}"#,
        r#"{"event":"session.started","data":{"skill":"spec"}}"#,
    ]
}

#[test]
fn a_session_with_members_of_the_field_is_read_and_keeps_them() {
    let told: types::Session = serde_json::from_str(field!("session_with_more.json")).unwrap();
    assert_eq!(told.id.as_str(), "42");
    assert_eq!(told.status, SessionStatus::Unknown("brewing".into()));
    let kept = serde_json::to_value(&told).unwrap();
    assert_eq!(kept["id"], 42);
    assert_eq!(kept["owner"]["name"], "Example User");
    assert_eq!(kept["output"]["artifacts"][1]["hash"], "c0ffee");
    assert_eq!(kept["created"], "2026-11-01T08:00:00.123456");
    let run = map::run(told);
    assert_eq!(
        (run.name, run.status.unified),
        (map::name("42"), RunStatus::Unknown)
    );
}

#[test]
fn a_session_with_hardly_any_member_is_read() {
    let told: types::Session = serde_json::from_str(field!("session_with_less.json")).unwrap();
    let run = map::run(told);
    assert_eq!(run.name, map::name("7f3a9c01"));
    assert_eq!(run.status.unified, RunStatus::Unknown);
}

#[test]
fn the_lines_of_an_artifact_are_read_from_its_diff() {
    let lines = |diff: &str| {
        let diff = Some(diff.to_owned());
        types::Artifact {
            diff,
            ..types::Artifact::default()
        }
        .lines()
    };
    assert_eq!(lines("+85 -0"), Some((85, 0)));
    assert_eq!(lines("a lot"), None);
}

#[test]
fn the_statuses_are_those_of_the_table() {
    let table = include_str!("../../contract/status_map.tsv");
    let rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let rows: Vec<_> = rows.filter(|row| row[0] == "metaforge").collect();
    assert_eq!(rows.len(), 7);
    for row in rows {
        let status = map::status(&row[2].into());
        assert_eq!(format!("{:?}", status.unified), row[3]);
        assert_eq!(map::wire_status(&status), row[2]);
    }
    let unknown = map::status(&"brewing".into());
    assert_eq!(unknown.unified, RunStatus::Unknown);
    assert_eq!(map::wire_status(&unknown), "brewing");
}

#[test]
fn every_status_has_a_word() {
    for status in RunStatus::ALL {
        if status != RunStatus::Unknown {
            let word = map::wire_status(&status.into());
            assert!(!matches!(word, SessionStatus::Unknown(_)), "{status}");
        }
    }
}

#[test]
fn the_documents_error_is_understood() {
    let example = document!("envelope_error.json");
    let error = error::read(400, example.as_bytes());
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        error.to_string(),
        "Invalid input: missing required field 'skill' (wrong: skill: expected string)"
    );
    assert_eq!(
        error.remote_detail().unwrap().code.as_deref(),
        Some("VALIDATION_ERROR")
    );
    survives::<types::ErrorBody>(example);
}

#[test]
fn the_documented_codes_arrive_as_their_kinds_and_are_written_again() {
    for (status, code, kind) in [
        (400, "VALIDATION_ERROR", ErrorKind::InvalidInput),
        (404, "NOT_FOUND", ErrorKind::NotFound),
        (500, "AGENT_ERROR", ErrorKind::Agent),
        (500, "TOOL_ERROR", ErrorKind::Agent),
        (504, "TIMEOUT", ErrorKind::Timeout),
    ] {
        let body = json!({"error": {"code": code, "message": "no"}}).to_string();
        let error = error::read(status, body.as_bytes());
        assert_eq!(error.kind(), kind);
        let (written, body) = error::write(&error);
        assert_eq!(written, status);
        assert_eq!(body.error.message, "no");
    }
}

#[test]
fn the_errors_of_the_field_arrive_as_their_kinds() {
    let rows = field!("errors.tsv").lines().skip(1);
    for row in rows.map(|line| line.split('\t').collect::<Vec<_>>()) {
        let error = error::read(row[0].parse().unwrap(), row[1].as_bytes());
        assert_eq!(error.kind().as_str(), row[2], "{error:?}");
        let code = error.conflict().map_or("", |conflict| &*conflict.code);
        assert_eq!(code, row[3]);
        assert!(error.to_string().contains(row[4]), "{error}");
    }
}

#[test]
fn a_refused_body_names_the_member() {
    let refused = types::RunRequest::read(br#"{"skill":"s","options":{"verbose":"yes"}}"#);
    let (status, body) = error::write_body_error(&refused.unwrap_err());
    assert_eq!((status, &*body.error.code), (400, "VALIDATION_ERROR"));
    assert!(
        body.error.details.unwrap()["field"]
            .as_str()
            .unwrap()
            .contains("options")
    );
}

#[test]
fn an_illness_names_the_part() {
    let well: types::HealthReport = survives(document!("GET_health__response_200.json"));
    assert!(map::health(well.clone()).healthy);
    let mut ill = well;
    ill.components.llm_provider = Some("error".into());
    let health = map::health(ill);
    assert_eq!(health.problems, [r#"llm_provider is "error""#]);
}

proptest::proptest! {
    #[test]
    fn no_message_of_a_session_is_lost(event: String, inside: String) {
        let message = json!({"event": event, "data": {"session_id": "s", "x": inside}}).to_string();
        let read = events::decode(&message).unwrap();
        proptest::prop_assert_eq!(events::encode(&read).unwrap(), message);
    }

    #[test]
    fn no_text_is_a_fault(text: String) {
        let _ = events::decode(&text);
        let _ = error::read(500, text.as_bytes());
    }
}

#[test]
fn what_failed_tells_why() {
    let told = json!({"id": "s", "status": "failed", "error": {"message": "out of tokens"}});
    let run = map::run(serde_json::from_value(told).unwrap());
    assert_eq!(run.error.as_deref(), Some("out of tokens"));
}

#[test]
fn a_run_is_named_by_the_session_that_the_agent_made() {
    let started: types::AgentStarted = survives(document!("POST_agent_run__response_200.json"));
    assert_eq!(
        map::name(started.session_id),
        RunRef::new(grump_core::RunKind::Task, "session-def456")
    );
    let payload = events::decode(document!("WS_ws__event_session.started.json"))
        .unwrap()
        .payload;
    assert!(
        matches!(payload, Payload::RunStarted(started) if started.skill.as_deref() == Some("spec"))
    );
}
