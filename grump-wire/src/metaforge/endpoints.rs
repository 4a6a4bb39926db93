//! The endpoints, in the document's order.

use super::{
    events::{GatewayEvent, NoMessage},
    types::{
        AgentStarted, AgentStatus, ApproveRequest, Approved, CreateRequest, DeletedSession,
        HealthReport, PendingPath, PendingSessions, RejectRequest, Rejected, RunRequest, Session,
        SessionPage, SessionPath, SessionsQuery, SystemReport,
    },
};
use crate::{
    contract,
    endpoint::{Auth, Documented, Json, NoBody, NoPath, NoQuery, Ws, endpoints},
};

/// What any request may be answered with. ("Error Codes")
const ERRORS: &[Documented] = &[
    Documented {
        status: 400,
        code: "VALIDATION_ERROR",
    },
    Documented {
        status: 404,
        code: "NOT_FOUND",
    },
    Documented {
        status: 500,
        code: "AGENT_ERROR",
    },
    Documented {
        status: 500,
        code: "TOOL_ERROR",
    },
    Documented {
        status: 504,
        code: "TIMEOUT",
    },
];

endpoints! {
    "metaforge", contract::METAFORGE, Auth::None;

    /// Create a new execution session. (MetaForge, "Create Session")
    CreateSession: POST "/api/v1/session/create" TasksCreate
        [NoPath] [NoQuery] [CreateRequest] -> 200 Json<Session>, errors ERRORS;

    /// Retrieve session details. (MetaForge, "Get Session")
    OpenSession: GET "/api/v1/session/{id}" RunsOpen
        [SessionPath] [NoQuery] [NoBody] -> 200 Json<Session>, errors ERRORS;

    /// Get all sessions. (MetaForge, "List Sessions")
    ListSessions: GET "/api/v1/sessions" RunsList
        [NoPath] [SessionsQuery] [NoBody] -> 200 Json<SessionPage>, errors ERRORS;

    /// Delete a session and its artifacts. (MetaForge, "Delete Session")
    DeleteSession: DELETE "/api/v1/session/{id}" RunsRemove
        [SessionPath] [NoQuery] [NoBody] -> 200 Json<DeletedSession>, errors ERRORS;

    /// Execute an agent workflow. (MetaForge, "Run Agent")
    RunAgent: POST "/api/v1/agent/run" TasksCreateAndStart
        [NoPath] [NoQuery] [RunRequest] -> 200 Json<AgentStarted>, errors ERRORS;

    /// Check agent execution status. (MetaForge, "Get Agent Status")
    CheckAgent: GET "/api/v1/agent/{id}/status" RunsOpen
        [SessionPath] [NoQuery] [NoBody] -> 200 Json<AgentStatus>, errors ERRORS;

    /// Get all pending approvals. (MetaForge, "List Pending Approvals")
    ListPending: GET "/api/v1/pending" ReviewsPending
        [NoPath] [NoQuery] [NoBody] -> 200 Json<PendingSessions>, errors ERRORS;

    /// Approve pending changes. (MetaForge, "Approve Session")
    ApproveSession: POST "/api/v1/approve/{session}" ReviewsApprove
        [PendingPath] [NoQuery] [ApproveRequest] -> 200 Json<Approved>, errors ERRORS;

    /// Reject pending changes. (MetaForge, "Reject Session")
    RejectSession: POST "/api/v1/reject/{session}" ReviewsReject
        [PendingPath] [NoQuery] [RejectRequest] -> 200 Json<Rejected>, errors ERRORS;

    /// Check gateway health. (MetaForge, "Health Check")
    Health: GET "/api/v1/health" SystemHealth
        [NoPath] [NoQuery] [NoBody] -> 200 Json<HealthReport>, errors ERRORS;

    /// Get detailed system status. (MetaForge, "System Status")
    Status: GET "/api/v1/status" SystemStatus
        [NoPath] [NoQuery] [NoBody] -> 200 Json<SystemReport>, errors ERRORS;

    /// What happens in all sessions, from now on. (MetaForge, "WebSocket API")
    GatewayEvents: WS "/ws" EventsWatchAll
        [NoPath] [NoQuery] [NoBody] -> 101 Ws<GatewayEvent, NoMessage>;
}
