//! Accepting: what is merged, and what is left exactly as it was when it cannot be.

use std::fs;

use grump_core::{ErrorKind, Retry};
use grump_engine::workspace::{MergePlan, MergeTarget, Workspace};

use crate::support::{Fixture, code, names, read, write};

async fn accept(workspace: &Workspace) -> grump_core::Result<MergePlan> {
    let plan = workspace.plan_merge("Merge dark mode").await?;
    workspace.execute_merge(&plan).await?;
    Ok(plan)
}

#[tokio::test]
async fn a_plan_moves_nothing_and_survives_the_journal() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let plan = workspace.plan_merge("Merge").await.unwrap();
    assert_eq!(
        (plan.old.clone(), &*plan.target),
        (fixture.id("main"), "refs/heads/main")
    );
    assert!(!fixture.root.join("new").exists());
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<MergePlan>(&json).unwrap(), plan);
}

#[tokio::test]
async fn the_checked_out_branch_and_its_files_follow() {
    let fixture = Fixture::new();
    let workspace = fixture
        .worked("run-1", &[("new", "new"), ("a.txt", "changed")])
        .await;
    let plan = accept(&workspace).await.unwrap();
    assert_eq!(fixture.id("main"), plan.new);
    assert_eq!(read(&fixture.root, "new"), "new");
    assert_eq!(fixture.status(), "");
    let log = fixture.run(["log", "-1", "--format=%an: %s (%p)", "main"]);
    assert!(log.starts_with("Example User: Merge dark mode ("), "{log}");
    assert_eq!(fixture.id("main^1"), plan.old);
    assert_eq!(fixture.id("main^2"), workspace.tip().await.unwrap());
}

#[tokio::test]
async fn a_branch_that_is_not_checked_out_moves_alone() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fixture.run(["switch", "-q", "-c", "elsewhere"]);
    let plan = accept(&workspace).await.unwrap();
    assert_eq!(fixture.id("main"), plan.new);
    assert!(!fixture.root.join("new").exists());
    assert_eq!(fixture.status(), "");
}

#[tokio::test]
async fn a_branch_that_a_linked_worktree_has_checked_out_is_merged_there() {
    let fixture = Fixture::new();
    let linked = fixture.folder.path().join("linked here");
    fixture.run([
        "worktree",
        "add",
        "-q",
        "-b",
        "side",
        linked.to_str().unwrap(),
    ]);
    let repository = fixture.discover(&linked).await.unwrap();
    let record = fixture.plan_from(&repository, "run-1").await.unwrap();
    let workspace = Workspace::new(fixture.git.clone(), record);
    workspace.create().await.unwrap();
    write(&workspace.directory(), "new", "new");
    workspace.commit_iteration("[Ralph] 1").await.unwrap();
    let plan = accept(&workspace).await.unwrap();
    assert_eq!(fixture.id("side"), plan.new);
    assert_eq!(read(&linked, "new"), "new");
    assert_ne!(fixture.id("main"), plan.new);
}

#[tokio::test]
async fn a_target_that_moved_on_is_merged() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fixture.write("other", "other");
    fixture.commit("meanwhile");
    accept(&workspace).await.unwrap();
    assert_eq!(read(&fixture.root, "new"), "new");
    assert_eq!(read(&fixture.root, "other"), "other");
}

/// Pitfall 33: a merge is never silently half there.
#[tokio::test]
async fn a_conflict_names_the_files_and_leaves_all_as_it_was() {
    let fixture = Fixture::new();
    let workspace = fixture
        .worked("run-1", &[("a.txt", "theirs"), ("new", "new")])
        .await;
    fixture.write("a.txt", "ours");
    let before = fixture.commit("meanwhile");
    fixture.write("dirty", "dirty");
    let error = workspace.plan_merge("Merge").await.unwrap_err();
    assert_eq!(code(&error), "merge_conflict");
    assert_eq!(error.conflict().unwrap().changed_files, ["a.txt"]);
    assert_eq!(fixture.id("main"), before);
    assert_eq!(fixture.status(), "?? dirty");
    assert_eq!(read(&fixture.root, "a.txt"), "ours");
}

