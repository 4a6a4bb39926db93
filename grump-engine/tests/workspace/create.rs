//! Planning and making worktrees.

use std::fs;

use grump_core::ErrorKind;
use grump_engine::workspace::{MergeTarget, Workspace, WorkspacePlan, WorkspaceRecord};

use crate::support::{Fixture, code, kill_at_count, read, write};

#[tokio::test]
async fn a_plan_changes_nothing() {
    let fixture = Fixture::new();
    let record = fixture.plan("run-1").await;
    assert_eq!(
        record.branch,
        "ralph/add-dark-mode-2026-11-22-01-02-03-run-1"
    );
    assert_eq!(record.base, fixture.id("main"));
    assert_eq!(record.target, MergeTarget::Branch("main".into()));
    assert!(!fixture.data().exists());
    assert_eq!(
        fixture.run(["for-each-ref", "--format=%(refname)"]),
        "refs/heads/main"
    );
}

#[tokio::test]
async fn a_record_survives_the_journal() {
    let fixture = Fixture::new();
    let record = fixture.plan("run-1").await;
    let json = serde_json::to_string(&record).unwrap();
    assert_eq!(
        serde_json::from_str::<WorkspaceRecord>(&json).unwrap(),
        record
    );
}

#[tokio::test]
async fn an_empty_repository_cannot_be_planned_from() {
    let fixture = Fixture::empty("repo");
    let repository = fixture.repository().await;
    let error = fixture.plan_from(&repository, "run-1").await.unwrap_err();
    assert_eq!(error.message(), "the repository has no commit yet");
    assert!(error.advice().is_some());
}

#[tokio::test]
async fn a_prefix_that_no_branch_can_have_is_refused() {
    let fixture = Fixture::new();
    for prefix in ["a..b/", "-x/", "a b/", ".x/", "/"] {
        let plan = WorkspacePlan {
            data: &fixture.data(),
            run: "run-1",
            title: "x",
            branch_prefix: prefix,
            now: "2026-11-22T01:02:03Z".parse().unwrap(),
        };
        let error = fixture.repository().await.plan(&plan).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{prefix}");
    }
}

#[tokio::test]
async fn a_worktree_is_made_outside_the_checkout() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    assert_eq!(read(&workspace.directory(), "a.txt"), "one\ntwo\nthree\n");
    assert_eq!(workspace.tip().await.unwrap(), fixture.id("main"));
    assert_eq!(fixture.status(), "");
    let branch = fixture.run_in(&workspace.directory(), ["symbolic-ref", "--short", "HEAD"]);
    assert_eq!(branch, workspace.record().branch);
}

#[tokio::test]
async fn the_agent_works_in_the_directory_that_the_user_named() {
    let fixture = Fixture::new();
    fixture.write("packages/app/x", "x");
    fixture.commit("more");
    let repository = fixture
        .discover(&fixture.root.join("packages/app"))
        .await
        .unwrap();
    let record = fixture.plan_from(&repository, "run-1").await.unwrap();
    let workspace = Workspace::new(fixture.git.clone(), record);
    workspace.create().await.unwrap();
    assert_eq!(read(&workspace.directory(), "x"), "x");
    assert!(workspace.directory().ends_with("packages/app"));
}

#[tokio::test]
async fn two_runs_that_start_in_the_same_second_do_not_meet() {
    let fixture = Fixture::new();
    let (one, two) = tokio::join!(fixture.workspace("run-1"), fixture.workspace("run-2"));
    assert_ne!(one.record().branch, two.record().branch);
    write(&one.directory(), "one", "1");
    assert!(!two.directory().join("one").exists());
}

#[tokio::test]
async fn many_runs_can_be_made_at_once() {
    let fixture = Fixture::new();
    let runs: Vec<String> = (0..8).map(|number| format!("run-{number}")).collect();
    let workspaces = futures_of(&fixture, &runs).await;
    for workspace in workspaces {
        assert_eq!(read(&workspace.directory(), "a.txt"), "one\ntwo\nthree\n");
    }
}

