//! A fault proxy: a TCP proxy on the loopback, between a client and a server, that does to their
//! connections what networks do.
//!
//! | what | for the connections to come: [`Plan`] | for one that is open: [`Connection`] |
//! |---|---|---|
//! | cut, by RST or FIN | [`Plan::cut_at`] | [`Connection::cut`], [`Connection::cut_at`] |
//! | stall: accept, and pass nothing on | [`Plan::stall_at`] | [`Connection::stall`], [`Connection::stall_at`] |
//! | pass the request on, lose the answer | [`Plan::lose_answer`] | [`FaultProxy::lose_answer_to`] |
//! | delay each chunk | [`Plan::delay`] | |
//! | split into small pieces | [`Plan::split`] | |
//! | pass a piece twice | [`Plan::repeat_at`] | |
//! | bytes that nobody sent | [`Plan::garbage_at`] | |
//! | answer instead of the server: 429, 500, 503, a redirect, garbage | [`Plan::answer`] | |
//! | refuse connections | [`FaultProxy::refuse`] | |
//! | any of it, by chance that can be repeated | [`Seed::plan`] | |
//!
//! A moment is said in bytes, in text that passes, or in the middle of a character ([`At`]), so that a cut in the middle of a frame
//! is the same cut each time. Nobody has to sleep: [`FaultProxy::connection`],
//! [`FaultProxy::asked`], [`Connection::passed`] and [`FaultProxy::until`] wait for what happens.
//!
//! ```
//! # use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use grump_testkit::proxy::{At, Cut, Direction::ToClient, FaultProxy, Plan};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let proxy = FaultProxy::start(server.local_addr()?).await?;
//!
//! // The first connection ends in the middle of the second frame, as if all was said.
//! proxy.next(Plan::new().cut_at(ToClient, At::text("data: ", 2), Cut::End));
//!
//! let mut client = tokio::net::TcpStream::connect(proxy.address()).await?;
//! let (mut serving, _) = server.accept().await?;
//! serving.write_all(b"data: one\n\ndata: two\n\n").await?;
//!
//! let mut told = String::new();
//! client.read_to_string(&mut told).await?;
//! assert_eq!(told, "data: one\n\ndata: ");
//! assert_eq!(proxy.connection(1).await.to_client(), 17);
//! # Ok(())
//! # }
//! ```
//!
//! The program `grump-fault-proxy` is this with a command line and commands on standard input.

mod connection;
mod link;
mod plan;
mod random;
mod server;
mod state;
mod trigger;

pub use connection::Connection;
pub use plan::{Answer, At, Cut, Direction, Plan};
pub use random::Seed;
pub use server::FaultProxy;
pub use state::Counts;
