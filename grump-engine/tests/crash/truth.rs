//! What must be true after a kill, before and after anybody repairs.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use grump::{EventKind, Outcome, Plane, Run, RunStatus};
use grump_engine::{
    Engine, Resume, doctor,
    journal::{Journal, Position, Record, Stored},
};

use crate::{
    scene::{Scene, only},
    victim::Told,
};

/// How many iterations the loop has.
const ITERATIONS: u64 = 3;

/// What a journal holds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Journaled {
    pub(crate) events: Vec<Stored>,
    pub(crate) runs: Vec<Record>,
}

impl Journaled {
    /// Reads the journal without writing to it.
    pub(crate) async fn read(scene: &Scene) -> Self {
        if !scene.data().journal().exists() {
            return Self::default();
        }
        let journal = Journal::open_read_only(&scene.data().journal()).unwrap();
        Self {
            events: journal.events(Position::START, None, 10_000).await.unwrap(),
            runs: journal.runs().await.unwrap(),
        }
    }

    pub(crate) fn count(&self, kind: EventKind) -> usize {
        self.of(kind).count()
    }

    /// How often something was told in each iteration.
    fn by_iteration(&self, kind: EventKind) -> BTreeMap<u64, usize> {
        let mut counts = BTreeMap::new();
        for stored in self.of(kind) {
            *counts.entry(stored.event.iteration.unwrap()).or_default() += 1;
        }
        counts
    }

    fn of(&self, kind: EventKind) -> impl Iterator<Item = &Stored> {
        self.events
            .iter()
            .filter(move |stored| stored.event.kind() == kind)
    }
}

/// Waits until no process works below the scene any more: the keeper ends the agent's, and a git
/// that outlived its engine comes to its end.
pub(crate) fn await_nothing_alive(scene: &Scene) {
    eventually("nothing is alive", || {
        at_work_below(scene.root()).is_empty()
    });
}

/// Waits for a condition; a minute is far more than anything here takes.
pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn at_work_below(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let below = processes.filter(|process| {
        fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
    });
    below
        .map(|process| fs::read_to_string(process.path().join("cmdline")).unwrap_or_default())
        .collect()
}

/// Pitfall 18: before anybody has repaired anything, no loop seems to run, and everything that the
/// victim told of is there.
pub(crate) async fn holds_before_repair(scene: &Scene, told: &Told) {
    await_nothing_alive(scene);
    let journaled = Journaled::read(scene).await;
    nothing_is_lost(&journaled, told);
    if !scene.data().journal().exists() {
        return;
    }
    let viewer = Plane::new(Engine::view(scene.data()).unwrap());
    let Some(run) = only(&viewer).await else {
        assert!(!told.is_done("Create") || told.is_done("Purge"));
        return;
    };
    let started = journaled.count(EventKind::RunStarted) > 0;
    let ended = journaled.count(EventKind::RunCompleted) > 0;
    match (started, ended) {
        (false, _) => assert_eq!(run.status.unified, RunStatus::Draft),
        (true, false) => is_interrupted(&run),
        (true, true) => assert!(!run.status.unified.is_executing(), "{run:?}"),
    }
    assert!(started || !told.is_done("Start"));
    assert!(ended || !told.is_done("Run"));
}

/// Pitfalls 1 and 19: what was shown is in the journal, at the same place, and nothing is there
/// twice. Of a purged loop only its end is there.
fn nothing_is_lost(journaled: &Journaled, told: &Told) {
    if journaled.runs.is_empty() && journaled.count(EventKind::RunDeleted) == 1 {
        return;
    }
    let positions: Vec<_> = journaled
        .events
        .iter()
        .map(|stored| stored.position.0)
        .collect();
    assert!(
        positions.is_sorted_by(|one, next| one < next),
        "{positions:?}"
    );
    for (position, kind) in &told.events {
        let found = journaled
            .events
            .iter()
            .find(|stored| stored.position.0 == *position);
        let found = found.unwrap_or_else(|| panic!("event {position} {kind} is lost"));
        assert_eq!(found.event.kind().as_str(), kind);
    }
}

fn is_interrupted(run: &Run) {
    let shown = (run.status.unified, run.outcome, run.resumable);
    assert_eq!(
        shown,
        (RunStatus::Cancelled, Some(Outcome::Interrupted), true)
    );
}

/// Starts another engine on what the victim left, and brings the loop to its end by what its
/// resume option asks for.
pub(crate) async fn loop_is_brought_to_its_end(scene: &Scene, resume: Resume) {
    fs::write(scene.flag(), "").unwrap();
    let before = Journaled::read(scene).await;
    let engine = scene.open(resume);
    let plane = engine.plane();
    let loops = plane.loops();
    let run = only(&plane).await;
    let after = Journaled::read(scene).await;
    let run = match run {
        Some(run) => run,
        None => loops.create(scene.new_loop()).await.unwrap(),
    };
    match (run.status.unified, resume) {
        (RunStatus::Draft | RunStatus::Completed, _) => assert_eq!(after, before),
        (RunStatus::Cancelled, Resume::Leave) => {
            is_interrupted(&run);
            assert_eq!(after, before, "Leave changes nothing");
        }
        (RunStatus::Cancelled, Resume::GiveUp) => {
            is_interrupted(&run);
            assert_eq!(after.runs[0].run, run);
            assert_eq!(after.count(EventKind::RunCancelled), 1);
        }
        (_, resume) => assert_eq!(resume, Resume::Continue, "{run:?}"),
    }
    if matches!(run.status.unified, RunStatus::Draft | RunStatus::Cancelled) {
        loops.start(&run).await.unwrap();
    }
    let run = loops.wait(&run).await.unwrap();
    let ended = (run.status.unified, run.outcome);
    assert_eq!(
        ended,
        (RunStatus::Completed, Some(Outcome::Matched)),
        "{run:?}"
    );
    drop((loops, plane));
    engine.close().await;
}

