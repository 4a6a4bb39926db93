//! The endpoints, in the document's order.

use super::{
    events::{ClientMessage, TaskMessage},
    types::{
        AccessToken, ApiKey, ApiKeyRequest, Artifact, ArtifactPath, HealthReport, LoginRequest,
        ModelList, ModelsQuery, ProviderList, RegisterRequest, Session, SessionPath,
        SessionRequest, StoppedTask, Task, TaskPath, TaskRequest, TokenQuery, User,
    },
};
use crate::{
    contract,
    endpoint::{Auth, Bytes, Documented, Empty, Json, NoBody, NoPath, NoQuery, Ws, endpoints},
    shapes::Listed,
};

/// What any request that needs a credential may be answered with. ("Common Error Codes")
const ERRORS: &[Documented] = &[
    Documented {
        status: 401,
        code: "UNAUTHORIZED",
    },
    Documented {
        status: 403,
        code: "FORBIDDEN",
    },
    Documented {
        status: 404,
        code: "NOT_FOUND",
    },
    Documented {
        status: 422,
        code: "VALIDATION_ERROR",
    },
    Documented {
        status: 429,
        code: "RATE_LIMITED",
    },
    Documented {
        status: 500,
        code: "INTERNAL_ERROR",
    },
];

endpoints! {
    "mini-devin", contract::MINI_DEVIN, Auth::Credential;

    /// Check if the API is running. (Mini-Devin, "Health Check")
    Health: GET "/health" SystemHealth
        [NoPath] [NoQuery] [NoBody] -> 200 Json<HealthReport>,
        errors [429 "RATE_LIMITED", 500 "INTERNAL_ERROR"], auth Auth::None;

    /// Register a new user. (Mini-Devin, "Authentication")
    Register: POST "/api/auth/register" AccountsRegister
        [NoPath] [NoQuery] [RegisterRequest] -> 200 Json<User>,
        errors [422 "VALIDATION_ERROR", 429 "RATE_LIMITED", 500 "INTERNAL_ERROR"],
        auth Auth::None;

    /// Authenticate and receive a JWT token. (Mini-Devin, "Authentication")
    Login: POST "/api/auth/login" AccountsLogin
        [NoPath] [NoQuery] [LoginRequest] -> 200 Json<AccessToken>,
        errors [401 "UNAUTHORIZED", 422 "VALIDATION_ERROR", 429 "RATE_LIMITED", 500 "INTERNAL_ERROR"],
        auth Auth::None;

    /// Create a new API key. (Mini-Devin, "Authentication")
    CreateApiKey: POST "/api/auth/api-keys" AccountsCreateKey
        [NoPath] [NoQuery] [ApiKeyRequest] -> 200 Json<ApiKey>, errors ERRORS;

    /// List available LLM models. (Mini-Devin, "Models and Providers")
    ListModels: GET "/api/models" ModelsList
        [NoPath] [ModelsQuery] [NoBody] -> 200 Json<ModelList>, errors ERRORS;

    /// List available LLM providers. (Mini-Devin, "Models and Providers")
    ListProviders: GET "/api/providers" ModelsProviders
        [NoPath] [NoQuery] [NoBody] -> 200 Json<ProviderList>, errors ERRORS;

    /// List all sessions. (Mini-Devin, "Sessions")
    ListSessions: GET "/api/sessions" FoldersList
        [NoPath] [NoQuery] [NoBody] -> 200 Json<Listed<Session>>, errors ERRORS;

    /// Create a new session. (Mini-Devin, "Sessions")
    CreateSession: POST "/api/sessions" FoldersCreate
        [NoPath] [NoQuery] [SessionRequest] -> 200 Json<Session>, errors ERRORS;

    /// Get session details. (Mini-Devin, "Sessions")
    OpenSession: GET "/api/sessions/{session_id}" FoldersOpen
        [SessionPath] [NoQuery] [NoBody] -> 200 Json<Session>, errors ERRORS;

    /// Delete a session. (Mini-Devin, "Sessions")
    DeleteSession: DELETE "/api/sessions/{session_id}" FoldersRemove
        [SessionPath] [NoQuery] [NoBody] -> 204 Empty, errors ERRORS;

    /// List tasks in a session. (Mini-Devin, "Tasks")
    ListTasks: GET "/api/sessions/{session_id}/tasks" RunsList
        [SessionPath] [NoQuery] [NoBody] -> 200 Json<Listed<Task>>, errors ERRORS;

    /// Create and start a new task. (Mini-Devin, "Tasks")
    CreateTask: POST "/api/sessions/{session_id}/tasks" TasksCreateAndStart
        [SessionPath] [NoQuery] [TaskRequest] -> 200 Json<Task>, errors ERRORS;

    /// Get task details. (Mini-Devin, "Tasks")
    OpenTask: GET "/api/tasks/{task_id}" RunsOpen
        [TaskPath] [NoQuery] [NoBody] -> 200 Json<Task>, errors ERRORS;

    /// Stop a running task. (Mini-Devin, "Tasks")
    StopTask: POST "/api/tasks/{task_id}/stop" RunsStop
        [TaskPath] [NoQuery] [NoBody] -> 200 Json<StoppedTask>, errors ERRORS;

    /// List artifacts for a task. (Mini-Devin, "Artifacts")
    ListArtifacts: GET "/api/tasks/{task_id}/artifacts" EvidenceArtifacts
        [TaskPath] [NoQuery] [NoBody] -> 200 Json<Listed<Artifact>>, errors ERRORS;

    /// Download an artifact. (Mini-Devin, "Artifacts")
    DownloadArtifact: GET "/api/tasks/{task_id}/artifacts/{artifact_id}" EvidenceArtifact
        [ArtifactPath] [NoQuery] [NoBody] -> 200 Bytes, errors ERRORS;

    /// Connect to receive real-time updates for a task. (Mini-Devin, "Task Streaming")
    TaskEvents: WS "/ws/tasks/{task_id}" EventsWatch
        [TaskPath] [TokenQuery] [NoBody] -> 101 Ws<TaskMessage, ClientMessage>,
        auth Auth::QueryToken;
}
