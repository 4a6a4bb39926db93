//! [`LoopOptions`]: what a new loop may say beside what it must.

use grump_wire::ralpher::{Backend, Git, LoopRequest, ModelRef};

/// What a new loop may say. (Ralpher, "POST /api/loops")
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct LoopOptions {
    request: LoopRequest,
    key: Option<String>,
}

impl LoopOptions {
    /// Everything as the server has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which agent does the work; `opencode`, spawned, unless told.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.request.backend = Some(backend);
        self
    }

    /// The model, by provider and name.
    pub fn model(mut self, provider: impl Into<String>, model: impl Into<String>) -> Self {
        self.request.model = Some(ModelRef {
            provider_id: Some(provider.into()),
            model_id: Some(model.into()),
            ..ModelRef::default()
        });
        self
    }

    /// How many iterations there may be; without limit unless told.
    pub const fn max_iterations(mut self, limit: u32) -> Self {
        self.request.max_iterations = Some(limit);
        self
    }

    /// How many errors in a row end it; 10 unless told.
    pub const fn max_consecutive_errors(mut self, limit: u32) -> Self {
        self.request.max_consecutive_errors = Some(limit);
        self
    }

    /// The regular expression, in the server's syntax, that ends it;
    /// `<promise>COMPLETE</promise>$` unless told.
    pub fn stop_pattern(mut self, pattern: impl Into<String>) -> Self {
        self.request.stop_pattern = Some(pattern.into());
        self
    }

    /// How branches and commits are named.
    pub fn git(mut self, git: Git) -> Self {
        self.request.git = Some(git);
        self
    }

    /// Makes the request safe to repeat on servers that honour keys: a second one with this key
    /// makes no second loop. One is made up unless told.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The request that says so, and its key.
    pub(super) fn request(
        self,
        name: String,
        directory: String,
        prompt: String,
    ) -> (LoopRequest, Option<String>) {
        let request = LoopRequest {
            name,
            directory,
            prompt,
            ..self.request
        };
        (request, self.key)
    }
}
