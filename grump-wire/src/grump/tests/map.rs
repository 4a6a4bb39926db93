//! Through the domain and back.

use grump_core::{
    ChatRequest, ErrorKind, NewShip, Outcome, Phase, Run, RunKind, RunRef, RunStatus, StartShip,
    Status,
};
use serde_json::json;

use super::rows;
use crate::grump::{map, types as wire};

#[test]
fn the_statuses_are_those_of_the_table() {
    let table = rows(include_str!("../../../contract/status_map.tsv"));
    let of = |entity: &'static str| table.iter().filter(move |row| row[1] == entity);
    assert_eq!((of("ship_session").count(), of("job").count()), (6, 5));
    for row in of("ship_session") {
        let status = map::session_status(row[2]);
        assert_eq!(format!("{:?}", status.unified), row[3]);
        assert_eq!(map::wire_session_status(&status), row[2]);
    }
    for row in of("job") {
        let status = map::job_status(row[2]);
        assert_eq!(format!("{:?}", status.unified), row[3]);
        assert_eq!(map::wire_job_status(&status), row[2]);
    }
}

#[test]
fn a_status_that_nobody_knows_is_written_back() {
    let unknown = map::job_status("brewing");
    assert_eq!(unknown.unified, RunStatus::Unknown);
    assert_eq!(map::wire_job_status(&unknown), "brewing");
    let other = map::job_status("canceled");
    assert_eq!(other.unified, RunStatus::Cancelled);
    assert_eq!(map::wire_job_status(&other), "canceled");
}

#[test]
fn every_status_of_the_domain_has_a_word() {
    for status in RunStatus::ALL {
        let own = Status::from(status);
        let known = status == RunStatus::Unknown;
        let session = map::session_status(map::wire_session_status(&own));
        assert_eq!(session.unified == RunStatus::Unknown, known, "{status}");
        let job = map::job_status(map::wire_job_status(&own));
        assert_eq!(job.unified == RunStatus::Unknown, known, "{status}");
        assert_eq!(
            session.unified.is_terminal(),
            status.is_terminal() || status == RunStatus::AwaitingApproval
        );
    }
}

/// Reads an example, takes it through the domain and writes it again.
macro_rules! through {
    ($example:expr, $wire:ty, $there:expr, $back:expr) => {{
        let told: $wire = super::survives($example);
        let known = $there(told.clone());
        assert_eq!($back(known.clone()), told);
        known
    }};
}

#[test]
fn a_session_survives_the_way_through_the_domain() {
    let example = document!("GET_api_ship_sessionId__response_200.json");
    let back = |run: Run| map::wire_session(&run).unwrap();
    let run = through!(example, wire::ShipSession, map::session, back);
    assert_eq!(run.status.unified, RunStatus::Completed);
    assert_eq!(run.outcome, Some(Outcome::Succeeded));
    let detail = run.as_ship().unwrap();
    assert_eq!(detail.phase, Phase::Code);
    assert_eq!(detail.results.len(), 4);
    assert!(
        detail
            .result(&Phase::Design)
            .unwrap()
            .body
            .contains_key("architecture")
    );
}

#[test]
fn a_session_that_was_made_is_what_was_asked_for() {
    let request = document!("POST_api_ship_start__request.json");
    let asked = through!(request, wire::ShipRequest, map::new_ship, |new| {
        map::wire_new_ship(new).unwrap()
    });
    let answer = document!("POST_api_ship_start__response_200.json");
    let run = through!(
        answer,
        wire::ShipStarted,
        |told| map::started(told, asked.clone()),
        |run: Run| map::wire_started(&run).unwrap()
    );
    let detail = run.as_ship().unwrap();
    assert_eq!(detail.preferences["techStack"][0], "react");
    assert_eq!(run.created_at.to_string(), "2025-01-15T10:30:00Z");
}

