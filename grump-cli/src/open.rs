//! The one place that opens the engine.

use std::{
    env, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use directories::ProjectDirs;
use grump::{ControlPlane as _, Error, Plane, Policy};
use grump_engine::{
    DataFolder, Engine, Resume,
    agent::{registry::Agents, spec::AgentSpec},
    config::Config,
    process::KeeperCommand,
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, ParseError, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    KEEPER,
    args::Global,
    exit::{Result, invalid},
    output::Output,
};

/// What all commands share: the options for every command, and how to come to a plane.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    global: Global,
}

/// The agents that loops may name, and what the configuration says about loops.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    agents: Agents,
    keeper: Option<KeeperCommand>,
    max_running: Option<usize>,
    /// The agent of a loop that is created now.
    pub(crate) agent: Option<String>,
    /// What a loop's agent may do where nothing is said.
    pub(crate) policy: Option<Policy>,
}

impl Session {
    /// What was typed, and what the environment says where nothing was. (Clap would take a variable
    /// for something that was typed, and then show no help where it is all there is.)
    pub(crate) fn new(mut global: Global) -> Self {
        global.data = global.data.or_else(|| folder("GRUMP_DATA"));
        global.config = global.config.or_else(|| folder("GRUMP_CONFIG"));
        Self { global }
    }

    /// The same on another data folder.
    pub(crate) fn on(&self, data: PathBuf) -> Self {
        let mut global = self.global.clone();
        global.data = Some(data);
        Self { global }
    }

    pub(crate) const fn output(&self) -> Output {
        Output::new(&self.global)
    }

    /// Begins to log on standard error: what `GRUMP_LOG` says, or as much as `--verbose` does.
    ///
    /// # Errors
    /// `InvalidInput` for a `GRUMP_LOG` that is not understood.
    pub(crate) fn start_log(&self) -> grump::Result<()> {
        let wanted = match env::var("GRUMP_LOG") {
            Ok(text) if !text.is_empty() => text.parse().map_err(|error: ParseError| {
                invalid("GRUMP_LOG is not understood")
                    .with("GRUMP_LOG", text)
                    .advise("write TARGET=LEVEL, such as grump_engine=debug")
                    .caused_by(error)
            })?,
            _ => Targets::new().with_default(self.level()),
        };
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            .with_ansi(false);
        tracing_subscriber::registry()
            .with(lines.with_filter(wanted))
            .init();
        Ok(())
    }

    const fn level(&self) -> LevelFilter {
        match (self.global.quiet, self.global.verbose) {
            (true, _) => LevelFilter::OFF,
            (false, 0) => LevelFilter::ERROR,
            (false, 1) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        }
    }

    /// The data folder.
    ///
    /// # Errors
    /// `InvalidInput` if none is named and the user has no home.
    pub(crate) fn data(&self) -> grump::Result<DataFolder> {
        let named = self.global.data.clone().map(DataFolder::new);
        let found = named.or_else(DataFolder::platform_default);
        found.ok_or_else(|| {
            invalid("there is no home folder to keep data in").advise("name one with --data DIR")
        })
    }

    /// What the configuration file and the environment say.
    ///
    /// # Errors
    /// `InvalidInput`, naming what is wrong, or a file that was named and is not there.
    pub(crate) fn config(&self) -> grump::Result<Config> {
        match &self.global.config {
            Some(file) if !file.exists() => {
                Err(invalid("there is no such configuration file").with("file", file.display()))
            }
            Some(file) => Config::load(file),
            None => match ProjectDirs::from("", "", "grump") {
                Some(folders) => Config::load(&folders.config_dir().join("grump.toml")),
                None => Config::default().with_env(|name| env::var(name).ok()),
            },
        }
    }

    /// The agents of the configuration, and the one that was named on the command line.
    ///
    /// # Errors
    /// `InvalidInput` for a configuration or specification that is not understood.
    pub(crate) fn roster(&self, agent: Option<&str>) -> grump::Result<Roster> {
        let config = self.config()?;
        let mut agents = config.agents();
        let agent = agent.map(|text| agents.define(&anchored(text)?));
        Ok(Roster {
            agent: agent.transpose()?.or(config.engine.default_agent.clone()),
            agents,
            keeper: config.engine.keeper_command(),
            max_running: config.engine.max_running,
            policy: config.engine.policy,
        })
    }

