//! Writing a request.

use bytes::Bytes;
use http::{HeaderName, Method, Request, header};

/// What becomes of the connection after the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Connection<'a> {
    /// It is closed.
    Close,
    /// It becomes a WebSocket, if the server agrees to this key. (RFC 6455, section 4.1)
    WebSocket {
        /// The key that the server's answer must fit.
        key: &'a str,
    },
}

/// What is said of the connection and the body is for the transport to say.
const OURS: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The bytes of a request whose URL is absolute.
pub(super) fn write(request: &Request<Bytes>, connection: Connection<'_>) -> Vec<u8> {
    let uri = request.uri();
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let mut out = Vec::with_capacity(512 + request.body().len());
    line(
        &mut out,
        &[request.method().as_str(), " ", target, " HTTP/1.1"],
    );
    line(&mut out, &["host: ", host]);
    for (name, value) in request.headers() {
        if !OURS.contains(name) {
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
    match connection {
        Connection::Close => line(&mut out, &["connection: close"]),
        Connection::WebSocket { key } => {
            line(&mut out, &["connection: Upgrade"]);
            line(&mut out, &["upgrade: websocket"]);
            line(&mut out, &["sec-websocket-version: 13"]);
            line(&mut out, &["sec-websocket-key: ", key]);
        }
    }
    if has_length(request) {
        line(
            &mut out,
            &["content-length: ", &request.body().len().to_string()],
        );
    }
    line(&mut out, &[]);
    out.extend_from_slice(request.body());
    out
}

fn line(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// A method that expects a body says so where there is none. (RFC 9110, section 8.6)
fn has_length(request: &Request<Bytes>) -> bool {
    let expects = [Method::POST, Method::PUT, Method::PATCH];
    !request.body().is_empty() || expects.contains(request.method())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(request: http::request::Builder, body: &'static str) -> String {
        let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
        String::from_utf8(write(&request, Connection::Close)).unwrap()
    }

    #[test]
    fn a_request_goes_out_as_it_was_given_but_for_what_the_transport_says() {
        let request = Request::get("http://host:7/a?b=c").header("x-id", "7");
        assert_eq!(
            written(request.header("Connection", "keep-alive"), ""),
            "GET /a?b=c HTTP/1.1\r\nhost: host:7\r\nx-id: 7\r\nconnection: close\r\n\r\n"
        );
    }

    #[test]
    fn a_body_is_as_long_as_it_says() {
        let request = Request::post("http://host").header("content-length", "7");
        assert_eq!(
            written(request, "{}"),
            "POST / HTTP/1.1\r\nhost: host\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
        );
    }
}
