//! A scripted model: a server on the loopback that plays an OpenAI-compatible language model, so
//! that tests drive real coding agents without a network, a key or chance.
//!
//! - The **model name** that a request asks for picks the [`Script`].
//! - The **API key** is the *lane*: turns are counted per script and lane, so agents that run at the
//!   same time with keys of their own never disturb each other.
//! - Requests that offer no tools are *side calls* (titles, summaries); they take no turn.
//!
//! A script is JSON; its members are those of [`Script`] and [`Turn`]:
//!
//! ```json
//! {
//!   "turns": [
//!     {"text": "I write the file.", "tools": [{"write": {"path": "hello.txt", "content": "hello\n"}}]},
//!     {"fault": {"error": {"status": 429, "message": "slow down", "headers": {"retry-after": "1"}}}},
//!     {"text": "Done.\n<promise>COMPLETE</promise>", "usage": {"input": 1300, "output": 12}}
//!   ]
//! }
//! ```
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> grump_core::Result<()> {
//! use grump_testkit::model::{Script, ScriptedModel};
//!
//! let script = Script::parse(r#"{"turns": [{"text": "Hello."}]}"#)?;
//! let model = ScriptedModel::start([("hello", script)]).await?;
//! assert!(model.base_url().ends_with("/v1")); // what an agent is told, with any key as lane
//! assert!(model.requests("lane-1").is_empty()); // nobody asked yet
//! # Ok(())
//! # }
//! ```
//!
//! It speaks `POST /v1/chat/completions`, streamed and not, and `GET /v1/models`.

mod frames;
mod log;
mod player;
mod request;
mod script;
mod server;
mod tools;

pub use log::{Asked, Ending};
pub use request::ChatRequest;
pub use script::{After, Call, Count, Fault, Script, Turn, Usage};
pub use server::ScriptedModel;
pub use tools::ToolCall;
