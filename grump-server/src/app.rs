//! [`App`]: what all requests share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use grump_core::{ControlPlane, Deliveries, Error, Loops, Member, Models, Result, Runs, System};

use crate::{Limits, fanout::Fanout};

/// What all requests share: the plane, and its events.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) plane: Arc<dyn ControlPlane>,
    pub(crate) events: Fanout,
    pub(crate) limits: Limits,
    draining: AtomicBool,
}

impl App {
    pub(crate) const fn new(plane: Arc<dyn ControlPlane>, events: Fanout, limits: Limits) -> Self {
        Self {
            plane,
            events,
            limits,
            draining: AtomicBool::new(false),
        }
    }

    /// Whether a create with a key may be sent twice: only the plane knows.
    pub(crate) fn honours_keys(&self) -> bool {
        let members = &self.plane.info().members;
        members.contains(&Member::LoopIdempotencyKey)
    }

    /// Whether the server is about to end.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// Ends all streams, and takes no more work.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        self.events.close();
    }

    pub(crate) fn runs(&self) -> Result<&dyn Runs> {
        has(self.plane.facets().runs.as_deref(), "runs")
    }

    pub(crate) fn loops(&self) -> Result<&dyn Loops> {
        has(self.plane.facets().loops.as_deref(), "loops")
    }

    pub(crate) fn deliveries(&self) -> Result<&dyn Deliveries> {
        has(self.plane.facets().deliveries.as_deref(), "deliveries")
    }

    pub(crate) fn models(&self) -> Result<&dyn Models> {
        has(self.plane.facets().models.as_deref(), "models")
    }

    pub(crate) fn system(&self) -> Result<&dyn System> {
        has(self.plane.facets().system.as_deref(), "system")
    }
}

fn has<'a, T: ?Sized>(facet: Option<&'a T>, name: &'static str) -> Result<&'a T> {
    facet.ok_or_else(|| Error::unsupported(name))
}
