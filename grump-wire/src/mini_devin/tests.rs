//! The document's own examples and tables, read and written.

use grump_core::{ErrorKind, Event, EventKind, Outcome, Payload, RunStatus, payload};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    ClientMessage, Listed, Secret, TaskMessage, error, events, events::Decoder, map, types,
};
use crate::endpoint::RequestBody;

/// A fixture of the document's.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!("fixtures/document/", $name))
    };
}

/// A fixture of what servers in the field were seen to send.
macro_rules! field {
    ($name:literal) => {
        include_str!(concat!("fixtures/field/", $name))
    };
}

/// The document's messages of the server, in its order.
const MESSAGES: [&str; 6] = [
    document!("WS_ws_tasks_task_id__server_token.json"),
    document!("WS_ws_tasks_task_id__server_tool_call.json"),
    document!("WS_ws_tasks_task_id__server_tool_result.json"),
    document!("WS_ws_tasks_task_id__server_plan_update.json"),
    document!("WS_ws_tasks_task_id__server_status.json"),
    document!("WS_ws_tasks_task_id__server_error.json"),
];

/// Reads an example and writes it again: nothing is added and nothing gets lost.
fn survives<T: Serialize + DeserializeOwned>(example: &str) -> T {
    let read: T = serde_json::from_str(example).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), value(example));
    read
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Reads one of the field's answers.
fn read<T: DeserializeOwned>(line: usize) -> T {
    serde_json::from_str(field!("answers.ndjson").lines().nth(line).unwrap()).unwrap()
}

#[test]
fn the_documents_answers_survive() {
    survives::<types::HealthReport>(document!("GET_health__response_200.json"));
    survives::<types::User>(document!("POST_api_auth_register__response_200.json"));
    survives::<types::AccessToken>(document!("POST_api_auth_login__response_200.json"));
    survives::<types::ApiKey>(document!("POST_api_auth_api-keys__response_200.json"));
    survives::<types::ModelList>(document!("GET_api_models__response_200.json"));
    survives::<types::ProviderList>(document!("GET_api_providers__response_200.json"));
    survives::<Listed<types::Session>>(document!("GET_api_sessions__response_200.json"));
    survives::<types::Session>(document!("POST_api_sessions__response_200.json"));
    survives::<types::Session>(document!("GET_api_sessions_session_id__response_200.json"));
    survives::<Listed<types::Task>>(document!(
        "GET_api_sessions_session_id_tasks__response_200.json"
    ));
    survives::<types::Task>(document!(
        "POST_api_sessions_session_id_tasks__response_200.json"
    ));
    survives::<types::Task>(document!("GET_api_tasks_task_id__response_200.json"));
    survives::<types::StoppedTask>(document!("POST_api_tasks_task_id_stop__response_200.json"));
    survives::<Listed<types::Artifact>>(document!(
        "GET_api_tasks_task_id_artifacts__response_200.json"
    ));
}

#[test]
fn the_documents_requests_survive() {
    survives::<types::RegisterRequest>(document!("POST_api_auth_register__request.json"));
    survives::<types::LoginRequest>(document!("POST_api_auth_login__request.json"));
    survives::<types::ApiKeyRequest>(document!("POST_api_auth_api-keys__request.json"));
    survives::<types::SessionRequest>(document!("POST_api_sessions__request.json"));
    survives::<types::TaskRequest>(document!(
        "POST_api_sessions_session_id_tasks__request.json"
    ));
    survives::<ClientMessage>(document!("WS_ws_tasks_task_id__client_stop.json"));
    survives::<ClientMessage>(document!("WS_ws_tasks_task_id__client_input.json"));
}

#[test]
fn a_session_that_asks_for_nothing_is_an_object_without_members() {
    assert_eq!(types::SessionRequest::default().write().unwrap(), b"{}");
}

