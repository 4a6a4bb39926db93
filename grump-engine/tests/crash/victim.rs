//! The process that is killed: what it does, where it dies, and what it tells until then.

use std::{
    env, fs,
    fs::File,
    io::Write,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::StreamExt;
use grump::{EventKind, Plane, Since, Update};
use grump_engine::{Resume, failpoint};
use serde::{Deserialize, Serialize};

use crate::{
    full_disk,
    scene::{Open, PENDING, Scene, only},
};

const ORDERS: &str = "GRUMP_TEST_VICTIM";

/// What a victim is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// Where its scene is.
    pub(crate) root: std::path::PathBuf,
    pub(crate) acts: Vec<Act>,
    /// The point at which it dies, counted from 1.
    pub(crate) dies_at: Option<usize>,
    /// The point at which its disk is full for a while.
    pub(crate) full_at: Option<usize>,
}

/// One thing that a victim does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Act {
    /// Creates the loop, starts it, sets a pending prompt, and waits until it has ended.
    Run,
    /// Runs the loop to its end, trying again what a full disk refuses.
    Persist,
    /// Stops the loop while the disk is full.
    StopOnFullDisk,
    /// Waits until the loop has ended.
    Wait,
    Accept,
    Discard,
    Undo,
    Remove,
    Purge,
}

/// What a victim told until it died or was done.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The points that it passed.
    pub(crate) points: Vec<String>,
    /// The events that it saw: position and kind.
    pub(crate) events: Vec<(i64, String)>,
    /// What was done when it was told so.
    pub(crate) done: Vec<String>,
    /// It did not live to its end.
    pub(crate) died: bool,
}

impl Told {
    /// Whether the victim was answered that this is done.
    pub(crate) fn is_done(&self, what: &str) -> bool {
        self.done.iter().any(|done| done == what)
    }

    fn read(text: &str, died: bool) -> Self {
        let mut told = Self {
            died,
            ..Self::default()
        };
        // A kill may have cut off the last line.
        for line in text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            let (word, rest) = line.trim_end().split_once(' ').unwrap();
            match word {
                "point" => told.points.push(rest.to_owned()),
                "event" => {
                    let (position, kind) = rest.split_once(' ').unwrap();
                    told.events
                        .push((position.parse().unwrap(), kind.to_owned()));
                }
                _ => told.done.push(rest.to_owned()),
            }
        }
        told
    }
}

/// Starts a victim.
pub(crate) fn start(orders: &Orders) -> std::process::Child {
    // A file that may not grow is an error to hear of, not the end.
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "victim::one_that_nobody_kills_comes_to_its_end"])
        .env(ORDERS, serde_json::to_string(orders).unwrap())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// Starts a victim and waits until it is dead or done.
