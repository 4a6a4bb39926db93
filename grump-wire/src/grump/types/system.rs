//! The server itself. (G-Rump, "Health & Status")

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Extra;
use crate::{
    lenient::{or_default, text},
    shapes::words,
};

words! {
    /// How a server is. The document shows `healthy`; `ok` is the field's.
    HealthStatus {
        /// It works.
        Healthy = "healthy",
        /// It works.
        Ok = "ok",
    }
}

impl HealthStatus {
    /// Whether it works.
    #[must_use]
    pub const fn is_healthy(&self) -> bool {
        matches!(self, Self::Healthy | Self::Ok)
    }
}

/// How a server is. ("Health Check")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HealthReport {
    /// Whether it works.
    pub status: HealthStatus,
    /// Its version.
    #[serde(deserialize_with = "text")]
    pub version: String,
    /// What it consists of, and how that is: `{"database": "connected"}`.
    #[serde(deserialize_with = "or_default")]
    pub services: Extra,
    /// When that was so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub timestamp: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}
