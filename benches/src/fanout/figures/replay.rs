//! Reading stored events over a connection: from the engine's journal, from a stream of redis, and
//! from a file of ready frames.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use grump_benches::{Contender, Failure, Table, Turn};
use grump_core::{ControlPlane, NewLoop, RunRef};
use grump_engine::{
    DataFolder, Engine,
    journal::{Change, Journal},
};

use crate::{
    crowd::{Ask, Crowd},
    event::Template,
    peers::{Redis, Served, redis},
};

/// How many events are stored.
const STORED: u64 = 100_000;

/// How many are read from redis at once.
const PAGE: u64 = 1000;

pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    // On the disk of the repository: the folder for temporary files may be in memory.
    let folder = tempfile::tempdir_in(".")?;
    let run = tokio::runtime::Runtime::new()?.block_on(store(folder.path()))?;
    let flat = frames(folder.path())?;
    let data = folder.path().join("data");
    // Each turn of this one is the first of a server.
    let again = twin(&DataFolder::new(&data), &folder.path().join("again"))?;
    let grump = Served::start("engine", &[data.as_os_str()])?;
    let file = Served::start("axum", &[flat.as_os_str()])?;
    let redis = filled()?;
    let one = format!("/api/loops/{}/events", run.id);
    for (path, what) in [("/api/events", "all"), (&one, "one loop's")] {
        let stored = Ask::http(grump.address, path, "Last-Event-ID: 0\r\n");
        let ready = Ask::http(file.address, "/file", "");
        let contenders = vec![
            Contender::fallible("grump", move || replay(&stored)),
            Contender::fallible("grump, for the first time", || first(&again, path)),
            Contender::fallible("redis, XRANGE by 1000", || pages(&redis)),
            Contender::fallible("axum, flat file of frames", move || replay(&ready)),
        ];
        table.figure(&format!("replay of {STORED}, {what}"), contenders);
    }
    Ok(())
}

/// A folder with the same journal.
fn twin(data: &DataFolder, again: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir(again)?;
    let folder = DataFolder::new(again);
    std::fs::copy(data.journal(), folder.journal())?;
    Ok(again.to_owned())
}

/// Replays from a server that was never asked before.
fn first(data: &Path, path: &str) -> Result<Turn, Failure> {
    let grump = Served::start("engine", &[data.as_os_str()])?;
    replay(&Ask::http(grump.address, path, "Last-Event-ID: 0\r\n"))
}

fn replay(ask: &Ask) -> Result<Turn, Failure> {
    let begun = Instant::now();
    Crowd::gather(ask, 1, 0)?.until(STORED)?;
    turn(begun)
}

fn turn(begun: Instant) -> Result<Turn, Failure> {
    let time = begun.elapsed();
    let count = usize::try_from(STORED)?;
    Ok(Turn { count, time })
}

/// Reads one page after the other.
fn pages(redis: &Redis) -> Result<Turn, Failure> {
    let begun = Instant::now();
    let page = |after: u64| {
        let (after, many) = (format!("(0-{after}"), PAGE.to_string());
        redis::command(&["XRANGE", "events", &after, "+", "COUNT", &many]).into_bytes()
    };
    let ask = Ask {
        address: redis.address,
        request: page(0),
        greeting: b"*",
        end: b"\r\n",
    };
    let mut crowd = Crowd::gather(&ask, 1, 0)?;
    for after in (PAGE..STORED).step_by(usize::try_from(PAGE)?) {
        crowd.until(after)?;
        crowd.ask_again(&page(after))?;
    }
    crowd.until(STORED)?;
    turn(begun)
}

/// A redis with all events in a stream.
fn filled() -> Result<Redis, Failure> {
    let redis = Redis::start()?;
    let (mut pipe, template) = (redis.pipe()?, Template::new());
    for first in (0..STORED).step_by(usize::try_from(PAGE)?) {
        let add = |number| {
            let (id, text) = (format!("0-{}", number + 1), template.text(number, 0));
            redis::command(&["XADD", "events", &id, "event", &text])
        };
        let commands: String = (first..first + PAGE).map(add).collect();
        // Each answer is a length and an id: two lines.
        pipe.send(&commands, 2 * usize::try_from(PAGE)?)?;
        pipe.settle()?;
    }
    Ok(redis)
}

/// A file with all events, as they are sent, each as long as the others.
fn frames(folder: &Path) -> Result<PathBuf, Failure> {
    let (mut frames, template) = (String::new(), Template::new());
    for number in 0..STORED {
        write!(
            frames,
            "id: {number:08}\ndata: {}\n\n",
            template.text(number, 0)
        )?;
    }
    let file = folder.join("frames");
    std::fs::write(&file, frames)?;
    Ok(file)
}

/// An engine's data folder with all events in the journal, of one loop.
async fn store(folder: &Path) -> Result<RunRef, Failure> {
    let data = DataFolder::new(folder.join("data"));
    let run = create(&data, &repository(folder)?).await?;
    let journal = Journal::open(&data.journal())?;
    let template = Template::of(run.clone());
    for first in (0..STORED).step_by(usize::try_from(PAGE)?) {
        let events = (first..first + PAGE).map(|number| template.event(number, 0));
        journal
            .commit(events.fold(Change::default(), Change::event))
            .await?;
    }
    journal.close().await;
    Ok(run)
}

async fn create(data: &DataFolder, app: &Path) -> Result<RunRef, Failure> {
    let engine = Engine::builder(data.clone()).open()?;
    let loops = engine
        .facets()
        .loops
        .as_ref()
        .ok_or("an engine has loops")?;
    let new = NewLoop::new("bench", app.display().to_string(), "work").agent("cmd: true");
    let run = loops.create(new).await?.name;
    engine.close().await;
    Ok(run)
}

fn repository(folder: &Path) -> Result<PathBuf, Failure> {
    let app = folder.join("app");
    std::fs::create_dir(&app)?;
    let app = app.canonicalize()?;
    git(&app, &["init", "-q"])?;
    let name = [
        "-c",
        "user.name=Example User",
        "-c",
        "user.email=user@example.com",
    ];
    let commit = ["commit", "-q", "--allow-empty", "-m", "first"];
    git(&app, &[&name[..], &commit[..]].concat())?;
    Ok(app)
}

fn git(directory: &Path, arguments: &[impl AsRef<OsStr>]) -> Result<(), Failure> {
    let status = Command::new("git")
        .current_dir(directory)
        .args(arguments)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("git failed ({status})").into())
    }
}
