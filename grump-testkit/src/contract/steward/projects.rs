//! Projects, their documents and snapshots.

use serde_json::{Value, json};

use super::{list, mentioned, page};
use crate::{
    contract::{Done, check::Call, json, text, world::World},
    serving::Reply,
};

const DIAGRAMS: &str = "# Architecture\n\n```mermaid\ngraph TB\n  app --> database\n```\n";

pub(super) fn project(world: &mut World) -> Value {
    let now = world.now();
    json!({
        "id": 12,
        "name": "My project",
        "description": null,
        "repositoryUrl": "https://example.com/app.git",
        "defaultBranch": "main",
        "status": "cloning",
        "createdAt": now,
        "updatedAt": now,
    })
}

pub(super) fn snapshot(world: &mut World) -> Value {
    let now = world.now();
    json!({
        "id": 31,
        "projectId": 12,
        "runId": null,
        "description": "by hand",
        "commit": "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83",
        "createdAt": now,
    })
}

pub(super) fn answer(world: &mut World, call: &Call<'_>) -> Done {
    match call.row.operation {
        "projectsList" => {
            let all: Vec<_> = world.all("project").map(|one| json!(one.data)).collect();
            return page(world, call, &all);
        }
        "projectsCreate" => return create(world, call),
        _ => {}
    }
    let id = call.id().to_owned();
    world.named("project", &id)?;
    match call.row.operation {
        "projectsGet" => shown(world, call),
        "projectsUpdate" => update(world, call),
        "projectsDelete" => {
            world.step("project", &id, "DELETE /api/projects/{project}")?;
            Ok(Reply::empty(204).into())
        }
        "projectsClone" => {
            world.step("project", &id, "POST /api/projects/{project}/clone")?;
            shown(world, call)
        }
        "projectsMap" => json(
            call,
            &json!([{"path": "src/app.ts", "kind": "file", "summary": "The application."}]),
        ),
        "projectsSchema" => json(
            call,
            &json!({"tables": [{"name": "users", "columns": [{"name": "id", "type": "bigint"}]}]}),
        ),
        "projectsDiagrams" => match world.is("markdown-in-json") {
            true => json(call, &json!({"markdown": DIAGRAMS})),
            false => text("text/markdown; charset=utf-8", DIAGRAMS),
        },
        "docsList" => {
            let now = world.now();
            let one = |slug, title| json!({"slug": slug, "title": title, "updatedAt": now});
            list(
                call,
                &[
                    one("project-map", "PROJECT_MAP"),
                    one("database-schema", "DATABASE_SCHEMA"),
                ],
            )
        }
        "docsGet" => document(world, call),
        "docsChangelog" => list(
            call,
            &[
                json!({"date": "2026-01-20", "title": "Add dark mode", "body": "A switch.", "runId": 148}),
            ],
        ),
        // Pulling, indexing and regenerating are queued.
        _ => json(
            call,
            &json!({"status": "queued", "projectId": world.named("project", &id)?.data["id"]}),
        ),
    }
}

fn shown(world: &mut World, call: &Call<'_>) -> Done {
    let data = world.named("project", call.id())?.data.clone();
    json(call, &Value::Object(data))
}

fn create(world: &mut World, call: &Call<'_>) -> Done {
    let mut data = project(world);
    for (name, value) in &call.body {
        data[name] = value.clone();
    }
    let made = world.add("project", data).data.clone();
    json(call, &Value::Object(made))
}

fn update(world: &mut World, call: &Call<'_>) -> Done {
    let now = world.now();
    let one = world.named("project", call.id())?;
    one.data.extend(call.body.clone());
    one.set("updatedAt", now);
    shown(world, call)
}

fn document(world: &mut World, call: &Call<'_>) -> Done {
    let slug = &call.named[1];
    if !["project-map", "database-schema"].contains(&slug.as_str()) {
        return Err(world.missing("document", slug));
    }
    let now = world.now();
    let title = slug.replace('-', "_").to_uppercase();
    json(
        call,
        &json!({"slug": slug, "title": title, "body": format!("# {title}\n"), "updatedAt": now}),
    )
}

pub(in crate::contract) fn snapshots(world: &mut World, call: &Call<'_>) -> Done {
    let id = call.id().to_owned();
    match call.row.operation {
        "snapshotsList" => {
            let project = world.named("project", &id)?.data["id"].clone();
            let of = |one: &&super::super::world::Entity| one.data["projectId"] == project;
            let all = world.all("snapshot").filter(of);
            list(call, &all.map(|one| json!(one.data)).collect::<Vec<_>>())
        }
        "snapshotsGet" => json(call, &json!(world.named("snapshot", &id)?.data)),
        "snapshotsRestore" => restore(world, call),
        "snapshotsCompare" => compare(world, call),
        _ => {
            let project = world.named("project", &id)?.data["id"].clone();
            let mut data = snapshot(world);
            data["projectId"] = project;
            data["description"] = call.value("description");
            let made = world.add("snapshot", data).data.clone();
            json(call, &Value::Object(made))
        }
    }
}

/// Restores a snapshot: what is there before is kept as one more, and told on the stream of the run
/// that made the snapshot, or else of the latest run.
fn restore(world: &mut World, call: &Call<'_>) -> Done {
    let trigger = "POST /api/snapshots/{snapshot}/restore";
    let mut kept = world.named("snapshot", call.id())?.data.clone();
    world.named("snapshot", call.id())?.set("status", "exists");
    world.step("snapshot", call.id(), trigger)?;
    kept.insert("description".to_owned(), json!("restore checkpoint"));
    kept.insert("id".to_owned(), json!(31));
    let run = kept["runId"].as_u64().map(|id| id.to_string());
    let latest = world.all("run").next_back().map(|run| run.id.clone());
    let made = world.add("snapshot", Value::Object(kept)).data.clone();
    if let Some(run) = run.or(latest) {
        let told = json!({"eventType": "snapshot_created", "description": "restore checkpoint"});
        let event = super::event(world, &run, &told);
        world.tell(&run, &event);
    }
    json(call, &Value::Object(made))
}

fn compare(world: &mut World, call: &Call<'_>) -> Done {
    world.named("snapshot", call.id())?;
    let against = call.value("against");
    if against != "current" {
        mentioned(world, "snapshot", &against)?;
    }
    json(
        call,
        &json!({"against": against, "diff": super::telemetry::DIFF}),
    )
}
