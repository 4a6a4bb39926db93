//! The endpoints, in the document's order.

use super::types::{
    AgentList, AgentPath, AgentTask, Anything, Architecture, ArchitectureRequest, BundleJob,
    BundleRequest, ChatEvent, ChatRequest, ClientMessage, Execution, HealthReport, IntentRequest,
    Job, JobList, JobPath, JobQuery, Prd, PrdRequest, ServerMessage, SessionPath, ShipEvent,
    ShipRequest, ShipSession, ShipStarted, StreamRequest, TierList, UsageReport, Webhook,
    WebhookList, WebhookPath, WebhookRequest, WorkspaceRequest,
};
use crate::{
    contract,
    endpoint::{
        Auth, Bytes, Documented, NoBody, NoPath, NoQuery, Sse, Text, Wrapped, Ws, endpoints,
    },
};

/// The document's one table of errors, which holds for every endpoint. ("Error Codes")
const ERRORS: &[Documented] = &[
    of(400, "invalid_request"),
    of(401, "unauthorized"),
    of(403, "forbidden"),
    of(404, "not_found"),
    of(429, "rate_limited"),
    of(500, "internal_error"),
    of(503, "service_unavailable"),
    of(504, "timeout"),
];

const fn of(status: u16, code: &'static str) -> Documented {
    Documented { status, code }
}

