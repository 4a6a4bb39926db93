//! A status and a body to an error, and back. (Mini-Devin, "Error Responses")

use grump_core::{Error, ErrorKind, Timestamp};

use super::types::ErrorBody;
use crate::{endpoint::BodyError, refusal};

/// The code by which a socket says that a task used up its iterations. ("Server Messages")
pub const LIMIT: &str = "MAX_ITERATIONS_REACHED";

/// The codes of this dialect and what they mean: those of the document first, then ours for what it
/// does not foresee.
const CODES: &[(&str, u16, ErrorKind)] = &[
    ("UNAUTHORIZED", 401, ErrorKind::Unauthenticated),
    ("FORBIDDEN", 403, ErrorKind::Forbidden),
    ("NOT_FOUND", 404, ErrorKind::NotFound),
    ("VALIDATION_ERROR", 422, ErrorKind::InvalidInput),
    ("RATE_LIMITED", 429, ErrorKind::RateLimited),
    ("INTERNAL_ERROR", 500, ErrorKind::Remote),
    ("CONFLICT", 409, ErrorKind::Conflict),
    ("CURSOR_EXPIRED", 410, ErrorKind::CursorExpired),
    ("AGENT_ERROR", 500, ErrorKind::Agent),
    ("STORAGE_ERROR", 500, ErrorKind::Storage),
    ("UNSUPPORTED", 501, ErrorKind::Unsupported),
    ("UNAVAILABLE", 503, ErrorKind::Unavailable),
    ("TIMEOUT", 504, ErrorKind::Timeout),
];

/// The error that an answer is. Whether it may be tried again is for the caller to judge, who knows
/// the headers.
#[must_use]
pub fn read(status: u16, body: &[u8]) -> Error {
    refusal::read(status, body, |code| {
        let found = CODES.iter().find(|(known, ..)| *known == code);
        found.map(|(.., kind)| *kind)
    })
}

/// The status and body that tell this error.
#[must_use]
pub fn write(error: &Error) -> (u16, ErrorBody) {
    let found = CODES.iter().find(|(.., kind)| *kind == error.kind());
    let (code, status) = found.map_or(("INTERNAL_ERROR", 500), |(code, status, _)| {
        (*code, *status)
    });
    (status, body(code, refusal::message(error)))
}

/// The status and body for a request's body that was refused.
#[must_use]
pub fn write_body_error(error: &BodyError) -> (u16, ErrorBody) {
    (422, body("VALIDATION_ERROR", error.to_string()))
}

fn body(code: &str, detail: String) -> ErrorBody {
    ErrorBody {
        detail,
        code: code.to_owned(),
        timestamp: Some(Timestamp::now()),
    }
}
