//! Starting, stopping and delivering loops, and the prompt of their next iteration.

use std::path::Path;

use serde_json::json;

use super::{
    routes::{Answer, body, exists, refuse, step, success, text},
    world::World,
};
use crate::serving::{Asked, Reply};

/// How many log entries come before `loop.started` where it comes late.
const BEFORE_STARTED: usize = 12;

pub(super) fn start(world: &mut World, id: &str, asked: &Asked) -> Answer {
    exists(world, id)?;
    let body = body(world, asked, &["handleUncommitted"])?;
    let answer = body
        .get("handleUncommitted")
        .and_then(|answer| answer.as_str());
    if body.contains_key("handleUncommitted") && !matches!(answer, Some("commit" | "stash")) {
        let message = "handleUncommitted must be \"commit\" or \"stash\"";
        return Err(refuse(world, 400, "validation_error", message));
    }
    if world.quirks.own_codes {
        startable(world, id)?;
    }
    if world.entry(id).busy > 0 {
        world.entry(id).busy -= 1;
        return Err(refuse(
            world,
            409,
            "already_running",
            "Loop is already running",
        ));
    }
    if !world.changed_files.is_empty() && answer.is_none() {
        return Err(uncommitted(world));
    }
    step(
        world,
        id,
        "POST /api/loops/{id}/start",
        "Loop is already running",
    )?;
    world.changed_files.clear();
    started(world, id);
    Ok(success())
}

/// What servers in the field find out only when they start.
fn startable(world: &mut World, id: &str) -> Result<(), Reply> {
    let config = &world.entry(id).config;
    let known = matches!(config["backend"]["type"].as_str(), Some("opencode"));
    let directory = Path::new(config["directory"].as_str().unwrap_or_default()).to_owned();
    if !known {
        return Err(refuse(world, 404, "not_found", "Backend not found"));
    }
    if directory.exists() && !directory.join(".git").exists() {
        let message = "Directory is not a git repository";
        return Err(refuse(world, 500, "start_failed", message));
    }
    Ok(())
}

fn uncommitted(world: &World) -> Reply {
    let mut files = world.changed_files.clone();
    if world.quirks.bare_errors {
        return Reply::json(
            409,
            &json!({"error": "uncommitted_changes", "changedFiles": files}),
        );
    }
    let message = if world.quirks.own_codes {
        // A trim too much, seen in the field.
        files[0].remove(0);
        "Directory has uncommitted changes"
    } else {
        "Target directory has uncommitted changes"
    };
    let body = json!({
        "error": "uncommitted_changes",
        "message": message,
        "options": ["commit", "stash", "cancel"],
        "changedFiles": files,
    });
    Reply::json(409, &body)
}

/// Sets a loop up that was just started, and tells so.
pub(super) fn started(world: &mut World, id: &str) {
    let now = world.now();
    let entry = world.entry(id);
    let name = entry.config["name"].as_str().unwrap_or_default();
    let slug = name.to_lowercase().replace(' ', "-");
    let state = &mut entry.state;
    state["startedAt"] = json!(now);
    if state["git"].is_null() {
        state["git"] = json!({
            "originalBranch": "main",
            "workingBranch": format!("ralph/{slug}-2026-01-20-10-00-00"),
            "commits": [],
        });
    }
    state["session"] = json!({"id": "ses_1"});
    let state = state.as_object_mut().expect("a state is an object");
    state.remove("completedAt");
    if !world.quirks.late_started {
        return world.tell("loop.started", id, json!({}));
    }
    for number in 1..=BEFORE_STARTED {
        let log =
            json!({"id": format!("start-{number}"), "level": "info", "message": "Setting up"});
        world.tell("loop.log", id, log);
    }
    world.tell("loop.started", id, json!({"iteration": 0}));
}

/// An unknown loop is one that is not running: the document has no 404 here.
pub(super) fn stop(world: &mut World, id: &str) -> Answer {
    if world.find(id).is_none() {
        return Err(refuse(world, 409, "not_running", "Loop is not running"));
    }
    step(
        world,
        id,
        "POST /api/loops/{id}/stop",
        "Loop is not running",
    )?;
    world.ended(id);
    world.tell("loop.stopped", id, json!({}));
    Ok(success())
}

pub(super) fn accept(world: &mut World, id: &str) -> Answer {
    exists(world, id)?;
    let trigger = "POST /api/loops/{id}/accept";
    step(world, id, trigger, "Cannot accept the loop in its status")?;
    let commit = "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83";
    world.tell("loop.accepted", id, json!({"mergeCommit": commit}));
    Ok(Reply::json(
        200,
        &json!({"success": true, "mergeCommit": commit}),
    ))
}

pub(super) fn discard(world: &mut World, id: &str) -> Answer {
    exists(world, id)?;
    let trigger = "POST /api/loops/{id}/discard";
    step(world, id, trigger, "Cannot discard the loop in its status")?;
    world.tell("loop.discarded", id, json!({}));
    Ok(success())
}

pub(super) fn purge(world: &mut World, id: &str) -> Answer {
    exists(world, id)?;
    // The state is saved lazily: a running loop is called idle.
    let lazy = world.quirks.own_codes && world.entry(id).status() == "running";
    let status = if lazy {
        "idle"
    } else {
        world.entry(id).status()
    };
    let message = format!("Cannot purge loop in status: {status}");
    step(world, id, "POST /api/loops/{id}/purge", &message)?;
    Ok(success())
}

pub(super) fn set_prompt(world: &mut World, id: &str, asked: &Asked) -> Answer {
    let body = body(world, asked, &["prompt"])?;
    if world.quirks.own_codes && !body.contains_key("prompt") {
        return Err(refuse(world, 400, "invalid_body", "prompt is missing"));
    }
    let Some(prompt) = text(&body, "prompt") else {
        return Err(refuse(world, 400, "validation_error", "Prompt is empty"));
    };
    exists(world, id)?;
    let trigger = "PUT /api/loops/{id}/pending-prompt";
    step(world, id, trigger, "Loop is not running")?;
    world.entry(id).state["pendingPrompt"] = json!(prompt);
    Ok(success())
}

pub(super) fn clear_prompt(world: &mut World, id: &str) -> Answer {
    exists(world, id)?;
    let trigger = "DELETE /api/loops/{id}/pending-prompt";
    step(world, id, trigger, "Loop is not running")?;
    let state = world.entry(id).state.as_object_mut();
    state.expect("a state is an object").remove("pendingPrompt");
    Ok(success())
}
