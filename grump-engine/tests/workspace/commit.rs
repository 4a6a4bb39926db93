//! Iteration commits, what they leave out, snapshots and resets.

use std::{fs, os::unix::fs::PermissionsExt};

use grump_engine::workspace::LeftOutReason;

use crate::support::{Fixture, names, read, write};

#[tokio::test]
async fn an_iteration_that_changed_nothing_makes_no_commit() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert_eq!((committed.commit, committed.files.len()), (None, 0));
    assert_eq!(workspace.tip().await.unwrap(), fixture.id("main"));
}

#[tokio::test]
async fn an_iteration_commits_new_changed_and_deleted_files() {
    let fixture = Fixture::new();
    fixture.write("b.txt", "b");
    fixture.commit("more");
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    write(&directory, "a.txt", "changed");
    write(&directory, "neü", "new");
    fs::remove_file(directory.join("b.txt")).unwrap();
    let committed = workspace
        .commit_iteration("[Ralph] 1\n\nbody")
        .await
        .unwrap();
    assert_eq!(names(&committed.files), ["a.txt", "b.txt", "neü"]);
    assert_eq!(committed.commit, Some(workspace.tip().await.unwrap()));
    assert_eq!(fixture.run_in(&directory, ["status", "--porcelain"]), "");
    assert_eq!(
        fixture.run_in(&directory, ["log", "-1", "--format=%s|%b"]),
        "[Ralph] 1|body"
    );
}

#[tokio::test]
async fn a_commit_that_the_journal_does_not_know_yet_is_found_and_not_made_again() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let tip = workspace.tip().await.unwrap();
    let known = fixture.id("main");
    let found = workspace.commit_since(&known, "[Ralph] 1").await.unwrap();
    assert_eq!(found.commit, Some(tip.clone()));
    assert_eq!(names(&found.files), ["new"]);
    let found = workspace.commit_since(&tip, "[Ralph] 2").await.unwrap();
    assert_eq!((found.commit, found.files.len()), (None, 0));
}

#[tokio::test]
async fn without_a_name_the_author_is_grump() {
    let fixture = Fixture::new();
    fixture.forget_identity();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let author = fixture.run_in(&workspace.directory(), ["log", "-1", "--format=%an %cn"]);
    assert_eq!(author, "grump grump");
}

#[tokio::test]
async fn no_hook_runs_and_nothing_is_signed() {
    let fixture = Fixture::new();
    for hook in [
        "pre-commit",
        "commit-msg",
        "post-commit",
        "post-checkout",
        "reference-transaction",
    ] {
        let path = format!(".git/hooks/{hook}");
        fixture.write(&path, "#!/bin/sh\ntouch \"$HOME/hook-ran\"\nexit 1\n");
        let file = fixture.root.join(path);
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fixture.run(["config", "commit.gpgSign", "true"]);
    fixture.run(["config", "gpg.program", "/bin/false"]);
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    assert_ne!(workspace.tip().await.unwrap(), workspace.record().base);
    assert!(!fixture.home().join("hook-ran").exists());
}

/// Pitfall 35: what looks like a secret stays in the worktree and is reported.
#[tokio::test]
async fn files_that_look_like_secrets_are_left_out_and_reported() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    let key = concat!("-----BEGIN RSA PRIV", "ATE KEY-----\nabc\n");
    write(&directory, "deploy/key.txt", key);
    write(&directory, "a.txt", format!("one\n{key}"));
    write(&directory, "code.rs", "fn main() {}");
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert_eq!(names(&committed.files), ["code.rs"]);
    let secret = LeftOutReason::Secret("private key".into());
    assert!(committed.left_out.iter().all(|left| left.reason == secret));
    assert_eq!(committed.left_out.len(), 2);
    assert_eq!(read(&directory, "deploy/key.txt"), key);
    assert_eq!(
        names(&workspace.left_out().await.unwrap()),
        ["a.txt", "deploy/key.txt"]
    );
}

#[tokio::test]
async fn a_secret_that_the_history_has_already_does_not_hold_up_changes() {
    let fixture = Fixture::new();
    let key = concat!("-----BEGIN RSA PRIV", "ATE KEY-----\nabc\n");
    fixture.write("fixtures/key.pem", key);
    fixture.commit("a key for tests");
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    fs::rename(
        directory.join("fixtures/key.pem"),
        directory.join("moved.pem"),
    )
    .unwrap();
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert!(committed.left_out.is_empty());
    write(&directory, "moved.pem", format!("{key}more"));
    let committed = workspace.commit_iteration("[Ralph] 2").await.unwrap();
    assert_eq!(names(&committed.files), ["moved.pem"]);
}