async fn futures_of(fixture: &Fixture, runs: &[String]) -> Vec<Workspace> {
    let mut tasks = tokio::task::JoinSet::new();
    for run in runs {
        let workspace = Workspace::new(fixture.git.clone(), fixture.plan(run).await);
        tasks.spawn(async move {
            workspace.create().await.unwrap();
            workspace
        });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn making_it_again_keeps_what_was_done_in_it() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    write(&workspace.directory(), "half", "done");
    workspace.create().await.unwrap();
    assert_eq!(read(&workspace.directory(), "half"), "done");
}

/// Pitfall 32: a worktree that was recorded but only half made is made anew.
#[tokio::test]
async fn what_a_kill_left_half_made_is_made_anew() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let folder = fixture.root.join(".git/worktrees/run-1");
    fs::remove_file(folder.join("grump-ready")).unwrap();
    fs::remove_file(workspace.directory().join("a.txt")).unwrap();
    fs::write(folder.join("index.lock"), "").unwrap();
    workspace.create().await.unwrap();
    assert_eq!(read(&workspace.directory(), "a.txt"), "one\ntwo\nthree\n");
    assert_eq!(
        fixture.run_in(&workspace.directory(), ["status", "--porcelain"]),
        ""
    );
}

/// Pitfall 32: a kill at any file of the new worktree.
#[tokio::test]
async fn a_worktree_whose_git_was_killed_can_be_made_again() {
    let fixture = Fixture::new();
    for number in 0..20 {
        fixture.write(&format!("{number}.txt"), "x");
    }
    fixture.commit("more");
    kill_at_count(&fixture);
    for at in [1, 2, 11, 20] {
        let run = format!("run-{at}");
        let workspace = Workspace::new(fixture.git.clone(), fixture.plan(&run).await);
        fs::write(fixture.home().join("countdown"), at.to_string()).unwrap();
        workspace.create().await.unwrap_err();
        workspace.create().await.unwrap();
        assert!(workspace.left_out().await.unwrap().is_empty());
        assert_eq!(read(&workspace.directory(), "19.txt"), "x");
    }
}

/// Pitfall 32: git had only just begun to note the worktree.
#[tokio::test]
async fn a_registration_without_a_path_is_made_anew() {
    let fixture = Fixture::new();
    let workspace = Workspace::new(fixture.git.clone(), fixture.plan("run-1").await);
    fixture.write(".git/worktrees/run-1/locked", "grump run run-1");
    workspace.create().await.unwrap();
    assert_eq!(read(&workspace.directory(), "a.txt"), "one\ntwo\nthree\n");
    assert_eq!(
        fs::read_dir(fixture.root.join(".git/worktrees"))
            .unwrap()
            .count(),
        1
    );
}

