//! The seam between what speaks HTTP and what uses it.

use std::{fmt, pin::Pin};

use bytes::Bytes;
use futures::Stream;
use grump_core::Result;
use http::{Request, Response};

/// The body of an answer as it arrives. It ends with `None` where the answer was whole, else with
/// an error.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// An answer to be: done when its head is there.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<ByteStream>>> + Send>>;

/// Turns a request into an answer whose body is a stream of bytes.
///
/// # Behaviour
/// - Every HTTP status is an answer, not an error.
/// - Dropping the future or the body closes the connection or gives it back.
/// - No time limit is kept here; those who wait keep theirs.
///
/// # Errors
/// `Transport` when no connection is made or it breaks, retryable where nothing was sent;
/// `Protocol` when what comes is not HTTP.
pub trait HttpTransport: fmt::Debug + Send + Sync + 'static {
    /// Sends a request with an absolute URL.
    fn send(&self, request: Request<Bytes>) -> ResponseFuture;
}
