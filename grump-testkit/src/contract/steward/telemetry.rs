//! What a run did: its events, files, commands.

use serde_json::{Value, json};

use super::{is_blob, list, page};
use crate::{
    contract::{Answer, Done, check::Call, json, text, world::World},
    serving::{Asked, Reply},
};

/// How many streams a user may have. (Steward, "Rate limits")
const STREAMS: usize = 4;

pub(super) const DIFF: &str = "diff --git a/src/app.ts b/src/app.ts\n--- a/src/app.ts\n+++ b/src/app.ts\n@@ -1 +1,2 @@\n export {};\n+// dark\n";

pub(super) fn answer(world: &mut World, call: &Call<'_>, operation: &str) -> Done {
    let run = world.named("run", call.id())?.data["id"].clone();
    match operation {
        "runEvents" => events(world, call),
        "runEventsStream" => stream(world, call),
        "runFiles" => list(call, &[file(&run)]),
        "runFile" => {
            let mut file = file(&run);
            file["diff"] = json!(DIFF);
            one(world, call, "file", &file)
        }
        "runDiff" => match world.is("diff-in-json") {
            true => json(call, &json!({"diff": DIFF})),
            false => text("text/x-diff; charset=utf-8", DIFF),
        },
        "runSnapshots" => {
            let of = world.all("snapshot").filter(|one| one.data["runId"] == run);
            list(call, &of.map(|one| json!(one.data)).collect::<Vec<_>>())
        }
        "runCommands" => list(call, &[command(&run)]),
        "runCommand" => {
            let mut command = command(&run);
            for (name, stream) in [("stdoutUrl", "stdout"), ("stderrUrl", "stderr")] {
                command[name] = json!(format!("{}/blobs/1/{stream}?signature=5f0c7a1e", world.url));
            }
            one(world, call, "command", &command)
        }
        _ => json(
            call,
            &json!({
                "changedFiles": ["src/app.ts"],
                "risks": ["None known."],
                "tests": {"passed": 12, "failed": 0},
                "docs": ["PROJECT_MAP"],
            }),
        ),
    }
}

/// The one row that there is, if its id is asked for.
fn one(world: &World, call: &Call<'_>, kind: &str, row: &Value) -> Done {
    match &*call.named[1] {
        "1" => json(call, row),
        other => Err(world.missing(kind, other)),
    }
}

fn file(run: &Value) -> Value {
    json!({
        "id": 1,
        "runId": run,
        "path": "src/app.ts",
        "status": "modified",
        "additions": 1,
        "deletions": 0,
    })
}

fn command(run: &Value) -> Value {
    json!({
        "id": 1,
        "runId": run,
        "command": "npm test",
        "exitCode": 0,
        "startedAt": "2026-01-20T10:00:00Z",
        "finishedAt": "2026-01-20T10:00:02Z",
    })
}

/// The events of a run behind `since`, a page of them, as they are filtered.
fn events(world: &mut World, call: &Call<'_>) -> Done {
    let query = |name| call.query.get(name).map(String::as_str);
    let since: u64 = match query("since").map(str::parse) {
        None => 0,
        Some(Ok(since)) => since,
        Some(Err(_)) => return Err(world.invalid("since is no id of an event")),
    };
    let kept = |event: &Value| {
        let is = |name, wanted: Option<&str>| wanted.is_none_or(|wanted| event[name] == wanted);
        let kind = event["eventType"].as_str().unwrap_or_default();
        query("eventTypes").is_none_or(|kinds| kinds.split(',').any(|one| one == kind))
            && is("severity", query("severity"))
            && is("path", query("path"))
    };
    let told = world
        .told
        .iter()
        .filter(|told| told.run == call.id() && told.id > since);
    let events: Vec<_> = told.map(|told| told.event.clone()).filter(kept).collect();
    page(world, call, &events)
}

/// A stream of what comes, or of all that comes behind an event. Where the run is over it ends.
fn stream(world: &mut World, call: &Call<'_>) -> Done {
    if world.streams.len() >= STREAMS {
        return Err(world.refusal(429, "At most 4 concurrent streams"));
    }
    let id = call.id().to_owned();
    let last = call.asked.header("last-event-id").map(str::parse::<u64>);
    let last = match last {
        None => u64::MAX,
        Some(Ok(last)) => last,
        Some(Err(_)) => return Err(world.invalid("Last-Event-ID is no id of an event")),
    };
    let (number, frames) = world.open(Some(&id), false, true);
    let missed = world
        .told
        .iter()
        .filter(|told| told.run == id && told.id > last);
    let missed: Vec<_> = missed
        .map(|told| {
            format!(
                "id: {}\nevent: agent_event\ndata: {}\n\n",
                told.id, told.event
            )
        })
        .collect();
    missed
        .into_iter()
        .for_each(|frame| world.send(number, frame));
    let status = world.named("run", &id)?.status();
    if ["completed", "failed", "cancelled"].contains(&status) {
        world.end_streams(&id);
    }
    Ok(Answer::Events(number, frames))
}

/// What a command wrote. The address is signed: a credential has no business there.
pub(in crate::contract) fn blob(world: &mut World, asked: &Asked) -> Option<Done> {
    if !is_blob(asked) {
        return None;
    }
    if asked.header("authorization").is_some() {
        let what = format!(
            "GET {}: a credential is shown to a signed address",
            asked.path
        );
        world.violations.push(what);
    }
    Some(Ok(
        Reply::text(200, "text/plain", "12 tests passed\n").into()
    ))
}
