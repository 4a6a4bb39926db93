//! G-Rump: SHIP sessions, jobs, streams by POST.

use serde_json::{Map, Value, json};

use super::{
    Answer, Done,
    check::Call,
    dialect::Dialect,
    examples::{example, shown_as},
    json,
    oddity::only_an_error,
    text,
    world::{Entity, World},
};
use crate::serving::Reply;

/// The phases in their order, each with the member that holds its result.
const PHASES: [(&str, &str); 4] = [
    ("design", "designResult"),
    ("spec", "specResult"),
    ("plan", "planResult"),
    ("code", "codeResult"),
];

const METRICS: &str = "# HELP grump_requests_total Requests.\n# TYPE grump_requests_total counter\ngrump_requests_total 42\n";

/// A zip archive of no files: nothing but the record that ends one.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    match call.row.operation {
        "shipStart" => ship_start(world, call),
        "shipGet" => ship_get(world, call),
        "shipExecute" => ship_execute(world, call),
        "shipExecuteStream" => ship_stream(world, call),
        "chatStream" => Ok(chat(world)),
        "codegenStart" => codegen(world, call),
        "codegenDownload" => download(world, call),
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
        "jobsList" => jobs(world, call),
        "jobsGet" => job(world, call),
        "jobsCancel" => cancel(world, call),
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
        "ship_session" => ("ship_session", session(&now)),
        "job" => ("job", new_job(&now, "job_abc123", "ship")),
        "webhook" => (
            "webhook",
            json!({"id": "webhook_1", "url": "https://example.com/hook", "events": ["job.completed"], "createdAt": now}),
        ),
        _ => panic!("G-Rump has no {kind:?}"),
    }
}

fn session(now: &Value) -> Value {
    json!({
        "sessionId": "ship_session_xyz789",
        "projectDescription": "Build a React app",
        "preferences": null,
        "projectId": null,
        "phase": "design",
        "status": "pending",
        "designResult": null,
        "specResult": null,
        "planResult": null,
        "codeResult": null,
        "createdAt": now,
        "updatedAt": now,
    })
}

fn new_job(now: &Value, id: &str, kind: &str) -> Value {
    json!({
        "id": id,
        "type": kind,
        "status": "queued",
        "progress": 0,
        "result": null,
        "logs": [],
        "createdAt": now,
        "completedAt": null,
    })
}

fn ship_start(world: &mut World, call: &Call<'_>) -> Done {
    let now = world.now();
    let mut data = session(&now);
    for name in ["projectDescription", "preferences", "projectId"] {
        data[name] = call.value(name);
    }
    let mut made = world.add("ship_session", data).data.clone();
    if world.is("field-statuses") {
        made.insert("status".to_owned(), json!("initializing"));
    }
    shown(call, "POST_api_ship_start__response_200", &made)
}

fn ship_get(world: &mut World, call: &Call<'_>) -> Done {
    let mut known = world.named("ship_session", call.id())?.data.clone();
    if world.is("field-statuses") && known["status"] == "completed" {
        known.insert("phase".to_owned(), json!("completed"));
    }
    shown(call, "GET_api_ship_sessionId__response_200", &known)
}

fn ship_execute(world: &mut World, call: &Call<'_>) -> Done {
    let trigger = "POST /api/ship/{sessionId}/execute";
    world.step("ship_session", call.id(), trigger)?;
    let now = world.now();
    let job = world.add("job", new_job(&now, "job_abc123", "ship"));
    let job_id = job.data["id"].clone();
    job.set("session", call.id());
    job.set("status", "running");
    let session = world.named("ship_session", call.id())?;
    let mut known = session.data.clone();
    known.insert("jobId".to_owned(), job_id);
    shown(
        call,
        "POST_api_ship_sessionId_execute__response_200",
        &known,
    )
}