/// Pitfall 37: secrets are shown to the server alone.
#[test]
fn no_secret_shows_in_debug_output() {
    let login: types::LoginRequest = survives(document!("POST_api_auth_login__request.json"));
    let token: types::AccessToken = survives(document!("POST_api_auth_login__response_200.json"));
    let key: types::ApiKey = survives(document!("POST_api_auth_api-keys__response_200.json"));
    let query = types::TokenQuery {
        token: Some(Secret::new("eyJ...")),
    };
    let shown = format!("{login:?} {token:?} {key:?} {query:?}");
    for secret in ["securepassword", "eyJ", "md_"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_task_survives_the_way_through_the_domain() {
    let task: types::Task = survives(document!("GET_api_tasks_task_id__response_200.json"));
    let run = map::run(task.clone());
    assert_eq!(run.status.unified, RunStatus::Completed);
    assert_eq!(run.outcome, Some(Outcome::Succeeded));
    let again = map::wire_task(&run);
    assert_eq!((again.id, again.status), (task.id, task.status));
    assert_eq!(again.completed_at, task.completed_at);
}

#[test]
fn a_task_that_completed_without_success_has_failed() {
    let mut task: types::Task = survives(document!("GET_api_tasks_task_id__response_200.json"));
    let result = task.result.as_mut().unwrap();
    (result.success, result.summary) = (Some(false), Some("The tests fail".into()));
    let run = map::run(task);
    assert_eq!(
        (run.status.unified, run.outcome),
        (RunStatus::Failed, Some(Outcome::Errors))
    );
    assert_eq!(run.status.native, "completed");
    assert_eq!(run.error.as_deref(), Some("The tests fail"));
}

#[test]
fn a_task_whose_iterations_were_used_up_reached_a_limit() {
    let failed = json!({"id": "t", "status": "failed"});
    let run = map::run(serde_json::from_value(failed).unwrap());
    let run = map::limited(run, "Maximum iterations reached");
    assert_eq!(run.status.unified, RunStatus::LimitReached);
    assert_eq!(run.outcome, Some(Outcome::LimitReached));
}

#[test]
fn the_documents_messages_survive_the_way_through_the_domain() {
    let kinds = [
        EventKind::TextDelta,
        EventKind::ToolCalled,
        EventKind::ToolResult,
        EventKind::PlanUpdated,
        EventKind::RunCompleted,
        EventKind::ErrorReported,
    ];
    let mut reader = Decoder::of("t");
    for (example, kind) in MESSAGES.into_iter().zip(kinds) {
        survives::<TaskMessage>(example);
        let mut event = reader.decode(example).unwrap().event;
        assert_eq!((event.kind(), &event.run), (kind, &map::name("t")));
        assert_eq!(events::encode(&event).unwrap(), example);
        event.native = None;
        assert_eq!(value(&events::encode(&event).unwrap()), value(example));
    }
}

#[test]
fn a_status_tells_how_a_task_ended() {
    let kind = |status: &str| {
        let message = json!({"type": "status", "status": status}).to_string();
        Decoder::of("t").decode(&message).unwrap().event.kind()
    };
    assert_eq!(kind("completed"), EventKind::RunCompleted);
    assert_eq!(kind("stopped"), EventKind::RunCancelled);
    assert_eq!(kind("failed"), EventKind::RunFailed);
    assert_eq!(kind("running"), EventKind::RunStatusChanged);
    assert_eq!(kind("brewing"), EventKind::RunStatusChanged);
}

#[test]
fn every_kind_but_a_start_comes_back() {
    let ends: [Payload; 4] = [
        payload::RunFailed {
            status: None,
            message: Some("no".into()),
            code: None,
        }
        .into(),
        payload::RunCancelled {
            status: None,
            message: None,
            reason: Some("enough".into()),
        }
        .into(),
        payload::RunStatusChanged {
            status: Some(RunStatus::Queued.into()),
            message: None,
            artifacts: None,
        }
        .into(),
        payload::RunCompleted {
            status: None,
            message: None,
            artifacts: None,
        }
        .into(),
    ];
    for end in ends {
        let kind = end.kind();
        let written = events::encode(&Event::new(map::name("t"), end))
            .unwrap()
            .into_owned();
        assert_eq!(
            Decoder::of("t").decode(&written).unwrap().event.kind(),
            kind,
            "{written}"
        );
    }
}

#[test]
fn an_error_makes_the_reader_look_at_the_task() {
    let told = Decoder::of("t").decode(MESSAGES[5]).unwrap();
    assert!(told.look);
    assert!(!Decoder::of("t").decode(MESSAGES[4]).unwrap().look);
}

#[test]
fn an_end_after_the_iterations_were_used_up_is_that_of_a_limit() {
    for status in ["failed", "stopped"] {
        let mut reader = Decoder::of("t");
        reader.decode(MESSAGES[5]).unwrap();
        assert_eq!(reader.limit(), Some("Maximum iterations reached"));
        let message = json!({"type": "status", "status": status}).to_string();
        let end = reader.decode(&message).unwrap().event;
        let reason = Some("Maximum iterations reached".to_owned());
        assert_eq!(end.payload, payload::RunLimitReached { reason }.into());
        let written = events::encode(&Event::new(end.run.clone(), end.payload))
            .unwrap()
            .into_owned();
        assert_eq!(value(&written)["code"], error::LIMIT);
    }
}

fn call_id(event: &Event) -> Option<&str> {
    match &event.payload {
        Payload::ToolCalled(called) => called.call_id.as_deref(),
        Payload::ToolResult(result) => result.call_id.as_deref(),
        other => panic!("{other:?} is of no tool"),
    }
}

#[test]
fn a_result_belongs_to_the_oldest_call_of_its_tool() {
    let mut reader = Decoder::of("t");
    let mut tell = |kind: &str, tool: &str| {
        let message = json!({"type": kind, "tool": tool}).to_string();
        let event = reader.decode(&message).unwrap().event;
        call_id(&event).map(str::to_owned)
    };
    let calls = [
        tell("tool_call", "a"),
        tell("tool_call", "b"),
        tell("tool_call", "a"),
    ];
    assert_eq!(tell("tool_result", "b"), calls[1]);
    assert_eq!(tell("tool_result", "a"), calls[0]);
    assert_eq!(tell("tool_result", "a"), calls[2]);
    assert_eq!(tell("tool_result", "a"), None);
}

#[test]
fn a_result_after_a_cut_belongs_to_no_call_before_it() {
    let mut reader = Decoder::of("t");
    let before = reader.decode(MESSAGES[1]).unwrap().event;
    reader.cut();
    assert_eq!(call_id(&reader.decode(MESSAGES[2]).unwrap().event), None);
    let after = reader.decode(MESSAGES[1]).unwrap().event;
    assert_ne!(call_id(&before), call_id(&after));
}

/// Pitfall 14: what nobody answers is not remembered without bound.
#[test]
fn calls_without_results_are_forgotten_at_last() {
    let mut reader = Decoder::of("t");
    let first = reader.decode(MESSAGES[1]).unwrap().event;
    for _ in 0..1000 {
        reader.decode(MESSAGES[1]).unwrap();
    }
    let result = reader.decode(MESSAGES[2]).unwrap().event;
    assert_ne!(call_id(&result), call_id(&first));
    assert!(call_id(&result).is_some());
}

#[test]
fn messages_of_the_field_are_understood_and_passed_on_as_they_came() {
    let mut reader = Decoder::of("t");
    let messages: Vec<_> = field!("messages.ndjson").lines().collect();
    let read: Vec<_> = messages.iter().map(|text| reader.decode(text)).collect();
    let kinds: Vec<_> = read
        .iter()
        .map(|told| told.as_ref().map(|told| told.event.kind()))
        .collect();
    assert_eq!(
        kinds,
        [
            None,
            Some(EventKind::Unknown),
            Some(EventKind::RunStarted),
            Some(EventKind::Unknown),
            Some(EventKind::ToolCalled),
            Some(EventKind::ToolResult),
            Some(EventKind::TextDelta),
            None,
            Some(EventKind::Unknown),
            Some(EventKind::RunFailed),
        ]
    );
    for (told, text) in read.iter().zip(messages) {
        if let Some(told) = told {
            assert_eq!(events::encode(&told.event).unwrap(), text);
        }
    }
    let event = |at: usize| &read[at].as_ref().unwrap().event;
    assert_eq!(call_id(event(4)), call_id(event(5)));
    assert!(event(9).at.is_some());
    let Payload::RunFailed(failed) = &event(9).payload else {
        panic!("it failed");
    };
    assert_eq!(failed.message.as_deref(), Some("no key"));
}

/// Pitfall 25: a message that nobody knows is an event.
#[test]
fn messages_that_are_not_understood_are_kept() {
    for text in [
        "[DONE]",
        "7",
        "null",
        "not json",
        r#"{"type":7}"#,
        r#"{"type":"tea"}"#,
        r#"{"type":"token"}"#,
        r#"{"type":"tool_call","tool":7}"#,
    ] {
        let event = Decoder::of("t").decode(text).unwrap().event;
        assert_eq!(event.kind(), EventKind::Unknown, "{text}");
        assert_eq!(event.run, map::name("t"));
        assert_eq!(events::encode(&event).unwrap(), text);
        assert!(matches!(TaskMessage::read(text), TaskMessage::Unknown(_)));
    }
}

#[test]
fn a_message_inside_data_is_read_by_the_types_too() {
    let text = r#"{"type":"token","data":{"text":"hello"},"task_id":"t"}"#;
    let TaskMessage::Token(token) = TaskMessage::read(text) else {
        panic!("it is a token");
    };
    assert_eq!(token.content, "hello");
    assert_eq!(token.extra["task_id"], "t");
}

#[test]
fn answers_of_the_field_are_read() {
    let user: types::User = read(0);
    assert_eq!((user.id.as_str(), &*user.name), ("8a1b2c3d", "example"));
    assert_eq!(user.extra["is_admin"], false);
    let key: types::ApiKey = read(1);
    assert_eq!((key.id.as_str(), key.expires_at), ("k-1", None));
    let models: types::ModelList = read(2);
    assert_eq!(models.models[0].supports_function_calling, Some(true));
    assert_eq!(models.models[0].provider, "OPENAI");
    let providers: types::ProviderList = read(3);
    assert_eq!(providers.providers[0].configured, Some(true));
    assert_eq!(providers.default_model, None);
    assert_eq!(providers.providers[1].extra["models"], json!(["a", "b"]));
    let session: types::Session = read(4);
    assert_eq!(
        (session.id.as_str(), session.status),
        ("1f2e3d4c", types::SessionStatus::Idle)
    );
    assert_eq!(
        (session.name.as_deref(), session.task_count),
        (Some("a title"), Some(2))
    );
    let task: types::Task = read(5);
    assert_eq!(task.id.as_str(), "t-1");
    assert_eq!(map::run(task).status.unified, RunStatus::Cancelled);
    let stopped: types::StoppedTask = read(6);
    assert_eq!(stopped.extra["stopped"], true);
    let artifacts: Listed<types::Artifact> = read(7);
    assert_eq!(artifacts.0[1].id.as_str(), "diff.patch");
    assert!(map::health(read(8)).healthy);
}

#[test]
fn the_statuses_are_those_of_the_table() {
    let table = include_str!("../../contract/status_map.tsv");
    let rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let rows: Vec<_> = rows
        .filter(|row| row[0] == "mini-devin" && row[1] == "task")
        .collect();
    assert_eq!(rows.len(), 5);
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
fn the_words_of_steps_are_those_of_the_table() {
    let table = include_str!("../../contract/status_map.tsv");
    let rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let rows: Vec<_> = rows
        .filter(|row| row[0] == "mini-devin" && row[1] == "plan_step")
        .collect();
    let words: Vec<_> = rows.iter().map(|row| row[2]).collect();
    assert_eq!(words, types::StepStatus::KNOWN);
}

#[test]
fn the_documents_error_is_understood() {
    let example = document!("envelope_error.json");
    survives::<types::ErrorBody>(example);
    let error = error::read(500, example.as_bytes());
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Remote, "Error message")
    );
    assert_eq!(
        error.remote_detail().unwrap().code.as_deref(),
        Some("ERROR_CODE")
    );
}

#[test]
fn the_documented_codes_arrive_as_their_kinds_and_are_written_again() {
    for (status, code, kind) in [
        (401, "UNAUTHORIZED", ErrorKind::Unauthenticated),
        (403, "FORBIDDEN", ErrorKind::Forbidden),
        (404, "NOT_FOUND", ErrorKind::NotFound),
        (422, "VALIDATION_ERROR", ErrorKind::InvalidInput),
        (429, "RATE_LIMITED", ErrorKind::RateLimited),
        (500, "INTERNAL_ERROR", ErrorKind::Remote),
    ] {
        let body = json!({"detail": "no", "code": code}).to_string();
        let error = error::read(status, body.as_bytes());
        assert_eq!(error.kind(), kind);
        let (written, body) = error::write(&error);
        assert_eq!((written, &*body.code, &*body.detail), (status, code, "no"));
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

proptest::proptest! {
    #[test]
    fn no_message_is_lost(text: String, kind: String) {
        let inside = json!({"type": kind, "x": text}).to_string();
        for text in [text, inside] {
            let mut reader = Decoder::of("t");
            if let Some(told) = reader.decode(&text) {
                proptest::prop_assert_eq!(events::encode(&told.event).unwrap(), text);
            }
        }
    }
}
