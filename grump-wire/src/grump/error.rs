//! A status and a body to an error, and back. (G-Rump, "Error Response", "Error Codes")

use std::{borrow::Cow, time::Duration};

use grump_core::{Conflict, Error, ErrorKind, Remote, Retry};
use serde_json::{Map, Value, json};

use super::types::{ErrorBody, ErrorDetail};
use crate::endpoint::BodyError;

/// How much of a body that is no error of the dialect's is shown.
const SHOWN: usize = 200;

/// The codes of this dialect and what they mean: those of the document first, then those that
/// servers were seen to send, then ours for what the document does not foresee.
const CODES: &[(&str, u16, ErrorKind)] = &[
    ("invalid_request", 400, ErrorKind::InvalidInput),
    ("unauthorized", 401, ErrorKind::Unauthenticated),
    ("forbidden", 403, ErrorKind::Forbidden),
    ("not_found", 404, ErrorKind::NotFound),
    ("rate_limited", 429, ErrorKind::RateLimited),
    ("internal_error", 500, ErrorKind::Remote),
    ("service_unavailable", 503, ErrorKind::Unavailable),
    ("timeout", 504, ErrorKind::Timeout),
    ("rate_limit", 429, ErrorKind::RateLimited),
    ("validation_error", 400, ErrorKind::InvalidInput),
    ("conflict", 409, ErrorKind::Conflict),
    ("unsupported", 501, ErrorKind::Unsupported),
    ("cursor_expired", 410, ErrorKind::CursorExpired),
];

/// Something in a request that cannot be.
pub(super) fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

/// The error that an answer is. Whether it may be tried again is for the caller to judge, who knows
/// the headers; a wait that only the body tells is in it already.
#[must_use]
pub fn read(status: u16, body: &[u8]) -> Error {
    match serde_json::from_slice(body).ok().and_then(Told::of) {
        Some(told) => told.error(status),
        None => foreign(status, body),
    }
}

/// What an answer says went wrong, wherever it says so.
#[derive(Default)]
struct Told {
    code: Option<String>,
    message: Option<String>,
    details: Option<Value>,
    request_id: Option<String>,
    retry_after: Option<f64>,
}

impl Told {
    /// The document's shape, `{"success", "error": {"code", "message", "details"}, "meta"}`, or the
    /// field's, `{"error": "text", "type", "message", "details"}`, of which any part may be missing.
    fn of(body: Value) -> Option<Self> {
        let Value::Object(mut body) = body else {
            return None;
        };
        let request_id = body.get("meta").and_then(|meta| text(meta, "requestId"));
        let retry_after = body.get("retryAfter").and_then(Value::as_f64);
        let told = match body.remove("error") {
            Some(Value::Object(error)) => Self::documented(error.into()),
            Some(Value::String(error)) => Self::in_the_field(error, body.into()),
            _ => Self::without_error(body.into())?,
        };
        Some(Self {
            request_id,
            retry_after,
            ..told
        })
    }

    fn documented(mut error: Value) -> Self {
        Self {
            code: text(&error, "code"),
            message: text(&error, "message"),
            details: member(&mut error, "details"),
            ..Self::default()
        }
    }

    /// What holds a space is a message, not a code. (ambiguities, section 2)
    fn in_the_field(error: String, mut body: Value) -> Self {
        let kind = text(&body, "type");
        let (code, said) = match error.contains(' ') {
            true => (kind, Some(error)),
            false => (kind.or(Some(error)), None),
        };
        Self {
            code,
            message: text(&body, "message").or(said),
            details: member(&mut body, "details"),
            ..Self::default()
        }
    }

    fn without_error(mut body: Value) -> Option<Self> {
        let told = Self {
            code: text(&body, "code").or_else(|| text(&body, "type")),
            message: text(&body, "message"),
            details: member(&mut body, "details"),
            ..Self::default()
        };
        (told.code.is_some() || told.message.is_some()).then_some(told)
    }

