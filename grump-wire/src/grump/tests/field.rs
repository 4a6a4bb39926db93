//! What servers in the field were seen to send is read, and nothing of it is lost.

use serde_json::json;

use super::value;
use crate::{
    endpoint::{Received, Whole, Wrapped},
    grump::*,
};

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_session_with_other_members_is_read_and_keeps_them() {
    let told: ShipSession = read(field!("ship_session.json"));
    assert_eq!(told.session_id.as_str(), "ship_1763784000000_k3j9x");
    assert_eq!(told.status, SessionStatus::Completed);
    assert_eq!(told.phase.as_ref().unwrap().as_str(), "completed");
    let design = told.design_result.as_ref().unwrap();
    assert_eq!(design.made["creativeDesignDoc"]["layout"], "grid");
    assert_eq!(told.preferences.as_ref().unwrap().extra["budget"], 12.5);
    assert_eq!(told.extra["userId"], 9_007_199_254_740_991_u64);
    let spec = told.spec_result.unwrap();
    assert_eq!(
        (&*spec.status, &spec.made["error"]),
        ("failed", &json!("out of tokens"))
    );
}

#[test]
fn a_session_that_is_being_set_up_is_read() {
    let told: ShipStarted = read(field!("ship_started.json"));
    assert_eq!(told.status, SessionStatus::Initializing);
    assert_eq!(told.extra["workspace"], "/srv");
}

#[test]
fn an_execution_with_hardly_any_member_is_read() {
    let told: Execution = read(field!("execution.json"));
    assert_eq!(told.status, SessionStatus::Unknown("queued".into()));
    assert_eq!(told.job_id, Some("job_ship_1".into()));
    assert_eq!(told.session_id, None);
}

#[test]
fn a_job_of_other_types_and_words_is_read() {
    let told: Job = read(field!("job.json"));
    assert_eq!(told.id.as_str(), "7");
    assert_eq!(serde_json::to_value(&told.id).unwrap(), 7);
    assert_eq!(told.kind, JobKind::Unknown("lint".into()));
    assert_eq!(told.status, JobStatus::Canceled);
    assert_eq!(told.fraction(), Some(0.335));
    assert_eq!(told.logs.as_ref().unwrap().len(), 2);
    assert_eq!(told.extra["attempts"], 2);
    let written = serde_json::to_value(&told).unwrap();
    assert_eq!(
        (&written["type"], &written["status"]),
        (&json!("lint"), &json!("canceled"))
    );
}

#[test]
fn a_list_in_an_envelope_is_read() {
    let received = Received {
        content_type: "application/json",
        body: field!("job_list.json").as_bytes(),
    };
    let told = Wrapped::<JobList>::read(received).unwrap();
    assert_eq!(
        (told.jobs.len(), told.total, told.limit),
        (1, Some(1), None)
    );
}

/// Ambiguities G-19 and G-20: prices in hundredths, calls as a number, null, -1 or a word.
#[test]
fn subscriptions_say_price_and_calls_in_many_ways() {
    let told: TierList = read(field!("tiers.json"));
    let told: Vec<_> = told
        .tiers
        .iter()
        .map(|tier| (&*tier.id, tier.price_minor(), tier.calls()))
        .collect();
    assert_eq!(
        told,
        [
            ("free", Some(0), Allowance::Calls(50)),
            (
                "enterprise",
                Some(9900),
                Allowance::Calls(9_007_199_254_740_991)
            ),
            ("a", Some(2900), Allowance::Unlimited),
            ("b", None, Allowance::Unlimited),
            ("c", None, Allowance::Calls(120)),
            ("d", None, Allowance::Unknown),
        ]
    );
}

#[test]
fn what_was_generated_in_another_shape_is_kept() {
    let told: Architecture = read(field!("architecture.json"));
    assert_eq!((&*told.diagram, told.components.len()), ("", 0));
    assert_eq!(told.extra["architecture"]["projectName"], "shop");
    let told: Prd = read(field!("prd.json"));
    assert_eq!(value(&told.prd)["sections"]["overview"], "A shop.");
}

#[test]
fn health_in_one_word_is_read() {
    let told: HealthReport = read(field!("health.json"));
    assert!(told.status.is_healthy());
    assert!(!HealthStatus::from("degraded").is_healthy());
}

/// Ambiguity G-21: the list may be an array, or stand in a member.
#[test]
fn webhooks_are_read_wherever_they_stand() {
    let bare = field!("webhooks.json");
    let mut lists = vec![bare.to_owned()];
    lists.extend(["webhooks", "data"].map(|name| json!({ name: value(bare) }).to_string()));
    for list in lists {
        let told: WebhookList = read(&list);
        let one = &told.webhooks[0];
        assert_eq!(one.id, Some("wh_1".into()));
        assert_eq!(one.events[1], WebhookEvent::Unknown("job.started".into()));
        assert_eq!(one.extra["active"], true);
    }
    assert!(read::<WebhookList>(r#"{"total":0}"#).webhooks.is_empty());
    assert!(
        read::<WebhookList>(r#"{"webhooks":null}"#)
            .webhooks
            .is_empty()
    );
}

/// Ambiguity G-22.
#[test]
fn an_answer_that_is_not_documented_may_be_anything() {
    let read = |content_type, body: &str| {
        let body = body.as_bytes();
        Anything::read(Received { content_type, body }).unwrap()
    };
    let job = read("application/json", r#"{"jobId":"j","status":"queued"}"#);
    assert_eq!(job.job_id(), Some("j".into()));
    assert_eq!(job.status().as_deref(), Some("queued"));
    let wrapped = read("application/json", r#"{"success":true,"data":{"id":3}}"#);
    assert_eq!(wrapped.id(), Some("3".into()));
    assert_eq!(read("", "").value(), json!(null));
    let text = read("text/markdown", "# Architecture\n");
    assert_eq!(text.text().as_deref(), Some("# Architecture\n"));
    assert_eq!(
        read("application/json", r#""done""#).text().as_deref(),
        Some("done")
    );
    let broken = Received {
        content_type: "application/json",
        body: b"{",
    };
    assert!(Anything::read(broken).is_err());
}
