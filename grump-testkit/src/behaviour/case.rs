//! [`Case`]: one claim about how planes behave.

use std::fmt;

use futures::future::BoxFuture;
use grump_core::{EventKind, Member, Operation, PlaneInfo};

use super::{cases, stage::Stage};

/// What a case is: something to play on a stage, which panics if the plane does not behave.
type Play = for<'stage> fn(&'stage Stage) -> BoxFuture<'stage, ()>;

/// One claim about how planes behave.
#[derive(Clone)]
#[non_exhaustive]
pub struct Case {
    /// What it claims, in snake case, behind the name of what it is about: `accept::merges_…`.
    pub name: String,
    /// The operations that a plane must have for it to be played.
    pub needs: Vec<Operation>,
    /// The kinds of events that a plane must tell of for it to be played.
    pub kinds: Vec<EventKind>,
    /// The members that a plane must tell, or take, for it to be played.
    pub members: Vec<Member>,
    /// Plays it.
    pub run: Play,
}

impl Case {
    /// What every case takes that lets a loop run to its end.
    const RUNNING: [Operation; 4] = [
        Operation::LoopsCreate,
        Operation::RunsStart,
        Operation::RunsOpen,
        Operation::EventsWatch,
    ];

    /// A case that needs nothing.
    pub(super) fn new(name: &str, run: Play) -> Self {
        let name = name.rsplit("cases::").next().unwrap_or(name);
        Self {
            name: name.to_owned(),
            needs: Vec::new(),
            kinds: Vec::new(),
            members: Vec::new(),
            run,
        }
    }

    /// It lets loops run: what that takes, and this.
    pub(super) fn runs(self, needs: &[Operation]) -> Self {
        self.needs(&Self::RUNNING).needs(needs)
    }

    pub(super) fn needs(mut self, needs: &[Operation]) -> Self {
        self.needs.extend(needs);
        self
    }

    pub(super) fn kinds(mut self, kinds: &[EventKind]) -> Self {
        self.kinds.extend(kinds);
        self
    }

    pub(super) fn members(mut self, members: &[Member]) -> Self {
        self.members.extend(members);
        self
    }

    /// What a plane lacks to have this case played on it, by name.
    #[must_use]
    pub fn lacks(&self, info: &PlaneInfo) -> Vec<&'static str> {
        let operations = self
            .needs
            .iter()
            .filter(|operation| !info.operations.contains(operation))
            .map(|operation| operation.as_str());
        let kinds = self
            .kinds
            .iter()
            .filter(|kind| !info.kinds.contains(kind))
            .map(|kind| kind.as_str());
        let members = self
            .members
            .iter()
            .filter(|member| !info.members.contains(member))
            .map(|member| member.as_str());
        operations.chain(kinds).chain(members).collect()
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("needs", &self.needs)
            .field("kinds", &self.kinds)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// Every case.
#[must_use]
pub fn all() -> Vec<Case> {
    cases::all()
}

/// The case that an `async fn` plays, named after it.
macro_rules! case {
    ($play:ident) => {
        $crate::behaviour::case::Case::new(
            concat!(module_path!(), "::", stringify!($play)),
            |stage| ::std::boxed::Box::pin($play(stage)),
        )
    };
}

pub(super) use case;
