//! A status and a body to an error, and back. ("Error model (RFC 7807)")

use grump_core::{Conflict, Error, ErrorKind, Remote};
use serde_json::Value;

use super::{
    map,
    types::{ABILITIES, Problem},
};
use crate::endpoint::{BodyError, Endpoint};

/// What a problem's type begins with. The document's host is a placeholder.
const TYPES: &str = "https://docs.example.com/errors/";

/// The setting that a push needs. ("POST /api/runs/{run}/push")
pub const AUTO_PUSH: &str = "safety.auto_git_push";

/// How much of a body that is no error of the dialect's is shown.
const SHOWN: usize = 200;

/// The sorts of problems: the document's one first, then ours after its model. Of each kind the
/// first is written where nothing better is known.
const SORTS: &[(&str, u16, ErrorKind, &str)] = &[
    (
        "run-not-startable",
        409,
        ErrorKind::Conflict,
        "Run is not in a startable state",
    ),
    (
        "run-transition-conflict",
        409,
        ErrorKind::Conflict,
        "Run is not in a state for this",
    ),
    (
        "review-required",
        409,
        ErrorKind::Conflict,
        "An approved review is required",
    ),
    (
        "project-not-clonable",
        409,
        ErrorKind::Conflict,
        "Project is not in a state to be cloned",
    ),
    (
        "validation-failed",
        422,
        ErrorKind::InvalidInput,
        "The request is not valid",
    ),
    (
        "validation",
        422,
        ErrorKind::InvalidInput,
        "The request is not valid",
    ),
    (
        "invalid-body",
        400,
        ErrorKind::InvalidInput,
        "The body is not JSON",
    ),
    (
        "unauthenticated",
        401,
        ErrorKind::Unauthenticated,
        "No token, or one that is not accepted",
    ),
    (
        "missing-ability",
        403,
        ErrorKind::Forbidden,
        "The token lacks an ability",
    ),
    (
        "setting-disabled",
        403,
        ErrorKind::Forbidden,
        "A setting forbids this",
    ),
    ("not-found", 404, ErrorKind::NotFound, "Not found"),
    (
        "cursor-expired",
        410,
        ErrorKind::CursorExpired,
        "The position is not kept any more",
    ),
    (
        "rate-limited",
        429,
        ErrorKind::RateLimited,
        "Too many requests",
    ),
    (
        "too-many-streams",
        429,
        ErrorKind::RateLimited,
        "Too many event streams",
    ),
    (
        "internal-error",
        500,
        ErrorKind::Internal,
        "The server failed",
    ),
    ("agent-error", 500, ErrorKind::Agent, "The agent failed"),
    (
        "storage-error",
        500,
        ErrorKind::Storage,
        "The storage failed",
    ),
    (
        "unsupported",
        501,
        ErrorKind::Unsupported,
        "The server cannot do that",
    ),
    (
        "bad-gateway",
        502,
        ErrorKind::Remote,
        "The plane behind failed",
    ),
    (
        "unavailable",
        503,
        ErrorKind::Unavailable,
        "The server cannot answer now",
    ),
    ("timeout", 504, ErrorKind::Timeout, "A deadline passed"),
];

/// The members that servers name a missing ability in.
const ABILITY_MEMBERS: [&str; 4] = [
    "ability",
    "missingAbility",
    "requiredAbility",
    "requiredAbilities",
];

/// The error that an answer is. Whether it may be tried again is for the caller to judge, who knows
/// the headers.
///
/// ```
/// use grump_core::{ErrorKind, RunStatus};
/// use grump_wire::steward::error;
///
/// let body = br#"{"type":"https://docs.example.com/errors/run-not-startable",
///     "title":"Run is not in a startable state","status":409,"currentStatus":"running"}"#;
/// let refused = error::read(409, body);
/// assert_eq!(refused.kind(), ErrorKind::Conflict);
/// let conflict = refused.conflict().unwrap();
/// assert_eq!(conflict.code, "run-not-startable");
/// assert_eq!(conflict.current.as_ref().unwrap().unified, RunStatus::Running);
/// ```
#[must_use]
pub fn read(status: u16, body: &[u8]) -> Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) if is_told(&problem) => known(status, &problem),
        _ => foreign(status, body),
    }
}

