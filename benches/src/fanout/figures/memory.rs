//! How much memory of the server one takes who listens and is told nothing.

use std::time::Duration;

use grump_benches::{Contender, Failure, Table};

use crate::peers::Kind;

/// How many listen.
const MANY: usize = 1000;

/// How long memory is left to settle.
const SETTLE: Duration = Duration::from_millis(300);

pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        eprintln!("    memory is measured on Linux only");
        return Ok(());
    }
    let contenders = Kind::ALL.map(|kind| Contender::value(kind.name(), move || turn(kind)));
    table.figure_in(
        "KiB",
        &format!("memory of one of {MANY}, idle"),
        contenders.into(),
    );
    Ok(())
}

/// In a new process, which one has listened to already: what is made once is there then.
fn turn(kind: Kind) -> Result<f64, Failure> {
    let mut peer = kind.start()?;
    let mut first = peer.crowd(1)?;
    peer.tell(&mut first, 1, 0)?;
    let before = peer.resident()?;
    let mut crowd = peer.crowd(MANY)?;
    crowd.idle(SETTLE)?;
    let after = peer.resident()?;
    Ok(after.saturating_sub(before) as f64 / MANY as f64)
}
