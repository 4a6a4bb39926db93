//! `grump serve`, and `--plane`: the same commands on a plane elsewhere.
#![cfg(target_os = "linux")]

use std::{fs, net::TcpListener};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::scene::{Scene, until};

/// An address where nobody listens.
const NOBODY: &str = "ralpher+http://127.0.0.1:1";

fn status(run: &Value) -> &str {
    run["status"]["unified"].as_str().unwrap()
}

#[test]
fn a_loop_runs_on_a_plane_elsewhere_from_its_prompt_to_its_merge() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    let ran = plane.grump(&["loop", "run", "--prompt", "Do it", "--agent", "done"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.contains("● iteration 1"), "{ran}");
    assert!(ran.stderr.contains("grump --plane URL loop diff"), "{ran}");
    let runs = plane.json(&["loop", "ls"]);
    let id = runs[0]["id"].as_str().unwrap();
    assert_eq!(status(&plane.json(&["loop", "show", id])), "completed");
    assert_eq!(plane.json(&["loop", "diff", id])[0]["path"], "hello.txt");
    let watched = plane.grump(&["loop", "watch", id]);
    assert_eq!(watched.code, 0, "{watched}");
    assert!(watched.stdout.contains("● iteration 1"), "{watched}");
    assert_eq!(plane.grump(&["loop", "accept", id]).code, 0);
    assert_eq!(
        fs::read_to_string(scene.app().join("hello.txt")).unwrap(),
        "hello\n"
    );
    assert_eq!(plane.json(&["loop", "purge", id])["purged"], true);
    assert_eq!(plane.json(&["loop", "ls"]), json!([]));
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn loops_elsewhere_are_made_changed_discarded_and_removed() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    let made = plane.json(&[
        "loop", "new", "--prompt", "x", "--agent", "done", "--name", "one",
    ]);
    assert_eq!(
        (made["title"].as_str(), status(&made)),
        (Some("one"), "draft")
    );
    let edited = plane.json(&[
        "loop",
        "edit",
        "one",
        "--name",
        "two",
        "--max-iterations",
        "7",
    ]);
    assert_eq!(edited["title"], "two");
    assert_eq!(edited["detail"]["loop"]["config"]["max_iterations"], 7);
    assert_eq!(plane.grump(&["loop", "start", "two"]).code, 0);
    assert_eq!(
        status(&plane.json(&["loop", "discard", "two"])),
        "discarded"
    );
    assert_eq!(plane.grump(&["loop", "purge", "two"]).code, 0);
    plane.json(&[
        "loop", "new", "--prompt", "x", "--agent", "done", "--name", "three",
    ]);
    assert_eq!(status(&plane.json(&["loop", "rm", "three"])), "discarded");
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn a_loop_that_runs_elsewhere_is_given_a_prompt_and_stopped() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    let running = plane.waiting();
    let id = plane.json(&["loop", "ls"])[0]["id"].clone();
    let id = id.as_str().unwrap();
    assert_eq!(plane.grump(&["loop", "prompt", id, "y"]).code, 0);
    assert_eq!(status(&plane.json(&["loop", "stop", id])), "cancelled");
    assert_eq!(running.end().code, 5);
    assert_eq!(plane.ended().code, 0);
    scene.nothing_is_left();
}

