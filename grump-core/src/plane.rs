//! [`ControlPlane`]: who a plane is, and which facets it has.

use std::{borrow::Cow, collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    account::Accounts,
    agent::Agents,
    chat::Chats,
    code_bundle::CodeBundles,
    delivery::Deliveries,
    design::Designs,
    device::Devices,
    error::{Error, ErrorKind, Result},
    event::Events,
    evidence::Evidence,
    folder::Folders,
    loops::Loops,
    model::Models,
    payload::EventKind,
    project::Projects,
    project_doc::ProjectDocs,
    review::Reviews,
    run::Runs,
    settings::Settings,
    ship::Ships,
    snapshot::Snapshots,
    system::System,
    task::Tasks,
    webhook::Webhooks,
};

mod member;
mod operation;

pub use member::Member;
pub use operation::Operation;
pub(crate) use operation::unsupported;

/// Who a plane is and what it can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaneInfo {
    /// What it is: `engine`, or the name of a dialect.
    pub name: Cow<'static, str>,
    /// Its version, where it is known without asking.
    pub version: Option<String>,
    /// The operations it can do.
    pub operations: BTreeSet<Operation>,
    /// The kinds of events its streams tell of.
    pub kinds: BTreeSet<EventKind>,
    /// What its answers hold and its requests take beyond what every plane has.
    pub members: BTreeSet<Member>,
}

impl PlaneInfo {
    /// A plane of this name that can do nothing yet.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            version: None,
            operations: BTreeSet::new(),
            kinds: BTreeSet::new(),
            members: BTreeSet::new(),
        }
    }

    /// Names its version.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds operations it can do.
    #[must_use]
    pub fn operations(mut self, operations: impl IntoIterator<Item = Operation>) -> Self {
        self.operations.extend(operations);
        self
    }

    /// Adds kinds of events its streams tell of.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        self.kinds.extend(kinds);
        self
    }

    /// Adds members that its answers hold and its requests take.
    #[must_use]
    pub fn members(mut self, members: impl IntoIterator<Item = Member>) -> Self {
        self.members.extend(members);
        self
    }

    /// Refuses a request that sets members which the plane cannot be told, before any I/O.
    ///
    /// # Errors
    /// `Unsupported`, naming the first such member and the plane.
    pub fn require_members(&self, members: impl IntoIterator<Item = Member>) -> Result<()> {
        let missing = members
            .into_iter()
            .find(|member| !self.members.contains(member));
        missing.map_or(Ok(()), |member| {
            Err(
                Error::new(ErrorKind::Unsupported, "this plane cannot be told that")
                    .with("member", member)
                    .with("plane", &self.name)
                    .advise("leave it out, or use a plane that has it"),
            )
        })
    }

    /// Refuses to wait for a kind of event that the plane never tells of.
    ///
    /// # Errors
    /// `Unsupported`, naming kind and plane.
    pub fn require_kind(&self, kind: EventKind) -> Result<()> {
        if kind == EventKind::Unknown || self.kinds.contains(&kind) {
            return Ok(());
        }
        Err(
            Error::new(ErrorKind::Unsupported, "this plane never tells of that")
                .with("kind", kind)
                .with("plane", &self.name)
                .advise("leave it out, or read the run's status instead"),
        )
    }

    /// Refuses an operation that the plane cannot do, before any I/O.
    ///
    /// # Errors
    /// `Unsupported`, naming operation and plane.
    pub fn require(&self, operation: Operation) -> Result<()> {
        if self.operations.contains(&operation) {
            return Ok(());
        }
        Err(Error::unsupported(operation.as_str()).with("plane", &self.name))
    }
}

/// The facets of a plane: which nouns it has. A facet that is `None` answers
/// [`Unsupported`](crate::ErrorKind::Unsupported).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Facets {
    /// Runs of any kind.
    pub runs: Option<Arc<dyn Runs>>,
    /// Loops.
    pub loops: Option<Arc<dyn Loops>>,
    /// Tasks.
    pub tasks: Option<Arc<dyn Tasks>>,
    /// SHIP sessions.
    pub ships: Option<Arc<dyn Ships>>,
    /// Talks with a model.
    pub chats: Option<Arc<dyn Chats>>,
    /// The code of SHIP sessions, to be taken away.
    pub code_bundles: Option<Arc<dyn CodeBundles>>,
    /// Architectures, requirements, intent.
    pub designs: Option<Arc<dyn Designs>>,
    /// Agents that the plane offers.
    pub agents: Option<Arc<dyn Agents>>,
    /// Approvals.
    pub reviews: Option<Arc<dyn Reviews>>,
    /// Diff, accept, discard, undo, purge, commit, push.
    pub deliveries: Option<Arc<dyn Deliveries>>,
    /// What runs did and made.
    pub evidence: Option<Arc<dyn Evidence>>,
    /// How projects were.
    pub snapshots: Option<Arc<dyn Snapshots>>,
    /// Repositories that the plane keeps a copy of.
    pub projects: Option<Arc<dyn Projects>>,
    /// What the plane knows about projects.
    pub project_docs: Option<Arc<dyn ProjectDocs>>,
    /// What tasks are put into.
    pub folders: Option<Arc<dyn Folders>>,
    /// Event streams and their history.
    pub events: Option<Arc<dyn Events>>,
    /// Models.
    pub models: Option<Arc<dyn Models>>,
    /// Users, keys, limits.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// How the plane is set.
    pub settings: Option<Arc<dyn Settings>>,
    /// Addresses that the plane tells of what happens.
    pub webhooks: Option<Arc<dyn Webhooks>>,
    /// Telephones that the plane notifies.
    pub devices: Option<Arc<dyn Devices>>,
    /// The plane itself.
    pub system: Option<Arc<dyn System>>,
}

/// A control plane: something that runs agents, here or elsewhere.
///
/// For implementers. Users call the handles of the `grump` crate, which ask
/// [`info`](Self::info) before they call a facet.
#[async_trait]
pub trait ControlPlane: Send + Sync + fmt::Debug + 'static {
    /// Who the plane is and what it can do. Known without asking it.
    fn info(&self) -> &PlaneInfo;

    /// The facets it has.
    fn facets(&self) -> &Facets;

    /// Ends what the plane does in this process, and answers when it has: agents that run here are
    /// ended and their runs left to be resumed, connections are closed. Calls that follow are
    /// refused; closing twice does no harm.
    async fn close(&self);
}

/// A plane that somebody else holds too.
#[async_trait]
impl<P: ControlPlane + ?Sized> ControlPlane for Arc<P> {
    fn info(&self) -> &PlaneInfo {
        (**self).info()
    }

    fn facets(&self) -> &Facets {
        (**self).facets()
    }

    async fn close(&self) {
        (**self).close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plane_cannot_do_is_refused_by_name() {
        let info = PlaneInfo::new("engine").operations([Operation::RunsList]);
        assert!(info.require(Operation::RunsList).is_ok());
        let refused = info.require(Operation::LoopsEdit).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert_eq!(
            refused.to_string(),
            "loops.edit: this plane cannot do that (plane: engine)"
        );
    }

    #[test]
    fn what_a_plane_cannot_be_told_is_refused_by_name() {
        let info = PlaneInfo::new("ralpher").members([Member::LoopBranch]);
        assert!(info.require_members([Member::LoopBranch]).is_ok());
        let refused = info.require_members([Member::LoopBranch, Member::LoopPolicy]);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "this plane cannot be told that; leave it out, or use a plane that has it \
             (member: loop.policy, plane: ralpher)"
        );
    }
}
