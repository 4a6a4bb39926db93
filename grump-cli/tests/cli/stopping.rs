//! Ctrl-C and its kin.
#![cfg(target_os = "linux")]

use rustix::process::Signal;
use serde_json::json;

use crate::scene::{Scene, until, waits_for};

/// Pitfalls 16 and 17: a stop leaves nothing of the agent, daemons included.
#[test]
fn the_first_signal_stops_the_loop_keeps_its_branch_and_leaves_no_process() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let scene = Scene::new();
        let go = scene.path("go");
        let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
        running.read_until("● iteration 2");
        until("the agent waits", || scene.path("go.waiting").exists());
        running.send(signal);
        let ran = running.end();
        assert_eq!(ran.code, 5, "{signal:?}: {ran}");
        assert!(
            ran.stderr.contains("its branch is kept"),
            "{signal:?}: {ran}"
        );
        assert_eq!(scene.processes(), [""; 0], "{signal:?}");
        let run = scene.only();
        assert_eq!(
            (&run["status"]["unified"], &run["outcome"]),
            (&json!("cancelled"), &json!("stopped"))
        );
        let branch = run["detail"]["loop"]["branch"].as_str().unwrap();
        assert_eq!(scene.git(&["show", &format!("{branch}:one.txt")]), "1");
    }
}

#[test]
fn a_stopped_loop_goes_on_where_it_was() {
    let scene = Scene::new();
    let go = scene.path("go");
    let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
    running.read_until("● iteration 2");
    running.send(Signal::INT);
    assert_eq!(running.end().code, 5);
    // The third iteration plays the last turn again, and finds the file.
    std::fs::write(go, "").unwrap();
    let ran = scene.grump(&["loop", "start", &scene.only_id(), "--accept"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.contains("● iteration 3"), "{ran}");
    assert!(scene.app().join("one.txt").exists() && scene.app().join("two.txt").exists());
}

/// Pitfall 16: the second signal ends grump at once, and the keeper everything below it.
#[test]
fn the_second_signal_ends_everything_at_once() {
    let scene = Scene::new();
    let stubborn = scene.path("stubborn.sh");
    let ready = scene.path("ready");
    let text = format!(
        "trap '' TERM INT HUP\nsetsid sleep 1000 &\ntouch {}\nwhile :; do sleep 0.1; done\n",
        ready.display()
    );
    std::fs::write(&stubborn, text).unwrap();
    let agent = format!("cmd: sh {}", stubborn.display());
    let mut running = scene.start(&["loop", "run", "--prompt", "x", "--agent", &agent]);
    running.read_until("● iteration 1");
    until("the agent is at work", || ready.exists());
    running.send(Signal::INT);
    until("it says that it stops", || running.has_told("! stopping"));
    running.send(Signal::INT);
    let ran = running.end();
    assert_eq!(ran.code, 130, "{ran}");
    scene.nothing_is_left();
    let run = scene.only();
    assert_eq!(
        (&run["outcome"], &run["resumable"]),
        (&json!("interrupted"), &json!(true))
    );
}