#[test]
fn the_first_signal_stops_the_loop_elsewhere_and_the_server_goes_on() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    let running = plane.waiting();
    running.send(Signal::INT);
    let ran = running.end();
    assert_eq!(ran.code, 5, "{ran}");
    assert!(ran.stderr.contains("its branch is kept"), "{ran}");
    assert_eq!(status(&plane.json(&["loop", "ls"])[0]), "cancelled");
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn the_environment_names_the_plane_unless_a_data_folder_is_typed() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    plane.json(&[
        "loop", "new", "--prompt", "x", "--agent", "done", "--name", "there",
    ]);
    let list = |more: &[&str]| {
        let mut command = scene.command(&[&["loop", "ls", "--json"], more].concat());
        let output = command.env("GRUMP_URL", plane.url()).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(list(&[])[0]["title"], "there");
    let other = scene.path("other").display().to_string();
    assert_eq!(list(&["--data", &other]), json!([]));
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn what_the_dialect_cannot_say_is_refused_by_name_before_anything_is_sent() {
    let scene = Scene::new();
    let new = &["loop", "new", "--prompt", "x"][..];
    for (args, named) in [
        (&[new, &["--verify", "true"]].concat()[..], "loop.verify"),
        (
            &[new, &["--require-changes"]].concat(),
            "loop.require_changes",
        ),
        (&[new, &["--policy", "ask"]].concat(), "loop.policy"),
        (&[new, &["--budget-time", "1h"]].concat(), "loop.budget"),
        (
            &["loop", "edit", "l", "--budget-tokens", "5k"],
            "loop.budget",
        ),
        (&["loop", "undo", "l"], "deliveries.undo"),
    ] {
        let ran = scene.grump(&[&["--plane", NOBODY, "--json"], args].concat());
        assert_eq!(ran.code, 1, "{args:?}: {ran}");
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(error["error"]["kind"], "unsupported", "{args:?}: {ran}");
        assert!(ran.stderr.contains(named), "{named}: {ran}");
    }
}

/// Pitfall 38: a command line never comes over a wire.
#[test]
fn a_command_line_is_not_sent_to_a_plane_elsewhere() {
    let scene = Scene::new();
    for agent in ["cmd: true", "me=cmd: true"] {
        let ran = scene.grump(&[
            "--plane", NOBODY, "loop", "run", "--prompt", "x", "--agent", agent,
        ]);
        assert_eq!(ran.code, 1, "{ran}");
        assert!(ran.stderr.contains("grump serve --agent"), "{ran}");
    }
    let plane = scene.serve(&[]);
    let ran = plane.grump(&["loop", "run", "--prompt", "x", "--agent", "claude"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stderr.contains("done, endless, opencode, waits"),
        "{ran}"
    );
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn commands_about_this_machine_refuse_a_plane() {
    let scene = Scene::new();
    for command in ["doctor", "agents", "serve"] {
        let ran = scene.grump(&["--plane", NOBODY, command]);
        assert_eq!(ran.code, 2, "{command}: {ran}");
        assert!(ran.stderr.contains("this machine"), "{command}: {ran}");
    }
}

#[test]
fn a_folder_on_another_machine_needs_its_whole_path() {
    let scene = Scene::new();
    let plane = "ralpher+http://192.0.2.1:3000";
    let ran = scene.grump(&["--plane", plane, "loop", "new", "--prompt", "x"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("on the plane's machine"), "{ran}");
}

#[test]
fn a_plane_that_is_not_there_or_not_understood_is_named() {
    let scene = Scene::new();
    let ran = scene.grump(&["--plane", NOBODY, "loop", "ls"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("127.0.0.1:1"), "{ran}");
    let ran = scene.grump(&["--plane", "http://127.0.0.1:1", "loop", "ls"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("ralpher+http://"), "{ran}");
}

/// Pitfall 38: nothing listens for other machines without asking who calls.
#[test]
fn an_address_that_cannot_be_listened_on_is_refused_and_the_folder_is_free() {
    let scene = Scene::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (address, code, told) in [
        (taken.as_str(), 1, taken.as_str()),
        ("0.0.0.0:0", 2, "GRUMP_API_KEY"),
        ("here", 2, "127.0.0.1:3000"),
    ] {
        let _listener = TcpListener::bind(&taken);
        let ran = scene.grump(&["serve", "--ralpher", address]);
        assert_eq!(ran.code, code, "{address}: {ran}");
        assert!(ran.stderr.contains(told), "{address}: {ran}");
        assert!(!scene.data().join("owner.json").exists());
    }
}

/// Pitfall 38: whoever does not show the token is sent away.
#[test]
fn a_server_with_a_token_asks_for_it() {
    let scene = Scene::new();
    let plane = scene.serve_with(&[], &[("GRUMP_API_KEY", "hunter2")]);
    let ran = plane.grump(&["loop", "ls", "--json"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("unauthenticated"), "{ran}");
    let mut command = scene.command(&["--plane", plane.url(), "loop", "ls", "--json"]);
    let output = command.env("GRUMP_API_KEY", "hunter2").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[]\n");
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn the_second_owner_is_told_who_the_first_one_is() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    let ran = scene.grump(&["serve", "--ralpher", "127.0.0.1:0", "--json"]);
    assert_eq!(ran.code, 6, "{ran}");
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["error"]["conflict"]["code"], "owned");
    assert_eq!(error["error"]["context"]["pid"], plane.pid().as_str());
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn an_agent_that_is_served_needs_a_name() {
    let scene = Scene::new();
    let ran = scene.grump(&["serve", "--ralpher", "127.0.0.1:0", "--agent", "cmd: true"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("NAME=SPEC"), "{ran}");
}

/// Pitfalls 16 and 18: a server that is told to end leaves no process, and what ran goes on with
/// the next one.
#[test]
fn a_server_that_is_told_to_end_leaves_what_ran_to_be_resumed() {
    for signal in [Signal::TERM, Signal::INT] {
        let scene = Scene::new();
        let plane = scene.serve(&[]);
        let watching = plane.waiting();
        plane.send(signal);
        let ran = plane.end();
        assert_eq!(ran.code, 0, "{ran}");
        assert!(!scene.data().join("owner.json").exists());
        drop(watching);
        scene.nothing_is_left();
        let run = scene.only();
        assert_eq!(
            (&run["outcome"], &run["resumable"]),
            (&json!("interrupted"), &json!(true))
        );
        fs::write(scene.path("go"), "").unwrap();
        let plane = scene.serve(&[]);
        until("the loop is completed", || {
            status(&plane.json(&["loop", "ls"])[0]) == "completed"
        });
        assert_eq!(plane.ended().code, 0);
    }
}

/// Pitfall 18: after a kill the next server goes on, unless it is told not to.
#[test]
fn loops_that_a_kill_cut_off_are_resumed_unless_told_otherwise() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    let watching = plane.waiting();
    plane.send(Signal::KILL);
    plane.end();
    drop(watching);
    scene.nothing_is_left();
    let plane = scene.serve(&["--no-resume"]);
    assert_eq!(status(&plane.json(&["loop", "ls"])[0]), "cancelled");
    assert_eq!(plane.ended().code, 0);
    let run = scene.only();
    assert_eq!(
        (&run["outcome"], &run["resumable"]),
        (&json!("interrupted"), &json!(true))
    );
    fs::write(scene.path("go"), "").unwrap();
    let plane = scene.serve(&[]);
    until("the loop is completed", || {
        status(&plane.json(&["loop", "ls"])[0]) == "completed"
    });
    assert_eq!(plane.ended().code, 0);
}

#[test]
fn the_second_signal_ends_a_server_at_once_and_leaves_no_process() {
    let scene = Scene::new();
    let plane = scene.serve(&[]);
    let watching = plane.waiting();
    plane.send(Signal::TERM);
    plane.send(Signal::INT);
    let code = plane.end().code;
    assert!([0, 130].contains(&code), "{code}");
    drop(watching);
    scene.nothing_is_left();
}
