//! Projects, what is known about them, and their snapshots.

use grump_core::{
    ChangelogEntry, Comparison, Json, NewProject, Project, ProjectDoc, ProjectEdit, Restored,
    Snapshot, snapshot::Against,
};
use serde_json::Value;

use super::{super::types as wire, run_ref};

/// A project.
#[must_use]
pub fn project(told: wire::Project) -> Project {
    let mut project = Project::new(told.id.as_str());
    project.name = Some(told.name).filter(|name| !name.is_empty());
    project.repository_url = told.repository_url;
    project.default_branch = told.default_branch;
    project.description = told.description;
    project.status = told.status.map(|status| status.as_str().into());
    project.created_at = told.created_at;
    project.updated_at = told.updated_at;
    project.ext = told.extra;
    project
}

/// The request that asks for a project.
#[must_use]
pub fn project_request(new: NewProject) -> wire::ProjectRequest {
    wire::ProjectRequest {
        name: new.name,
        repository_url: new.repository_url,
        default_branch: new.default_branch,
    }
}

/// The request that changes a project.
#[must_use]
pub fn project_change(edit: ProjectEdit) -> wire::ProjectChange {
    wire::ProjectChange {
        name: edit.name,
        description: edit.description,
        default_branch: edit.default_branch,
    }
}

/// A document about a project.
#[must_use]
pub fn project_doc(mut told: wire::ManagedDoc) -> ProjectDoc {
    let mut doc = ProjectDoc::new(told.slug.as_str());
    doc.body = told.text().map(str::to_owned);
    doc.title = told.title.take();
    doc.updated_at = told.updated_at;
    doc.ext = told.extra;
    doc
}

/// Something that was changed in a project.
#[must_use]
pub fn changelog_entry(told: wire::ChangelogEntry) -> ChangelogEntry {
    let mut entry = ChangelogEntry::new();
    entry.at = told.date;
    entry.title = told.title;
    entry.body = told.body;
    entry.ext = told.extra;
    if let Some(run) = told.run_id.and_then(|run| serde_json::to_value(run).ok()) {
        entry.ext.insert("runId".to_owned(), run);
    }
    entry
}

/// A snapshot.
#[must_use]
pub fn snapshot(told: wire::Snapshot) -> Snapshot {
    let mut snapshot = Snapshot::new(told.id.as_str());
    snapshot.project = told.project_id.map(|id| id.as_str().into());
    snapshot.run = told.run_id.as_ref().map(run_ref);
    snapshot.description = told.description;
    snapshot.created_at = told.created_at;
    snapshot.ext = told.extra;
    snapshot
}

/// What a snapshot is compared with.
#[must_use]
pub fn against(against: &Against) -> wire::Against {
    match against {
        Against::Snapshot(id) => wire::Against::Snapshot(id.as_str().into()),
        _ => wire::Against::Current,
    }
}

/// How two states differ.
#[must_use]
pub fn comparison(told: wire::Comparison) -> Comparison {
    let mut comparison = Comparison::new();
    comparison.diff = told.diff;
    if !told.extra.is_empty() {
        comparison.body = Some(Json::from(Value::Object(told.extra)));
    }
    comparison
}

/// A project was brought back to how it was.
#[must_use]
pub fn restored(told: wire::Restored) -> Restored {
    let mut restored = Restored::new();
    restored.checkpoint = told.checkpoint().map(snapshot);
    restored.ext = told.extra;
    restored
}
