//! Merges that were killed in the middle.

use std::{fs, path::PathBuf, time::Duration};

use grump_engine::workspace::{Git, MergePlan, Repaired, Workspace};

use crate::support::{Fixture, code, filter, isolated, kill_at_count, read, script, write};

const SEED: u64 = 20_261_122;
const ROUNDS: usize = 12;

/// A small generator of random numbers, the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

/// A run that changed, added and removed many files, and a user with edits of their own.
struct Scene {
    fixture: Fixture,
    workspace: Workspace,
    before: String,
    files: usize,
}

impl Scene {
    async fn new(files: usize) -> Self {
        let fixture = Fixture::new();
        for number in 0..files {
            fixture.write(
                &format!("d{}/{number}.txt", number % 7),
                format!("{number}\n").repeat(50),
            );
        }
        fixture.write("becomes-folder", "file");
        fixture.write("becomes-file/x", "x");
        fixture.write("user.txt", "user");
        fixture.commit("many");
        let scene = Self {
            workspace: fixture.workspace("run-1").await,
            before: String::new(),
            fixture,
            files,
        };
        scene.work().await;
        scene.prepare_user()
    }

    async fn work(&self) {
        let directory = self.workspace.directory();
        for number in 0..self.files {
            let path = format!("d{}/{number}.txt", number % 7);
            match number % 3 {
                0 => write(&directory, &path, format!("changed {number}\n").repeat(60)),
                1 => write(&directory, &format!("new/{number}.txt"), "new\n".repeat(40)),
                _ => fs::remove_file(directory.join(path)).unwrap(),
            }
        }
        fs::remove_file(directory.join("becomes-folder")).unwrap();
        write(&directory, "becomes-folder/y", "y");
        fs::remove_dir_all(directory.join("becomes-file")).unwrap();
        write(&directory, "becomes-file", "file");
        self.workspace.commit_iteration("[Ralph] 1").await.unwrap();
    }

    fn prepare_user(mut self) -> Self {
        self.fixture.write("user.txt", "edited");
        self.fixture.write("untracked", "untracked");
        self.fixture.write("a.txt", "staged");
        self.fixture.run(["add", "a.txt"]);
        self.before = self.fixture.status();
        self
    }

    fn lock(&self) -> PathBuf {
        self.fixture.root.join(".git/index.lock")
    }

    async fn plan(&self) -> MergePlan {
        self.workspace.plan_merge("Merge").await.unwrap()
    }

    /// Repairs after a kill and checks that all is as before, or merged.
    async fn repair(&self, plan: &MergePlan) -> Repaired {
        let repaired = self.workspace.repair_merge(plan).await.unwrap();
        let expected = match repaired {
            Repaired::Done => &plan.new,
            _ => &plan.old,
        };
        assert_eq!(self.fixture.id("main"), *expected);
        assert_eq!(self.fixture.status(), self.before);
        assert!(!self.lock().exists());
        repaired
    }

    /// Merges after a repair, checks that it is in place, and takes it back for the next round.
    async fn finish(&self, plan: &MergePlan) {
        self.workspace.execute_merge(plan).await.unwrap();
        assert_eq!(self.fixture.id("main"), plan.new);
        assert_eq!(self.fixture.status(), self.before);
        assert_eq!(read(&self.fixture.root, "user.txt"), "edited");
        self.fixture
            .run(["reset", "-q", "--keep", plan.old.as_str()]);
        self.fixture.run(["add", "a.txt"]);
        assert_eq!(self.fixture.status(), self.before);
    }
}

/// Pitfall 33: a merge that is killed between any two files is taken back, whole.
#[tokio::test]
async fn a_merge_killed_at_any_file_is_taken_back_and_can_be_made_again() {
    println!("seed {SEED}");
    let mut random = Random(SEED);
    let scene = Scene::new(60).await;
    kill_at_count(&scene.fixture);
    let plan = scene.plan().await;
    for round in 0..ROUNDS {
        let at = 1 + random.below(40);
        fs::write(scene.fixture.home().join("countdown"), at.to_string()).unwrap();
        assert!(
            scene.workspace.execute_merge(&plan).await.is_err(),
            "killed at file {at}"
        );
        write_partly(&scene, &mut random);
        if round % 2 == 0 {
            let repaired = scene.repair(&plan).await;
            assert_eq!(repaired, Repaired::RolledBack, "killed at file {at}");
        }
        scene.finish(&plan).await;
    }
}

/// As if git had been killed while it wrote a file.
fn write_partly(scene: &Scene, random: &mut Random) {
    let number = 1 + 3 * random.below(20);
    let file = scene.fixture.root.join(format!("new/{number}.txt"));
    if let Ok(content) = fs::read(&file) {
        let kept = usize::try_from(random.below(content.len() as u64)).unwrap();
        fs::write(file, &content[..kept]).unwrap();
    }
}

/// As if grump had been killed with its git: it had no time to take its note back.
fn interrupt_note(scene: &Scene, plan: &MergePlan) {
    let note = scene.fixture.root.join(".git/grump-merge-run-1");
    fs::write(&note, serde_json::to_vec(plan).unwrap()).unwrap();
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    fs::File::open(note)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
}

