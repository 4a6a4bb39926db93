//! Frames of streams and sockets, and deliveries, to events and back.

use grump_core::{Event, EventKind, Json, Payload, Phase, RunId, RunKind, RunRef, payload};
use serde_json::json;

use super::{frames, rows, value};
use crate::grump::{
    Delivery, WebhookEvent,
    events::{self, ChatReader, SocketReader},
};

fn session() -> RunId {
    RunId::new("ship_session_xyz789")
}

fn ship(stream: &str) -> Vec<Event> {
    let read = |data| events::decode_ship(data, &session());
    frames(stream).into_iter().map(read).collect()
}

fn chat(stream: &str) -> Vec<Event> {
    let mut reader = ChatReader::new("turn-1");
    frames(stream)
        .into_iter()
        .filter_map(|data| reader.decode(data))
        .collect()
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(Event::kind).collect()
}

const SHIP: &str = document!("POST_api_ship_sessionId_execute_stream__response_200.sse");
const CHAT: &str = document!("POST_api_chat_stream__response_200.sse");

#[test]
fn the_documents_session_is_read_and_written_again() {
    // The document leaves the result out; its example file has `{}` instead.
    let stream = SHIP.replace("{...}", "{}");
    let told = ship(&stream);
    assert_eq!(
        kinds(&told),
        [
            EventKind::RunStarted,
            EventKind::PhaseStarted,
            EventKind::PhaseCompleted,
            EventKind::PhaseStarted,
            EventKind::RunCompleted
        ]
    );
    assert_eq!(told[3].phase, Some(Phase::Spec));
    for (mut event, frame) in told.into_iter().zip(frames(&stream)) {
        assert_eq!(event.run, RunRef::new(RunKind::Ship, session()));
        assert_eq!(events::encode_ship(&event).unwrap(), frame);
        event.native = None;
        assert_eq!(value(&events::encode_ship(&event).unwrap()), value(frame));
    }
}

#[test]
fn the_documents_chat_is_read_and_written_again() {
    let told = chat(CHAT);
    assert_eq!(
        kinds(&told),
        [
            events::CHAT_KINDS[0],
            EventKind::ToolCalled,
            EventKind::ToolResult,
            EventKind::RunCompleted
        ]
    );
    for (mut event, frame) in told.into_iter().zip(frames(CHAT)) {
        assert_eq!(events::encode_chat(&event).unwrap(), frame);
        event.native = None;
        assert_eq!(value(&events::encode_chat(&event).unwrap()), value(frame));
    }
}

#[test]
fn every_row_of_the_event_map_holds() {
    let table = rows(include_str!("../../../contract/event_map.tsv"));
    assert_eq!(table.len(), 12);
    for row in table {
        let (channel, native, unified) = (row[1], row[3], row[5]);
        let frame = json!({
            "type": native, "sessionId": "s", "phase": "spec", "result": {"a": 1}, "nextPhase": "plan",
            "content": "hi", "tool": "write", "args": {"b": 2},
        });
        let told = match channel {
            "sse.ship" => events::decode_ship(&frame.to_string(), &session()),
            "sse.chat" => ChatReader::new("t").decode(&frame.to_string()).unwrap(),
            "webhook" => events::decode_delivery(&Delivery {
                event: native.into(),
                ..Delivery::default()
            }),
            // Only clients say it.
            "ws" => continue,
            other => panic!("{other}"),
        };
        assert_eq!(told.kind().as_str(), unified, "{row:?}");
    }
}

#[test]
fn what_a_phase_made_and_what_follows_is_told() {
    let told = &ship(field!("ship.sse"))[2];
    let expected = payload::PhaseCompleted {
        result: Some(json!({"status": "completed"}).into()),
        next_phase: Some("spec".into()),
    };
    assert_eq!(told.payload, expected.into());
    assert_eq!(told.phase, Some(Phase::Design));
}

/// Ambiguity G-10: an error inside a stream of status 200.
#[test]
fn an_error_in_a_stream_is_an_event() {
    for (stream, message, code, phase) in [
        (
            field!("ship_unknown_session.sse"),
            "Session nobody not found",
            None,
            None,
        ),
        (
            field!("ship_failed.sse"),
            "out of tokens",
            None,
            Some(Phase::Code),
        ),
    ] {
        let told = ship(stream);
        let expected = payload::ErrorReported {
            message: message.into(),
            code,
        };
        assert_eq!(
            (&told[1].payload, &told[1].phase),
            (&expected.into(), &phase)
        );
    }
}

