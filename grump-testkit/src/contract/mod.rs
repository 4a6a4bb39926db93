//! A server of each dialect as its document has it: what clients are held to.
//!
//! It is built from tables (endpoints, events, changes of state) and from the documents' own examples,
//! and shares no code with grump's clients, servers or types, so that they cannot make the same
//! mistake. Each request is held to the table: method, path, query, headers, credential and body, down
//! to members that must not be there. What is wrong is refused by the dialect's own error, and noted.
//!
//! ```
//! use grump_testkit::contract::Contract;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let server = Contract::start("steward").await;
//! let token = server.token(); // or log in as user@example.com, securepassword
//! // … a client at `server.url()` creates a run and starts it; then
//! let run = server.put("run", serde_json::json!({"status": "running"}));
//! server.emit(&run, serde_json::json!({"eventType": "file_updated"}));
//! assert_eq!(server.advance(&run), "completed");
//!
//! assert_eq!(server.violations(), Vec::<String>::new());
//! # drop(token);
//! # }
//! ```
//!
//! Where a document shows no body, the body is ours: most of Steward's. [`Oddity`] lists what servers in
//! the field do that no document says; [`Contract::oddity`] makes this one do it too.
//!
//! | file | holds |
//! |---|---|
//! | `table`, `shape` | the table of endpoints, read |
//! | `dialect` | the five dialects, and how each spells errors |
//! | `check`, `tokens` | holding a request to the table |
//! | `examples` | the documents' examples |
//! | `oddity` | what servers in the field do that no document says |
//! | `world` | what a server knows |
//! | `server`, `control` | [`Contract`]: listening, and what a test sees and sets |
//! | `socket` | WebSockets |
//! | `grump`, `steward`, … | what each dialect answers |

mod check;
mod control;
mod dialect;
mod examples;
mod grump;
mod metaforge;
mod mini_devin;
mod oddity;
mod ralpher;
mod server;
mod shape;
mod socket;
mod steward;
mod table;
mod tokens;
mod world;

use std::borrow::Cow;

pub use self::{
    control::Failure, dialect::Dialect, oddity::Oddity, server::Contract, table::Row as Endpoint,
};
pub use crate::serving::Asked as Recorded;

use self::{
    check::Call,
    dialect::Refusal,
    world::{Frames, World},
};
use crate::serving::Reply;

/// What a request is answered by.
enum Answer {
    Reply(Reply),
    /// The stream of this number.
    Events(u64, Frames),
    /// The socket of this number, of this.
    Socket(u64, Frames, Option<String>),
}

/// An answer, or how the request is refused.
type Done = Result<Answer, Refusal>;

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// This value, with the status of success that the table has.
fn json(call: &Call<'_>, value: &serde_json::Value) -> Done {
    Ok(Reply::json(call.row.status, value).into())
}

/// This text.
fn text(content_type: impl Into<Cow<'static, str>>, body: &str) -> Done {
    Ok(Reply::text(200, content_type, body).into())
}

impl World {
    /// Answers a request that is as documented.
    fn play(&mut self, call: &Call<'_>) -> Done {
        match self.dialect {
            Dialect::Grump => grump::answer(self, call),
            Dialect::Steward => steward::answer(self, call),
            Dialect::Ralpher => ralpher::answer(self, call),
            Dialect::MetaForge => metaforge::answer(self, call),
            Dialect::MiniDevin => mini_devin::answer(self, call),
        }
    }
}
