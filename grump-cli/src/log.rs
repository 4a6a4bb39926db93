//! What happens inside, on standard error.

use std::{env, io};

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, ParseError, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::exit::invalid;

/// Begins to log: what `GRUMP_LOG` says, or as much as `--quiet` and `--verbose` do.
///
/// # Errors
/// `InvalidInput` for a `GRUMP_LOG` that is not understood.
pub(crate) fn start(quiet: bool, verbose: u8) -> grump::Result<()> {
    let wanted = match env::var("GRUMP_LOG") {
        Ok(text) if !text.is_empty() => text.parse().map_err(|error: ParseError| {
            invalid("GRUMP_LOG is not understood")
                .with("GRUMP_LOG", text)
                .advise("write TARGET=LEVEL, such as grump_engine=debug")
                .caused_by(error)
        })?,
        _ => Targets::new().with_default(level(quiet, verbose)),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(lines.with_filter(wanted))
        .init();
    Ok(())
}

const fn level(quiet: bool, verbose: u8) -> LevelFilter {
    match (quiet, verbose) {
        (true, _) => LevelFilter::OFF,
        (false, 0) => LevelFilter::ERROR,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    }
}
