//! [`Peer`]: one who serves, in a process of its own.

use grump_benches::Failure;

use crate::crowd::{Ask, Crowd};

pub(crate) mod process;
pub(crate) mod redis;
mod starlette;
mod twin;

use process::Process;
pub(crate) use redis::Redis;
pub(crate) use twin::Served;

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Grump,
    Axum,
    Redis,
    Starlette,
}

impl Kind {
    /// All of them, the one that the others are set in relation to first.
    pub(crate) const ALL: [Self; 4] = [Self::Grump, Self::Axum, Self::Redis, Self::Starlette];

    /// As the tables call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Grump => "grump",
            Self::Axum => "axum, Sse with json_data",
            Self::Redis => "redis pub/sub",
            Self::Starlette => "sse-starlette, uvicorn",
        }
    }

    /// Starts it, and waits until it serves.
    pub(crate) fn start(self) -> Result<Peer, Failure> {
        match self {
            Self::Grump => twin::start("grump", "/api/events"),
            Self::Axum => twin::start("axum", "/events"),
            Self::Redis => redis::start(),
            Self::Starlette => starlette::start(),
        }
    }
}

/// One who serves.
pub(crate) struct Peer {
    process: Process,
    ask: Ask,
    publisher: Box<dyn Publish>,
    published: u64,
}

/// How something is published where a peer serves.
pub(crate) trait Publish {
    /// So many events, the first of this number. `stamp` is when, or 0 where the events have the
    /// time at which the server has them.
    fn publish(&mut self, first: u64, many: u64, stamp: u64) -> Result<(), Failure>;
}

impl Peer {
    pub(crate) fn new(process: Process, ask: Ask, publisher: impl Publish + 'static) -> Self {
        Self {
            process,
            ask,
            publisher: Box::new(publisher),
            published: 0,
        }
    }

    /// So many who listen to it.
    pub(crate) fn crowd(&self, many: usize) -> Result<Crowd, Failure> {
        Crowd::gather(&self.ask, many, self.published)
    }

    /// Publishes so many events at once, and waits until all of these were told them.
    pub(crate) fn tell(&mut self, crowd: &mut Crowd, many: u64, stamp: u64) -> Result<(), Failure> {
        self.publisher.publish(self.published, many, stamp)?;
        self.published += many;
        crowd.until(self.published)
    }

    /// How much memory it has, in KiB.
    pub(crate) fn resident(&self) -> Result<u64, Failure> {
        self.process.resident()
    }
}
