//! The domain of grump.

pub mod change;
pub mod error;
pub mod status;

pub use change::{DiffStatus, FileDiff, FileType, RepoPath};
pub use error::{Conflict, Error, ErrorKind, Remote, Result, Retry};
pub use status::{RunStatus, Status};
