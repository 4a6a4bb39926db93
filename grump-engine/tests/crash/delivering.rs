//! Kills while a loop's work is merged, thrown away, brought back, and forgotten.

use std::fs;

use grump::{EventKind, Run, RunStatus};
use grump_engine::Resume;

use crate::{
    cut::{Aim, Dice, kill_at, points},
    scene::{Scene, only},
    truth::{self, Journaled, holds_before_repair},
    victim::{Act, Told, perform},
};

/// What the user has not committed, before and after everything.
const EDITS: &str = " M notes.md\n?? own.txt";
/// What the agent left in the worktree in no commit.
const LEFT: &str = "half done\n";

/// Pitfall 33: after a kill in a merge the branch is as before or merged, the user's files fit to
/// it, their edits are untouched, and accepting again comes to the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_is_whole_or_did_not_happen() {
    kill_everywhere(&[], Act::Accept).await;
}

/// Pitfall 33: nothing is lost by a discard that was cut off, neither branch nor half-done work.
#[tokio::test(flavor = "multi_thread")]
async fn a_discard_that_was_begun_is_completed() {
    kill_everywhere(&[], Act::Discard).await;
}

/// Pitfall 33: what a discard took away comes back whole.
#[tokio::test(flavor = "multi_thread")]
async fn an_undo_that_was_begun_is_completed() {
    kill_everywhere(&[Act::Discard], Act::Undo).await;
}

/// Pitfall 32: a loop that is removed leaves no worktree behind, and keeps its branch.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_was_begun_is_completed() {
    kill_everywhere(&[], Act::Remove).await;
}

/// Pitfall 32: of a purged loop nothing is left, but for what was merged.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_was_begun_is_completed() {
    kill_everywhere(&[Act::Accept], Act::Purge).await;
}

/// As above, for a loop that was discarded.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_of_discarded_work_is_completed() {
    kill_everywhere(&[Act::Discard], Act::Purge).await;
}

async fn kill_everywhere(before: &[Act], act: Act) {
    let scene = Scene::new();
    let work = Work::finished(&scene, before).await;
    let points = points(&scene, &[act]);
    let mut dice = Dice::new();
    let mut kills = 0;
    for (index, point) in points.iter().enumerate() {
        // What follows a call of git is as what comes before the next one.
        if point.starts_with("after git") {
            continue;
        }
        let told = kill_at(&scene, &[act], index + 1);
        let resume = [Resume::Continue, Resume::GiveUp, Resume::Leave][dice.below(3)];
        let _aim = Aim::new(index + 1, &told, resume);
        kills += usize::from(told.died);
        holds_before_repair(&scene, &told).await;
        work.is_brought_to_its_end(act, resume, &told).await;
        work.is_delivered(before, act).await;
    }
    println!("{kills} kills");
    assert!(kills >= 10, "{kills} of {} points", points.len());
}

/// A loop's finished work.
struct Work<'a> {
    scene: &'a Scene,
    id: String,
    branch: String,
    tip: String,
}

impl<'a> Work<'a> {
    /// Runs the loop to its end and does to it what comes before the kill; keeps that.
    async fn finished(scene: &'a Scene, before: &[Act]) -> Self {
        truth::loop_is_brought_to_its_end(scene, Resume::Continue).await;
        let engine = scene.open(Resume::Continue);
        let plane = engine.plane();
        let run = only(&plane).await.unwrap();
        let detail = run.as_loop().unwrap();
        fs::write(
            format!("{}/half.txt", detail.worktree.as_ref().unwrap()),
            LEFT,
        )
        .unwrap();
        scene.write("notes.md", "mine, edited\n");
        scene.write("own.txt", "own\n");
        let branch = detail.branch.clone().unwrap();
        let work = Self {
            scene,
            id: run.name.id.to_string(),
            tip: scene.git(&["rev-parse", &branch]),
            branch,
        };
        for act in before {
            perform(&plane, *act).await;
        }
        drop(plane);
        engine.close().await;
        scene.keep();
        work
    }

