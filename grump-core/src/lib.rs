//! The domain of grump.

pub mod error;
pub mod status;

pub use error::{Conflict, Error, ErrorKind, Remote, Result, Retry};
pub use status::{RunStatus, Status};
