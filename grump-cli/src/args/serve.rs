//! `grump serve`

use std::net::{Ipv4Addr, SocketAddr};

use clap::Args;

use super::values;

/// What is served, and to whom.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen for the Ralpher dialect; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000", value_parser = address)]
    pub(crate) ralpher: SocketAddr,
    /// An agent that loops may name, beside those of the configuration and `opencode`, which is that
    /// of a loop that names none; may be given several times
    #[arg(long, value_name = "NAME=SPEC")]
    pub(crate) agent: Vec<String>,
    /// How many loops run at once; others wait [default: 4, or what the configuration says]
    #[arg(long, value_name = "N", value_parser = values::at_least_one)]
    pub(crate) max_running: Option<usize>,
    /// Leave loops alone that a crash or an earlier end cut off
    #[arg(long)]
    pub(crate) no_resume: bool,
    /// End by itself when no loop has been at work for so long, such as 60s
    #[arg(long, value_name = "TIME", value_parser = values::seconds)]
    pub(crate) until_idle: Option<u64>,
    /// What `--detach` leaves behind: a session of its own, and only whoever attaches is served
    #[arg(long, hide = true)]
    pub(crate) detached: bool,
}

/// Reads `127.0.0.1:3000`, `[::1]:3000`, `localhost:3000`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let wrong = |_| format!("{text:?} is no address to listen on; write 127.0.0.1:3000");
    match text.strip_prefix("localhost:") {
        Some(port) => {
            let port = port.parse().map_err(|_| wrong(()))?;
            Ok((Ipv4Addr::LOCALHOST, port).into())
        }
        None => text.parse().map_err(|_| wrong(())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ip_address_or_localhost_with_a_port() {
        let read = |text| address(text).map(|address| address.to_string());
        assert_eq!(read("localhost:0").unwrap(), "127.0.0.1:0");
        assert_eq!(read("[::1]:3000").unwrap(), "[::1]:3000");
        for wrong in [
            "",
            "3000",
            "localhost",
            "127.0.0.1",
            "example.com:80",
            "localhost:99999",
        ] {
            let refused = read(wrong).unwrap_err();
            assert!(refused.contains("127.0.0.1:3000"), "{wrong}: {refused}");
        }
    }
}