    /// Starts another engine, which finishes what was begun; what had not begun is done now.
    async fn is_brought_to_its_end(&self, act: Act, resume: Resume, told: &Told) {
        let engine = self.scene.open(resume);
        let plane = engine.plane();
        let run = only(&plane).await;
        assert_eq!(self.scene.git(&["status", "--porcelain"]), EDITS);
        let done = is_done(act, run.as_ref());
        assert!(done || !told.is_done(&format!("{act:?}")), "{run:?}");
        if !done {
            let status = run.unwrap().status.unified;
            assert_eq!(
                status == RunStatus::Completed,
                !matches!(act, Act::Undo | Act::Purge)
            );
            perform(&plane, act).await;
        }
        drop(plane);
        engine.close().await;
    }

    async fn is_delivered(&self, before: &[Act], act: Act) {
        let scene = self.scene;
        assert_eq!(scene.git(&["status", "--porcelain"]), EDITS);
        let merged = act == Act::Accept || before.contains(&Act::Accept);
        let subject = if merged {
            "Merge loop: three lines"
        } else {
            "first"
        };
        assert_eq!(scene.git(&["log", "-1", "--format=%s", "main"]), subject);
        assert_eq!(scene.repository().join("deep/er/x").exists(), merged);
        match act {
            Act::Accept | Act::Remove => self.is_kept(&self.branch, &[]),
            Act::Discard => {
                self.is_kept(&self.backup("tip"), &[]);
                assert!(
                    scene
                        .try_git(&["rev-parse", "-q", "--verify", &self.branch])
                        .stdout
                        .is_empty()
                );
            }
            Act::Undo => self.is_back(),
            _ => self.is_gone(),
        }
        self.is_told_once(act).await;
        truth::no_litter(&scene.repository().join(".git"));
        truth::doctor_finds_nothing(scene).await;
    }

    /// The work is kept under this name, and what was in no commit in a backup.
    fn is_kept(&self, name: &str, worktrees: &[&str]) {
        assert_eq!(self.scene.git(&["rev-parse", name]), self.tip);
        let left = format!("{}:half.txt", self.backup("uncommitted"));
        assert_eq!(self.scene.git(&["show", &left]), LEFT.trim_end());
        let lines = format!("{}:lines.txt", self.backup("uncommitted"));
        assert_eq!(
            self.scene.git(&["show", &lines]),
            "1: base\n2: base\n3: base"
        );
        truth::worktrees_are(self.scene, worktrees);
    }

    fn is_back(&self) {
        self.is_kept(&self.branch, &[&self.id]);
        let worktrees = self.scene.git(&["worktree", "list", "--porcelain"]);
        let mut worktree = worktrees
            .lines()
            .filter_map(|line| line.strip_prefix("worktree "));
        let worktree = worktree.next_back().unwrap();
        let left = fs::read_to_string(format!("{worktree}/half.txt")).unwrap();
        assert_eq!(left, LEFT);
        let state = self.scene.git(&["-C", worktree, "status", "--porcelain"]);
        assert_eq!(state, "?? half.txt");
    }

    fn is_gone(&self) {
        truth::worktrees_are(self.scene, &[]);
        let refs = self.scene.git(&["for-each-ref", "--format=%(refname)"]);
        assert_eq!(refs, "refs/heads/main");
    }

    fn backup(&self, name: &str) -> String {
        format!("refs/grump/backup/{}/{name}", self.id)
    }

    async fn is_told_once(&self, act: Act) {
        let kind = match act {
            Act::Accept => EventKind::RunMerged,
            Act::Discard => EventKind::RunDiscarded,
            Act::Remove | Act::Purge => EventKind::RunDeleted,
            _ => return,
        };
        assert_eq!(Journaled::read(self.scene).await.count(kind), 1);
    }
}

fn is_done(act: Act, run: Option<&Run>) -> bool {
    let status = run.map(|run| run.status.unified);
    match act {
        Act::Accept => status == Some(RunStatus::Merged),
        Act::Discard | Act::Remove => status == Some(RunStatus::Discarded),
        Act::Undo => status == Some(RunStatus::Completed),
        _ => status.is_none(),
    }
}
