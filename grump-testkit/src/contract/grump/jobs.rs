//! Jobs.

use serde_json::{Value, json};

use super::{advance, shown};
use crate::contract::{
    Done,
    check::Call,
    json,
    world::{Entity, World},
};

pub(super) fn new_job(now: &Value, id: &str, kind: &str) -> Value {
    json!({
        "id": id,
        "type": kind,
        "status": "queued",
        "progress": 0,
        "result": null,
        "logs": [],
        "createdAt": now,
        "completedAt": null,
    })
}

/// How a job is listed, and how it is read.
const LISTED: [&str; 5] = ["id", "type", "status", "progress", "createdAt"];

pub(super) fn jobs(world: &mut World, call: &Call<'_>) -> Done {
    let status = call.query.get("status");
    let listed: Vec<_> = world
        .all("job")
        .filter(|job| status.is_none_or(|status| job.status() == status))
        .map(|job| members(job, &LISTED))
        .collect();
    let (limit, offset) = (
        call.count("limit").unwrap_or(50),
        call.count("offset").unwrap_or(0),
    );
    let page: Vec<_> = listed.iter().skip(offset).take(limit).collect();
    json(
        call,
        &json!({"jobs": page, "total": listed.len(), "limit": limit, "offset": offset}),
    )
}

fn members(entity: &Entity, names: &[&str]) -> Value {
    let member = |name: &&str| ((*name).to_owned(), entity.data[*name].clone());
    Value::Object(names.iter().map(member).collect())
}

pub(super) fn job(world: &mut World, call: &Call<'_>) -> Done {
    let known = world.named("job", call.id())?.data.clone();
    shown(call, "GET_api_jobs_jobId__response_200", &known)
}

pub(super) fn cancel(world: &mut World, call: &Call<'_>) -> Done {
    world.step("job", call.id(), "POST /api/jobs/{jobId}/cancel")?;
    job(world, call)
}

/// A job that carries a session out is as far as the session is; another is done at once.
pub(super) fn advance_job(world: &mut World, id: &str) {
    let job = world.find("job", id).expect("it is there");
    let session = job.text("session").to_owned();
    match session.is_empty() {
        true => complete_job(world, id),
        false => advance(world, "ship_session", &session),
    }
}

pub(super) fn complete_job(world: &mut World, id: &str) {
    world.step_of_engine("job", id, "done");
    let now = world.now();
    let job = world.find("job", id).expect("it is there");
    job.set("progress", 100);
    job.set("result", json!({}));
    job.set("completedAt", now);
}
