//! Loops: list, create, read, change, delete.

use serde_json::{Map, Value, json};

use super::{
    routes::{Answer, body, exists, refuse, step, success, text},
    world::{Entry, World},
};
use crate::serving::{Asked, Reply};

/// What a request to change a loop may hold.
const CHANGEABLE: &[&str] = &[
    "name",
    "prompt",
    "model",
    "maxIterations",
    "maxConsecutiveErrors",
    "stopPattern",
    "git",
];

/// What a request to create one may hold beside that.
const ONLY_AT_FIRST: &[&str] = &["directory", "backend"];

pub(super) fn list(world: &World) -> Reply {
    let all: Vec<_> = world
        .loops
        .iter()
        .map(|entry| shown(world, entry))
        .collect();
    Reply::json(200, &Value::Array(all))
}

pub(super) fn get(world: &mut World, id: &str) -> Answer {
    exists(world, id)?;
    Ok(Reply::json(200, &answered(world, id)))
}

pub(super) fn create(world: &mut World, asked: &Asked) -> Answer {
    let members = [CHANGEABLE, ONLY_AT_FIRST].concat();
    let body = body(world, asked, &members)?;
    for member in ["name", "directory", "prompt"] {
        if text(&body, member).is_none() {
            let message = format!("{member} is required");
            return Err(refuse(world, 400, "validation_error", &message));
        }
    }
    checked(world, &body)?;
    let id = add(world, body);
    Ok(Reply::json(world.quirks.created, &answered(world, &id)))
}

pub(super) fn update(world: &mut World, id: &str, asked: &Asked) -> Answer {
    exists(world, id)?;
    let body = body(world, asked, CHANGEABLE)?;
    checked(world, &body)?;
    if world.quirks.own_codes && world.entry(id).is_running() {
        let message = "Cannot update a running loop";
        return Err(refuse(world, 500, "update_failed", message));
    }
    let (now, entry) = (world.now(), world.entry(id));
    for (member, value) in body
        .into_iter()
        .filter(|(member, _)| CHANGEABLE.contains(&&**member))
    {
        merge(&mut entry.config[&member], value);
    }
    entry.config["updatedAt"] = json!(now);
    Ok(Reply::json(200, &answered(world, id)))
}

pub(super) fn delete(world: &mut World, id: &str) -> Answer {
    exists(world, id)?;
    step(world, id, "DELETE /api/loops/{id}", "Loop not found")?;
    world.tell("loop.deleted", id, json!({}));
    Ok(success())
}

/// Adds a loop of this configuration, which is complete, and returns its id.
pub(crate) fn add(world: &mut World, body: Map<String, Value>) -> String {
    let (id, now) = (world.next_id(), world.now());
    let mut config = json!({"id": id});
    let mut rest = json!({
        "createdAt": now,
        "updatedAt": now,
        "backend": {"type": "opencode", "mode": "spawn"},
        "stopPattern": "<promise>COMPLETE</promise>$",
        "git": {"branchPrefix": "ralph/", "commitPrefix": "[Ralph]"},
    });
    for (member, value) in body {
        let place = if rest.get(&member).is_some() {
            &mut rest
        } else {
            &mut config
        };
        merge(&mut place[&member], value);
    }
    let rest = rest.as_object_mut().map(std::mem::take).unwrap_or_default();
    config
        .as_object_mut()
        .expect("it is made above")
        .extend(rest);
    world.loops.push(Entry::new(&id, config));
    let config = answered(world, &id)["config"].take();
    world.tell("loop.created", &id, json!({"config": config}));
    id
}

/// Sets a value; the members of an object are set one by one.
fn merge(place: &mut Value, value: Value) {
    match (place, value) {
        (Value::Object(place), Value::Object(members)) => place.extend(members),
        (place, value) => *place = value,
    }
}

/// Refuses members of a wrong type.
fn checked(world: &World, body: &Map<String, Value>) -> Result<(), Reply> {
    let wrong = body.iter().find(|(member, value)| match &***member {
        "model" | "git" | "backend" => !value.is_object(),
        "maxIterations" | "maxConsecutiveErrors" => !value.is_number() && !value.is_null(),
        "name" | "prompt" | "directory" | "stopPattern" => {
            value.as_str().is_none_or(|text| text.trim().is_empty())
        }
        _ => false,
    });
    let absolute = text(body, "directory").is_none_or(|directory| directory.starts_with('/'));
    match wrong {
        Some((member, _)) => {
            let message = format!("{member} is not valid");
            Err(refuse(world, 400, "validation_error", &message))
        }
        None if !absolute => {
            let message = "directory must be an absolute path";
            Err(refuse(world, 400, "validation_error", message))
        }
        None => Ok(()),
    }
}

/// A loop as it is answered.
pub(crate) fn answered(world: &mut World, id: &str) -> Value {
    let entry = world.entry(id).clone();
    shown(world, &entry)
}

fn shown(world: &World, entry: &Entry) -> Value {
    let mut config = entry.config.clone();
    if world.quirks.extra_members {
        if config.get("maxConsecutiveErrors").is_none() {
            config["maxConsecutiveErrors"] = json!(10);
        }
        return json!({"config": config, "state": entry.state});
    }
    let documented = ["id", "status", "currentIteration", "recentIterations"];
    let state: Map<_, _> = documented
        .iter()
        .map(|member| ((*member).to_owned(), entry.state[*member].clone()))
        .collect();
    json!({"config": config, "state": state})
}
