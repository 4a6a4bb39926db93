//! `grump demo`

use crate::scene::Scene;

#[test]
fn the_demo_shows_loop_diff_and_merge_and_says_what_to_try_next() {
    let scene = Scene::without_repository();
    let ran = scene.grump(&["demo"]);
    assert_eq!(ran.code, 0, "{ran}");
    for told in [
        "● iteration 2",
        "✓ completed",
        "+echo \"Hello, ${1:-World}!\"",
        "into main as",
        "Merge loop",
        "passed: it greets everybody else",
    ] {
        assert!(ran.stdout.contains(told), "{told} is missing: {ran}");
    }
    assert!(ran.stderr.contains("grump loop run --dir"), "{ran}");
    assert!(
        !scene.data().exists(),
        "the user's own data folder is not touched"
    );
    let folder = ran
        .stdout
        .lines()
        .next()
        .unwrap()
        .split(": ")
        .last()
        .unwrap();
    assert!(
        !std::path::Path::new(folder).exists(),
        "{folder} is removed again"
    );
}

#[test]
fn a_demo_that_is_kept_can_be_looked_at_afterwards() {
    let scene = Scene::without_repository();
    let mut command = scene.command(&["demo", "--keep"]);
    let ran = command.env("TMPDIR", scene.path("home")).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    let data = told
        .lines()
        .find_map(|line| line.trim().strip_prefix("grump --data "));
    let data = data.unwrap().trim_end_matches(" loop ls");
    let loops = scene.json(&["loop", "ls", "--data", data]);
    assert_eq!(loops[0]["status"]["unified"], "merged");
}
