//! Discarding, undoing it, purging, and what crashes left behind.

use std::{fs, os::unix::fs::PermissionsExt};

use grump_engine::workspace::{Workspace, leftovers, prune};

use crate::support::{Fixture, code, names, read, write};

fn references(fixture: &Fixture) -> String {
    fixture.run(["for-each-ref", "--format=%(refname)"])
}

#[tokio::test]
async fn discarding_removes_branch_and_worktree() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    workspace.discard().await.unwrap();
    assert!(!workspace.directory().exists());
    assert!(!references(&fixture).contains("refs/heads/ralph"));
    assert_eq!(
        fs::read_dir(fixture.root.join(".git/worktrees")).map_or(0, Iterator::count),
        0
    );
}

/// Pitfall 33: what was discarded comes back, committed or not.
#[tokio::test]
async fn undoing_brings_back_commits_and_uncommitted_work() {
    let fixture = Fixture::new();
    let workspace = fixture
        .worked("run-1", &[("new", "new"), ("gone", "x")])
        .await;
    let tip = workspace.tip().await.unwrap();
    let directory = workspace.directory();
    write(&directory, "half", "half");
    write(&directory, "a.txt", "half");
    fs::remove_file(directory.join("gone")).unwrap();
    workspace.discard().await.unwrap();
    workspace.undo_discard().await.unwrap();
    assert_eq!(workspace.tip().await.unwrap(), tip);
    assert_eq!(
        read(&directory, "half") + &read(&directory, "a.txt"),
        "halfhalf"
    );
    assert_eq!(
        names(&workspace.left_out().await.unwrap()),
        ["a.txt", "gone", "half"]
    );
}

#[tokio::test]
async fn discarding_and_undoing_may_each_be_repeated() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    write(&workspace.directory(), "half", "half");
    for _ in 0..2 {
        workspace.discard().await.unwrap();
        workspace.discard().await.unwrap();
        workspace.undo_discard().await.unwrap();
        write(&workspace.directory(), "later", "later");
        workspace.undo_discard().await.unwrap();
        assert_eq!(read(&workspace.directory(), "half"), "half");
        assert_eq!(read(&workspace.directory(), "later"), "later");
    }
}

#[tokio::test]
async fn an_earlier_backup_that_the_branch_left_behind_is_kept_too() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let first = workspace.tip().await.unwrap();
    workspace.discard().await.unwrap();
    workspace.undo_discard().await.unwrap();
    workspace.reset_to(&fixture.id("main")).await.unwrap();
    workspace.discard().await.unwrap();
    let kept = workspace.list_backups().await.unwrap();
    assert!(kept.iter().any(|(_, commit)| *commit == first), "{kept:?}");
}

#[tokio::test]
async fn nothing_discarded_is_nothing_to_undo() {
    let fixture = Fixture::new();
    let workspace = Workspace::new(fixture.git.clone(), fixture.plan("run-1").await);
    assert_eq!(
        code(&workspace.undo_discard().await.unwrap_err()),
        "nothing_to_undo"
    );
}

#[tokio::test]
async fn a_branch_that_the_user_has_checked_out_is_not_discarded() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    workspace.remove_worktree().await.unwrap();
    fixture.run(["switch", "-q", &workspace.record().branch]);
    assert_eq!(
        code(&workspace.discard().await.unwrap_err()),
        "branch_in_use"
    );
    assert_eq!(code(&workspace.purge().await.unwrap_err()), "branch_in_use");
    assert_eq!(fixture.id("HEAD"), workspace.tip().await.unwrap());
}

#[tokio::test]
async fn purging_leaves_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let other = fixture.worked("run-2", &[("new", "new")]).await;
    write(&workspace.directory(), "half", "half");
    workspace.discard().await.unwrap();
    workspace.undo_discard().await.unwrap();
    other.discard().await.unwrap();
    for _ in 0..2 {
        workspace.purge().await.unwrap();
    }
    assert!(!workspace.directory().exists());
    let left = references(&fixture);
    assert_eq!(left, "refs/grump/backup/run-2/tip\nrefs/heads/main");
}

#[tokio::test]
async fn removing_only_the_worktree_keeps_branch_and_uncommitted_work() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    write(&workspace.directory(), "half", "half");
    workspace.remove_worktree().await.unwrap();
    assert!(!workspace.directory().exists());
    assert!(workspace.tip().await.is_ok());
    assert_eq!(
        fixture.run(["show", "refs/grump/backup/run-1/uncommitted:half"]),
        "half"
    );
}

#[tokio::test]
async fn a_worktree_with_folders_that_cannot_be_written_is_removed() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("cache/x", "x")]).await;
    let cache = workspace.directory().join("cache");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o500)).unwrap();
    workspace.remove_worktree().await.unwrap();
    assert!(!workspace.directory().exists());
}

/// Pitfall 32: what no run knows is found and removed, and its work is kept.
#[tokio::test]
async fn worktrees_of_unknown_runs_are_found_and_removed() {
    let fixture = Fixture::new();
    let known = fixture.workspace("run-1").await;
    let unknown = fixture.workspace("run-2").await;
    write(&unknown.directory(), "half", "half");
    let found = leftovers(&fixture.data(), |run| run == "run-1").unwrap();
    let runs: Vec<_> = found.iter().map(|leftover| leftover.run.as_str()).collect();
    assert_eq!(runs, ["run-2"]);
    found[0].remove(&fixture.git).await.unwrap();
    assert!(!unknown.directory().exists() && known.directory().exists());
    assert_eq!(
        fixture.run(["show", "refs/grump/backup/run-2/uncommitted:half"]),
        "half"
    );
    assert!(
        leftovers(&fixture.data(), |run| run == "run-1")
            .unwrap()
            .is_empty()
    );
}

/// Pitfall 32: a worktree whose repository was deleted goes too.
#[tokio::test]
async fn a_worktree_without_its_repository_is_removed() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    fs::remove_dir_all(&fixture.root).unwrap();
    let found = leftovers(&fixture.data(), |_| false).unwrap();
    assert_eq!(found[0].common_dir, None);
    found[0].remove(&fixture.git).await.unwrap();
    assert!(!workspace.directory().exists());
}

#[tokio::test]
async fn git_forgets_worktrees_whose_folders_are_gone() {
    let fixture = Fixture::new();
    let gone = fixture.workspace("run-1").await;
    let kept = fixture.workspace("run-2").await;
    let users = fixture.folder.path().join("users");
    fixture.run([
        "worktree",
        "add",
        "-q",
        "--lock",
        "-b",
        "side",
        users.to_str().unwrap(),
    ]);
    fs::remove_dir_all(&users).unwrap();
    fs::remove_dir_all(gone.directory()).unwrap();
    fixture.write(".git/worktrees/run-3/locked", "grump run run-3");
    let pruned = prune(&fixture.root.join(".git"), &fixture.data())
        .await
        .unwrap();
    assert_eq!(pruned.len(), 2);
    assert!(fixture.root.join(".git/worktrees/users").exists());
    assert!(kept.left_out().await.unwrap().is_empty());
}
