//! From the data of a server-sent event to what it tells.

use std::borrow::Cow;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::wire::{
    Asked, Delta, Failure, MessageInfo, Part, Permission, SessionInfo, Status, Todo,
};

/// An event of `GET /event`.
#[derive(Debug)]
pub(super) enum Event {
    Created(SessionInfo),
    Status(String, Status),
    Failed(Option<String>, Failure),
    Message(MessageInfo),
    Part(Part),
    Delta(Delta),
    Permission(Permission),
    Question(Asked),
    Todo(String, Vec<Todo>),
    Edited(String),
    Watched(String, String),
    /// Of no interest.
    Noise,
    /// Not known here, or not in the form that is known.
    Unknown(String),
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    properties: &'a RawValue,
}

/// Reads the data of one server-sent event.
pub(super) fn decode(data: &str) -> Event {
    match serde_json::from_str::<Frame<'_>>(data) {
        Ok(frame) => known(&frame.kind, frame.properties.get())
            .unwrap_or_else(|| Event::Unknown(frame.kind.into_owned())),
        Err(_) => Event::Unknown(String::new()),
    }
}

fn known(kind: &str, properties: &str) -> Option<Event> {
    Some(match kind {
        "session.created" => Event::Created(read::<Info<_>>(properties)?.info),
        "session.status" => {
            let status = read::<StatusChange>(properties)?;
            Event::Status(status.session, status.status)
        }
        "session.idle" => Event::Status(read::<Of>(properties)?.session, Status::Idle),
        "session.error" => {
            let failed = read::<Failed>(properties)?;
            Event::Failed(failed.session, failed.error)
        }
        "message.updated" => Event::Message(read::<Info<_>>(properties)?.info),
        "message.part.updated" => Event::Part(read::<PartChange>(properties)?.part),
        "message.part.delta" => Event::Delta(read(properties)?),
        "permission.asked" => Event::Permission(read(properties)?),
        "question.asked" => Event::Question(read(properties)?),
        "todo.updated" => {
            let list = read::<TodoList>(properties)?;
            Event::Todo(list.session, list.todos)
        }
        "file.edited" => Event::Edited(read::<FileChange>(properties)?.file),
        "file.watcher.updated" => {
            let change = read::<FileChange>(properties)?;
            Event::Watched(change.file, change.event?)
        }
        _ if is_noise(kind) => Event::Noise,
        _ => return None,
    })
}

/// What is known and needs no answer: about 50 of these come before anything of a prompt.
fn is_noise(kind: &str) -> bool {
    const KINDS: [&str; 11] = [
        "permission.replied",
        "question.replied",
        "question.rejected",
        "session.updated",
        "session.deleted",
        "session.diff",
        "session.compacted",
        "message.removed",
        "message.part.removed",
        "vcs.branch.updated",
        "lsp.updated",
    ];
    const FAMILIES: [&str; 8] = [
        "server.",
        "plugin.",
        "catalog.",
        "reference.",
        "integration.",
        "installation.",
        "lsp.",
        "pty.",
    ];
    KINDS.contains(&kind) || FAMILIES.iter().any(|family| kind.starts_with(family))
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text)
        .inspect_err(|error| tracing::debug!(%error, "an event of opencode's has another form"))
        .ok()
}

#[derive(Deserialize)]
struct Info<T> {
    info: T,
}

#[derive(Deserialize)]
struct Of {
    #[serde(rename = "sessionID")]
    session: String,
}

#[derive(Deserialize)]
struct StatusChange {
    #[serde(rename = "sessionID")]
    session: String,
    status: Status,
}

#[derive(Deserialize)]
struct Failed {
    #[serde(rename = "sessionID")]
    session: Option<String>,
    #[serde(default)]
    error: Failure,
}

#[derive(Deserialize)]
struct PartChange {
    part: Part,
}

#[derive(Deserialize)]
struct TodoList {
    #[serde(rename = "sessionID")]
    session: String,
    todos: Vec<Todo>,
}

#[derive(Deserialize)]
struct FileChange {
    file: String,
    event: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_newer_opencode_is_unknown_not_an_error() {
        let read = decode(r#"{"type":"tea.ready","properties":{}}"#);
        assert!(matches!(read, Event::Unknown(kind) if kind == "tea.ready"));
        let changed = decode(r#"{"type":"session.idle","properties":{"session":7}}"#);
        assert!(matches!(changed, Event::Unknown(kind) if kind == "session.idle"));
        assert!(matches!(decode("not json"), Event::Unknown(_)));
    }
}
