//! Events, one frame at a time.

use std::collections::BTreeMap;

use grump_core::{Event, EventKind, Payload, RunId, RunKind, RunRef, RunStatus, payload};
use serde_json::json;

use super::{survives, value};
use crate::steward::{events, types};

fn run() -> RunId {
    RunId::new("148")
}

fn decode(data: &str) -> Event {
    let received = events::Received {
        name: events::AGENT_EVENT,
        id: None,
        data,
    };
    events::decode(received, &run()).event
}

#[test]
fn the_documents_event_survives_the_way_through_the_domain() {
    let data = include_str!(
        "../fixtures/document/GET_api_runs_run_events_stream__response_200.event1_agent_event.json"
    );
    let mut event = decode(data);
    assert_eq!(event.kind(), EventKind::FileChanged);
    assert_eq!(event.run, RunRef::new(RunKind::Task, "148"));
    assert_eq!(events::encode(&event).unwrap(), data);
    assert_eq!(events::position(&event), Some(91823));
    event.native = None;
    let written = value(&events::encode(&event).unwrap());
    for (name, told) in value(data).as_object().unwrap() {
        assert_eq!(written[name], *told);
    }
}

/// An event of each kind, with as few members as it takes.
fn told() -> Vec<Event> {
    let bodies = json!({
        "text.delta": {"text": "hi"}, "message": {"message": {"role": "assistant"}},
        "tool.called": {"tool": "write"}, "tool.result": {"tool": "write", "success": true},
        "log": {"level": "warn", "message": "slow"}, "plan.updated": {"plan": {"steps": []}},
        "progress": {"value": 0.5, "scale": "fraction"},
        "approval.resolved": {"decision": "approved"}, "commit.created": {"commit": {"sha": "c"}},
        "artifact.created": {"artifact": "a.zip"}, "error": {"message": "no"},
        "usage": {"usage": {}}, "file.changed": {"path": "a", "change": "added"},
        "permission.requested": {"approval": "a-1", "action": "bash", "title": "ls"},
        "permission.resolved": {"approval": "a-1", "decision": "allow"},
        "retrying": {"attempt": 2, "message": "overloaded"},
        "snapshot.created": {"description": "before"},
        "run.status": {"status": {"unified": "paused", "native": "paused"}, "message": "held"},
        "run.failed": {"message": "no", "code": "E1"},
        "iteration.ended": {"outcome": "continue"},
    });
    let body = |kind: &EventKind| bodies.get(kind.as_str()).cloned().unwrap_or(json!({}));
    let payload = |kind: &EventKind| Payload::decode(kind.as_str(), body(kind).into());
    let events = events::KINDS.iter().map(|kind| {
        let mut event = Event::new(RunRef::new(RunKind::Task, "148"), payload(kind));
        assert_eq!(event.kind(), *kind, "{}", body(kind));
        event.seq = Some("j-7".into());
        event.iteration = Some(2);
        event.at = Some("2026-01-20T10:00:00Z".parse().unwrap());
        event
    });
    events.collect()
}

#[test]
fn every_kind_of_ours_travels_in_snake_case_and_comes_back() {
    let mut types = BTreeMap::new();
    for event in told() {
        let written = events::encode(&event).unwrap().into_owned();
        let frame = value(&written);
        let read = decode(&written);
        assert_eq!(read.payload, event.payload, "{written}");
        assert_eq!((read.iteration, &read.at), (event.iteration, &event.at));
        assert_eq!(read.seq.as_deref(), Some("7"));
        assert_eq!((&frame["id"], &frame["runId"]), (&json!(7), &json!(148)));
        types.insert(
            frame["eventType"].as_str().unwrap().to_owned(),
            event.kind(),
        );
    }
    assert_eq!(types.len(), events::KINDS.len());
    assert_eq!(types["file_updated"], EventKind::FileChanged);
    assert_eq!(types["run_limit_reached"], EventKind::RunLimitReached);
    assert!(types.keys().all(|word| !word.contains('.')));
    assert!(!types.contains_key("heartbeat"));
}

#[test]
fn a_status_travels_in_the_dialects_own_word() {
    let changed = payload::RunStatusChanged {
        status: Some(RunStatus::Starting.into()),
        message: None,
        artifacts: None,
    };
    let event = Event::new(RunRef::new(RunKind::Task, "148"), changed);
    let written = value(&events::encode(&event).unwrap());
    assert_eq!(written["payload"], json!({"status": "queued"}));
}

