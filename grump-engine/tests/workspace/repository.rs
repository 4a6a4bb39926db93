//! Finding repositories, and the states in which users leave them.

use std::process::Command;

use grump_core::ErrorKind;
use grump_engine::workspace::{Git, Head, Repository, Uncommitted};

use crate::support::{Fixture, code, names, read};

#[tokio::test]
async fn a_missing_directory_is_named() {
    let fixture = Fixture::new();
    let error = fixture
        .discover(&fixture.root.join("nowhere"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn a_directory_in_no_repository_is_refused_with_what_to_do() {
    let fixture = Fixture::new();
    let error = fixture.discover(&fixture.home()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.advice().unwrap().contains("git init"), "{error}");
}

#[tokio::test]
async fn a_bare_repository_is_refused() {
    let fixture = Fixture::new();
    let bare = fixture.folder.path().join("bare.git");
    fixture.run(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let error = fixture.discover(&bare).await.unwrap_err();
    assert_eq!(error.message(), "this is a bare repository");
}

#[tokio::test]
async fn the_git_folder_itself_is_refused() {
    let fixture = Fixture::new();
    let error = fixture
        .discover(&fixture.root.join(".git"))
        .await
        .unwrap_err();
    assert_eq!(error.message(), "this is inside a .git folder");
}

#[tokio::test]
async fn a_machine_without_git_is_told_to_install_it() {
    let fixture = Fixture::new();
    let git = Git::program(fixture.folder.path().join("no-such-git"));
    let error = Repository::discover_with(git, &fixture.root)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.advice().unwrap().contains("install git"), "{error}");
}

#[tokio::test]
async fn a_directory_deep_inside_finds_top_and_prefix() {
    let fixture = Fixture::empty("a repo with späces");
    fixture.write("deep/er/x", "x");
    fixture.commit("first");
    let found = fixture
        .discover(&fixture.root.join("deep/er"))
        .await
        .unwrap();
    assert_eq!(found.root(), fixture.root.canonicalize().unwrap());
    assert_eq!(found.prefix().to_str(), Some("deep/er"));
    assert_eq!(
        found.common_dir(),
        fixture.root.canonicalize().unwrap().join(".git")
    );
}

#[tokio::test]
async fn a_linked_worktree_shares_the_common_folder() {
    let fixture = Fixture::new();
    let linked = fixture.folder.path().join("linked");
    fixture.run([
        "worktree",
        "add",
        "-q",
        "-b",
        "side",
        linked.to_str().unwrap(),
    ]);
    let found = fixture.discover(&linked).await.unwrap();
    assert_eq!(found.root(), linked.canonicalize().unwrap());
    assert_eq!(
        found.common_dir(),
        fixture.root.canonicalize().unwrap().join(".git")
    );
    assert!(matches!(found.head().await.unwrap(), Head::Branch { name, .. } if name == "side"));
}

#[tokio::test]
async fn heads_are_told_apart() {
    let fixture = Fixture::empty("repo");
    let repository = fixture.repository().await;
    let unborn = Head::Unborn {
        name: "main".into(),
    };
    assert_eq!(repository.head().await.unwrap(), unborn);

    let commit = fixture.commit("first");
    let name = "main".into();
    let branch = Head::Branch {
        name,
        commit: commit.clone(),
    };
    assert_eq!(repository.head().await.unwrap(), branch);

    fixture.run(["checkout", "-q", "--detach"]);
    assert_eq!(repository.head().await.unwrap(), Head::Detached { commit });
}

#[tokio::test]
async fn uncommitted_files_are_listed_ignored_and_planning_files_are_not() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "ignored\n");
    fixture.write("staged", "x");
    fixture.commit("more");
    fixture.write("a.txt", "changed");
    fixture.write("staged", "y");
    fixture.run(["add", "staged"]);
    for path in ["ignored", "neü file", ".planning/plan.md", "folder/deep"] {
        fixture.write(path, "x");
    }
    fixture.run(["init", "-q", "embedded"]);
    let listed = fixture.repository().await.uncommitted().await.unwrap();
    assert_eq!(
        names(&listed),
        ["a.txt", "staged", "folder/deep", "neü file"]
    );
}

#[tokio::test]
async fn uncommitted_changes_are_committed_when_asked_for() {
    let fixture = Fixture::new();
    fixture.write("a.txt", "changed");
    fixture.write("new", "new");
    fixture.write(".planning/plan.md", "plan");
    let repository = fixture.repository().await;
    let saved = repository
        .save_uncommitted(Uncommitted::Commit, "Before")
        .await
        .unwrap();
    assert_eq!(saved.commit, Some(fixture.id("HEAD")));
    assert_eq!(
        fixture.run(["log", "-1", "--format=%an: %s"]),
        "Example User: Before"
    );
    assert_eq!(fixture.status(), "?? .planning/");
}

/// Pitfall 35: not even on the user's word does a secret get into a commit by itself.
#[tokio::test]
async fn a_secret_is_left_out_of_the_commit_of_uncommitted_changes() {
    let fixture = Fixture::new();
    fixture.write("a.txt", "changed");
    fixture.write(".env", "PASSWORD=1");
    let repository = fixture.repository().await;
    let saved = repository
        .save_uncommitted(Uncommitted::Commit, "Before")
        .await
        .unwrap();
    assert_eq!(saved.left_out[0].path, ".env".into());
    assert_eq!(fixture.status(), "?? .env");
}

#[tokio::test]
async fn uncommitted_changes_are_stashed_when_asked_for() {
    let fixture = Fixture::new();
    fixture.write("a.txt", "changed");
    fixture.write("new *", "new");
    let repository = fixture.repository().await;
    let saved = repository
        .save_uncommitted(Uncommitted::Stash, "Before")
        .await
        .unwrap();
    assert_eq!(saved.commit, Some(fixture.id("stash@{0}")));
    assert_eq!(fixture.status(), "");
    fixture.run(["stash", "pop", "-q"]);
    assert_eq!(read(&fixture.root, "a.txt"), "changed");
    assert_eq!(read(&fixture.root, "new *"), "new");
}

#[tokio::test]
async fn nothing_uncommitted_saves_nothing() {
    let fixture = Fixture::new();
    let repository = fixture.repository().await;
    for how in [Uncommitted::Commit, Uncommitted::Stash] {
        assert_eq!(
            repository.save_uncommitted(how, "x").await.unwrap().commit,
            None
        );
    }
    assert_eq!(fixture.run(["rev-list", "--count", "HEAD"]), "1");
}

#[tokio::test]
async fn in_an_empty_repository_a_commit_is_the_first_and_a_stash_is_refused() {
    let fixture = Fixture::empty("repo");
    fixture.write("a", "a");
    let repository = fixture.repository().await;
    let error = repository
        .save_uncommitted(Uncommitted::Stash, "x")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let saved = repository
        .save_uncommitted(Uncommitted::Commit, "x")
        .await
        .unwrap();
    assert_eq!(saved.commit, Some(fixture.id("HEAD")));
}

#[tokio::test]
async fn another_gits_lock_is_a_conflict_that_says_so() {
    let fixture = Fixture::new();
    fixture.write("a.txt", "changed");
    fixture.write(".git/index.lock", "");
    let repository = fixture.repository().await;
    let error = repository
        .save_uncommitted(Uncommitted::Commit, "x")
        .await
        .unwrap_err();
    assert_eq!(code(&error), "repository_locked");
    assert!(fixture.root.join(".git/index.lock").exists());
}

/// The environment belongs to the whole process, so the test runs itself again with another one.
#[tokio::test]
async fn inherited_variables_do_not_lead_git_astray() {
    let fixture = Fixture::new();
    if std::env::var_os("GIT_DIR").is_some() {
        let found = fixture.repository().await;
        assert_eq!(found.root(), fixture.root.canonicalize().unwrap());
        assert_eq!(found.uncommitted().await.unwrap(), []);
        return;
    }
    let inner = Command::new(std::env::current_exe().unwrap())
        .args([
            "repository::inherited_variables_do_not_lead_git_astray",
            "--exact",
        ])
        .env("GIT_DIR", "/nowhere")
        .env("GIT_INDEX_FILE", "/nowhere")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .output()
        .unwrap();
    assert!(
        inner.status.success(),
        "{}",
        String::from_utf8_lossy(&inner.stdout)
    );
}
