//! Handle of the facet `Evidence`.

use grump_core::{
    Artifact, ArtifactId, CommandId, CommandRun, Download, FileId, RunRef, Summary, WorkFile,
};

use super::handle;

handle! {
    /// What runs did and made.
    Evidence evidence {
        /// Lists the files that a run touched.
        EvidenceFiles files(run: &RunRef) -> Vec<WorkFile>;
        /// Reads one of them, with what changed in it.
        EvidenceFile file(run: &RunRef, file: &FileId) -> WorkFile;
        /// Lists the commands that a run's agent ran.
        EvidenceCommands commands(run: &RunRef) -> Vec<CommandRun>;
        /// Reads one of them, with where its output is to be had.
        EvidenceCommand command(run: &RunRef, command: &CommandId) -> CommandRun;
        /// Sums a run up.
        EvidenceSummary summary(run: &RunRef) -> Summary;
        /// Lists what a run made.
        EvidenceArtifacts artifacts(run: &RunRef) -> Vec<Artifact>;
        /// Downloads something that a run made, piece by piece.
        EvidenceArtifact artifact(run: &RunRef, artifact: &ArtifactId) -> Download;
    }
}
