//! Kills while a loop is created, started, and runs.

use grump_engine::Resume;

use crate::{
    cut::{Aim, Dice, is_journaled, kill_at, points},
    scene::Scene,
    truth::{holds_before_repair, loop_is_brought_to_its_end, loop_is_whole},
    victim::Act,
};

/// Pitfalls 16, 18, 19, 20, 32: killed at every journaled step and at a third of the calls of git,
/// a loop that is continued ends as if nothing had happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_continued_comes_to_its_end() {
    kill_everywhere(Resume::Continue, 0).await;
}

/// Pitfall 18: the same with the loop given up at first, then started again.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_given_up_comes_to_its_end_when_it_is_started() {
    kill_everywhere(Resume::GiveUp, 1).await;
}

/// Pitfall 18: the same with the loop left alone at first, then started again.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_left_alone_comes_to_its_end_when_it_is_started() {
    kill_everywhere(Resume::Leave, 2).await;
}

async fn kill_everywhere(resume: Resume, share: usize) {
    let scene = Scene::new();
    let points = points(&scene, &[Act::Run]);
    let offset = Dice::new().below(3) + share;
    let mut kills = 0;
    for (index, point) in points.iter().enumerate() {
        if !is_journaled(point) && !(index + offset).is_multiple_of(3) {
            continue;
        }
        let told = kill_at(&scene, &[Act::Run], index + 1);
        let _aim = Aim::new(index + 1, &told, resume);
        kills += usize::from(told.died);
        holds_before_repair(&scene, &told).await;
        loop_is_brought_to_its_end(&scene, resume).await;
        loop_is_whole(&scene, &told).await;
    }
    println!("{kills} kills");
    assert!(kills >= 70, "{kills} of {} points", points.len());
}
