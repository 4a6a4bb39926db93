//! [`Config`]: what `grump.toml` says.

use std::{collections::BTreeMap, fs, io, path::Path, str::FromStr};

use grump_core::{Error, ErrorKind, Policy, Result};
use serde::{Deserialize, Deserializer, de};

use crate::{
    agent::{
        hosts::{Host, Hosts},
        registry::{Agents, is_name},
        spec::{AgentOptions, AgentSpec},
    },
    process::KeeperCommand,
};

/// What `grump.toml` says.
///
/// ```toml
/// [engine]
/// max_running = 2             # loops at once
/// policy = "ask:60"           # allow, deny, ask, ask:SECONDS
/// default_agent = "claude"
/// connect = ["127.0.0.1:4096"]  # where loops that come over a wire may find an agent
///
/// [agents.claude]
/// spec = "cmd: claude -p --output-format stream-json --verbose"
/// format = "claude"
/// timeout = 1800
/// env = { CLAUDE_CONFIG_DIR = "/home/me/.claude-work" }
///
/// [agents.demo]
/// spec = "script: demo.json"  # relative to this file
/// ```
///
/// `GRUMP_MAX_RUNNING`, `GRUMP_POLICY` and `GRUMP_DEFAULT_AGENT` take precedence over the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// How the engine works.
    pub engine: EngineConfig,
    /// The agents that runs may name, beside `opencode`.
    pub agents: BTreeMap<String, AgentConfig>,
}

/// How the engine works; what is `None` is left to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct EngineConfig {
    /// How many loops run at once, at least one.
    #[serde(deserialize_with = "at_least_one")]
    pub max_running: Option<usize>,
    /// What agents may do, where a loop does not say.
    #[serde(deserialize_with = "policy")]
    pub policy: Option<Policy>,
    /// The agent that is used where a loop names none.
    pub default_agent: Option<String>,
    /// Hosts, with a port or without, that loops which come over a wire may name as the place where
    /// their agent listens.
    #[serde(deserialize_with = "hosts")]
    pub connect: Vec<Host>,
    /// The command that starts the keeper: a program and its arguments.
    pub keeper: Option<Vec<String>>,
}

/// An agent: its specification, and options beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentConfig {
    /// Which one, and how it is run.
    pub spec: AgentSpec,
}

impl Config {
    /// Reads a file and then the environment. A file that is not there says nothing.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key, or the variable.
    pub fn load(file: &Path) -> Result<Self> {
        let config = match fs::read_to_string(file) {
            Ok(text) => Self::read(&text, file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                let message = format!("the configuration cannot be read: {error}");
                return Err(invalid(message)
                    .with("file", file.display())
                    .caused_by(error));
            }
        };
        config.with_env(|name| std::env::var(name).ok())
    }

    /// Reads the text of a file at this path: scripts lie relative to it.
    ///
    /// # Errors
    /// `InvalidInput`, naming file, line and key.
    pub fn read(text: &str, file: &Path) -> Result<Self> {
        let mut config = parse(text).map_err(|error| error.with("file", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        for agent in config.agents.values_mut() {
            agent.spec = agent.spec.clone().relative_to(folder);
        }
        Ok(config)
    }

    /// Puts what the environment says in place of what the file says.
    ///
    /// # Errors
    /// `InvalidInput`, naming the variable.
    pub fn with_env(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let engine = &mut self.engine;
        if let Some(limit) = from_env::<std::num::NonZero<usize>>("GRUMP_MAX_RUNNING", &variable)? {
            engine.max_running = Some(limit.get());
        }
        if let Some(policy) = from_env("GRUMP_POLICY", &variable)? {
            engine.policy = Some(policy);
        }
        if let Some(agent) = from_env("GRUMP_DEFAULT_AGENT", &variable)? {
            engine.default_agent = Some(agent);
        }
        Ok(self)
    }

    /// The agents it describes, and `opencode` where it does not say otherwise.
    #[must_use]
    pub fn agents(&self) -> Agents {
        let agents = self.agents.iter();
        agents.fold(Agents::default(), |agents, (name, config)| {
            agents.with(name, config.spec.agent())
        })
    }

    /// The hosts that loops may connect to: those of `connect`, and those of agents that listen
    /// already.
    #[must_use]
    pub fn hosts(&self) -> Hosts {
        let of_agents = self
            .agents
            .values()
            .filter_map(|agent| agent.spec.endpoint());
        let named = self.engine.connect.iter().cloned();
        named.chain(of_agents.map(Host::from)).collect()
    }
}

impl EngineConfig {
    /// The command that starts the keeper.
    #[must_use]
    pub fn keeper_command(&self) -> Option<KeeperCommand> {
        let (program, args) = self.keeper.as_deref()?.split_first()?;
        let keeper = KeeperCommand::new(program);
        Some(args.iter().fold(keeper, KeeperCommand::arg))
    }
}

impl<'de> Deserialize<'de> for AgentConfig {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut table = toml::Table::deserialize(from)?;
        let spec = table.remove("spec");
        let spec = spec.as_ref().and_then(toml::Value::as_str).ok_or_else(|| {
            de::Error::custom("an agent needs a `spec`, such as \"cmd: claude -p\"")
        })?;
        let options = AgentOptions::deserialize(table).map_err(de::Error::custom)?;
        let spec = spec
            .parse::<AgentSpec>()
            .and_then(|spec| spec.options(options));
        spec.map(|spec| Self { spec }).map_err(de::Error::custom)
    }
}

fn parse(text: &str) -> Result<Config> {
    let unreadable = |error: &toml::de::Error, key: Option<String>| {
        let newlines = |end| text[..end].matches('\n').count();
        let line = error.span().map(|span| newlines(span.start) + 1);
        // Only the first line: others may quote the file, and there may be secrets in it.
        let message = error
            .message()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        let error = invalid(format!("the configuration is not right: {message}"));
        let error = line
            .into_iter()
            .fold(error, |error, line| error.with("line", line));
        key.into_iter()
            .fold(error, |error, key| error.with("key", key))
    };
    let table = toml::Deserializer::parse(text).map_err(|error| unreadable(&error, None))?;
    let config: Config = serde_path_to_error::deserialize(table).map_err(|error| {
        let key = error.path().to_string();
        unreadable(error.inner(), Some(key))
    })?;
    match config.agents.keys().find(|name| !is_name(name)) {
        None => Ok(config),
        Some(name) => Err(
            invalid("an agent's name is made of letters, digits, `-`, `_` and `.`")
                .with("name", name),
        ),
    }
}

fn at_least_one<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    std::num::NonZero::<usize>::deserialize(from).map(|number| Some(number.get()))
}

