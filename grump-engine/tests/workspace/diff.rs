//! What an agent changed, read back and applied again.

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    process::{Command, Stdio},
};

use grump_core::{DiffStatus, FileDiff, FileType, RepoPath};
use grump_engine::workspace::Workspace;

use crate::support::{Fixture, write};

/// A repository with one file of each kind, and a workspace in which each was changed.
async fn changed() -> (Fixture, Workspace) {
    let fixture = Fixture::new();
    fixture.write("gone", "gone\n");
    fixture.write("old name", "line\n".repeat(30));
    fixture.write("tool", "#!/bin/sh\n");
    fixture.write("becomes-link", "file\n");
    fixture.write("picture", [0, 1, 2, 255]);
    fixture.write("latin1.txt", b"caf\xe9\n");
    fixture.commit("kinds");
    let workspace = fixture.workspace("run-1").await;
    change(&fixture, &workspace);
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert!(committed.left_out.is_empty());
    (fixture, workspace)
}

fn change(fixture: &Fixture, workspace: &Workspace) {
    let directory = workspace.directory();
    write(&directory, "a.txt", "one\nTWO\nthree\nfour\n");
    write(&directory, "added \"quoted\"\tname", "diff --git a/x b/x\n");
    write(&directory, "picture", [0, 9, 2, 255, 7]);
    write(&directory, "latin1.txt", b"caf\xe9\nth\xe9\n");
    let latin1 = OsStr::from_bytes(b"na\xefve");
    fs::write(directory.join(latin1), "x\n").unwrap();
    fs::remove_file(directory.join("gone")).unwrap();
    fs::remove_file(directory.join("becomes-link")).unwrap();
    std::os::unix::fs::symlink("a.txt", directory.join("becomes-link")).unwrap();
    std::os::unix::fs::symlink("nowhere", directory.join("link")).unwrap();
    fs::rename(directory.join("old name"), directory.join("new name")).unwrap();
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(directory.join("tool"), executable).unwrap();
    let commit = workspace.record().base.as_str();
    let entry = format!("160000,{commit},sub");
    fixture.run_in(&directory, ["update-index", "--add", "--cacheinfo", &entry]);
    fs::create_dir(directory.join("sub")).unwrap();
    fixture.run_in(&directory, ["commit", "-q", "-m", "submodule"]);
}

fn find<'d>(diffs: &'d [FileDiff], path: &str) -> &'d FileDiff {
    let path = RepoPath::parse(path);
    diffs.iter().find(|diff| diff.path == path).unwrap()
}

#[tokio::test]
async fn every_kind_of_change_is_told() {
    let (_fixture, workspace) = changed().await;
    let diffs = workspace.diff().await.unwrap();
    let told: Vec<_> = diffs
        .iter()
        .map(|diff| (diff.path.to_string(), diff.status, diff.file_type))
        .collect();
    let expected = [
        ("a.txt", DiffStatus::Modified, FileType::Text),
        ("added \"quoted\"\tname", DiffStatus::Added, FileType::Text),
        ("becomes-link", DiffStatus::Modified, FileType::Symlink),
        ("gone", DiffStatus::Deleted, FileType::Text),
        ("latin1.txt", DiffStatus::Modified, FileType::Text),
        ("link", DiffStatus::Added, FileType::Symlink),
        ("\"na\\357ve\"", DiffStatus::Added, FileType::Text),
        ("new name", DiffStatus::Renamed, FileType::Text),
        ("picture", DiffStatus::Modified, FileType::Binary),
        ("sub", DiffStatus::Added, FileType::Submodule),
        ("tool", DiffStatus::Modified, FileType::Text),
    ];
    let expected = expected.map(|(path, status, kind)| (path.to_owned(), status, kind));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn lines_modes_and_old_names_are_told() {
    let (_fixture, workspace) = changed().await;
    let diffs = workspace.diff().await.unwrap();
    let text = find(&diffs, "a.txt");
    assert_eq!((text.additions, text.deletions), (2, 1));
    assert_eq!(find(&diffs, "new name").old_path, Some("old name".into()));
    let modes = Some(("100644".to_owned(), "100755".to_owned()));
    assert_eq!(find(&diffs, "tool").mode_change, modes);
    assert_eq!(find(&diffs, "gone").mode_change, None);
}

#[tokio::test]
async fn text_that_is_not_utf8_travels_in_binary_form() {
    let (_fixture, workspace) = changed().await;
    let diffs = workspace.diff().await.unwrap();
    assert!(
        find(&diffs, "latin1.txt")
            .patch
            .contains("GIT binary patch")
    );
}

#[tokio::test]
async fn text_that_an_attribute_calls_text_travels_in_binary_form_too() {
    let fixture = Fixture::new();
    fixture.write(".gitattributes", "*.txt diff\n");
    fixture.commit("attributes");
    let workspace = fixture.workspace("run-1").await;
    write(&workspace.directory(), "latin1.txt", b"caf\xe9\n");
    workspace.commit_iteration("[Ralph] 1").await.unwrap();
    let diffs = workspace.diff().await.unwrap();
    assert!(
        find(&diffs, "latin1.txt")
            .patch
            .contains("GIT binary patch")
    );
}

#[tokio::test]
async fn all_patches_together_apply_to_the_base_and_give_the_branch() {
    let (fixture, workspace) = changed().await;
    let patch: String = workspace
        .diff()
        .await
        .unwrap()
        .into_iter()
        .map(|diff| diff.patch)
        .collect();
    apply(&fixture, &["apply", "--check", "-"], &patch);
    apply(&fixture, &["apply", "--index", "-"], &patch);
    let written = fixture.run(["write-tree"]);
    let branch = fixture.run([
        "rev-parse",
        &format!("{}^{{tree}}", workspace.record().branch),
    ]);
    assert_eq!(written, branch);
}

fn apply(fixture: &Fixture, words: &[&str], patch: &str) {
    let mut child = Command::new("git")
        .args(words)
        .current_dir(&fixture.root)
        .env("HOME", fixture.home())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(patch.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success(), "{words:?}");
}

#[tokio::test]
async fn the_users_configuration_does_not_change_the_patch() {
    let (fixture, workspace) = changed().await;
    let before = workspace.diff().await.unwrap();
    for (name, value) in [
        ("diff.noprefix", "true"),
        ("diff.external", "/bin/false"),
        ("diff.mnemonicPrefix", "true"),
        ("color.ui", "always"),
        ("diff.submodule", "log"),
        ("diff.renames", "false"),
        ("core.quotePath", "false"),
    ] {
        fixture.run(["config", name, value]);
    }
    assert_eq!(workspace.diff().await.unwrap(), before);
}

#[tokio::test]
async fn changes_are_the_same_without_patches() {
    let (_fixture, workspace) = changed().await;
    let mut diffs = workspace.diff().await.unwrap();
    diffs.iter_mut().for_each(|diff| diff.patch.clear());
    assert_eq!(workspace.changes().await.unwrap(), diffs);
}

#[tokio::test]
async fn a_run_that_changed_nothing_has_an_empty_diff() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    assert!(workspace.diff().await.unwrap().is_empty());
}
