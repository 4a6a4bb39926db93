//! The data folder: where the engine keeps what must survive it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use grump_core::{Error, ErrorKind, Result};

/// A data folder, `<data>/{journal.db, lock, owner.json, worktrees/<repository>/<run>/}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder at this path. Nothing is created yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The platform's folder for grump's data, such as `~/.local/share/grump`; `None` where the
    /// user has no home.
    #[must_use]
    pub fn platform_default() -> Option<Self> {
        let folders = directories::ProjectDirs::from("", "", "grump")?;
        Some(Self::new(folders.data_local_dir()))
    }

    /// The folder's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The event log and the state that follows from it.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.db")
    }

    /// The file whose lock the owner holds. It is never deleted.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// What the owner says about itself.
    #[must_use]
    pub fn owner(&self) -> PathBuf {
        self.0.join("owner.json")
    }

    /// Creates the folder, for its user alone, and answers with its absolute path.
    ///
    /// # Errors
    /// `Storage` if it cannot be created or written.
    pub(crate) fn create(&self) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::new(ErrorKind::Storage, "the data folder cannot be used")
                .with("folder", self.0.display())
                .advise("choose another one with --data DIR or GRUMP_DATA")
                .caused_by(error)
        };
        let fresh = !self.0.exists();
        fs::create_dir_all(&self.0).map_err(cannot)?;
        #[cfg(unix)]
        if fresh {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&self.0, fs::Permissions::from_mode(0o700)).map_err(cannot)?;
        }
        self.0.canonicalize().map(Self).map_err(cannot)
    }

    /// Whether a journal is there.
    pub(crate) fn has_journal(&self) -> bool {
        self.journal().exists()
    }
}
