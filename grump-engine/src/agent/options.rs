//! [`AgentOptions`]: what can be said about an agent beside which one it is.

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr};

use grump_core::{Endpoint, Result};
use serde::{Deserialize, Deserializer, de};

use super::{cmd::Format, spec::invalid};

/// What can be said about an agent beside which one it is: in brackets, or as keys beside `spec` in
/// `grump.toml`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AgentOptions {
    /// `cmd`: what the program writes.
    #[serde(deserialize_with = "format_option")]
    pub format: Option<Format>,
    /// `cmd`: seconds that a turn may take.
    pub timeout: Option<u64>,
    /// `opencode`: its program.
    pub program: Option<PathBuf>,
    /// `opencode`: where one listens already.
    pub hostname: Option<String>,
    /// `opencode`: the port it listens on, on 127.0.0.1 where no host name is given.
    pub port: Option<u16>,
    /// `opencode`: the variable of the environment that holds its password.
    pub password_env: Option<String>,
    /// `acp`: the method by which to log in.
    pub login: Option<String>,
    /// `acp`: the mode to put sessions into.
    pub mode: Option<String>,
    /// `cmd`, `acp`, `opencode`: variables of its environment; in `grump.toml` only, for they may be
    /// secret.
    #[serde(deserialize_with = "variables")]
    pub env: BTreeMap<String, String>,
}

impl AgentOptions {
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        let hostname = self.hostname.as_deref().unwrap_or("127.0.0.1");
        self.port.map(|port| Endpoint {
            hostname: hostname.to_owned(),
            port,
        })
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    pub(super) fn merge(&mut self, more: Self) {
        self.format = more.format.or(self.format);
        self.timeout = more.timeout.or(self.timeout);
        self.program = more.program.or_else(|| self.program.take());
        self.hostname = more.hostname.or_else(|| self.hostname.take());
        self.port = more.port.or(self.port);
        self.password_env = more.password_env.or_else(|| self.password_env.take());
        self.login = more.login.or_else(|| self.login.take());
        self.mode = more.mode.or_else(|| self.mode.take());
        self.env.extend(more.env);
    }

    /// Sets an option from text.
    pub(super) fn set(&mut self, option: &str) -> Result<()> {
        let Some((name, value)) = option.split_once('=') else {
            return Err(invalid(format!("the option `{option}` has no value"))
                .advise("write NAME=VALUE, with commas between"));
        };
        let (name, value) = (name.trim(), value.trim().to_owned());
        match name {
            "format" => self.format = Some(number(name, &value)?),
            "timeout" => self.timeout = Some(number(name, &value)?),
            "program" => self.program = Some(value.into()),
            "hostname" => self.hostname = Some(value),
            "port" => self.port = Some(number(name, &value)?),
            "password_env" => self.password_env = Some(value),
            "login" => self.login = Some(value),
            "mode" => self.mode = Some(value),
            "env" => {
                let advice = "set it in grump.toml, beside `spec`: it may be secret";
                return Err(invalid("`env` cannot be given here").advise(advice));
            }
            _ => return Err(invalid(format!("there is no option `{name}`"))),
        }
        Ok(())
    }

    /// Those that are set and have a text, with their text.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&'static str, String)> {
        let program = self.program.as_ref();
        [
            ("format", self.format.map(|format| format.to_string())),
            ("timeout", self.timeout.map(|seconds| seconds.to_string())),
            ("program", program.map(|path| path.display().to_string())),
            ("hostname", self.hostname.clone()),
            ("port", self.port.map(|port| port.to_string())),
            ("password_env", self.password_env.clone()),
            ("login", self.login.clone()),
            ("mode", self.mode.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        let env = (!self.env.is_empty()).then_some("env");
        self.texts().map(|(name, _)| name).chain(env)
    }
}

impl fmt::Debug for AgentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entries(self.texts());
        map.entries(self.env.keys().map(|name| (name, "…")))
            .finish()
    }
}

fn number<T: FromStr<Err: fmt::Display>>(name: &str, value: &str) -> Result<T> {
    let wrong = |error| invalid(format!("the option `{name}` is not right: {error}"));
    value.parse().map_err(wrong)
}

fn format_option<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Format>, D::Error> {
    let name = String::deserialize(from)?;
    name.parse().map(Some).map_err(de::Error::custom)
}

/// The error does not quote what it found, which may be secret.
fn variables<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let wrong = |_| de::Error::custom("`env` is a table of texts: { NAME = \"value\" }");
    Deserialize::deserialize(from).map_err(wrong)
}
