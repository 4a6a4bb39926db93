//! [`Artifact`]: something a run made.

use crate::{id::id, json::Ext, noun::noun, time::Timestamp};

id! {
    /// The id of an artifact, unique within its run.
    ArtifactId
}

noun! {
    /// Something a run made: a file, a plan, a patch. (`MetaForge`, "Get Session"; Mini-Devin,
    /// "Artifacts".)
    Artifact {
        /// Its path below the run's folder, or its name where the plane says only that.
        path: String,
        ;
        /// Its id, where it can be downloaded.
        id: ArtifactId,
        /// What it is, in the plane's words: `file`, `plan`, `diff`.
        kind: String,
        /// Its size in bytes.
        size: u64,
        /// Lines added and deleted, as the plane writes it: `+50 -0`.
        diff: String,
        /// When it was made.
        created_at: Timestamp,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

impl Artifact {
    /// Lines added and deleted; `None` where the plane does not say so in a way that is known.
    ///
    /// ```
    /// let artifact = grump_core::Artifact::new("architecture.md").diff("+85 -0");
    /// assert_eq!(artifact.lines(), Some((85, 0)));
    /// ```
    #[must_use]
    pub fn lines(&self) -> Option<(u64, u64)> {
        let (added, deleted) = self.diff.as_deref()?.trim().split_once(' ')?;
        let added = added.strip_prefix('+')?.parse().ok()?;
        let deleted = deleted.trim().strip_prefix('-')?.parse().ok()?;
        Some((added, deleted))
    }
}
