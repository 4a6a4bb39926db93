//! Publishing when the parent says so: a line `FIRST MANY STAMP` on a connection of its own.

use grump_benches::Failure;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
};

use crate::event;

/// What is to be published.
pub(super) struct Order {
    first: u64,
    many: u64,
    stamp: u64,
}

impl Order {
    fn read(line: &str) -> Option<Self> {
        let mut numbers = line.split_whitespace().map(str::parse);
        Some(Self {
            first: numbers.next()?.ok()?,
            many: numbers.next()?.ok()?,
            stamp: numbers.next()?.ok()?,
        })
    }

    /// The number and the time stamp of each event.
    pub(super) fn events(self) -> impl Iterator<Item = (u64, u64)> {
        let numbers = self.first..self.first + self.many;
        numbers.map(move |number| match self.stamp {
            0 => (number, event::now()),
            stamp => (number, stamp),
        })
    }
}

/// Calls `publish` for every line, as long as the connection lasts.
pub(super) async fn obey(
    listener: TcpListener,
    mut publish: impl FnMut(Order),
) -> Result<(), Failure> {
    let (stream, _) = listener.accept().await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        publish(Order::read(&line).ok_or_else(|| format!("no order: {line}"))?);
    }
    Ok(())
}
