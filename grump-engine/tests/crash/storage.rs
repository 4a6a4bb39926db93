//! A journal that is damaged or of another version, a folder that cannot be written, a disk that
//! is full for a while.

use std::fs;

use grump::ErrorKind;
use grump_engine::{Engine, Resume};

use crate::{
    cut::{Aim, Dice, is_journaled, kill_at, orders, points},
    scene::{Scene, only},
    truth::{Journaled, loop_is_brought_to_its_end, loop_is_whole},
    victim::{self, Act, Orders},
};

/// A scene in which a loop was cut off, with its data folder as the kill left it.
fn cut_off() -> Scene {
    let scene = Scene::new();
    let half = points(&scene, &[Act::Run]).len() / 2;
    assert!(kill_at(&scene, &[Act::Run], half).died);
    crate::truth::await_nothing_alive(&scene);
    scene
}

/// The journal's files, without those that SQLite makes to look into it.
fn contents(scene: &Scene) -> Vec<Vec<u8>> {
    let file = scene.data().journal();
    let log = fs::read(file.with_extension("db-wal")).unwrap_or_default();
    vec![fs::read(file).unwrap(), log]
}

/// The engine refuses the folder with an error that says this, and leaves the journal as it is.
fn is_refused(scene: &Scene, with: &str) {
    let before = contents(scene);
    let refusals = [
        scene.builder(Resume::Continue).open(),
        Engine::view(scene.data()),
    ];
    for refused in refusals.map(Result::unwrap_err) {
        assert_eq!(refused.kind(), ErrorKind::Storage, "{refused}");
        assert!(format!("{refused:?}").contains(with), "{refused:?}");
        assert!(refused.to_string().contains("journal.db"), "{refused}");
    }
    assert!(contents(scene) == before, "the journal was changed");
    assert_eq!(grump_engine::Owner::of(&scene.data()), None);
}

/// Pitfall 19: a damaged journal is refused and left as it is; with a copy put back all goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_refused_and_left_as_it_is() {
    let scene = cut_off();
    let file = scene.data().journal();
    let (whole, log) = (fs::read(&file).unwrap(), file.with_extension("db-wal"));
    let written = fs::read(&log).unwrap();
    fs::write(&file, &whole[..50]).unwrap();
    is_refused(&scene, "journal");
    fs::write(&file, vec![0xa5; whole.len()]).unwrap();
    is_refused(&scene, "journal");
    fs::write(&file, b"").unwrap();
    is_refused(&scene, "journal");
    fs::write(&file, &whole).unwrap();
    fs::write(&log, &written).unwrap();
    loop_is_brought_to_its_end(&scene, Resume::Continue).await;
}

/// Pitfall 19: what a newer grump wrote is refused and left as it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_journal_of_a_newer_version_is_refused_and_left_as_it_is() {
    let scene = Scene::new();
    scene.open(Resume::Continue).close().await;
    let file = scene.data().journal();
    let mut newer = fs::read(&file).unwrap();
    newer[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    fs::write(&file, newer).unwrap();
    is_refused(&scene, "newer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_is_refused_by_name() {
    let scene = Scene::new();
    let lock = scene.data().lock();
    fs::create_dir(&lock).unwrap();
    let refused = scene.builder(Resume::Continue).open().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Storage);
    assert!(
        refused.to_string().contains(lock.to_str().unwrap()),
        "{refused}"
    );
    fs::remove_dir(lock).unwrap();
    scene.open(Resume::Continue).close().await;
}

/// Pitfall 18: while the disk is full the loop ends, and what is asked of it is refused, not left
/// waiting; as soon as there is space its state is true, and starting it goes on with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_on_a_full_disk_is_cut_off_and_goes_on_when_there_is_space() {
    let scene = Scene::new();
    let points = points(&scene, &[Act::Persist]);
    let begun = points
        .iter()
        .position(|point| point.contains("iteration.started"))
        .unwrap();
    let commits =
        (begun..points.len()).filter(|index| points[*index].starts_with("before the commit"));
    let commits: Vec<_> = commits.collect();
    let mut dice = Dice::new();
    let mut filled = 0;
    for _ in 0..8 {
        let point = commits[dice.below(commits.len())] + 1;
        scene.restore();
        let told = victim::play(&Orders {
            full_at: Some(point),
            ..orders(&scene, &[Act::Persist])
        });
        let Some(full) = told.done.iter().find(|done| is_point(done)) else {
            continue;
        };
        filled += 1;
        let _aim = Aim::new(point, &told, ("full", full));
        let is_end = full.contains("run.completed");
        assert!(is_end || told.is_done("CutOff"), "{told:?}");
        loop_is_whole(&scene, &told).await;
    }
    assert!(filled >= 4, "{filled}");
}

/// Whether this names a point; a life may be shorter than the one that was counted.
fn is_point(done: &str) -> bool {
    is_journaled(done) || done.contains(" git ")
}

/// Pitfall 17: a stop is answered on a full disk too, and says that it could not be stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_on_a_full_disk_is_answered() {
    let scene = Scene::new();
    let told = victim::play(&orders(&scene, &[Act::StopOnFullDisk]));
    assert!(told.is_done("StopOnFullDisk"));
    let before = Journaled::read(&scene).await;
    let engine = scene.open(Resume::Leave);
    assert!(
        only(&engine.plane())
            .await
            .unwrap()
            .status
            .unified
            .is_terminal()
    );
    engine.close().await;
    assert_eq!(Journaled::read(&scene).await, before);
}
