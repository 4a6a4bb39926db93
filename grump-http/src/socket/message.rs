//! [`Message`]: what comes on a socket.

use bytes::Bytes;

use crate::text::Text;

/// What comes on a socket. Pings and pongs do not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// A text.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
    /// The server closed the socket. This is the last message.
    Close {
        /// Why, as a number of RFC 6455, section 7.4; 1005 where the server gave none.
        code: u16,
        /// Why, in the server's words; often empty.
        reason: String,
    },
}
