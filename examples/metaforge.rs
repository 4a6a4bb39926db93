//! A skill run by a MetaForge gateway, watched, and approved.
//!
//! `cargo run -p grump-examples --example metaforge` speaks with a gateway that it starts by itself,
//! so that it runs offline. `METAFORGE_URL=http://localhost:3000` is a gateway of yours.

use futures::StreamExt;
use grump::{ApproveRun, ControlPlane, NewTask, Payload, Since, Update};
use grump_client::{MetaForgeClient, MetaForgePlane, metaforge::SkillOptions};
use grump_testkit::contract::Contract;

#[tokio::main]
async fn main() -> grump::Result<()> {
    let stage = Stage::set().await;
    let client = MetaForgeClient::new(&stage.url)?;
    in_the_dialects_words(&client, &stage).await?;
    as_a_control_plane(client, &stage).await
}

/// As the document's own client libraries have it.
async fn in_the_dialects_words(client: &MetaForgeClient, stage: &Stage) -> grump::Result<()> {
    let options = SkillOptions::new().file("PRD.md");
    let mut session = client.run_skill("spec", options).await?;
    println!("{} runs in {}", session.agent(), session.id());
    stage.work(session.id().as_str());
    session.wait_for_completion().await?;
    for artifact in session.artifacts() {
        println!(
            "  {} {}",
            artifact.path,
            artifact.diff.as_deref().unwrap_or("")
        );
    }
    if *session.status() == "pending_approval" {
        session.approve().await?;
    }
    println!("it is {}", session.status());
    Ok(())
}

/// With the same calls as any other plane, and a stream that survives cuts.
async fn as_a_control_plane(client: MetaForgeClient, stage: &Stage) -> grump::Result<()> {
    let plane = MetaForgePlane::new(client);
    let (Some(tasks), Some(events), Some(reviews)) = (
        &plane.facets().tasks,
        &plane.facets().events,
        &plane.facets().reviews,
    ) else {
        unreachable!("a gateway has tasks, events and reviews");
    };
    let new = NewTask::new()
        .skill("architecture")
        .files(vec!["constraints.json".to_owned()]);
    let run = tasks.create_and_start(new).await?;
    let mut updates = events.watch(&run.name, Since::Now).await?;
    stage.work(run.name.id.as_str());
    while let Some(update) = updates.next().await {
        let Update::Event(event) = update? else {
            continue;
        };
        match &event.payload {
            Payload::Progress(progress) => {
                println!(
                    "{:3.0} % {}",
                    progress.value * 100.0,
                    progress.message.as_deref().unwrap_or("")
                );
            }
            Payload::ApprovalRequested(_) => {
                let approve = ApproveRun::new(&run).note("LGTM");
                reviews.approve(approve).await?;
            }
            other => println!("{}", other.name()),
        }
    }
    plane.close().await;
    Ok(())
}

/// A gateway, of ours unless one is named.
struct Stage {
    url: String,
    ours: Option<Contract>,
}

impl Stage {
    async fn set() -> Self {
        if let Ok(url) = std::env::var("METAFORGE_URL") {
            return Self { url, ours: None };
        }
        let ours = Contract::start("metaforge").await;
        Self {
            url: ours.url(),
            ours: Some(ours),
        }
    }

    /// Has our gateway's agent work.
    fn work(&self, session: &str) {
        if let Some(ours) = &self.ours {
            ours.advance(session);
        }
    }
}
