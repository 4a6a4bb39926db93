//! [`AgentSpec`]: which agent, in one line of text.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use grump_core::{Endpoint, Error, ErrorKind, Model, Result};

pub use super::options::AgentOptions;
use super::{
    Agent, AgentSession, OpenCode, Site,
    acp::AcpAgent,
    cmd::{CmdAgent, Command},
    script::ScriptAgent,
};

/// Which agent, and how it is run.
///
/// As text it is one of
///
/// | text | agent |
/// |---|---|
/// | `script: FILE` | [plays a script](super::script) |
/// | `cmd: PROGRAM ARGUMENT…` | [any program](super::cmd) |
/// | `acp: PROGRAM ARGUMENT…` | [any agent that speaks ACP](super::acp) |
/// | `opencode` | [opencode](super::OpenCode), found in `PATH` |
///
/// with options in brackets where there are some: `cmd(format=claude, timeout=600): claude -p`,
/// `acp(mode=default): gemini --experimental-acp`, `opencode(hostname=127.0.0.1, port=4096)`,
/// `opencode(program=/opt/opencode)`. Opencode's may also follow as words: `opencode: port=4096`.
///
/// ```
/// use grump_engine::agent::spec::AgentSpec;
///
/// let spec: AgentSpec = "cmd(format=codex): codex exec --json {prompt}".parse()?;
/// assert_eq!(spec.to_string(), "cmd(format=codex): codex exec --json {prompt}");
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AgentSpec {
    kind: Kind,
    options: AgentOptions,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Script(PathBuf),
    Cmd(Command),
    Acp(Command),
    OpenCode,
}

const FORMS: &str = "write `script: FILE`, `cmd: PROGRAM ARGUMENT...`, `acp: PROGRAM ARGUMENT...` or \
                     `opencode`";

impl AgentSpec {
    /// The agent that it describes.
    #[must_use]
    pub fn agent(&self) -> Arc<dyn Agent> {
        match &self.kind {
            Kind::Script(file) => Arc::new(ScriptAgent::from_file(file)),
            Kind::Cmd(command) => Arc::new(self.cmd(command)),
            Kind::Acp(command) => Arc::new(self.acp(command)),
            Kind::OpenCode => match self.options.endpoint() {
                Some(endpoint) => Arc::new(Connected(self.opencode(), endpoint)),
                None => Arc::new(self.opencode()),
            },
        }
    }

    /// Adds options to those of the text.
    ///
    /// # Errors
    /// `InvalidInput` for an option that this kind of agent does not have, or a host name without
    /// a port.
    pub fn options(mut self, more: AgentOptions) -> Result<Self> {
        self.options.merge(more);
        self.check()?;
        Ok(self)
    }

    /// The same with the path of a script taken as relative to this folder. A program's path is
    /// relative to the folder the agent works in, whatever that is.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Self {
        if let Kind::Script(file) = &mut self.kind {
            *file = folder.join(&file);
        }
        self
    }

    /// Where it listens already, if it is one that does.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.options.endpoint()
    }

    /// Whether the text is meant as a specification and not as the name of an agent.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.contains([':', '('])
    }

    fn cmd(&self, command: &Command) -> CmdAgent {
        let format = self.options.format.unwrap_or_default();
        let agent = CmdAgent::new(command.clone()).format(format);
        let agent = match self.options.timeout {
            Some(seconds) => agent.timeout(Duration::from_secs(seconds)),
            None => agent,
        };
        let env = self.options.env.iter();
        env.fold(agent, |agent, (name, value)| agent.env(name, value))
    }

    fn acp(&self, command: &Command) -> AcpAgent {
        let mut agent = AcpAgent::new(command.clone());
        if let Some(method) = &self.options.login {
            agent = agent.login(method);
        }
        if let Some(mode) = &self.options.mode {
            agent = agent.mode(mode);
        }
        let env = self.options.env.iter();
        env.fold(agent, |agent, (name, value)| agent.env(name, value))
    }

    fn opencode(&self) -> OpenCode {
        let mut agent = OpenCode::new();
        if let Some(program) = &self.options.program {
            agent = agent.program(program);
        }
        let password = self.options.password_env.as_ref();
        if let Some(password) = password.and_then(|name| std::env::var(name).ok()) {
            agent = agent.password(password);
        }
        let env = self.options.env.iter();
        env.fold(agent, |agent, (name, value)| agent.env(name, value))
    }

    fn check(&self) -> Result<()> {
        let (kind, known): (_, &[&str]) = match self.kind {
            Kind::Script(_) => ("script", &[]),
            Kind::Cmd(_) => ("cmd", &["format", "timeout", "env"]),
            Kind::Acp(_) => ("acp", &["login", "mode", "env"]),
            Kind::OpenCode => (
                "opencode",
                &["program", "hostname", "port", "password_env", "env"],
            ),
        };
        let wrong = self.options.names().find(|name| !known.contains(name));
        if let Some(option) = wrong {
            let error = invalid(format!("`{kind}` has no option `{option}`"));
            return Err(error.advise(match known {
                [] => "leave it out".to_owned(),
                known => format!("it has {}", known.join(", ")),
            }));
        }
        if self.options.hostname.is_some() && self.options.port.is_none() {
            return Err(invalid("a hostname needs a port").advise("add `port=`"));
        }
        Ok(())
    }
}

pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

impl FromStr for AgentSpec {
    type Err = Error;

    /// Reads the text; the error teaches its forms.
    fn from_str(text: &str) -> Result<Self> {
        let (kind, options, rest) = split(text)?;
        let mut said = AgentOptions::default();
        for option in options
            .split(',')
            .filter(|option| !option.trim().is_empty())
        {
            said.set(option.trim())
                .map_err(|error| error.with("agent", text))?;
        }
        let kind = match (kind, rest) {
            ("script", Some(file)) if !file.is_empty() => Kind::Script(file.into()),
            ("cmd", Some(command)) => Kind::Cmd(command.parse()?),
            ("acp", Some(command)) => Kind::Acp(without_places(command.parse()?)?),
            ("opencode", words) => {
                for word in words.unwrap_or_default().split_whitespace() {
                    said.set(word).map_err(|error| error.with("agent", text))?;
                }
                Kind::OpenCode
            }
            ("script" | "cmd" | "acp", _) => return Err(unreadable("something is missing", text)),
            _ => return Err(unreadable("there is no such kind of agent", text)),
        };
        let options = AgentOptions::default();
        Self { kind, options }
            .options(said)
            .map_err(|error| error.with("agent", text))
    }
}

/// `kind(options): rest` into its three parts.
fn split(text: &str) -> Result<(&str, &str, Option<&str>)> {
    let text = text.trim();
    let end = text.find([':', '(']).unwrap_or(text.len());
    let (kind, after) = (text[..end].trim(), &text[end..]);
    let (options, after) = match after.strip_prefix('(') {
        None => ("", after),
        Some(open) => open
            .split_once(')')
            .ok_or_else(|| unreadable("the bracket of the options is not closed", text))?,
    };
    match after.trim_start().strip_prefix(':') {
        Some(rest) => Ok((kind, options, Some(rest.trim()))),
        None if after.trim().is_empty() => Ok((kind, options, None)),
        None => Err(unreadable("a colon is missing", text)),
    }
}

/// What `cmd` puts into its words an ACP agent is told in its protocol.
fn without_places(command: Command) -> Result<Command> {
    let places = ["{prompt}", "{model}", "{model_id}", "{iteration}"];
    let holds = |place: &&&str| command.arguments().iter().any(|arg| arg.contains(**place));
    match places.iter().find(holds) {
        None => Ok(command),
        Some(place) => Err(invalid("`acp` replaces nothing in its command")
            .with("found", place)
            .advise("leave it out: prompt and model are said over the protocol")),
    }
}

fn unreadable(message: &'static str, text: &str) -> Error {
    invalid(message).with("agent", text).advise(FORMS)
}

