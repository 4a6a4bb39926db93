//! A server that answers with bytes.

use bytes::{Bytes, BytesMut};
use grump_http::HttpClient;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// What a client sent to get the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(String);

impl Asked {
    pub(crate) fn line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| {
            let (given, value) = line.split_once(": ")?;
            given.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// A client of a server that answers each connection's request with what `answer` makes of it, and
/// hangs up.
pub(crate) async fn answering<A>(answer: impl Fn(&Asked) -> A + Send + 'static) -> HttpClient
where
    A: Into<Bytes>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let asked = asked(&mut stream).await;
            let bytes = answer(&asked).into();
            // Who does not like the beginning does not wait for the end.
            let _ = stream.write_all(&bytes).await;
        }
    });
    client
}

pub(crate) fn client(listener: &TcpListener) -> HttpClient {
    let address = listener.local_addr().unwrap();
    HttpClient::new(&format!("http://{address}")).unwrap()
}

/// Reads a request's head.
pub(crate) async fn asked(stream: &mut (impl AsyncRead + Unpin)) -> Asked {
    let mut read = BytesMut::new();
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "{read:?}");
    }
    Asked(String::from_utf8(read.to_vec()).unwrap())
}
