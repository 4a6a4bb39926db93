//! Handle of the facet `Models`.

use grump_core::{Model, ModelProviders, ModelRef};

use super::handle;

handle! {
    /// The models that agents can use.
    Models models {
        /// The models that the agents know in this folder.
        ModelsList list(directory: &str) -> Vec<Model>;
        /// The last model that was used.
        ModelsLastUsed last_used() -> Option<ModelRef>;
        /// Sets the last model that was used.
        ModelsSetLastUsed set_last_used(model: ModelRef) -> ();
        /// Lists who serves models.
        ModelsProviders providers() -> ModelProviders;
    }
}
