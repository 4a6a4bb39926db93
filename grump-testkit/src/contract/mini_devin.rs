//! Mini-Devin: sessions, tasks, artifacts, and a WebSocket of a task, both ways.

use serde_json::{Map, Value, json};

use super::{
    Answer, Done,
    check::Call,
    dialect::Dialect,
    examples::{example, shown_as},
    json,
    world::{Entity, World},
};
use crate::serving::Reply;

/// What a task tells while it is at work, in this order.
const WORK: [&str; 4] = ["token", "tool_call", "tool_result", "plan_update"];

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    match call.row.operation {
        "health" => json(call, &document("GET_health__response_200")),
        "authRegister" => register(world, call),
        "authLogin" => login(world, call),
        "authApiKeyCreate" => create_key(world, call),
        "modelsList" => models(call),
        "providersList" => json(call, &document("GET_api_providers__response_200")),
        "sessionsList" => sessions(world, call),
        "sessionsCreate" => create_session(world, call),
        "sessionsGet" => session(world, call),
        "sessionsDelete" => delete(world, call),
        "tasksList" => tasks(world, call),
        "tasksCreate" => create_task(world, call),
        "tasksGet" => task(world, call),
        "tasksStop" => stop(world, call),
        "artifactsList" => artifacts(world, call),
        "artifactsDownload" => download(world, call),
        "wsTask" => socket(world, call),
        operation => panic!("the table has an operation that is not played: {operation}"),
    }
}

fn document(name: &str) -> Value {
    example(Dialect::MiniDevin, name)
}

fn shown(call: &Call<'_>, name: &str, known: &Map<String, Value>) -> Done {
    json(call, &shown_as(&document(name), known))
}

/// An entity of this kind of which nothing more is said.
pub(super) fn blank(world: &mut World, kind: &str) -> (&'static str, Value) {
    match kind {
        "session" => ("session", new_session(world)),
        "task" => ("task", new_task(world, "")),
        _ => panic!("Mini-Devin has no {kind:?}"),
    }
}

fn new_session(world: &mut World) -> Value {
    let now = world.now();
    let status = match world.is("field-statuses") {
        true => "idle",
        false => "active",
    };
    json!({
        "id": "uuid",
        "name": "New Session",
        "status": status,
        "working_directory": "/path/to/project",
        "created_at": now,
        "updated_at": now,
    })
}

fn new_task(world: &mut World, session: &str) -> Value {
    let now = world.now();
    json!({
        "id": "uuid",
        "session": session,
        "description": "Fix the failing test",
        "status": "running",
        "created_at": now,
        "completed_at": null,
        "iterations": 0,
        "plan": null,
        "result": null,
    })
}

fn register(world: &mut World, call: &Call<'_>) -> Done {
    let text = |name| call.text(name).unwrap_or_default();
    if !world.tokens.register(text("email"), text("password")) {
        return Err(world.refusal(400, "Email already registered"));
    }
    let now = world.now();
    let data = json!({
        "id": "uuid",
        "email": call.value("email"),
        "name": call.value("name"),
        "created_at": now,
    });
    let made = world.add("user", data).data.clone();
    shown(call, "POST_api_auth_register__response_200", &made)
}

fn login(world: &mut World, call: &Call<'_>) -> Done {
    let text = |name| call.text(name).unwrap_or_default();
    let dialect = world.dialect;
    let token = world.tokens.login(dialect, text("email"), text("password"));
    let Some(token) = token else {
        return Err(world.refusal(401, "Incorrect email or password"));
    };
    let mut answer = document("POST_api_auth_login__response_200");
    answer["access_token"] = json!(token);
    answer["expires_in"] = json!(world.token_life);
    json(call, &answer)
}

fn create_key(world: &mut World, call: &Call<'_>) -> Done {
    let now = world.now();
    let data = json!({
        "id": "uuid",
        "name": call.value("name"),
        "key": world.tokens.issue_key(),
        "created_at": now,
        "expires_at": call.value("expires_at"),
    });
    let made = world.add("key", data).data.clone();
    shown(call, "POST_api_auth_api-keys__response_200", &made)
}

