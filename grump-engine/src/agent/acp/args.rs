//! What an agent is asked, and answered: requests and their parameters.

use std::path::Path;

use agent_client_protocol::{
    UntypedMessage,
    schema::ProtocolVersion,
    v1::schema::{
        AuthenticateRequest, CancelNotification, ContentBlock, Implementation, InitializeRequest,
        NewSessionRequest, PromptRequest, RequestPermissionOutcome, RequestPermissionResponse,
        SelectedPermissionOutcome, TextContent,
    },
};
use grump_core::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::Value;

use super::{super::Ruling, decode::Permission, fault};

/// The method by which an agent asks whether it may do something.
pub(super) const PERMISSION: &str = "session/request_permission";

/// The first request: who asks, and nothing that is offered. What agents do with files and
/// terminals of a client's they do without.
pub(super) fn initialize() -> Result<UntypedMessage> {
    let grump = Implementation::new("grump", env!("CARGO_PKG_VERSION"));
    let initialize = InitializeRequest::new(ProtocolVersion::V1).client_info(grump);
    request("initialize", initialize)
}

pub(super) fn authenticate(method: &str) -> Result<UntypedMessage> {
    request("authenticate", AuthenticateRequest::new(method.to_owned()))
}

pub(super) fn new_session(directory: &Path) -> Result<UntypedMessage> {
    if directory.to_str().is_none() {
        let message = "the folder's name is not UTF-8, and ACP cannot say it";
        return Err(Error::new(ErrorKind::InvalidInput, message)
            .operation("agent.acp")
            .with("folder", directory.display()));
    }
    request("session/new", NewSessionRequest::new(directory))
}

pub(super) fn prompt(session: &str, text: &str) -> Result<UntypedMessage> {
    let text = ContentBlock::Text(TextContent::new(text));
    request(
        "session/prompt",
        PromptRequest::new(session.to_owned(), vec![text]),
    )
}

pub(super) fn cancel(session: &str) -> CancelNotification {
    CancelNotification::new(session.to_owned())
}

/// What the agent is told when its question was answered. Never `always`: that holds for longer
/// than this one question.
pub(super) fn reply(permission: &Permission, ruling: &Ruling) -> Value {
    let kinds: &[&str] = match ruling {
        Ruling::Allow => &["allow_once"],
        Ruling::Deny(_) => &["reject_once", "reject_always"],
    };
    let option = kinds.iter().find_map(|kind| permission.option(kind));
    let outcome = option.map_or(RequestPermissionOutcome::Cancelled, |option| {
        RequestPermissionOutcome::Selected(SelectedPermissionOutcome::new(option.to_owned()))
    });
    answer(outcome)
}

/// The answer to a question that is withdrawn.
pub(super) fn withdrawn() -> Value {
    answer(RequestPermissionOutcome::Cancelled)
}

fn answer(outcome: RequestPermissionOutcome) -> Value {
    serde_json::to_value(RequestPermissionResponse::new(outcome))
        .expect("texts and names are always JSON")
}

/// The prompt that says why something was refused.
pub(super) fn word(action: &str, title: &str, word: &str) -> String {
    format!(
        "What you asked for was refused ({action}): {title}\nThe reason: {word}\nGo on without it."
    )
}

pub(super) fn request(method: &str, params: impl Serialize) -> Result<UntypedMessage> {
    UntypedMessage::new(method, params)
        .map_err(|error| fault("a request cannot be written").caused_by(error))
}
