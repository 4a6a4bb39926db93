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
//!

pub mod handles;
mod plane;

pub use grump_core as domain;
pub use grump_core::{
    Accepted, Answer, Approval, ApprovalId, Backend, Budget, Conflict, ControlPlane, Cursor,
    Decision, DiffStatus, Endpoint, Error, ErrorKind, Event, EventKind, EventPage, EventQuery,
    EventStream, FileDiff, FileType, Gap, GitConfig, Health, Integration, Iteration,
    IterationOutcome, Json, Loop, LoopConfig, LoopEdit, Model, ModelRef, NewLoop, Operation,
    Origin, Outcome, Payload, Phase, PlaneInfo, PlanningFile, PlanningFolder, Policy, RepoPath,
    Result, Retry, Run, RunDetail, RunFilter, RunId, RunKind, RunRef, RunStatus, Since, StartRun,
    Started, Status, Timestamp, Uncommitted, Update, Usage, payload,
};
pub use plane::Plane;
