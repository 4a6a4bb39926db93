//! The one place that opens the engine.

use std::{env, io};

use grump::{Error, Plane};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, ParseError, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    args::{AgentArgs, Global},
    exit::{Result, invalid},
    output::Output,
};

/// What all commands share: the options for every command, and how to come to a plane.
#[derive(Debug)]
pub(crate) struct Session {
    global: Global,
}

impl Session {
    pub(crate) const fn new(global: Global) -> Self {
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

    /// A plane that only looks.
    pub(crate) fn view(&self) -> grump::Result<Plane> {
        Err(Error::unsupported("open"))
    }

    /// Does something with a plane that owns the data folder, and frees the folder afterwards.
    pub(crate) async fn owning<T>(
        &self,
        _agent: &AgentArgs,
        _work: impl AsyncFnOnce(&Plane) -> Result<T>,
    ) -> Result<T> {
        Err(Error::unsupported("open").into())
    }
}

/// The name that a loop's agent is asked for by.
pub(crate) fn agent_name(args: &AgentArgs) -> Option<String> {
    args.agent.clone()
}
