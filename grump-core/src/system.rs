//! [`Health`]: whether a plane works; [`System`]: the trait that says so.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;

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
}

impl Health {
    /// A plane of this version with these problems; healthy where there are none.
    #[must_use]
    pub fn new(version: impl Into<String>, problems: Vec<String>) -> Self {
        Self {
            healthy: problems.is_empty(),
            version: version.into(),
            problems,
        }
    }
}

/// The facet that says how the plane itself is.
#[async_trait]
pub trait System: Send + Sync + fmt::Debug {
    /// Whether the plane works. An answer that says it does not is no error.
    ///
    /// # Errors
    /// If there is no answer.
    async fn health(&self) -> Result<Health>;
}
