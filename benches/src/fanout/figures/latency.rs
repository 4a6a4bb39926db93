//! From publishing to receiving, with one who listens.
//!
//! The event carries the time at which the publisher had it. It is published from another process,
//! over a connection, as one publishes to redis; grump also where its engine does, in the process.

use grump_benches::{Contender, Failure, Table};

use crate::{
    crowd::Crowd,
    event,
    peers::{Kind, Peer},
};

/// How many events are published in a turn, one after the other.
const EVENTS: usize = 2000;

/// How many come before those that count.
const WARM: usize = 200;

/// Who publishes.
#[derive(Clone, Copy)]
enum From {
    Outside,
    Inside,
}

pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    let contenders = [
        ("grump", Kind::Grump, From::Outside),
        ("grump, published in it", Kind::Grump, From::Inside),
        (Kind::Redis.name(), Kind::Redis, From::Outside),
        (Kind::Axum.name(), Kind::Axum, From::Outside),
    ];
    for (percent, what) in [(50, "p50"), (99, "p99")] {
        let mut contending = Vec::new();
        for (name, kind, from) in contenders {
            let mut peer = kind.start()?;
            let mut crowd = peer.crowd(1)?;
            contending.push(Contender::value(name, move || {
                turn(&mut peer, &mut crowd, from, percent)
            }));
        }
        table.figure(&format!("publish to receive, {what}"), contending);
    }
    Ok(())
}

/// The percentile in microseconds.
fn turn(peer: &mut Peer, crowd: &mut Crowd, from: From, percent: usize) -> Result<f64, Failure> {
    let mut times = Vec::with_capacity(EVENTS);
    crowd.stamps = Some(Vec::with_capacity(1));
    for number in 0..WARM + EVENTS {
        let stamp = match from {
            From::Outside => event::now(),
            From::Inside => 0,
        };
        peer.tell(crowd, 1, stamp)?;
        let received = event::now();
        let stamp = crowd.stamps.as_mut().and_then(Vec::pop);
        let published = stamp.ok_or("an event has no time stamp")?;
        if number >= WARM {
            times.push(received.saturating_sub(published));
        }
    }
    times.sort_unstable();
    Ok(times[times.len() * percent / 100] as f64 / 1000.0)
}