/// Pitfall 25: an event that nobody knows is an event.
#[test]
fn frames_that_are_not_understood_are_kept() {
    for data in [
        "[DONE]",
        "7",
        "[1]",
        "null",
        "not json",
        r#"{"eventType":"tea_ready","payload":{"hot":true}}"#,
        r#"{"eventType":7}"#,
        r#"{"eventType":"text_delta","payload":{"text":7}}"#,
        r#"{"eventType":"progress"}"#,
    ] {
        let event = decode(data);
        assert_eq!(event.kind(), EventKind::Unknown, "{data}");
        assert_eq!(event.run.id, run());
        assert_eq!(events::encode(&event).unwrap(), data);
    }
}

#[test]
fn an_unknown_event_keeps_its_type_where_its_frame_is_lost() {
    let mut event = decode(r#"{"eventType":"tea_ready","hot":true}"#);
    event.native = None;
    let written = value(&events::encode(&event).unwrap());
    assert_eq!(written["eventType"], "tea_ready");
    assert_eq!(written["payload"]["hot"], true);
}

#[test]
fn the_datas_id_wins_over_the_frames() {
    let seq = |id, data| {
        let received = events::Received {
            name: events::AGENT_EVENT,
            id,
            data,
        };
        events::decode(received, &run()).event.seq
    };
    assert_eq!(seq(Some("7"), r#"{"id":8}"#).as_deref(), Some("8"));
    assert_eq!(seq(Some("7"), "{}").as_deref(), Some("7"));
    assert_eq!(seq(Some(""), "{}"), None);
    assert_eq!(seq(None, "{}"), None);
}

proptest::proptest! {
    #[test]
    fn no_frame_is_lost(name: String, data: String, inside: String) {
        let inside = json!({ "eventType": inside }).to_string();
        for data in [data, inside] {
            let received = events::Received { name: &name, id: None, data: &data };
            let event = events::decode(received, &run()).event;
            proptest::prop_assert_eq!(events::encode(&event).unwrap(), data);
        }
    }
}

/// The frames of an example: name, id, data.
fn frames(text: &'static str) -> Vec<(&'static str, Option<&'static str>, &'static str)> {
    let blocks = text.split("\n\n").filter(|block| block.contains("data: "));
    let line = |block: &'static str, name: &str| {
        let mut lines = block.lines();
        lines.find_map(|line| line.strip_prefix(name))
    };
    let frame = |block| {
        let (name, id) = (line(block, "event: "), line(block, "id: "));
        (name.unwrap_or(""), id, line(block, "data: ").unwrap())
    };
    blocks.map(frame).collect()
}

#[test]
fn the_documents_stream_is_understood() {
    let text =
        include_str!("../fixtures/document/GET_api_runs_run_events_stream__response_200.sse");
    let [(name, id, data)] = frames(text)[..] else {
        panic!("{text}")
    };
    let told = events::decode(events::Received { name, id, data }, &run());
    assert_eq!(told.event.kind(), EventKind::FileChanged);
    assert!(text.contains(&format!("\n:{}\n", events::PING)));
}

#[test]
fn the_events_of_the_field_are_understood_and_passed_on_as_they_came() {
    let frames = frames(field!("events.sse"));
    let read: Vec<_> = frames
        .iter()
        .map(|&(name, id, data)| events::decode(events::Received { name, id, data }, &run()))
        .collect();
    let told: Vec<_> = read
        .iter()
        .map(|told| (told.event.payload.name(), told.look))
        .collect();
    assert_eq!(
        told,
        [
            ("message", false),
            ("file.changed", false),
            ("snapshot.created", false),
            ("command_started", false),
            ("run_paused", true),
            ("notice", false),
            ("", false),
            ("run.failed", false),
        ]
    );
    for (told, (.., id, data)) in read.iter().zip(&frames) {
        assert_eq!(events::encode(&told.event).unwrap(), *data);
        assert_eq!(told.event.seq.as_deref(), *id);
        assert_eq!(told.event.run.id, run());
    }
    let Payload::RunFailed(failed) = &read[7].event.payload else {
        panic!("{read:?}")
    };
    assert_eq!(failed.message.as_deref(), Some("out of tokens"));
}

#[test]
fn an_event_of_a_list_is_the_same_as_on_the_stream() {
    let page: types::Page<types::AgentEvent> =
        survives("GET_api_runs_run_events__response_200.json");
    let told = events::of_list(&page.data[0], &run()).event;
    let data = serde_json::to_string(&page.data[0]).unwrap();
    assert_eq!(told, decode(&data));
    assert_eq!(told.payload.name(), "file.changed");
}
