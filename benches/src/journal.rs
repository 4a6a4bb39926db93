//! The journal: durable appends and replay of 236-byte events, against SQLite with one commit per
//! event and against a file.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    os::unix::fs::FileExt,
    path::Path,
};

use futures::{executor::block_on, future::join_all};
use grump_benches::{Contender, Table, Turn};
use grump_core::{Event, Payload, RunRef, StoredPage};
use grump_engine::journal::{Change, Journal, Position};
use rusqlite::Connection;
use tokio::runtime::Runtime;

/// How long an event's JSON is, in bytes.
const LENGTH: usize = 236;

/// How many events are replayed.
const STORED: usize = 200_000;

/// How many events are read at once.
const PAGE: usize = 1000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // On the disk of the repository: the folder for temporary files may be in memory.
    let folder = tempfile::tempdir_in(".")?;
    let runtime = Runtime::new()?;
    let mut table = Table::default();
    for (producers, each) in [(1, 2000), (64, 500), (1000, 50)] {
        append(&mut table, &runtime, folder.path(), producers, each)?;
    }
    replay(&mut table, &runtime, folder.path())?;
    table.print();
    Ok(())
}

/// So many producers append so many events each, and wait for each to be durable.
fn append(
    table: &mut Table,
    runtime: &Runtime,
    folder: &Path,
    producers: usize,
    each: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let journal = Journal::open(&folder.join(format!("append-{producers}.db")))?;
    let one_by_one = one_by_one(&folder.join(format!("one-{producers}.db")))?;
    let flat = preallocated(&folder.join(format!("flat-{producers}")), producers * each)?;
    let contenders = vec![
        Contender::new("grump", || {
            Turn::measure(|| runtime.block_on(produce(&journal, producers, each)))
        }),
        Contender::new("SQLite FULL, one by one", || {
            Turn::measure(|| insert_one_by_one(&one_by_one, 2000))
        }),
        Contender::new("preallocated file, fdatasync", || {
            Turn::measure(|| write_groups(&flat, producers, each))
        }),
    ];
    table.figure(&format!("append, {producers} at once"), contenders);
    let expected = 5 * producers * each;
    assert_eq!(
        journal.position(),
        Position(i64::try_from(expected)?),
        "events are missing"
    );
    block_on(journal.close());
    Ok(())
}

async fn produce(journal: &Journal, producers: usize, each: usize) -> usize {
    let producing = (0..producers).map(|_| {
        let journal = journal.clone();
        tokio::spawn(async move {
            for _ in 0..each {
                journal
                    .commit(Change::from(event()))
                    .await
                    .expect("it is committed");
            }
        })
    });
    for produced in join_all(producing).await {
        produced.expect("a producer does not panic");
    }
    producers * each
}

/// An event whose frame is as long as [`LENGTH`] says, at a position of five digits.
fn event() -> Event {
    let event = |text| Event::new(RunRef::of_loop("loop-1"), Payload::log("info", text));
    let mut empty = event(String::new());
    empty.seq = Some("10000".into());
    let bare = serde_json::to_string(&empty)
        .expect("an event is JSON")
        .len();
    event("x".repeat(LENGTH - bare))
}

fn one_by_one(file: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open(file)?;
    db.pragma_update(None, "journal_mode", "wal")?;
    db.pragma_update(None, "synchronous", "full")?;
    db.execute_batch("CREATE TABLE events (position INTEGER PRIMARY KEY, frame TEXT NOT NULL)")?;
    Ok(db)
}

fn insert_one_by_one(db: &Connection, many: usize) -> usize {
    let mut insert = db
        .prepare_cached("INSERT INTO events (frame) VALUES (?)")
        .expect("the table is there");
    for _ in 0..many {
        let frame = serde_json::to_string(&event()).expect("an event is JSON");
        insert.execute([frame]).expect("it is committed");
    }
    many
}

/// A file whose blocks are there already, so that syncing it syncs nothing but data.
fn preallocated(file: &Path, events: usize) -> std::io::Result<File> {
    std::fs::write(file, vec![0; events * LENGTH])?;
    let file = File::options().write(true).open(file)?;
    file.sync_all()?;
    Ok(file)
}

/// The least that durability costs: everything that can wait together is written at once, and
/// synced once.
fn write_groups(file: &File, producers: usize, each: usize) -> usize {
    let group = vec![b'x'; producers * LENGTH];
    for number in 0..each {
        let place = (number * group.len()) as u64;
        file.write_all_at(&group, place).expect("it is written");
        file.sync_data().expect("it is synced");
    }
    producers * each
}

/// Reads every stored event, as it is sent, a page at a time.
fn replay(
    table: &mut Table,
    runtime: &Runtime,
    folder: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let journal = Journal::open(&folder.join("replay.db"))?;
    runtime.block_on(produce(&journal, 1000, STORED / 1000));
    let flat = folder.join("replay.ndjson");
    write_lines(&journal, &flat)?;
    let contenders = vec![
        Contender::new("grump, as text", || {
            Turn::measure(|| runtime.block_on(read_text(&journal)))
        }),
        Contender::new("grump, as events", || {
            Turn::measure(|| runtime.block_on(read_events(&journal)))
        }),
        Contender::new("flat file, line by line", || {
            Turn::measure(|| read_lines(&flat).expect("the file is there").len())
        }),
    ];
    table.figure(&format!("replay of {STORED}"), contenders);
    block_on(journal.close());
    Ok(())
}

async fn read_text(journal: &Journal) -> usize {
    let mut text = Vec::new();
    pages(journal, |page| text.push(page)).await;
    let events = text.iter().map(StoredPage::len).sum();
    assert_eq!(events, STORED, "events are missing");
    events
}

/// Reads the text of every stored event, a page at a time.
async fn pages(journal: &Journal, mut read: impl FnMut(StoredPage)) {
    let (mut position, mut has_more) = (Position::START, true);
    while has_more {
        let page = journal.stored(position, None, PAGE).await;
        let page = page.expect("it is read").expect("it is of all runs");
        if let Some(cursor) = &page.cursor {
            position = journal.resolve(cursor).expect("it is the journal's own");
        }
        has_more = page.has_more;
        read(page);
    }
}

async fn read_events(journal: &Journal) -> usize {
    let (mut position, mut events) = (Position::START, Vec::with_capacity(STORED));
    loop {
        let page = journal
            .events(position, None, PAGE)
            .await
            .expect("it is read");
        let Some(last) = page.last() else { break };
        position = last.position;
        events.extend(page);
    }
    assert_eq!(events.len(), STORED, "events are missing");
    events.len()
}

fn write_lines(journal: &Journal, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut lines = Vec::new();
    block_on(pages(journal, |page| {
        for event in page.iter() {
            lines.extend_from_slice(event.json.as_bytes());
            lines.push(b'\n');
        }
    }));
    Ok(std::fs::write(file, lines)?)
}

fn read_lines(file: &Path) -> std::io::Result<Vec<String>> {
    BufReader::new(File::open(file)?).lines().collect()
}
