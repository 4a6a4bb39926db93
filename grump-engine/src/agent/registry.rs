//! [`Agents`]: the agents that runs may name.

use std::{collections::BTreeMap, sync::Arc};

use grump_core::{Error, ErrorKind, Result};

use super::{Agent, OpenCode, spec::AgentSpec};

/// Agents by name.
///
/// ```
/// use grump_engine::agent::registry::Agents;
///
/// let mut agents = Agents::default();
/// assert_eq!(agents.define("busy=cmd: ./agent.sh")?, "busy");
/// assert_eq!(agents.names(), ["busy", "opencode"]);
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Agents(BTreeMap<String, Arc<dyn Agent>>);

impl Default for Agents {
    /// Only `opencode`, found in `PATH`.
    fn default() -> Self {
        Self::none().with("opencode", Arc::new(OpenCode::new()))
    }
}

impl Agents {
    /// Not even `opencode`.
    #[must_use]
    pub fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds an agent under a name, in place of one that has it.
    #[must_use]
    pub fn with(mut self, name: &str, agent: Arc<dyn Agent>) -> Self {
        self.0.insert(name.to_owned(), agent);
        self
    }

    /// Takes what the command line says (`--agent`) and answers what a run is to name: `NAME=SPEC`
    /// defines an agent, a bare name or specification is left to [`resolve`](Self::resolve).
    ///
    /// # Errors
    /// `InvalidInput` if the specification cannot be read.
    pub fn define(&mut self, text: &str) -> Result<String> {
        match text.split_once('=') {
            Some((name, spec)) if is_name(name.trim()) => {
                let name = name.trim().to_owned();
                let agent = spec.parse::<AgentSpec>()?.agent();
                self.0.insert(name.clone(), agent);
                Ok(name)
            }
            _ => Ok(text.trim().to_owned()),
        }
    }

    /// The names, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The agent of this name, or where `allow_inline` says so, of this [`AgentSpec`]. What comes
    /// over a wire must not be allowed to bring a command line.
    ///
    /// # Errors
    /// `InvalidInput`, with the names that there are; or what is wrong with the specification.
    pub fn resolve(&self, name: &str, allow_inline: bool) -> Result<Arc<dyn Agent>> {
        if let Some(agent) = self.0.get(name) {
            return Ok(agent.clone());
        }
        match (AgentSpec::is_meant(name), allow_inline) {
            (true, true) => Ok(name.parse::<AgentSpec>()?.agent()),
            (true, false) => Err(self.refuse("an agent is named here, not specified", name)),
            (false, _) => Err(self.refuse("there is no such agent", name)),
        }
    }

    fn refuse(&self, message: &'static str, name: &str) -> Error {
        let names = self.names().join(", ");
        Error::new(ErrorKind::InvalidInput, message)
            .with("agent", name)
            .advise(format!(
                "choose one of {names}, or define it in grump.toml under [agents.NAME]"
            ))
    }
}

/// Whether an agent may be called this.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_refused_with_those_that_exist() {
        let agents = Agents::default().with("busy", Arc::new(OpenCode::new()));
        let error = agents.resolve("claude", true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("busy, opencode"), "{error}");
    }

    #[test]
    fn a_command_line_is_accepted_only_where_it_is_allowed() {
        let agents = Agents::default();
        for text in [
            "cmd: rm -rf /",
            "acp: rm -rf /",
            "script: /etc/passwd",
            "opencode(program=/bin/sh)",
        ] {
            assert!(agents.resolve(text, true).is_ok(), "{text}");
            let error = agents.resolve(text, false).unwrap_err();
            assert!(error.to_string().contains("named here"), "{error}");
        }
    }

    #[test]
    fn the_command_line_defines_names_and_leaves_specifications_alone() {
        let mut agents = Agents::default();
        assert_eq!(
            agents.define("my-agent = cmd: env A=b c").unwrap(),
            "my-agent"
        );
        assert!(agents.resolve("my-agent", false).is_ok());
        let inline = "cmd(format=claude): env A=b claude -p";
        assert_eq!(agents.define(inline).unwrap(), inline);
        assert_eq!(agents.define("opencode").unwrap(), "opencode");
        assert!(agents.define("a=claude -p").is_err());
        assert_eq!(agents.names(), ["my-agent", "opencode"]);
    }
}
