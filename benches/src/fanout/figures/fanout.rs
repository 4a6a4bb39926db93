//! How long it takes to deliver an event to one of many who listen.

use std::time::{Duration, Instant};

use grump_benches::{Contender, Failure, Table, Turn};

use crate::{
    crowd::Crowd,
    peers::{Kind, Peer},
};

/// How many events are published at once, in a burst.
const BURST: u64 = 64;

/// For how long a turn goes on publishing.
const TURN: Duration = Duration::from_millis(500);

pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    for many in [1, 100, 1000] {
        let mut heard = Kind::ALL
            .into_iter()
            .map(|kind| Heard::start(kind, many))
            .collect::<Result<Vec<_>, _>>()?;
        for (burst, what) in [(BURST, "bursts"), (1, "single events")] {
            let contenders = heard
                .iter_mut()
                .map(|heard| Contender::fallible(heard.kind.name(), move || heard.turn(burst)));
            table.figure(&format!("fan-out to {many}, {what}"), contenders.collect());
        }
    }
    Ok(())
}

/// A peer, and those who listen to it.
struct Heard {
    kind: Kind,
    peer: Peer,
    crowd: Crowd,
}

impl Heard {
    fn start(kind: Kind, many: usize) -> Result<Self, Failure> {
        let peer = kind.start()?;
        let crowd = peer.crowd(many)?;
        Ok(Self { kind, peer, crowd })
    }

    /// The next burst begins when everybody was told the one before.
    fn turn(&mut self, burst: u64) -> Result<Turn, Failure> {
        self.tell(burst)?;
        let begun = Instant::now();
        let mut bursts = 0;
        while begun.elapsed() < TURN {
            self.tell(burst)?;
            bursts += 1;
        }
        Ok(Turn {
            count: bursts * usize::try_from(burst)? * self.crowd.len(),
            time: begun.elapsed(),
        })
    }

    fn tell(&mut self, burst: u64) -> Result<(), Failure> {
        self.peer.tell(&mut self.crowd, burst, 0)
    }
}
