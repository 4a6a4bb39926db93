//! An agent that asks before it does something, and a program that answers.
//!
//! `cargo run -p grump-examples --example approve_by_hand` plays a script as the agent: it asks for
//! two things. The program allows the first and refuses the second, with a word on what to do.

use futures::StreamExt;
use grump::{Answer, NewLoop, Payload, Policy, Since, Update};
use grump_examples::make_repository;

const SCRIPT: &str = r#"{"turns": [{
    "steps": [
        {"ask": {"action": "edit", "title": "write notes.md"}},
        {"write": {"path": "notes.md", "content": "Allowed.\n"}},
        {"ask": {"action": "bash", "title": "rm -rf build", "else": [
            {"say": "Then I leave the build folder alone."}
        ]}}
    ],
    "final": "<promise>COMPLETE</promise>"
}]}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let app = folder.path().join("app");
    make_repository(&app)?;
    let script = folder.path().join("part.json");
    std::fs::write(&script, SCRIPT)?;

    let plane = grump::embedded(folder.path().join("grump"))?;
    let new = NewLoop::new("ask first", app.display().to_string(), "Take notes")
        .agent(format!("script: {}", script.display()))
        .policy(Policy::Ask { seconds: 60 });
    let asking = plane.loops().create(new).await?;
    plane.loops().start(&asking).await?;

    let mut updates = plane.loops().watch(&asking, Since::Beginning).await?;
    while let Some(update) = updates.next().await {
        let Update::Event(event) = update? else {
            continue;
        };
        let Payload::PermissionRequested(question) = &event.payload else {
            continue;
        };
        let answer = match question.action.as_str() {
            "edit" => Answer::allow(question.approval.clone()),
            _ => Answer::deny(question.approval.clone()).note("Leave the build folder alone."),
        };
        println!(
            "{}: {}",
            question.title,
            if answer.allow { "yes" } else { "no" }
        );
        plane.reviews().answer(answer).await?;
    }
    let done = plane.loops().open(&asking).await?;
    println!(
        "{} ({})",
        done.status,
        done.outcome.map_or("no outcome", grump::Outcome::as_str)
    );
    assert_eq!(plane.loops().diff(&asking).await?.len(), 1);
    plane.close().await;
    Ok(())
}
