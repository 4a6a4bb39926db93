//! What servers send where a request is refused: every shape that was seen, whatever the dialect's
//! document says.

use std::borrow::Cow;

use grump_core::{Conflict, Error, ErrorKind, Remote};
use serde_json::{Map, Value};

/// How much of a body that is no error is shown.
const SHOWN: usize = 200;
/// How many of the members that are wrong are named.
const NAMED: usize = 5;

/// What a refusal says.
#[derive(Debug, Default, PartialEq)]
struct Told {
    code: Option<String>,
    message: Option<String>,
    /// The members that are wrong, and why.
    wrong: Vec<String>,
}

/// The error that an answer is; `kinds` knows the dialect's codes.
pub(crate) fn read(status: u16, body: &[u8], kinds: fn(&str) -> Option<ErrorKind>) -> Error {
    let Some(told) = told(body) else {
        return foreign(status, body);
    };
    let known = told.code.as_deref().and_then(kinds);
    let kind = known.unwrap_or_else(|| ErrorKind::of_http_status(status));
    let message = told.message.unwrap_or_else(|| match &told.code {
        Some(code) => format!("the server answered {code}"),
        None => format!("the server answered {status}"),
    });
    let mut error = refused(kind, status, message, told.code.clone());
    if kind == ErrorKind::Conflict {
        error = error.conflicting(Conflict::new(
            told.code.unwrap_or_else(|| "conflict".into()),
        ));
    }
    if told.wrong.is_empty() {
        return error;
    }
    error.with("wrong", told.wrong.join(", "))
}

/// What a body says, if it is one of the shapes: `{"error": {"code", "message", "details"}}`,
/// `{"error", "message"}`, `{"detail", "code"}`, `{"detail": [{"loc", "msg"}]}`, or a problem of RFC
/// 9457.
fn told(body: &[u8]) -> Option<Told> {
    let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
    match members.get("error") {
        Some(Value::Object(error)) => return Some(of_object(error)),
        Some(Value::String(error)) => return Some(of_text(error, &members)),
        _ => {}
    }
    let code = text(&members, "code");
    match members.get("detail") {
        Some(Value::Array(list)) => Some(Told {
            code,
            message: None,
            wrong: list.iter().take(NAMED).map(wrong).collect(),
        }),
        Some(Value::Object(detail)) => Some(of_object(detail)),
        Some(Value::String(detail)) => Some(Told {
            code: code.or_else(|| problem(&members)),
            message: Some(detail.clone()),
            wrong: Vec::new(),
        }),
        _ => {
            let code = code.or_else(|| problem(&members));
            let message = text(&members, "message").or_else(|| text(&members, "title"));
            (code.is_some() || message.is_some()).then_some(Told {
                code,
                message,
                wrong: Vec::new(),
            })
        }
    }
}

fn of_object(error: &Map<String, Value>) -> Told {
    let details = error.get("details").and_then(Value::as_object);
    let field = details.and_then(|details| {
        let field = text(details, "field")?;
        Some(match text(details, "expected") {
            Some(expected) => format!("{field}: expected {expected}"),
            None => field,
        })
    });
    Told {
        code: text(error, "code").or_else(|| text(error, "type")),
        message: text(error, "message"),
        wrong: field.into_iter().collect(),
    }
}

/// `error` is a code, or a message where it holds a space.
fn of_text(error: &str, members: &Map<String, Value>) -> Told {
    let is_message = error.contains(' ');
    let code = text(members, "code").or_else(|| text(members, "type"));
    Told {
        code: if is_message {
            code
        } else {
            Some(error.to_owned())
        },
        message: text(members, "message").or_else(|| is_message.then(|| error.to_owned())),
        wrong: Vec::new(),
    }
}

/// The name of a problem: the end of its type.
fn problem(members: &Map<String, Value>) -> Option<String> {
    let kind = text(members, "type")?;
    let name = kind.rsplit('/').next()?;
    (!name.is_empty() && name != "about:blank").then(|| name.to_owned())
}

/// One entry of a list of what is wrong: `{"loc": ["body", "email"], "msg"}`.
fn wrong(entry: &Value) -> String {
    let place = entry.get("loc").and_then(Value::as_array);
    let place = place.into_iter().flatten();
    let path: Vec<Cow<'_, str>> = place.map(piece).collect();
    let message = entry.get("msg").and_then(Value::as_str);
    match (path.is_empty(), message) {
        (false, Some(message)) => format!("{}: {message}", path.join(".")),
        (true, Some(message)) => message.to_owned(),
        (false, None) => path.join("."),
        (true, None) => entry.to_string().chars().take(SHOWN).collect(),
    }
}

fn piece(value: &Value) -> Cow<'_, str> {
    value
        .as_str()
        .map_or_else(|| value.to_string().into(), Cow::from)
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    let text = members.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// What is no error of any shape: a page, a proxy's text, nothing.
fn foreign(status: u16, body: &[u8]) -> Error {
    let kind = ErrorKind::of_http_status(status);
    let shown = String::from_utf8_lossy(&body[..body.len().min(8 * SHOWN)]);
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let error = refused(kind, status, format!("the server answered {status}"), None);
    match line.char_indices().nth(SHOWN) {
        _ if line.is_empty() => error,
        Some((end, _)) => error.with("answer", format_args!("{}…", &line[..end])),
        None => error.with("answer", line),
    }
}

fn refused(kind: ErrorKind, status: u16, message: String, code: Option<String>) -> Error {
    let mut remote = Remote::default();
    remote.status = Some(status);
    remote.code = code;
    Error::new(kind, message).remote(remote)
}

/// What happened, what to do and to what, on one line; without the operation, which the caller
/// knows.
pub(crate) fn message(error: &Error) -> String {
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