#[tokio::test]
async fn a_worktree_that_was_deleted_comes_back_at_the_branch() {
    let fixture = Fixture::new();
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    fs::remove_dir_all(workspace.directory()).unwrap();
    assert_eq!(
        workspace.left_out().await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    workspace.create().await.unwrap();
    assert_eq!(read(&workspace.directory(), "new"), "new");
}

/// Pitfall 34: nothing that is there already is taken over.
#[tokio::test]
async fn a_folder_in_the_way_is_left_alone() {
    let fixture = Fixture::new();
    let workspace = Workspace::new(fixture.git.clone(), fixture.plan("run-1").await);
    write(&workspace.directory(), "precious", "x");
    let error = workspace.create().await.unwrap_err();
    assert_eq!(code(&error), "worktree_occupied");
    assert_eq!(read(&workspace.directory(), "precious"), "x");
}

/// Pitfall 34: a worktree of another run is not taken over, even at the same path.
#[tokio::test]
async fn another_runs_worktree_is_left_alone() {
    let fixture = Fixture::new();
    let one = fixture.workspace("run-1").await;
    let mut record = fixture.plan("run-2").await;
    record.path.clone_from(&one.record().path);
    let two = Workspace::new(fixture.git.clone(), record);
    assert_eq!(code(&two.create().await.unwrap_err()), "worktree_occupied");
    assert_eq!(
        code(&two.commit_iteration("x").await.unwrap_err()),
        "worktree_occupied"
    );
}

#[tokio::test]
async fn an_ignored_planning_folder_is_copied_in_and_never_committed() {
    let fixture = Fixture::new();
    fixture.write(".planning/plan.md", "the plan");
    let workspace = fixture.workspace("run-1").await;
    assert_eq!(
        read(&workspace.directory(), ".planning/plan.md"),
        "the plan"
    );
    write(&workspace.directory(), ".planning/status.md", "done");
    let committed = workspace.commit_iteration("[Ralph] 1").await.unwrap();
    assert_eq!(committed.commit, None);
    assert!(workspace.left_out().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_tracked_planning_folder_is_committed_like_the_rest() {
    let fixture = Fixture::new();
    fixture.write(".planning/plan.md", "the plan");
    fixture.commit("plan");
    let workspace = fixture
        .worked("run-1", &[(".planning/plan.md", "another plan")])
        .await;
    assert_ne!(workspace.tip().await.unwrap(), fixture.id("main"));
}

/// Pitfall 35: ignored files come along only where the user listed them.
#[tokio::test]
async fn listed_ignored_files_are_copied_and_no_others() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", ".env\nlocal/\nother\n");
    fixture.write(".worktreeinclude", ".env\nlocal/*.json\nuntracked\n");
    fixture.commit("lists");
    for path in [".env", "local/a.json", "local/b.txt", "other", "untracked"] {
        fixture.write(path, path);
    }
    let workspace = fixture.workspace("run-1").await;
    let directory = workspace.directory();
    assert_eq!(read(&directory, ".env"), ".env");
    assert_eq!(read(&directory, "local/a.json"), "local/a.json");
    for path in ["local/b.txt", "other", "untracked"] {
        assert!(!directory.join(path).exists(), "{path}");
    }
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_written_is_named() {
    let fixture = Fixture::new();
    let mut record = fixture.plan("run-1").await;
    record.path = "/sys/grump/worktrees/repo/run-1".into();
    let workspace = Workspace::new(fixture.git.clone(), record);
    let error = workspace.create().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden, "{error:?}");
    assert!(error.to_string().contains("/sys/grump"), "{error}");
}

#[tokio::test]
async fn a_run_at_an_odd_path_goes_from_start_to_end() {
    let fixture = Fixture::empty("späces & 'quotes' \"here\"");
    fixture.write("a b.txt", "x");
    fixture.commit("first");
    let workspace = fixture
        .worked("run-1", &[("ünïcode", "new"), ("a b.txt", "y")])
        .await;
    assert_eq!(workspace.diff().await.unwrap().len(), 2);
    let plan = workspace.plan_merge("Merge").await.unwrap();
    workspace.execute_merge(&plan).await.unwrap();
    assert_eq!(read(&fixture.root, "ünïcode"), "new");
    workspace.discard().await.unwrap();
    workspace.undo_discard().await.unwrap();
    workspace.purge().await.unwrap();
    assert_eq!(fixture.status(), "");
}

#[tokio::test]
async fn a_branch_in_the_way_of_the_prefix_is_explained() {
    let fixture = Fixture::new();
    fixture.run(["branch", "ralph"]);
    let workspace = Workspace::new(fixture.git.clone(), fixture.plan("run-1").await);
    let error = workspace.create().await.unwrap_err();
    assert_eq!(code(&error), "reference_changed");
    assert!(error.advice().unwrap().contains("prefix"), "{error}");
}
