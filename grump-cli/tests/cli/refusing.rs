//! What is refused, and how.

use std::fs;

use serde_json::Value;

use crate::scene::{Ran, Scene, done};

/// The one error that a command with `--json` told.
fn error(ran: &Ran) -> Value {
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    error["error"].clone()
}

#[test]
fn uncommitted_changes_are_refused_with_the_files_and_the_options_and_nothing_is_left() {
    let scene = Scene::new();
    fs::write(scene.app().join("README.md"), "changed\n").unwrap();
    let ran = scene.run(done(), &[]);
    assert_eq!(ran.code, 6, "{ran}");
    for told in [
        "README.md",
        "--uncommitted commit",
        "--uncommitted stash",
        "cancel",
    ] {
        assert!(ran.stderr.contains(told), "{told} is missing: {ran}");
    }
    assert_eq!(
        scene.json(&["loop", "ls"]),
        serde_json::json!([]),
        "no draft is left"
    );
    let told = error(&scene.run(done(), &["--json"]));
    assert_eq!(told["kind"], "conflict");
    assert_eq!(told["conflict"]["code"], "uncommitted_changes");
    assert_eq!(
        told["conflict"]["changed_files"],
        serde_json::json!(["README.md"])
    );
    assert_eq!(
        told["conflict"]["options"],
        serde_json::json!(["commit", "stash", "cancel"])
    );
}

#[test]
fn uncommitted_changes_are_stashed_or_committed_where_that_is_chosen() {
    for (choice, kept) in [
        ("stash", "stash@{0}:README.md"),
        ("commit", "main:README.md"),
    ] {
        let scene = Scene::new();
        fs::write(scene.app().join("README.md"), "changed\n").unwrap();
        let ran = scene.run(done(), &["--uncommitted", choice]);
        assert_eq!(ran.code, 0, "{choice}: {ran}");
        assert_eq!(scene.git(&["show", kept]), "changed", "{choice}");
        assert_eq!(scene.git(&["status", "--porcelain"]), "", "{choice}");
    }
}

#[test]
fn a_folder_that_is_no_repository_is_wrong_usage() {
    let scene = Scene::without_repository();
    let ran = scene.run(done(), &["--json"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert_eq!(error(&ran)["kind"], "invalid_input");
}

#[test]
fn an_agent_that_is_not_configured_is_refused_with_those_that_are() {
    let scene = Scene::new();
    let ran = scene.grump(&["loop", "run", "--prompt", "x", "--agent", "claude"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stderr.contains("opencode") && ran.stderr.contains("grump.toml"),
        "{ran}"
    );
}

#[test]
fn a_stop_pattern_that_is_no_regular_expression_is_wrong_usage() {
    let scene = Scene::new();
    let ran = scene.run(done(), &["--stop-pattern", "("]);
    assert_eq!(ran.code, 2, "{ran}");
}

#[test]
fn what_a_loop_that_does_not_run_cannot_do_is_a_conflict() {
    let scene = Scene::new();
    let id = scene.completed();
    for command in [
        &["stop", id.as_str()][..],
        &["prompt", &id, "x"],
        &["prompt", &id, "--clear"],
    ] {
        let ran = scene.grump(&[&["loop"], command, &["--json"]].concat());
        assert_eq!(ran.code, 6, "{command:?}: {ran}");
        assert_eq!(
            error(&ran)["conflict"]["code"],
            "not_running",
            "{command:?}"
        );
    }
    for (command, code) in [("undo", "nothing_to_undo"), ("purge", "purge_failed")] {
        let ran = scene.grump(&["loop", command, &id, "--json"]);
        assert_eq!(
            (ran.code, &error(&ran)["conflict"]["code"]),
            (6, &code.into()),
            "{ran}"
        );
    }
}

#[test]
fn a_merge_conflict_names_the_files_and_leaves_the_checkout_alone() {
    let scene = Scene::new();
    let id = scene.completed();
    fs::write(scene.app().join("hello.txt"), "something else\n").unwrap();
    scene.git(&["add", "--all"]);
    scene.git(&["commit", "-q", "-m", "in the way"]);
    let before = scene.git(&["rev-parse", "HEAD"]);
    let ran = scene.grump(&["loop", "accept", &id]);
    assert_eq!(ran.code, 6, "{ran}");
    assert!(ran.stderr.contains("hello.txt"), "{ran}");
    assert_eq!(scene.git(&["rev-parse", "HEAD"]), before);
    assert_eq!(scene.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_configuration_that_is_wrong_is_named_with_its_line() {
    let scene = Scene::new();
    let file = scene.path("grump.toml");
    fs::write(&file, "[engine]\nmax_runing = 2\n").unwrap();
    let ran = scene.grump(&["agents", "--config", file.to_str().unwrap()]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(
        ran.stderr.contains("max_runing") && ran.stderr.contains("line: 2"),
        "{ran}"
    );
}

#[test]
fn a_data_folder_that_cannot_be_written_is_a_storage_error() {
    let scene = Scene::new();
    fs::write(scene.path("file"), "").unwrap();
    let data = scene.path("file").join("data");
    let ran = scene.grump(&[
        "loop",
        "new",
        "--prompt",
        "x",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 8, "{ran}");
    assert!(ran.stderr.contains("--data"), "{ran}");
}
