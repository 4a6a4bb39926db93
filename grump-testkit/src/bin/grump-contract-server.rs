//! A server of a dialect as its document has it, for trying clients without the real one.

use std::time::Duration;

use clap::Parser;
use grump_testkit::contract::{Contract, Dialect};

/// A server of a dialect as its document has it, on the loopback.
///
/// Its first line is its URL, its second a credential that may do everything, where the dialect has
/// one. What is started goes on by itself until it is completed. Requests that are not as documented are told on
/// standard error.
#[derive(Parser)]
struct Cli {
    /// The dialect: grump, steward, ralpher, metaforge or mini-devin.
    #[arg(value_parser = ["grump", "steward", "ralpher", "metaforge", "mini-devin"])]
    dialect: String,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long each step of what was started takes.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 200)]
    pace: u64,
}

#[tokio::main]
async fn main() {
    let cli = Cli::parse();
    let server = Contract::start_on(&cli.dialect, cli.port).await;
    println!("{}", server.url());
    if !matches!(
        Dialect::named(&cli.dialect),
        Dialect::Ralpher | Dialect::MetaForge
    ) {
        println!("{}", server.token());
    }
    let pace = Duration::from_millis(cli.pace.max(1));
    tokio::select! {
        () = server.play(pace) => {}
        () = tell(&server, pace) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Tells what was not as documented.
async fn tell(server: &Contract, pace: Duration) {
    let mut told = 0;
    loop {
        tokio::time::sleep(pace).await;
        let violations = server.violations();
        for violation in &violations[told..] {
            eprintln!("not as documented: {violation}");
        }
        told = violations.len();
    }
}