fn models(call: &Call<'_>) -> Done {
    let mut answer = document("GET_api_models__response_200");
    if let (Some(provider), Some(models)) =
        (call.query.get("provider"), answer["models"].as_array_mut())
    {
        models.retain(|model| model["provider"] == **provider);
    }
    json(call, &answer)
}

/// The tasks of a session, which knows them by its id as it stands in paths.
fn tasks_of<'a>(world: &'a World, session: &'a str) -> impl Iterator<Item = &'a Entity> {
    world
        .all("task")
        .filter(move |task| task.text("session") == session)
}

fn sessions(world: &mut World, call: &Call<'_>) -> Done {
    let document = document("GET_api_sessions__response_200");
    let row = |one: &Entity| {
        let mut known = one.data.clone();
        known.insert(
            "task_count".to_owned(),
            json!(tasks_of(world, &one.id).count()),
        );
        shown_as(&document[0], &known)
    };
    let listed: Vec<_> = world.all("session").map(row).collect();
    json(call, &json!(listed))
}

fn create_session(world: &mut World, call: &Call<'_>) -> Done {
    let mut data = new_session(world);
    for (name, value) in &call.body {
        data[name] = value.clone();
    }
    let made = world.add("session", data).data.clone();
    shown(call, "POST_api_sessions__response_200", &made)
}

fn session(world: &mut World, call: &Call<'_>) -> Done {
    let mut known = world.named("session", call.id())?.data.clone();
    let document = document("GET_api_sessions_session_id__response_200");
    let row = |task: &Entity| shown_as(&document["tasks"][0], &task.data);
    let tasks: Vec<_> = tasks_of(world, call.id()).map(row).collect();
    known.insert("tasks".to_owned(), json!(tasks));
    json(call, &shown_as(&document, &known))
}

fn delete(world: &mut World, call: &Call<'_>) -> Done {
    let id = call.id();
    world.named("session", id)?.set("status", "active");
    world.step("session", id, "DELETE /api/sessions/{session_id}")?;
    world
        .entities
        .retain(|one| !(one.kind == "session" && one.id == id) && one.text("session") != id);
    Ok(Reply::empty(204).into())
}

fn tasks(world: &mut World, call: &Call<'_>) -> Done {
    world.named("session", call.id())?;
    let document = document("GET_api_sessions_session_id_tasks__response_200");
    let row = |task: &Entity| shown_as(&document[0], &task.data);
    let listed: Vec<_> = tasks_of(world, call.id()).map(row).collect();
    json(call, &json!(listed))
}

fn create_task(world: &mut World, call: &Call<'_>) -> Done {
    world.named("session", call.id())?;
    let mut data = new_task(world, call.id());
    data["description"] = call.value("description");
    let made = world.add("task", data).data.clone();
    shown(
        call,
        "POST_api_sessions_session_id_tasks__response_200",
        &made,
    )
}

fn task(world: &mut World, call: &Call<'_>) -> Done {
    let known = world.named("task", call.id())?.data.clone();
    shown(call, "GET_api_tasks_task_id__response_200", &known)
}

/// The trigger in the table: by REST or on the socket.
const STOP: &str = "POST /api/tasks/{task_id}/stop";

fn stop(world: &mut World, call: &Call<'_>) -> Done {
    stop_task(world, call.id(), STOP)?;
    let known = world.named("task", call.id())?.data.clone();
    shown(call, "POST_api_tasks_task_id_stop__response_200", &known)
}

fn stop_task(world: &mut World, id: &str, trigger: &str) -> Result<(), super::Refusal> {
    world.step("task", id, trigger)?;
    if !world.is("silent-stop") {
        tell_status(world, id, "Task stopped");
    }
    Ok(())
}

/// The artifacts: id, document's row, content type.
const ARTIFACTS: [(&str, usize, &str); 2] = [
    ("artifact-1", 0, "application/json"),
    ("artifact-2", 1, "text/x-diff"),
];

fn artifacts(world: &mut World, call: &Call<'_>) -> Done {
    world.named("task", call.id())?;
    let mut answer = document("GET_api_tasks_task_id_artifacts__response_200");
    for (id, at, _) in ARTIFACTS {
        answer[at]["id"] = json!(id);
    }
    json(call, &answer)
}

