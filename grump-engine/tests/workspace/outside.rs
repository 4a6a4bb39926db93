//! What an agent did beyond its worktree.

use crate::support::{Fixture, write};

#[tokio::test]
async fn work_in_the_worktree_is_nothing_outside() {
    let fixture = Fixture::new();
    let workspace = fixture.workspace("run-1").await;
    let other = fixture.workspace("run-2").await;
    let before = workspace.outside().await.unwrap();
    for workspace in [&workspace, &other] {
        write(&workspace.directory(), "new", "new");
        workspace.commit_iteration("[Ralph] 1").await.unwrap();
        workspace.snapshot("x").await.unwrap();
    }
    let after = workspace.outside().await.unwrap();
    assert_eq!(before.changes_to(&after), Vec::<String>::new());
}

#[tokio::test]
async fn moved_branches_new_tags_hooks_and_configuration_are_told() {
    let fixture = Fixture::new();
    fixture.run(["branch", "doomed"]);
    let workspace = fixture.worked("run-1", &[("new", "new")]).await;
    let before = workspace.outside().await.unwrap();
    let directory = workspace.directory();
    fixture.run_in(&directory, ["update-ref", "refs/heads/main", "HEAD"]);
    fixture.run_in(&directory, ["branch", "-q", "-D", "doomed"]);
    fixture.run_in(&directory, ["tag", "v1"]);
    fixture.run_in(&directory, ["config", "alias.x", "status"]);
    fixture.write(".git/hooks/pre-commit", "#!/bin/sh\n");
    let changes = before.changes_to(&workspace.outside().await.unwrap());
    let told: Vec<_> = changes
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    let expected = [
        "refs/heads/doomed",
        "refs/heads/main",
        "refs/tags/v1",
        ".git/config",
        ".git/hooks/pre-commit",
    ];
    assert_eq!(told, expected, "{changes:?}");
}
