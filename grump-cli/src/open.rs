//! The one place that opens the engine.

mod settle;

use std::{
    env,
    path::{Path, PathBuf},
};

use directories::ProjectDirs;
use grump::{ControlPlane as _, Error, ErrorKind, Plane, Policy};
use grump_engine::{
    DataFolder, Engine, EngineBuilder, Resume,
    agent::{registry::Agents, spec::AgentSpec},
    config::Config,
    process::KeeperCommand,
};
use tokio::process::Command;

use self::settle::Settled;
use crate::{
    KEEPER,
    args::Global,
    exit::{Result, invalid},
    log,
    output::Output,
    place::Place,
};

/// What all commands share: the options for every command, and how to come to a plane.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    global: Global,
}

/// The agents that loops may name, and what the configuration says about loops.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    /// Where the work is done, if this process is not to run an engine.
    place: Option<Place>,
    agents: Agents,
    keeper: Option<KeeperCommand>,
    max_running: Option<usize>,
    /// The agent of a loop that is created now.
    pub(crate) agent: Option<String>,
    /// What a loop's agent may do where nothing is said.
    pub(crate) policy: Option<Policy>,
}

impl Roster {
    /// Where the work is done, if this process is not to run an engine.
    pub(crate) const fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl Session {
    /// What was typed, and what the environment says where nothing was. (Clap would take a variable
    /// for something that was typed, and then show no help where it is all there is.)
    pub(crate) fn new(mut global: Global) -> Self {
        global.plane_is_typed = global.plane.is_some();
        // A folder that is typed is meant, whatever plane the environment names.
        if global.plane.is_none() && global.data.is_none() {
            let url = env::var("GRUMP_URL").ok();
            global.plane = url.filter(|url| !url.is_empty());
        }
        global.data = global.data.or_else(|| folder("GRUMP_DATA"));
        global.config = global.config.or_else(|| folder("GRUMP_CONFIG"));
        Self { global }
    }

    /// The same on another data folder.
    pub(crate) fn on(&self, data: PathBuf) -> Self {
        let mut global = self.global.clone();
        global.data = Some(data);
        global.plane = None;
        global.plane_is_typed = false;
        Self { global }
    }

    /// Refuses a plane elsewhere for a command that is about this machine.
    ///
    /// # Errors
    /// `InvalidInput` if one is named.
    pub(crate) fn local(&self, command: &'static str) -> grump::Result<()> {
        match &self.global.plane {
            None => Ok(()),
            Some(_) => Err(invalid(format!("`grump {command}` is about this machine"))
                .advise("leave --plane out, and GRUMP_URL unset")),
        }
    }

    /// The plane to work with if this process is not to open the data folder: one that was named, or
    /// that of a process which serves the folder.
    ///
    /// # Errors
    /// `InvalidInput` for an address that is not understood.
    pub(crate) fn elsewhere(&self) -> grump::Result<Option<Place>> {
        match &self.global.plane {
            Some(url) => Place::at(url).map(Some),
            None => Place::of_owner(&self.data()?),
        }
    }

    /// Whether there can be anything to look at: not in a data folder that nothing was done in.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub(crate) fn has_something(&self) -> grump::Result<bool> {
        Ok(self.global.plane.is_some() || self.data()?.journal().exists())
    }

    pub(crate) const fn output(&self) -> Output {
        Output::new(&self.global)
    }

