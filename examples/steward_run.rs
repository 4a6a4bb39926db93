//! A run on a Steward server: made, started, watched to its end, approved and committed.
//!
//! `cargo run -p grump-examples --example steward_run` speaks to a server on this machine that does
//! what Steward's document says. Put your server's address and your credentials in its place.

use futures::StreamExt;
use grump_client::{StewardClient, StewardRunOptions};
use grump_testkit::contract::Contract;
use grump_wire::steward::{ApproveRequest, RunStatus};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Contract::start("steward").await;
    let project = server.put("project", serde_json::json!({"status": "ready"}));

    let client = StewardClient::builder(&server.url())
        .login("user@example.com", "securepassword")
        .build()?;
    let me = client.auth().me().await?;
    println!("logged in as {}", me.name.unwrap_or_default());

    let options = StewardRunOptions::new().safe_mode(true);
    let (title, prompt) = ("Dark mode", "Add a switch for dark mode");
    let runs = client.runs();
    let run = runs
        .create(
            &*project,
            title,
            prompt,
            "frontend",
            "claude-sonnet-4",
            options,
        )
        .await?;
    let mut events = runs.stream(&run.id).await?;
    println!("run {} is {}", run.id, runs.start(&run.id).await?.status);

    // The agent's work: here the server is told to go on, elsewhere it does so by itself.
    server.finish(run.id.as_str());
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => println!("{} {}", event.event_type, event.path.unwrap_or_default()),
            // The stream is over; whether the run is, the run says.
            Err(error) => {
                println!("{error}");
                break;
            }
        }
    }
    let run = runs.open(&run.id).await?;
    assert_eq!(run.status, RunStatus::Completed);
    print!("{}", runs.diff(&run.id).await?);

    let reviews = client.reviews();
    reviews.approve(&run.id, ApproveRequest::default()).await?;
    let committed = reviews.commit(&run.id).await?;
    println!("committed as {}", committed.commit().unwrap_or("?"));
    if let Err(refused) = reviews.push(&run.id).await {
        println!("not pushed: {refused}");
    }
    assert_eq!(server.violations(), Vec::<String>::new());
    Ok(())
}