    fn error(self, status: u16) -> Error {
        let kind = self.kind(status);
        let mut remote = Remote::default();
        remote.status = Some(status);
        remote.request_id.clone_from(&self.request_id);
        remote.code.clone_from(&self.code);
        let mut error = Error::new(kind, self.message(status)).remote(remote);
        if let Some(wait) = self
            .retry_after
            .and_then(|told| Duration::try_from_secs_f64(told).ok())
        {
            error = error.retryable(Retry::After(wait));
        }
        if kind == ErrorKind::Conflict {
            return error.conflicting(self.conflict());
        }
        match self.details {
            Some(details) if !is_empty(&details) => {
                error.with("details", shown(&details.to_string()))
            }
            _ => error,
        }
    }

    /// What its code means; a code that is known for one status only counts for another one too.
    fn kind(&self, status: u16) -> ErrorKind {
        if self.reason().is_some() {
            return ErrorKind::Conflict;
        }
        let code = self.code.as_deref().unwrap_or_default();
        let known = CODES.iter().find(|(known, ..)| *known == code);
        match known {
            // The document has one code for all that cannot be asked; a server that says 409 or 422
            // says more. (ambiguity G-24)
            Some((.., ErrorKind::InvalidInput)) | None => ErrorKind::of_http_status(status),
            Some((.., kind)) => *kind,
        }
    }

    /// Why the state does not allow it, which grump adds to `details`: the document has no code for
    /// that.
    fn reason(&self) -> Option<&str> {
        self.details.as_ref()?.get("conflict")?.as_str()
    }

    fn conflict(&self) -> Conflict {
        let code = self.reason().or(self.code.as_deref());
        let files = self
            .details
            .as_ref()
            .and_then(|details| details.get("changedFiles"));
        let files = files.and_then(|files| serde_json::from_value(files.clone()).ok());
        Conflict::new(code.unwrap_or("conflict").to_owned())
            .changed_files(files.unwrap_or_default())
    }

    fn message(&self, status: u16) -> String {
        let said = self.message.clone().filter(|message| !message.is_empty());
        said.unwrap_or_else(|| match &self.code {
            Some(code) => format!("the server answered {}", code.replace('_', " ")),
            None => format!("the server answered {status}"),
        })
    }
}

fn member(of: &mut Value, name: &str) -> Option<Value> {
    of.get_mut(name)
        .map(Value::take)
        .filter(|member| !member.is_null())
}

fn text(of: &Value, name: &str) -> Option<String> {
    of.get(name)?.as_str().map(str::to_owned)
}

fn is_empty(details: &Value) -> bool {
    match details {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// What is none of the dialect's errors: a page, a proxy's text, nothing.
fn foreign(status: u16, body: &[u8]) -> Error {
    let told = Told::default().error(status);
    let text = String::from_utf8_lossy(body);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.is_empty() {
        true => told,
        false => told.with("answer", shown(&line)),
    }
}

fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The status and body that tell this error.
#[must_use]
pub fn write(error: &Error) -> (u16, ErrorBody) {
    let (code, status) = by_kind(error.kind());
    (status, body(code, message(error), details(error)))
}

/// The status and body for a request's body that was refused.
#[must_use]
pub fn write_body_error(error: &BodyError) -> (u16, ErrorBody) {
    (400, body("invalid_request", error.to_string(), None))
}

fn body(code: &str, message: String, details: Option<Value>) -> ErrorBody {
    ErrorBody {
        success: false,
        error: ErrorDetail {
            code: code.to_owned(),
            message,
            details,
        },
        meta: None,
    }
}

/// The document has no code for a conflict: it is an invalid request, and says more in its details.
/// (ambiguity G-24)
fn details(error: &Error) -> Option<Value> {
    let conflict = error.conflict()?;
    let mut details = Map::new();
    details.insert("conflict".to_owned(), json!(conflict.code));
    if let Some(current) = &conflict.current {
        details.insert("currentStatus".to_owned(), json!(current.native));
    }
    if !conflict.changed_files.is_empty() {
        details.insert("changedFiles".to_owned(), json!(conflict.changed_files));
    }
    Some(details.into())
}

fn by_kind(kind: ErrorKind) -> (&'static str, u16) {
    let kind = match kind {
        ErrorKind::Conflict => ErrorKind::InvalidInput,
        other => other,
    };
    let found = CODES.iter().find(|(.., of)| *of == kind);
    found.map_or(("internal_error", 500), |(code, status, _)| {
        (*code, *status)
    })
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
