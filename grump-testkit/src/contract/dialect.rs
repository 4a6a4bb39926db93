//! [`Dialect`], and how each spells an error.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde_json::{Map, Value, json};

use crate::serving::Reply;

/// One of the five dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// G-Rump: REST, streams by POST, a WebSocket.
    Grump,
    /// Steward: REST, a stream that resumes.
    Steward,
    /// Ralpher: REST, streams without positions.
    Ralpher,
    /// `MetaForge`: REST and one WebSocket of everything.
    MetaForge,
    /// Mini-Devin: REST and a WebSocket of a task, both ways.
    MiniDevin,
}

/// The codes of a dialect by their status. Steward has none in its document but one: the last part
/// of a problem's `type` is ours.
type Codes = &'static [(u16, &'static str)];

const GRUMP: Codes = &[
    (400, "invalid_request"),
    (401, "unauthorized"),
    (403, "forbidden"),
    (404, "not_found"),
    (409, "conflict"),
    (429, "rate_limited"),
    (500, "internal_error"),
    (503, "service_unavailable"),
    (504, "timeout"),
];
const STEWARD: Codes = &[
    (401, "unauthenticated"),
    (403, "missing-ability"),
    (404, "not-found"),
    (409, "run-transition-conflict"),
    (422, "validation-failed"),
    (429, "too-many-requests"),
];
const RALPHER: Codes = &[
    (400, "validation_error"),
    (404, "not_found"),
    (409, "conflict"),
];
const METAFORGE: Codes = &[
    (400, "VALIDATION_ERROR"),
    (404, "NOT_FOUND"),
    (409, "CONFLICT"),
    (500, "AGENT_ERROR"),
    (504, "TIMEOUT"),
];
const MINI_DEVIN: Codes = &[
    (400, "VALIDATION_ERROR"),
    (401, "UNAUTHORIZED"),
    (403, "FORBIDDEN"),
    (404, "NOT_FOUND"),
    (409, "CONFLICT"),
    (422, "VALIDATION_ERROR"),
    (429, "RATE_LIMITED"),
    (500, "INTERNAL_ERROR"),
];

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Grump,
        Self::Steward,
        Self::Ralpher,
        Self::MetaForge,
        Self::MiniDevin,
    ];

    /// Its name: `mini-devin`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grump => "grump",
            Self::Steward => "steward",
            Self::Ralpher => "ralpher",
            Self::MetaForge => "metaforge",
            Self::MiniDevin => "mini-devin",
        }
    }

    /// The dialect of this name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|dialect| dialect.name() == name);
        found.unwrap_or_else(|| panic!("there is no dialect {name:?}"))
    }

    const fn codes(self) -> Codes {
        match self {
            Self::Grump => GRUMP,
            Self::Steward => STEWARD,
            Self::Ralpher => RALPHER,
            Self::MetaForge => METAFORGE,
            Self::MiniDevin => MINI_DEVIN,
        }
    }

    pub(super) fn has_code(self, word: &str) -> bool {
        self.codes().iter().any(|(_, code)| *code == word)
    }

    /// The code that an error of this status usually has.
    pub(super) fn usual_code(self, status: u16) -> &'static str {
        let found = self.codes().iter().find(|(known, _)| *known == status);
        found.map_or("error", |(_, code)| code)
    }

    /// The status of a request that is not as documented.
    pub(super) const fn invalid(self) -> u16 {
        match self {
            Self::Steward | Self::MiniDevin => 422,
            _ => 400,
        }
    }

    /// An error as the dialect spells it, with these members of its own; `path` is that of the
    /// request.
    pub(super) fn error(self, refusal: &Refusal, path: &str) -> Reply {
        let Parts {
            status,
            code,
            message,
            more,
            ..
        } = &**refusal;
        let mut body = match self {
            Self::Grump => json!({
                "success": false,
                "error": {"code": code, "message": message},
                "meta": {"timestamp": "2025-01-15T10:30:00Z", "requestId": "req_abc123"},
            }),
            Self::Steward => json!({
                "type": format!("https://docs.example.com/errors/{code}"),
                "title": title(code),
                "detail": message,
                "status": status,
                "instance": path,
            }),
            Self::Ralpher => json!({"error": code, "message": message}),
            Self::MetaForge => json!({"error": {"code": code, "message": message}}),
            Self::MiniDevin => json!({
                "detail": message,
                "code": code,
                "timestamp": "2024-01-01T00:00:00Z",
            }),
        };
        let place = match self {
            Self::Grump | Self::MetaForge if !more.is_empty() => &mut body["error"]["details"],
            _ => &mut body,
        };
        match place {
            Value::Object(place) => place.extend(more.clone()),
            place => *place = Value::Object(more.clone()),
        }
        let kind = match self {
            Self::Steward => "application/problem+json",
            _ => "application/json",
        };
        Reply::text(*status, kind, body.to_string())
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a request is refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal(Box<Parts>);

#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// Members of its own.
    pub(super) more: Map<String, Value>,
    pub(super) retry_after: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.to_owned(),
            message: message.into(),
            more: Map::new(),
            retry_after: None,
        }))
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

impl Deref for Refusal {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

/// A title for a code; the document shows one.
fn title(code: &str) -> String {
    if code == "run-not-startable" {
        return "Run is not in a startable state".to_owned();
    }
    let mut words = code.replace('-', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