pub(crate) fn play(orders: &Orders) -> Told {
    let mut victim = start(orders);
    let deadline = Instant::now() + Duration::from_secs(60);
    let status = loop {
        if let Some(status) = victim.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > deadline {
            victim.kill().unwrap();
            panic!("a victim hangs: {:?}", told(orders, true));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let killed = std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
    assert!(
        killed || status.success(),
        "{status}: {:?}",
        told(orders, true)
    );
    told(orders, killed)
}

/// What a victim has told by now.
pub(crate) fn told(orders: &Orders, died: bool) -> Told {
    let text = fs::read_to_string(Scene::at(&orders.root).report());
    Told::read(&text.unwrap_or_default(), died)
}

/// The victim's way to tell: a line that is written is read, however it dies.
#[derive(Clone)]
struct Report(Arc<Mutex<File>>);

impl Report {
    fn tell(&self, line: &str) {
        let line = format!("{line}\n");
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// Started by the other tests, it does what they order, and dies on the way; started as a test,
/// it does all of it, and lives.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_nobody_kills_comes_to_its_end() {
    match env::var(ORDERS) {
        Ok(orders) => obey(&serde_json::from_str(&orders).unwrap()).await,
        Err(_) => {
            let scene = Scene::new();
            let orders = Orders {
                root: scene.root().to_owned(),
                acts: vec![Act::Run, Act::Discard, Act::Undo, Act::Accept, Act::Purge],
                dies_at: None,
                full_at: None,
            };
            obey(&orders).await;
            assert_eq!(told(&orders, false).done.len(), 8);
            assert_eq!(
                scene.git(&["show", "main:lines.txt"]),
                "1: base\n2: extra\n3: base"
            );
        }
    }
}

async fn obey(orders: &Orders) {
    let scene = Scene::at(&orders.root);
    let report = Report(Arc::new(Mutex::new(File::create(scene.report()).unwrap())));
    mind_points(orders.clone(), report.clone());
    let engine = scene.open(Resume::Continue);
    let plane = engine.plane();
    let watching = tokio::spawn(watch(plane.clone(), report.clone()));
    for act in &orders.acts {
        match act {
            Act::Run => run(&scene, &plane, &report).await,
            Act::Persist => full_disk::persist(&scene, &plane, || report.tell("done CutOff")).await,
            Act::StopOnFullDisk => full_disk::stop(&scene, &plane).await,
            act => perform(&plane, *act).await,
        }
        report.tell(&format!("done {act:?}"));
    }
    drop(plane);
    close(engine, watching).await;
}

async fn close(engine: Open, watching: tokio::task::JoinHandle<()>) {
    engine.close().await;
    watching.await.unwrap();
}

/// Tells each point; at the nth it dies, or its disk is full until two commits have failed.
fn mind_points(orders: Orders, report: Report) {
    let state = Mutex::new((0, 0));
    failpoint::on_pass(move |name| {
        let mut state = state.lock().unwrap();
        let (passed, refused) = &mut *state;
        *passed += 1;
        report.tell(&format!("point {name}"));
        if Some(*passed) == orders.dies_at {
            remove_half(name);
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
        }
        if Some(*passed) == orders.full_at {
            report.tell(&format!("full {name}"));
            full_disk::fill(&Scene::at(&orders.root));
        }
        if orders.full_at.is_some_and(|point| *passed >= point)
            && name.starts_with("before the commit")
        {
            *refused += 1;
            if *refused == 3 {
                full_disk::free();
            }
        }
    });
}

/// A kill in the middle of a removal: some of the files are gone already.
fn remove_half(point: &str) {
    if let Some(folder) = point.strip_prefix("in the removal of ") {
        let _ = fs::remove_file(std::path::Path::new(folder).join("lines.txt"));
    }
}

/// Tells each event that the engine shows.
async fn watch(plane: Plane, report: Report) {
    let mut updates = plane.events().watch_all(Since::Beginning).await.unwrap();
    while let Some(Ok(update)) = updates.next().await {
        if let Update::Event(event) = update {
            let position = event.seq.as_deref().unwrap();
            report.tell(&format!("event {position} {}", event.kind()));
        }
    }
}

/// Does something with the only loop there is.
pub(crate) async fn perform(plane: &Plane, act: Act) {
    let loops = plane.loops();
    let run = only(plane).await.unwrap();
    match act {
        Act::Accept => drop(loops.accept(&run).await.unwrap()),
        Act::Discard => loops.discard(&run).await.unwrap(),
        Act::Undo => loops.undo(&run).await.unwrap(),
        Act::Remove => loops.remove(&run).await.unwrap(),
        Act::Purge => loops.purge(&run).await.unwrap(),
        Act::Wait => drop(loops.wait(&run).await.unwrap()),
        _ => unreachable!("it is not done with a loop that is there"),
    }
}

async fn run(scene: &Scene, plane: &Plane, report: &Report) {
    let loops = plane.loops();
    let run = loops.create(scene.new_loop()).await.unwrap();
    report.tell("done Create");
    let started = loops.start(&run).await.unwrap();
    report.tell("done Start");
    let since = Since::Cursor(started.cursor.unwrap());
    let mut updates = loops.watch(&run, since).await.unwrap();
    while let Some(update) = updates.next().await {
        let update = update.unwrap();
        if update.event().map(grump::Event::kind) == Some(EventKind::IterationStarted)
            && !scene.flag().exists()
        {
            loops
                .set_pending_prompt(&run, PENDING.to_owned())
                .await
                .unwrap();
            report.tell("done Prompt");
            fs::write(scene.flag(), "").unwrap();
        }
    }
}
