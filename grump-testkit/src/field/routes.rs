//! Which request is answered by what.

use serde_json::{Map, Value, json};

use super::{control, data, loops, world::World};
use crate::serving::{Asked, Reply, transitions::Illegal};

/// The page that a single-page application answers everything with that it does not know.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Ralpher</title></head><body><div id=\"root\"></div></body></html>\n";

/// An answer, or one that refuses.
pub(super) type Answer = Result<Reply, Reply>;

/// Answers a request that is not for a stream.
pub(crate) fn answer(world: &mut World, asked: &Asked) -> Reply {
    let parts = asked.parts();
    let answer = match (&*asked.method, &parts[..]) {
        ("GET", ["api", "health"]) => Ok(data::health()),
        ("GET", ["api", "loops"]) => Ok(loops::list(world)),
        ("POST", ["api", "loops"]) => loops::create(world, asked),
        ("GET", ["api", "loops", id]) => loops::get(world, id),
        ("PATCH", ["api", "loops", id]) => loops::update(world, id, asked),
        ("DELETE", ["api", "loops", id]) => loops::delete(world, id),
        ("POST", ["api", "loops", id, "start"]) => control::start(world, id, asked),
        ("POST", ["api", "loops", id, "stop"]) => control::stop(world, id),
        ("POST", ["api", "loops", id, "accept"]) => control::accept(world, id),
        ("POST", ["api", "loops", id, "discard"]) => control::discard(world, id),
        ("POST", ["api", "loops", id, "purge"]) => control::purge(world, id),
        ("PUT", ["api", "loops", id, "pending-prompt"]) => control::set_prompt(world, id, asked),
        ("DELETE", ["api", "loops", id, "pending-prompt"]) => control::clear_prompt(world, id),
        ("GET", ["api", "loops", id, "diff"]) => data::diff(world, id),
        ("GET", ["api", "loops", id, "plan"]) => data::file(world, id, "plan.md"),
        ("GET", ["api", "loops", id, "status-file"]) => data::file(world, id, "status.md"),
        ("GET", ["api", "models"]) => data::models(world, asked),
        ("GET", ["api", "preferences", "last-model"]) => Ok(data::last_model(world)),
        ("PUT", ["api", "preferences", "last-model"]) => data::set_last_model(world, asked),
        ("GET", ["api", "check-planning-dir"]) => data::planning_folder(world, asked),
        _ => Ok(unknown_route(world)),
    };
    answer.unwrap_or_else(|refused| refused)
}

fn unknown_route(world: &World) -> Reply {
    if world.quirks.spa {
        return Reply::text(200, "text/html;charset=utf-8", PAGE);
    }
    refuse(world, 404, "not_found", "Not found")
}

pub(super) fn success() -> Reply {
    Reply::json(200, &json!({"success": true}))
}

pub(super) fn refuse(world: &World, status: u16, code: &str, message: &str) -> Reply {
    let mut body = json!({"error": code});
    if !world.quirks.bare_errors {
        body["message"] = json!(message);
    }
    Reply::json(status, &body)
}

/// Refuses a request for a loop that is not there.
pub(super) fn exists(world: &mut World, id: &str) -> Result<(), Reply> {
    match world.find(id) {
        Some(_) => Ok(()),
        None => Err(refuse(world, 404, "not_found", "Loop not found")),
    }
}

/// Does to a loop what this request does by the table of states, or refuses it.
pub(super) fn step(world: &mut World, id: &str, trigger: &str, message: &str) -> Result<(), Reply> {
    world
        .step(id, trigger)
        .map_err(|Illegal(status, code)| refuse(world, status, code, message))
}

/// The body of a request, which may hold these members; an empty one holds none.
pub(super) fn body(
    world: &World,
    asked: &Asked,
    known: &[&str],
) -> Result<Map<String, Value>, Reply> {
    let invalid = || refuse(world, 400, "invalid_body", "Request body is not valid JSON");
    if asked.body.is_empty() {
        return Ok(Map::new());
    }
    let body: Map<_, _> = serde_json::from_slice(&asked.body).map_err(|_| invalid())?;
    let unknown = body.keys().find(|member| !known.contains(&member.as_str()));
    match unknown {
        Some(member) if !world.quirks.lenient_bodies => {
            let message = format!("{member} is not documented");
            Err(refuse(world, 400, "validation_error", &message))
        }
        _ => Ok(body),
    }
}

/// A member that is text and not blank.
pub(super) fn text<'a>(body: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    body.get(member)?
        .as_str()
        .filter(|text| !text.trim().is_empty())
}
