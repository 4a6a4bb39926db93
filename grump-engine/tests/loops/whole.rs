//! A loop from its creation to its merge.

use futures::StreamExt;
use grump::{EventKind, NewLoop, Outcome, RunStatus, Since, Update};
use serde_json::json;

use crate::scene::Scene;

#[tokio::test]
async fn a_loop_runs_until_its_pattern_matches_and_is_merged() {
    let scene = Scene::new();
    let script = json!({"turns": [
        {"steps": [{"write": {"path": "a.txt", "content": "one\n"}}], "final": "Not yet."},
        {"steps": [{"bash": "echo two >> a.txt"}], "final": "Done.\n<promise>COMPLETE</promise>"},
    ]});
    let plane = scene.plane(&[("scripted", script)]);
    let loops = plane.loops();
    let new = NewLoop::new("two lines", scene.directory(), "Write two lines").agent("scripted");
    let created = loops.create(new).await.unwrap();
    let started = loops.start(&created).await.unwrap();
    let mut updates = loops
        .watch(&created, started.cursor.map_or(Since::Now, Since::Cursor))
        .await
        .unwrap();
    let mut kinds = Vec::new();
    while let Some(update) = updates.next().await {
        if let Update::Event(event) = update.unwrap() {
            kinds.push(event.kind());
        }
    }
    assert_eq!(kinds.first(), Some(&EventKind::RunStarted));
    assert_eq!(kinds.last(), Some(&EventKind::RunCompleted));
    let run = loops.open(&created).await.unwrap();
    assert_eq!(
        (run.status.unified, run.outcome),
        (RunStatus::Completed, Some(Outcome::Matched))
    );
    assert_eq!(run.as_loop().unwrap().iteration, 2);
    let diff = loops.diff(&run).await.unwrap();
    assert_eq!(diff.len(), 1);
    assert_eq!(diff[0].additions, 2);
    let accepted = loops.accept(&run).await.unwrap();
    assert_eq!(scene.git(&["rev-parse", "main"]), accepted.merge_commit);
    assert_eq!(scene.read("a.txt"), "one\ntwo\n");
    loops.purge(&run).await.unwrap();
    assert!(loops.list().await.unwrap().is_empty());
    assert_eq!(scene.git(&["branch", "--list"]), "* main");
}
