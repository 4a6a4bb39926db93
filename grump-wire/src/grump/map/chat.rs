//! Chats.

use grump_core::{ChatMessage, ChatRequest, Result};
use serde::{Deserialize, de::IntoDeserializer};

use crate::grump::{error::invalid, types as wire};

/// The turn that a request asks for. A `modelKey` is provider and model.
#[must_use]
pub fn chat(told: wire::ChatRequest) -> ChatRequest {
    let said = told.messages.into_iter();
    let said: Vec<_> = said
        .map(|said| ChatMessage::new(said.role, said.content))
        .collect();
    let key = told.model_key.as_deref();
    let (provider, model) = key.map_or((None, None), |key| match key.split_once(':') {
        Some((provider, model)) => (Some(provider.to_owned()), Some(model.to_owned())),
        None => (None, Some(key.to_owned())),
    });
    let mut turn = ChatRequest::new(said);
    turn.workspace = told.workspace_root;
    turn.mode = told.mode.map(|mode| mode.as_str().into());
    turn.profile = told.agent_profile.map(|profile| profile.to_string());
    turn.provider = told
        .provider
        .map(|provider| provider.to_string())
        .or(provider);
    turn.model = told.model_id.or(model);
    turn.preset = told.model_preset.map(|preset| preset.to_string());
    turn.tier = told.tier.map(|tier| tier.to_string());
    turn.autonomous = told.autonomous;
    turn.prefer_nim = told.prefer_nim;
    turn
}

/// The request that asks for a turn.
///
/// # Errors
/// `InvalidInput` for a word that the document does not list.
pub fn wire_chat(turn: ChatRequest) -> Result<wire::ChatRequest> {
    let said = turn.messages.into_iter();
    let said = said.map(|said| wire::ChatMessage::new(said.role.as_str(), said.content));
    Ok(wire::ChatRequest {
        messages: said.collect(),
        workspace_root: turn.workspace,
        mode: listed("mode", turn.mode.as_ref().map(grump_core::ChatMode::as_str))?,
        agent_profile: listed("profile", turn.profile.as_deref())?,
        provider: listed("provider", turn.provider.as_deref())?,
        model_id: turn.model,
        model_key: None,
        tier: listed("tier", turn.tier.as_deref())?,
        autonomous: turn.autonomous,
        prefer_nim: turn.prefer_nim,
        model_preset: listed("preset", turn.preset.as_deref())?,
    })
}

/// A word of a list that the document closes.
pub(super) fn listed<T: for<'de> Deserialize<'de>>(
    member: &'static str,
    word: Option<&str>,
) -> Result<Option<T>> {
    let read = |word: &str| {
        let text: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            word.into_deserializer();
        T::deserialize(text).map_err(|error| {
            invalid("the document does not list this word")
                .with(member, word)
                .caused_by(error)
        })
    };
    word.map(read).transpose()
}