#[test]
fn the_tool_calls_of_the_field_are_paired_by_their_ids() {
    let told = chat(field!("chat.sse"));
    let calls = told.iter().filter_map(|event| match &event.payload {
        Payload::ToolCalled(call) => Some((call.call_id.as_deref(), None)),
        Payload::ToolResult(result) => Some((result.call_id.as_deref(), result.success)),
        _ => None,
    });
    assert_eq!(
        calls.collect::<Vec<_>>(),
        [
            (Some("toolu_1"), None),
            (Some("toolu_2"), None),
            (Some("toolu_2"), Some(true)),
            (Some("toolu_1"), Some(false)),
        ]
    );
}

/// Ambiguity G-18: without ids, by their order and the tool's name.
#[test]
fn tool_calls_without_ids_are_paired_by_order_and_tool() {
    let mut reader = ChatReader::new("t");
    let mut id = |kind: &str, tool: &str| {
        let frame = json!({"type": kind, "tool": tool}).to_string();
        match reader.decode(&frame).unwrap().payload {
            Payload::ToolCalled(call) => call.call_id,
            Payload::ToolResult(result) => result.call_id,
            other => panic!("{other:?}"),
        }
    };
    let read = id("tool_call", "read");
    let write = id("tool_call", "write");
    let again = id("tool_call", "read");
    assert!(read != write && read != again && read.is_some());
    assert_eq!(id("tool_result", "write"), write);
    assert_eq!(id("tool_result", "read"), read);
    assert_eq!(id("tool_result", "read"), again);
    assert_eq!(id("tool_result", "read"), None);
}

#[test]
fn a_turn_ends_once() {
    let told = chat(field!("chat.sse"));
    assert_eq!(told.last().unwrap().kind(), EventKind::RunCompleted);
    let ends = told.iter().filter(|event| event.kind().ends_work());
    assert_eq!(ends.count(), 1);
}

#[test]
fn a_turn_that_ends_after_an_error_failed() {
    let told = chat(field!("chat_failed.sse"));
    assert_eq!(
        kinds(&told),
        [
            EventKind::TextDelta,
            EventKind::ErrorReported,
            EventKind::RunFailed
        ]
    );
    let failed = payload::RunFailed {
        status: None,
        message: Some("The model is overloaded".into()),
        code: Some("api_error".into()),
    };
    assert_eq!(told[2].payload, failed.into());
}

