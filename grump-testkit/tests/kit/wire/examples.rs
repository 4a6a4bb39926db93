//! The document's own answers, sent by a server and read by the types.

use grump_testkit::field::{Quirks, Reply};
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery, ResponseBody},
    ralpher::*,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Speaker, request};

impl Speaker {
    /// Has the server answer with this, and reads it with the endpoint's types.
    async fn read<E, T>(&self, path: E::Path, query: E::Query, body: E::Body, answer: &str) -> T
    where
        E: Endpoint<Response: ResponseBody<Value = T>>,
        T: DeserializeOwned,
    {
        let at = grump_wire::endpoint::path::<E>(&path);
        let reply = Reply::text(E::STATUS, "application/json", answer);
        self.field.reply_once(E::METHOD, &at, reply);
        self.ask::<E, T>(path, query, body).await
    }

    /// As [`read`](Self::read), of an endpoint of a loop that takes no body.
    async fn of<E, T>(&self, answer: &str) -> T
    where
        E: Endpoint<
                Path = LoopPath,
                Query = NoQuery,
                Body = NoBody,
                Response: ResponseBody<Value = T>,
            >,
        T: DeserializeOwned,
    {
        self.read::<E, T>(abc(), NoQuery {}, NoBody, answer).await
    }

    /// As [`read`](Self::read), of an endpoint without path and body.
    async fn plain<E, T>(&self, query: E::Query, answer: &str) -> T
    where
        E: Endpoint<Path = NoPath, Body = NoBody, Response: ResponseBody<Value = T>>,
        T: DeserializeOwned,
    {
        self.read::<E, T>(NoPath {}, query, NoBody, answer).await
    }
}

fn abc() -> LoopPath {
    LoopPath {
        id: "abc-123".to_owned(),
    }
}

#[tokio::test]
async fn the_documents_answers_about_loops_are_read() {
    let to = Speaker::to(Quirks::documented(), "fixture").await;
    let list = document!("GET_api_loops__response_200.json");
    // "Returns the loop object": that of the list.
    let one = serde_json::from_str::<Value>(list).unwrap()[0].to_string();
    let all: Vec<Loop> = to.plain::<ListLoops, _>(NoQuery {}, list).await;
    let opened: Loop = to.of::<OpenLoop, _>(&one).await;
    let made: Loop = to
        .read::<CreateLoop, _>(NoPath {}, NoQuery {}, request(), &one)
        .await;
    let changed: Loop = to
        .read::<EditLoop, _>(abc(), NoQuery {}, LoopChange::default(), &one)
        .await;
    assert!([opened, made, changed].iter().all(|told| *told == all[0]));
    let diff: Vec<FileDiff> = to
        .of::<DiffLoop, _>(document!("GET_api_loops_id_diff__response_200.json"))
        .await;
    assert_eq!(diff[1].path, "src/styles/dark.css");
    let plan: PlanningFile = to
        .of::<Plan, _>(document!("GET_api_loops_id_plan__response_200.json"))
        .await;
    let status: PlanningFile = to
        .of::<StatusFile, _>(document!("GET_api_loops_id_status-file__response_200.json"))
        .await;
    assert!(plan.content.starts_with("# Project Plan") && status.exists);
}

#[tokio::test]
async fn the_documents_answers_to_commands_are_read() {
    let to = Speaker::to(Quirks::documented(), "fixture").await;
    let accepted: Accepted = to
        .of::<AcceptLoop, _>(document!("POST_api_loops_id_accept__response_200.json"))
        .await;
    assert_eq!(accepted.merge_commit, "abc123...");
    let prompt = PendingPrompt {
        prompt: "More".to_owned(),
    };
    let model = ModelRef::default();
    let done: [Success; 8] = [
        to.of::<DeleteLoop, _>(document!("DELETE_api_loops_id__response_200.json"))
            .await,
        to.of::<StopLoop, _>(document!("POST_api_loops_id_stop__response_200.json"))
            .await,
        to.of::<DiscardLoop, _>(document!("POST_api_loops_id_discard__response_200.json"))
            .await,
        to.of::<PurgeLoop, _>(document!("POST_api_loops_id_purge__response_200.json"))
            .await,
        to.of::<ClearPendingPrompt, _>(document!(
            "DELETE_api_loops_id_pending-prompt__response_200.json"
        ))
        .await,
        to.read::<StartLoop, _>(
            abc(),
            NoQuery {},
            StartRequest::default(),
            document!("POST_api_loops_id_start__response_200.json"),
        )
        .await,
        to.read::<SetPendingPrompt, _>(
            abc(),
            NoQuery {},
            prompt,
            document!("PUT_api_loops_id_pending-prompt__response_200.json"),
        )
        .await,
        to.read::<SetLastModel, _>(
            NoPath {},
            NoQuery {},
            model,
            document!("PUT_api_preferences_last-model__response_200.json"),
        )
        .await,
    ];
    assert!(done.iter().all(|done| done.success));
}

#[tokio::test]
async fn the_documents_other_answers_are_read() {
    let to = Speaker::to(Quirks::documented(), "fixture").await;
    let directory = || DirectoryQuery {
        directory: "/p".to_owned(),
    };
    let health: HealthReport = to
        .plain::<Health, _>(NoQuery {}, document!("GET_api_health__response_200.json"))
        .await;
    assert_eq!(health.version, "1.0.0");
    let models: Vec<Model> = to
        .plain::<ListModels, _>(directory(), document!("GET_api_models__response_200.json"))
        .await;
    assert_eq!(models[1].model_name, "GPT-4o");
    let last: Option<ModelRef> = to
        .plain::<LastModel, _>(
            NoQuery {},
            document!("GET_api_preferences_last-model__response_200.json"),
        )
        .await;
    assert!(last.is_some());
    let folder: PlanningFolder = to
        .plain::<CheckPlanningDir, _>(
            directory(),
            document!("GET_api_check-planning-dir__response_200_exists.json"),
        )
        .await;
    assert_eq!(folder.files, ["plan.md", "status.md"]);
}

#[tokio::test]
async fn the_documents_events_are_read_from_both_streams() {
    let to = Speaker::to(Quirks::documented(), "fixture").await;
    let answer = || {
        Reply::text(
            200,
            "text/event-stream",
            document!("GET_api_events__response_200.sse"),
        )
    };
    let kinds = ["iteration.started", "log", "tool.called"];
    to.field.reply_once("GET", "/api/events", answer());
    let told = to
        .watch::<AllEvents>(NoPath {}, NoQuery {}, NoBody, "loop.tool_call")
        .await;
    assert_eq!(told, kinds);
    to.field
        .reply_once("GET", "/api/loops/abc-123/events", answer());
    let told = to
        .watch::<LoopEvents>(abc(), NoQuery {}, NoBody, "loop.tool_call")
        .await;
    assert_eq!(told, kinds);
}
