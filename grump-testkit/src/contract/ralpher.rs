//! Ralpher, played by the loops of [`field`] without its quirks.

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Answer, Done, check::Call, dialect::Dialect, examples::example, world::World};
use crate::{
    field::{self, Open, Quirks, drive, loops, routes},
    serving::{Asked, Sent},
};

/// The loops, and what they tell.
#[derive(Debug)]
pub(super) struct Loops {
    pub(super) world: field::World,
    told: mpsc::UnboundedReceiver<Sent>,
}

impl Default for Loops {
    fn default() -> Self {
        let mut world = field::World::new(Quirks::documented());
        let (frames, told) = mpsc::unbounded_channel();
        world.streams.push(Open { only: None, frames });
        Self { world, told }
    }
}

impl Loops {
    /// The events that were told since they were last asked for.
    fn told(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Ok(Sent::Frame(frame)) = self.told.try_recv() {
            let data = frame.strip_prefix(b"data: ").unwrap_or_default();
            events.push(serde_json::from_slice(data).unwrap_or_default());
        }
        events
    }
}

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    let of = match call.row.operation {
        "eventsAll" => None,
        "eventsLoop" => Some(call.id()),
        _ => return Ok(act(world, |loops| routes::answer(loops, &plain(call))).into()),
    };
    if let Some(id) = of.filter(|id| world.loops.world.find(id).is_none()) {
        return Err(world.missing("loop", id));
    }
    let (number, frames) = world.open(of, false, true);
    Ok(Answer::Events(number, frames))
}

/// The request with what its path names decoded.
fn plain(call: &Call<'_>) -> Asked {
    let mut named = call.named.iter();
    let parts = call
        .row
        .path
        .split('/')
        .map(|part| match part.starts_with('{') {
            true => named.next().map_or("", String::as_str),
            false => part,
        });
    Asked {
        path: parts.collect::<Vec<_>>().join("/"),
        ..call.asked.clone()
    }
}

/// Does something to the loops, and tells what they tell.
fn act<T>(world: &mut World, act: impl FnOnce(&mut field::World) -> T) -> T {
    let done = act(&mut world.loops.world);
    for event in world.loops.told() {
        let id = event["loopId"].as_str().unwrap_or_default().to_owned();
        world.tell(&id, &event);
    }
    done
}

/// Adds a loop.
pub(super) fn put(world: &mut World, members: &Value) -> String {
    let mut body = json!({"name": "My Loop", "directory": "/path/to/project", "prompt": "Implement feature X"});
    let mut status = None;
    for (name, value) in members.as_object().into_iter().flatten() {
        match &**name {
            "status" => status = Some(value.clone()),
            _ => body[name] = value.clone(),
        }
    }
    let body = body.as_object().cloned().unwrap_or_default();
    act(world, |loops| {
        let id = loops::add(loops, body);
        let entry = loops.entry(&id);
        entry.diff = example(Dialect::Ralpher, "GET_api_loops_id_diff__response_200");
        if let Some(status) = status {
            // A loop that was started has a branch.
            entry.state["git"] = json!({
                "originalBranch": "main",
                "workingBranch": "ralph/my-loop-2026-01-20-10-00-00",
                "commits": [],
            });
            entry.state["status"] = status;
        }
        id
    })
}

pub(super) fn known(world: &mut World, id: &str) -> Value {
    match world.loops.world.find(id) {
        Some(_) => loops::answered(&mut world.loops.world, id),
        None => Value::Null,
    }
}

/// The next thing that a loop does by itself: it begins an iteration, and that one matches.
pub(super) fn advance(world: &mut World, id: &str) {
    act(world, |loops| match loops.entry(id).status() {
        "starting" | "waiting" => drive::begin(loops, id),
        "running" => drive::complete(loops, id),
        _ => {}
    });
}

pub(super) fn break_down(world: &mut World, id: &str) {
    act(world, |loops| drive::fail(loops, id, "It broke down"));
}

/// An event with the members that every event has.
pub(super) fn event(world: &mut World, id: &str, event: Value) -> Value {
    let mut event = event;
    for (name, value) in [
        ("loopId", json!(id)),
        ("timestamp", json!(world.loops.world.now())),
    ] {
        if event[name].is_null() {
            event[name] = value;
        }
    }
    event
}

pub(super) fn ids(world: &World) -> Vec<String> {
    let all = world.loops.world.loops.iter();
    all.map(|entry| entry.id().to_owned()).collect()
}
