//! Starting agents.

use std::time::Duration;

use grump_core::ErrorKind;
use grump_engine::process::{Exit, Input, KeeperCommand, Launch, Launcher};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::scene::Scene;

#[tokio::test]
async fn the_agents_code_passes_through() {
    let scene = Scene::new();
    for launcher in [scene.launcher(), scene.bare_launcher()] {
        let mut child = launcher.spawn(scene.script("exit 7")).await.unwrap();
        let ended = child.wait().await.unwrap();
        assert_eq!((ended.exit, ended.killed.len()), (Exit::Code(7), 0));
        assert_eq!(child.wait().await.unwrap(), ended, "asked again");
    }
}

#[tokio::test]
async fn a_signal_that_ended_the_agent_passes_through() {
    let scene = Scene::new();
    for launcher in [scene.launcher(), scene.bare_launcher()] {
        let mut child = launcher.spawn(scene.script("kill -9 $$")).await.unwrap();
        assert_eq!(child.wait().await.unwrap().exit, Exit::Signal(9));
    }
}

#[tokio::test]
async fn the_three_streams_are_the_agents_own() {
    let scene = Scene::new();
    let launch = scene.script("cat; echo oops >&2").stdin(Input::Pipe);
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"hello").await.unwrap();
    drop(stdin);
    let (mut out, mut err) = (String::new(), String::new());
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut out).await.unwrap();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut err).await.unwrap();
    assert_eq!((out.as_str(), err.as_str()), ("hello", "oops\n"));
    assert_eq!(child.wait().await.unwrap().exit, Exit::Code(0));
}

#[tokio::test]
async fn an_agent_that_closes_its_output_is_seen_to_while_it_runs() {
    let scene = Scene::new();
    let launch = scene.script("exec >&- 2>&-; exec sleep 1000");
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    let mut out = Vec::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_end(&mut out).await.unwrap();
    assert!(out.is_empty());
    child.kill().await.unwrap();
}

#[tokio::test]
async fn the_number_is_the_agents_not_the_keepers() {
    let scene = Scene::new();
    let mut child = scene
        .launcher()
        .spawn(scene.script("echo $$; read x").stdin(Input::Pipe))
        .await
        .unwrap();
    let pid = child.pid();
    drop(child.stdin.take());
    let mut out = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut out).await.unwrap();
    assert_eq!(out.trim(), pid.to_string());
    child.wait().await.unwrap();
}

#[tokio::test]
async fn the_agent_has_no_descriptor_of_the_keepers() {
    let scene = Scene::new();
    let mut seen = Vec::new();
    for launcher in [scene.launcher(), scene.bare_launcher()] {
        let launch = Launch::new("ls", scene.path(), "run-1").args(["/proc/self/fd"]);
        let mut child = launcher.spawn(launch).await.unwrap();
        let mut out = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut out).await.unwrap();
        child.wait().await.unwrap();
        seen.push(out);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn the_agent_has_the_mark_and_what_was_added() {
    let scene = Scene::new();
    let launch = scene
        .script("echo $GRUMP_RUN $ADDED; test -n \"$PATH\"")
        .env("ADDED", "yes");
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    let mut out = String::new();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut out).await.unwrap();
    assert_eq!(out.trim(), format!("{}/run-1 yes", scene.journal));
    assert_eq!(child.wait().await.unwrap().exit, Exit::Code(0));
}

#[tokio::test]
async fn a_program_that_is_missing_is_named() {
    let scene = Scene::new();
    for launcher in [scene.launcher(), scene.bare_launcher()] {
        let launch = Launch::new("no-such-agent", scene.path(), "run-1");
        let error = launcher.spawn(launch).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Agent);
        assert_eq!(
            error.to_string(),
            "process.spawn: the agent's program was not found; install it, add its folder to \
             PATH, or configure its full path (program: no-such-agent)"
        );
    }
}

#[tokio::test]
async fn a_program_that_is_no_program_is_named() {
    let scene = Scene::new();
    let file = scene.path().join("notes.txt");
    std::fs::write(&file, "not a program").unwrap();
    for launcher in [scene.launcher(), scene.bare_launcher()] {
        let launch = Launch::new(&file, scene.path(), "run-1");
        let error = launcher.spawn(launch).await.unwrap_err();
        assert_eq!(error.message(), "the agent's program may not be executed");
    }
}

#[tokio::test]
async fn a_prompt_too_long_for_an_argument_is_told_apart() {
    let scene = Scene::new();
    for launcher in [scene.launcher(), scene.bare_launcher()] {
        let launch = Launch::new("true", scene.path(), "run-1").args(["x".repeat(1 << 20)]);
        let error = launcher.spawn(launch).await.unwrap_err();
        assert!(
            error.advice().unwrap().contains("standard input"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let scene = Scene::new();
    let launch = Launch::new("true", scene.path().join("gone"), "run-1");
    let error = scene.launcher().spawn(launch).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("gone"), "{error}");
}

#[tokio::test]
async fn a_keeper_that_is_none_is_an_error_that_names_it() {
    let scene = Scene::new();
    for program in ["true", "/nowhere/keeper"] {
        let launcher = Launcher::new(Some(KeeperCommand::new(program)), &scene.journal);
        let error = launcher.spawn(scene.script("exit 0")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains(program), "{error}");
    }
}

#[test]
fn an_agent_outlives_the_thread_that_started_it() {
    let scene = Scene::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(1)
        .build()
        .unwrap();
    let (launcher, handle) = (scene.launcher(), runtime.handle().clone());
    let launch = scene.script("read x; exit 5").stdin(Input::Pipe);
    let mut child = std::thread::spawn(move || handle.block_on(launcher.spawn(launch)).unwrap())
        .join()
        .unwrap();
    let exit = runtime.block_on(async {
        let early = tokio::time::timeout(Duration::from_millis(50), child.wait()).await;
        assert!(early.is_err(), "ended with its thread: {early:?}");
        drop(child.stdin.take());
        child.wait().await.unwrap().exit
    });
    assert_eq!(exit, Exit::Code(5));
}
