//! `grump loop watch`, and readers that have enough.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use crate::scene::{Scene, never_done, waits_for};

fn events(output: &str) -> Vec<Value> {
    output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn watching_a_loop_that_is_over_tells_its_whole_story_and_how_it_ended() {
    let scene = Scene::new();
    scene.run(never_done(), &["--max-iterations", "2"]);
    let ran = scene.grump(&["loop", "watch", &scene.only_id()]);
    assert_eq!(ran.code, 3, "{ran}");
    for told in ["● iteration 1", "● iteration 2", "■ ended at a limit"] {
        assert!(ran.stdout.contains(told), "{told} is missing: {ran}");
    }
}

#[test]
fn watching_goes_on_behind_a_cursor_without_gap_or_repetition() {
    let scene = Scene::new();
    let id = scene.completed();
    let all = events(&scene.grump(&["loop", "watch", &id, "--json"]).stdout);
    let (head, tail) = all.split_at(all.len() / 2);
    let cursor = head.last().unwrap()["cursor"].as_str().unwrap();
    let rest = scene.grump(&["loop", "watch", &id, "--json", "--since", cursor]);
    assert_eq!(events(&rest.stdout), tail);
}

#[test]
fn a_cursor_of_another_journal_is_refused() {
    let scene = Scene::new();
    let id = scene.completed();
    let cursor = "01890a5d-ac96-774b-bcce-b302099a8057-3";
    let ran = scene.grump(&["loop", "watch", &id, "--since", cursor, "--json"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("cursor_expired"), "{ran}");
}

#[test]
fn another_process_watches_a_loop_that_runs_to_its_end() {
    let scene = Scene::new();
    let go = scene.path("go");
    let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
    running.read_until("● iteration 2");
    let mut watching = scene.start(&["loop", "watch", &scene.only_id()]);
    watching.read_until("● iteration 2");
    std::fs::write(go, "").unwrap();
    let watched = watching.end();
    assert_eq!(watched.code, 0, "{watched}");
    assert!(watched.stdout.contains("■ completed"), "{watched}");
    assert_eq!(running.end().code, 0);
}

#[test]
fn a_reader_that_has_enough_ends_the_command_quietly() {
    let scene = Scene::new();
    // More than a pipe holds, so that writing goes on after the reader left.
    let long = "words ".repeat(40_000);
    let talks = serde_json::json!({ "turns": [{
        "steps": [{"say": long}], "final": "<promise>COMPLETE</promise>",
    }], "chunk": 4000 });
    scene.run(talks, &[]);
    let id = scene.only_id();
    let mut watching = scene.command(&["loop", "watch", &id, "--json"]);
    let piped = std::process::Stdio::piped;
    let mut child = watching.stdout(piped()).stderr(piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), told.as_str()), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_loop_whose_reader_leaves_is_stopped_and_nothing_of_it_is_left() {
    let scene = Scene::new();
    let go = scene.path("go");
    let mut running = scene.start_loop(waits_for(go.to_str().unwrap()), &[]);
    running.read_until("● iteration 2");
    crate::scene::until("the agent waits", || scene.path("go.waiting").exists());
    running.hang_up();
    // What is told next finds nobody.
    std::fs::write(go, "").unwrap();
    running.end();
    scene.nothing_is_left();
    assert!(
        !["running", "starting", "waiting"]
            .contains(&scene.only()["status"]["unified"].as_str().unwrap())
    );
}
