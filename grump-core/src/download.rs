//! [`Download`]: a file that arrives piece by piece.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, Stream, StreamExt};

use crate::error::{Error, ErrorKind, Result};

/// A file that is read piece by piece: a stream of bytes. It is never held whole, unless
/// [`read`](Self::read) is asked to.
///
/// A piece that is an error ends it: what came before is a part of the file, not the file.
#[must_use = "a download does nothing unless it is read"]
pub struct Download {
    /// What the file is, as the plane says: `application/zip`.
    pub content_type: Option<String>,
    /// What the plane calls the file.
    pub file_name: Option<String>,
    /// How many bytes it has, where the plane says so.
    pub length: Option<u64>,
    body: BoxStream<'static, Result<Bytes>>,
}

impl Download {
    /// The file of these pieces, of which nothing else is known.
    pub fn new(body: impl Stream<Item = Result<Bytes>> + Send + 'static) -> Self {
        Self {
            content_type: None,
            file_name: None,
            length: None,
            body: body.boxed(),
        }
    }

    /// Says what the file is.
    pub fn content_type(mut self, content_type: Option<String>) -> Self {
        self.content_type = content_type;
        self
    }

    /// Says what it is called.
    pub fn file_name(mut self, file_name: Option<String>) -> Self {
        self.file_name = file_name;
        self
    }

    /// Says how many bytes it has.
    pub const fn length(mut self, length: Option<u64>) -> Self {
        self.length = length;
        self
    }

    /// Reads the whole file into memory, if it has at most so many bytes.
    ///
    /// # Errors
    /// `InvalidInput` for a file that is larger; what reading a piece of it says.
    pub async fn read(mut self, limit: usize) -> Result<Bytes> {
        let mut whole = BytesMut::new();
        while let Some(piece) = self.body.next().await {
            let piece = piece?;
            if whole.len() + piece.len() > limit {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "the file is too large to be held whole",
                )
                .with("limit", limit)
                .advise("read it piece by piece, or allow more"));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.body.poll_next_unpin(context)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("content_type", &self.content_type)
            .field("file_name", &self.file_name)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::{executor::block_on, stream};

    use super::*;

    fn pieces() -> Download {
        Download::new(stream::iter(
            ["ab", "cd"].map(|piece| Ok(Bytes::from(piece))),
        ))
    }

    #[test]
    fn a_file_is_joined_from_its_pieces() {
        assert_eq!(block_on(pieces().read(4)).unwrap(), "abcd");
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let refused = block_on(pieces().read(3)).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_piece_that_is_missing_fails_the_whole() {
        let cut = Err(Error::new(ErrorKind::Truncated, "cut"));
        let download = Download::new(stream::iter([Ok(Bytes::from("ab")), cut]));
        assert_eq!(
            block_on(download.read(9)).unwrap_err().kind(),
            ErrorKind::Truncated
        );
    }
}
