//! A status and a body to an error, and back. (Ralpher, "Response Format")

use std::borrow::Cow;

use grump_core::{Conflict, Error, ErrorKind, Remote};

use super::types::ErrorBody;
use crate::endpoint::{BodyError, Endpoint};

/// How much of a body that is no error of the dialect's is shown.
const SHOWN: usize = 200;

/// The codes of this dialect and what they mean: those of the document first, then those that
/// servers were seen to send, then ours for what the document does not foresee.
const CODES: &[(&str, u16, ErrorKind)] = &[
    ("validation_error", 400, ErrorKind::InvalidInput),
    ("invalid_body", 400, ErrorKind::InvalidInput),
    ("not_found", 404, ErrorKind::NotFound),
    ("already_running", 409, ErrorKind::Conflict),
    ("not_running", 409, ErrorKind::Conflict),
    ("uncommitted_changes", 409, ErrorKind::Conflict),
    ("accept_failed", 400, ErrorKind::Conflict),
    ("discard_failed", 400, ErrorKind::Conflict),
    ("purge_failed", 400, ErrorKind::Conflict),
    ("no_git_branch", 400, ErrorKind::Conflict),
    ("invalid_request", 400, ErrorKind::InvalidInput),
    ("missing_directory", 400, ErrorKind::InvalidInput),
    ("unauthorized", 401, ErrorKind::Unauthenticated),
    ("forbidden", 403, ErrorKind::Forbidden),
    ("cursor_expired", 410, ErrorKind::CursorExpired),
    ("rate_limited", 429, ErrorKind::RateLimited),
    ("internal_error", 500, ErrorKind::Internal),
    ("agent_error", 500, ErrorKind::Agent),
    ("storage_error", 500, ErrorKind::Storage),
    ("unsupported", 501, ErrorKind::Unsupported),
    ("bad_gateway", 502, ErrorKind::Remote),
    ("unavailable", 503, ErrorKind::Unavailable),
    ("timeout", 504, ErrorKind::Timeout),
];

/// Something in a request that cannot be.
pub(super) fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

/// The error that an answer is. Whether it may be tried again is for the caller to judge, who knows
/// the headers.
#[must_use]
pub fn read(status: u16, body: &[u8]) -> Error {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(told) => known(status, told),
        Err(_) => foreign(status, body),
    }
}

fn known(status: u16, told: ErrorBody) -> Error {
    let found = CODES.iter().find(|(code, ..)| *code == told.error);
    let kind = found.map_or_else(|| ErrorKind::of_http_status(status), |(.., kind)| *kind);
    let message = match (told.message.is_empty(), told.error.contains(' ')) {
        (false, _) => told.message,
        (true, true) => told.error.clone(),
        (true, false) => format!("the server answered {}", told.error.replace('_', " ")),
    };
    let mut error = refusal(kind, status, message, Some(told.error.clone()));
    if kind == ErrorKind::Conflict {
        let mut conflict = Conflict::new(told.error).changed_files(told.changed_files);
        conflict.options = told.options.into_iter().map(Cow::Owned).collect();
        error = error.conflicting(conflict);
    }
    error
}

/// What is none of the dialect's errors: a page, a proxy's text, nothing.
fn foreign(status: u16, body: &[u8]) -> Error {
    let kind = ErrorKind::of_http_status(status);
    let text = String::from_utf8_lossy(body);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let error = refusal(kind, status, format!("the server answered {status}"), None);
    match line.char_indices().nth(SHOWN) {
        _ if line.is_empty() => error,
        Some((end, _)) => error.with("answer", format_args!("{}…", &line[..end])),
        None => error.with("answer", line),
    }
}

fn refusal(kind: ErrorKind, status: u16, message: String, code: Option<String>) -> Error {
    let mut remote = Remote::default();
    remote.status = Some(status);
    remote.code = code;
    Error::new(kind, message).remote(remote)
}

/// The status and body that tell this error as the answer of an endpoint.
#[must_use]
pub fn write<E: Endpoint>(error: &Error) -> (u16, ErrorBody) {
    let (status, code) = code::<E>(error);
    let mut body = ErrorBody {
        error: code.into_owned(),
        message: message(error),
        ..ErrorBody::default()
    };
    if let Some(conflict) = error.conflict()
        && body.error == "uncommitted_changes"
    {
        body.changed_files.clone_from(&conflict.changed_files);
        body.options = conflict.options.iter().map(ToString::to_string).collect();
    }
    (status, body)
}

/// The status and body for a request's body that was refused.
#[must_use]
pub fn write_body_error(error: &BodyError) -> (u16, ErrorBody) {
    let code = match error {
        BodyError::NotJson(_) => "invalid_body",
        BodyError::NotValid { .. } => "validation_error",
    };
    let body = ErrorBody {
        error: code.to_owned(),
        message: error.to_string(),
        ..ErrorBody::default()
    };
    (400, body)
}

/// A conflict is told by its own code where the document lists it for this endpoint, or else by the
/// one failure that the document does list.
fn code<E: Endpoint>(error: &Error) -> (u16, Cow<'static, str>) {
    let Some(conflict) = error
        .conflict()
        .filter(|_| error.kind() == ErrorKind::Conflict)
    else {
        let (code, status, _) = by_kind(error.kind());
        return (status, Cow::Borrowed(code));
    };
    let listed = E::ERRORS.iter().find(|listed| listed.code == conflict.code);
    let failure = E::ERRORS
        .iter()
        .find(|listed| listed.code.ends_with("_failed"));
    match listed.or(failure) {
        Some(listed) => (listed.status, Cow::Borrowed(listed.code)),
        None => (409, conflict.code.clone()),
    }
}

fn by_kind(kind: ErrorKind) -> (&'static str, u16, ErrorKind) {
    let kind = match kind {
        // What failed behind a gateway.
        ErrorKind::Protocol | ErrorKind::Transport | ErrorKind::Truncated | ErrorKind::Stalled => {
            ErrorKind::Remote
        }
        other => other,
    };
    let found = CODES.iter().find(|(.., of)| *of == kind);
    found.copied().unwrap_or(("internal_error", 500, kind))
}

/// What happened, what to do and to what, on one line; without the operation, which the caller
/// knows.
fn message(error: &Error) -> String {
    let mut text = error.message().to_owned();
    if let Some(advice) = error.advice() {
        text = format!("{text}; {advice}");
    }
    let context: Vec<_> = error
        .context()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    match context.is_empty() {
        true => text,
        false => format!("{text} ({})", context.join(", ")),
    }
}
