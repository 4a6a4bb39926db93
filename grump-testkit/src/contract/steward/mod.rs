//! Steward: projects, runs and their telemetry. Its document shows hardly any body: these are ours.

mod projects;
mod runs;
mod telemetry;

use serde_json::{Map, Value, json};

use super::{
    Done,
    check::Call,
    json,
    world::{World, as_text},
};
use crate::serving::{Asked, Reply};

/// What stands in the place of a secret.
const MASK: &str = "********";

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    match call.row.operation {
        "authToken" => login(world, call),
        "authLogout" => {
            world.tokens.forget(&call.token);
            Ok(Reply::empty(204).into())
        }
        "authMe" => json(
            call,
            &json!({"id": 7, "name": "Example User", "email": "user@example.com"}),
        ),
        "settingsGet" => json(call, &Value::Object(world.settings.clone())),
        "settingsUpdate" => update_settings(world, call),
        "providersList" => providers(world, call),
        "providersUpdate" => update_provider(world, call),
        "devicesCreate" => register_device(world, call),
        "devicesDelete" => unregister_device(world, call),
        operation if operation.starts_with("projects") || operation.starts_with("docs") => {
            projects::answer(world, call)
        }
        operation if operation.starts_with("snapshots") => projects::snapshots(world, call),
        operation if operation.starts_with("runs") => runs::answer(world, call),
        operation => match runs::review(world, call) {
            Some(done) => done,
            None => telemetry::answer(world, call, operation),
        },
    }
}

pub(super) use runs::{advance, event};
pub(super) use telemetry::blob;

/// An entity of this kind of which nothing more is said.
pub(super) fn blank(world: &mut World, kind: &str) -> (&'static str, Value) {
    match kind {
        "project" => ("project", projects::project(world)),
        "run" => ("run", runs::run(world)),
        "snapshot" => ("snapshot", projects::snapshot(world)),
        _ => panic!("Steward has no {kind:?}"),
    }
}

/// The settings at first.
pub(super) fn settings() -> Map<String, Value> {
    let settings = json!({
        "safety.auto_git_push": false,
        "runs.max_minutes": 60,
        "rag.enabled": true,
        "providers.anthropic.api_key": MASK,
    });
    settings.as_object().cloned().unwrap_or_default()
}

/// Some of a list: those behind the cursor, and the cursor behind them.
fn page(world: &World, call: &Call<'_>, items: &[Value]) -> Done {
    let cursor = call.query.get("cursor");
    let from = match cursor.map(|cursor| cursor.strip_prefix("after-").unwrap_or_default().parse())
    {
        None => 0,
        Some(Ok(from)) if from <= items.len() => from,
        Some(_) => return Err(world.invalid("The cursor is not one of ours")),
    };
    let to = items.len().min(from + call.count("limit").unwrap_or(50));
    let next = (to < items.len()).then(|| format!("after-{to}"));
    json(
        call,
        &json!({"data": items[from..to], "meta": {"nextCursor": next}}),
    )
}

/// A list that is told whole.
fn list(call: &Call<'_>, items: &[Value]) -> Done {
    json(call, &json!({"data": items}))
}

fn login(world: &mut World, call: &Call<'_>) -> Done {
    let (email, password) = (call.text("email"), call.text("password"));
    let dialect = world.dialect;
    let token = email
        .zip(password)
        .and_then(|(email, password)| world.tokens.login(dialect, email, password));
    match token {
        Some(token) => {
            let abilities = world.tokens.abilities(&token);
            json(call, &json!({"token": token, "abilities": abilities}))
        }
        None => Err(world.refusal(401, "These credentials do not match our records.")),
    }
}

/// Changes settings, each to another value of its type. A value that stands for a secret is not
/// written back.
fn update_settings(world: &mut World, call: &Call<'_>) -> Done {
    for (name, value) in &call.body {
        if value == MASK {
            let what = format!("PUT {}: {name} is written back masked", call.asked.path);
            world.violations.push(what.clone());
            return Err(world.invalid(what));
        }
        let known = world.settings.get(name);
        let same = |known: &Value| std::mem::discriminant(known) == std::mem::discriminant(value);
        if known.is_some_and(|known| !same(known)) {
            let errors = json!({name: ["The type is wrong."]});
            let refusal = world.invalid(format!("{name} has the wrong type"));
            return Err(refusal.with("errors", errors));
        }
    }
    for (name, value) in call.body.clone() {
        let secret = name.ends_with("key") || name.ends_with("secret");
        let value = if secret { json!(MASK) } else { value };
        world.settings.insert(name, value);
    }
    json(call, &Value::Object(world.settings.clone()))
}

fn providers(world: &mut World, call: &Call<'_>) -> Done {
    known_providers(world);
    let listed: Vec<_> = world.all("provider").map(shown_provider).collect();
    list(call, &listed)
}

fn shown_provider(one: &super::world::Entity) -> Value {
    let (key, name) = (&one.data["key"], &one.data["name"]);
    json!({"key": key, "name": name, "enabled": one.status() == "enabled"})
}

fn known_providers(world: &mut World) {
    if world.all("provider").next().is_none() {
        for (key, name) in [("anthropic", "Anthropic"), ("openai", "OpenAI")] {
            let data = json!({"id": 1, "key": key, "name": name, "status": "enabled"});
            world.add("provider", data).id = key.to_owned();
        }
    }
}

fn update_provider(world: &mut World, call: &Call<'_>) -> Done {
    known_providers(world);
    let wanted = call.body["enabled"] == true;
    let one = world.named("provider", call.id())?;
    if (one.status() == "enabled") != wanted {
        world.step("provider", call.id(), "PUT /api/settings/providers/{key}")?;
    }
    let one = world.named("provider", call.id())?;
    json(call, &shown_provider(one))
}

fn register_device(world: &mut World, call: &Call<'_>) -> Done {
    let now = world.now();
    let platform = call.text("platform").unwrap_or("ios");
    let data = json!({"id": 5, "platform": platform, "status": null, "createdAt": now});
    let made = world.add("device", data).data.clone();
    json(call, &Value::Object(made))
}

fn unregister_device(world: &mut World, call: &Call<'_>) -> Done {
    world.named("device", call.id())?;
    let id = call.id();
    world
        .entities
        .retain(|one| one.kind != "device" || one.id != id);
    Ok(Reply::empty(204).into())
}

/// What a body says of an entity that must be there: its id as it stands in paths.
fn mentioned(world: &mut World, kind: &str, id: &Value) -> Result<String, super::Refusal> {
    let text = as_text(id);
    match world.find(kind, &text) {
        Some(_) => Ok(text),
        None => {
            let message = format!("There is no {kind} {text}");
            Err(world.invalid(message))
        }
    }
}

/// Whether a request is one for a blob, which is fetched without a credential.
fn is_blob(asked: &Asked) -> bool {
    asked.method == "GET" && asked.path.starts_with("/blobs/")
}
