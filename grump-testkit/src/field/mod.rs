//! A server of the Ralpher dialect as it is met in the field: what clients are tested against.
//!
//! It is written from the document and from what running servers were seen to do, and shares no code
//! with grump's own server or its types, so that both sides cannot make the same mistake. It keeps
//! loops and their states, but runs no agent: the test is the agent.
//!
//! ```
//! # use serde_json::json;
//! use grump_testkit::field::{Field, Quirks};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> grump_core::Result<()> {
//! let field = Field::start(Quirks::field()).await?;
//! // … a client at `field.url()` creates a loop, or the test does:
//! let id = field.create("dark mode");
//! field.begin(&id); // its first iteration begins
//! field.complete(&id); // and matches
//! assert_eq!(field.shown(&id)["state"]["status"], "completed");
//!
//! // Whatever the server never did itself, the test has it say.
//! field.event(&json!({"type": "loop.log", "loopId": id, "level": "verbose"}));
//! field.cut_streams();
//! assert_eq!(field.asked().len(), 0); // what clients asked, with headers and bodies
//! # Ok(())
//! # }
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `quirks` | [`Quirks`]: where it differs from the document |
//! | `server` | [`Field`]: listening, and what the test sees and sets |
//! | `drive` | what the test has its loops do |
//! | `routes` | which request is answered by what |
//! | `loops`, `control`, `data` | the answers |
//! | `stream` | event streams |
//! | `world` | what it knows |

mod control;
mod data;
pub(crate) mod drive;
pub(crate) mod loops;
mod quirks;
pub(crate) mod routes;
mod server;
mod stream;
mod world;

pub(crate) use self::world::{Open, World};
pub use self::{
    quirks::{NoModel, Quirks},
    server::Field,
};
pub use crate::serving::{Asked, Reply};
