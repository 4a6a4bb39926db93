//! What is delivered to webhooks. (G-Rump, "Webhook Endpoints")

use grump_core::{
    Event, Json, Payload, Phase, RunKind, RunRef, Timestamp,
    payload::{PhaseCompleted, RunCompleted, RunFailed, Unknown},
};
use serde_json::{Map, Value, json};

use super::{WEBHOOK, with_native};
use crate::grump::types::{Delivery, WebhookEvent};

/// Reads a delivery. (ambiguity G-21: the document shows no body)
#[must_use]
pub fn decode_delivery(delivery: &Delivery) -> Event {
    let text = |names: &[&str]| Some(delivery.member(names)?.as_str()?.to_owned());
    let payload: Payload = match &delivery.event {
        WebhookEvent::JobCompleted => RunCompleted {
            status: text(&["status"]),
            message: text(&["message"]),
            artifacts: delivery.member(&["result"]).cloned().map(Json::from),
        }
        .into(),
        WebhookEvent::JobFailed => RunFailed {
            status: text(&["status"]),
            message: delivery.member(&["error", "message"]).map(said),
            code: text(&["code"]),
        }
        .into(),
        WebhookEvent::ShipPhaseComplete => PhaseCompleted {
            result: delivery.member(&["result"]).cloned().map(Json::from),
            next_phase: text(&["nextPhase"]),
        }
        .into(),
        WebhookEvent::Unknown(_) => Payload::Unknown(Unknown {
            name: name(delivery).to_owned(),
            body: Json::of(delivery).unwrap_or_else(|_| Json::string("")),
        }),
    };
    let mut event = Event::new(run_of(delivery), payload);
    event.phase = text(&["phase"]).map(Phase::from);
    event.at.clone_from(&delivery.timestamp);
    let raw = serde_json::to_string(delivery).unwrap_or_default();
    with_native(event, WEBHOOK, name(delivery), &raw)
}

fn name(delivery: &Delivery) -> &str {
    match delivery.event.as_str() {
        "" => "unknown",
        name => name,
    }
}

/// An error's words, whatever it is.
pub(in crate::grump) fn said(error: &Value) -> String {
    let inside = error.get("message").unwrap_or(error);
    inside
        .as_str()
        .map_or_else(|| inside.to_string(), str::to_owned)
}

fn run_of(delivery: &Delivery) -> RunRef {
    match (&delivery.event, delivery.session_id(), delivery.job_id()) {
        (WebhookEvent::ShipPhaseComplete, Some(session), _) => RunRef::new(RunKind::Ship, session),
        (_, _, Some(job)) => RunRef::new(RunKind::Job, job),
        (_, Some(session), None) => RunRef::new(RunKind::Ship, session),
        (_, None, None) => RunRef::new(RunKind::Job, ""),
    }
}

/// What webhooks are told of an event; `None` where the dialect has no word for it.
#[must_use]
pub fn encode_delivery(event: &Event) -> Option<Delivery> {
    let mut data = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        data.extend(value.map(|value| (name.to_owned(), value)));
    };
    let told = match (event.run.kind, &event.payload) {
        (RunKind::Job, Payload::RunCompleted(end)) => {
            put("jobId", Some(json!(event.run.id)));
            put("status", Some(json!("completed")));
            put("result", end.artifacts.as_ref().map(Json::value));
            WebhookEvent::JobCompleted
        }
        (RunKind::Job, Payload::RunFailed(end)) => {
            put("jobId", Some(json!(event.run.id)));
            put("status", Some(json!("failed")));
            put("error", end.message.as_ref().map(|message| json!(message)));
            WebhookEvent::JobFailed
        }
        (RunKind::Ship, Payload::PhaseCompleted(end)) => {
            put("sessionId", Some(json!(event.run.id)));
            put("phase", event.phase.as_ref().map(|phase| json!(phase)));
            put("result", end.result.as_ref().map(Json::value));
            put(
                "nextPhase",
                end.next_phase.as_ref().map(|phase| json!(phase)),
            );
            WebhookEvent::ShipPhaseComplete
        }
        _ => return None,
    };
    Some(Delivery {
        event: told,
        data: data.into(),
        timestamp: Some(moment(event)),
        ..Delivery::default()
    })
}

/// When an event happened, as well as is known.
fn moment(event: &Event) -> Timestamp {
    event
        .at
        .clone()
        .unwrap_or_else(|| event.received_at.clone())
}
