//! What a loop costs beside its agent: per iteration against a shell's own loop around the same
//! command and git, from opening the engine to the first event, and in memory.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures::StreamExt;
use grump_benches::{Contender, Table, Turn};
use grump_core::{ControlPlane, NewLoop, RunRef, Since, StartRun};
use grump_engine::{DataFolder, Engine};
use tempfile::TempDir;

/// Iterations per loop.
const ITERATIONS: u32 = 20;
/// Loops that exist at once, to see what one takes.
const LOOPS: usize = 1000;
/// What the agent does in each iteration.
const WORK: &str = "echo line >> lines.txt; echo working";

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("there is room for threads");
    let mut table = Table::default();
    table.figure(
        &format!("one iteration, of {ITERATIONS}"),
        vec![
            Contender::new("grump", || {
                turn(ITERATIONS, runtime.block_on(looped()).iterations)
            }),
            Contender::new("a shell's loop, with git", || turn(ITERATIONS, by_hand())),
        ],
    );
    table.figure(
        "open the engine, to first event",
        vec![Contender::new("grump", || {
            turn(1, runtime.block_on(looped()).first_event)
        })],
    );
    table.print();
    println!(
        "memory per loop, of {LOOPS} that exist: {}",
        runtime.block_on(memory_per_loop())
    );
}

const fn turn(count: u32, time: Duration) -> Turn {
    Turn {
        count: count as usize,
        time,
    }
}

/// How long a loop's parts took.
struct Looped {
    iterations: Duration,
    first_event: Duration,
}

/// A loop of the engine's.
async fn looped() -> Looped {
    let folder = repository();
    let opened = Instant::now();
    let engine = Engine::builder(DataFolder::new(folder.path().join("data")))
        .open()
        .expect("a new folder can be opened");
    let facets = engine.facets();
    let (Some(loops), Some(runs), Some(events)) = (&facets.loops, &facets.runs, &facets.events)
    else {
        unreachable!("an engine has these facets")
    };
    let new = NewLoop::new("bench", path(&folder.path().join("app")), "work")
        .agent(format!("cmd: sh -c '{WORK}'"))
        .max_iterations(ITERATIONS);
    let run: RunRef = loops.create(new).await.expect("it is well formed").name;
    let started = runs
        .start(StartRun::new(run.clone()))
        .await
        .expect("it can start");
    let since = started.cursor.map_or(Since::Beginning, Since::Cursor);
    let mut updates = events.watch(&run, since).await.expect("it can be watched");
    updates.next().await;
    let first = opened.elapsed();
    let begun = Instant::now();
    while let Some(update) = updates.next().await {
        update.expect("nothing is lost");
    }
    let took = begun.elapsed();
    let done = runs.open(&run).await.expect("it is there");
    assert_eq!(
        done.as_loop().map(|detail| detail.iteration),
        Some(ITERATIONS.into())
    );
    engine.close().await;
    Looped {
        iterations: took,
        first_event: first,
    }
}

/// The same by a shell: a worktree, the command, a commit after each.
fn by_hand() -> Duration {
    let folder = repository();
    let app = folder.path().join("app");
    git(&app, &["worktree", "add", "-q", "-b", "work", "../work"]);
    let script = format!(
        "for i in $(seq {ITERATIONS}); do sh -c '{WORK}' | cat; git add -A; git commit -qm \"$i\"; done"
    );
    let begun = Instant::now();
    let status = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path().join("work"))
        .stdout(Stdio::null())
        .status()
        .expect("there is a shell");
    assert!(status.success());
    begun.elapsed()
}

/// How much more memory is resident when many loops exist, per loop.
async fn memory_per_loop() -> String {
    let folder = repository();
    let engine = Engine::builder(DataFolder::new(folder.path().join("data")))
        .open()
        .expect("a new folder can be opened");
    let Some(loops) = &engine.facets().loops else {
        unreachable!("an engine has this facet")
    };
    let app = path(&folder.path().join("app"));
    let new = || NewLoop::new("bench", app.clone(), "work").agent("cmd: true");
    loops.create(new()).await.expect("it is well formed");
    let before = resident();
    for _ in 0..LOOPS {
        loops.create(new()).await.expect("it is well formed");
    }
    let after = resident();
    engine.close().await;
    match (before, after) {
        (Some(before), Some(after)) => {
            format!(
                "{:.1} KiB",
                after.saturating_sub(before) as f64 / LOOPS as f64
            )
        }
        _ => "not known here".to_owned(),
    }
}

/// Resident memory in KiB; `None` where there is no `/proc`.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let app = folder.path().join("app");
    std::fs::create_dir(&app).expect("the folder is new");
    git(&app, &["init", "-q"]);
    git(&app, &["config", "user.name", "Example User"]);
    git(&app, &["config", "user.email", "user@example.com"]);
    git(&app, &["commit", "-q", "--allow-empty", "-m", "first"]);
    folder
}

fn git(directory: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .current_dir(directory)
        .args(arguments)
        .status();
    assert!(
        status.expect("git is installed").success(),
        "git {arguments:?}"
    );
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
