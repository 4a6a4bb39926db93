//! The domain of grump: runs and loops of coding agents, their reviews, deliveries and event
//! streams, and the traits that act on them. No I/O, no runtime.
//!
//! Users call the handles of the `grump` crate, which re-exports everything here. Implementers of a
//! control plane implement [`ControlPlane`] and the facets it has.
//!
//! ```
//! use grump_core::{NewLoop, Run, RunDetail, RunRef, Loop, RunStatus};
//!
//! let new = NewLoop::new("dark mode", "/home/me/app", "Add dark mode").max_iterations(10);
//! let run = Run::new(RunRef::of_loop("l-1"), new.title, RunDetail::Loop(Box::new(Loop::new(new.config))));
//! assert_eq!(run.status.unified, RunStatus::Draft);
//! assert!(!run.status.unified.is_executing());
//! ```
//!
//! # Where things are
//!
//! One file per noun, holding the noun, its lifecycle and the trait that acts on it:
//!
//! | noun | file | facet |
//! |---|---|---|
//! | [`Run`], [`RunRef`], [`Outcome`] | `run` | [`Runs`] |
//! | [`Loop`], [`NewLoop`] | `loops` | [`Loops`] |
//! | [`Approval`], [`Policy`] | `review` | [`Reviews`] |
//! | [`Integration`], [`Accepted`] | `delivery` | [`Deliveries`] |
//! | [`Event`], [`Update`], [`Cursor`] | `event`, with [`EventStream`] in `stream` and [`Payload`] in `payload` | [`Events`] |
//! | [`FileDiff`] | `change` | |
//! | [`Model`] | `model` | [`Models`] |
//! | [`Health`] | `system` | [`System`] |
//! | [`Status`] | `status` | |
//! | [`Usage`], [`Budget`] | `usage` | |
//! | [`PlaneInfo`], [`Facets`] | `plane` | [`ControlPlane`] |
//! | [`Error`] | `error` | |
//!
//! # What it does not do
//!
//! It runs nothing, stores nothing and speaks no protocol: `grump-engine` runs agents here,
//! `grump-client` speaks to planes elsewhere.

pub mod change;
pub mod delivery;
pub mod error;
pub mod event;
mod id;
pub mod json;
pub mod loops;
pub mod model;
pub mod payload;
pub mod plane;
pub mod review;
pub mod run;
pub mod ship;
pub mod status;
pub mod stream;
pub mod system;
mod time;
pub mod usage;

pub use change::{DiffStatus, FileDiff, FileType, RepoPath};
pub use delivery::{Accepted, Deliveries, Integration};
pub use error::{Conflict, Error, ErrorKind, Remote, Result, Retry};
pub use event::{Cursor, Event, EventPage, EventQuery, Events, Gap, Native, Origin, Since, Update};
pub use json::Json;
pub use loops::{
    Backend, Endpoint, GitConfig, Iteration, IterationOutcome, Loop, LoopConfig, LoopEdit, Loops,
    NewLoop, PlanningFile, PlanningFolder,
};
pub use model::{Model, ModelRef, Models};
pub use payload::{EventKind, Payload};
pub use plane::{ControlPlane, Facets, Member, Operation, PlaneInfo};
pub use review::{Answer, Approval, ApprovalId, Decision, Policy, Reviews};
pub use run::{
    Outcome, Run, RunDetail, RunFilter, RunId, RunKind, RunRef, Runs, StartRun, Started,
    Uncommitted,
};
pub use ship::Phase;
pub use status::{RunStatus, Status};
pub use stream::EventStream;
pub use system::{Health, System};
pub use time::Timestamp;
pub use usage::{Budget, Usage};
