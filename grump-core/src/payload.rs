//! [`EventKind`] and [`Payload`]: what can happen to a run, and what is told about it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    json::Json,
    review::{ApprovalId, Decision},
    status::Status,
    time::Timestamp,
    usage::Usage,
};

/// Writes the kinds down once: name on the wire, payload type, members.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:literal $kind:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        $(; $($(#[$optional_doc:meta])* $optional:ident: $optional_type:ty,)*)?
    })*) => {
        /// What an [`Event`](crate::Event) tells of. The names are past facts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
            /// Anything else: a kind of a newer grump's, or a native event without a mapping.
            Unknown,
        }

        impl EventKind {
            /// Every kind but [`Unknown`](Self::Unknown).
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The kind's name: `"text.delta"`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                    Self::Unknown => "unknown",
                }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub struct $kind {
                $($(#[$field_doc])* pub $field: $type,)*
                $($(
                    $(#[$optional_doc])*
                    #[serde(default, skip_serializing_if = "Option::is_none")]
                    pub $optional: Option<$optional_type>,
                )*)?
            }

            impl From<$kind> for Payload {
                fn from(payload: $kind) -> Self {
                    Self::$kind(payload)
                }
            }
        )*

        /// What an [`Event`](crate::Event) tells, by kind.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Payload {
            $($(#[$doc])* $kind($kind),)*
            /// Anything else, as it came.
            Unknown(Unknown),
        }

        impl Payload {
            /// The kind of this payload.
            #[must_use]
            pub const fn kind(&self) -> EventKind {
                match self {
                    $(Self::$kind(_) => EventKind::$kind,)*
                    Self::Unknown(_) => EventKind::Unknown,
                }
            }

            /// Reads the payload of an event by the name of its kind.
            ///
            /// A name that is not known, or members that are not those of the kind, give
            /// [`Payload::Unknown`]: nothing that was sent is lost.
            #[must_use]
            pub fn decode(name: &str, body: Json) -> Self {
                let known = match EventKind::from_str(name) {
                    $(Ok(EventKind::$kind) => body.parse().ok().map(Self::$kind),)*
                    _ => None,
                };
                known.unwrap_or_else(|| Self::Unknown(Unknown { name: name.to_owned(), body }))
            }
        }

        impl Serialize for Payload {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$kind(payload) => payload.serialize(serializer),)*
                    Self::Unknown(unknown) => unknown.body.serialize(serializer),
                }
            }
        }
    };
}

