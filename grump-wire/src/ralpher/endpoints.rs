//! The endpoints, in the document's order.

use super::types::{
    Accepted, DirectoryQuery, FileDiff, HealthReport, Loop, LoopChange, LoopEvent, LoopPath,
    LoopRequest, Model, ModelRef, PendingPrompt, PlanningFile, PlanningFolder, StartRequest,
    Success,
};
use crate::{
    contract,
    endpoint::{Auth, Json, NoBody, NoPath, NoQuery, Sse, endpoints},
};

endpoints! {
    "ralpher", contract::RALPHER, Auth::None;

    /// Check if the server is running. (Ralpher, "Health Check")
    Health: GET "/api/health" SystemHealth
        [NoPath] [NoQuery] [NoBody] -> 200 Json<HealthReport>;

    /// List all loops. (Ralpher, "Loops CRUD")
    ListLoops: GET "/api/loops" RunsList
        [NoPath] [NoQuery] [NoBody] -> 200 Json<Vec<Loop>>;

    /// Create a new loop. (Ralpher, "Loops CRUD")
    CreateLoop: POST "/api/loops" LoopsCreate
        [NoPath] [NoQuery] [LoopRequest] -> 201 Json<Loop>,
        errors [400 "validation_error", 400 "invalid_body"], repeat WithKey;

    /// Get a specific loop by ID. (Ralpher, "Loops CRUD")
    OpenLoop: GET "/api/loops/{id}" RunsOpen
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Loop>,
        errors [404 "not_found"];

    /// Update a loop's configuration. (Ralpher, "Loops CRUD")
    EditLoop: PATCH "/api/loops/{id}" LoopsEdit
        [LoopPath] [NoQuery] [LoopChange] -> 200 Json<Loop>,
        errors [404 "not_found"];

    /// Delete a loop. (Ralpher, "Loops CRUD")
    DeleteLoop: DELETE "/api/loops/{id}" RunsRemove
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Success>,
        errors [404 "not_found"];

    /// Start loop execution. (Ralpher, "Loop Control")
    StartLoop: POST "/api/loops/{id}/start" RunsStart
        [LoopPath] [NoQuery] [StartRequest] -> 200 Json<Success>,
        errors [404 "not_found", 409 "already_running", 409 "uncommitted_changes"];

    /// Stop a running loop. (Ralpher, "Loop Control")
    StopLoop: POST "/api/loops/{id}/stop" RunsStop
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Success>,
        errors [409 "not_running"];

    /// Accept a completed loop and merge its branch. (Ralpher, "Loop Control")
    AcceptLoop: POST "/api/loops/{id}/accept" DeliveriesAccept
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Accepted>,
        errors [404 "not_found", 400 "accept_failed"];

    /// Discard a loop and delete its git branch. (Ralpher, "Loop Control")
    DiscardLoop: POST "/api/loops/{id}/discard" DeliveriesDiscard
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Success>,
        errors [404 "not_found", 400 "discard_failed"];

    /// Permanently delete a merged or deleted loop from storage. (Ralpher, "Loop Control")
    PurgeLoop: POST "/api/loops/{id}/purge" DeliveriesPurge
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Success>,
        errors [404 "not_found", 400 "purge_failed"];

    /// Set the pending prompt for the next iteration. (Ralpher, "Pending Prompt")
    SetPendingPrompt: PUT "/api/loops/{id}/pending-prompt" LoopsSetPendingPrompt
        [LoopPath] [NoQuery] [PendingPrompt] -> 200 Json<Success>,
        errors [404 "not_found", 409 "not_running", 400 "validation_error"], repeat Never;

    /// Clear the pending prompt. (Ralpher, "Pending Prompt")
    ClearPendingPrompt: DELETE "/api/loops/{id}/pending-prompt" LoopsClearPendingPrompt
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Success>,
        errors [404 "not_found", 409 "not_running"];

    /// Get the git diff for a loop's changes. (Ralpher, "Loop Data")
    DiffLoop: GET "/api/loops/{id}/diff" DeliveriesDiff
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<Vec<FileDiff>>,
        errors [404 "not_found", 400 "no_git_branch"];

    /// Get the contents of `.planning/plan.md` from the loop's directory. (Ralpher, "Loop Data")
    Plan: GET "/api/loops/{id}/plan" LoopsPlan
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<PlanningFile>;

    /// Get the contents of `.planning/status.md` from the loop's directory. (Ralpher, "Loop Data")
    StatusFile: GET "/api/loops/{id}/status-file" LoopsStatusFile
        [LoopPath] [NoQuery] [NoBody] -> 200 Json<PlanningFile>;

    /// Get available AI models for a directory. (Ralpher, "Models")
    ListModels: GET "/api/models" ModelsList
        [NoPath] [DirectoryQuery] [NoBody] -> 200 Json<Vec<Model>>;

    /// Get the last used model. (Ralpher, "Preferences")
    LastModel: GET "/api/preferences/last-model" ModelsLastUsed
        [NoPath] [NoQuery] [NoBody] -> 200 Json<Option<ModelRef>>;

    /// Set the last used model. (Ralpher, "Preferences")
    SetLastModel: PUT "/api/preferences/last-model" ModelsSetLastUsed
        [NoPath] [NoQuery] [ModelRef] -> 200 Json<Success>;

    /// Check if a directory has a `.planning` folder with files. (Ralpher, "Utilities")
    CheckPlanningDir: GET "/api/check-planning-dir" LoopsCheckPlanningDir
        [NoPath] [DirectoryQuery] [NoBody] -> 200 Json<PlanningFolder>;

    /// Server-Sent Events stream for all loop events. (Ralpher, "Events (SSE)")
    AllEvents: GET "/api/events" EventsWatchAll
        [NoPath] [NoQuery] [NoBody] -> 200 Sse<LoopEvent>;

    /// Server-Sent Events stream filtered to a specific loop. (Ralpher, "Events (SSE)")
    LoopEvents: GET "/api/loops/{id}/events" EventsWatch
        [LoopPath] [NoQuery] [NoBody] -> 200 Sse<LoopEvent>;
}
