//! What the test has the server's loops do. The table of states holds: what cannot be panics.

use serde_json::{Map, Value, json};

use super::{Field, loops, world::World};

impl Field {
    /// Creates a loop of this name, as a client would, and returns its id.
    pub fn create(&self, name: &str) -> String {
        let body = json!({"name": name, "directory": "/path/to/project", "prompt": "Do it"});
        let body = body.as_object().cloned().unwrap_or_default();
        self.act(|world| loops::add(world, body))
    }

    /// Begins an iteration of a loop, starting the loop where nobody did.
    pub fn begin(&self, id: &str) {
        self.act(|world| begin(world, id));
    }

    /// An iteration from its beginning, if it has not begun, to its end; there will be another.
    pub fn iterate(&self, id: &str) {
        self.act(|world| {
            iteration(world, id);
            step(world, id, "iteration ended, pattern not matched");
            ended_iteration(world, id, "continue");
        });
    }

    /// The iteration that runs, or another one, matches: the loop is completed.
    pub fn complete(&self, id: &str) {
        self.act(|world| complete(world, id));
    }

    /// The loop is at its limit of iterations.
    pub fn limit(&self, id: &str) {
        self.act(|world| {
            step(world, id, "maxIterations reached");
            world.ended(id);
            if world.quirks.stopped_at_limit {
                let total = world.entry(id).iteration();
                let reason = format!("Reached maximum iterations ({total})");
                world.tell("loop.stopped", id, json!({"reason": reason}));
            }
        });
    }

    /// An error that the loop survives.
    pub fn error(&self, id: &str, message: &str) {
        self.act(|world| {
            let entry = world.entry(id);
            let before = entry.state["consecutiveErrors"]
                .as_u64()
                .unwrap_or_default();
            entry.state["consecutiveErrors"] = json!(before + 1);
            error(world, id, message);
        });
    }

    /// An error that the loop fails by. The event looks the same.
    pub fn fail(&self, id: &str, message: &str) {
        self.act(|world| fail(world, id, message));
    }
}

fn step(world: &mut World, id: &str, trigger: &str) {
    let before = world.entry(id).status().to_owned();
    if world.step(id, trigger).is_err() {
        panic!("{trigger:?} cannot be: the loop {id} is {before}");
    }
}

pub(crate) fn complete(world: &mut World, id: &str) {
    iteration(world, id);
    step(world, id, "stop pattern matched");
    ended_iteration(world, id, "complete");
    world.ended(id);
    world.entry(id).busy = world.quirks.busy_after_completion;
    let total = world.entry(id).iteration();
    world.tell("loop.completed", id, json!({"totalIterations": total}));
}

pub(crate) fn fail(world: &mut World, id: &str, message: &str) {
    step(world, id, "error");
    world.ended(id);
    world.entry(id).state["error"] = json!({"message": message});
    error(world, id, message);
}

pub(crate) fn begin(world: &mut World, id: &str) {
    if world.entry(id).status() == "idle" {
        step(world, id, "POST /api/loops/{id}/start");
        super::control::started(world, id);
    }
    let trigger = match world.entry(id).status() {
        "waiting" => "next iteration",
        _ => "backend connected",
    };
    step(world, id, trigger);
    let number = world.entry(id).iteration() + 1;
    world.entry(id).state["currentIteration"] = json!(number);
    world.tell("loop.iteration.start", id, json!({"iteration": number}));
}

/// Lets an iteration run that has begun, or begins one; it does not end.
fn iteration(world: &mut World, id: &str) {
    if world.entry(id).status() != "running" {
        begin(world, id);
    }
    let number = world.entry(id).iteration();
    log(world, id, &format!("log-{number}"), "Sending prompt to AI");
    let text = |content: &str| json!({"iteration": number, "content": content});
    world.tell("loop.progress", id, text(""));
    world.tell("loop.progress", id, text("I write the file."));
    tool(world, id, number);
    let message =
        json!({"id": format!("msg-{number}"), "role": "assistant", "content": "I write the file."});
    world.tell(
        "loop.message",
        id,
        json!({"iteration": number, "message": message}),
    );
    commit(world, id, number);
}

fn log(world: &mut World, id: &str, log: &str, message: &str) {
    let entry = json!({"id": log, "level": "info", "message": message});
    world.tell("loop.log", id, entry.clone());
    if world.quirks.repeated_logs {
        let mut again = entry;
        again["message"] = json!(format!("{message}: done"));
        again["details"] = json!({"model": "anthropic/claude-sonnet-4-20250514"});
        world.tell("loop.log", id, again);
    }
}

fn tool(world: &mut World, id: &str, number: u64) {
    let tool = json!({
        "id": format!("tc-{number}"),
        "name": "Write",
        "input": {"path": "/src/foo.ts"},
        "status": "running",
    });
    world.tell(
        "loop.tool_call",
        id,
        json!({"iteration": number, "tool": tool}),
    );
    if world.quirks.tool_results {
        let mut done = tool;
        done["status"] = json!("completed");
        done["output"] = json!("Wrote file successfully.");
        done["timestamp"] = json!(world.now());
        world.tell(
            "loop.tool_call",
            id,
            json!({"iteration": number, "tool": done}),
        );
    }
}

fn commit(world: &mut World, id: &str, number: u64) {
    let commit = json!({
        "iteration": number,
        "sha": format!("{number:040x}"),
        "message": "[Ralph] write the file",
        "timestamp": world.now(),
        "filesChanged": 1,
    });
    let commits = world.entry(id).state["git"]["commits"].as_array_mut();
    commits
        .expect("a loop that runs has a branch")
        .push(commit.clone());
    world.tell(
        "loop.git.commit",
        id,
        json!({"iteration": number, "commit": commit}),
    );
}

fn ended_iteration(world: &mut World, id: &str, outcome: &str) {
    let now = world.now();
    let number = world.entry(id).iteration();
    let state = &mut world.entry(id).state;
    state["lastActivityAt"] = json!(now);
    let mut summary = Map::new();
    summary.insert("iteration".to_owned(), json!(number));
    summary.insert("completedAt".to_owned(), json!(now));
    summary.insert("outcome".to_owned(), json!(outcome));
    let recent = state["recentIterations"].as_array_mut();
    recent.expect("it is a list").push(Value::Object(summary));
    world.tell(
        "loop.iteration.end",
        id,
        json!({"iteration": number, "outcome": outcome}),
    );
}

fn error(world: &mut World, id: &str, message: &str) {
    let iteration = world.entry(id).iteration();
    world.tell(
        "loop.error",
        id,
        json!({"iteration": iteration, "error": message}),
    );
}
