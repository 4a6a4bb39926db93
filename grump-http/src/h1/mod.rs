//! HTTP/1.1 on a connection of its own: one request, one answer, read as it comes off the socket.
//!
//! A stream of events is one answer that lasts, so there is nothing to gain from a pool; and what a
//! pool's client does for each piece of a body costs more than all that is done with an event.
//!
//! It refuses what can be understood in two ways: any transfer coding but exactly one `chunked`, that
//! coding beside a content length, content lengths that differ, heads and chunk lines without end.

mod body;
mod head;
mod request;

use bytes::{Bytes, BytesMut};
use grump_core::{Error, ErrorKind, Result, Retry};
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[cfg(feature = "fuzzing")]
pub(crate) use self::head::take as take_head;
pub(crate) use self::{
    body::{BodyStream, Framing},
    request::Connection,
};
use crate::connect::Io;

/// Sends a request and reads the answer's head, and with it maybe what follows.
pub(crate) async fn exchange(
    io: &mut Io,
    request: &Request<Bytes>,
    connection: Connection<'_>,
) -> Result<(Response<()>, BytesMut)> {
    let sent = request::write(request, connection);
    io.write_all(&sent).await.map_err(broken)?;
    io.flush().await.map_err(broken)?;
    let mut read = BytesMut::with_capacity(2048);
    loop {
        if let Some(head) = head::take(&mut read)? {
            return Ok((head, read));
        }
        if io.read_buf(&mut read).await.map_err(broken)? == 0 {
            return Err(broken(std::io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

/// Some of the request may have arrived.
fn broken(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Transport, "the connection broke")
        .retryable(Retry::MaybeApplied)
        .caused_by(error)
}

fn not_http(message: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, message)
        .advise("check that the address is that of the server meant")
}
