//! [`embedded`]: a plane that runs agents right here.

use std::path::Path;

use grump_core::Result;
use grump_engine::{DataFolder, Engine};

use crate::plane::Plane;

/// A plane that runs agents right here and keeps its data in this folder.
///
/// It owns the folder until [`Plane::close`]; dropping the last clone ends the work too, but in its
/// own time. Loops that a crash cut off go on. Agents are named by a specification such as `cmd: claude -p`, or `opencode`. For more say
/// in it build an engine with `grump_engine::Engine::builder` and give it to [`Plane::new`].
///
/// # Errors
/// `Conflict` `owned` if another process owns the folder, naming it; `Storage` if its journal is
/// damaged, of a newer version, or cannot be written; `Internal` outside of a tokio runtime.
pub fn embedded(folder: impl AsRef<Path>) -> Result<Plane> {
    Engine::builder(DataFolder::new(folder.as_ref()))
        .open()
        .map(Plane::new)
}
