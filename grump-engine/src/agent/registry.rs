//! [`Agents`]: the agents that loops may name.
use std::sync::Arc;

use grump_core::{Error, ErrorKind, Result};

use super::Agent;

/// Agents by name.
#[derive(Clone, Debug, Default)]
pub struct Agents(std::collections::BTreeMap<String, Arc<dyn Agent>>);

impl Agents {
    /// Adds an agent under a name.
    #[must_use]
    pub fn with(mut self, name: &str, agent: Arc<dyn Agent>) -> Self {
        self.0.insert(name.to_owned(), agent);
        self
    }
    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
    /// The agent of this name.
    ///
    /// # Errors
    /// `InvalidInput` if there is none.
    pub fn resolve(&self, name: &str, _allow_inline: bool) -> Result<Arc<dyn Agent>> {
        self.0.get(name).cloned().ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "there is no such agent").with("agent", name)
        })
    }
}
