//! The document's own examples and tables, read and written.

use std::collections::BTreeMap;

use grump_core::{ErrorKind, Event, EventKind, Payload, RunId, RunRef, RunStatus, payload};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{error, events, map, types};
use crate::endpoint::{BodyError, RequestBody};

/// A fixture of the document's.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!("fixtures/document/", $name))
    };
}

/// Reads an example and writes it again: nothing is added and nothing gets lost.
fn survives<T: Serialize + DeserializeOwned>(example: &str) -> T {
    let read: T = serde_json::from_str(example).unwrap();
    let told: Value = serde_json::from_str(example).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), told);
    read
}

#[test]
fn the_documents_answers_survive() {
    survives::<types::HealthReport>(document!("GET_api_health__response_200.json"));
    survives::<Vec<types::FileDiff>>(document!("GET_api_loops_id_diff__response_200.json"));
    survives::<types::PlanningFile>(document!("GET_api_loops_id_plan__response_200.json"));
    survives::<types::PlanningFile>(document!("GET_api_loops_id_status-file__response_200.json"));
    survives::<Vec<types::Model>>(document!("GET_api_models__response_200.json"));
    survives::<Option<types::ModelRef>>(document!(
        "GET_api_preferences_last-model__response_200.json"
    ));
    survives::<Option<types::ModelRef>>(document!(
        "GET_api_preferences_last-model__response_200_null.json"
    ));
    survives::<types::PlanningFolder>(document!(
        "GET_api_check-planning-dir__response_200_exists.json"
    ));
    survives::<types::Accepted>(document!("POST_api_loops_id_accept__response_200.json"));
    survives::<types::Success>(document!("POST_api_loops_id_start__response_200.json"));
}

#[test]
fn the_documents_requests_survive() {
    survives::<types::LoopRequest>(document!("POST_api_loops__request.json"));
    survives::<types::LoopRequest>(document!("POST_api_loops__request_curl.json"));
    survives::<types::StartRequest>(document!("POST_api_loops_id_start__request_curl.json"));
    survives::<types::PendingPrompt>(document!("PUT_api_loops_id_pending-prompt__request.json"));
    survives::<types::ModelRef>(document!("PUT_api_preferences_last-model__request.json"));
}

#[test]
fn a_loop_survives_the_way_through_the_domain() {
    let example = document!("GET_api_loops__response_200.json");
    let told: Vec<types::Loop> = survives(example);
    let runs: Vec<_> = told.iter().cloned().map(map::run).collect();
    assert_eq!(runs[0].title, "My Loop");
    assert_eq!(runs[0].status.unified, RunStatus::Draft);
    let again: Vec<_> = runs.iter().filter_map(map::wire_loop).collect();
    assert_eq!(
        serde_json::to_value(again).unwrap(),
        serde_json::from_str::<Value>(example).unwrap()
    );
}

#[test]
fn a_diff_gets_its_headers_back_and_loses_them_again() {
    let example = document!("GET_api_loops_id_diff__response_200.json");
    let told: Vec<types::FileDiff> = survives(example);
    let diffs: Vec<_> = told.iter().cloned().map(map::file_diff).collect();
    let headers = "diff --git a/src/styles/dark.css b/src/styles/dark.css\nnew file mode 100644\n\
        --- /dev/null\n+++ b/src/styles/dark.css\n@@ -0,0 +1,42 @@\n";
    assert!(diffs[1].patch.starts_with(headers), "{}", diffs[1].patch);
    let again: Vec<_> = diffs.iter().map(map::wire_file_diff).collect();
    assert_eq!(again, told);
}

#[test]
fn a_folder_without_planning_is_told_in_the_documents_words() {
    let example = document!("GET_api_check-planning-dir__response_200_missing.json");
    let told: types::PlanningFolder = survives(example);
    let folder = map::planning_folder(told.clone());
    assert_eq!(map::wire_planning_folder(folder), told);
}

