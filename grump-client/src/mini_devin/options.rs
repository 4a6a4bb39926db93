//! What requests may say beside what they must.

use grump_core::Timestamp;
use grump_wire::mini_devin::{
    ApiKeyRequest, RegisterRequest, RunMode, SessionRequest, TaskRequest,
};

/// What a new user may say. (Mini-Devin, "Authentication")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RegisterOptions {
    name: Option<String>,
}

impl RegisterOptions {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What people call the user.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    pub(super) fn request(self, email: String, password: String) -> RegisterRequest {
        RegisterRequest {
            email,
            password: password.into(),
            name: self.name,
        }
    }
}

/// What a new API key may say. (Mini-Devin, "Authentication")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct ApiKeyOptions {
    expires_at: Option<Timestamp>,
}

impl ApiKeyOptions {
    /// It is good until somebody takes it away.
    pub fn new() -> Self {
        Self::default()
    }

    /// Until when it is good.
    pub fn expires_at(mut self, end: Timestamp) -> Self {
        self.expires_at = Some(end);
        self
    }

    pub(super) fn request(self, name: String) -> ApiKeyRequest {
        ApiKeyRequest {
            name,
            expires_at: self.expires_at,
        }
    }
}

/// What a new session may say. (Mini-Devin, "Sessions")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct SessionOptions {
    request: SessionRequest,
}

impl SessionOptions {
    /// Everything as the server has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// What people call it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.request.name = Some(name.into());
        self
    }

    /// The folder that its tasks work in, on the server's machine.
    pub fn working_directory(mut self, path: impl Into<String>) -> Self {
        self.request.working_directory = Some(path.into());
        self
    }

    pub(super) fn request(self) -> SessionRequest {
        self.request
    }
}

impl From<SessionRequest> for SessionOptions {
    fn from(request: SessionRequest) -> Self {
        Self { request }
    }
}

/// What a new task may say. (Mini-Devin, "Tasks")
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct TaskOptions {
    model: Option<String>,
    run_mode: Option<RunMode>,
}

impl TaskOptions {
    /// Everything as the server has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// The model, by its id.
    pub fn model(mut self, id: impl Into<String>) -> Self {
        self.model = Some(id.into());
        self
    }

    /// How it runs, such as `offline`.
    pub fn run_mode(mut self, mode: impl Into<RunMode>) -> Self {
        self.run_mode = Some(mode.into());
        self
    }

    pub(super) fn request(self, description: String) -> TaskRequest {
        TaskRequest {
            description,
            model: self.model,
            run_mode: self.run_mode,
        }
    }
}
