//! G-Rump: SHIP sessions, jobs, streams by POST.

mod jobs;
mod ship;

use serde_json::{Map, Value, json};

use self::{
    jobs::new_job,
    ship::{PHASES, follow_session, next_phase},
};
use super::{
    Answer, Done,
    check::Call,
    dialect::Dialect,
    examples::{example, shown_as},
    json, text,
    world::World,
};

const METRICS: &str = "# HELP grump_requests_total Requests.\n# TYPE grump_requests_total counter\ngrump_requests_total 42\n";

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    match call.row.operation {
        "shipStart" => ship::ship_start(world, call),
        "shipGet" => ship::ship_get(world, call),
        "shipExecute" => ship::ship_execute(world, call),
        "shipExecuteStream" => ship::ship_stream(world, call),
        "chatStream" => Ok(chat(world)),
        "codegenStart" => ship::codegen(world, call),
        "codegenDownload" => ship::download(world, call),
        "architectureGenerate" => documented(call, "POST_api_architecture_generate__response_200"),
        "architectureAnalyze" => json(
            call,
            &json!({"analysis": "# Architecture", "metrics": {"files": 12}}),
        ),
        "prdGenerate" => documented(call, "POST_api_prd_generate__response_200"),
        "intentCompile" => json(
            call,
            &json!({"compiled": call.value("files"), "errors": []}),
        ),
        "jobsList" => jobs::jobs(world, call),
        "jobsGet" => jobs::job(world, call),
        "jobsCancel" => jobs::cancel(world, call),
        "agentsList" => documented(call, "GET_api_agents__response_200"),
        "agentsRun" => run_agent(world, call),
        "billingTiers" => documented(call, "GET_api_billing_tiers__response_200"),
        "billingUsage" => documented(call, "GET_api_billing_usage__response_200"),
        "webhooksCreate" => register(world, call),
        "webhooksList" => webhooks(world, call),
        "webhooksDelete" => unregister(world, call),
        "health" => documented(call, "GET_health__response_200"),
        "metrics" => text("text/plain; version=0.0.4", METRICS),
        "wsConnect" => Ok(socket(world)),
        operation => panic!("the table has an operation that is not played: {operation}"),
    }
}

fn documented(call: &Call<'_>, name: &str) -> Done {
    json(call, &example(Dialect::Grump, name))
}

/// An example with what is known of an entity put in.
fn shown(call: &Call<'_>, name: &str, known: &Map<String, Value>) -> Done {
    json(call, &shown_as(&example(Dialect::Grump, name), known))
}

/// An entity of this kind of which nothing more is said.
pub(super) fn blank(world: &mut World, kind: &str) -> (&'static str, Value) {
    let now = world.now();
    match kind {
        "ship_session" => ("ship_session", ship::session(&now)),
        "job" => ("job", new_job(&now, "job_abc123", "ship")),
        "webhook" => (
            "webhook",
            json!({"id": "webhook_1", "url": "https://example.com/hook", "events": ["job.completed"], "createdAt": now}),
        ),
        _ => panic!("G-Rump has no {kind:?}"),
    }
}

fn chat(world: &mut World) -> Answer {
    let turn = format!("chat_{}", world.number());
    let (number, frames) = world.open(Some(&turn), false, true);
    let events = world.scripts.pop_front().unwrap_or_else(|| {
        let names = [
            "event1_text",
            "event2_tool_call",
            "event3_tool_result",
            "event4_complete",
        ];
        let event = |name| format!("POST_api_chat_stream__response_200.{name}");
        names
            .map(|name| example(Dialect::Grump, &event(name)))
            .into()
    });
    events.iter().for_each(|event| world.tell(&turn, event));
    world.end_streams(&turn);
    Answer::Events(number, frames)
}

fn run_agent(world: &mut World, call: &Call<'_>) -> Done {
    if !["architect", "coder"].contains(&call.id()) {
        return Err(world.missing("agent", call.id()));
    }
    let now = world.now();
    let job = world.add("job", new_job(&now, "job_agent_1", "agent"));
    let (id, status) = (&job.data["id"], &job.data["status"]);
    json(call, &json!({"jobId": id, "status": status}))
}

fn register(world: &mut World, call: &Call<'_>) -> Done {
    let now = world.now();
    let (url, events) = (call.value("url"), call.value("events"));
    let data = json!({"id": "webhook_1", "url": url, "events": events, "createdAt": now});
    let made = world.add("webhook", data).data.clone();
    json(call, &Value::Object(made))
}

fn webhooks(world: &mut World, call: &Call<'_>) -> Done {
    let listed: Vec<_> = world.all("webhook").map(|one| &one.data).collect();
    json(call, &json!({"webhooks": listed}))
}

fn unregister(world: &mut World, call: &Call<'_>) -> Done {
    world.named("webhook", call.id())?;
    let id = call.id();
    world
        .entities
        .retain(|one| one.kind != "webhook" || one.id != id);
    json(call, &json!({"success": true}))
}

/// A socket that is told everything, when it has authenticated.
fn socket(world: &mut World) -> Answer {
    let (number, frames) = world.open(None, true, false);
    Answer::Socket(number, frames, None)
}

/// The one message that a client may send is that it authenticates, once and first. A close code to
/// the socket ends it.
pub(super) fn message(world: &mut World, number: u64, message: &Value) -> Result<(), u16> {
    let key = message["apiKey"].as_str();
    let right = message["type"] == "authenticate" && message.as_object().map(Map::len) == Some(2);
    let Some(open) = world.streams.iter_mut().find(|open| open.number == number) else {
        return Ok(());
    };
    let (Some(key), true, false) = (key, right, open.ready) else {
        world.violations.push(format!(
            "WS /ws: the message {message} is not documented here"
        ));
        return Err(1008);
    };
    match world.tokens.worth(key, None) {
        super::tokens::Worth::Enough => open.ready = true,
        _ => return Err(1008),
    }
    Ok(())
}

/// The next thing that an entity does by itself.
pub(super) fn advance(world: &mut World, kind: &str, id: &str) {
    let status = world.find(kind, id).map(|one| one.status().to_owned());
    match (kind, status.as_deref()) {
        ("ship_session", Some("running")) => {
            next_phase(world, id);
            follow_session(world, id);
        }
        ("job", Some("queued")) => world.step_of_engine("job", id, "worker picks up"),
        ("job", Some("running")) => jobs::advance_job(world, id),
        _ => {}
    }
}

/// A session or a job fails.
pub(super) fn break_down(world: &mut World, kind: &str, id: &str) {
    if kind != "ship_session" {
        return world.step_of_engine(kind, id, "error");
    }
    world.step_of_engine(kind, id, "a phase fails");
    let session = world.find(kind, id).expect("it is there");
    let phase = session.text("phase").to_owned();
    let (_, member) = PHASES
        .iter()
        .find(|(name, _)| *name == phase)
        .expect("it has a phase");
    session.set(member, json!({"status": "failed"}));
    follow_session(world, id);
    world.end_streams(id);
}
