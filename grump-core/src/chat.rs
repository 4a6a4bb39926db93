//! [`Chat`]: one turn of a talk with a model that has tools; [`Chats`]: the trait that takes it.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    noun::{noun, request, words},
    plane::{Operation, unsupported},
    stream::EventStream,
};

words! {
    /// Who says something.
    Role {
        /// The person.
        "user" User,
        /// The model.
        "assistant" Assistant,
        /// Whoever sets the model up.
        "system" System,
        /// A tool that the model called.
        "tool" Tool,
    }
}

words! {
    /// What a chat is to lead to. (G-Rump, "Streaming Chat", `mode`.)
    ChatMode {
        /// An answer.
        "normal" Normal,
        /// A plan.
        "plan" Plan,
        /// A specification.
        "spec" Spec,
        /// Something done.
        "execute" Execute,
        /// A discussion.
        "argument" Argument,
    }
}

noun! {
    /// Something that was said.
    #[derive(Eq)]
    ChatMessage {
        /// By whom.
        role: Role,
        /// What.
        content: String,
    }
}

request! {
    /// A turn of a talk: what was said so far, and how it is to be answered. (G-Rump, "Streaming
    /// Chat".)
    ///
    /// ```
    /// use grump_core::ChatRequest;
    ///
    /// let ask = ChatRequest::ask("How do I implement JWT authentication?").mode("plan");
    /// assert_eq!(ask.messages[0].role.as_str(), "user");
    /// ```
    #[derive(PartialEq, Eq)]
    ChatRequest {
        /// What was said so far, the oldest first.
        messages: Vec<ChatMessage>,
        ;
        /// The folder that tools work in, on the plane's machine.
        workspace: String,
        /// What it is to lead to.
        mode: ChatMode,
        /// What the model is to be good at: `general`, `frontend`, `backend`, `devops`, `test`.
        profile: String,
        /// Who serves the model: `nim`, `zhipu`, `copilot`, `openrouter`.
        provider: String,
        /// The model, as its provider calls it.
        model: String,
        /// How a model is chosen where none is named: `fast`, `quality`, `balanced`.
        preset: String,
        /// What the user pays for: `free`, `pro`, `team`, `enterprise`. Never made up.
        tier: String,
        /// Tools run without anybody being asked.
        autonomous: bool,
        /// NVIDIA's service is used where it can be.
        prefer_nim: bool,
    }
}

impl ChatRequest {
    /// A talk that begins with this question.
    #[must_use]
    pub fn ask(question: impl Into<String>) -> Self {
        Self::new(vec![ChatMessage::new(Role::User, question)])
    }

    /// Adds something that was said.
    #[must_use]
    pub fn and(mut self, role: impl Into<Role>, content: impl Into<String>) -> Self {
        self.messages.push(ChatMessage::new(role, content));
        self
    }
}

/// What only chats have, beside what every [`Run`](crate::Run) has. A chat is a turn, and lives as
/// long as its stream: no plane lists it or reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Chat {
    /// What it is to lead to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ChatMode>,
    /// The model that answers, as its provider calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The answer, as far as it was told.
    pub answer: String,
}

impl Chat {
    /// A chat that has no answer yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// The facet that talks with a model.
#[async_trait]
pub trait Chats: Send + Sync + fmt::Debug {
    /// Says something, and watches the answer.
    ///
    /// # Behaviour
    /// - The request is what has the model answer: it is never sent again. Where the connection is
    ///   cut, the stream says so with a gap and ends in an error, since nothing can be read anew.
    /// - Dropping the stream ends the watching.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn send(&self, request: ChatRequest) -> Result<EventStream> {
        unsupported(Operation::ChatsSend, request)
    }
}
