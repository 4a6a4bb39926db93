//! Runs, their reviews, and what they do by themselves.

use serde_json::{Value, json};

use super::mentioned;
use crate::contract::{Done, Refusal, check::Call, json, world::World};

/// The id of the first event. (Steward, "SSE event format")
const FIRST_EVENT: u64 = 91823;

pub(super) fn run(world: &mut World) -> Value {
    let now = world.now();
    json!({
        "id": 148,
        "projectId": 12,
        "title": "Dark mode",
        "prompt": "Add dark mode",
        "selectedAgent": "frontend",
        "selectedModel": "claude-sonnet-4",
        "ragEnabled": true,
        "safeMode": true,
        "status": "draft",
        "branch": "agent/run-148-dark-mode",
        "createdAt": now,
        "updatedAt": now,
    })
}

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    let trigger = match call.row.operation {
        "runsCreate" => return create(world, call),
        "runsGet" => return shown(world, call),
        _ => call.row.name(),
    };
    step(world, call, &trigger)?;
    match call.row.operation {
        "runsCancel" => world.end_streams(call.id()),
        "runsRetry" => {
            let attempt = world.number();
            let run = world.named("run", call.id())?;
            let branch = format!("{}-retry-{attempt}", run.text("branch"));
            run.set("branch", branch);
        }
        _ => {}
    }
    shown(world, call)
}

/// Changes a run; a refusal says which run it is about.
fn step(world: &mut World, call: &Call<'_>, trigger: &str) -> Result<(), Refusal> {
    let id = world.named("run", call.id())?.data["id"].clone();
    let done = world.step("run", call.id(), trigger);
    done.map_err(|mut refusal| {
        refusal.message = match refusal.more["currentStatus"].as_str() {
            Some("running") => format!("Run #{id} is already running."),
            status => format!("Run #{id} is {}.", status.unwrap_or_default()),
        };
        refusal.with("runId", id)
    })
}

fn create(world: &mut World, call: &Call<'_>) -> Done {
    let project = call.value("projectId");
    mentioned(world, "project", &project)?;
    let mut data = run(world);
    for (name, value) in &call.body {
        data[name] = value.clone();
    }
    let made = world.add("run", data).data.clone();
    json(call, &Value::Object(made))
}

/// A run with the summary of its timeline.
fn shown(world: &mut World, call: &Call<'_>) -> Done {
    let events = world.told.iter().filter(|told| told.run == call.id());
    let (count, last) = events.fold((0, None), |(count, _), told| (count + 1, Some(told.id)));
    let one = world.named("run", call.id())?;
    let mut data = Value::Object(one.data.clone());
    if world.is("field-statuses") && data["status"] == "paused" {
        data["status"] = json!("waiting_for_user");
    }
    if call.row.operation == "runsGet" {
        data["timeline"] = json!({"eventCount": count, "lastEventId": last});
    }
    json(call, &data)
}

/// Approves, rejects, commits or pushes, if that is what is asked.
pub(super) fn review(world: &mut World, call: &Call<'_>) -> Option<Done> {
    match call.row.operation {
        "runApprove" => Some(decide(world, call, "approved")),
        "runReject" => Some(decide(world, call, "rejected")),
        "runCommit" => Some(commit(world, call)),
        "runPush" => Some(push(world, call)),
        _ => None,
    }
}

/// The last review wins. (ambiguity C-22)
fn decide(world: &mut World, call: &Call<'_>, decision: &str) -> Done {
    let run = world.named("run", call.id())?.data["id"].clone();
    let now = world.now();
    world
        .entities
        .retain(|one| one.kind != "review" || one.data["runId"] != run);
    let data = json!({
        "id": 1,
        "runId": run,
        "status": "(no row)",
        "notes": call.value("notes"),
        "createdAt": now,
    });
    let id = world.add("review", data).id.clone();
    world.step("review", &id, &call.row.name())?;
    let one = world.named("review", &id)?;
    debug_assert_eq!(one.status(), decision, "the table says what it is");
    if call.body.get("commit") == Some(&json!(true)) {
        one.set("commit", sha());
    }
    one.id = call.id().to_owned();
    json(call, &json!(one.data))
}

fn sha() -> Value {
    json!("4e1243bd22c66e76c2ba9eddc1f91394e57f9f83")
}

fn reviewed(world: &mut World, call: &Call<'_>) -> Result<Value, Refusal> {
    let run = world.named("run", call.id())?.data["id"].clone();
    if world.find("review", call.id()).is_none() {
        let message = format!("Run #{run} was not reviewed");
        return Err(Refusal::new(409, "review-required", message).with("runId", run));
    }
    world.step("review", call.id(), &call.row.name())?;
    Ok(run)
}

fn commit(world: &mut World, call: &Call<'_>) -> Done {
    let run = reviewed(world, call)?;
    let branch = world.named("run", call.id())?.data["branch"].clone();
    json(
        call,
        &json!({"runId": run, "commit": sha(), "branch": branch}),
    )
}

/// Pushing needs the setting, the ability and an approval. (ambiguity C-04)
fn push(world: &mut World, call: &Call<'_>) -> Done {
    world.named("run", call.id())?;
    if world.settings["safety.auto_git_push"] != true {
        let message = "safety.auto_git_push is off";
        return Err(Refusal::new(403, "auto-git-push-disabled", message));
    }
    let run = reviewed(world, call)?;
    let branch = world.named("run", call.id())?.data["branch"].clone();
    json(
        call,
        &json!({"runId": run, "branch": branch, "pushed": true}),
    )
}

/// An event of a run with the members that every event has.
pub(in crate::contract) fn event(world: &mut World, run: &str, members: &Value) -> Value {
    let id = world.told.last().map_or(FIRST_EVENT, |told| told.id + 1);
    let run = world
        .find("run", run)
        .map_or(Value::Null, |one| one.data["id"].clone());
    let now = world.now();
    let mut event = json!({"id": id, "runId": run, "eventType": "file_updated"});
    let members = members.as_object().cloned().unwrap_or_default();
    event
        .as_object_mut()
        .expect("it is made above")
        .extend(members);
    for (name, value) in [("severity", json!("info")), ("createdAt", now)] {
        if event[name].is_null() {
            event[name] = value;
        }
    }
    event
}

/// The next thing that a run or a project does by itself.
pub(in crate::contract) fn advance(world: &mut World, kind: &str, id: &str) {
    let status = world.find(kind, id).map(|one| one.status().to_owned());
    match (kind, status.as_deref()) {
        ("project", Some("cloning")) => world.step_of_engine(kind, id, "clone done"),
        ("run", Some("queued")) => world.step_of_engine(kind, id, "worker picks up"),
        ("run", Some("running")) => {
            let told = json!({"eventType": "file_updated", "path": "src/app.ts"});
            let event = event(world, id, &told);
            world.tell(id, &event);
            world.step_of_engine(kind, id, "done");
            world.end_streams(id);
        }
        _ => {}
    }
}
