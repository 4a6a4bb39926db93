//! [`Models`] and [`Preferences`].

use grump_core::Result;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    ralpher::{LastModel, ListModels, Model, ModelRef, SetLastModel},
};

use super::{RalpherClient, done, loops::of};

/// Models that a loop may be given. (Ralpher, "Models")
#[derive(Clone, Copy, Debug)]
pub struct Models<'c>(pub(super) &'c RalpherClient);

impl Models<'_> {
    /// Get available AI models for a directory.
    pub async fn list(self, directory: impl Into<String>) -> Result<Vec<Model>> {
        self.0.get::<ListModels>(NoPath {}, of(directory)).await
    }
}

/// What the server remembers for its user. (Ralpher, "Preferences")
#[derive(Clone, Copy, Debug)]
pub struct Preferences<'c>(pub(super) &'c RalpherClient);

impl Preferences<'_> {
    /// Get the last used model; `None` if no model has been used.
    pub async fn last_model(self) -> Result<Option<ModelRef>> {
        let told = self.0.get::<LastModel>(NoPath {}, NoQuery {}).await?;
        // `{}` says no more than `null`. (ambiguity R-23)
        Ok(told.filter(|model| *model != ModelRef::default()))
    }

    /// Set the last used model.
    pub async fn set_last_model(
        self,
        provider: impl Into<String>,
        model: impl Into<String>,
    ) -> Result<()> {
        let body = ModelRef {
            provider_id: Some(provider.into()),
            model_id: Some(model.into()),
            ..ModelRef::default()
        };
        done(&self.0.send::<SetLastModel>(NoPath {}, body).await?)
    }
}
