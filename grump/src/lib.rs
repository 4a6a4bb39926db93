//! One SDK to supervise coding agents: embedded or remote, the same program.
//!
//! A [`Plane`] is a control plane: something that runs agents. Its handles ([`Plane::loops`],
//! [`Plane::events`], …) are the same whatever stands behind it.
//!
//! # Where things are
//!
//! - [`Plane`] and the [`handles`]: what you call.
//! - The domain, re-exported here from [`domain`]: [`Run`], [`Loop`], [`Event`], [`Update`],
//!   [`Error`] and what belongs to them. The traits in [`domain`] are for those who write a plane
//!   of their own.
//! - [`embedded`]: the plane that runs agents right here. `grump_engine::Engine::builder` is for
//!   those who want more say in it.
//! - [`connect`]: a plane that runs elsewhere. `grump_client` has the dialects themselves.
//!
//! ```no_run
//! use futures::StreamExt;
//! use grump::{NewLoop, Since};
//!
//! # #[tokio::main]
//! # async fn main() -> grump::Result<()> {
//! let plane = grump::embedded("./.grump")?;
//! let new = NewLoop::new("dark mode", "/home/me/app", "Add dark mode").max_iterations(10);
//! let dark_mode = plane.loops().create(new).await?;
//! plane.loops().start(&dark_mode).await?;
//! let mut updates = plane.loops().watch(&dark_mode, Since::Beginning).await?;
//! while let Some(update) = updates.next().await {
//!     println!("{:?}", update?);
//! }
//! for file in plane.loops().diff(&dark_mode).await? {
//!     println!("{} {} +{} -{}", file.status, file.path, file.additions, file.deletions);
//! }
//! plane.loops().accept(&dark_mode).await?;
//! plane.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `client` | yes | planes that run elsewhere: [`connect`] |
//! | `engine` | yes | running agents right here: [`embedded`] |
//!

#[cfg(feature = "engine")]
mod embedded;
pub mod handles;
mod plane;
#[cfg(feature = "client")]
mod remote;

#[cfg(feature = "engine")]
pub use embedded::embedded;

pub use grump_core as domain;
pub use grump_core::{
    Accepted, Answer, Approval, ApprovalId, Backend, Budget, Conflict, ControlPlane, Cursor,
    Decision, DiffStatus, Endpoint, Error, ErrorKind, Event, EventKind, EventPage, EventQuery,
    EventStream, FileDiff, FileType, Gap, GitConfig, Health, Integration, Iteration,
    IterationOutcome, Json, Loop, LoopConfig, LoopEdit, Member, Model, ModelRef, NewLoop,
    Operation, Origin, Outcome, Payload, Phase, PlaneInfo, PlanningFile, PlanningFolder, Policy,
    RepoPath, Result, Retry, Run, RunDetail, RunFilter, RunId, RunKind, RunRef, RunStatus, Since,
    StartRun, Started, Status, Timestamp, Uncommitted, Update, Usage, payload,
};
pub use plane::Plane;
#[cfg(feature = "client")]
pub use remote::connect;
