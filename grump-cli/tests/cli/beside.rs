//! Two processes on one data folder.

use rustix::process::Signal;
use serde_json::Value;

use crate::scene::{Scene, done, waits_for};

#[test]
fn others_read_beside_the_owner_and_are_told_who_it_is_when_they_want_to_change_something() {
    let scene = Scene::new();
    let go = scene.path("go");
    let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
    running.read_until("● iteration 2");
    let (id, pid) = (scene.only_id(), running.pid().to_string());
    assert_eq!(scene.only()["status"]["unified"], "running");
    assert_eq!(scene.json(&["loop", "diff", &id])[0]["path"], "one.txt");
    for command in ["accept", "discard", "rm", "start"] {
        let ran = scene.grump(&["loop", command, &id]);
        assert_eq!(ran.code, 6, "{command}: {ran}");
        assert!(ran.stderr.contains(&pid), "{command}: {ran}");
    }
    let ran = scene.run(done(), &["--json"]);
    assert_eq!(ran.code, 6, "{ran}");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["error"]["conflict"]["code"], "owned");
    assert_eq!(error["error"]["context"]["pid"], pid.as_str());
    running.send(Signal::INT);
    assert_eq!(running.end().code, 5);
}

#[test]
fn stop_and_prompt_beside_the_owner_say_what_to_do() {
    let scene = Scene::new();
    let go = scene.path("go");
    let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
    running.read_until("● iteration 2");
    let id = scene.only_id();
    let kill = format!("kill -INT {}", running.pid());
    for command in [&["stop", id.as_str()][..], &["prompt", &id, "x"]] {
        let ran = scene.grump(&[&["loop"], command].concat());
        assert_eq!(ran.code, 6, "{command:?}: {ran}");
        assert!(
            ran.stderr.contains("Ctrl-C") && ran.stderr.contains(&kill),
            "{ran}"
        );
    }
    running.send(Signal::INT);
    assert_eq!(running.end().code, 5);
}

#[test]
fn the_folder_is_free_again_when_the_owner_is_done() {
    let scene = Scene::new();
    let id = scene.completed();
    assert!(!scene.data().join("owner.json").exists());
    assert_eq!(scene.grump(&["loop", "accept", &id]).code, 0);
}