#[tokio::test]
async fn an_embedded_repository_is_left_out_and_reported() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    fixture.run_in(&directory, ["init", "-q", "empty"]);
    fixture.run_in(&directory, ["init", "-q", "full"]);
    let full = directory.join("full");
    fixture.run_in(&full, ["commit", "-q", "--allow-empty", "-m", "x"]);
    write(&directory, "code.rs", "fn main() {}");
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert_eq!(names(&committed.files), ["code.rs"]);
    let left: Vec<_> = committed
        .left_out
        .iter()
        .map(|left| left.path.to_string())
        .collect();
    assert_eq!(left, ["empty/", "full/"]);
    assert_eq!(
        committed.left_out[0].reason,
        LeftOutReason::EmbeddedRepository
    );
}

#[tokio::test]
async fn commits_of_the_agent_itself_are_kept() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    write(&directory, "one", "1");
    fixture.run_in(&directory, ["add", "one"]);
    fixture.run_in(&directory, ["commit", "-q", "-m", "agent's"]);
    let agents = workspace.tip().await.unwrap();
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert_eq!(committed.commit, None);
    write(&directory, "two", "2");
    workspace.commit_iteration("[Ralph] 2").await.unwrap();
    let parent = fixture.run_in(&directory, ["rev-parse", "HEAD^"]);
    assert_eq!(parent, agents.as_str());
}

#[tokio::test]
async fn an_agent_that_switches_branches_is_brought_back_with_its_work() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    fixture.run_in(&directory, ["switch", "-q", "-c", "elsewhere"]);
    write(&directory, "one", "1");
    fixture.run_in(&directory, ["add", "one"]);
    fixture.run_in(&directory, ["commit", "-q", "-m", "agent's"]);
    write(&directory, "two", "2");
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert_eq!(names(&committed.files), ["one", "two"]);
    let branch = fixture.run_in(&directory, ["symbolic-ref", "--short", "HEAD"]);
    assert_eq!(branch, workspace.record().branch);
}

#[tokio::test]
async fn a_lock_that_a_killed_agent_left_does_not_hold_up_the_commit() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    fixture.write(".git/worktrees/run-1/index.lock", "");
    write(&workspace.directory(), "one", "1");
    assert!(
        workspace
            .commit_iteration("[Ralph] 1")
            .await
            .unwrap()
            .commit
            .is_some()
    );
}

#[tokio::test]
async fn a_lock_that_our_killed_git_left_on_branch_or_backup_holds_up_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let branch = format!(".git/refs/heads/{}.lock", workspace.record().branch);
    write(&workspace.directory(), "one", "1");
    workspace.snapshot("x").await.unwrap().unwrap();
    fixture.write(".git/refs/grump/backup/run-1/x.lock", "");
    fixture.write(&branch, "");
    workspace.snapshot("x").await.unwrap().unwrap();
    fixture.write(&branch, "");
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert!(committed.commit.is_some());
    assert!(!fixture.root.join(branch).exists());
}

#[tokio::test]
async fn a_worktree_whose_git_file_is_gone_still_works_on_its_own_branch() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    fs::remove_file(workspace.directory().join(".git")).unwrap();
    write(&workspace.directory(), "one", "1");
    workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert_eq!(
        fixture.run(["show", &format!("{}:one", workspace.record().branch)]),
        "1"
    );
}

#[tokio::test]
async fn a_snapshot_keeps_half_done_work_and_touches_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    write(&directory, "a.txt", "half");
    fixture.run_in(&directory, ["add", "a.txt"]);
    write(&directory, "new", "new");
    let before = fixture.run_in(&directory, ["status", "--porcelain"]);
    let taken = workspace.snapshot("iteration-1").await.unwrap();
    assert_eq!(
        fixture.run_in(&directory, ["status", "--porcelain"]),
        before
    );
    assert_eq!(
        taken,
        Some(fixture.id("refs/grump/backup/run-1/iteration-1"))
    );
    assert_eq!(
        fixture.run(["show", "refs/grump/backup/run-1/iteration-1:new"]),
        "new"
    );
}

#[tokio::test]
async fn a_snapshot_of_nothing_new_is_none() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    assert_eq!(workspace.snapshot("iteration-1").await.unwrap(), None);
}

#[tokio::test]
async fn a_reset_brings_the_last_commit_back_and_keeps_ignored_files() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "cache/\n");
    fixture.commit("ignore");
    fixture.write(".planning/plan.md", "plan");
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let directory = workspace.directory();
    let tip = workspace.tip().await.unwrap();
    for path in ["new", "a.txt", "more/half", "cache/x"] {
        write(&directory, path, "half");
    }
    fixture.run_in(&directory, ["init", "-q", "embedded"]);
    fixture.run_in(&directory, ["switch", "-q", "--detach"]);
    fixture.run_in(&directory, ["commit", "-qam", "agent's"]);
    workspace.reset_to(&tip).await.unwrap();
    assert_eq!(read(&directory, "new"), "new");
    assert_eq!(read(&directory, "cache/x"), "half");
    assert_eq!(read(&directory, ".planning/plan.md"), "plan");
    assert!(!directory.join("more").exists() && !directory.join("embedded").exists());
    assert_eq!(workspace.tip().await.unwrap(), tip);
    assert!(workspace.left_out().await.unwrap().is_empty());
}
