//! A task of a Mini-Devin server: logged in, started, watched, told something, its artifacts read.
//!
//! `cargo run -p grump-examples --example mini_devin` speaks with a server that it starts by itself,
//! so that it runs offline. `MINI_DEVIN_URL=http://localhost:8000` is a server of yours.

use futures::StreamExt;
use grump::{ControlPlane, NewFolder, NewTask, Payload, SendInput, Since, Update};
use grump_client::{MiniDevinClient, MiniDevinPlane};
use grump_testkit::contract::Contract;

#[tokio::main]
async fn main() -> grump::Result<()> {
    let stage = Stage::set().await;
    // The client logs in when it needs a token, and again before the token runs out.
    let client = MiniDevinClient::builder(&stage.url)
        .login("user@example.com", "securepassword")
        .build()?;
    for model in client.models().list().await? {
        println!("{} by {}", model.name, model.provider);
    }
    let plane = MiniDevinPlane::new(client.clone());
    one_task(&plane, &client, &stage).await?;
    plane.close().await;
    Ok(())
}

async fn one_task(
    plane: &MiniDevinPlane,
    client: &MiniDevinClient,
    stage: &Stage,
) -> grump::Result<()> {
    let (Some(folders), Some(tasks), Some(events)) = (
        &plane.facets().folders,
        &plane.facets().tasks,
        &plane.facets().events,
    ) else {
        unreachable!("a server has folders, tasks and events");
    };
    let folder = NewFolder::new()
        .name("Bug Fix Session")
        .directory("/path/to/project");
    let folder = folders.create(folder).await?;
    let new = NewTask::told("Fix the failing test in tests/test_api.py").folder(&folder.id);
    let run = tasks.create_and_start(new).await?;
    let mut updates = events.watch(&run.name, Since::Now).await?;
    tasks
        .send_input(SendInput::new(&run, "Yes, proceed with the changes"))
        .await?;
    stage.work(run.name.id.as_str());
    while let Some(update) = updates.next().await {
        if let Update::Event(event) = update? {
            show(&event.payload);
        }
    }
    for artifact in client.artifacts().list(run.name.id.clone()).await? {
        let download = client
            .artifacts()
            .download(run.name.id.clone(), &artifact.id)
            .await?;
        let mut file = Vec::new();
        let bytes = download.write_to(&mut file, |_, _| {}).await?;
        println!("{}: {bytes} bytes", artifact.name);
    }
    Ok(())
}

fn show(payload: &Payload) {
    match payload {
        Payload::TextDelta(delta) => println!("{}", delta.text),
        Payload::ToolCalled(called) => println!("{} {:?}", called.tool, called.input),
        other => println!("{}", other.name()),
    }
}

/// A server, of ours unless one is named.
struct Stage {
    url: String,
    ours: Option<Contract>,
}

impl Stage {
    async fn set() -> Self {
        if let Ok(url) = std::env::var("MINI_DEVIN_URL") {
            return Self { url, ours: None };
        }
        let ours = Contract::start("mini-devin").await;
        Self {
            url: ours.url(),
            ours: Some(ours),
        }
    }

    /// Has our server's agent work until it is done.
    fn work(&self, task: &str) {
        if let Some(ours) = &self.ours {
            ours.finish(task);
        }
    }
}
