//! A whole loop with real opencode, from its creation to its merge.

use std::{fs, sync::Arc};

use grump::{NewLoop, Outcome, Plane};
use grump_engine::{DataFolder, Engine, agent::registry::Agents};
use tokio::time::timeout;

use crate::bench::{Bench, HANG, keeper};

#[tokio::test]
async fn a_loop_runs_until_opencode_says_that_it_is_done_and_is_merged() {
    let script = include_str!("../../../grump-testkit/scripts/three-iterations.json");
    let bench = Bench::new(script).await;
    let repository = bench.repository.path().canonicalize().unwrap();
    let data = tempfile::tempdir().unwrap();
    let agents = Agents::default().with("opencode", Arc::new(bench.agent()));
    let engine = Engine::builder(DataFolder::new(data.path().join("data")))
        .agents(agents)
        .keeper(keeper());
    let plane = Plane::new(engine.open().unwrap());
    let loops = plane.loops();
    let new = NewLoop::new(
        "three lines",
        repository.to_str().unwrap(),
        "Write three lines.",
    )
    .agent("opencode")
    .max_iterations(10);
    let created = loops.create(new).await.unwrap();
    loops.start(&created).await.unwrap();
    let ended = timeout(HANG, loops.wait(&created)).await;
    let run = ended.expect("the loop ends").unwrap();
    assert_eq!(run.outcome, Some(Outcome::Matched), "{run:?}");
    assert_eq!(run.as_loop().unwrap().iteration, 3);
    loops.accept(&run).await.unwrap();
    let lines = fs::read_to_string(repository.join("log.txt")).unwrap();
    assert_eq!(lines.lines().count(), 3, "{lines}");
}