    /// A plane that only looks.
    ///
    /// # Errors
    /// `NotFound` if nothing was ever done in the data folder; `Storage` if it cannot be read.
    pub(crate) fn view(&self) -> grump::Result<Plane> {
        Engine::view(self.data()?).map(Plane::new)
    }

    /// Does something with a plane that owns the data folder, and frees the folder afterwards.
    /// Loops that a crash cut off are left alone.
    ///
    /// # Errors
    /// `Conflict` `owned` if another process owns the folder; `Storage` if it cannot be written;
    /// those of the work.
    pub(crate) async fn owning<T>(
        &self,
        roster: Roster,
        work: impl AsyncFnOnce(&Plane) -> Result<T>,
    ) -> Result<T> {
        let engine = Arc::new(self.engine(roster)?);
        let done = work(&Plane::new(engine.clone())).await;
        engine.close().await;
        done
    }

    /// As [`owning`](Self::owning), on a folder where something was done before: nothing is made
    /// where there is nothing to change.
    ///
    /// # Errors
    /// As for [`owning`](Self::owning), and `NotFound` if there is nothing.
    pub(crate) async fn changing<T>(
        &self,
        roster: Roster,
        work: impl AsyncFnOnce(&Plane) -> Result<T>,
    ) -> Result<T> {
        if !self.data()?.journal().exists() {
            self.view()?;
        }
        self.owning(roster, work).await
    }

    fn engine(&self, roster: Roster) -> grump::Result<Engine> {
        let builder = Engine::builder(self.data()?)
            .agents(roster.agents)
            .keeper(roster.keeper.map_or_else(keeper, Ok)?)
            .resume(Resume::Leave);
        match roster.max_running {
            Some(limit) => builder.max_running(limit),
            None => builder,
        }
        .open()
    }
}

fn folder(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

/// The command that starts the keeper: this program, even if another one was installed in its
/// place meanwhile.
fn keeper() -> grump::Result<KeeperCommand> {
    let running = Path::new("/proc/self/exe");
    let program = match cfg!(target_os = "linux") && running.exists() {
        true => running.to_owned(),
        false => env::current_exe().map_err(|error| {
            Error::new(grump::ErrorKind::Internal, "this program cannot be found").caused_by(error)
        })?,
    };
    Ok(KeeperCommand::new(program).arg(KEEPER))
}

/// What `--agent` says, with the path of a script made absolute: the loop may be started again from
/// another folder.
fn anchored(text: &str) -> grump::Result<String> {
    let (name, spec) = match text.split_once('=') {
        Some((name, spec)) if !AgentSpec::is_meant(name) => (Some(name), spec),
        _ if AgentSpec::is_meant(text) => (None, text),
        _ => return Ok(text.to_owned()),
    };
    let said: AgentSpec = spec.parse()?;
    let here = env::current_dir()
        .map_err(|error| invalid("the current folder cannot be found").caused_by(error))?;
    let spec = said.clone().relative_to(&here);
    if spec == said {
        return Ok(text.to_owned());
    }
    Ok(name.map_or_else(|| spec.to_string(), |name| format!("{name}={spec}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_script_is_made_absolute_and_nothing_else_is_touched() {
        let here = env::current_dir().unwrap();
        let script = here.join("demo.json");
        let expected = format!("script: {}", script.display());
        assert_eq!(anchored("script: demo.json").unwrap(), expected);
        assert_eq!(
            anchored("me=script: demo.json").unwrap(),
            format!("me={expected}")
        );
        assert_eq!(anchored("opencode").unwrap(), "opencode");
        assert_eq!(
            anchored("cmd: ./agent.sh a=b").unwrap(),
            "cmd: ./agent.sh a=b"
        );
    }

    #[test]
    fn a_configuration_that_was_named_must_be_there() {
        let global = Global {
            config: Some("/no/such.toml".into()),
            ..Global::default()
        };
        let refused = Session::new(global).config().unwrap_err();
        assert_eq!(refused.kind(), grump::ErrorKind::InvalidInput);
        assert!(refused.to_string().contains("/no/such.toml"), "{refused}");
    }
}
