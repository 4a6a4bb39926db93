//! What happens inside, on standard error.

use std::{env, io};

use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, ParseError, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::exit::invalid;

/// Where a stream tells that its connection is lost, and is back.
const STREAMS: &str = "grump_client::stream";

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
        _ => Targets::new()
            .with_default(level(quiet, verbose))
            .with_target(STREAMS, level(quiet, verbose).max(outages(quiet))),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(lines.with_filter(wanted))
        .init();
    Ok(())
}

/// Who waits for something wants to know why nothing comes.
const fn outages(quiet: bool) -> LevelFilter {
    if quiet {
        LevelFilter::OFF
    } else {
        LevelFilter::INFO
    }
}

const fn level(quiet: bool, verbose: u8) -> LevelFilter {
    match (quiet, verbose) {
        (true, _) => LevelFilter::OFF,
        (false, 0) => LevelFilter::ERROR,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    }
}
