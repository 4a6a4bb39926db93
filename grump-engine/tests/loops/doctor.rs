//! What the doctor finds and removes.

use grump::{NewLoop, RunStatus};
use grump_engine::doctor;
use serde_json::json;

use crate::scene::Scene;

#[tokio::test]
async fn a_folder_without_a_crash_is_clean() {
    let scene = Scene::new();
    assert!(doctor::examine(&scene.data()).await.unwrap().is_clean());
    scene.plane(&[]).system().health().await.unwrap();
    assert!(doctor::examine(&scene.data()).await.unwrap().is_clean());
}

/// Pitfall 32: a worktree that no loop needs is found, and removed when that is asked for.
#[tokio::test]
async fn a_worktree_that_no_loop_needs_is_removed() {
    let scene = Scene::new();
    let script = json!({"turns": [{"final": "<promise>COMPLETE</promise>"}]});
    let plane = scene.plane(&[("scripted", script)]);
    let new = NewLoop::new("quick", scene.directory(), "Be quick").agent("scripted");
    let quick = plane.loops().create(new).await.unwrap();
    plane.loops().start(&quick).await.unwrap();
    let done = plane.loops().wait(&quick).await.unwrap();
    assert_eq!(done.status.unified, RunStatus::Completed);
    assert!(doctor::examine(&scene.data()).await.unwrap().is_clean());

    let worktree = std::path::PathBuf::from(done.as_loop().unwrap().worktree.clone().unwrap());
    let unknown = "0193d2ac-0000-7000-8000-000000000000";
    let stray = worktree.with_file_name(unknown);
    let reason = format!("grump run {unknown}");
    let path = stray.to_str().unwrap();
    scene.git(&[
        "worktree", "add", "-q", "--detach", "--lock", "--reason", &reason, path,
    ]);
    let found = doctor::examine(&scene.data()).await.unwrap();
    assert_eq!(found.worktrees, [stray.display().to_string()]);
    plane.close().await;
    doctor::repair(&scene.data()).await.unwrap();
    assert!(!stray.exists());
    assert!(worktree.exists());
    assert!(doctor::examine(&scene.data()).await.unwrap().is_clean());
}
