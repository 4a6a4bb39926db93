//! [`Plane`]: a control plane as users see it.

use std::sync::Arc;

use grump_core::{ControlPlane, Error, Facets, Member, Operation, PlaneInfo, Result, RunRef};

use crate::handles::{
    Accounts, Agents, Chats, CodeBundles, Deliveries, Designs, Devices, Events, Evidence, Folders,
    Loops, Models, ProjectDocs, Projects, Reviews, RunHandle, Runs, Settings, Ships, Snapshots,
    System, Tasks, Webhooks,
};

/// A control plane: here or elsewhere, the same calls. Cheap to clone.
///
/// What the plane cannot do is refused with [`Unsupported`](crate::ErrorKind::Unsupported) before
/// anything is sent or written; [`info`](Self::info) says up front what it can.
#[derive(Clone, Debug)]
pub struct Plane(Arc<dyn ControlPlane>);

impl Plane {
    /// The plane of this implementation.
    #[must_use]
    pub fn new(plane: impl ControlPlane) -> Self {
        Self(Arc::new(plane))
    }

    /// What stands behind the handles, for those who serve it to others.
    #[must_use]
    pub fn implementation(&self) -> Arc<dyn ControlPlane> {
        self.0.clone()
    }

    /// Who the plane is and what it can do. Known without asking it.
    #[must_use]
    pub fn info(&self) -> &PlaneInfo {
        self.0.info()
    }

    /// Ends what the plane does in this process and answers when it has: agents that run here are
    /// ended, their runs left to be resumed, and the data folder is free for another owner. All
    /// clones of the plane are closed with it.
    pub async fn close(&self) {
        self.0.close().await;
    }

    /// One run: start, wait, watch, stop.
    ///
    /// ```
    /// # let plane = grump::connect("ralpher+http://localhost:3000").unwrap();
    /// use grump::RunRef;
    ///
    /// let run = plane.run(RunRef::of_loop("l-1"));
    /// assert_eq!(run.name().id.as_str(), "l-1");
    /// ```
    #[must_use]
    pub fn run(&self, run: impl Into<RunRef>) -> RunHandle {
        RunHandle::new(self.clone(), run.into())
    }

    /// Loops: make, start, watch, deliver.
    #[must_use]
    pub fn loops(&self) -> Loops {
        Loops::new(self.clone())
    }

    /// Runs of any kind.
    #[must_use]
    pub fn runs(&self) -> Runs {
        Runs::new(self.clone())
    }

    /// Tasks: pieces of work told in words. What became of one is read as of any run.
    #[must_use]
    pub fn tasks(&self) -> Tasks {
        Tasks::new(self.clone())
    }

    /// SHIP sessions: design, spec, plan, code. What became of one is read as of any run.
    #[must_use]
    pub fn ships(&self) -> Ships {
        Ships::new(self.clone())
    }

    /// Talks with a model that has tools.
    #[must_use]
    pub fn chats(&self) -> Chats {
        Chats::new(self.clone())
    }

    /// The code of SHIP sessions, to be taken away.
    #[must_use]
    pub fn code_bundles(&self) -> CodeBundles {
        CodeBundles::new(self.clone())
    }

    /// Architectures, requirements, intent: what there is before anything is built.
    #[must_use]
    pub fn designs(&self) -> Designs {
        Designs::new(self.clone())
    }

    /// Agents that the plane offers.
    #[must_use]
    pub fn agents(&self) -> Agents {
        Agents::new(self.clone())
    }

    /// What waits for a person.
    #[must_use]
    pub fn reviews(&self) -> Reviews {
        Reviews::new(self.clone())
    }

    /// What becomes of a run's work.
    #[must_use]
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self.clone())
    }

    /// What runs did and made.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        Evidence::new(self.clone())
    }

    /// How projects were.
    #[must_use]
    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(self.clone())
    }

    /// Repositories that the plane keeps a copy of.
    #[must_use]
    pub fn projects(&self) -> Projects {
        Projects::new(self.clone())
    }

    /// What the plane knows about projects.
    #[must_use]
    pub fn project_docs(&self) -> ProjectDocs {
        ProjectDocs::new(self.clone())
    }

    /// What tasks are put into.
    #[must_use]
    pub fn folders(&self) -> Folders {
        Folders::new(self.clone())
    }

    /// What happened and happens.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.clone())
    }

    /// The models that agents can use.
    #[must_use]
    pub fn models(&self) -> Models {
        Models::new(self.clone())
    }

    /// Users, keys and limits. A client that holds a credential logs in by itself.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.clone())
    }

    /// How the plane is set.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings::new(self.clone())
    }

    /// Addresses that the plane tells of what happens.
    #[must_use]
    pub fn webhooks(&self) -> Webhooks {
        Webhooks::new(self.clone())
    }

    /// Telephones that the plane notifies.
    #[must_use]
    pub fn devices(&self) -> Devices {
        Devices::new(self.clone())
    }

    /// The plane itself.
    #[must_use]
    pub fn system(&self) -> System {
        System::new(self.clone())
    }

    /// The facet that does this operation, or the refusal.
    pub(crate) fn facet<F: ?Sized>(
        &self,
        operation: Operation,
        pick: impl FnOnce(&Facets) -> &Option<Arc<F>>,
    ) -> Result<&F> {
        self.info().require(operation)?;
        let facet = pick(self.0.facets()).as_deref();
        facet.ok_or_else(|| Error::unsupported(operation.as_str()))
    }

    /// Refuses a request that sets members which the plane cannot be told.
    pub(crate) fn can_be_told(
        &self,
        operation: Operation,
        members: impl IntoIterator<Item = Member>,
    ) -> Result<()> {
        let known = self.info().require_members(members);
        known.map_err(|error| error.operation(operation.as_str()))
    }
}