/// Kills the merge after `$HOME/delay` seconds.
const KILL_AFTER_DELAY: &str = r#"#!/bin/sh
case " $* " in
*" merge --ff-only "*)
    git "$@" & merge=$!
    sleep "$(cat "$HOME/delay")"
    kill -9 $merge
    wait $merge
    exit 137;;
esac
exec git "$@"
"#;

/// Pitfall 33: wherever a kill hits git, the merge is either there or taken back.
#[tokio::test]
async fn a_merge_killed_at_any_time_is_there_or_taken_back() {
    println!("seed {SEED}");
    let mut random = Random(SEED);
    let mut scene = Scene::new(400).await;
    let record = scene.workspace.record().clone();
    let program = script(&scene.fixture, "killing-git", KILL_AFTER_DELAY);
    let killing = isolated(Git::program(program), &scene.fixture.home());
    scene.workspace = Workspace::new(killing.clone(), record.clone());
    let plan = scene.plan().await;
    for _ in 0..ROUNDS {
        let delay = format!("0.{:03}", random.below(120));
        fs::write(scene.fixture.home().join("delay"), &delay).unwrap();
        // A kill that comes too late finds the merge in place.
        let _ = scene.workspace.execute_merge(&plan).await;
        let repaired = scene.repair(&plan).await;
        println!("killed after {delay} s: {repaired:?}");
        scene.workspace = Workspace::new(scene.fixture.git.clone(), record.clone());
        scene.finish(&plan).await;
        scene.workspace = Workspace::new(killing.clone(), record.clone());
    }
}

#[tokio::test]
async fn a_repair_touches_nothing_that_the_user_changed_since() {
    let scene = Scene::new(60).await;
    kill_at_count(&scene.fixture);
    let plan = scene.plan().await;
    fs::write(scene.fixture.home().join("countdown"), "20").unwrap();
    scene.workspace.execute_merge(&plan).await.unwrap_err();
    scene.fixture.write("d0/0.txt", "mine");
    let error = scene.workspace.repair_merge(&plan).await.unwrap_err();
    assert_eq!(code(&error), "checkout_in_the_way");
    assert_eq!(error.conflict().unwrap().changed_files, ["d0/0.txt"]);
    assert_eq!(read(&scene.fixture.root, "d0/0.txt"), "mine");
    assert!(scene.lock().exists());
    fs::remove_file(scene.fixture.root.join("d0/0.txt")).unwrap();
    assert_eq!(scene.repair(&plan).await, Repaired::RolledBack);
}

#[tokio::test]
async fn a_merge_planned_anew_after_a_kill_takes_the_killed_one_back() {
    let scene = Scene::new(30).await;
    kill_at_count(&scene.fixture);
    let killed = scene.plan().await;
    fs::write(scene.fixture.home().join("countdown"), "10").unwrap();
    scene.workspace.execute_merge(&killed).await.unwrap_err();
    let anew = scene.workspace.plan_merge("Another message").await.unwrap();
    assert_ne!(anew.new, killed.new);
    scene.finish(&anew).await;
}

#[tokio::test]
async fn a_merge_that_was_never_begun_needs_no_repair() {
    let scene = Scene::new(3).await;
    let plan = scene.plan().await;
    fs::write(scene.lock(), "another git's").unwrap();
    let repaired = scene.workspace.repair_merge(&plan).await.unwrap();
    assert_eq!(repaired, Repaired::RolledBack);
    assert!(scene.lock().exists());
}

#[tokio::test]
async fn a_merge_that_is_in_place_needs_no_repair() {
    let scene = Scene::new(3).await;
    let plan = scene.plan().await;
    scene.workspace.execute_merge(&plan).await.unwrap();
    interrupt_note(&scene, &plan);
    assert_eq!(scene.repair(&plan).await, Repaired::Done);
}

#[tokio::test]
async fn a_target_with_other_commits_by_now_supersedes_the_merge() {
    let scene = Scene::new(3).await;
    let plan = scene.plan().await;
    scene.fixture.run(["commit", "-q", "-m", "meanwhile"]);
    interrupt_note(&scene, &plan);
    let repaired = scene.workspace.repair_merge(&plan).await.unwrap();
    assert_eq!(repaired, Repaired::Superseded);
}

/// A git that outlives grump holds the repository's lock until it has ended.
#[tokio::test]
async fn a_repair_waits_for_a_git_that_survived() {
    let scene = Scene::new(6).await;
    filter(
        &scene.fixture,
        "touch \"$HOME/begun\"; while [ ! -e \"$HOME/go\" ]; do sleep 0.01; done",
    );
    let plan = scene.plan().await;
    let (workspace, planned) = (scene.workspace.clone(), plan.clone());
    let merging = tokio::spawn(async move { workspace.execute_merge(&planned).await });
    while !scene.fixture.home().join("begun").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    merging.abort();
    assert!(merging.await.unwrap_err().is_cancelled());

    let repair = scene.repair(&plan);
    let go = async {
        tokio::task::yield_now().await;
        fs::write(scene.fixture.home().join("go"), "").unwrap();
    };
    let (repaired, ()) = tokio::join!(repair, go);
    assert_eq!(repaired, Repaired::Done);
}
