//! Handle of the facet `Settings`.

use grump_core::{AgentProvider, EditProvider, EditSettings, ServerParams};

use super::handle;

handle! {
    /// How the plane is set.
    Settings settings {
        /// Reads the settings; secrets are masked.
        SettingsRead read() -> ServerParams;
        /// Changes settings.
        SettingsEdit edit(edit: EditSettings) -> ServerParams;
        /// Lists who serves agents.
        SettingsProviders providers() -> Vec<AgentProvider>;
        /// Says whether a provider is used.
        SettingsEditProvider edit_provider(edit: EditProvider) -> AgentProvider;
    }
}
