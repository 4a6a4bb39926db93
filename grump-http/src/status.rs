//! From an HTTP status to an error.

use bytes::Bytes;
use grump_core::{Error, ErrorKind, Remote, Retry};
use http::{HeaderMap, Response, StatusCode};

use crate::rate::{RateLimit, retry_after};

/// How much of an answer that is no JSON is shown.
const SHOWN: usize = 200;

/// The error that an answer is by its status alone, for those whose dialect says no more.
#[must_use]
pub fn refusal(answer: &Response<Bytes>) -> Error {
    let status = answer.status();
    let mut remote = Remote::default();
    remote.status = Some(status.as_u16());
    let kind = ErrorKind::of_http_status(status.as_u16());
    Error::new(kind, format!("the server answered {status}"))
        .retryable(retry(status, answer.headers()))
        .remote(remote)
        .with("answer", shown(answer.body()))
}

/// Whether what this status answers may be asked again, by status and headers alone.
///
/// What was refused for its rate was not executed, nor what is to be tried again after a time that
/// is told; of what failed in the server nobody knows.
#[must_use]
pub fn retry(status: StatusCode, headers: &HeaderMap) -> Retry {
    let told = match status.as_u16() {
        429 => RateLimit::of(status, headers).reset,
        _ => retry_after(headers),
    };
    match (status.as_u16(), told) {
        (429 | 503, Some(after)) => Retry::After(after),
        (429, None) => Retry::Safe,
        (500..=599, _) => Retry::MaybeApplied,
        _ => Retry::Never,
    }
}

fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(SHOWN) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::header;

    use super::*;

    fn error(status: u16, headers: &HeaderMap) -> Error {
        let mut answer = Response::new(Bytes::from_static(b"no\n way"));
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        *answer.headers_mut() = headers.clone();
        refusal(&answer)
    }

    #[test]
    fn an_answer_is_shown_on_one_line() {
        let error = error(500, &HeaderMap::new());
        assert_eq!(
            error.to_string(),
            "the server answered 500 Internal Server Error (answer: no way)"
        );
        assert_eq!(error.remote_detail().unwrap().status, Some(500));
    }

    #[test]
    fn a_rate_limit_says_when_to_come_back() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, "7".parse().unwrap());
        let error = error(429, &headers);
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry(), Retry::After(Duration::from_secs(7)));
    }

    #[test]
    fn a_time_to_come_back_may_be_a_date() {
        let mut headers = HeaderMap::new();
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        headers.insert(header::RETRY_AFTER, soon.parse().unwrap());
        let Retry::After(wait) = error(503, &headers).retry() else {
            panic!("it was told when to come back");
        };
        assert!(wait > Duration::from_secs(50), "{wait:?}");
        headers.insert(header::RETRY_AFTER, "soon".parse().unwrap());
        assert_eq!(error(503, &headers).retry(), Retry::MaybeApplied);
    }

    #[test]
    fn what_failed_in_the_server_may_have_been_applied() {
        assert_eq!(error(500, &HeaderMap::new()).retry(), Retry::MaybeApplied);
        assert_eq!(error(404, &HeaderMap::new()).retry(), Retry::Never);
    }
}
