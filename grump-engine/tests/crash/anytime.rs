//! Kills at any time, as they come in life: not at a point, and with what git does cut off too.

use std::{
    fs,
    process::{Child, Command},
    time::{Duration, Instant},
};

use grump::{ErrorKind, RunStatus};
use grump_engine::{Owner, Resume};

use crate::{
    cut::{Aim, Dice, orders, orders_at, points},
    scene::{Scene, only},
    truth::{self, holds_before_repair, loop_is_brought_to_its_end, loop_is_whole},
    victim::{self, Act, Told, perform},
};

/// Pitfalls 16, 18, 32, 33: whenever the engine is killed, alone or with every git that it runs,
/// the loop comes to its end and its work is merged once.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_killed_at_any_time_comes_to_its_end() {
    const KILLS: usize = 40;
    let scene = Scene::new();
    let mut dice = Dice::new();
    let begun = Instant::now();
    points(&scene, &[Act::Run]);
    let life = begun.elapsed();
    for kill in 1..=KILLS {
        let after = life.mul_f64(dice.below(1000) as f64 / 1000.0);
        let with_git = dice.below(2) == 1;
        let told = kill_after(&scene, after, with_git);
        let resume = [Resume::Continue, Resume::GiveUp, Resume::Leave][dice.below(3)];
        let _aim = Aim::new(told.points.len(), &told, (kill, with_git, resume));
        holds_before_repair(&scene, &told).await;
        loop_is_brought_to_its_end(&scene, resume).await;
        loop_is_whole(&scene, &told).await;
    }
}

/// Kills a victim after so long, the gits that it runs at the same time or not.
fn kill_after(scene: &Scene, after: Duration, with_git: bool) -> Told {
    scene.restore();
    let orders = orders(scene, &[Act::Run]);
    let mut victim = victim::start(&orders);
    std::thread::sleep(after);
    let gits = if with_git {
        gits_of(&victim)
    } else {
        Vec::new()
    };
    victim.kill().unwrap();
    if !gits.is_empty() {
        // Those that have ended meanwhile are none of its business.
        let _ = Command::new("kill").arg("-9").args(&gits).output();
    }
    victim.wait().unwrap();
    victim::told(&orders, true)
}

/// The gits among a process's children.
fn gits_of(process: &Child) -> Vec<String> {
    let parent = process.id().to_string();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let pids = processes.filter_map(|process| process.file_name().into_string().ok());
    pids.filter(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after = stat.rsplit(") ").next().unwrap_or_default();
        stat.contains("(git)") && after.split(' ').nth(1) == Some(&parent)
    })
    .collect()
}

/// Pitfall 19: a second owner is refused for as long as the first lives, and told who that is.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_owner_makes_way_for_the_next() {
    let scene = Scene::new();
    let orders = orders(&scene, &[Act::Run]);
    let mut victim = victim::start(&orders);
    truth::eventually("the loop runs", || {
        victim::told(&orders, true).is_done("Start")
    });
    let refused = scene.builder(Resume::Continue).open().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(refused.conflict().unwrap().code, "owned");
    assert!(
        refused
            .to_string()
            .contains(&format!("pid: {}", victim.id())),
        "{refused}"
    );
    let owner = Owner::of(&scene.data()).unwrap();
    assert_eq!(owner.identity.process.pid, victim.id());
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert_eq!(Owner::of(&scene.data()), None);
    scene.open(Resume::Leave).close().await;
}

/// Pitfall 20: one crash after the other, each in the work that makes up for the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_survives_crash_after_crash() {
    let scene = Scene::new();
    let mut dice = Dice::new();
    let usual = points(&scene, &[Act::Run]).len();
    for _ in 0..5 {
        scene.restore();
        let mut told = victim::play(&orders_at(&scene, &[Act::Run], usual / 3));
        let mut deaths = 1;
        while told.died && deaths < 12 {
            let _aim = Aim::new(deaths, &told, "crash after crash");
            holds_before_repair(&scene, &told).await;
            let point = 1 + dice.below(usual / 4);
            fs::write(scene.flag(), "").unwrap();
            told = victim::play(&orders_at(&scene, &[Act::Wait], point));
            deaths += 1;
        }
        println!("{deaths} deaths");
        loop_is_brought_to_its_end(&scene, Resume::Continue).await;
        loop_is_whole(&scene, &told).await;
        let engine = scene.open(Resume::Continue);
        perform(&engine.plane(), Act::Accept).await;
        let run = only(&engine.plane()).await.unwrap();
        assert_eq!(run.status.unified, RunStatus::Merged);
        engine.close().await;
    }
}
