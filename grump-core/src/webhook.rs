//! [`Webhook`]: an address that a plane tells of what happens; [`Webhooks`]: the trait that keeps
//! them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    id::id,
    json::Ext,
    noun::{noun, request, words},
    plane::{Operation, unsupported},
    secret::Secret,
    time::Timestamp,
};

id! {
    /// The id of a webhook.
    WebhookId
}

words! {
    /// What a webhook is told of. (G-Rump, "Register Webhook".)
    WebhookEvent {
        /// A job is done.
        "job.completed" JobCompleted,
        /// A job failed.
        "job.failed" JobFailed,
        /// A phase of a SHIP session is done.
        "ship.phase_complete" ShipPhaseComplete,
    }
}

noun! {
    /// An address that a plane tells of what happens.
    Webhook {
        /// Its id.
        id: WebhookId,
        ;
        /// The address.
        url: String,
        /// When it was registered.
        created_at: Timestamp,
        ;
        /// What it is told of.
        events: Vec<WebhookEvent>,
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// An address to register. (G-Rump, "Register Webhook".)
    NewWebhook {
        /// The address.
        url: String,
        /// What to tell it of.
        events: Vec<WebhookEvent>,
        ;
        /// What signs the messages, so that who gets them knows who sent them.
        secret: Secret,
    }
}

/// The facet that keeps webhooks.
#[async_trait]
pub trait Webhooks: Send + Sync + fmt::Debug {
    /// Registers an address.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn register(&self, new: NewWebhook) -> Result<Webhook> {
        unsupported(Operation::WebhooksRegister, new)
    }

    /// Lists the addresses.
    ///
    /// # Errors
    /// What the wire says.
    async fn list(&self) -> Result<Vec<Webhook>> {
        unsupported(Operation::WebhooksList, ())
    }

    /// Removes an address.
    ///
    /// # Errors
    /// `NotFound`.
    async fn remove(&self, webhook: &WebhookId) -> Result<()> {
        unsupported(Operation::WebhooksRemove, webhook)
    }
}
