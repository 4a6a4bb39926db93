//! The types of `grump-wire` speak with a server that shares nothing with them, and read the
//! document's own answers. Both are recorded as coverage.

use grump_testkit::{
    coverage,
    field::{Field, NoModel, Quirks, Reply},
};
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, NoPath, NoQuery, RequestBody, ResponseBody, target},
    ralpher::{self, *},
};
use reqwest::Client;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An example of the document's.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!(
            "../../../grump-wire/src/ralpher/fixtures/document/",
            $name
        ))
    };
}

/// What speaks to the server, and as which column of the coverage.
struct Speaker {
    field: Field,
    client: Client,
    side: &'static str,
}

impl Speaker {
    async fn to(quirks: Quirks, side: &'static str) -> Self {
        Self {
            field: Field::start(quirks).await.unwrap(),
            client: Client::new(),
            side,
        }
    }

    /// Sends a request as the types write it; the answer's text, if it has the endpoint's status.
    async fn send<E: Endpoint>(
        &self,
        path: &E::Path,
        query: &E::Query,
        body: &E::Body,
    ) -> reqwest::Response {
        let target = target::<E>(path, query).unwrap();
        let url = format!("{}{target}", self.field.url());
        let mut request = self.client.request(E::METHOD.parse().unwrap(), url);
        if let Some(body) = body.write() {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), E::STATUS, "{}", E::NAME);
        response
    }

    /// Sends a request and reads its answer.
    async fn ask<E, T>(&self, path: E::Path, query: E::Query, body: E::Body) -> T
    where
        E: Endpoint<Response: ResponseBody<Value = T>>,
        T: DeserializeOwned,
    {
        let response = self.send::<E>(&path, &query, &body).await;
        let text = response.text().await.unwrap();
        let answer = serde_json::from_str(&text);
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}: {text}", E::NAME));
        self.spoke::<E>();
        answer
    }

    /// Opens a stream and reads what its events tell, until one has this type.
    async fn watch<E: Endpoint>(
        &self,
        path: E::Path,
        query: E::Query,
        body: E::Body,
        until: &str,
    ) -> Vec<String> {
        let mut response = self.send::<E>(&path, &query, &body).await;
        let mut told = String::new();
        while !told.contains(until) {
            let chunk = response.chunk().await.unwrap();
            told.push_str(std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap());
        }
        let kinds = told
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| {
                let event = ralpher::events::decode(data, None).unwrap().event;
                event.kind().to_string()
            });
        self.spoke::<E>();
        kinds.collect()
    }

    fn spoke<E: Endpoint>(&self) {
        coverage::exchange(
            self.side,
            ralpher::NAME,
            E::METHOD,
            E::PATH,
            E::STATUS,
            true,
        );
    }
}

fn request() -> LoopRequest {
    serde_json::from_str(document!("POST_api_loops__request.json")).unwrap()
}

fn id(told: &Loop) -> LoopPath {
    LoopPath {
        id: told.config.id.to_string(),
    }
}

/// A loop's life, from its creation to its purge.
async fn life(to: &Speaker) {
    let none = || (NoQuery {}, NoBody);
    let made: Loop = to
        .ask::<CreateLoop, _>(NoPath {}, NoQuery {}, request())
        .await;
    let path = || id(&made);
    let all: Vec<Loop> = to.ask::<ListLoops, _>(NoPath {}, none().0, none().1).await;
    assert_eq!(all, std::slice::from_ref(&made));
    let change = LoopChange {
        max_iterations: Some(7),
        ..LoopChange::default()
    };
    let changed: Loop = to.ask::<EditLoop, _>(path(), NoQuery {}, change).await;
    assert_eq!(changed.config.max_iterations, Some(7));
    let started: Success = to
        .ask::<StartLoop, _>(path(), NoQuery {}, StartRequest::default())
        .await;
    assert!(started.success);
    let prompt = PendingPrompt {
        prompt: "More".to_owned(),
    };
    to.ask::<SetPendingPrompt, Success>(path(), NoQuery {}, prompt)
        .await;
    to.ask::<ClearPendingPrompt, Success>(path(), none().0, none().1)
        .await;
    to.ask::<StopLoop, Success>(path(), none().0, none().1)
        .await;
    to.ask::<StartLoop, Success>(path(), NoQuery {}, StartRequest::default())
        .await;
    to.field.complete(&path().id);
    let over: Loop = to.ask::<OpenLoop, _>(path(), none().0, none().1).await;
    assert_eq!(
        (&*over.state.status, over.state.current_iteration),
        ("completed", 1)
    );
    let diff: Vec<FileDiff> = to.ask::<DiffLoop, _>(path(), none().0, none().1).await;
    assert_eq!(diff[0].status, "added");
    let accepted: Accepted = to.ask::<AcceptLoop, _>(path(), none().0, none().1).await;
    assert_eq!(accepted.merge_commit.len(), 40);
    to.ask::<PurgeLoop, Success>(path(), none().0, none().1)
        .await;
}

