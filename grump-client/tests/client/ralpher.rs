//! Every method of the typed client is what the document says: the contract server holds it to that.

use futures::StreamExt;
use grump::ErrorKind;
use grump_client::{LoopOptions, RalpherClient};
use grump_testkit::contract::{Contract, Oddity};
use grump_wire::ralpher::{Backend, Git, LoopChange, StartRequest};
use serde_json::json;

use crate::support::client;

async fn ralpher() -> (Contract, RalpherClient) {
    let server = Contract::start("ralpher").await;
    let client = client(&server.url());
    (server, client)
}

/// Everything that a new loop may say.
fn options() -> LoopOptions {
    let backend = Backend {
        kind: Some("opencode".into()),
        mode: Some("connect".into()),
        hostname: Some("localhost".into()),
        port: Some(4096),
        ..Backend::default()
    };
    LoopOptions::new()
        .backend(backend)
        .model("anthropic", "claude-sonnet-4-20250514")
        .max_iterations(10)
}

#[tokio::test]
async fn ralphers_loops_are_asked_for_as_the_document_says() {
    let (server, client) = ralpher().await;
    let loops = client.loops();
    let made = loops.create("n", "/d", "p", options()).await.unwrap();
    let id = &made.config.id;
    let change = LoopChange {
        prompt: Some("more".into()),
        git: Some(Git {
            commit_prefix: Some("[Me]".into()),
            ..Git::default()
        }),
        ..LoopChange::default()
    };
    let edited = loops.edit(id, change).await.unwrap();
    assert_eq!(loops.open(id).await.unwrap(), edited);
    assert_eq!(loops.list().await.unwrap(), [edited]);
    loops.start(id).await.unwrap();
    loops.set_pending_prompt(id, "and tests").await.unwrap();
    loops.clear_pending_prompt(id).await.unwrap();
    loops.stop(id).await.unwrap();
    server.changed_files(&["src/foo.ts"]);
    let stash = StartRequest {
        handle_uncommitted: Some("stash".into()),
    };
    loops.start_with(id, stash).await.unwrap();
    server.finish(id.as_str());
    assert!(!loops.diff(id).await.unwrap().is_empty());
    loops.accept(id).await.unwrap();
    loops.purge(id).await.unwrap();
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn ralphers_other_nouns_are_asked_for_as_the_document_says() {
    let (server, client) = ralpher().await;
    let id = server.put("loop", json!({"status": "completed"}));
    assert!(client.health().await.unwrap().healthy);
    assert!(!client.loops().plan(&*id).await.unwrap().exists);
    assert!(!client.loops().status_file(&*id).await.unwrap().exists);
    let folder = client.loops().check_planning_dir("/nowhere").await.unwrap();
    assert!(!folder.exists);
    client.loops().discard(&*id).await.unwrap();
    client.loops().delete(&*id).await.unwrap();
    assert_eq!(client.models().list("/a b").await.unwrap().len(), 2);
    let preferences = client.preferences();
    assert_eq!(preferences.last_model().await.unwrap(), None);
    preferences
        .set_last_model("openai", "gpt-4o")
        .await
        .unwrap();
    assert!(preferences.last_model().await.unwrap().is_some());
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn ralphers_streams_are_asked_for_as_the_document_says() {
    let (server, client) = ralpher().await;
    let id = server.put("loop", json!({"status": "running"}));
    let mut all = client.events().all().await.unwrap();
    let mut one = client.events().of_loop(&*id).await.unwrap();
    server.finish(&id);
    for stream in [&mut all, &mut one] {
        let told = stream.next().await.unwrap().unwrap();
        assert_eq!(
            told.loop_id.as_ref().map(ToString::to_string),
            Some(id.clone())
        );
    }
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn each_error_of_ralphers_document_arrives_with_its_status_and_code() {
    for row in Contract::endpoints("ralpher") {
        for (status, code) in &row.errors {
            let (server, client) = ralpher().await;
            server.fail_next(row.operation, *status, code);
            let Some(error) = ask(&client, row.operation).await else {
                continue;
            };
            let remote = error.remote_detail().expect("the server answered");
            assert_eq!(remote.status, Some(*status), "{}", row.name());
            assert_eq!(remote.code.as_deref(), Some(&**code), "{}", row.name());
        }
    }
}

/// The error that an endpoint is answered with that its document lists errors for.
async fn ask(client: &RalpherClient, operation: &str) -> Option<grump::Error> {
    let (loops, id) = (client.loops(), "l");
    match operation {
        "loopsCreate" => loops.create("n", "/d", "p", options()).await.err(),
        "loopsGet" => loops.open(id).await.err(),
        "loopsUpdate" => loops.edit(id, LoopChange::default()).await.err(),
        "loopsDelete" => loops.delete(id).await.err(),
        "loopsStart" => loops.start(id).await.err(),
        "loopsStop" => loops.stop(id).await.err(),
        "loopsAccept" => loops.accept(id).await.err(),
        "loopsDiscard" => loops.discard(id).await.err(),
        "loopsPurge" => loops.purge(id).await.err(),
        "pendingPromptSet" => loops.set_pending_prompt(id, "p").await.err(),
        "pendingPromptClear" => loops.clear_pending_prompt(id).await.err(),
        "loopsDiff" => loops.diff(id).await.err(),
        "loopsPlan" => loops.plan(id).await.err(),
        "loopsStatusFile" => loops.status_file(id).await.err(),
        "modelsList" => client.models().list("/d").await.err(),
        "lastModelSet" => client.preferences().set_last_model("p", "m").await.err(),
        "checkPlanningDir" => loops.check_planning_dir("/d").await.err(),
        "eventsLoop" => client.events().of_loop(id).await.err(),
        operation => panic!("{operation} is not asked"),
    }
}

#[tokio::test]
async fn each_oddity_of_ralphers_servers_is_survived_or_says_what_is_wrong() {
    for oddity in Oddity::all("ralpher") {
        let (server, client) = ralpher().await;
        server.oddity(oddity.name);
        let made = client.loops().create("n", "/d", "p", options()).await;
        let listed = client.loops().list().await;
        let last = client.preferences().last_model().await;
        if oddity.name == "html-pages" {
            let kinds = [made.map(drop), listed.map(drop), last.map(drop)]
                .map(|answer| answer.unwrap_err().kind());
            assert_eq!(kinds, [ErrorKind::Protocol; 3]);
        } else {
            let made = made.unwrap_or_else(|error| panic!("{}: {error:?}", oddity.name));
            assert_eq!(listed.unwrap()[0].config.id, made.config.id);
            assert_eq!(last.unwrap(), None, "{}", oddity.name);
        }
        let missing = client.loops().open("nobody").await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound, "{}", oddity.name);
    }
}