    /// Begins to log on standard error.
    ///
    /// # Errors
    /// `InvalidInput` for a `GRUMP_LOG` that is not understood.
    pub(crate) fn start_log(&self) -> grump::Result<()> {
        log::start(self.global.quiet, self.global.verbose)
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

    /// Where the work is to be done, and by which agents: those of the configuration, and the one
    /// that was named on the command line. Elsewhere it is the plane that knows the agents.
    ///
    /// # Errors
    /// `InvalidInput` for a configuration or specification that is not understood; for a command
    /// line to be sent elsewhere, `Unsupported`, or `Conflict` `owned`.
    pub(crate) fn roster(&self, agent: Option<&str>) -> grump::Result<Roster> {
        let place = self.elsewhere()?;
        if let (Some(place), Some(agent)) = (&place, agent) {
            named_only(agent).map_err(|error| place.explain(error))?;
        }
        let mut roster = match &place {
            // What is configured there is not known here.
            Some(place) if place.is_elsewhere() => Roster::default(),
            _ => self.configured()?,
        };
        if let Some(text) = agent {
            roster.agent = Some(roster.agents.define(&anchored(text)?)?);
        }
        if place.is_some() {
            // A process that serves has its own for loops that do not say.
            roster.policy = None;
        }
        roster.place = place;
        Ok(roster)
    }

    fn configured(&self) -> grump::Result<Roster> {
        let config = self.config()?;
        Ok(Roster {
            place: None,
            agents: config.agents(),
            keeper: config.engine.keeper_command(),
            max_running: config.engine.max_running,
            agent: config.engine.default_agent,
            policy: config.engine.policy,
        })
    }

    /// Looks, and changes nothing: at the plane elsewhere, or in the data folder.
    ///
    /// # Errors
    /// `NotFound` if nothing was ever done in the data folder; `Storage` if it cannot be read; those
    /// of the work.
    pub(crate) async fn looking<T>(
        &self,
        work: impl AsyncFnOnce(&Place) -> Result<T>,
    ) -> Result<T> {
        let place = match self.elsewhere()? {
            Some(place) => place,
            None => Place::own(Engine::view(self.data()?).map(Plane::new)?),
        };
        place.work(work).await
    }

    /// Does something with the plane elsewhere, or with one that owns the data folder, and frees
    /// the folder afterwards. Loops that a crash cut off are left alone.
    ///
    /// # Errors
    /// `Conflict` `owned` if another process owns the folder and does not serve; `Storage` if it
    /// cannot be written; those of the work.
    pub(crate) async fn owning<T>(
        &self,
        roster: Roster,
        work: impl AsyncFnOnce(&Place) -> Result<T>,
    ) -> Result<T> {
        let engine = match self.settle(roster).await? {
            Settled::There(place) => return place.work(work).await,
            Settled::Here(engine) => engine,
        };
        let done = work(&Place::own(Plane::new(engine.clone()))).await;
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
        work: impl AsyncFnOnce(&Place) -> Result<T>,
    ) -> Result<T> {
        if !self.has_something()? {
            Engine::view(self.data()?)?;
        }
        self.owning(roster, work).await
    }

    /// This program once more, on the same data folder with the same configuration.
    ///
    /// # Errors
    /// `InvalidInput` if there is no data folder; `Internal` if this program cannot be found.
    pub(crate) fn again(&self) -> grump::Result<Command> {
        let lost = |error| invalid("the current folder cannot be found").caused_by(error);
        let mut command = Command::new(own_program()?);
        command.arg0("grump").env_remove("GRUMP_URL");
        command
            .arg("--data")
            .arg(std::path::absolute(self.data()?.path()).map_err(lost)?);
        if let Some(file) = &self.global.config {
            let file = std::path::absolute(file).map_err(lost)?;
            command.arg("--config").arg(file);
        }
        Ok(command)
    }

    /// Opens the engine for loops that come over a wire: they name agents, and never bring a
    /// command line. Loops that a crash cut off are left alone for now.
    ///
    /// # Errors
    /// `Conflict` `owned` if another process owns the folder; `Storage` if it cannot be written;
    /// `InvalidInput` for agents or a configuration that are not understood.
    fn serving(&self, agents: &[String], max_running: Option<usize>) -> grump::Result<Engine> {
        let mut roster = self.configured()?;
        for text in agents {
            let name = roster.agents.define(&anchored(text)?)?;
            if !roster.agents.names().contains(&name) {
                let error = invalid("an agent that is served needs a name");
                return Err(error.with("agent", text).advise("write NAME=SPEC"));
            }
        }
        roster.max_running = max_running.or(roster.max_running);
        let policy = roster.policy.unwrap_or_default();
        let builder = self.builder(roster)?.inline_agents(false);
        let hosts = self.config()?.hosts();
        builder.hosts(hosts).default_policy(policy).open()
    }

    fn builder(&self, roster: Roster) -> grump::Result<EngineBuilder> {
        let builder = Engine::builder(self.data()?)
            .agents(roster.agents)
            .keeper(roster.keeper.map_or_else(keeper, Ok)?)
            .resume(Resume::Leave);
        Ok(match roster.max_running {
            Some(limit) => builder.max_running(limit),
            None => builder,
        })
    }
}

fn folder(variable: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

/// The command that starts the keeper: this program, even if another one was installed in its
/// place meanwhile.
fn keeper() -> grump::Result<KeeperCommand> {
    Ok(KeeperCommand::new(own_program()?).arg(KEEPER))
}

fn own_program() -> grump::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Ok(running.to_owned());
    }
    env::current_exe().map_err(|error| {
        Error::new(ErrorKind::Internal, "this program cannot be found").caused_by(error)
    })
}

/// Whether `--agent` gives a specification a name.
pub(crate) fn is_definition(agent: &str) -> bool {
    let name = agent.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| !AgentSpec::is_meant(name))
}

/// Refuses a command line that would have to go over a wire.
fn named_only(agent: &str) -> grump::Result<()> {
    if !AgentSpec::is_meant(agent) && !is_definition(agent) {
        return Ok(());
    }
    let message = "a command line does not go over the wire";
    Err(Error::new(ErrorKind::Unsupported, message)
        .with("agent", agent)
        .advise("name an agent that is configured there, by `grump serve --agent NAME=SPEC` or grump.toml"))
}

/// What `--agent` says, with the path of a script made absolute: the loop may be started again from
/// another folder.
pub(crate) fn anchored(text: &str) -> grump::Result<String> {
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
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        assert!(refused.to_string().contains("/no/such.toml"), "{refused}");
    }
}
