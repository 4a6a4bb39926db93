//! [`Health`]: whether a plane works; [`System`]: the trait that says so.

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    json::Ext,
    noun::noun,
    plane::{Operation, unsupported},
};

/// Whether a plane works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// Whether everything it needs is there.
    pub healthy: bool,
    /// Its version; empty where it does not say.
    pub version: String,
    /// What is wrong, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Seconds since it was started. (`MetaForge`, "Health Check".)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<u64>,
    /// What it is made of, and how each part is, in the plane's words. (G-Rump, "Health Check",
    /// `services`; `MetaForge`, `components`.)
    #[serde(default, skip_serializing_if = "Ext::is_empty")]
    pub components: Ext,
    /// What else the plane says.
    #[serde(default, skip_serializing_if = "Ext::is_empty")]
    pub ext: Ext,
}

impl Health {
    /// A plane of this version with these problems; healthy where there are none.
    #[must_use]
    pub fn new(version: impl Into<String>, problems: Vec<String>) -> Self {
        Self {
            healthy: problems.is_empty(),
            version: version.into(),
            problems,
            uptime: None,
            components: Ext::new(),
            ext: Ext::new(),
        }
    }
}

noun! {
    /// What a plane has, and what is going on. (`MetaForge`, "System Status".)
    SystemStatus {
        ;
        /// Its version.
        version: String,
        /// The folder that it works in.
        workspace: String,
        ;
        /// How many sessions there are, by status: `active`, `pending`, `completed`.
        sessions: BTreeMap<String, u64>,
        /// The tools that agents can use.
        tools: Vec<SystemPart>,
        /// The agents.
        agents: Vec<SystemPart>,
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// A tool or an agent that a plane has.
    SystemPart {
        /// What it is called.
        name: String,
        ;
        /// Its version.
        version: String,
        /// Whether it can be used: `available` of a tool, `loaded` of an agent.
        ready: bool,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that says how the plane itself is.
#[async_trait]
pub trait System: Send + Sync + fmt::Debug {
    /// Whether the plane works. An answer that says it does not is no error.
    ///
    /// # Errors
    /// If there is no answer.
    async fn health(&self) -> Result<Health> {
        unsupported(Operation::SystemHealth, ())
    }

    /// Figures about the plane, in the text format of Prometheus.
    ///
    /// # Errors
    /// `Unauthenticated`.
    async fn metrics(&self) -> Result<String> {
        unsupported(Operation::SystemMetrics, ())
    }

    /// What the plane has, and what is going on.
    ///
    /// # Errors
    /// What the wire says.
    async fn status(&self) -> Result<SystemStatus> {
        unsupported(Operation::SystemStatus, ())
    }
}
