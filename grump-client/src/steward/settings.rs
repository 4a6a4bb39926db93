//! The server's parameters and providers. ("Settings (server params)")

use grump_core::{Error, ErrorKind, Result};
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    steward::{
        EditProvider, EditServerParams, ListProviders, Provider, ProviderChange, ProviderPath,
        ReadServerParams, ServerParams,
    },
};

use super::{StewardClient, pages::pages, part};
use crate::page::Pages;

/// The server's parameters and providers. ("Settings (server params)")
#[derive(Clone, Copy, Debug)]
pub struct StewardSettings<'c>(pub(super) &'c StewardClient);

impl StewardSettings<'_> {
    /// Merged settings; secrets masked.
    pub async fn read(self) -> Result<ServerParams> {
        self.0.get::<ReadServerParams>(NoPath {}, NoQuery {}).await
    }

    /// Change these parameters; the others stay.
    ///
    /// # Errors
    /// `InvalidInput` for one that holds the mask of a secret, before anything is sent: it would
    /// take the secret's place. (ambiguity C-24)
    pub async fn edit(self, params: ServerParams) -> Result<ServerParams> {
        if let Some(name) = params.masked() {
            let message = "this is the mask of a secret, not its value";
            return Err(Error::new(ErrorKind::InvalidInput, message)
                .with("parameter", name)
                .advise("send only what is to change"));
        }
        self.0.send::<EditServerParams>(NoPath {}, params).await
    }

    /// List the agents' providers, with whether each is enabled.
    pub fn providers(self) -> Pages<Provider> {
        pages::<ListProviders, _>(self.0, NoPath {})
    }

    /// Enable or disable a provider.
    pub async fn edit_provider(self, key: impl Into<String>, enabled: bool) -> Result<Provider> {
        let path = ProviderPath {
            key: part("provider", key.into())?,
        };
        let body = ProviderChange { enabled };
        self.0.send::<EditProvider>(path, body).await
    }
}