#[tokio::test]
async fn the_users_edits_to_other_files_are_kept() {
    let fixture = Fixture::new();
    fixture.write("b.txt", "b");
    fixture.write("c.txt", "c");
    fixture.commit("more");
    let workspace = fixture.worked("run-1", &[("a.txt", "changed")]).await;
    fixture.write("b.txt", "edited");
    fixture.write("c.txt", "staged");
    fixture.run(["add", "c.txt"]);
    fixture.write("untracked", "x");
    let before = fixture.status();
    accept(&workspace).await.unwrap();
    assert_eq!(fixture.status(), before);
    assert_eq!(read(&fixture.root, "a.txt"), "changed");
}

#[tokio::test]
async fn uncommitted_files_in_the_way_are_named_and_nothing_changes() {
    let fixture = Fixture::new();
    let workspace = fixture
        .worked("run-1", &[("a.txt", "changed"), ("neü", "new")])
        .await;
    let plan = workspace.plan_merge("Merge").await.unwrap();
    for path in ["a.txt", "neü"] {
        fixture.run(["stash", "-q", "-u"]);
        fixture.write(path, "mine");
        let error = workspace.execute_merge(&plan).await.unwrap_err();
        assert_eq!(code(&error), "checkout_in_the_way");
        assert_eq!(error.conflict().unwrap().changed_files, [path]);
        assert_eq!(read(&fixture.root, path), "mine");
        assert_eq!(fixture.id("main"), plan.old);
    }
}

/// Pitfall 33: git itself would overwrite ignored files without a word.
#[tokio::test]
async fn an_ignored_file_of_the_users_is_not_overwritten() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("settings", "agent's")]).await;
    fixture.write(".git/info/exclude", "settings\n");
    fixture.write("settings", "mine");
    let error = accept(&workspace).await.unwrap_err();
    assert_eq!(code(&error), "checkout_in_the_way");
    assert_eq!(read(&fixture.root, "settings"), "mine");
}

#[tokio::test]
async fn another_gits_lock_refuses_the_merge_and_stays() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fixture.write(".git/index.lock", "");
    let error = accept(&workspace).await.unwrap_err();
    assert_eq!(
        (code(&error), error.retry()),
        ("repository_locked", Retry::Safe)
    );
    assert!(fixture.root.join(".git/index.lock").exists());
    assert!(!fixture.root.join("new").exists());
    fs::remove_file(fixture.root.join(".git/index.lock")).unwrap();
    accept(&workspace).await.unwrap();
}

#[tokio::test]
async fn an_unfinished_merge_of_the_users_refuses_the_merge() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fixture.run(["switch", "-q", "-c", "side"]);
    fixture.write("b", "b");
    fixture.commit("side");
    fixture.run(["switch", "-q", "main"]);
    fixture.run(["merge", "-q", "--no-commit", "--no-ff", "side"]);
    let before = fixture.status();
    let error = accept(&workspace).await.unwrap_err();
    assert_eq!(code(&error), "merge_in_progress");
    assert_eq!(fixture.status(), before);
}

#[tokio::test]
async fn a_branch_that_is_being_rebased_is_not_moved() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fixture.write("a.txt", "mine");
    fixture.commit("mine");
    fixture.run(["branch", "onto", "main^"]);
    fixture.run(["switch", "-q", "onto"]);
    fixture.write("a.txt", "other");
    fixture.commit("other");
    fixture.run(["switch", "-q", "main"]);
    assert!(
        !fixture
            .try_in(&fixture.root, ["rebase", "-q", "onto"])
            .status
            .success()
    );
    let before = fixture.id("main");
    let error = accept(&workspace).await.unwrap_err();
    assert_eq!(code(&error), "rebase_in_progress");
    assert_eq!(fixture.id("main"), before);
}

#[tokio::test]
async fn a_target_that_moves_between_plan_and_merge_is_planned_again() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let plan = workspace.plan_merge("Merge").await.unwrap();
    let moved = fixture.commit("meanwhile");
    let error = workspace.execute_merge(&plan).await.unwrap_err();
    assert_eq!((code(&error), error.retry()), ("target_moved", Retry::Safe));
    assert_eq!(fixture.id("main"), moved);
    accept(&workspace).await.unwrap();
}

#[tokio::test]
async fn a_target_that_was_deleted_is_named() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fixture.run(["switch", "-q", "-c", "other"]);
    fixture.run(["branch", "-q", "-D", "main"]);
    let error = workspace.plan_merge("Merge").await.unwrap_err();
    assert_eq!(code(&error), "target_gone");
    assert!(error.to_string().contains("refs/heads/main"), "{error}");
}

