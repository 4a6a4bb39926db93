//! What is read of loops, folders, models and preferences.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{
    quirks::NoModel,
    routes::{Answer, body, exists, refuse, success, text},
    world::World,
};
use crate::serving::{Asked, Reply};

pub(super) fn health() -> Reply {
    Reply::json(200, &json!({"healthy": true, "version": "1.0.0"}))
}

pub(super) fn diff(world: &mut World, id: &str) -> Answer {
    exists(world, id)?;
    if world.entry(id).state["git"].is_null() {
        let message = "No git branch was created for this loop";
        return Err(refuse(world, 400, "no_git_branch", message));
    }
    let mut diff = world.entry(id).diff.clone();
    if world.quirks.whole_patches {
        diff.as_array_mut().into_iter().flatten().for_each(whole);
    }
    Ok(Reply::json(200, &diff))
}

/// Puts the headers that git writes before the hunks of a file.
fn whole(file: &mut Value) {
    let (Some(path), Some(hunks)) = (file["path"].as_str(), file["patch"].as_str()) else {
        return;
    };
    let before = match file["status"].as_str() {
        Some("added") => "/dev/null".to_owned(),
        _ => format!("a/{path}"),
    };
    file["patch"] = json!(format!(
        "diff --git a/{path} b/{path}\n--- {before}\n+++ b/{path}\n{hunks}"
    ));
}

/// A file of the planning folder in the loop's directory.
pub(super) fn file(world: &mut World, id: &str, name: &str) -> Answer {
    exists(world, id)?;
    let directory = world.entry(id).config["directory"].clone();
    let path = Path::new(directory.as_str().unwrap_or_default())
        .join(".planning")
        .join(name);
    let body = match fs::read_to_string(path) {
        Ok(content) => json!({"content": content, "exists": true}),
        Err(_) if world.quirks.no_content => json!({"exists": false}),
        Err(_) => json!({"content": "", "exists": false}),
    };
    Ok(Reply::json(200, &body))
}

pub(super) fn models(world: &World, asked: &Asked) -> Answer {
    directory(world, asked, "missing_directory")?;
    Ok(Reply::json(200, &world.models))
}

pub(super) fn last_model(world: &World) -> Reply {
    match (&world.last_model, world.quirks.no_model) {
        (Some(model), _) => Reply::json(200, model),
        (None, NoModel::Null) => Reply::json(200, &Value::Null),
        (None, NoModel::Empty) => Reply::json(200, &json!({})),
        (None, NoModel::NoContent) => Reply::empty(204),
    }
}

pub(super) fn set_last_model(world: &mut World, asked: &Asked) -> Answer {
    let own = world.quirks.own_codes;
    let model = body(world, asked, &["providerID", "modelID"]).map_err(|refused| {
        if own {
            refuse(world, 500, "save_failed", "Unexpected token in JSON")
        } else {
            refused
        }
    })?;
    if text(&model, "providerID").is_none() || text(&model, "modelID").is_none() {
        let message = "providerID and modelID are required";
        return Err(refuse(world, 400, "validation_error", message));
    }
    world.last_model = Some(Value::Object(model));
    Ok(success())
}

pub(super) fn planning_folder(world: &World, asked: &Asked) -> Answer {
    let folder = directory(world, asked, "invalid_request")?;
    let folder = Path::new(folder).join(".planning");
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(Reply::json(
            200,
            &json!({
                "exists": false,
                "hasFiles": false,
                "files": [],
                "warning": "The .planning directory does not exist. Ralph Loops work best with planning documents.",
            }),
        ));
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut files: Vec<_> = names.collect();
    files.sort();
    let mut body = json!({"exists": true, "hasFiles": !files.is_empty(), "files": files});
    if files.is_empty() && world.quirks.extra_members {
        body["warning"] = json!("The .planning directory is empty.");
    }
    Ok(Reply::json(200, &body))
}

/// The directory that a query names, or how its absence is refused.
fn directory<'a>(world: &World, asked: &'a Asked, own_code: &str) -> Result<&'a str, Reply> {
    let code = if world.quirks.own_codes {
        own_code
    } else {
        "validation_error"
    };
    asked
        .query
        .get("directory")
        .map(String::as_str)
        .ok_or_else(|| refuse(world, 400, code, "directory is required"))
}
