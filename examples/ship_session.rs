//! A SHIP session on a G-Rump server: made, watched through its four phases, its code downloaded;
//! then a chat.
//!
//! `cargo run -p grump-examples --example ship_session` speaks to a server on this machine that does
//! what G-Rump's document says. Put your server's address and your API key in its place.

use futures::StreamExt;
use grump_client::{
    GrumpClient,
    grump::{ChatOptions, CodegenOptions, ShipOptions},
};
use grump_testkit::contract::Contract;
use grump_wire::grump::{BundleFormat, ChatEvent, ChatMessage, SessionStatus, ShipEvent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Contract::start("grump").await;
    let client = GrumpClient::builder(&server.url())
        .token(server.token())
        .build()?;

    let options = ShipOptions::new().tech_stack(["react", "node"]);
    let session = client.ship().start("Build a React app", options).await?;
    println!("{} is {}", session.session_id, session.status);

    let mut events = client.ship().stream(&session.session_id, None).await?;
    while let Some(event) = events.next().await {
        match event? {
            ShipEvent::PhaseStart(start) => println!("{:?} …", start.phase),
            ShipEvent::PhaseComplete(done) => println!("{:?} done", done.phase),
            other => println!("{}", other.kind()),
        }
    }
    let status = client.ship().get_status(&session.session_id).await?;
    assert_eq!(status.status, SessionStatus::Completed);

    let options = CodegenOptions::new().format(BundleFormat::Zip);
    let job = client
        .codegen()
        .generate(&session.session_id, options)
        .await?;
    // The job's work: here the server is told to go on, elsewhere it does so by itself.
    server.finish(job.job_id.as_str());
    let code = client.codegen().download(&session.session_id, None).await?;
    let mut zip = Vec::new();
    let bytes = code.write_to(&mut zip, |_, _| {}).await?;
    println!("downloaded {bytes} bytes");

    let question = [ChatMessage::user("How do I implement JWT authentication?")];
    let mut answer = client.chat().stream(question, ChatOptions::new()).await?;
    while let Some(event) = answer.next().await {
        match event? {
            ChatEvent::Text(piece) => println!("{}", piece.content),
            ChatEvent::ToolCall(call) => println!("calls {}", call.tool),
            _ => {}
        }
    }
    assert_eq!(server.violations(), Vec::<String>::new());
    Ok(())
}
