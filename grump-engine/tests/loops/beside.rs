//! What another process sees of a folder that an engine owns, or owned.

use std::sync::Arc;

use futures::StreamExt;
use grump::{EventKind, NewLoop, Outcome, Plane, RunStatus, Since, Update};
use grump_engine::{Engine, Resume};
use serde_json::json;

use crate::scene::Scene;

fn hanging() -> serde_json::Value {
    json!({"turns": [{"steps": [{"say": "I begin."}, "hang"], "final": "never"}]})
}

#[tokio::test]
async fn an_engine_that_looks_follows_the_one_that_works() {
    let scene = Scene::new();
    let script = json!({"turns": [{"final": "<promise>COMPLETE</promise>"}]});
    let plane = scene.plane(&[("scripted", script)]);
    let new = NewLoop::new("quick", scene.directory(), "Be quick").agent("scripted");
    let quick = plane.loops().create(new).await.unwrap();
    let beside = Plane::new(Engine::view(scene.data()).unwrap());
    let updates = beside
        .loops()
        .watch(&quick, Since::Beginning)
        .await
        .unwrap();
    plane.loops().start(&quick).await.unwrap();
    let told: Vec<_> = updates.map(|update| update.unwrap()).collect().await;
    let last = told.last().and_then(Update::event).unwrap();
    assert_eq!(last.kind(), EventKind::RunCompleted);
}

/// Pitfall 18: whoever watches is told when the engine is gone, instead of waiting for ever.
#[tokio::test]
async fn a_watch_ends_when_the_engine_that_worked_is_gone() {
    let scene = Scene::new();
    let plane = scene.plane(&[("hanging", hanging())]);
    let new = NewLoop::new("endless", scene.directory(), "Hang").agent("hanging");
    let endless = plane.loops().create(new).await.unwrap();
    plane.loops().start(&endless).await.unwrap();
    let beside = Plane::new(Engine::view(scene.data()).unwrap());
    let mut updates = beside
        .loops()
        .watch(&endless, Since::Beginning)
        .await
        .unwrap();
    loop {
        let update = updates.next().await.unwrap().unwrap();
        if update
            .event()
            .is_some_and(|event| event.kind() == EventKind::TextDelta)
        {
            break;
        }
    }
    drop(plane);
    let told: Vec<_> = updates.map(|update| update.unwrap()).collect().await;
    let Some(Update::Resync(run)) = told.last() else {
        panic!("{told:?}")
    };
    assert_eq!(run.status.unified, RunStatus::Cancelled);
    assert_eq!(
        (run.outcome, run.resumable),
        (Some(Outcome::Interrupted), true)
    );
}

#[tokio::test]
async fn a_loop_that_was_left_alone_goes_on_when_the_engine_is_told_to() {
    let scene = Scene::new();
    let builder = || {
        scene
            .builder(&[("hanging", hanging())])
            .resume(Resume::Leave)
    };
    let plane = Plane::new(builder().open().unwrap());
    let new = NewLoop::new("endless", scene.directory(), "Hang").agent("hanging");
    let endless = plane.loops().create(new).await.unwrap();
    plane.loops().start(&endless).await.unwrap();
    plane.close().await;
    let engine = Arc::new(builder().open().unwrap());
    let plane = Plane::new(engine.clone());
    assert!(plane.loops().open(&endless).await.unwrap().resumable);
    assert_eq!((engine.loops_at_work(), engine.loops_begun()), (0, 0));
    engine.resume_interrupted().await.unwrap();
    assert_eq!((engine.loops_at_work(), engine.loops_begun()), (1, 1));
    let run = plane.loops().open(&endless).await.unwrap();
    assert!(run.status.unified.is_executing(), "{run:?}");
    plane.loops().stop(&endless).await.unwrap();
    assert_eq!(engine.loops_at_work(), 0);
}