/// As many bytes as the list says.
fn download(world: &mut World, call: &Call<'_>) -> Done {
    world.named("task", call.id())?;
    let wanted = &*call.named[1];
    let Some((_, at, kind)) = ARTIFACTS.into_iter().find(|(id, ..)| *id == wanted) else {
        return Err(world.missing("artifact", wanted));
    };
    let row = &document("GET_api_tasks_task_id_artifacts__response_200")[at];
    let size = row["size"]
        .as_u64()
        .and_then(|size| usize::try_from(size).ok());
    let size = world.download.or(size).unwrap_or_default();
    let name = format!("attachment; filename={}", row["name"]);
    let reply = Reply::bytes(200, kind, vec![b' '; size]);
    Ok(reply.header("content-disposition", name).into())
}

fn socket(world: &mut World, call: &Call<'_>) -> Done {
    let id = call.id().to_owned();
    if world.is("socket-403") {
        return Err(world.refusal(403, "Forbidden"));
    }
    world.named("task", &id)?;
    let (number, frames) = world.open(Some(&id), true, true);
    Ok(Answer::Socket(number, frames, Some(id)))
}

/// A client may stop the task, and say something to it.
pub(super) fn message(world: &mut World, of: &str, message: &Value) {
    let members = message.as_object().map_or(0, Map::len);
    let trigger = match (message["type"].as_str(), members) {
        (Some("stop"), 1) => "WS stop",
        (Some("input"), 2) if message["content"].is_string() => "WS input",
        _ => {
            let what = format!("WS /ws/tasks/{of}: the message {message} is not documented");
            return world.violations.push(what);
        }
    };
    let done = match trigger {
        "WS stop" => stop_task(world, of, trigger),
        _ => world.step("task", of, trigger).map(|()| {
            let task = world.find("task", of).expect("it was changed");
            task.set("input", message["content"].clone());
        }),
    };
    if let Err(refusal) = done {
        let now = world.now();
        let (text, code) = (&refusal.message, &refusal.code);
        let told = json!({"type": "error", "error": text, "code": code, "timestamp": now});
        world.tell(of, &told);
    }
}

fn tell_status(world: &mut World, id: &str, message: &str) {
    let now = world.now();
    let mut told = document("WS_ws_tasks_task_id__server_status");
    let task = world.find("task", id).expect("its status is told");
    told["status"] = task.data["status"].clone();
    told["message"] = json!(message);
    told["timestamp"] = now.clone();
    task.set("completed_at", now);
    world.tell(id, &told);
    world.end_streams(id);
}

/// The next thing that a task does by itself: it works, and then it is done.
pub(super) fn advance(world: &mut World, id: &str) {
    let Some(task) = world
        .find("task", id)
        .filter(|task| task.status() == "running")
    else {
        return;
    };
    let iterations = task.data["iterations"].as_u64().unwrap_or_default();
    task.set("iterations", iterations + 5);
    if iterations == 0 {
        for kind in WORK {
            let mut told = document(&format!("WS_ws_tasks_task_id__server_{kind}"));
            told["timestamp"] = world.now();
            world.tell(id, &told);
        }
        return;
    }
    let done = document("GET_api_tasks_task_id__response_200");
    world.step_of_engine("task", id, "done");
    let task = world.find("task", id).expect("it is done, and is there");
    task.set("iterations", done["iterations"].clone());
    task.set("plan", done["plan"].clone());
    task.set("result", done["result"].clone());
    tell_status(world, id, "Task completed successfully");
}

/// A task fails at its limit.
pub(super) fn break_down(world: &mut World, id: &str) {
    world.step_of_engine("task", id, "error such as MAX_ITERATIONS_REACHED");
    let mut told = document("WS_ws_tasks_task_id__server_error");
    told["timestamp"] = world.now();
    world.tell(id, &told);
    let result = json!({"success": false, "summary": "Maximum iterations reached"});
    world
        .find("task", id)
        .expect("it has failed")
        .set("result", result);
    tell_status(world, id, "Task failed");
}
