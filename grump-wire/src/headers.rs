//! The headers that are no part of any dialect's document. Who does not know them does not see
//! them.

/// Answer: the position of a stream's beginning, or the one before what a request caused. A server
/// that sends it on a stream takes positions in [`LAST_EVENT_ID`] and loses nothing.
pub const CURSOR: &str = "grump-cursor";

/// Request: the position after which a stream is to go on. (HTML, "Server-sent events".)
pub const LAST_EVENT_ID: &str = "last-event-id";

/// What [`LAST_EVENT_ID`] holds to be told everything from the beginning.
pub const BEGINNING: &str = "0";

/// Request: two with the same value are one.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Answer: [`HONOURED`] where [`IDEMPOTENCY_KEY`] is.
pub const IDEMPOTENCY: &str = "grump-idempotency";

/// See [`IDEMPOTENCY`].
pub const HONOURED: &str = "honoured";

/// The comment of an event stream that says: everything stored was told, what follows is live.
pub const LIVE: &str = "live";