#[test]
fn preferences_of_a_wrong_type_are_refused() {
    let wishes = json!({"techStack": "react"});
    let new = NewShip::new("x").preferences(wishes.as_object().unwrap().clone());
    let refused = map::wire_new_ship(new).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_start_survives_and_a_phase_that_is_not_documented_is_refused() {
    let request = document!("POST_api_ship_sessionId_execute_stream__request.json");
    let run = || RunRef::new(RunKind::Ship, "s");
    let there = |told: wire::StreamRequest| map::start(run(), &told);
    let start = through!(request, wire::StreamRequest, there, |start: StartShip| {
        map::wire_start(&start).unwrap()
    });
    assert_eq!(start.resume_from, Some(Phase::Design));
    let other = StartShip::new(run()).resume_from("deploy");
    let refused = map::wire_start(&other).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    let answer = document!("POST_api_ship_sessionId_execute__response_200.json");
    let told: wire::Execution = super::survives(answer);
    let session = RunRef::new(RunKind::Ship, "ship_session_xyz789");
    let job = RunRef::new(RunKind::Job, "job_abc123");
    assert_eq!(map::wire_execution(&session, Some(&job)), told);
}

#[test]
fn jobs_survive_the_way_through_the_domain() {
    let example = document!("GET_api_jobs_jobId__response_200.json");
    let back = |run: Run| map::wire_job(&run).unwrap();
    let run = through!(example, wire::Job, map::job, back);
    assert_eq!(run.progress.as_ref().unwrap().fraction(), Some(1.0));
    assert!(run.ended_at.is_some());
    let list: wire::JobList = super::survives(document!("GET_api_jobs__response_200.json"));
    for told in list.jobs {
        assert_eq!(map::wire_listed_job(&map::job(told.clone())).unwrap(), told);
    }
}

#[test]
fn a_chat_survives_the_way_through_the_domain() {
    let example = document!("POST_api_chat_stream__request.json");
    let turn = through!(example, wire::ChatRequest, map::chat, |turn| {
        map::wire_chat(turn).unwrap()
    });
    assert_eq!(turn.model.as_deref(), Some("moonshotai/kimi-k2.5"));
    let key = wire::ChatRequest {
        model_key: Some("nim:moonshotai/kimi-k2.5".into()),
        ..wire::ChatRequest::default()
    };
    let told = map::chat(key);
    assert_eq!(
        (told.provider, told.model),
        (Some("nim".into()), turn.model)
    );
    let refused = map::wire_chat(ChatRequest::ask("hi").provider("acme")).unwrap_err();
    assert!(refused.to_string().contains("provider: acme"), "{refused}");
}

#[test]
fn what_is_generated_survives_the_way_through_the_domain() {
    let session = RunRef::new(RunKind::Ship, "s");
    through!(
        document!("POST_api_codegen_sessionId__request.json"),
        wire::BundleRequest,
        |told| map::build(session.clone(), told),
        |build| map::wire_build(build).unwrap()
    );
    through!(
        document!("POST_api_codegen_sessionId__response_200.json"),
        wire::BundleJob,
        map::building,
        map::wire_building
    );
    through!(
        document!("POST_api_architecture_generate__request.json"),
        wire::ArchitectureRequest,
        map::new_architecture,
        map::wire_new_architecture
    );
    through!(
        document!("POST_api_architecture_generate__response_200.json"),
        wire::Architecture,
        map::architecture,
        map::wire_architecture
    );
    through!(
        document!("POST_api_architecture_analyze__request.json"),
        wire::WorkspaceRequest,
        map::workspace,
        map::wire_workspace
    );
    through!(
        document!("POST_api_prd_generate__request.json"),
        wire::PrdRequest,
        map::new_prd,
        map::wire_new_prd
    );
    through!(
        document!("POST_api_prd_generate__response_200.json"),
        wire::Prd,
        map::prd,
        map::wire_prd
    );
    through!(
        document!("POST_api_intent_compile__request.json"),
        wire::IntentRequest,
        map::intent,
        map::wire_intent
    );
}

#[test]
fn the_rest_survives_the_way_through_the_domain() {
    let agents: wire::AgentList = super::survives(document!("GET_api_agents__response_200.json"));
    for told in agents.agents {
        assert_eq!(map::wire_agent(map::agent(told.clone())), told);
    }
    let tiers: wire::TierList =
        super::survives(document!("GET_api_billing_tiers__response_200.json"));
    for told in tiers.tiers {
        assert_eq!(map::wire_tier(map::tier(told.clone())), told);
    }
    let id = "coder".into();
    through!(
        document!("POST_api_agents_agentId_run__request.json"),
        wire::AgentTask,
        |told| map::task(&id, told),
        map::wire_task
    );
    let usage = through!(
        document!("GET_api_billing_usage__response_200.json"),
        wire::UsageReport,
        map::usage,
        map::wire_usage
    );
    assert_eq!(usage.history[0].cost, Some(123.45));
    through!(
        document!("POST_api_webhooks__request.json"),
        wire::WebhookRequest,
        map::new_webhook,
        map::wire_new_webhook
    );
    let health: wire::HealthReport = super::survives(document!("GET_health__response_200.json"));
    let known = map::health(health.clone());
    assert!(known.healthy);
    let mut again = map::wire_health(known);
    again.timestamp.clone_from(&health.timestamp);
    assert_eq!(again, health);
}

#[test]
fn what_the_field_says_is_in_the_domain_too() {
    let told: wire::ShipSession = serde_json::from_str(field!("ship_session.json")).unwrap();
    let run = map::session(told);
    assert_eq!(run.status.unified, RunStatus::Completed);
    let detail = run.as_ship().unwrap();
    assert_eq!(detail.phase.as_str(), "completed");
    let spec = detail.result(&Phase::Spec).unwrap();
    assert_eq!(spec.error.as_deref(), Some("out of tokens"));
    assert_eq!(run.ext["userId"], 9_007_199_254_740_991_u64);
    let job = map::job(serde_json::from_str(field!("job.json")).unwrap());
    assert_eq!(job.status.unified, RunStatus::Cancelled);
    assert_eq!(job.error.as_deref(), Some("stopped by hand"));
    let hooks: wire::WebhookList = serde_json::from_str(field!("webhooks.json")).unwrap();
    let hook = map::webhook(hooks.webhooks.into_iter().next().unwrap());
    assert_eq!(
        (hook.id.as_str(), hook.events[1].as_str()),
        ("wh_1", "job.started")
    );
}

#[test]
fn a_session_that_failed_says_why_wherever_that_stands() {
    let failed = |rest: serde_json::Value| {
        let mut told = json!({"sessionId": "s", "status": "failed"});
        told.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        map::session(serde_json::from_value(told).unwrap()).error
    };
    assert_eq!(
        failed(json!({"error": "broken"})).as_deref(),
        Some("broken")
    );
    assert_eq!(
        failed(json!({"error": {"message": "broken"}})).as_deref(),
        Some("broken")
    );
    let phase = json!({"planResult": {"status": "failed", "error": "broken"}});
    assert_eq!(failed(phase).as_deref(), Some("broken"));
    assert_eq!(failed(json!({})), None);
}

/// Pitfall 37: a secret that a server repeats is not passed on.
#[test]
fn a_webhooks_secret_does_not_come_back() {
    let told = json!({"id": "w", "url": "https://e.com", "events": [], "secret": "hush"});
    let hook = map::webhook(serde_json::from_value(told).unwrap());
    assert!(!serde_json::to_string(&hook).unwrap().contains("hush"));
}