/// Plays the phases of a session into a stream of its own, from the first one that is not done.
fn ship_stream(world: &mut World, call: &Call<'_>) -> Done {
    let id = call.id().to_owned();
    let from = call.text("resumeFromPhase");
    if world.is("error-in-stream") && world.find("ship_session", &id).is_none() {
        let (number, frames) = only_an_error(world);
        return Ok(Answer::Events(number, frames));
    }
    let session = world.named("ship_session", &id)?;
    let trigger = match (session.status(), from) {
        ("failed" | "completed", Some(_)) => {
            "POST /api/ship/{sessionId}/execute/stream {resumeFromPhase}"
        }
        _ => "POST /api/ship/{sessionId}/execute/stream",
    };
    let at = PHASES.iter().position(|(name, _)| Some(*name) == from);
    let undone = |(_, result): &&(&str, &str)| session.data[*result]["status"] != "completed";
    if let Some((phase, _)) = PHASES[..at.unwrap_or_default()].iter().find(undone) {
        let message = format!("The phase {phase} is not completed");
        return Err(world.invalid(message));
    }
    world.step("ship_session", &id, trigger)?;
    let (number, frames) = world.open(Some(&id), false, true);
    play_phases(world, &id, at.unwrap_or_default());
    Ok(Answer::Events(number, frames))
}

fn play_phases(world: &mut World, id: &str, from: usize) {
    let name = id_of(world, id);
    world
        .named("ship_session", id)
        .expect("it is there")
        .set("phase", PHASES[from].0);
    if let Some(events) = world.scripts.pop_front() {
        events.iter().for_each(|event| world.tell(id, event));
        return world.end_streams(id);
    }
    world.tell(
        id,
        &json!({"type": "start", "sessionId": name, "phase": PHASES[from].0}),
    );
    if !world.holds {
        while world
            .find("ship_session", id)
            .is_some_and(|one| one.status() == "running")
        {
            next_phase(world, id);
        }
    }
}

fn id_of(world: &mut World, id: &str) -> Value {
    let session = world.find("ship_session", id);
    session.map_or(Value::Null, |one| one.data["sessionId"].clone())
}