kinds! {
    /// A run exists.
    "run.created" RunCreated {
        ;
        /// Its configuration, in the domain's members where the plane's are known.
        config: Json,
        /// What people call it.
        title: String,
    }
    /// A run was accepted and waits for a worker.
    "run.queued" RunQueued {}
    /// A run's execution began.
    "run.started" RunStarted {
        ;
        /// What the run is to do, where the plane names it (`MetaForge`'s skill).
        skill: String,
    }
    /// A run's status changed in a way that has no kind of its own.
    "run.status" RunStatusChanged {
        ;
        /// The status it has now.
        status: Status,
        /// What the plane says about it.
        message: String,
        /// What the run made.
        artifacts: Json,
    }
    /// A run finished with success.
    "run.completed" RunCompleted {
        ;
        /// The plane's own word.
        status: String,
        /// What the plane says about it.
        message: String,
        /// What the run made.
        artifacts: Json,
    }
    /// A run ended at a limit of iterations, time or tokens.
    "run.limit_reached" RunLimitReached {
        ;
        /// Which limit.
        reason: String,
    }
    /// A run failed for good.
    "run.failed" RunFailed {
        ;
        /// The plane's own word.
        status: String,
        /// Why.
        message: String,
        /// The plane's code for why.
        code: String,
    }
    /// A run was stopped by a person, or was cut off.
    "run.cancelled" RunCancelled {
        ;
        /// The plane's own word.
        status: String,
        /// What the plane says about it.
        message: String,
        /// Why.
        reason: String,
    }
    /// A run's result was taken in.
    "run.merged" RunMerged {
        ;
        /// The commit that holds it.
        commit: String,
    }
    /// A run's result was thrown away.
    "run.discarded" RunDiscarded {}
    /// A run was removed, or marked as deleted.
    "run.deleted" RunDeleted {}
    /// An iteration of a loop began; the event names which.
    "iteration.started" IterationStarted {}
    /// An iteration of a loop ended; the event names which.
    "iteration.ended" IterationEnded {
        ;
        /// How: `continue`, `matched` or `error` from the engine, any word from elsewhere.
        outcome: String,
    }
    /// A phase of a SHIP session began; the event names which.
    "phase.started" PhaseStarted {}
    /// A phase of a SHIP session ended; the event names which.
    "phase.completed" PhaseCompleted {
        ;
        /// What the phase made.
        result: Json,
        /// The phase that follows.
        next_phase: String,
    }
    /// A piece of text that the assistant is writing.
    "text.delta" TextDelta {
        /// The piece; pieces are joined without anything between them.
        text: String,
    }
    /// A whole message of the assistant's or the user's.
    "message" Message {
        /// The message: `{"role", "content"}` from the engine, any shape from elsewhere.
        message: Json,
    }
    /// A tool was called.
    "tool.called" ToolCalled {
        /// The tool's name.
        tool: String,
        ;
        /// What it was called with.
        input: Json,
        /// Pairs the call with its result.
        call_id: String,
        /// The plane's word for where the call is.
        status: String,
        /// What it gave so far, where the plane says so already here.
        output: Json,
    }
    /// A tool call came back.
    "tool.result" ToolResult {
        /// The tool's name.
        tool: String,
        ;
        /// What it gave.
        output: Json,
        /// Whether it worked; absent where the plane does not say.
        success: bool,
        /// Pairs the result with its call.
        call_id: String,
        /// The plane's word for where the call is.
        status: String,
        /// What it was called with, where the plane repeats it.
        input: Json,
    }
    /// A file was changed.
    "file.changed" FileChanged {
        ;
        /// The file, below the run's folder where it lies there.
        path: String,
        /// What happened to it: `added`, `modified`, `deleted`, `renamed`.
        change: String,
        /// What the plane says about it.
        description: String,
    }
    /// A line for people.
    "log" Log {
        /// `agent`, `info`, `warn`, `error` or `debug`. (Ralpher, "Log Levels".)
        level: String,
        /// The line.
        message: String,
        ;
        /// A line of the same id replaces this one.
        log_id: String,
    }
    /// The agent's plan is now this one, in full.
    "plan.updated" PlanUpdated {
        /// The plan: `{"steps": [{"id", "description", "status"}]}` from the engine.
        plan: Json,
    }
    /// How far the work is.
    "progress" Progress {
        /// The number, in the scale's unit.
        value: f64,
        /// `percent` (0 to 100) or `fraction` (0 to 1).
        scale: String,
        ;
        /// Who reports it.
        agent: String,
        /// What the plane says about it.
        message: String,
    }
    /// A run's result waits for a decision.
    "approval.requested" ApprovalRequested {
        ;
        /// The plane's own word.
        status: String,
        /// What there is to approve.
        artifacts: Json,
    }
    /// A run's result was decided about.
    "approval.resolved" ApprovalResolved {
        /// `approved` or `rejected`.
        decision: String,
        ;
        /// What the person who decided wrote.
        note: String,
        /// Whether the result was applied.
        applied: bool,
        /// What was approved.
        artifacts: Json,
    }
    /// A commit was made.
    "commit.created" CommitCreated {
        /// The commit: `{"sha", "files"}` from the engine, any shape from elsewhere.
        commit: Json,
    }
    /// The run made something that can be downloaded.
    "artifact.created" ArtifactCreated {
        /// The artifact, as the plane shows it.
        artifact: Json,
    }
    /// A snapshot was taken.
    "snapshot.created" SnapshotCreated {
        ;
        /// What of.
        description: String,
        /// Where.
        path: String,
    }
    /// Something went wrong. Not terminal by itself.
    "error" ErrorReported {
        /// What.
        message: String,
        ;
        /// The plane's code for it.
        code: String,
    }
    /// Tokens were used.
    "usage" UsageReported {
        /// How many, since the last event of this kind.
        usage: Usage,
    }
    /// The agent asks whether it may do something.
    "permission.requested" PermissionRequested {
        /// The approval to answer.
        approval: ApprovalId,
        /// What kind of thing it is: `edit`, `bash`, …
        action: String,
        /// What it is, for people.
        title: String,
        ;
        /// The agent's own description: patterns, command, diff.
        detail: Json,
        /// The tool call that waits for it.
        call_id: String,
        /// When it is denied if nobody answers.
        deadline: Timestamp,
    }
    /// The agent's question was answered.
    "permission.resolved" PermissionResolved {
        /// The approval that was answered.
        approval: ApprovalId,
        /// The answer.
        decision: Decision,
        ;
        /// Who decided: `policy`, `person`, `deadline`, `stop`.
        by: String,
        /// What they wrote.
        note: String,
    }
    /// The agent tries something again.
    "retrying" Retrying {
        /// Which attempt this will be, from 1.
        attempt: u64,
        /// Why.
        message: String,
        ;
        /// When.
        at: Timestamp,
    }
    /// The stream is alive. Off by default.
    "heartbeat" Heartbeat {}
}

/// An event that this version of grump has no kind for.
#[derive(Clone, Debug, PartialEq)]
pub struct Unknown {
    /// The kind's name, or the native event's.
    pub name: String,
    /// What it told.
    pub body: Json,
}

impl Payload {
    /// The name of this payload's kind; that of an unknown one as it came.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown(unknown) => &unknown.name,
            known => known.kind().as_str(),
        }
    }

    /// A line for people.
    #[must_use]
    pub fn log(level: &str, message: impl Into<String>) -> Self {
        Log {
            level: level.into(),
            message: message.into(),
            log_id: None,
        }
        .into()
    }

    /// A whole message.
    #[must_use]
    pub fn message(role: &str, content: &str) -> Self {
        let message = serde_json::json!({ "role": role, "content": content });
        Message {
            message: message.into(),
        }
        .into()
    }
}

impl EventKind {
    /// The run's work is over with this event: completed, `limit_reached`, failed, cancelled.
    #[must_use]
    pub const fn ends_work(self) -> bool {
        matches!(
            self,
            Self::RunCompleted | Self::RunLimitReached | Self::RunFailed | Self::RunCancelled
        )
    }
}

impl EventKind {
    /// Something that a loop's iteration is named with: not a change of the run as a whole.
    #[must_use]
    pub const fn is_within_iteration(self) -> bool {
        !matches!(
            self,
            Self::RunCreated
                | Self::RunQueued
                | Self::RunStarted
                | Self::RunStatusChanged
                | Self::RunCompleted
                | Self::RunLimitReached
                | Self::RunFailed
                | Self::RunCancelled
                | Self::RunMerged
                | Self::RunDiscarded
                | Self::RunDeleted
        )
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no [`EventKind`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no event kind {0:?}")]
pub struct UnknownKind(String);

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|kind| kind.as_str() == name);
        found.copied().ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
