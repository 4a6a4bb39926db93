//! [`Download`]: a file, never held whole.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use grump_core::{Error, ErrorKind, Result};
use grump_http::ByteStream;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use sync_wrapper::SyncStream;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// The longest file that is taken unless told, in bytes.
const LONGEST: u64 = 4 << 30;

/// A file that a server sends, read as it comes. Dropping it closes the connection.
///
/// As a stream it yields the file's bytes, and ends with an error where they break off, fall
/// silent, or are more than is allowed.
///
/// ```no_run
/// # async fn example(download: grump_client::Download) -> grump_core::Result<()> {
/// let name = download.file_name().unwrap_or("code.zip").to_owned();
/// let mut file = tokio::fs::File::create(name).await.expect("the folder can be written to");
/// let bytes = download
///     .write_to(&mut file, |done, total| eprintln!("{done} of {total:?} bytes"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is downloaded unless it is read"]
pub struct Download {
    content_type: Option<String>,
    file_name: Option<String>,
    size: Option<u64>,
    limit: u64,
    done: u64,
    /// None once it ended.
    body: Option<SyncStream<ByteStream>>,
}

impl Download {
    pub(crate) fn of(headers: &HeaderMap, body: ByteStream) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            content_type: text(header::CONTENT_TYPE).map(str::to_owned),
            file_name: text(header::CONTENT_DISPOSITION).and_then(file_name),
            size: text(header::CONTENT_LENGTH).and_then(|size| size.parse().ok()),
            limit: LONGEST,
            done: 0,
            body: Some(SyncStream::new(body)),
        }
    }

    /// The content type, such as `application/zip`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The name that the server gives the file: one name, never a path.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// The file's size in bytes, where the server says it.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// Takes no more than so many bytes; 4 GiB unless told.
    pub const fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Writes the file to `writer` as it comes, and flushes. `progress` is told with each piece how
    /// many bytes were written, and how many there are where that is known. Gives the number of
    /// bytes.
    ///
    /// # Errors
    /// As the stream, and `Storage` where the writer fails. What was written stays.
    pub async fn write_to<W>(
        mut self,
        writer: &mut W,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        while let Some(piece) = self.next().await {
            writer.write_all(&piece?).await.map_err(unwritten)?;
            progress(self.done, self.size);
        }
        writer.flush().await.map_err(unwritten)?;
        Ok(self.done)
    }

    /// The same as the domain has it.
    pub(crate) fn into_domain(self) -> grump_core::Download {
        let (content_type, file_name) = (self.content_type.clone(), self.file_name.clone());
        let size = self.size;
        grump_core::Download::new(self)
            .content_type(content_type)
            .file_name(file_name)
            .length(size)
    }

    fn checked(&mut self, piece: Result<Bytes>) -> Result<Bytes> {
        let piece = piece?;
        self.done += piece.len() as u64;
        if self.done > self.limit || self.size.is_some_and(|size| size > self.limit) {
            return Err(Error::new(ErrorKind::Protocol, "the file is too long")
                .advise("allow more with Download::limit")
                .with("limit", format_args!("{} bytes", self.limit)));
        }
        Ok(piece)
    }
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        body.poll_next_unpin(context).map(|piece| {
            let piece = piece.map(|piece| self.checked(piece));
            if !matches!(piece, Some(Ok(_))) {
                self.body = None;
            }
            piece
        })
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("content_type", &self.content_type)
            .field("file_name", &self.file_name)
            .field("size", &self.size)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Storage, "the file cannot be written").caused_by(error)
}

/// The name in a `Content-Disposition`: `filename*` if it is there, else `filename`. Of a path only
/// the last part, and nothing that is no name. (RFC 6266, 4.3)
fn file_name(disposition: &str) -> Option<String> {
    let members = || {
        disposition
            .split(';')
            .filter_map(|part| part.split_once('='))
    };
    let named = |wanted: &str| {
        let mut found = members().filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
        found.next().map(|(_, value)| value.trim())
    };
    let extended = named("filename*").and_then(|value| value.rsplit('\'').next());
    let extended = extended.map(|name| percent_decode_str(name).decode_utf8_lossy().into_owned());
    let plain = || named("filename").map(|name| name.trim_matches('"').to_owned());
    let name = extended.or_else(plain)?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let is_name = !["", ".", ".."].contains(&name) && !name.contains(char::is_control);
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn download(pieces: &'static [&'static str]) -> Download {
        let pieces = pieces
            .iter()
            .map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        Download::of(&HeaderMap::new(), Box::pin(stream::iter(pieces)))
    }

    #[test]
    fn a_file_name_is_one_name_and_no_path() {
        let name = |text| file_name(text);
        assert_eq!(name("attachment; filename=code.zip").unwrap(), "code.zip");
        assert_eq!(
            name("attachment; filename=\"my code.zip\"").unwrap(),
            "my code.zip"
        );
        let both = "attachment; filename=\"x.zip\"; filename*=UTF-8''caf%C3%A9.zip";
        assert_eq!(name(both).unwrap(), "café.zip");
        assert_eq!(
            name("attachment; filename=\"../../etc/passwd\"").unwrap(),
            "passwd"
        );
        assert_eq!(
            name("attachment; filename*=UTF-8''..%2F..%5Cx").unwrap(),
            "x"
        );
        assert_eq!(name("attachment; filename=\"..\""), None);
        assert_eq!(name("attachment"), None);
    }

    #[tokio::test]
    async fn what_is_written_is_told_piece_by_piece() {
        let (mut written, mut told) = (Vec::new(), Vec::new());
        let progress = |done, total| told.push((done, total));
        let done = download(&["ab", "cde"])
            .write_to(&mut written, progress)
            .await;
        assert_eq!(done.unwrap(), 5);
        assert_eq!(written, b"abcde");
        assert_eq!(told, [(2, None), (5, None)]);
    }

    #[tokio::test]
    async fn more_than_is_allowed_is_not_taken() {
        let mut written = Vec::new();
        let limited = download(&["ab", "cde"]).limit(4);
        let error = limited.write_to(&mut written, |_, _| {}).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(written, b"ab");
    }
}