/// Laravel's own errors hold a `message` instead of a problem's members.
fn is_told(problem: &Problem) -> bool {
    !problem.kind.is_empty() || !problem.title.is_empty() || said(problem).is_some()
}

/// What a problem says for people.
fn said(problem: &Problem) -> Option<&str> {
    let others = ["message", "error"].iter();
    let mut others = others.filter_map(|name| problem.extra.get(*name));
    let detail = problem.detail.as_deref().filter(|text| !text.is_empty());
    let title = (!problem.title.is_empty()).then_some(&*problem.title);
    let text = detail.or(title);
    text.or_else(|| others.find_map(|text| text.as_str().filter(|text| !text.is_empty())))
}

fn known(status: u16, problem: &Problem) -> Error {
    let code = code_of(problem);
    let sort = code.and_then(|code| SORTS.iter().find(|(sort, ..)| *sort == code));
    let current = problem.extra.get("currentStatus").and_then(Value::as_str);
    let kind = match sort {
        Some((.., kind, _)) => *kind,
        None if current.is_some() && [400, 404, 409, 422].contains(&status) => ErrorKind::Conflict,
        None => of_status(status),
    };
    let message = match said(problem) {
        Some(said) => said.to_owned(),
        None => format!("the server answered {status}"),
    };
    let mut error = refusal(kind, status, message, code);
    if let Some(run) = problem.extra.get("runId") {
        error = error.with("run", plain(run));
    }
    if kind == ErrorKind::Conflict {
        let mut conflict = Conflict::new(code.unwrap_or("conflict").to_owned());
        conflict.current = current.map(|word| map::status(word.to_owned()));
        error = error.conflicting(conflict);
    }
    gates(members(error, problem), problem, code)
}

/// Names the members that a validation found wrong. (Laravel's `errors`)
fn members(error: Error, problem: &Problem) -> Error {
    let wrong = problem.extra.get("errors").and_then(Value::as_object);
    let wrong = wrong.into_iter().flatten();
    wrong.fold(error, |error, (member, why)| {
        let why = why.get(0).unwrap_or(why);
        error.with("member", format_args!("{member}: {}", plain(why)))
    })
}

/// Names what was lacking: an ability of the token, a setting, a review. (ambiguities C-04, C-14)
fn gates(error: Error, problem: &Problem, code: Option<&str>) -> Error {
    if code == Some("review-required") {
        return error.advise("approve the run first");
    }
    if error.kind() != ErrorKind::Forbidden {
        return error;
    }
    let texts = [problem.detail.as_deref(), Some(&*problem.title)];
    let is_named = |word: &str| texts.iter().flatten().any(|text| text.contains(word));
    if is_named(AUTO_PUSH) {
        return error
            .with("setting", AUTO_PUSH)
            .advise("have the setting switched on");
    }
    let mut told = ABILITY_MEMBERS.iter().filter_map(|name| {
        let value = problem.extra.get(*name)?;
        value.as_str().or_else(|| value.get(0)?.as_str())
    });
    let named = || ABILITIES.iter().copied().find(|ability| is_named(ability));
    match told.next().or_else(named) {
        Some(ability) => lacking(error, ability),
        None => error,
    }
}

fn lacking(error: Error, ability: &str) -> Error {
    error
        .with("ability", ability)
        .advise("log in for a token that has the ability")
}

/// The last part of a problem's type.
fn code_of(problem: &Problem) -> Option<&str> {
    let path = problem.kind.split(['?', '#']).next()?;
    let code = path.trim_end_matches('/').rsplit(['/', ':']).next()?;
    (!code.is_empty() && path != "about:blank").then_some(code)
}

