//! One loop from its creation to its merge, embedded.
//!
//! `cargo run -p grump-examples --example one_loop` makes a small repository in a temporary folder
//! and lets a shell command be the agent. Put your own folder and agent in its place.

use futures::StreamExt;
use grump::{NewLoop, Payload, Since, Update};
use grump_examples::make_repository;

/// Appends a line, and says that it is done when there are three.
const AGENT: &str = r#"cmd: sh -c 'echo "line {iteration}" >> lines.txt; echo "{iteration} of 3"; test {iteration} -lt 3 || echo "<promise>COMPLETE</promise>"'"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("app");
    make_repository(&app)?;

    let plane = grump::embedded(folder.path().join("grump"))?;
    let new = NewLoop::new(
        "three lines",
        app.display().to_string(),
        "Write three lines",
    )
    .agent(AGENT)
    .max_iterations(10);
    let lines = plane.loops().create(new).await?;
    plane.loops().start(&lines).await?;

    let mut updates = plane.loops().watch(&lines, Since::Beginning).await?;
    while let Some(update) = updates.next().await {
        if let Update::Event(event) = update? {
            show(&event.payload);
        }
    }
    for file in plane.loops().diff(&lines).await? {
        println!(
            "{} {} +{} -{}",
            file.status, file.path, file.additions, file.deletions
        );
    }
    let accepted = plane.loops().accept(&lines).await?;
    println!("merged as {}", accepted.merge_commit);
    assert_eq!(
        std::fs::read_to_string(app.join("lines.txt"))?,
        "line 1\nline 2\nline 3\n"
    );
    plane.close().await;
    Ok(())
}

fn show(payload: &Payload) {
    match payload {
        Payload::TextDelta(delta) => print!("{}", delta.text),
        Payload::CommitCreated(created) => println!("commit {:?}", created.commit),
        other => println!("{}", other.name()),
    }
}
