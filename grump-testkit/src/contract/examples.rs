//! The documents' examples, word for word.

use serde_json::{Map, Value};

use super::Dialect;

/// An example: dialect, name, text.
type Example = (Dialect, &'static str, &'static str);

macro_rules! examples {
    ($($dialect:ident $folder:literal: $($name:literal)*;)*) => {
        &[$($((
            Dialect::$dialect,
            $name,
            include_str!(concat!("data/", $folder, "/", $name)),
        )),*),*]
    };
}

/// All of them. In names of people they differ from the documents.
const ALL: &[Example] = examples! {
    Grump "grump":
        "GET_api_agents__response_200.json"
        "GET_api_billing_tiers__response_200.json"
        "GET_api_billing_usage__response_200.json"
        "GET_api_jobs__response_200.json"
        "GET_api_jobs_jobId__response_200.json"
        "GET_api_ship_sessionId__response_200.json"
        "GET_health__response_200.json"
        "POST_api_agents_agentId_run__request.json"
        "POST_api_architecture_analyze__request.json"
        "POST_api_architecture_generate__request.json"
        "POST_api_architecture_generate__response_200.json"
        "POST_api_chat_stream__request.json"
        "POST_api_chat_stream__response_200.event1_text.json"
        "POST_api_chat_stream__response_200.event2_tool_call.json"
        "POST_api_chat_stream__response_200.event3_tool_result.json"
        "POST_api_chat_stream__response_200.event4_complete.json"
        "POST_api_chat_stream__response_200.sse"
        "POST_api_codegen_sessionId__request.json"
        "POST_api_codegen_sessionId__response_200.json"
        "POST_api_intent_compile__request.json"
        "POST_api_prd_generate__request.json"
        "POST_api_prd_generate__response_200.json"
        "POST_api_ship_sessionId_execute__response_200.json"
        "POST_api_ship_sessionId_execute_stream__request.json"
        "POST_api_ship_sessionId_execute_stream__response_200.event1_start.json"
        "POST_api_ship_sessionId_execute_stream__response_200.event2_phase_start.json"
        "POST_api_ship_sessionId_execute_stream__response_200.event3_phase_complete.json"
        "POST_api_ship_sessionId_execute_stream__response_200.event4_phase_start.json"
        "POST_api_ship_sessionId_execute_stream__response_200.event5_complete.json"
        "POST_api_ship_sessionId_execute_stream__response_200.sse"
        "POST_api_ship_start__request.json"
        "POST_api_ship_start__request_curl.json"
        "POST_api_ship_start__response_200.json"
        "POST_api_webhooks__request.json"
        "WS_ws__client_authenticate.json"
        "envelope_error.json"
        "envelope_success.json";
    Steward "steward":
        "GET_api_runs_run_events_stream__response_200.event1_agent_event.json"
        "GET_api_runs_run_events_stream__response_200.sse"
        "POST_api_runs_run_start__response_409.json";
    Ralpher "ralpher":
        "DELETE_api_loops_id__response_200.json"
        "DELETE_api_loops_id_pending-prompt__response_200.json"
        "GET_api_check-planning-dir__response_200_exists.json"
        "GET_api_check-planning-dir__response_200_missing.json"
        "GET_api_events__response_200.event1_loop.iteration.start.json"
        "GET_api_events__response_200.event2_loop.log.json"
        "GET_api_events__response_200.event3_loop.tool_call.json"
        "GET_api_events__response_200.sse"
        "GET_api_health__response_200.json"
        "GET_api_loops__response_200.json"
        "GET_api_loops_id_diff__response_200.json"
        "GET_api_loops_id_plan__response_200.json"
        "GET_api_loops_id_status-file__response_200.json"
        "GET_api_models__response_200.json"
        "GET_api_preferences_last-model__response_200.json"
        "GET_api_preferences_last-model__response_200_null.json"
        "POST_api_loops__request.json"
        "POST_api_loops__request_curl.json"
        "POST_api_loops__response_201_curl.json"
        "POST_api_loops_id_accept__response_200.json"
        "POST_api_loops_id_accept__response_200_curl.json"
        "POST_api_loops_id_discard__response_200.json"
        "POST_api_loops_id_purge__response_200.json"
        "POST_api_loops_id_start__request_curl.json"
        "POST_api_loops_id_start__response_200.json"
        "POST_api_loops_id_start__response_409_curl.json"
        "POST_api_loops_id_start__response_409_uncommitted_changes.json"
        "POST_api_loops_id_stop__response_200.json"
        "PUT_api_loops_id_pending-prompt__request.json"
        "PUT_api_loops_id_pending-prompt__request_curl.json"
        "PUT_api_loops_id_pending-prompt__response_200.json"
        "PUT_api_preferences_last-model__request.json"
        "PUT_api_preferences_last-model__response_200.json"
        "envelope_error.json";
    MetaForge "metaforge":
        "DELETE_session_id__response_200.json"
        "GET_agent_id_status__response_200.json"
        "GET_health__response_200.json"
        "GET_pending__response_200.json"
        "GET_session_id__response_200.json"
        "GET_sessions__response_200.json"
        "GET_status__response_200.json"
        "POST_agent_run__request.json"
        "POST_agent_run__request_workflow.json"
        "POST_agent_run__response_200.json"
        "POST_approve_session__request.json"
        "POST_approve_session__response_200.json"
        "POST_reject_session__request.json"
        "POST_reject_session__response_200.json"
        "POST_session_create__request.json"
        "POST_session_create__request_workflow.json"
        "POST_session_create__response_200.json"
        "WS_ws__event_agent.progress.json"
        "WS_ws__event_session.complete.json"
        "WS_ws__event_session.started.json"
        "envelope_error.json";
    MiniDevin "mini-devin":
        "GET_api_models__response_200.json"
        "GET_api_providers__response_200.json"
        "GET_api_sessions__response_200.json"
        "GET_api_sessions_session_id__response_200.json"
        "GET_api_sessions_session_id_tasks__response_200.json"
        "GET_api_tasks_task_id__response_200.json"
        "GET_api_tasks_task_id_artifacts__response_200.json"
        "GET_health__response_200.json"
        "POST_api_auth_api-keys__request.json"
        "POST_api_auth_api-keys__response_200.json"
        "POST_api_auth_login__request.json"
        "POST_api_auth_login__response_200.json"
        "POST_api_auth_register__request.json"
        "POST_api_auth_register__response_200.json"
        "POST_api_sessions__request.json"
        "POST_api_sessions__response_200.json"
        "POST_api_sessions_session_id_tasks__request.json"
        "POST_api_sessions_session_id_tasks__response_200.json"
        "POST_api_tasks_task_id_stop__response_200.json"
        "WS_ws_tasks_task_id__client_input.json"
        "WS_ws_tasks_task_id__client_stop.json"
        "WS_ws_tasks_task_id__server_error.json"
        "WS_ws_tasks_task_id__server_plan_update.json"
        "WS_ws_tasks_task_id__server_status.json"
        "WS_ws_tasks_task_id__server_token.json"
        "WS_ws_tasks_task_id__server_tool_call.json"
        "WS_ws_tasks_task_id__server_tool_result.json"
        "envelope_error.json";
};

/// The examples of a dialect: name and text.
pub(super) fn of(dialect: Dialect) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = ALL.iter().filter(move |(of, ..)| *of == dialect);
    all.map(|(_, name, text)| (*name, *text))
}

/// The example of this name, without `.json`.
pub(super) fn example(dialect: Dialect, name: &str) -> Value {
    let found = of(dialect).find(|(known, _)| known.strip_suffix(".json") == Some(name));
    let (_, text) = found.unwrap_or_else(|| panic!("{dialect} has no example {name:?}"));
    serde_json::from_str(text).expect("the examples are JSON")
}

/// An example with what is known put in the place of what it shows. What is known to be null is left
/// out.
pub(super) fn shown_as(example: &Value, known: &Map<String, Value>) -> Value {
    let members = example.as_object().into_iter().flatten();
    let shown = members.filter_map(|(name, value)| match known.get(name) {
        Some(Value::Null) => None,
        Some(known) => Some((name.clone(), known.clone())),
        None => Some((name.clone(), value.clone())),
    });
    Value::Object(shown.collect())
}
