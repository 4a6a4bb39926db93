//! What a run leaves behind to be looked at: files, commands, a summary, artifacts; [`Evidence`]:
//! the trait that shows it.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    artifact::{Artifact, ArtifactId},
    change::RepoPath,
    download::Download,
    error::Result,
    id::id,
    json::{Ext, Json},
    noun::noun,
    plane::{Operation, unsupported},
    run::RunRef,
    time::Timestamp,
};

id! {
    /// The id of a file that a run touched, unique within the run.
    FileId
}

id! {
    /// The id of a command that a run's agent ran, unique within the run.
    CommandId
}

noun! {
    /// A file that a run touched. (Steward, "Run telemetry", `files`.)
    WorkFile {
        /// Its id.
        id: FileId,
        /// Its path in the repository.
        path: RepoPath,
        ;
        /// What happened to it, in the plane's words.
        change: String,
        /// Lines added.
        additions: u64,
        /// Lines deleted.
        deletions: u64,
        /// What changed, as a patch: only where one file is read.
        diff: String,
        /// When it last changed.
        updated_at: Timestamp,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// A command that a run's agent ran. (Steward, "Run telemetry", `commands`.)
    CommandRun {
        /// Its id.
        id: CommandId,
        ;
        /// The command line.
        command: String,
        /// Where it is, in the plane's words.
        status: String,
        /// What it ended with.
        exit_code: i64,
        /// When it began.
        started_at: Timestamp,
        /// When it ended.
        ended_at: Timestamp,
        /// Where its output is to be had for a while: only where one command is read.
        stdout: SignedUrl,
        /// As [`stdout`](Self#structfield.stdout), for what it wrote of errors.
        stderr: SignedUrl,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// An address that whoever knows it may read from, for a while: fetch it at once, and without a
/// credential. `Debug` hides what signs it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedUrl(String);

impl SignedUrl {
    /// This address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The whole address. It is a secret as long as it holds.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for SignedUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.split(['?', '#']).next().unwrap_or_default();
        write!(f, "SignedUrl({shown}?…)")
    }
}

noun! {
    /// What a run comes to, as the plane sums it up. (Steward, "Run telemetry", `summary`: changed
    /// files, risks, tests, docs. Their shapes are the plane's.)
    Summary {
        ;
        /// What was changed.
        changed_files: Json,
        /// What may go wrong.
        risks: Json,
        /// What was tested.
        tests: Json,
        /// What was documented.
        docs: Json,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that shows what a run did and made.
#[async_trait]
pub trait Evidence: Send + Sync + fmt::Debug {
    /// Lists the files that a run touched.
    ///
    /// # Errors
    /// `NotFound`.
    async fn files(&self, run: &RunRef) -> Result<Vec<WorkFile>> {
        unsupported(Operation::EvidenceFiles, run)
    }

    /// Reads one of them, with what changed in it.
    ///
    /// # Errors
    /// `NotFound`.
    async fn file(&self, run: &RunRef, file: &FileId) -> Result<WorkFile> {
        unsupported(Operation::EvidenceFile, (run, file))
    }

    /// Lists the commands that a run's agent ran, the oldest first.
    ///
    /// # Errors
    /// `NotFound`.
    async fn commands(&self, run: &RunRef) -> Result<Vec<CommandRun>> {
        unsupported(Operation::EvidenceCommands, run)
    }

    /// Reads one of them, with where its output is to be had.
    ///
    /// # Errors
    /// `NotFound`.
    async fn command(&self, run: &RunRef, command: &CommandId) -> Result<CommandRun> {
        unsupported(Operation::EvidenceCommand, (run, command))
    }

    /// Sums a run up.
    ///
    /// # Errors
    /// `NotFound` for a run that is not there, or has no summary yet.
    async fn summary(&self, run: &RunRef) -> Result<Summary> {
        unsupported(Operation::EvidenceSummary, run)
    }

    /// Lists what a run made.
    ///
    /// # Errors
    /// `NotFound`.
    async fn artifacts(&self, run: &RunRef) -> Result<Vec<Artifact>> {
        unsupported(Operation::EvidenceArtifacts, run)
    }

    /// Downloads something that a run made.
    ///
    /// # Errors
    /// `NotFound`.
    async fn artifact(&self, run: &RunRef, artifact: &ArtifactId) -> Result<Download> {
        unsupported(Operation::EvidenceArtifact, (run, artifact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pitfall 37: what signs an address shows nowhere.
    #[test]
    fn a_signed_address_shows_without_what_signs_it() {
        let command = CommandRun::new("c-1").stdout(SignedUrl::new("https://x/log?signature=s3"));
        let shown = format!("{command:?}");
        assert!(
            shown.contains("https://x/log?…") && !shown.contains("s3"),
            "{shown}"
        );
    }
}
