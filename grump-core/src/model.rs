//! [`Model`]: a language model that agents can use; [`Models`]: the trait that lists them.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    json::Ext,
    noun::noun,
    plane::{Operation, unsupported},
};

/// Names a model. (Ralpher, "POST /api/loops", `model`.)
///
/// ```
/// use grump_core::ModelRef;
///
/// let model: ModelRef = "anthropic/claude-sonnet-4".parse()?;
/// assert_eq!(model.provider, "anthropic");
/// # Ok::<(), grump_core::model::NoModel>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelRef {
    /// Who serves it: `anthropic`.
    #[serde(rename = "providerID")]
    pub provider: String,
    /// Its name there.
    #[serde(rename = "modelID")]
    pub model: String,
}

impl ModelRef {
    /// This provider's model of this name.
    #[must_use]
    pub fn new(provider: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            provider: provider.into(),
            model: model.into(),
        }
    }
}

impl ModelRef {
    /// Whether both parts say something.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.provider.trim().is_empty() && !self.model.trim().is_empty()
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// The text names no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no model; write PROVIDER/MODEL")]
pub struct NoModel(String);

impl FromStr for ModelRef {
    type Err = NoModel;

    /// Reads `PROVIDER/MODEL`; the model's name may hold further slashes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                Ok(Self::new(provider, model))
            }
            _ => Err(NoModel(text.to_owned())),
        }
    }
}

/// A model that can be used. (Ralpher, "GET /api/models".)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Model {
    /// What names it.
    #[serde(flatten)]
    pub name: ModelRef,
    /// What people call its provider.
    #[serde(rename = "providerName")]
    pub provider_title: String,
    /// What people call it.
    #[serde(rename = "modelName")]
    pub title: String,
    /// Whether it can be used now, which takes a credential.
    pub connected: bool,
    /// How many tokens it can hold at once. (Mini-Devin, "GET /api/models".)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// Whether it can look at pictures. (Mini-Devin)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vision: Option<bool>,
    /// Whether it can call tools. (Mini-Devin)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// What else the plane says.
    #[serde(default, skip_serializing_if = "Ext::is_empty")]
    pub ext: Ext,
}

impl Model {
    /// A model that can be used, called by its own name.
    #[must_use]
    pub fn new(name: ModelRef) -> Self {
        let (provider_title, title) = (name.provider.clone(), name.model.clone());
        Self {
            name,
            provider_title,
            title,
            connected: true,
            context_window: None,
            vision: None,
            tools: None,
            ext: Ext::new(),
        }
    }
}

noun! {
    /// Who serves models. (Mini-Devin, "GET /api/providers".)
    ModelProvider {
        /// Its name in a [`ModelRef`].
        id: String,
        ;
        /// What people call it.
        name: String,
        /// Whether it can be used, which takes a credential.
        configured: bool,
        /// How many models it has.
        models_count: u64,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// Who serves models to a plane, and which is used where none is named. (Mini-Devin, "GET
    /// /api/providers".)
    ModelProviders {
        /// Who serves them.
        providers: Vec<ModelProvider>,
        ;
        /// The model that is used where none is named, as the plane calls it.
        default_model: String,
    }
}

/// The facet that lists models and remembers the last one used.
#[async_trait]
pub trait Models: Send + Sync + fmt::Debug {
    /// The models that the agents know in this folder, an absolute path on the plane's machine. A
    /// plane whose models are the same everywhere takes no notice of it.
    ///
    /// # Errors
    /// `InvalidInput` for a path that is not absolute; `Agent` if an agent cannot say.
    async fn list(&self, directory: &str) -> Result<Vec<Model>> {
        unsupported(Operation::ModelsList, directory)
    }

    /// The last model that was used; `None` where there was none.
    ///
    /// # Errors
    /// `Storage`, or what the wire says.
    async fn last_used(&self) -> Result<Option<ModelRef>> {
        unsupported(Operation::ModelsLastUsed, ())
    }

    /// Sets the last model that was used.
    ///
    /// # Errors
    /// `InvalidInput` for an empty provider or model.
    async fn set_last_used(&self, model: ModelRef) -> Result<()> {
        unsupported(Operation::ModelsSetLastUsed, model)
    }

    /// Lists who serves models.
    ///
    /// # Errors
    /// What the wire says.
    async fn providers(&self) -> Result<ModelProviders> {
        unsupported(Operation::ModelsProviders, ())
    }
}
