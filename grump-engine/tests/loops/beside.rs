//! Looking at a data folder beside its owner.

use futures::StreamExt;
use grump::{EventKind, NewLoop, Outcome, Plane, Run, RunStatus, Since, Update};
use grump_engine::Engine;
use serde_json::json;

use crate::scene::Scene;

/// A loop whose agent hangs in its first iteration, and the plane that runs it.
async fn hanging(scene: &Scene) -> (Plane, Run) {
    let script = json!({"turns": [{"steps": [{"say": "I hang."}, "hang"]}]});
    let plane = scene.plane(&[("scripted", script)]);
    let new = NewLoop::new("hangs", scene.directory(), "Hang").agent("scripted");
    let run = plane.loops().create(new).await.unwrap();
    plane.loops().start(&run).await.unwrap();
    let mut updates = plane.loops().watch(&run, Since::Beginning).await.unwrap();
    loop {
        let update = updates.next().await.unwrap().unwrap();
        if update.event().map(grump::Event::kind) == Some(EventKind::Message) {
            return (plane, run);
        }
    }
}

/// Pitfalls 9 and 18: who watches a run whose engine is gone is told everything and then how it
/// stands, and does not wait for ever.
#[tokio::test]
async fn watching_a_run_whose_engine_is_gone_ends_with_the_run_as_interrupted() {
    let scene = Scene::new();
    let (plane, run) = hanging(&scene).await;
    let looking = Plane::new(Engine::view(scene.data()).unwrap());
    let mut updates = looking.loops().watch(&run, Since::Beginning).await.unwrap();
    let first = updates.next().await.unwrap().unwrap();
    assert_eq!(first.event().unwrap().kind(), EventKind::RunCreated);
    drop(plane);
    scene.wait_until_free().await;
    let rest: Vec<_> = updates.by_ref().map(Result::unwrap).collect().await;
    let (last, events) = rest.split_last().unwrap();
    let told = |update: &Update| update.event().map(grump::Event::kind) == Some(EventKind::Message);
    assert!(events.iter().any(told), "{events:?}");
    let Update::Resync(after) = last else {
        panic!("{last:?}");
    };
    assert_eq!(after.status.unified, RunStatus::Cancelled);
    assert_eq!(
        (after.outcome, after.resumable),
        (Some(Outcome::Interrupted), true)
    );
}
