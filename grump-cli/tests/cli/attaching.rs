//! Commands on a data folder that a process owns which serves.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
};

use serde_json::{Value, json};

use crate::scene::Scene;

#[test]
fn commands_on_a_served_folder_go_through_its_owner() {
    let scene = Scene::new();
    let owner = scene.serve(&[]);
    let ran = scene.grump(&[
        "loop", "run", "--prompt", "Do it", "--agent", "done", "--accept",
    ]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(scene.app().join("hello.txt").exists());
    let id = scene.only_id();
    assert_eq!(
        scene.json(&["loop", "show", &id])["status"]["unified"],
        "merged"
    );
    assert_eq!(
        owner.json(&["loop", "ls"])[0]["id"],
        id.as_str(),
        "there is one plane"
    );
    assert_eq!(scene.grump(&["loop", "purge", &id]).code, 0);
    assert_eq!(owner.ended().code, 0);
}

#[test]
fn a_loop_of_the_owner_is_given_a_prompt_and_stopped_from_beside_it() {
    let scene = Scene::new();
    let owner = scene.serve(&[]);
    let running = owner.waiting();
    let id = scene.only_id();
    assert_eq!(scene.grump(&["loop", "prompt", &id, "y"]).code, 0);
    let stopped = scene.json(&["loop", "stop", &id]);
    assert_eq!(stopped["status"]["unified"], "cancelled");
    assert_eq!(running.end().code, 5);
    assert_eq!(owner.ended().code, 0);
}

#[test]
fn whoever_follows_a_loop_is_told_that_its_owner_has_ended() {
    let scene = Scene::new();
    let owner = scene.serve(&[]);
    let mut running = scene.start(&["loop", "run", "--prompt", "x", "--agent", "waits"]);
    running.read_until("● iteration 2");
    let pid = owner.pid();
    assert_eq!(owner.ended().code, 0);
    let ran = running.end();
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stderr.contains("has ended") && ran.stderr.contains(&pid),
        "{ran}"
    );
    scene.nothing_is_left();
    assert_eq!(scene.only()["resumable"], true);
}

#[test]
fn what_the_owner_cannot_be_told_is_refused_with_its_number() {
    let scene = Scene::new();
    let owner = scene.serve(&[]);
    let new = &["loop", "new", "--prompt", "x"][..];
    for (args, named) in [
        (&[new, &["--verify", "true"]].concat()[..], "loop.verify"),
        (&[new, &["--policy", "deny"]].concat(), "loop.policy"),
        (&[new, &["--agent", "cmd: true"]].concat(), "command line"),
        (&["loop", "undo", "x"], "deliveries.undo"),
    ] {
        let ran = scene.grump(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 6, "{args:?}: {ran}");
        let error: Value = serde_json::from_str(&ran.stderr).unwrap();
        let error = &error["error"];
        assert_eq!(error["conflict"]["code"], "owned", "{ran}");
        assert_eq!(error["context"]["pid"], owner.pid().as_str(), "{ran}");
        assert!(ran.stderr.contains(named), "{named}: {ran}");
    }
    assert_eq!(scene.json(&["loop", "ls"]), json!([]), "nothing was made");
    assert_eq!(owner.ended().code, 0);
}

#[test]
fn the_policy_of_the_owners_configuration_holds_for_loops_that_do_not_say() {
    let scene = Scene::new();
    let file = scene.path("grump.toml");
    fs::write(&file, "[engine]\npolicy = 'deny'\n").unwrap();
    let file = file.to_str().unwrap();
    let owner = scene.serve(&["--config", file]);
    let args = [
        "loop", "new", "--prompt", "x", "--agent", "done", "--config", file,
    ];
    scene.json(&args);
    assert_eq!(owner.ended().code, 0);
    let run = scene.only();
    assert_eq!(run["detail"]["loop"]["config"]["policy"], "deny");
}

/// Pitfalls 37 and 38: the token is in one file that only its user can read, and without it nobody
/// attaches.
#[test]
fn nobody_attaches_without_the_owners_own_token() {
    let scene = Scene::new();
    let owner = scene.serve(&[]);
    let file = scene.data().join("owner.json");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let mut told: Value = serde_json::from_str(&text).unwrap();
    let token = told["attach"]["token"].as_str().unwrap().to_owned();
    let address = told["attach"]["address"].as_str().unwrap().to_owned();
    let report = scene.grump(&["doctor", "--json"]);
    assert!(
        report.stdout.contains(&address) && !report.stdout.contains(&token),
        "{report}"
    );
    assert_eq!(answer(&address, "Bearer foreign"), "401");
    assert_eq!(answer(&address, &format!("Bearer {token}")), "200");
    told["attach"]["token"] = json!("foreign");
    fs::write(&file, told.to_string()).unwrap();
    let ran = scene.grump(&["loop", "ls", "--json"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("unauthenticated"), "{ran}");
    assert_eq!(owner.ended().code, 0);
}

/// The status that a request for the loops is answered with.
fn answer(address: &str, authorization: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /api/loops HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n\
         Connection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}
