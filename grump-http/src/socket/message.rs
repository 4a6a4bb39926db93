//! [`Message`]: what comes on a socket.

use std::{fmt, ops::Deref};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Utf8Bytes;

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

/// A text, as it lies in the buffer it was read into.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(pub(super) Utf8Bytes);

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
