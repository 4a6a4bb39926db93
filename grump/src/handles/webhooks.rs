//! Handle of the facet `Webhooks`.

use grump_core::{NewWebhook, Webhook, WebhookId};

use super::handle;

handle! {
    /// Addresses that the plane tells of what happens.
    Webhooks webhooks {
        /// Registers an address.
        WebhooksRegister register(new: NewWebhook) -> Webhook;
        /// Lists the addresses.
        WebhooksList list() -> Vec<Webhook>;
        /// Removes an address.
        WebhooksRemove remove(webhook: &WebhookId) -> ();
    }
}
