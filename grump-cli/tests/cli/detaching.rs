//! `--detach`: what is left behind, and that it ends.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::Write,
    process::{ChildStdin, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::scene::{Ran, Running, Scene, until, waits_for};

/// Starts a loop that waits for the file `go`, in a server that ends soon after it.
fn detached(scene: &Scene) -> Ran {
    let script = waits_for(scene.path("go").to_str().unwrap());
    let ran = scene.run(script, &["--detach=1s", "--json"]);
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

/// The processes that serve.
fn servers(scene: &Scene) -> Vec<String> {
    let mut processes = scene.processes();
    processes.retain(|command| command.contains(" serve "));
    processes
}

fn owner(scene: &Scene) -> Pid {
    let text = fs::read(scene.data().join("owner.json")).unwrap();
    let owner: Value = serde_json::from_slice(&text).unwrap();
    let pid = owner["process"]["pid"].as_i64().unwrap();
    Pid::from_raw(pid.try_into().unwrap()).unwrap()
}

#[test]
fn a_detached_loop_goes_on_in_one_server_that_ends_when_there_is_nothing_to_do() {
    let scene = Scene::new();
    let ran = detached(&scene);
    let run: Value = serde_json::from_str(&ran.stdout).unwrap();
    let id = run["id"].as_str().unwrap();
    until("the agent waits", || scene.path("go.waiting").exists());
    assert_eq!(servers(&scene).len(), 1);
    let other = [
        "loop",
        "run",
        "--prompt",
        "x",
        "--agent",
        "cmd: true",
        "--detach",
    ];
    let other = scene.grump(&other);
    assert_eq!(
        other.code, 6,
        "a command line does not go to the server: {other}"
    );
    assert_eq!(servers(&scene).len(), 1);
    fs::write(scene.path("go"), "").unwrap();
    let watched = scene.grump(&["loop", "watch", id]);
    assert_eq!(watched.code, 0, "{watched}");
    scene.nothing_is_left();
    assert!(!scene.data().join("owner.json").exists());
    assert_eq!(scene.only()["status"]["unified"], "completed");
    assert_eq!(
        fs::read_to_string(scene.data().join("server.log")).unwrap(),
        ""
    );
}

#[test]
fn a_second_detached_loop_goes_to_the_server_that_is_there() {
    let scene = Scene::new();
    let owner = scene.serve(&[]);
    let args = [
        "loop", "run", "--prompt", "x", "--agent", "done", "--detach",
    ];
    let ran = scene.grump(&args);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("loop watch"), "{ran}");
    // A program that is being started bears the server's name for a moment.
    until("one server is there", || servers(&scene).len() == 1);
    until("the loop is completed", || {
        scene.only()["status"]["unified"] == "completed"
    });
    assert_eq!(owner.ended().code, 0);
}

#[test]
fn commands_that_detach_at_once_share_one_server_and_lose_no_loop() {
    let scene = Scene::new();
    let agent = format!("mine={}", scene.agent(crate::scene::done()));
    let words = ["loop", "run", "--prompt", "x", "--agent"];
    let rest = [&*agent, "--detach=1s"];
    let commands: Vec<_> = (0..3)
        .map(|_| scene.start(&[&words[..], &rest].concat()))
        .collect();
    for command in commands {
        let ran = command.end();
        assert_eq!(ran.code, 0, "{ran}");
    }
    scene.nothing_is_left();
    let loops = scene.json(&["loop", "ls"]);
    let statuses = loops.as_array().unwrap().iter();
    let statuses: Vec<_> = statuses.map(|run| &run["status"]["unified"]).collect();
    assert_eq!(statuses, ["completed"; 3]);
}

#[test]
fn a_server_that_is_left_behind_keeps_what_the_log_says() {
    let scene = Scene::new();
    fs::create_dir(scene.data()).unwrap();
    let log = scene.data().join("server.log");
    fs::write(&log, "said before\n").unwrap();
    detached(&scene);
    fs::write(scene.path("go"), "").unwrap();
    scene.nothing_is_left();
    assert_eq!(fs::read_to_string(log).unwrap(), "said before\n");
}

/// A server as a command leaves it behind, and what that command holds of it.
fn left_behind(scene: &Scene, until_idle: &str) -> (Running, ChildStdin) {
    let waits = scene.agent(waits_for(scene.path("go").to_str().unwrap()));
    let agent = format!("waits={waits}");
    let args = ["--json", "serve", "--detached", "--until-idle", until_idle];
    let mut command = scene.command(&[&args[..], &["--agent", &agent]].concat());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let held = child.stdin.take().unwrap();
    let mut server = Running::new(child);
    server.read_until("serving");
    (server, held)
}

#[test]
fn a_server_that_is_let_go_of_ends_if_nothing_is_at_work() {
    let scene = Scene::new();
    // Long after the test is over it would end by itself.
    let (server, mut held) = left_behind(&scene, "1h");
    held.write_all(b".").unwrap();
    assert_eq!(server.end().code, 0);
    let (server, held) = left_behind(&scene, "1h");
    drop(held);
    assert_eq!(server.end().code, 0);
}

/// What one command could not start does not end what another one did.
#[test]
fn a_server_that_is_let_go_of_stays_for_what_others_began() {
    let scene = Scene::new();
    let (mut server, mut held) = left_behind(&scene, "1s");
    let args = [
        "loop", "run", "--prompt", "x", "--agent", "waits", "--detach",
    ];
    let ran = scene.grump(&args);
    assert_eq!(ran.code, 0, "{ran}");
    held.write_all(b".").unwrap();
    server.read_until("staying");
    fs::write(scene.path("go"), "").unwrap();
    assert_eq!(server.end().code, 0);
    assert_eq!(scene.only()["status"]["unified"], "completed");
}

#[test]
fn the_server_survives_the_terminal() {
    let scene = Scene::new();
    detached(&scene);
    let pid = owner(&scene).as_raw_nonzero().get();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let behind_name = stat.rsplit(')').next().unwrap();
    let session = behind_name.split_whitespace().nth(3).unwrap();
    assert_eq!(session, pid.to_string(), "it leads a session of its own");
    for descriptor in ["0", "1", "2"] {
        let target = fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).unwrap();
        assert!(!target.starts_with("/dev/pts"), "{descriptor}: {target:?}");
    }
    fs::write(scene.path("go"), "").unwrap();
    scene.nothing_is_left();
}

