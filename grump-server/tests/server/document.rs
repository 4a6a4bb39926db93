//! Every curl example of the document, word for word but for host, ids and paths, through curl.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
};

use crate::stage::Stage;

macro_rules! example {
    ($name:literal) => {
        include_str!(concat!(
            "../../../grump-wire/src/ralpher/fixtures/document/",
            $name
        ))
    };
}

/// The commands of an example, with this stage's host and paths, and this loop's path.
fn commands(stage: &Stage, example: &str, path: &str) -> Vec<String> {
    let example = example
        .replace(
            "http://localhost:3000",
            &format!("http://{}", stage.served.address()),
        )
        .replace("/path/to/project", &stage.repository.directory())
        .replace("/api/loops/abc-123", path);
    let mut commands = vec![String::new()];
    for line in example.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with("curl") && !commands[0].is_empty() {
            commands.push(String::new());
        }
        if let Some(command) = commands.last_mut() {
            command.push_str(line);
            command.push('\n');
        }
    }
    commands
}

fn shell(command: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("exec {command}")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("a shell")
}

/// What a command printed, which is JSON.
async fn run(command: &str) -> Value {
    let output = shell(command).wait_with_output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "this test needs curl; install it: {command}: {text}"
    );
    serde_json::from_str(&text).unwrap()
}

/// "Create and Start a Loop"
#[tokio::test]
async fn the_example_that_creates_starts_and_watches_works() {
    let stage = Stage::set().await;
    let example = example!("curl_create_and_start.sh");
    let created = run(&commands(&stage, example, "")[0]).await;
    assert_eq!(created["config"]["name"], "Add user authentication");
    assert_eq!(created["state"]["status"], "idle");
    let path = format!("/api/loops/{}", created["config"]["id"].as_str().unwrap());
    let commands = commands(&stage, example, &path);
    let [_, start, watch] = &commands[..] else {
        panic!("three commands: {commands:?}");
    };
    assert_eq!(run(start).await, json!({"success": true}));
    let mut watching = shell(watch);
    let mut output = watching.stdout.take().unwrap();
    let mut seen = vec![0; 4096];
    let mut read = String::new();
    while !read.contains(": live") {
        let count = output.read(&mut seen).await.unwrap();
        read.push_str(&String::from_utf8_lossy(&seen[..count]));
    }
    stage.repository.open_gate("go");
    while !read.contains("\"type\":\"loop.completed\"") {
        let count = output.read(&mut seen).await.unwrap();
        read.push_str(&String::from_utf8_lossy(&seen[..count]));
    }
    watching.kill().await.unwrap();
    stage.close().await;
}

/// "Handle Uncommitted Changes"
#[tokio::test]
async fn the_example_that_handles_uncommitted_changes_works() {
    let stage = Stage::set().await;
    stage.repository.write("src/foo.ts", "changed\n");
    let path = stage.create("finishes").await;
    let commands = commands(&stage, example!("curl_uncommitted_changes.sh"), &path);
    let [try_it, commit] = &commands[..] else {
        panic!("two commands: {commands:?}");
    };
    let refused = run(try_it).await;
    assert_eq!(refused["error"], "uncommitted_changes");
    assert_eq!(refused["changedFiles"], json!(["src/foo.ts"]));
    assert_eq!(run(commit).await, json!({"success": true}));
    assert_eq!(stage.repository.status(), "");
    stage.close().await;
}

/// "Modify Next Iteration Prompt"
#[tokio::test]
async fn the_example_that_sets_the_next_prompt_works() {
    let stage = Stage::set().await;
    let path = stage.start("hangs").await;
    stage.until(&path, "running").await;
    let commands = commands(&stage, example!("curl_pending_prompt.sh"), &path);
    assert_eq!(run(&commands[0]).await, json!({"success": true}));
    stage.close().await;
}

/// "Accept Completed Loop"
#[tokio::test]
async fn the_example_that_accepts_works() {
    let stage = Stage::set().await;
    let path = stage.run("finishes").await;
    let accepted = run(&commands(&stage, example!("curl_accept.sh"), &path)[0]).await;
    assert_eq!(
        accepted,
        json!({"success": true, "mergeCommit": stage.repository.head()})
    );
    stage.close().await;
}
