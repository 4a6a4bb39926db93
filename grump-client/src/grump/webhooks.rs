//! [`Webhooks`]: addresses that the server tells of what happens.

use grump_core::{Result, Secret};
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    grump::{
        Answer, DeleteWebhook, ListWebhooks, RegisterWebhook, Webhook, WebhookEvent, WebhookId,
        WebhookPath, WebhookRequest,
    },
};

use super::{GrumpClient, check};

/// Addresses that the server tells of what happens. (G-Rump, "Webhook Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Webhooks<'c>(pub(super) &'c GrumpClient);

impl Webhooks<'_> {
    /// Register a webhook for async job notifications, signed with this secret if there is one.
    /// (G-Rump, "Register Webhook")
    pub async fn register(
        &self,
        url: impl Into<String>,
        events: impl IntoIterator<Item = WebhookEvent>,
        secret: impl Into<Option<Secret>>,
    ) -> Result<Webhook> {
        let request = WebhookRequest {
            url: url.into(),
            events: events.into_iter().collect(),
            secret: secret.into().map(|secret| secret.reveal().to_owned()),
        };
        self.0.send::<RegisterWebhook>(NoPath {}, request).await
    }

    /// List the registered webhooks. (G-Rump, "List Webhooks")
    pub async fn list(&self) -> Result<Vec<Webhook>> {
        let list = self.0.get::<ListWebhooks>(NoPath {}, NoQuery {}).await?;
        Ok(list.webhooks)
    }

    /// Delete a registered webhook. (G-Rump, "Delete Webhook")
    pub async fn delete(&self, webhook_id: impl Into<WebhookId>) -> Result<Answer> {
        let webhook_id = webhook_id.into();
        check("webhook", webhook_id.as_str())?;
        let path = WebhookPath { webhook_id };
        self.0.get::<DeleteWebhook>(path, NoQuery {}).await
    }
}