#[tokio::test]
async fn a_run_whose_branch_was_deleted_has_no_git_branch() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    workspace.discard().await.unwrap();
    let error = workspace.plan_merge("Merge").await.unwrap_err();
    assert_eq!(code(&error), "no_git_branch");
}

#[tokio::test]
async fn a_detached_start_needs_a_branch_to_accept() {
    let fixture = Fixture::new();
    fixture.run(["checkout", "-q", "--detach"]);
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    assert_eq!(workspace.record().target, MergeTarget::Detached);
    let error = workspace.plan_merge("Merge").await.unwrap_err();
    assert_eq!(
        (error.kind(), code(&error)),
        (ErrorKind::Conflict, "detached_head")
    );
    assert!(error.advice().unwrap().contains("git switch -c"), "{error}");

    fixture.run(["switch", "-q", "-c", "kept"]);
    let plan = accept(&workspace).await.unwrap();
    assert_eq!(plan.target, "refs/heads/kept");
    assert_eq!(read(&fixture.root, "new"), "new");
}

#[tokio::test]
async fn a_detached_start_is_not_merged_to_a_branch_without_its_base() {
    let fixture = Fixture::new();
    fixture.run(["checkout", "-q", "--detach"]);
    fixture.commit("apart");
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fixture.run(["switch", "-q", "main"]);
    let error = workspace.plan_merge("Merge").await.unwrap_err();
    assert_eq!(code(&error), "detached_head");
}

#[tokio::test]
async fn nothing_to_merge_merges_nothing() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let plan = accept(&workspace).await.unwrap();
    assert_eq!(plan.old, plan.new);
    assert_eq!(fixture.run(["rev-list", "--count", "main"]), "1");
}

#[tokio::test]
async fn merging_twice_is_the_same_as_once() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let plan = accept(&workspace).await.unwrap();
    workspace.execute_merge(&plan).await.unwrap();
    assert_eq!(fixture.id("main"), plan.new);
    let again = workspace.plan_merge("Merge").await.unwrap();
    assert_eq!(again.new, plan.new);
}

/// Pitfall 33: whatever a merge replaces is kept first.
#[tokio::test]
async fn the_old_commit_of_the_target_is_kept() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let plan = accept(&workspace).await.unwrap();
    assert_eq!(fixture.id(&plan.backup), plan.old);
}

#[tokio::test]
async fn without_a_name_the_merge_is_by_grump() {
    let fixture = Fixture::new();
    fixture.forget_identity();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    accept(&workspace).await.unwrap();
    assert_eq!(fixture.run(["log", "-1", "--format=%an", "main"]), "grump");
}

#[tokio::test]
async fn what_is_not_committed_is_left_out_and_named() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    write(&workspace.directory(), "half", "half");
    assert_eq!(names(&workspace.left_out().await.unwrap()), ["half"]);
    accept(&workspace).await.unwrap();
    assert!(!fixture.root.join("half").exists());
}

#[tokio::test]
async fn a_submodule_that_the_agent_moved_is_merged() {
    let fixture = Fixture::new();
    let library = Fixture::new();
    let url = library.root.to_str().unwrap();
    fixture.run([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        url,
        "lib",
    ]);
    fixture.commit("submodule");
    let moved = library.commit("next");
    let workspace = fixture.workspace("run-1").await;
    let entry = format!("160000,{moved},lib");
    let directory = workspace.directory();
    fixture.run_in(&directory, ["update-index", "--cacheinfo", &entry]);
    fixture.run_in(&directory, ["commit", "-q", "-m", "agent's"]);
    accept(&workspace).await.unwrap();
    assert_eq!(fixture.id("main:lib"), moved);
}

#[tokio::test]
async fn two_runs_of_one_repository_are_merged_one_after_the_other() {
    let fixture = Fixture::new();
    let one = fixture.worked("run-1", &[("one", "1")]).await;
    let two = fixture.worked("run-2", &[("two", "2")]).await;
    accept(&one).await.unwrap();
    accept(&two).await.unwrap();
    assert_eq!(
        read(&fixture.root, "one") + &read(&fixture.root, "two"),
        "12"
    );
}