endpoints! {
    "grump", contract::GRUMP, Auth::Credential;

    /// Start a new SHIP workflow session. (G-Rump, "Start SHIP Session")
    StartShip: POST "/api/ship/start" ShipsCreate
        [NoPath] [NoQuery] [ShipRequest] -> 200 Wrapped<ShipStarted>, errors ERRORS;

    /// Check the status and results of a SHIP session. (G-Rump, "Get Session Status")
    OpenShip: GET "/api/ship/{sessionId}" RunsOpen
        [SessionPath] [NoQuery] [NoBody] -> 200 Wrapped<ShipSession>, errors ERRORS;

    /// Enqueue the SHIP workflow for execution. (G-Rump, "Execute SHIP Workflow")
    ExecuteShip: POST "/api/ship/{sessionId}/execute" RunsStart
        [SessionPath] [NoQuery] [NoBody] -> 200 Wrapped<Execution>, errors ERRORS;

    /// Execute SHIP workflow with real-time streaming updates via SSE. (G-Rump, "Execute with Streaming")
    StreamShip: POST "/api/ship/{sessionId}/execute/stream" ShipsStartAndWatch
        [SessionPath] [NoQuery] [StreamRequest] -> 200 Sse<ShipEvent>, errors ERRORS;

    /// Send messages to the AI with tool calling support. (G-Rump, "Streaming Chat")
    StreamChat: POST "/api/chat/stream" ChatsSend
        [NoPath] [NoQuery] [ChatRequest] -> 200 Sse<ChatEvent>, errors ERRORS;

    /// Generate code from a completed SHIP session. (G-Rump, "Generate Code")
    GenerateCode: POST "/api/codegen/{sessionId}" CodeBundlesBuild
        [SessionPath] [NoQuery] [BundleRequest] -> 200 Wrapped<BundleJob>, errors ERRORS;

    /// Download or retrieve generated code. (G-Rump, "Get Generated Code")
    DownloadCode: GET "/api/codegen/{sessionId}/download" CodeBundlesDownload
        [SessionPath] [NoQuery] [NoBody] -> 200 Bytes, errors ERRORS;

    /// Generate system architecture diagrams and specifications. (G-Rump, "Generate Architecture")
    GenerateArchitecture: POST "/api/architecture/generate" DesignsGenerateArchitecture
        [NoPath] [NoQuery] [ArchitectureRequest] -> 200 Wrapped<Architecture>, errors ERRORS;

    /// Analyze an existing codebase and generate architecture documentation. (G-Rump, "Analyze Workspace")
    AnalyzeWorkspace: POST "/api/architecture/analyze" DesignsAnalyzeWorkspace
        [NoPath] [NoQuery] [WorkspaceRequest] -> 200 Anything, errors ERRORS;

    /// Create a Product Requirements Document. (G-Rump, "Generate PRD")
    GeneratePrd: POST "/api/prd/generate" DesignsGeneratePrd
        [NoPath] [NoQuery] [PrdRequest] -> 200 Wrapped<Prd>, errors ERRORS;

    /// Compile intent files into structured output. (G-Rump, "Compile Intent")
    CompileIntent: POST "/api/intent/compile" DesignsCompileIntent
        [NoPath] [NoQuery] [IntentRequest] -> 200 Anything, errors ERRORS;

    /// List all background jobs. (G-Rump, "List Jobs")
    ListJobs: GET "/api/jobs" RunsList
        [NoPath] [JobQuery] [NoBody] -> 200 Wrapped<JobList>, errors ERRORS;

    /// Check the status of a specific job. (G-Rump, "Get Job Status")
    OpenJob: GET "/api/jobs/{jobId}" RunsOpen
        [JobPath] [NoQuery] [NoBody] -> 200 Wrapped<Job>, errors ERRORS;

    /// Cancel a running job. (G-Rump, "Cancel Job")
    CancelJob: POST "/api/jobs/{jobId}/cancel" RunsStop
        [JobPath] [NoQuery] [NoBody] -> 200 Anything, errors ERRORS;

    /// Get available AI agents and their capabilities. (G-Rump, "List Agents")
    ListAgents: GET "/api/agents" AgentsList
        [NoPath] [NoQuery] [NoBody] -> 200 Wrapped<AgentList>, errors ERRORS;

    /// Execute a specific agent on a task. (G-Rump, "Run Agent")
    RunAgent: POST "/api/agents/{agentId}/run" AgentsRun
        [AgentPath] [NoQuery] [AgentTask] -> 200 Anything, errors ERRORS;

    /// Get available subscription tiers. (G-Rump, "Get Tiers")
    ListTiers: GET "/api/billing/tiers" AccountsTiers
        [NoPath] [NoQuery] [NoBody] -> 200 Wrapped<TierList>, errors ERRORS;

    /// Get current usage statistics. (G-Rump, "Get Usage")
    ReadUsage: GET "/api/billing/usage" AccountsUsage
        [NoPath] [NoQuery] [NoBody] -> 200 Wrapped<UsageReport>, errors ERRORS;

    /// Register a webhook for async job notifications. (G-Rump, "Register Webhook")
    RegisterWebhook: POST "/api/webhooks" WebhooksRegister
        [NoPath] [NoQuery] [WebhookRequest] -> 200 Wrapped<Webhook>, errors ERRORS;

    /// List the registered webhooks. (G-Rump, "List Webhooks")
    ListWebhooks: GET "/api/webhooks" WebhooksList
        [NoPath] [NoQuery] [NoBody] -> 200 Wrapped<WebhookList>, errors ERRORS;

    /// Delete a registered webhook. (G-Rump, "Delete Webhook")
    DeleteWebhook: DELETE "/api/webhooks/{webhookId}" WebhooksRemove
        [WebhookPath] [NoQuery] [NoBody] -> 200 Anything, errors ERRORS;

    /// Check API health status. (G-Rump, "Health Check")
    Health: GET "/health" SystemHealth
        [NoPath] [NoQuery] [NoBody] -> 200 Wrapped<HealthReport>,
        errors [429 "rate_limited", 500 "internal_error", 503 "service_unavailable", 504 "timeout"],
        auth Auth::None;

    /// Get Prometheus-compatible metrics (requires auth). (G-Rump, "Metrics")
    Metrics: GET "/metrics" SystemMetrics
        [NoPath] [NoQuery] [NoBody] -> 200 Text, errors ERRORS;

    /// Real-time bidirectional communication. (G-Rump, "WebSocket API")
    Socket: WS "/ws" EventsWatchAll
        [NoPath] [NoQuery] [NoBody] -> 101 Ws<ServerMessage, ClientMessage>,
        auth Auth::FirstMessage;
}
