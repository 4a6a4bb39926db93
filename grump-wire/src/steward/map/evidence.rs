//! What a run did.

use grump_core::{
    CommandRun, Json, RepoPath, Summary, WorkFile,
    evidence::{CommandId, SignedUrl},
};
use serde_json::Value;

use super::super::types as wire;

/// A file that a run touched. What has no id is asked for by its path.
#[must_use]
pub fn file(told: wire::WorkspaceFile) -> WorkFile {
    let id = told.id.as_ref().map_or(&*told.path, |id| id.as_str());
    let mut file = WorkFile::new(id, RepoPath::parse(&told.path));
    file.change = told.status;
    file.additions = told.additions;
    file.deletions = told.deletions;
    file.diff = told.diff;
    file.ext = told.extra;
    if let Some(old) = told.old_path {
        file.ext.insert("oldPath".to_owned(), old.into());
    }
    file
}

/// A command that a run executed. Its addresses are secrets: no copy of them is kept in `ext`.
#[must_use]
pub fn command(told: wire::CommandExecution) -> CommandRun {
    let mut command = CommandRun::new(CommandId::new(told.id.as_str()));
    command.stdout = told.stdout().map(signed);
    command.stderr = told.stderr().map(signed);
    command.command = Some(told.command).filter(|line| !line.is_empty());
    command.status = told.status;
    command.exit_code = told.exit_code;
    command.started_at = told.started_at;
    command.ended_at = told.completed_at;
    command.ext = told.extra;
    command.ext.retain(|name, _| !name.ends_with("Url"));
    if let Some(duration) = told.duration_ms {
        command.ext.insert("durationMs".to_owned(), duration.into());
    }
    command
}

fn signed(url: wire::SignedUrl) -> SignedUrl {
    SignedUrl::new(url.0)
}

/// What a run comes to.
#[must_use]
pub fn summary(told: wire::RunSummary) -> Summary {
    let json = |value: Option<Value>| value.map(Json::from);
    let mut summary = Summary::new();
    summary.changed_files = json(told.changed_files);
    summary.risks = json(told.risks);
    summary.tests = json(told.tests);
    summary.docs = json(told.docs);
    summary.ext = told.extra;
    summary
}