#[test]
fn the_documents_events_survive_the_way_through_the_domain() {
    for (example, kind) in [
        (
            document!("GET_api_events__response_200.event1_loop.iteration.start.json"),
            EventKind::IterationStarted,
        ),
        (
            document!("GET_api_events__response_200.event2_loop.log.json"),
            EventKind::Log,
        ),
        (
            document!("GET_api_events__response_200.event3_loop.tool_call.json"),
            EventKind::ToolCalled,
        ),
    ] {
        let mut event = events::decode(example, None).unwrap().event;
        assert_eq!(event.kind(), kind);
        assert_eq!(event.run, RunRef::of_loop("abc-123"));
        assert_eq!(events::encode(&event).unwrap(), example);
        event.native = None;
        let (written, told) = (events::encode(&event).unwrap(), example);
        assert_eq!(value(&written), value(told));
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_type_of_the_document_has_a_kind_and_every_kind_comes_back() {
    let mut kinds = BTreeMap::new();
    for kind in events::TYPES {
        let frame = full_frame(kind);
        let decoded = events::decode(&frame, None).unwrap();
        assert_ne!(decoded.event.kind(), EventKind::Unknown, "{frame}");
        let mut plain = decoded.event.clone();
        plain.native = None;
        let written = events::encode(&plain).unwrap().into_owned();
        assert_eq!(value(&written)["type"], **kind);
        let again = events::decode(&written, None).unwrap().event;
        assert_eq!(again.kind(), plain.kind(), "{written}");
        kinds.insert(plain.kind(), kind);
    }
    for kind in events::KINDS {
        let seldom = [
            EventKind::ToolResult,
            EventKind::RunLimitReached,
            EventKind::RunFailed,
        ];
        assert!(kinds.contains_key(kind) || seldom.contains(kind), "{kind}");
    }
}

/// A frame of this type with all members that any type has.
fn full_frame(kind: &str) -> String {
    let message = match kind {
        "loop.log" => Value::from("a line"),
        _ => serde_json::json!({"role": "assistant", "content": "hi"}),
    };
    serde_json::json!({
        "type": kind, "loopId": "abc-123", "iteration": 3, "timestamp": "2026-01-20T10:15:00.000Z",
        "message": message, "content": "piece", "id": "log-1", "level": "info",
        "tool": {"id": "tc-1", "name": "Write"}, "commit": {"sha": "abc"}, "outcome": "continue",
        "error": "no", "mergeCommit": "def", "unheard": {"of": 1},
    })
    .to_string()
}

#[test]
fn ends_that_have_no_type_of_their_own_come_back() {
    let run = || RunRef::of_loop("l");
    let limit = payload::RunLimitReached {
        reason: Some("limit_reached".into()),
    };
    let failed = payload::RunFailed {
        status: None,
        message: Some("broken".into()),
        code: None,
    };
    let ends = [
        (
            Payload::from(limit),
            "loop.stopped",
            EventKind::RunLimitReached,
        ),
        (failed.into(), "loop.error", EventKind::RunFailed),
    ];
    for (payload, kind, expected) in ends {
        let written = events::encode(&Event::new(run(), payload))
            .unwrap()
            .into_owned();
        assert_eq!(value(&written)["type"], kind);
        let read = events::decode(&written, None).unwrap();
        assert_eq!(
            (read.event.kind(), read.look),
            (expected, false),
            "{written}"
        );
    }
}

#[test]
fn an_error_of_a_foreign_server_makes_the_reader_look() {
    let frame = r#"{"type":"loop.error","loopId":"l","error":"oops"}"#;
    let read = events::decode(frame, None).unwrap();
    assert_eq!(
        (read.event.kind(), read.look),
        (EventKind::ErrorReported, true)
    );
    let frame = r#"{"type":"loop.stopped","loopId":"l","reason":"Somebody tripped"}"#;
    assert!(events::decode(frame, None).unwrap().look);
}

/// Pitfall 25: an event that nobody knows is an event.
#[test]
fn frames_that_are_not_understood_are_kept() {
    let stream = RunId::new("l");
    for frame in [
        "[DONE]",
        "7",
        "[1]",
        "null",
        "not json",
        r#"{"type":"loop.tea","loopId":"l"}"#,
        r#"{"type":7,"loopId":"l"}"#,
        r#"{"type":"loop.progress","content":7}"#,
        r#"{"type":"loop.log"}"#,
    ] {
        let event = events::decode(frame, Some(&stream)).unwrap().event;
        assert_eq!(event.kind(), EventKind::Unknown, "{frame}");
        assert_eq!(event.run, RunRef::of_loop("l"));
        assert_eq!(events::encode(&event).unwrap(), frame);
    }
}

#[test]
fn members_of_a_strange_type_do_not_lose_the_event() {
    let frame = r#"{"type":"loop.iteration.start","loopId":"l","iteration":"three","timestamp":7}"#;
    let event = events::decode(frame, None).unwrap().event;
    assert_eq!(event.kind(), EventKind::IterationStarted);
    assert_eq!((event.iteration, event.at), (None, None));
}

#[test]
fn the_statuses_are_those_of_the_table() {
    let table = include_str!("../../contract/status_map.tsv");
    let rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let rows: Vec<_> = rows.filter(|row| row[0] == "ralpher").collect();
    assert_eq!(rows.len(), 10);
    for row in rows {
        let status = map::status(row[2].to_owned());
        assert_eq!(format!("{:?}", status.unified), row[3]);
        assert_eq!(map::wire_status(&status), row[2]);
    }
    let unknown = map::status("brewing".to_owned());
    assert_eq!(unknown.unified, RunStatus::Unknown);
    assert_eq!(map::wire_status(&unknown), "brewing");
}

#[test]
fn the_documents_errors_are_understood() {
    let full = document!("POST_api_loops_id_start__response_409_uncommitted_changes.json");
    let error = error::read(409, full.as_bytes());
    let conflict = error.conflict().unwrap();
    assert_eq!(conflict.code, "uncommitted_changes");
    assert_eq!(conflict.changed_files, ["src/foo.ts", "src/bar.ts"]);
    assert_eq!(conflict.options, ["commit", "stash", "cancel"]);
    let (status, body) = error::write::<super::StartLoop>(&error);
    assert_eq!(status, 409);
    assert_eq!(serde_json::to_value(body).unwrap(), value(full));
    let short = document!("POST_api_loops_id_start__response_409_curl.json");
    assert_eq!(
        error::read(409, short.as_bytes()).kind(),
        ErrorKind::Conflict
    );
}

#[test]
fn answers_that_are_no_errors_of_the_dialect_are_understood() {
    let kind = |status, body: &str| error::read(status, body.as_bytes()).kind();
    assert_eq!(kind(500, "<html>no</html>"), ErrorKind::Remote);
    assert_eq!(kind(404, ""), ErrorKind::NotFound);
    assert_eq!(kind(500, r#"{"error":"save_failed"}"#), ErrorKind::Remote);
    assert_eq!(
        kind(400, r#"{"error":"missing_directory","message":"x"}"#),
        ErrorKind::InvalidInput
    );
    let text = error::read(502, b"bad\n gateway").to_string();
    assert_eq!(text, "the server answered 502 (answer: bad gateway)");
}

#[test]
fn a_fine_reason_is_told_by_the_failure_that_the_document_lists() {
    let conflict = |code: &'static str| {
        let found = grump_core::Conflict::new(code);
        grump_core::Error::new(ErrorKind::Conflict, "no").conflicting(found)
    };
    let (status, body) = error::write::<super::AcceptLoop>(&conflict("merge_conflict"));
    assert_eq!((status, &*body.error), (400, "accept_failed"));
    let (status, body) = error::write::<super::DiffLoop>(&conflict("no_git_branch"));
    assert_eq!((status, &*body.error), (400, "no_git_branch"));
    let (status, body) = error::write::<super::StartLoop>(&conflict("not_startable"));
    assert_eq!((status, &*body.error), (409, "not_startable"));
}

#[test]
fn a_body_is_refused_by_what_is_wrong_with_it() {
    let wrong = |body: &str| types::LoopRequest::read(body.as_bytes()).unwrap_err();
    assert!(matches!(wrong("{"), BodyError::NotJson(_)));
    assert!(matches!(
        wrong(r#"{"name":"n"} x"#),
        BodyError::NotValid { .. } | BodyError::NotJson(_)
    ));
    let missing = wrong(r#"{"name":"n","prompt":"p"}"#).to_string();
    assert!(missing.contains("directory"), "{missing}");
    let strange = r#"{"name":"n","prompt":"p","directory":"/d","maxIterations":"ten"}"#;
    assert!(wrong(strange).to_string().starts_with("maxIterations: "));
    let foreign = r#"{"name":"n","prompt":"p","directory":"/d","verify":"make"}"#;
    assert!(wrong(foreign).to_string().contains("verify"));
    assert_eq!(
        types::StartRequest::read(b" ").unwrap(),
        types::StartRequest::default()
    );
}

#[test]
fn a_backend_is_refused_by_what_is_wrong_with_it() {
    let asked = |backend: &str| {
        let body = format!(r#"{{"name":"n","prompt":"p","directory":"/d","backend":{backend}}}"#);
        map::new_loop(types::LoopRequest::read(body.as_bytes()).unwrap())
    };
    assert_eq!(asked("{}").unwrap().config.backend.agent, "opencode");
    assert_eq!(
        asked(r#"{"type":"busy"}"#).unwrap().config.backend.agent,
        "busy"
    );
    for backend in [
        r#"{"mode":"beam"}"#,
        r#"{"mode":"connect"}"#,
        r#"{"command":"rm -rf /"}"#,
    ] {
        assert_eq!(
            asked(backend).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{backend}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn no_frame_is_lost(frame: String, inside: String) {
        let stream = RunId::new("l");
        let inside = serde_json::json!({ "type": inside }).to_string();
        for frame in [frame, inside] {
            let event = events::decode(&frame, Some(&stream)).unwrap().event;
            proptest::prop_assert_eq!(events::encode(&event).unwrap(), frame);
        }
    }
}

/// A fixture of what servers in the field were seen to send.
macro_rules! field {
    ($name:literal) => {
        include_str!(concat!("fixtures/field/", $name))
    };
}

#[test]
fn a_loop_with_members_of_the_field_is_read_and_keeps_them() {
    let told: types::Loop = serde_json::from_str(field!("loop_with_more.json")).unwrap();
    let kept = serde_json::to_value(&told).unwrap();
    assert_eq!(kept["config"]["theme"], "dark");
    assert_eq!(kept["state"]["git"]["originalBranch"], "main");
    let run = map::run(told);
    let detail = run.as_loop().unwrap();
    assert_eq!(run.status.unified, RunStatus::Completed);
    assert_eq!(detail.iteration, 2);
    assert_eq!(detail.recent_iterations.len(), 2);
    assert_eq!(
        (detail.config.max_iterations, &detail.config.model),
        (None, &None)
    );
}

#[test]
fn a_loop_with_hardly_any_member_is_read() {
    let told: types::Loop = serde_json::from_str(field!("loop_with_less.json")).unwrap();
    let run = map::run(told);
    assert_eq!(run.name.id.as_str(), "42");
    assert_eq!(run.status.native, "brewing");
    assert_eq!(run.as_loop().unwrap().config.backend.agent, "opencode");
}

#[test]
fn the_events_of_the_field_are_understood_and_passed_on_as_they_came() {
    let frames = field!("events.sse").lines();
    let data: Vec<_> = frames
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    let read = data
        .iter()
        .map(|frame| events::decode(frame, None).unwrap().event);
    let read: Vec<Event> = read.collect();
    let kinds: Vec<_> = read.iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        [
            EventKind::Log,
            EventKind::Log,
            EventKind::RunStarted,
            EventKind::TextDelta,
            EventKind::ToolCalled,
            EventKind::ToolResult,
            EventKind::CommitCreated,
            EventKind::RunLimitReached,
        ]
    );
    assert_eq!(read[2].iteration, None);
    for (event, frame) in read.iter().zip(data) {
        assert_eq!(events::encode(event).unwrap(), frame);
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
        assert!(!error.message().is_empty());
    }
}

#[test]
fn members_that_a_request_must_not_have_are_refused_by_name() {
    for (part, member) in [
        (r#""git":{"branchprefix":"x/"}"#, "git.branchprefix"),
        (
            r#""model":{"providerID":"a","modelID":"b","size":1}"#,
            "model.size",
        ),
    ] {
        let body = format!(r#"{{"name":"n","prompt":"p","directory":"/d",{part}}}"#);
        let new = map::new_loop(types::LoopRequest::read(body.as_bytes()).unwrap());
        assert!(new.unwrap_err().to_string().contains(member));
        let body = format!("{{{part}}}");
        let edit = map::edit(types::LoopChange::read(body.as_bytes()).unwrap());
        assert!(edit.unwrap_err().to_string().contains(member));
    }
}

#[test]
fn a_failed_loop_of_the_field_tells_why() {
    let mut told: types::Loop = serde_json::from_str(field!("loop_with_more.json")).unwrap();
    told.state.status = "failed".into();
    assert_eq!(map::run(told.clone()).error, None);
    told.state
        .extra
        .insert("error".into(), "out of tokens".into());
    assert_eq!(map::run(told).error.as_deref(), Some("out of tokens"));
}

#[test]
fn a_reason_that_only_sounds_like_a_limit_makes_the_reader_look() {
    let look = |reason: &str| {
        let frame = format!(r#"{{"type":"loop.stopped","loopId":"l","reason":"{reason}"}}"#);
        events::decode(&frame, None).unwrap().look
    };
    assert!(look("API rate limit exceeded"));
    assert!(!look("max_iterations") && !look("budget") && !look("stopped"));
}
