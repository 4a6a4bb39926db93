//! `MetaForge`: sessions, approvals, one WebSocket of everything.

use serde_json::{Map, Value, json};

use super::{
    Answer, Done,
    check::Call,
    dialect::Dialect,
    examples::{example, shown_as},
    json,
    world::{Entity, World},
};

/// What each skill's agent is called where the document says so; else it is called as the skill.
const REQUIREMENTS: (&str, &str) = ("spec", "requirements");

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    match call.row.operation {
        "sessionCreate" => create(world, call),
        "sessionGet" => read(world, call),
        "sessionList" => list(world, call),
        "sessionDelete" => delete(world, call),
        "agentRun" => run(world, call),
        "agentStatus" => status(world, call),
        "pendingList" => pending(world, call),
        "approve" => approve(world, call),
        "reject" => reject(world, call),
        "health" => json(call, &document("GET_health__response_200")),
        "status" => system(world, call),
        "wsConnect" => Ok(socket(world)),
        operation => panic!("the table has an operation that is not played: {operation}"),
    }
}

fn document(name: &str) -> Value {
    example(Dialect::MetaForge, name)
}

fn shown(call: &Call<'_>, name: &str, known: &Map<String, Value>) -> Done {
    json(call, &shown_as(&document(name), known))
}

/// A session of which nothing more is said.
pub(super) fn blank(world: &mut World, kind: &str) -> (&'static str, Value) {
    assert_eq!(kind, "session", "MetaForge has nothing else");
    (
        "session",
        session(world, "session-abc123", "spec", "created"),
    )
}

fn session(world: &mut World, id: &str, skill: &str, status: &str) -> Value {
    let now = world.now();
    let agent = match skill {
        skill if skill == REQUIREMENTS.0 => REQUIREMENTS.1,
        skill => skill,
    };
    json!({
        "id": id,
        "skill": skill,
        "status": status,
        "created": now,
        "updated": now,
        "agent": format!("{agent}-agent"),
        "output": null,
    })
}

/// Makes a session that nothing starts. (ambiguity M-01)
fn create(world: &mut World, call: &Call<'_>) -> Done {
    let data = session(
        world,
        "session-abc123",
        call.text("skill").unwrap_or_default(),
        "created",
    );
    let made = world.add("session", data).data.clone();
    shown(call, "POST_session_create__response_200", &made)
}

fn read(world: &mut World, call: &Call<'_>) -> Done {
    let known = world.named("session", call.id())?.data.clone();
    shown(call, "GET_session_id__response_200", &known)
}

fn list(world: &mut World, call: &Call<'_>) -> Done {
    let document = document("GET_sessions__response_200");
    let status = call.query.get("status");
    let listed: Vec<_> = world
        .all("session")
        .filter(|one| status.is_none_or(|status| one.status() == status))
        .map(|one| shown_as(&document["sessions"][0], &one.data))
        .collect();
    let (limit, offset) = (
        call.count("limit").unwrap_or(50),
        call.count("offset").unwrap_or(0),
    );
    let page: Vec<_> = listed.iter().skip(offset).take(limit).collect();
    json(
        call,
        &json!({"sessions": page, "total": listed.len(), "limit": limit, "offset": offset}),
    )
}

fn delete(world: &mut World, call: &Call<'_>) -> Done {
    let id = world.named("session", call.id())?.data["id"].clone();
    world.step("session", call.id(), "DELETE /session/{id}")?;
    json(call, &json!({"success": true, "deleted": id}))
}

/// Makes a session of its own, and starts it.
fn run(world: &mut World, call: &Call<'_>) -> Done {
    let skill = call.text("skill").unwrap_or_default().to_owned();
    let data = session(world, "session-def456", &skill, "running");
    let made = world.add("session", data);
    let (id, known) = (made.id.clone(), as_run(made));
    let told = json!({
        "event": "session.started",
        "data": {"session_id": known["session_id"], "skill": skill},
    });
    world.tell(&id, &told);
    shown(call, "POST_agent_run__response_200", &known)
}

/// A session's members, with the name that its id has where it is a run.
fn as_run(one: &Entity) -> Map<String, Value> {
    let mut known = one.data.clone();
    known.insert("session_id".to_owned(), one.data["id"].clone());
    known
}

fn status(world: &mut World, call: &Call<'_>) -> Done {
    let known = as_run(world.named("session", call.id())?);
    let mut answer = shown_as(&document("GET_agent_id_status__response_200"), &known);
    if known["status"] == "running" {
        answer["artifacts"] = json!([]);
    }
    json(call, &answer)
}

fn pending(world: &mut World, call: &Call<'_>) -> Done {
    let document = document("GET_pending__response_200");
    let waits = |one: &&Entity| one.status() == "pending_approval";
    let row = |one: &Entity| shown_as(&document["pending"][0], &as_run(one));
    let listed: Vec<_> = world.all("session").filter(waits).map(row).collect();
    json(call, &json!({"pending": listed}))
}

fn approve(world: &mut World, call: &Call<'_>) -> Done {
    world.step("session", call.id(), "POST /approve/{session}")?;
    let known = as_run(world.named("session", call.id())?);
    shown(call, "POST_approve_session__response_200", &known)
}

fn reject(world: &mut World, call: &Call<'_>) -> Done {
    world.step("session", call.id(), "POST /reject/{session}")?;
    let mut known = as_run(world.named("session", call.id())?);
    known.insert("reason".to_owned(), call.value("reason"));
    shown(call, "POST_reject_session__response_200", &known)
}

fn system(world: &mut World, call: &Call<'_>) -> Done {
    let mut answer = document("GET_status__response_200");
    for (name, status) in [
        ("active", "running"),
        ("pending", "pending_approval"),
        ("completed", "completed"),
    ] {
        let of = world.all("session").filter(|one| one.status() == status);
        answer["sessions"][name] = json!(of.count());
    }
    json(call, &answer)
}

fn socket(world: &mut World) -> Answer {
    let (number, frames) = world.open(None, true, true);
    Answer::Socket(number, frames, None)
}

/// The next thing that a session does by itself: what runs has changes to be approved.
pub(super) fn advance(world: &mut World, id: &str) {
    let Some(one) = world
        .find("session", id)
        .filter(|one| one.status() == "running")
    else {
        return;
    };
    let mut progress = document("WS_ws__event_agent.progress");
    progress["data"]["session_id"] = one.data["id"].clone();
    progress["data"]["agent"] = one.data["agent"].clone();
    world.tell(id, &progress);
    end(world, id, "agent done, changes to review");
}

/// Ends the work of a session, as the table says, and tells so.
pub(super) fn end(world: &mut World, id: &str, trigger: &str) {
    world.step_of_engine("session", id, trigger);
    let mut told = document("WS_ws__event_session.complete");
    let session = document("GET_session_id__response_200");
    let one = world
        .find("session", id)
        .expect("it has ended, and is there");
    one.set("output", session["output"].clone());
    told["data"]["session_id"] = one.data["id"].clone();
    told["data"]["status"] = one.data["status"].clone();
    world.tell(id, &told);
}
