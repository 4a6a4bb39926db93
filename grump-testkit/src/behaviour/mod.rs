//! The behaviour suite: what every implementation of the traits of `grump-core` must do, as *cases
//! x implementations*.
//!
//! An implementer writes an [`Implementation`] and a test without a harness:
//!
//! ```toml
//! [[test]]
//! name = "behaviour"
//! harness = false
//! ```
//!
//! ```no_run
//! # use async_trait::async_trait;
//! # use grump_core::PlaneInfo;
//! # use grump_testkit::behaviour::{Implementation, Opened};
//! # struct Mine;
//! # #[async_trait]
//! # impl Implementation for Mine {
//! #     fn name(&self) -> &'static str { "mine" }
//! #     fn info(&self) -> PlaneInfo { PlaneInfo::new("mine") }
//! #     async fn open(&self, _: &std::path::Path) -> Opened { unimplemented!() }
//! # }
//! fn main() -> std::process::ExitCode {
//!     grump_testkit::behaviour::run(vec![Box::new(Mine)])
//! }
//! ```
//!
//! Each case sets up a repository and a plane of its own, says one thing about how the plane
//! behaves, and states which operations, kinds of events and members it needs. A case that needs
//! more than the plane has is listed as ignored, with what is missing. What a plane says it lacks
//! must be refused: that is a case too.
//!
//! A plane that is reached over a wire is put to the test as [`Behind`] another implementation.
//!
//! # Where things are
//!
//! | file | holds |
//! |---|---|
//! | `case` | [`Case`], and the list of them all |
//! | `behind` | [`Behind`]: a plane that is reached through another |
//! | `cases/` | the cases, a file for each thing that they are about |
//! | `stage` | [`Stage`]: what a case is played on |
//! | `repository` | [`Repository`]: git, as a user has it |
//! | [`scripts`] | what the agents of the suite say and do |
//! | `runner` | [`run`] |

#![allow(
    clippy::unwrap_used,
    reason = "in a suite of tests a panic is the message"
)]

mod behind;
mod case;
mod cases;
mod repository;
mod runner;
pub mod scripts;
mod stage;

use std::{fmt, path::Path};

use async_trait::async_trait;
use futures::future::BoxFuture;
use grump::Plane;
use grump_core::PlaneInfo;

pub use behind::Behind;
pub use case::{Case, all};
pub use repository::Repository;
pub use runner::run;
pub use stage::Stage;

/// How many loops a plane under test runs at once, where it can be told.
pub const SLOTS: usize = 2;

/// An implementation of the traits of `grump-core`, to be put to the test.
#[async_trait]
pub trait Implementation: Send + Sync + 'static {
    /// Its name, which the names of its tests begin with.
    fn name(&self) -> &'static str;

    /// What its planes say of themselves, known without opening one: which cases can be played.
    fn info(&self) -> PlaneInfo;

    /// Whether this case is played on it at all. All are, unless it says otherwise.
    fn plays(&self, case: &Case) -> bool {
        let _ = case;
        true
    }

    /// Opens a plane that keeps its data in this folder.
    ///
    /// # Behaviour
    /// - Every script of [`scripts::all`] is an agent of the plane's, under its name.
    /// - At most [`SLOTS`] loops run at once. A loop pauses for some ten milliseconds after an
    ///   error, longer after each further one.
    /// - The folder does not exist, or holds what the plane before left there when it was closed:
    ///   then work that was cut off goes on.
    /// - It panics if there cannot be a plane.
    async fn open(&self, data: &Path) -> Opened;
}

/// A plane that was opened, and how to close it.
pub struct Opened {
    plane: Plane,
    close: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
}

impl Opened {
    /// A plane that is closed by this: it ends when nothing of the plane is at work any more, and
    /// what ran is left to be resumed.
    #[must_use]
    pub fn new<F>(plane: Plane, close: impl FnOnce() -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            plane,
            close: Box::new(|| Box::pin(close())),
        }
    }

    /// The plane.
    #[must_use]
    pub const fn plane(&self) -> &Plane {
        &self.plane
    }

    /// Closes the plane.
    pub(crate) async fn close(self) {
        (self.close)().await;
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("plane", &self.plane)
            .finish_non_exhaustive()
    }
}
