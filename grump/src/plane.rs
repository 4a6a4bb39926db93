//! [`Plane`]: a control plane as users see it.

use std::sync::Arc;

use grump_core::{ControlPlane, Error, Facets, Operation, PlaneInfo, Result};

use crate::handles::{Deliveries, Events, Loops, Models, Reviews, Runs, System};

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
}
