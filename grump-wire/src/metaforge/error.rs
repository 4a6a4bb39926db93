//! A status and a body to an error, and back. (MetaForge, "Error Responses")

use grump_core::{Error, ErrorKind};
use serde_json::json;

use super::types::{ErrorBody, ErrorDetail};
use crate::{endpoint::BodyError, refusal};

/// The codes of this dialect and what they mean: those of the document first, then ours for what it
/// does not foresee.
const CODES: &[(&str, u16, ErrorKind)] = &[
    ("VALIDATION_ERROR", 400, ErrorKind::InvalidInput),
    ("NOT_FOUND", 404, ErrorKind::NotFound),
    ("AGENT_ERROR", 500, ErrorKind::Agent),
    ("TOOL_ERROR", 500, ErrorKind::Agent),
    ("TIMEOUT", 504, ErrorKind::Timeout),
    ("UNAUTHORIZED", 401, ErrorKind::Unauthenticated),
    ("FORBIDDEN", 403, ErrorKind::Forbidden),
    ("CONFLICT", 409, ErrorKind::Conflict),
    ("RATE_LIMITED", 429, ErrorKind::RateLimited),
    ("INTERNAL_ERROR", 500, ErrorKind::Remote),
    ("STORAGE_ERROR", 500, ErrorKind::Storage),
    ("UNSUPPORTED", 501, ErrorKind::Unsupported),
    ("UNAVAILABLE", 503, ErrorKind::Unavailable),
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
    let (code, status) = by_kind(error.kind());
    (status, body(code, refusal::message(error), None))
}

/// The status and body for a request's body that was refused.
#[must_use]
pub fn write_body_error(error: &BodyError) -> (u16, ErrorBody) {
    let details = match error {
        BodyError::NotValid { member, why } => Some(json!({ "field": member, "expected": why })),
        BodyError::NotJson(_) => None,
    };
    (400, body("VALIDATION_ERROR", error.to_string(), details))
}

fn body(code: &str, message: String, details: Option<serde_json::Value>) -> ErrorBody {
    ErrorBody {
        error: ErrorDetail {
            code: code.to_owned(),
            message,
            details,
        },
    }
}

/// The code and status for a kind. A transition that cannot be is told as the document's only code
/// for a request that is refused. (ambiguity M-06)
fn by_kind(kind: ErrorKind) -> (&'static str, u16) {
    let kind = match kind {
        ErrorKind::Conflict | ErrorKind::CursorExpired => ErrorKind::InvalidInput,
        other => other,
    };
    let found = CODES.iter().find(|(.., of)| *of == kind);
    found.map_or(("INTERNAL_ERROR", 500), |(code, status, _)| (code, *status))
}
