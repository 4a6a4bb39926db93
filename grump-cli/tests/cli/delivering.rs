//! Diff, accept, discard, undo, rm and purge.

use std::{io::Write, process::Stdio};

use serde_json::json;

use crate::scene::Scene;

#[test]
fn the_diff_is_a_patch_that_git_takes() {
    let scene = Scene::new();
    let id = scene.completed();
    let patch = scene.grump(&["loop", "diff", &id]).stdout;
    let mut check = scene.isolated("git");
    check
        .current_dir(scene.app())
        .args(["apply", "--check", "-"])
        .stdin(Stdio::piped());
    let mut child = check.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(patch.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success(), "{patch}");
}

#[test]
fn the_diff_in_short_and_as_json_name_the_files() {
    let scene = Scene::new();
    let id = scene.completed();
    let stat = scene.grump(&["loop", "diff", &id, "--stat"]);
    assert_eq!(stat.stdout, "A  hello.txt  +1 -0\n1 file changed, +1 -0\n");
    let files = scene.json(&["loop", "diff", &id]);
    assert_eq!(files[0]["path"], "hello.txt");
    assert_eq!(
        (&files[0]["status"], &files[0]["additions"]),
        (&json!("added"), &json!(1))
    );
}

#[test]
fn accept_merges_and_says_where() {
    let scene = Scene::new();
    let id = scene.completed();
    let told = scene.json(&["loop", "accept", &id]);
    assert_eq!(
        told["merge_commit"],
        scene.git(&["rev-parse", "main"]).as_str()
    );
    assert_eq!(told["run"]["status"]["unified"], "merged");
    assert_eq!(told["left_out"], json!([]));
    assert!(scene.app().join("hello.txt").exists());
    let again = scene.json(&["loop", "accept", &id]);
    assert_eq!(
        again["merge_commit"], told["merge_commit"],
        "a second time changes nothing"
    );
    assert_eq!(
        scene.json(&["loop", "purge", &id]),
        json!({"id": id, "purged": true})
    );
    assert_eq!(scene.json(&["loop", "ls"]), json!([]));
}

/// Pitfall 33: what was thrown away comes back.
#[test]
fn discard_can_be_undone_until_it_is_purged() {
    let scene = Scene::new();
    let id = scene.completed();
    let discarded = scene.grump(&["loop", "discard", &id]);
    assert_eq!(discarded.code, 0, "{discarded}");
    assert!(discarded.stderr.contains("grump loop undo"), "{discarded}");
    assert_eq!(scene.git(&["branch", "--list", "ralph/*"]), "");
    let back = scene.json(&["loop", "undo", &id]);
    assert_eq!(back["status"]["unified"], "completed");
    assert_eq!(scene.json(&["loop", "diff", &id])[0]["path"], "hello.txt");
    scene.json(&["loop", "discard", &id]);
    scene.json(&["loop", "purge", &id]);
    assert_eq!(scene.grump(&["loop", "undo", &id]).code, 7);
    assert_eq!(scene.git(&["for-each-ref", "refs/grump"]), "");
}

#[test]
fn a_removed_loop_keeps_its_work_until_it_is_purged() {
    let scene = Scene::new();
    let id = scene.completed();
    let removed = scene.json(&["loop", "rm", &id]);
    assert_eq!(removed["status"]["unified"], "discarded");
    let back = scene.json(&["loop", "undo", &id]);
    assert_eq!(back["status"]["unified"], "completed");
    let accepted = scene.grump(&["loop", "accept", &id]);
    assert_eq!(accepted.code, 0, "{accepted}");
    assert!(accepted.stdout.contains("into main as"), "{accepted}");
}