/// What else there is to ask.
async fn rest(to: &Speaker) {
    let none = || (NoQuery {}, NoBody);
    let health: HealthReport = to.ask::<Health, _>(NoPath {}, none().0, none().1).await;
    assert!(health.healthy);
    let made: Loop = to
        .ask::<CreateLoop, _>(NoPath {}, NoQuery {}, request())
        .await;
    let path = || id(&made);
    let plan: PlanningFile = to.ask::<Plan, _>(path(), none().0, none().1).await;
    let status: PlanningFile = to.ask::<StatusFile, _>(path(), none().0, none().1).await;
    assert_eq!((plan.exists, status.exists), (false, false));
    to.field.complete(&path().id);
    to.ask::<DiscardLoop, Success>(path(), none().0, none().1)
        .await;
    to.ask::<DeleteLoop, Success>(path(), none().0, none().1)
        .await;
    let directory = || DirectoryQuery {
        directory: "/path/to/project".to_owned(),
    };
    let models: Vec<Model> = to
        .ask::<ListModels, _>(NoPath {}, directory(), NoBody)
        .await;
    assert_eq!(models.len(), 2);
    let folder: PlanningFolder = to
        .ask::<CheckPlanningDir, _>(NoPath {}, directory(), NoBody)
        .await;
    assert!(!folder.exists);
    let last: Option<ModelRef> = to.ask::<LastModel, _>(NoPath {}, none().0, none().1).await;
    assert_eq!(last, None);
    let model = ModelRef {
        provider_id: Some("anthropic".to_owned()),
        model_id: Some("claude-sonnet-4-20250514".to_owned()),
    };
    to.ask::<SetLastModel, Success>(NoPath {}, NoQuery {}, model.clone())
        .await;
    let last: Option<ModelRef> = to.ask::<LastModel, _>(NoPath {}, none().0, none().1).await;
    assert_eq!(last, Some(model));
}

async fn streams(to: &Speaker) {
    let made: Loop = to
        .ask::<CreateLoop, _>(NoPath {}, NoQuery {}, request())
        .await;
    let run = async {
        to.field.streaming(2).await;
        to.field.complete(&id(&made).id);
    };
    let (of_all, of_one, ()) = futures::join!(
        to.watch::<AllEvents>(NoPath {}, NoQuery {}, NoBody, "loop.completed"),
        to.watch::<LoopEvents>(id(&made), NoQuery {}, NoBody, "loop.completed"),
        run,
    );
    assert_eq!(of_all, of_one);
    for kind in [
        "run.started",
        "iteration.started",
        "tool.called",
        "run.completed",
    ] {
        assert!(of_all.iter().any(|told| told == kind), "{kind}: {of_all:?}");
    }
}

#[tokio::test]
async fn the_types_speak_with_a_server_that_follows_the_document() {
    let to = Speaker::to(Quirks::documented(), "typed").await;
    life(&to).await;
    rest(&to).await;
    streams(&to).await;
}

#[tokio::test]
async fn the_types_speak_with_a_server_in_the_field() {
    let to = Speaker::to(Quirks::field(), "typed").await;
    life(&to).await;
    to.field.quirks(|quirks| {
        quirks.no_model = NoModel::Empty;
        quirks.no_content = true;
    });
    let empty: Option<ModelRef> = to.ask::<LastModel, _>(NoPath {}, NoQuery {}, NoBody).await;
    assert_eq!(empty.and_then(ralpher::map::complete), None);
    to.field.quirks(|quirks| quirks.no_model = NoModel::Null);
    rest(&to).await;
    streams(&to).await;
}

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

#[tokio::test]
async fn a_refusal_of_the_server_is_read_as_what_it_is() {
    let to = Speaker::to(Quirks::documented(), "typed").await;
    let made = to.field.create("a task");
    to.field.changed_files(&["src/foo.ts"]);
    let url = format!("{}/api/loops/{made}/start", to.field.url());
    let response = to.client.post(url).send().await.unwrap();
    let status = response.status().as_u16();
    let error = ralpher::error::read(status, &response.bytes().await.unwrap());
    let conflict = error.conflict().unwrap();
    assert_eq!(conflict.code, "uncommitted_changes");
    assert_eq!(json!(conflict.changed_files), json!(["src/foo.ts"]));
}
