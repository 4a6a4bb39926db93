//! What agents that start a process per turn have in common.

use grump_core::{Error, ErrorKind, Result};

use super::Site;
use crate::process;

/// Ends whatever of the run is left; processes that were only dropped may still be on their way.
pub(crate) async fn sweep(site: &Site) -> Result<()> {
    let mark = site.launcher.mark(&site.run);
    let swept = tokio::task::spawn_blocking(move || process::sweep(&mark)).await;
    match swept {
        Ok(Err(error)) if error.kind() != ErrorKind::Unsupported => Err(error),
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(ErrorKind::Internal, "the sweep broke off").caused_by(error)),
    }
}

/// Refuses to connect where there is nothing that listens.
pub(crate) fn refuse_connecting(site: &Site, what: &str) -> Result<()> {
    match &site.connect {
        None => Ok(()),
        Some(endpoint) => {
            let message = format!("{what} is started for each run and cannot be connected to");
            Err(Error::new(ErrorKind::InvalidInput, message)
                .with("hostname", &endpoint.hostname)
                .with("port", endpoint.port)
                .advise(
                    "leave hostname and port out, or use an agent that listens, such as opencode",
                ))
        }
    }
}
