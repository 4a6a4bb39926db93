//! Handle of the facet `System`.

use grump_core::{Health, Operation, Result};

use super::named;
use crate::plane::Plane;

/// The plane itself.
#[derive(Clone, Debug)]
pub struct System(Plane);

impl System {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Whether the plane works.
    ///
    /// # Errors
    /// See [`grump_core::System::health`].
    pub async fn health(&self) -> Result<Health> {
        let system = self
            .0
            .facet(Operation::SystemHealth, |facets| &facets.system)?;
        system
            .health()
            .await
            .map_err(named(Operation::SystemHealth))
    }
}