impl fmt::Display for AgentSpec {
    /// What [`FromStr`] reads; variables of the environment are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Script(_) => "script",
            Kind::Cmd(_) => "cmd",
            Kind::Acp(_) => "acp",
            Kind::OpenCode => "opencode",
        })?;
        let options: Vec<_> = self
            .options
            .texts()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !options.is_empty() {
            write!(f, "({})", options.join(", "))?;
        }
        match &self.kind {
            Kind::Script(file) => write!(f, ": {}", file.display()),
            Kind::Cmd(command) | Kind::Acp(command) => write!(f, ": {command}"),
            Kind::OpenCode => Ok(()),
        }
    }
}

impl fmt::Debug for AgentSpec {
    /// As `Display`: what is in the environment may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgentSpec({self})")
    }
}

/// An opencode that listens already, for every run that names no other.
#[derive(Debug)]
struct Connected(OpenCode, Endpoint);

impl Connected {
    fn site(&self, mut site: Site) -> Site {
        site.connect.get_or_insert_with(|| self.1.clone());
        site
    }
}

#[async_trait]
impl Agent for Connected {
    async fn open(&self, site: Site) -> Result<Box<dyn AgentSession>> {
        self.0.open(self.site(site)).await
    }

    async fn models(&self, site: Site) -> Result<Vec<Model>> {
        self.0.models(self.site(site)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> AgentSpec {
        text.parse().unwrap()
    }

    fn error_of(text: &str) -> String {
        let error = text.parse::<AgentSpec>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        error.to_string()
    }

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in [
            "script: demo.json",
            "script: my (old) scripts/a: b.json",
            "cmd: claude -p",
            "cmd(format=claude, timeout=600): claude -p --output-format stream-json",
            "acp: opencode acp",
            "acp(login=gemini-api-key, mode=default): gemini --experimental-acp",
            "opencode",
            "opencode(program=/opt/opencode)",
            "opencode(hostname=host, port=4096, password_env=OPENCODE_PASSWORD)",
        ] {
            assert_eq!(spec(text).to_string(), text);
        }
        assert_eq!(spec(" cmd : a").to_string(), "cmd: a");
        assert_eq!(
            spec("opencode: port=7 hostname=h"),
            spec("opencode(hostname=h,port=7)")
        );
    }

    #[test]
    fn errors_teach_the_forms() {
        for text in [
            "",
            "claude",
            "cmd",
            "acp",
            "script:",
            "cmd(format=claude) claude",
            "cmd(x=1: y",
        ] {
            assert!(
                error_of(text).contains("`cmd: PROGRAM ARGUMENT...`"),
                "{text}"
            );
        }
        assert!(error_of("cmd: 'a").contains("quotes"));
        assert!(error_of("cmd(format=gpt): a").contains("one of text, claude, codex"));
        assert!(error_of("cmd(port=1): a").contains("`cmd` has no option `port`; it has format"));
        assert!(
            error_of("acp(format=pi): a").contains("`acp` has no option `format`; it has login")
        );
        assert!(error_of("acp: a {prompt}").contains("over the protocol"));
        assert!(error_of("script(timeout=1): a").contains("`script` has no option `timeout`"));
        assert!(error_of("opencode: hostname=h").contains("needs a port"));
        assert!(error_of("cmd(timeout=soon): a").contains("`timeout`"));
        assert!(error_of("cmd(env=A): a").contains("grump.toml"));
    }

    #[test]
    fn what_is_in_the_environment_is_not_shown() {
        let mut options = AgentOptions::default();
        options.env.insert("TOKEN".into(), "hunter2".into());
        assert!(!format!("{options:?}").contains("hunter2"));
        for text in ["cmd: a", "acp: a", "opencode"] {
            let spec = spec(text).options(options.clone()).unwrap();
            let agent = spec.agent();
            assert!(!format!("{spec:?} {spec} {agent:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_script_lies_relative_to_a_folder_and_a_program_does_not() {
        let folder = Path::new("/etc/grump");
        assert_eq!(
            spec("script: a.json").relative_to(folder),
            spec("script: /etc/grump/a.json")
        );
        assert_eq!(
            spec("script: /a.json").relative_to(folder),
            spec("script: /a.json")
        );
        assert_eq!(spec("cmd: ./a").relative_to(folder), spec("cmd: ./a"));
    }
}
