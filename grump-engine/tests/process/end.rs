//! Ending agents.

use std::time::Duration;

use grump_engine::process::{Child, Exit, GoodExit, Input, Ladder, Launcher};

use crate::scene::{BUSY, Scene};

const MINUTE: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(20);

async fn busy(scene: &Scene, launcher: &Launcher, ladder: Ladder) -> Child {
    let launch = scene.script(&format!("{BUSY} exec sleep 1000"));
    let child = launcher.spawn(launch.ladder(ladder)).await.unwrap();
    scene.await_file("ready");
    child
}

/// Pitfall 17: a stop that leaves the agent's tools running is no stop.
#[tokio::test]
async fn a_stop_leaves_neither_tools_nor_daemons() {
    let scene = Scene::new();
    let ladder = Ladder::new(GoodExit::TerminateProcess, MINUTE);
    let mut child = busy(&scene, &scene.launcher(), ladder).await;
    let ended = child.stop().await.unwrap();
    scene.assert_nothing_is_left();
    assert_eq!(ended.exit, Exit::Signal(15));
    assert_eq!(ended.killed.len(), 3, "{:?}", ended.killed);
    assert_eq!(child.stop().await.unwrap(), ended, "asked again");
}

/// Pitfall 17: an agent that does not listen is killed, with all below it.
#[tokio::test]
async fn an_agent_that_ignores_the_good_exit_is_killed() {
    let scene = Scene::new();
    let launch = scene.script(&format!(
        "trap '' TERM; {BUSY} while :; do sleep 1000; done"
    ));
    let ladder = Ladder::new(GoodExit::TerminateGroup, MOMENT);
    let mut child = scene.launcher().spawn(launch.ladder(ladder)).await.unwrap();
    scene.await_file("ready");
    let ended = child.stop().await.unwrap();
    scene.assert_nothing_is_left();
    assert_eq!(ended.exit, Exit::Signal(9));
    assert!(
        ended
            .killed
            .iter()
            .any(|process| process.pid == child.pid())
    );
}

#[tokio::test]
async fn without_a_keeper_a_stop_finds_what_carries_the_mark() {
    let scene = Scene::new();
    let tools = BUSY.replace("env -i ", "");
    let launch = scene.script(&format!("{tools} exec sleep 1000"));
    let mut child = scene.bare_launcher().spawn(launch).await.unwrap();
    scene.await_file("ready");
    let ended = child.stop().await.unwrap();
    scene.assert_nothing_is_left();
    assert_eq!(ended.exit, Exit::Signal(15));
    assert_eq!(ended.killed.len(), 3, "{:?}", ended.killed);
}

#[tokio::test]
async fn a_good_exit_lets_the_agent_finish() {
    let scene = Scene::new();
    let finish = "trap 'exit 3' TERM; echo ready >ready; while :; do sleep 0.01; done";
    for exit in [GoodExit::TerminateProcess, GoodExit::TerminateGroup] {
        for launcher in [scene.launcher(), scene.bare_launcher()] {
            let launch = scene.script(finish).ladder(Ladder::new(exit, MINUTE));
            let mut child = launcher.spawn(launch).await.unwrap();
            scene.await_file("ready");
            assert_eq!(child.stop().await.unwrap().exit, Exit::Code(3), "{exit:?}");
            std::fs::remove_file(scene.path().join("ready")).unwrap();
        }
    }
}

#[tokio::test]
async fn a_good_exit_can_be_the_end_of_input() {
    let scene = Scene::new();
    let ladder = Ladder::new(GoodExit::CloseStdin, MINUTE);
    let launch = scene
        .script("cat; exit 4")
        .stdin(Input::Pipe)
        .ladder(ladder);
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    assert_eq!(child.stop().await.unwrap().exit, Exit::Code(4));
}

/// Pitfall 16: an agent that ends leaves its daemons; the keeper does not.
#[tokio::test]
async fn what_an_agent_leaves_behind_when_it_ends_is_killed() {
    let scene = Scene::new();
    let launch = scene.script(&format!("{BUSY} exit 7"));
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    let ended = child.wait().await.unwrap();
    scene.assert_nothing_is_left();
    assert_eq!(ended.exit, Exit::Code(7));
    assert_eq!(ended.killed.len(), 3, "{:?}", ended.killed);
}

#[tokio::test]
async fn a_child_that_is_dropped_leaves_nothing() {
    let scene = Scene::new();
    drop(busy(&scene, &scene.launcher(), Ladder::default()).await);
    scene.await_nothing_left();
}

#[tokio::test]
async fn a_child_that_is_dropped_without_a_keeper_leaves_nothing_that_carries_the_mark() {
    let scene = Scene::new();
    let launch = scene.script(&format!("{} sleep 1000", BUSY.replace("env -i ", "")));
    let child = scene.bare_launcher().spawn(launch).await.unwrap();
    scene.await_file("ready");
    drop(child);
    scene.await_nothing_left();
}

#[tokio::test]
async fn waiting_may_be_given_up_and_taken_up_again() {
    let scene = Scene::new();
    let launch = scene.script("read x; exit 6").stdin(Input::Pipe);
    let mut child = scene.launcher().spawn(launch).await.unwrap();
    for _ in 0..3 {
        let early = tokio::time::timeout(MOMENT, child.wait()).await;
        assert!(early.is_err(), "{early:?}");
    }
    drop(child.stdin.take());
    assert_eq!(child.wait().await.unwrap().exit, Exit::Code(6));
}

#[tokio::test]
async fn two_agents_at_once_end_apart() {
    let scene = Scene::new();
    let launcher = scene.launcher();
    let script = "read x; exit 2";
    let mut first = launcher.spawn(scene.script(script)).await.unwrap();
    let mut other = scene.script(script).stdin(Input::Pipe);
    other.run = "run-2".into();
    let mut second = launcher.spawn(other).await.unwrap();
    first.stop().await.unwrap();
    let early = tokio::time::timeout(MOMENT, second.wait()).await;
    assert!(early.is_err(), "the stop of run-1 ended run-2: {early:?}");
    drop(second.stdin.take());
    assert_eq!(second.wait().await.unwrap().exit, Exit::Code(2));
}