/// Does a phase of a session, from its beginning to its end.
fn next_phase(world: &mut World, id: &str) {
    let name = id_of(world, id);
    let documented = example(Dialect::Grump, "GET_api_ship_sessionId__response_200");
    let session = world.find("ship_session", id).expect("it is there");
    let phase = session.text("phase").to_owned();
    let at = PHASES.iter().position(|(name, _)| *name == phase);
    let at = at.expect("a session has a phase");
    let (_, member) = PHASES[at];
    session.set(member, documented[member].clone());
    let next = PHASES.get(at + 1).map(|(name, _)| *name);
    if let Some(next) = next {
        session.set("phase", next);
    }
    world.tell(id, &json!({"type": "phase_start", "phase": phase}));
    let mut done = json!({"type": "phase_complete", "phase": phase, "result": {}});
    if let Some(next) = next {
        done["nextPhase"] = json!(next);
    }
    world.tell(id, &done);
    if next.is_none() {
        world.step_of_engine("ship_session", id, "last phase completes");
        world.tell(id, &json!({"type": "complete", "sessionId": name}));
        world.end_streams(id);
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

fn codegen(world: &mut World, call: &Call<'_>) -> Done {
    let trigger = "POST /api/codegen/{sessionId}";
    world.step("ship_session", call.id(), trigger)?;
    let now = world.now();
    let job = world.add("job", new_job(&now, "job_codegen_123", "codegen"));
    let mut known = job.data.clone();
    let (id, path) = (known["id"].clone(), job.id.clone());
    known.insert("jobId".to_owned(), id);
    let session = world.named("ship_session", call.id())?;
    session.set("codegen", path);
    session.set("format", call.text("format").unwrap_or("zip"));
    shown(call, "POST_api_codegen_sessionId__response_200", &known)
}

/// What was generated, in the form that was asked for when it was begun. Before that is done there is
/// nothing; how a server says so is not documented.
fn download(world: &mut World, call: &Call<'_>) -> Done {
    let session = world.named("ship_session", call.id())?;
    let (job, format) = (
        session.text("codegen").to_owned(),
        session.text("format").to_owned(),
    );
    let done = world
        .find("job", &job)
        .is_some_and(|job| job.status() == "completed");
    if !done {
        return Err(world.refusal(404, "No generated code is there yet"));
    }
    match &*format {
        "json" => json(call, &json!({"files": {"src/app.ts": "export {};\n"}})),
        "files" => json(
            call,
            &json!([{"path": "src/app.ts", "content": "export {};\n"}]),
        ),
        _ => {
            let size = world.download.unwrap_or_default();
            let bytes = [EMPTY_ZIP, &b"grump "[..].repeat(size.div_ceil(6))].concat();
            let size = size.max(EMPTY_ZIP.len());
            let reply = Reply::bytes(200, "application/zip", bytes[..size].to_vec());
            let name = "attachment; filename=\"generated.zip\"";
            Ok(reply.header("content-disposition", name).into())
        }
    }
}

/// How a job is listed, and how it is read.
const LISTED: [&str; 5] = ["id", "type", "status", "progress", "createdAt"];

fn jobs(world: &mut World, call: &Call<'_>) -> Done {
    let status = call.query.get("status");
    let listed: Vec<_> = world
        .all("job")
        .filter(|job| status.is_none_or(|status| job.status() == status))
        .map(|job| members(job, &LISTED))
        .collect();
    let (limit, offset) = (
        call.count("limit").unwrap_or(50),
        call.count("offset").unwrap_or(0),
    );
    let page: Vec<_> = listed.iter().skip(offset).take(limit).collect();
    json(
        call,
        &json!({"jobs": page, "total": listed.len(), "limit": limit, "offset": offset}),
    )
}

fn members(entity: &Entity, names: &[&str]) -> Value {
    let member = |name: &&str| ((*name).to_owned(), entity.data[*name].clone());
    Value::Object(names.iter().map(member).collect())
}

fn job(world: &mut World, call: &Call<'_>) -> Done {
    let known = world.named("job", call.id())?.data.clone();
    shown(call, "GET_api_jobs_jobId__response_200", &known)
}

fn cancel(world: &mut World, call: &Call<'_>) -> Done {
    world.step("job", call.id(), "POST /api/jobs/{jobId}/cancel")?;
    job(world, call)
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
        ("job", Some("running")) => advance_job(world, id),
        _ => {}
    }
}

/// A job that carries a session out is as far as the session is; another is done at once.
fn advance_job(world: &mut World, id: &str) {
    let job = world.find("job", id).expect("it is there");
    let session = job.text("session").to_owned();
    match session.is_empty() {
        true => complete_job(world, id),
        false => advance(world, "ship_session", &session),
    }
}

fn complete_job(world: &mut World, id: &str) {
    world.step_of_engine("job", id, "done");
    let now = world.now();
    let job = world.find("job", id).expect("it is there");
    job.set("progress", 100);
    job.set("result", json!({}));
    job.set("completedAt", now);
}

fn follow_session(world: &mut World, session: &str) {
    let Some(one) = world.find("ship_session", session) else {
        return;
    };
    let done = PHASES
        .iter()
        .filter(|(_, result)| !one.data[*result].is_null());
    let (progress, status) = (25 * done.count(), one.status().to_owned());
    let of = |job: &&mut Entity| job.kind == "job" && job.text("session") == session;
    let Some(job) = world.entities.iter_mut().find(of) else {
        return;
    };
    job.set("progress", progress);
    let (id, runs) = (job.id.clone(), job.status() == "running");
    match &*status {
        "completed" if runs => complete_job(world, &id),
        "failed" if runs => world.step_of_engine("job", &id, "error"),
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
