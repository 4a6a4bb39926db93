//! The same program on a plane that runs here and on one that is served, and through a gateway.
//!
//! `cargo run -p grump-examples --example served` embeds an engine, puts a server before it, a server
//! before a client of that, and lets one function work with each of the three. Any tool that embeds
//! grump can offer its plane to others like this; `grump serve` does so for a data folder.

use std::{net::SocketAddr, path::Path};

use futures::StreamExt;
use grump::{NewLoop, Plane, Since};
use grump_engine::{DataFolder, Engine, agent::registry::Agents};
use grump_examples::make_repository;
use grump_server::Server;

/// What comes over a wire names its agent: the command line stays here.
const AGENT: &str = r#"one=cmd: sh -c 'echo one >> lines.txt; echo "<promise>COMPLETE</promise>"'"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("app");
    make_repository(&app)?;

    let mut agents = Agents::default();
    agents.define(AGENT)?;
    let engine = Engine::builder(DataFolder::new(folder.path().join("grump")))
        .agents(agents)
        .open()?;
    let here = Plane::new(engine);
    let there = served(&here).await?;
    let behind_a_gateway = served(&there).await?;
    for plane in [&here, &there, &behind_a_gateway] {
        one_line(plane, &app).await?;
    }
    assert_eq!(
        std::fs::read_to_string(app.join("lines.txt"))?
            .lines()
            .count(),
        3
    );
    here.close().await;
    Ok(())
}

/// Lets a loop write one line, and merges it: on any plane.
async fn one_line(plane: &Plane, app: &Path) -> grump::Result<()> {
    let new = NewLoop::new("one line", app.display().to_string(), "Write a line").agent("one");
    let line = plane.loops().create(new).await?;
    plane.loops().start(&line).await?;
    let mut told = 0;
    let mut updates = plane.loops().watch(&line, Since::Beginning).await?;
    while let Some(update) = updates.next().await {
        update?;
        told += 1;
    }
    let accepted = plane.loops().accept(&line).await?;
    let name = &plane.info().name;
    println!(
        "{name}: told {told} updates, merged as {}",
        accepted.merge_commit
    );
    Ok(())
}

/// A client of a server of this plane, for as long as the program runs.
async fn served(plane: &Plane) -> grump::Result<Plane> {
    let server = Server::builder(plane.implementation())
        .ralpher(SocketAddr::from(([127, 0, 0, 1], 0)))
        .bind()
        .await?;
    let address = format!("ralpher+http://{}", server.local_addr());
    tokio::spawn(server.serve(std::future::pending()));
    grump::connect(&address)
}
