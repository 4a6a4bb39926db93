//! Chats. (G-Rump, "Chat Endpoints")

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::closed;

closed! {
    /// What a chat is for. ("Streaming Chat", `mode`)
    ChatMode {
        /// To talk.
        Normal = "normal",
        /// To make a plan.
        Plan = "plan",
        /// To write a specification.
        Spec = "spec",
        /// To do the work.
        Execute = "execute",
        /// To be contradicted.
        Argument = "argument",
    }

    /// What the agent is good at. ("Streaming Chat", `agentProfile`)
    AgentProfile {
        /// Everything.
        General = "general",
        /// What users see.
        Frontend = "frontend",
        /// What servers do.
        Backend = "backend",
        /// Building and running it.
        Devops = "devops",
        /// Testing it.
        Test = "test",
    }

    /// Who serves the model. ("Streaming Chat", `provider`)
    Provider {
        /// NVIDIA NIM.
        Nim = "nim",
        /// Zhipu.
        Zhipu = "zhipu",
        /// GitHub Copilot.
        Copilot = "copilot",
        /// `OpenRouter`.
        Openrouter = "openrouter",
    }

    /// The user's subscription. ("Streaming Chat", `tier`)
    SubscriptionTier {
        /// Free.
        Free = "free",
        /// Pro.
        Pro = "pro",
        /// Team.
        Team = "team",
        /// Enterprise.
        Enterprise = "enterprise",
    }

    /// What a model is chosen for. ("Streaming Chat", `modelPreset`)
    ModelPreset {
        /// Speed.
        Fast = "fast",
        /// Quality.
        Quality = "quality",
        /// Both.
        Balanced = "balanced",
    }
}

/// A turn of a chat. ("Streaming Chat"; only `messages` is taken as required, ambiguity G-17)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatRequest {
    /// What was said so far, the newest last.
    pub messages: Vec<ChatMessage>,
    /// The folder for files, on the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace_root: Option<String>,
    /// What the chat is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ChatMode>,
    /// What the agent is good at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_profile: Option<AgentProfile>,
    /// Who serves the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// The model's name there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_id: Option<String>,
    /// Provider and model in one: `nim:moonshotai/kimi-k2.5`. Not together with the other two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_key: Option<String>,
    /// The user's subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<SubscriptionTier>,
    /// Whether nobody is asked before something is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autonomous: Option<bool>,
    /// Whether NVIDIA NIM is to be preferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefer_nim: Option<bool>,
    /// What the model is chosen for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_preset: Option<ModelPreset>,
}

/// Something that was said. ("Streaming Chat", `messages`; the document shows the role `user`)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatMessage {
    /// Who said it: `user`, `assistant`, `system`, `tool`.
    pub role: String,
    /// What.
    pub content: String,
}

impl ChatMessage {
    /// What somebody said.
    #[must_use]
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            content: content.into(),
        }
    }

    /// What the user said.
    #[must_use]
    pub fn user(content: impl Into<String>) -> Self {
        Self::new("user", content)
    }

    /// What the assistant said.
    #[must_use]
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new("assistant", content)
    }
}
