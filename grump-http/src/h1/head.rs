//! Reading the head of an answer.

use bytes::{Buf, BytesMut};
use grump_core::Result;
use http::{HeaderName, HeaderValue, Response, StatusCode, Version};

use super::not_http;

/// The longest head that is read, in bytes.
const LONGEST: usize = 64 << 10;

/// The most headers that are read.
const MOST: usize = 100;

/// Takes the head of an answer off the front, once it is whole. Interim answers are passed over, but
/// for that which changes the protocol. (RFC 9110, section 15.2)
pub(crate) fn take(read: &mut BytesMut) -> Result<Option<Response<()>>> {
    while let Some((head, length)) = parse(read)? {
        read.advance(length);
        let status = head.status();
        if !status.is_informational() || status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Some(head));
        }
    }
    Ok(None)
}

fn parse(read: &[u8]) -> Result<Option<(Response<()>, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST];
    let mut head = httparse::Response::new(&mut headers);
    let length = match head.parse(read) {
        Ok(httparse::Status::Complete(length)) => Some(length),
        Ok(httparse::Status::Partial) => None,
        Err(error) => return Err(not_http("the answer is not HTTP/1.1").caused_by(error)),
    };
    if length.unwrap_or(read.len()) > LONGEST {
        return Err(not_http("the head of the answer is too long")
            .with("limit", format_args!("{LONGEST} bytes")));
    }
    length.map(|length| Ok((owned(&head)?, length))).transpose()
}

fn owned(head: &httparse::Response<'_, '_>) -> Result<Response<()>> {
    let invalid = |error: http::Error| not_http("the answer is not HTTP/1.1").caused_by(error);
    let mut answer = Response::new(());
    let status = StatusCode::from_u16(head.code.unwrap_or_default());
    *answer.status_mut() = status.map_err(|error| invalid(error.into()))?;
    *answer.version_mut() = match head.version {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    for header in head.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_bytes(header.value);
        answer.headers_mut().append(
            name.map_err(|error| invalid(error.into()))?,
            value.map_err(|error| invalid(error.into()))?,
        );
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> Result<Option<(u16, String)>> {
        let mut read = BytesMut::from(text);
        let head = take(&mut read)?;
        Ok(head.map(|head| {
            let rest = String::from_utf8(read.to_vec()).unwrap();
            (head.status().as_u16(), rest)
        }))
    }

    #[test]
    fn interim_answers_are_passed_over_but_for_a_change_of_protocol() {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n";
        let answer = format!("{interim}HTTP/1.1 200 OK\r\n\r\nrest");
        assert_eq!(taken(&answer).unwrap(), Some((200, "rest".into())));
        assert_eq!(taken(interim).unwrap(), None);
        let switch = "HTTP/1.1 101 Switching\r\n\r\nx";
        assert_eq!(taken(switch).unwrap(), Some((101, "x".into())));
    }

    #[test]
    fn a_head_is_bounded() {
        let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(LONGEST));
        assert!(
            taken(&endless)
                .unwrap_err()
                .to_string()
                .contains("too long")
        );
        let many = format!("HTTP/1.1 200 OK\r\n{}", "x: y\r\n".repeat(MOST + 1));
        taken(&many).unwrap_err();
    }

    #[test]
    fn another_protocol_is_no_answer() {
        for bytes in [
            "\0\0\u{c}\u{4}\0",
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/2 200\r\n\r\n",
        ] {
            taken(bytes).unwrap_err();
        }
    }
}
