//! [`ServerParams`]: how a plane is set; [`Settings`]: the trait that reads and changes it.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    json::Ext,
    noun::{noun, request},
    plane::{Operation, unsupported},
};

noun! {
    /// How a plane is set. Secrets are masked: a value that was read is never to be written back.
    /// (Steward, "Settings (server params)".)
    ServerParams {
        /// The settings, by the plane's own names, nested or with full stops.
        values: Ext,
    }
}

/// Settings to change, by the plane's own names; the others stay. `Debug` shows which, not their
/// values: there may be secrets among them.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EditSettings {
    /// The new values.
    pub values: Ext,
}

impl EditSettings {
    /// Changes these settings.
    #[must_use]
    pub const fn new(values: Ext) -> Self {
        Self { values }
    }

    /// Changes one more.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for EditSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

noun! {
    /// Who serves agents to a plane. (Steward, "Settings (server params)", `providers`.)
    AgentProvider {
        /// Its name in addresses.
        key: String,
        /// Whether it is used.
        enabled: bool,
        ;
        /// What people call it.
        name: String,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// Whether to use a provider.
    #[derive(PartialEq, Eq)]
    EditProvider {
        /// Which.
        key: String,
        /// Whether it is to be used.
        enabled: bool,
    }
}

/// The facet that reads and changes how a plane is set.
#[async_trait]
pub trait Settings: Send + Sync + fmt::Debug {
    /// Reads the settings.
    ///
    /// # Errors
    /// `Forbidden`, naming the ability that is missing.
    async fn read(&self) -> Result<ServerParams> {
        unsupported(Operation::SettingsRead, ())
    }

    /// Changes settings; answers with all of them as they are then.
    ///
    /// # Errors
    /// `Forbidden`; `InvalidInput` for a value of the wrong type, and then nothing changes.
    async fn edit(&self, edit: EditSettings) -> Result<ServerParams> {
        unsupported(Operation::SettingsEdit, edit)
    }

    /// Lists who serves agents.
    ///
    /// # Errors
    /// `Forbidden`.
    async fn providers(&self) -> Result<Vec<AgentProvider>> {
        unsupported(Operation::SettingsProviders, ())
    }

    /// Says whether a provider is used.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    async fn edit_provider(&self, edit: EditProvider) -> Result<AgentProvider> {
        unsupported(Operation::SettingsEditProvider, edit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pitfall 37: a secret that is set shows nowhere.
    #[test]
    fn what_is_set_shows_by_name_only() {
        let edit = EditSettings::default().set("mail.password", "hunter2");
        assert_eq!(format!("{edit:?}"), r#"{"mail.password"}"#);
    }
}
