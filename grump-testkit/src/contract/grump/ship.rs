//! SHIP sessions, and the code that is generated from them.

use serde_json::{Value, json};

use super::{
    jobs::{complete_job, new_job},
    shown,
};
use crate::{
    contract::{
        Answer, Done,
        check::Call,
        dialect::Dialect,
        examples::example,
        json,
        oddity::only_an_error,
        world::{Entity, World},
    },
    serving::Reply,
};

/// The phases in their order, each with the member that holds its result.
pub(super) const PHASES: [(&str, &str); 4] = [
    ("design", "designResult"),
    ("spec", "specResult"),
    ("plan", "planResult"),
    ("code", "codeResult"),
];

/// A zip archive of no files: nothing but the record that ends one.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

pub(super) fn session(now: &Value) -> Value {
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

pub(super) fn ship_start(world: &mut World, call: &Call<'_>) -> Done {
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

pub(super) fn ship_get(world: &mut World, call: &Call<'_>) -> Done {
    let mut known = world.named("ship_session", call.id())?.data.clone();
    if world.is("field-statuses") && known["status"] == "completed" {
        known.insert("phase".to_owned(), json!("completed"));
    }
    shown(call, "GET_api_ship_sessionId__response_200", &known)
}

pub(super) fn ship_execute(world: &mut World, call: &Call<'_>) -> Done {
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
pub(super) fn ship_stream(world: &mut World, call: &Call<'_>) -> Done {
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
pub(super) fn next_phase(world: &mut World, id: &str) {
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

pub(super) fn codegen(world: &mut World, call: &Call<'_>) -> Done {
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
pub(super) fn download(world: &mut World, call: &Call<'_>) -> Done {
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

pub(super) fn follow_session(world: &mut World, session: &str) {
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
