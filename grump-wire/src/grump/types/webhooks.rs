//! Webhooks, and what is delivered to them. (G-Rump, "Webhook Endpoints"; the document shows the
//! body of a registration and three event names, the rest is ours)

use std::fmt;

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::{Extra, JobId, SessionId, WebhookId};
use crate::{
    lenient::{or_default, text},
    shapes::words,
};

words! {
    /// What a webhook is told of. ("Register Webhook", `events`)
    WebhookEvent {
        /// A job is done.
        JobCompleted = "job.completed",
        /// A job failed.
        JobFailed = "job.failed",
        /// A phase of a SHIP session is done.
        ShipPhaseComplete = "ship.phase_complete",
    }
}

/// A webhook to register. ("Register Webhook") The secret appears in no `Debug` output.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRequest {
    /// Where deliveries are sent.
    pub url: String,
    /// What it is told of.
    pub events: Vec<WebhookEvent>,
    /// What deliveries are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRequest")
            .field("url", &self.url)
            .field("events", &self.events)
            .field("has_secret", &self.secret.is_some())
            .finish()
    }
}

/// A registered webhook. ("List Webhooks"; the document shows no body: the members are ours)
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub struct Webhook {
    /// Its id.
    #[serde(alias = "webhookId", skip_serializing_if = "Option::is_none")]
    pub id: Option<WebhookId>,
    /// Where deliveries are sent.
    #[serde(deserialize_with = "text")]
    pub url: String,
    /// What it is told of.
    #[serde(deserialize_with = "or_default")]
    pub events: Vec<WebhookEvent>,
    /// When it was registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Other members. A server that repeats the secret has it here.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra: Vec<_> = self.extra.keys().collect();
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("url", &self.url)
            .field("events", &self.events)
            .field("created_at", &self.created_at)
            .field("extra", &extra)
            .finish()
    }
}

/// The registered webhooks. ("List Webhooks"; read as an array too, written as an object like the
/// document's other lists. ambiguity G-21)
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct WebhookList {
    /// The webhooks.
    pub webhooks: Vec<Webhook>,
}

impl<'de> Deserialize<'de> for WebhookList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = Value::deserialize(deserializer)?;
        let list = match told {
            Value::Object(mut members) => ["webhooks", "data", "items"]
                .into_iter()
                .find_map(|name| members.remove(name)),
            other => Some(other),
        };
        let webhooks = list.map_or(Ok(Vec::new()), |list| {
            Option::<Vec<Webhook>>::deserialize(list).map(Option::unwrap_or_default)
        });
        webhooks
            .map(|webhooks| Self { webhooks })
            .map_err(de::Error::custom)
    }
}

/// What is delivered to a webhook. The document shows no body: it is written as
/// `{"event", "data", "timestamp"}`, and read wherever the event's name and the ids stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Delivery {
    /// What happened.
    #[serde(alias = "type")]
    pub event: WebhookEvent,
    /// To what: a job, or a phase of a session.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// When it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub timestamp: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl Delivery {
    /// Reads a delivery. Whatever is JSON is one, and so is text that is none: its event is not known
    /// then, and `data` holds it.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            data: serde_json::from_slice(body)
                .unwrap_or_else(|_| String::from_utf8_lossy(body).into()),
            ..Self::default()
        })
    }

    /// The job that it is about.
    #[must_use]
    pub fn job_id(&self) -> Option<JobId> {
        let is_of_job = matches!(
            self.event,
            WebhookEvent::JobCompleted | WebhookEvent::JobFailed
        );
        let names: &[&str] = if is_of_job {
            &["jobId", "id"]
        } else {
            &["jobId"]
        };
        self.member(names)
            .and_then(|id| JobId::deserialize(id).ok())
    }

    /// The SHIP session that it is about.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        self.member(&["sessionId"])
            .and_then(|id| SessionId::deserialize(id).ok())
    }

    /// A member of `data`, of the job in it, or of the delivery itself.
    pub(in crate::grump) fn member(&self, names: &[&str]) -> Option<&Value> {
        let inner = ["job", "session"].map(|name| &self.data[name]);
        let places = [&self.data].into_iter().chain(inner);
        let found = |name: &&str| {
            let mut inside = places.clone().filter_map(|place| place.get(*name));
            inside.next().or_else(|| self.extra.get(*name))
        };
        names.iter().find_map(found)
    }
}
