//! The doctor: what a crash left behind in a data folder, and how it is removed.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

use grump_core::{ControlPlane, Error, ErrorKind, Result, Run, RunFilter};
use serde::Serialize;

use crate::{
    data::DataFolder,
    engine::Engine,
    facets::shown,
    flow::{state::LoopRecord, states::is_at_work},
    journal::Journal,
    owner::Owner,
    process::{self, Mark, ProcessInfo},
    supervisor::Resume,
    workspace::{self, Git},
};

/// What the doctor finds in a data folder.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Who works on the folder. What belongs to its loops is in order.
    pub owner: Option<Owner>,
    /// Processes of agents whose engine is gone.
    pub processes: Vec<ProcessInfo>,
    /// Worktrees that no loop needs.
    pub worktrees: Vec<String>,
    /// Loops that were cut off, and still say that they run.
    pub interrupted: Vec<Run>,
}

impl Report {
    /// Nothing is left behind.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.processes.is_empty() && self.worktrees.is_empty() && self.interrupted.is_empty()
    }
}

/// Looks for what a crash left behind. Changes nothing.
///
/// # Errors
/// `Storage` if the journal is damaged, of a newer version, or cannot be read.
pub async fn examine(data: &DataFolder) -> Result<Report> {
    Ok(look(data).await?.report)
}

/// Removes what [`examine`] finds, and says what that was: processes are ended, worktrees removed
/// (with what no commit holds kept in a backup), and loops that were cut off are written down as
/// interrupted. Starting one goes on with it.
///
/// # Errors
/// `Conflict` `owned` while another process owns the folder; otherwise as for [`examine`].
pub async fn repair(data: &DataFolder) -> Result<Report> {
    let found = look(data).await?;
    if !data.has_journal() {
        return Ok(found.report);
    }
    // Opening the engine ends the processes and gives the loops up.
    let engine = Engine::builder(data.clone())
        .resume(Resume::GiveUp)
        .open()?;
    let repaired = repair_owned(data, &engine, &found).await;
    engine.close().await;
    repaired.map(|()| found.report)
}

/// What is left to do once nobody else can work on the folder.
async fn repair_owned(data: &DataFolder, engine: &Engine, found: &Found) -> Result<()> {
    let Some(runs) = &engine.facets().runs else {
        return Ok(());
    };
    let runs = runs.list(RunFilter::default()).await?.items;
    let is_needed = |id: &str| {
        let mut needed = runs.iter().filter(|run| !run.status.unified.is_final());
        needed.any(|run| run.name.id.as_str() == id)
    };
    let git = Git::default();
    for leftover in workspace::leftovers(data.path(), is_needed)? {
        leftover.remove(&git).await?;
    }
    for repository in found.repositories.iter().filter(|folder| folder.exists()) {
        workspace::prune(repository, data.path()).await?;
    }
    Ok(())
}

struct Found {
    report: Report,
    repositories: BTreeSet<PathBuf>,
}

async fn look(data: &DataFolder) -> Result<Found> {
    let mut report = Report {
        owner: Owner::of(data),
        ..Report::default()
    };
    let mut needed = HashMap::new();
    let mut repositories = BTreeSet::new();
    if data.has_journal() {
        let journal = Journal::open_read_only(&data.journal())?;
        for stored in journal.runs().await? {
            let record = LoopRecord::read(stored)?;
            let status = record.run.status.unified;
            needed.insert(record.run.name.id.to_string(), !status.is_final());
            let workspace = record.state.workspace.as_ref();
            repositories.extend(workspace.map(|workspace| workspace.common_dir.clone()));
            if report.owner.is_none() && is_at_work(status) {
                report.interrupted.push(shown(record, true));
            }
        }
        if report.owner.is_none() {
            report.processes = survivors(journal.id()).await?;
        }
    }
    let leftovers = workspace::leftovers(data.path(), |run| needed.get(run) == Some(&true))?;
    report.worktrees = leftovers
        .iter()
        .map(|left| left.path.display().to_string())
        .collect();
    Ok(Found {
        report,
        repositories,
    })
}

async fn survivors(journal: &str) -> Result<Vec<ProcessInfo>> {
    let mark = Mark::journal(journal);
    let found = tokio::task::spawn_blocking(move || process::survivors(&mark)).await;
    let found = found.map_err(|error| {
        Error::new(ErrorKind::Internal, "the search for processes failed").caused_by(error)
    })?;
    match found {
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(Vec::new()),
        found => found,
    }
}