/// Pitfall 16: a kill of the server that was left behind leaves no agent.
#[test]
fn a_kill_of_the_server_leaves_no_process_and_start_goes_on() {
    let scene = Scene::new();
    detached(&scene);
    until("the agent waits", || scene.path("go.waiting").exists());
    kill_process(owner(&scene), Signal::KILL).unwrap();
    scene.nothing_is_left();
    let run = scene.only();
    assert_eq!(
        (&run["outcome"], &run["resumable"]),
        (&json!("interrupted"), &json!(true))
    );
    fs::write(scene.path("go"), "").unwrap();
    let id = run["id"].as_str().unwrap();
    let ran = scene.grump(&["loop", "start", id, "--detach=1s"]);
    assert_eq!(ran.code, 0, "{ran}");
    scene.nothing_is_left();
    assert_eq!(scene.only()["status"]["unified"], "completed");
}

#[test]
fn a_stop_from_beside_ends_the_loop_and_then_the_server() {
    let scene = Scene::new();
    detached(&scene);
    until("the agent waits", || scene.path("go.waiting").exists());
    let stopped = scene.json(&["loop", "stop", &scene.only_id()]);
    assert_eq!(stopped["status"]["unified"], "cancelled");
    scene.nothing_is_left();
}

#[test]
fn what_cannot_be_started_leaves_neither_a_server_nor_a_loop_behind() {
    let scene = Scene::new();
    fs::write(scene.app().join("README.md"), "changed\n").unwrap();
    let ran = scene.run(json!({"turns": []}), &["--detach"]);
    assert_eq!(ran.code, 6, "{ran}");
    assert!(ran.stderr.contains("README.md"), "{ran}");
    assert_eq!(scene.processes(), [""; 0]);
    assert_eq!(scene.json(&["loop", "ls"]), json!([]));
}

#[test]
fn a_detached_loop_may_use_an_agent_that_the_command_line_names() {
    let scene = Scene::new();
    let agent = format!("mine={}", scene.agent(crate::scene::done()));
    let args = [
        "loop",
        "run",
        "--prompt",
        "x",
        "--agent",
        &agent,
        "--detach=1s",
    ];
    let ran = scene.grump(&args);
    assert_eq!(ran.code, 0, "{ran}");
    scene.nothing_is_left();
    assert_eq!(scene.only()["status"]["unified"], "completed");
}

#[test]
fn an_owner_that_does_not_serve_is_named_and_no_server_is_left() {
    let scene = Scene::new();
    let go = scene.path("go");
    let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
    running.read_until("● iteration 2");
    let id = scene.only_id();
    let ran = scene.grump(&["loop", "start", &id, "--detach"]);
    assert_eq!(ran.code, 6, "{ran}");
    assert!(ran.stderr.contains(&running.pid().to_string()), "{ran}");
    assert_eq!(servers(&scene), [""; 0]);
    running.send(Signal::INT);
    assert_eq!(running.end().code, 5);
}
