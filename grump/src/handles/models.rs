//! Handle of the facet `Models`.

use grump_core::{Model, ModelRef, Operation, Result};

use super::named;
use crate::plane::Plane;

/// The models that agents can use.
#[derive(Clone, Debug)]
pub struct Models(Plane);

impl Models {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// The models that the agents know in this folder.
    ///
    /// # Errors
    /// See [`grump_core::Models::list`].
    pub async fn list(&self, directory: &str) -> Result<Vec<Model>> {
        let models = self
            .0
            .facet(Operation::ModelsList, |facets| &facets.models)?;
        models
            .list(directory)
            .await
            .map_err(named(Operation::ModelsList))
    }

    /// The last model that was used.
    ///
    /// # Errors
    /// See [`grump_core::Models::last_used`].
    pub async fn last_used(&self) -> Result<Option<ModelRef>> {
        let models = self
            .0
            .facet(Operation::ModelsLastUsed, |facets| &facets.models)?;
        models
            .last_used()
            .await
            .map_err(named(Operation::ModelsLastUsed))
    }

    /// Sets the last model that was used.
    ///
    /// # Errors
    /// See [`grump_core::Models::set_last_used`].
    pub async fn set_last_used(&self, model: ModelRef) -> Result<()> {
        let models = self
            .0
            .facet(Operation::ModelsSetLastUsed, |facets| &facets.models)?;
        models
            .set_last_used(model)
            .await
            .map_err(named(Operation::ModelsSetLastUsed))
    }
}
