//! kill -9, and what is true afterwards.
#![cfg(target_os = "linux")]

use rustix::process::Signal;
use serde_json::json;

use crate::scene::{Scene, until, waits_for};

/// A loop that was killed in its second iteration.
fn killed() -> (Scene, String) {
    let scene = Scene::new();
    let go = scene.path("go");
    let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
    running.read_until("● iteration 2");
    until("the agent waits", || scene.path("go.waiting").exists());
    running.send(Signal::KILL);
    running.end();
    let id = scene.only_id();
    (scene, id)
}

/// Pitfalls 16 and 18: nothing of the agent lives on, and nothing says that it runs.
#[test]
fn a_kill_leaves_no_process_and_the_list_tells_the_truth() {
    let (scene, _) = killed();
    scene.nothing_is_left();
    let run = scene.only();
    assert_eq!(run["status"]["unified"], "cancelled");
    assert_eq!(
        (&run["outcome"], &run["resumable"]),
        (&json!("interrupted"), &json!(true))
    );
    let listed = scene.grump(&["loop", "ls"]);
    assert!(
        listed.stdout.contains("cancelled (interrupted)"),
        "{listed}"
    );
}

#[test]
fn start_goes_on_from_the_last_commit() {
    let (scene, id) = killed();
    std::fs::write(scene.path("go"), "").unwrap();
    let ran = scene.grump(&["loop", "start", &id, "--accept"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(
        ran.stdout.contains("● iteration 2"),
        "the same number runs again: {ran}"
    );
    let log = scene.git(&["log", "--format=%s", "main"]);
    assert_eq!(log.matches(": iteration 1").count(), 1, "{log}");
    assert_eq!(log.matches(": iteration 2").count(), 1, "{log}");
}

#[test]
fn watching_what_was_cut_off_ends_and_says_so() {
    let (scene, id) = killed();
    let ran = scene.grump(&["loop", "watch", &id]);
    assert_eq!(ran.code, 5, "{ran}");
    assert!(ran.stdout.contains("● iteration 2"), "{ran}");
}

#[test]
fn the_doctor_finds_what_was_cut_off_and_repairs_it_where_it_is_told_to() {
    let (scene, id) = killed();
    scene.nothing_is_left();
    let found = scene.grump(&["doctor"]);
    assert_eq!(found.code, 1, "{found}");
    let short = &id[id.len() - 8..];
    assert!(
        found.stdout.contains(short) && found.stderr.contains("doctor --fix"),
        "{found}"
    );
    let fixed = scene.json(&["doctor", "--fix"]);
    assert_eq!(fixed["interrupted"][0]["id"], id.as_str());
    let clean = scene.grump(&["doctor"]);
    assert_eq!(
        (clean.code, clean.stdout.as_str()),
        (0, "Nothing was left behind.\n")
    );
    assert_eq!(scene.only()["resumable"], true, "it can still be started");
}

#[test]
fn a_folder_where_nothing_happened_is_healthy() {
    let scene = Scene::without_repository();
    let ran = scene.grump(&["doctor"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "Nothing was left behind.\n")
    );
    let report = scene.json(&["doctor", "--fix"]);
    assert_eq!(report["processes"], json!([]));
    assert!(!scene.data().exists());
}