/// Pitfalls 19 and 20: the loop's history is as if nothing had happened, but for what is told of
/// the interruption.
pub(crate) async fn loop_is_whole(scene: &Scene, told: &Told) {
    let journaled = Journaled::read(scene).await;
    nothing_is_lost(&journaled, told);
    let once = (1..=ITERATIONS).map(|number| (number, 1)).collect();
    assert_eq!(journaled.by_iteration(EventKind::IterationEnded), once);
    assert_eq!(journaled.by_iteration(EventKind::CommitCreated), once);
    assert_eq!(journaled.count(EventKind::RunCompleted), 1);
    let run = &journaled.runs[0].run;
    let detail = run.as_loop().unwrap();
    assert_eq!(detail.iteration, ITERATIONS);
    assert_eq!(detail.pending_prompt, None);
    commits_are_whole(scene, &journaled, detail.branch.as_deref().unwrap());
    prompts_were_used_once(scene, told, detail.branch.as_deref().unwrap());
    repository_is_tidy(scene, &[detail.branch.as_deref().unwrap()]);
    worktrees_are(scene, &[run.name.id.as_str()]);
    doctor_finds_nothing(scene).await;
}

/// One commit for each iteration, in order, told of under its own id, with all of its work in it.
fn commits_are_whole(scene: &Scene, journaled: &Journaled, branch: &str) {
    let range = format!("main..{branch}");
    let trailer = "--format=%H %(trailers:key=Grump-Iteration,valueonly,separator=)";
    let listed = scene.git(&["log", "--reverse", trailer, &range]);
    let told: Vec<_> = journaled
        .of(EventKind::CommitCreated)
        .map(|stored| {
            let body = serde_json::to_value(&*stored.event).unwrap();
            let sha = body["payload"]["commit"]["sha"]
                .as_str()
                .unwrap()
                .to_owned();
            format!("{sha} {}", stored.event.iteration.unwrap())
        })
        .collect();
    assert_eq!(listed.lines().collect::<Vec<_>>(), told);
    let files = |commit: &str| scene.git(&["show", "--format=", "--name-only", commit]);
    let ids: Vec<_> = told.iter().map(|line| &line[..40]).collect();
    assert_eq!(files(ids[0]), "lines.txt");
    assert_eq!(files(ids[1]), "lines.txt\ntool.txt");
    assert_eq!(files(ids[2]), "deep/er/x\nlines.txt\ntool.txt");
    assert_eq!(
        scene.git(&["show", &format!("{branch}:tool.txt")]),
        "second\nthird"
    );
}

/// Pitfall 46: a pending prompt that was accepted is used in one iteration, across the kill.
fn prompts_were_used_once(scene: &Scene, told: &Told, branch: &str) {
    let lines = scene.git(&["show", &format!("{branch}:lines.txt")]);
    let with = lines == "1: base\n2: extra\n3: base";
    let without = lines == "1: base\n2: base\n3: base";
    assert!(with || (without && !told.is_done("Prompt")), "{lines}");
}

/// Pitfall 33: the user's branch, files and edits are as they were, and git is not left locked.
pub(crate) fn repository_is_tidy(scene: &Scene, branches: &[&str]) {
    assert_eq!(scene.git(&["status", "--porcelain"]), "");
    assert_eq!(scene.git(&["log", "--format=%s", "main"]), "first");
    let listed = scene.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
    let mut expected = vec!["main"];
    expected.extend(branches);
    assert_eq!(listed.lines().collect::<Vec<_>>(), expected);
    scene.git(&[
        "fsck",
        "--no-dangling",
        "--no-progress",
        "--connectivity-only",
    ]);
    no_litter(&scene.repository().join(".git"));
}

/// No lock, index or note of a step that was cut off is left.
pub(crate) fn no_litter(git_dir: &Path) {
    let mut folders = vec![git_dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.extend((name != "objects").then(|| entry.path()));
            } else {
                let litter = name.ends_with(".lock") || name.starts_with("grump-");
                let expected = name == "grump.lock" || name == "grump-ready";
                assert!(!litter || expected, "left: {}", entry.path().display());
            }
        }
    }
}

/// Pitfall 32: git and the data folder know exactly the worktrees of these runs.
pub(crate) fn worktrees_are(scene: &Scene, runs: &[&str]) {
    let listed = scene.git(&["worktree", "list", "--porcelain"]);
    let known = listed
        .lines()
        .filter_map(|line| line.strip_prefix("worktree "));
    let known: Vec<_> = known.skip(1).map(last_part).collect();
    assert_eq!(known, runs);
    let folders = fs::read_dir(scene.data().path().join("worktrees"));
    let repositories = folders
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let trees = repositories.flat_map(|folder| fs::read_dir(folder).unwrap());
    let trees: Vec<_> = trees
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(trees, runs);
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

pub(crate) async fn doctor_finds_nothing(scene: &Scene) {
    let report = doctor::examine(&scene.data()).await.unwrap();
    assert!(report.is_clean() && report.owner.is_none(), "{report:?}");
}
