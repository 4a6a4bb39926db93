//! What one request costs: reading a loop, against a bare handler that answers the same.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use grump_benches::{Contender, Failure, Table, Turn};

use crate::{event, peers::Served, requests::Clients};

/// For how long a turn goes on asking.
const TURN: Duration = Duration::from_millis(500);

pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    let (grump, axum) = (Served::start("grump", &[])?, Served::start("axum", &[])?);
    for (many, what) in [(1, "one after the other"), (64, "64 connections")] {
        let contenders = vec![
            contender("grump", grump.address, many)?,
            contender("axum, bare handler", axum.address, many)?,
        ];
        table.figure(&format!("a request, {what}"), contenders);
    }
    Ok(())
}

fn contender(
    name: &'static str,
    address: SocketAddr,
    many: usize,
) -> Result<Contender<'static>, Failure> {
    let mut clients = Clients::connect(address, &format!("/api/loops/{}", event::LOOP), many)?;
    Ok(Contender::fallible(name, move || turn(&mut clients)))
}

fn turn(clients: &mut Clients) -> Result<Turn, Failure> {
    clients.ask(100)?;
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < TURN {
        count += clients.ask(1000)?;
    }
    let time = begun.elapsed();
    Ok(Turn { count, time })
}