/// 410 says that a position is not kept any more: nothing else in this dialect is ever gone.
const fn of_status(status: u16) -> ErrorKind {
    match status {
        410 => ErrorKind::CursorExpired,
        419 => ErrorKind::Unauthenticated,
        other => ErrorKind::of_http_status(other),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// What is none of the dialect's errors: a page, a proxy's text, nothing.
fn foreign(status: u16, body: &[u8]) -> Error {
    let text = String::from_utf8_lossy(body);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let error = refusal(
        of_status(status),
        status,
        format!("the server answered {status}"),
        None,
    );
    match line.char_indices().nth(SHOWN) {
        _ if line.is_empty() => error,
        Some((end, _)) => error.with("answer", format_args!("{}…", &line[..end])),
        None => error.with("answer", line),
    }
}

fn refusal(kind: ErrorKind, status: u16, message: String, code: Option<&str>) -> Error {
    let mut remote = Remote::default();
    remote.status = Some(status);
    remote.code = code.map(str::to_owned);
    Error::new(kind, message).remote(remote)
}

/// The status and body that tell this error as the answer of an endpoint. Who knows the path of
/// what was asked puts it into `instance`.
#[must_use]
pub fn write<E: Endpoint>(error: &Error) -> (u16, Problem) {
    let (code, status, title) = sort::<E>(error);
    let mut body = problem(code, status, title);
    body.detail = Some(error.advice().map_or_else(
        || error.message().to_owned(),
        |advice| format!("{}; {advice}", error.message()),
    ));
    for (name, value) in error.context() {
        match name {
            "run" => drop(body.extra.insert("runId".into(), run_id(value))),
            "ability" | "setting" => drop(body.extra.insert(name.into(), value.into())),
            _ => {}
        }
    }
    if let Some(current) = error
        .conflict()
        .and_then(|conflict| conflict.current.as_ref())
    {
        let word = map::wire_status(current).as_str().into();
        body.extra.insert("currentStatus".into(), word);
    }
    (status, body)
}

/// The run's id, without its kind, as the number it is.
fn run_id(named: &str) -> Value {
    let id = named.rsplit(' ').next().unwrap_or(named);
    serde_json::to_value(super::RunId::new(id)).unwrap_or_default()
}

/// The status and body for a request's body that was refused.
#[must_use]
pub fn write_body_error(error: &BodyError) -> (u16, Problem) {
    let (code, status) = match error {
        BodyError::NotJson(_) => ("invalid-body", 400),
        BodyError::NotValid { .. } => ("validation-failed", 422),
    };
    let title = SORTS.iter().find(|(sort, ..)| *sort == code);
    let mut body = problem(code, status, title.map_or("", |(.., title)| title));
    body.detail = Some(error.to_string());
    if let BodyError::NotValid { member, why } = error {
        let errors = serde_json::json!({ member: [why] });
        body.extra.insert("errors".into(), errors);
    }
    (status, body)
}

fn problem(code: &str, status: u16, title: &str) -> Problem {
    Problem {
        kind: format!("{TYPES}{code}"),
        title: title.to_owned(),
        status: Some(status),
        ..Problem::default()
    }
}

/// A conflict is told by its own code where there is such a sort, else by the one that the document
/// lists for the endpoint, else as one of states.
fn sort<E: Endpoint>(error: &Error) -> (&'static str, u16, &'static str) {
    let conflict = error
        .conflict()
        .filter(|_| error.kind() == ErrorKind::Conflict);
    let code = conflict.map(|conflict| &*conflict.code);
    let own = SORTS.iter().find(|(sort, ..)| Some(*sort) == code);
    let listed = || {
        let code = E::ERRORS.first()?.code;
        SORTS.iter().find(|(sort, ..)| *sort == code)
    };
    let found = match (conflict, own) {
        (Some(_), None) => listed().or_else(|| SORTS.get(1)),
        (Some(_), own) => own,
        (None, _) => by_kind(error.kind()),
    };
    found.map_or(("internal-error", 500, "The server failed"), |sort| {
        (sort.0, sort.1, sort.3)
    })
}

fn by_kind(kind: ErrorKind) -> Option<&'static (&'static str, u16, ErrorKind, &'static str)> {
    let kind = match kind {
        // What failed behind a gateway.
        ErrorKind::Protocol | ErrorKind::Transport | ErrorKind::Truncated | ErrorKind::Stalled => {
            ErrorKind::Remote
        }
        other => other,
    };
    SORTS.iter().find(|(_, _, of, _)| *of == kind)
}
