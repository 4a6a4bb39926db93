//! [`Chat`]: chats.

use grump_core::Result;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    grump::{
        AgentProfile, ChatEvent, ChatMessage, ChatMode, ChatRequest, ModelPreset, Provider,
        StreamChat, SubscriptionTier,
    },
};

use super::{CallStream, GrumpClient};
use crate::caller::Asking;

/// Chats. (G-Rump, "Chat Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Chat<'c>(pub(super) &'c GrumpClient);

impl Chat<'_> {
    /// Send messages to the AI with tool calling support. It is the call that has the model answer:
    /// it is never made again by itself. (G-Rump, "Streaming Chat")
    pub async fn stream(
        &self,
        messages: impl IntoIterator<Item = ChatMessage>,
        options: ChatOptions,
    ) -> Result<CallStream<ChatEvent>> {
        let request = ChatRequest {
            messages: messages.into_iter().collect(),
            ..options.0
        };
        let asking = Asking::<StreamChat>::of(NoPath {}, NoQuery {}, request);
        let events = self.0.caller.patient().listen(asking).await?;
        Ok(CallStream::of_chat(events))
    }
}

/// What a turn may say. (G-Rump, "Streaming Chat")
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct ChatOptions(ChatRequest);

impl ChatOptions {
    /// Everything as the server has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// The folder for files, on the server.
    pub fn workspace_root(mut self, folder: impl Into<String>) -> Self {
        self.0.workspace_root = Some(folder.into());
        self
    }

    /// What the chat is for.
    pub const fn mode(mut self, mode: ChatMode) -> Self {
        self.0.mode = Some(mode);
        self
    }

    /// What the agent is good at.
    pub const fn agent_profile(mut self, profile: AgentProfile) -> Self {
        self.0.agent_profile = Some(profile);
        self
    }

    /// The model, by who serves it and its name there. Takes back
    /// [`model_key`](Self::model_key).
    pub fn model(mut self, provider: Provider, model_id: impl Into<String>) -> Self {
        self.0.provider = Some(provider);
        self.0.model_id = Some(model_id.into());
        self.0.model_key = None;
        self
    }

    /// Who serves the model, whichever that is. Takes back [`model_key`](Self::model_key).
    pub fn provider(mut self, provider: Provider) -> Self {
        self.0.provider = Some(provider);
        self.0.model_key = None;
        self
    }

    /// The model, as provider and name in one: `nim:moonshotai/kimi-k2.5`. Takes back
    /// [`model`](Self::model) and [`provider`](Self::provider). (ambiguity G-17)
    pub fn model_key(mut self, key: impl Into<String>) -> Self {
        self.0.model_key = Some(key.into());
        (self.0.provider, self.0.model_id) = (None, None);
        self
    }

    /// The user's subscription. It is never made up.
    pub const fn tier(mut self, tier: SubscriptionTier) -> Self {
        self.0.tier = Some(tier);
        self
    }

    /// Whether nobody is asked before something is done.
    pub const fn autonomous(mut self, autonomous: bool) -> Self {
        self.0.autonomous = Some(autonomous);
        self
    }

    /// Whether NVIDIA NIM is to be preferred.
    pub const fn prefer_nim(mut self, prefer: bool) -> Self {
        self.0.prefer_nim = Some(prefer);
        self
    }

    /// What the model is chosen for.
    pub const fn model_preset(mut self, preset: ModelPreset) -> Self {
        self.0.model_preset = Some(preset);
        self
    }
}
