//! What needs no loop: version, help, completions, manual pages.

use crate::scene::Scene;

#[test]
fn the_version_is_told_without_touching_anything() {
    let scene = Scene::without_repository();
    let ran = scene.grump(&["--version"]);
    assert_eq!(ran.stdout, format!("grump {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(!scene.data().exists());
}

#[test]
fn nothing_typed_shows_the_help_and_is_wrong_usage() {
    let ran = Scene::without_repository().grump(&[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("Type: grump demo"), "{ran}");
}

#[test]
fn an_unknown_option_is_wrong_usage() {
    let ran = Scene::without_repository().grump(&["loop", "ls", "--colour"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("--colour") && ran.stdout.is_empty(),
        "{ran}"
    );
}

#[test]
fn there_are_completions_for_every_shell() {
    let scene = Scene::without_repository();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = scene.grump(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}: {ran}");
        assert!(ran.stdout.contains("purge"), "{shell}: {ran}");
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let scene = Scene::without_repository();
    let folder = scene.path("man");
    let ran = scene.grump(&["man", folder.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran}");
    for page in ["grump.1", "grump-loop-run.1", "grump-doctor.1"] {
        assert!(folder.join(page).exists(), "{page}");
    }
}

#[test]
fn a_log_filter_that_is_not_understood_is_named() {
    let scene = Scene::without_repository();
    let mut command = scene.command(&["loop", "ls"]);
    let ran = command.env("GRUMP_LOG", "a=b=c").output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("GRUMP_LOG"));
}