fn policy<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Policy>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

fn hosts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Host>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let hosts = texts.iter().map(|text| text.parse());
    hosts.collect::<Result<_>>().map_err(de::Error::custom)
}

fn from_env<T: FromStr<Err: std::fmt::Display>>(
    name: &'static str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<T>> {
    let text = variable(name).filter(|text| !text.is_empty());
    let value = text.map(|text| text.parse()).transpose();
    value.map_err(|error| invalid(format!("{name} is not right: {error}")))
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "/etc/grump/grump.toml";

    fn read(text: &str) -> Result<Config> {
        Config::read(text, Path::new(FILE))
    }

    fn error_of(text: &str) -> String {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = error.to_string();
        assert!(error.contains("file: /etc/grump/grump.toml"), "{error}");
        error
    }

    #[test]
    fn engine_and_agents_are_read() {
        let config = read(
            "[engine]\nmax_running = 2\npolicy = 'ask:60'\nkeeper = ['/k', 'keep']\n\
             [agents.claude]\nspec = 'cmd: claude -p'\nformat = 'claude'\ntimeout = 60\n\
             [agents.demo]\nspec = 'script: demo.json'\n",
        )
        .unwrap();
        assert_eq!(config.engine.max_running, Some(2));
        assert_eq!(config.engine.policy, Some(Policy::Ask { seconds: 60 }));
        let keeper = KeeperCommand::new("/k").arg("keep");
        assert_eq!(config.engine.keeper_command(), Some(keeper));
        let spec = |name: &str| config.agents[name].spec.to_string();
        assert_eq!(spec("claude"), "cmd(format=claude, timeout=60): claude -p");
        assert_eq!(spec("demo"), "script: /etc/grump/demo.json");
        assert_eq!(config.agents().names(), ["claude", "demo", "opencode"]);
    }

    #[test]
    fn loops_may_connect_to_hosts_that_are_named_and_to_agents_that_listen() {
        let config = read(
            "[engine]\nconnect = ['agents.example']\n\
             [agents.here]\nspec = 'opencode(port=4096)'\n",
        )
        .unwrap();
        let expected: Vec<Host> = ["agents.example", "127.0.0.1:4096"]
            .map(|host| host.parse().unwrap())
            .into();
        assert_eq!(config.hosts(), expected.into_iter().collect());
        let error = error_of("[engine]\nconnect = ['http://a']");
        assert!(error.contains("HOST:PORT") && error.contains("engine.connect"));
    }

    #[test]
    fn what_is_not_known_is_named_with_its_file_line_and_key() {
        let error = error_of("[engine]\nmax_runing = 2\n");
        assert!(
            error.contains("unknown field `max_runing`, expected one of `max_running`"),
            "{error}"
        );
        assert!(
            error.contains("line: 2") && error.contains("key: engine.max_runing"),
            "{error}"
        );
        let error = error_of("[agents.a]\nspec = 'cmd: a'\ntimeuot = 2\n");
        assert!(
            error.contains("`timeuot`") && error.contains("key: agents.a"),
            "{error}"
        );
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_thing_itself() {
        assert!(error_of("[engine]\npolicy = 'yes'").contains("one of allow, deny, ask"));
        assert!(error_of("[engine]\nmax_running = 0").contains("nonzero"));
        assert!(error_of("[agents.a]\n").contains("needs a `spec`"));
        assert!(error_of("[agents.a]\nspec = 'claude -p'").contains("no such kind of agent"));
        assert!(error_of("[agents.a]\nspec = 'cmd: a'\nport = 1").contains("no option `port`"));
        assert!(error_of("[agents.'a b']\nspec = 'cmd: a'").contains("an agent's name"));
        assert!(error_of("[engine").contains("line: 1"));
    }

    #[test]
    fn the_environment_takes_precedence_and_is_named_where_it_is_wrong() {
        let config = read("[engine]\nmax_running = 2\npolicy = 'deny'").unwrap();
        let env = |name: &str| (name == "GRUMP_MAX_RUNNING").then(|| "9".to_owned());
        let config = config.with_env(env).unwrap();
        assert_eq!(config.engine.max_running, Some(9));
        assert_eq!(config.engine.policy, Some(Policy::Deny));
        let error = config.with_env(|_| Some("0".to_owned())).unwrap_err();
        assert!(error.to_string().contains("GRUMP_MAX_RUNNING"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_there_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::load(&folder.path().join("grump.toml")).unwrap();
        assert!(config.agents.is_empty());
    }

    #[test]
    fn variables_of_agents_are_not_shown() {
        let text = "[agents.a]\nspec = 'cmd: a'\nenv = { TOKEN = 'hunter2' }";
        assert!(!format!("{:?}", read(text).unwrap()).contains("hunter2"));
        assert!(!error_of("[agents.a]\nspec = 'cmd: a'\nenv = 'hunter2'").contains("hunter2"));
    }
}