#[test]
fn a_turn_whose_stream_ends_after_an_error_failed_and_any_other_is_not_known() {
    let mut reader = ChatReader::new("t");
    reader.decode(r#"{"type":"text","content":"a"}"#);
    assert_eq!(reader.ended(), None);
    reader.decode(r#"{"type":"error","error":"broken"}"#);
    let failed = reader.ended().unwrap();
    assert_eq!(failed.kind(), EventKind::RunFailed);
    assert_eq!(reader.ended(), None);
}

/// Pitfall 25: an event that nobody knows is an event.
#[test]
fn frames_that_are_not_understood_are_kept() {
    for frame in [
        "[DONE]",
        "7",
        "[1]",
        "null",
        "not json",
        r#"{"type":"tea"}"#,
        r#"{"type":7}"#,
        "{}",
    ] {
        let event = events::decode_ship(frame, &session());
        assert_eq!(event.kind(), EventKind::Unknown, "{frame}");
        assert_eq!(events::encode_ship(&event).unwrap(), frame);
        let event = ChatReader::new("t").decode(frame).unwrap();
        assert_eq!(event.kind(), EventKind::Unknown, "{frame}");
        assert_eq!(events::encode_chat(&event).unwrap(), frame);
    }
    let autonomous = &chat(field!("chat.sse"))[0];
    assert_eq!(autonomous.payload.name(), "autonomous");
}

#[test]
fn members_of_a_strange_type_do_not_lose_the_event() {
    let event = events::decode_ship(r#"{"type":"phase_start","phase":3}"#, &session());
    assert_eq!((event.kind(), event.phase), (EventKind::PhaseStarted, None));
    let frame = r#"{"type":"tool_call","tool":["a"],"name":"write"}"#;
    let event = ChatReader::new("t").decode(frame).unwrap();
    let Payload::ToolCalled(call) = event.payload else {
        panic!("{event:?}")
    };
    assert_eq!(call.tool, "write");
}

/// Ambiguity G-25: what looks like an event of a stream is one.
#[test]
fn the_sockets_messages_are_of_the_session_that_was_named_last() {
    let mut reader = SocketReader::default();
    let mut read = |text: &str| {
        let event = reader.decode(text);
        (event.kind(), event.run.to_string())
    };
    let ship = |kind, id: &str| (kind, format!("ship {id}"));
    assert_eq!(read(r#"{"hello":1}"#), ship(EventKind::Unknown, ""));
    let start = r#"{"type":"start","sessionId":"s1"}"#;
    assert_eq!(read(start), ship(EventKind::RunStarted, "s1"));
    let phase = r#"{"type":"phase_start","phase":"spec"}"#;
    assert_eq!(read(phase), ship(EventKind::PhaseStarted, "s1"));
    let other = r#"{"type":"complete","sessionId":"s2"}"#;
    assert_eq!(read(other), ship(EventKind::RunCompleted, "s2"));
    let text = r#"{"type":"text","content":"hi"}"#;
    assert_eq!(read(text).0, EventKind::TextDelta);
    assert_eq!(
        read(r#"{"type":"complete"}"#),
        (EventKind::RunCompleted, "chat ".to_owned())
    );
}

/// Ambiguity G-21: where the ids stand in a delivery is not documented.
#[test]
fn a_delivery_is_read_wherever_its_members_stand() {
    for body in [
        r#"{"event":"job.failed","data":{"jobId":"j","error":"broken"}}"#,
        r#"{"type":"job.failed","data":{"id":"j","error":{"message":"broken"}}}"#,
        r#"{"event":"job.failed","jobId":"j","error":"broken"}"#,
        r#"{"event":"job.failed","data":{"job":{"id":"j","error":"broken"}}}"#,
    ] {
        let told = events::decode_delivery(&Delivery::read(body.as_bytes()));
        assert_eq!(told.run, RunRef::new(RunKind::Job, "j"), "{body}");
        let failed = payload::RunFailed {
            status: None,
            message: Some("broken".into()),
            code: None,
        };
        assert_eq!(told.payload, failed.into(), "{body}");
    }
}

#[test]
fn what_webhooks_are_told_comes_back() {
    let mut phase = Event::new(
        RunRef::new(RunKind::Ship, "s"),
        payload::PhaseCompleted {
            result: Some(json!({"files": []}).into()),
            next_phase: Some("code".into()),
        },
    );
    phase.phase = Some(Phase::Plan);
    let job = |payload: Payload| Event::new(RunRef::new(RunKind::Job, "j"), payload);
    let done = job(payload::RunCompleted {
        status: Some("completed".into()),
        message: None,
        artifacts: Some(Json::string("x")),
    }
    .into());
    let failed = job(payload::RunFailed {
        status: Some("failed".into()),
        message: Some("broken".into()),
        code: None,
    }
    .into());
    for event in [phase, done, failed] {
        let written = serde_json::to_vec(&events::encode_delivery(&event).unwrap()).unwrap();
        let again = events::decode_delivery(&Delivery::read(&written));
        assert_eq!(
            (&again.run, &again.phase, &again.payload),
            (&event.run, &event.phase, &event.payload)
        );
    }
}

#[test]
fn a_delivery_that_nobody_knows_is_kept() {
    let told = Delivery::read(b"ping");
    assert_eq!(told.data, "ping");
    assert_eq!(events::decode_delivery(&told).kind(), EventKind::Unknown);
    let told = Delivery::read(br#"{"event":"job.started","data":{"jobId":"j"}}"#);
    assert_eq!(told.event, WebhookEvent::Unknown("job.started".into()));
    let event = events::decode_delivery(&told);
    assert_eq!(
        (event.payload.name(), event.run.id.as_str()),
        ("job.started", "j")
    );
}

proptest::proptest! {
    #[test]
    fn no_frame_is_lost(frame: String, inside: String) {
        let inside = json!({ "type": inside }).to_string();
        for frame in [frame, inside] {
            let event = events::decode_ship(&frame, &session());
            proptest::prop_assert_eq!(events::encode_ship(&event).unwrap(), &*frame);
            let event = ChatReader::new("t").decode(&frame).unwrap();
            proptest::prop_assert_eq!(events::encode_chat(&event).unwrap(), &*frame);
            let native = SocketReader::default().decode(&frame).native.unwrap();
            proptest::prop_assert_eq!(native.raw.as_deref(), Some(&*frame));
        }
    }
}
