//! Several processes on one journal, and what is left when one is killed. The other processes are
//! this test program again, told what to play by its environment.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use grump_core::{ErrorKind, Json, RunStatus, Since, Update};
use grump_engine::journal::{Change, Journal, Position};
use rustix::{
    fs::FlockOperation,
    process::{Resource, Rlimit, setrlimit},
};

use crate::support::{Place, count, record, run, said, soon, text};

const FILE: &str = "GRUMP_TEST_JOURNAL";

/// How many runs the writing child writes about at once.
const RUNS: usize = 8;

/// This program as another process that plays one of the parts below.
fn play(part: &str, file: &Path) -> Command {
    of_program(&std::env::current_exe().unwrap(), part, file)
}

fn of_program(program: &Path, part: &str, file: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", &format!("process::{part}")])
        .args(["--ignored", "--nocapture"])
        .env(FILE, file)
        .stdout(Stdio::piped());
    command
}

fn file_to_play_on() -> std::path::PathBuf {
    std::env::var_os(FILE)
        .expect("a test that plays a part of another is told a file")
        .into()
}

/// What a child says on lines that begin with `> `, without that.
fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let output: BufReader<ChildStdout> = BufReader::new(child.stdout.take().unwrap());
    let lines = output.lines().map_while(Result::ok);
    lines.filter_map(|line| line.split_once("> ").map(|(_, said)| said.to_owned()))
}

/// What a child says until it ends, which it does well.
fn said_by(mut command: Command) -> Vec<String> {
    let mut child = command.spawn().unwrap();
    let said = lines(&mut child).collect();
    assert!(child.wait().unwrap().success());
    said
}

#[tokio::test]
#[ignore = "the child of other tests: writes until it is killed"]
async fn writer() {
    let journal = Journal::open(&file_to_play_on()).unwrap();
    let writing = (0..RUNS).map(|number| write_for_ever(&journal, format!("run-{number}")));
    futures::future::join_all(writing).await;
}

/// Counts on from where the run is, and says each number and position that was acknowledged.
async fn write_for_ever(journal: &Journal, id: String) {
    let known = journal.run(&run(&id)).await.unwrap();
    let mut number: u64 = known.map_or(0, |record| record.engine.parse().unwrap());
    loop {
        number += 1;
        let mut counted = record(&id, RunStatus::Running);
        counted.engine = Json::of(&number).unwrap();
        let change = Change::from(said(&id, number.to_string())).put(counted);
        let committed = journal.commit(change).await.unwrap();
        println!("\n> {id} {number} {}", committed.last);
    }
}

#[tokio::test]
#[ignore = "the child of other tests: reads until the run is over"]
async fn reader() {
    let journal = Journal::open_read_only(&file_to_play_on()).unwrap();
    let mut stream = journal
        .watch(Some(run("a")), Since::Beginning)
        .await
        .unwrap();
    while let Some(update) = futures::StreamExt::next(&mut stream).await {
        if let Update::Event(event) = update.unwrap() {
            println!("\n> {}", text(&event));
        }
    }
}

#[tokio::test]
async fn a_process_that_reads_beside_the_one_that_writes_sees_everything_once() {
    let place = Place::new();
    let journal = place.open();
    let begun = Change::default().put(record("a", RunStatus::Running));
    journal.commit(begun).await.unwrap();
    count(&journal, "a", 0..50).await;
    let mut child = play("reader", &place.file()).spawn().unwrap();
    let heard = lines(&mut child);
    let heard = tokio::task::spawn_blocking(move || heard.collect::<Vec<_>>());
    for number in 50..500 {
        count(&journal, "a", number..number + 1).await;
        count(&journal, "b", number..number + 1).await;
    }
    let over = Change::from(said("a", "over")).put(record("a", RunStatus::Completed));
    journal.commit(over).await.unwrap();

    let mut expected: Vec<_> = (0..500).map(|number| number.to_string()).collect();
    expected.push("over".into());
    assert_eq!(soon(heard).await.unwrap(), expected);
    assert!(child.wait().unwrap().success());
}

/// Pitfall 19 and what makes an acknowledgement worth something: however the process that writes
/// dies, what it acknowledged is there, in one unbroken row, and the state fits the events.
#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_writing_process_is_killed() {
    let seed = seed();
    println!("GRUMP_TEST_SEED={seed}");
    let mut random = seed;
    let mut place = Place::new();
    for round in 0..30 {
        // A new journal now and then, so that the kill also hits its making.
        if round % 6 == 0 {
            place = Place::new();
        }
        let patience = next(&mut random) % 400;
        let acknowledged = kill_after(&place.file(), patience as usize);
        let context = format!("round {round} of seed {seed}");
        check(
            &Journal::open_read_only(&place.file()).unwrap(),
            &acknowledged,
            &context,
        )
        .await;
        if next(&mut random).is_multiple_of(2) {
            check(&place.open(), &acknowledged, &context).await;
        }
    }
}

/// Lets a child write until it has said so much, and kills it. Answers what it said.
fn kill_after(file: &Path, said: usize) -> Vec<String> {
    let mut child = play("writer", file).spawn().unwrap();
    let mut lines = lines(&mut child);
    let mut acknowledged: Vec<_> = lines.by_ref().take(said.max(1)).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    // A last line may be cut anywhere.
    acknowledged.extend(lines.filter(|line| line.split(' ').count() == 3));
    acknowledged
}

async fn check(journal: &Journal, acknowledged: &[String], context: &str) {
    let events = journal
        .events(Position::START, None, usize::MAX)
        .await
        .unwrap();
    let positions = events.iter().map(|stored| stored.position.0);
    assert!(positions.eq(1..=journal.position().0), "a hole: {context}");

    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for stored in &events {
        let number = counted.entry(stored.event.run.id.to_string()).or_default();
        *number += 1;
        assert_eq!(text(&stored.event), number.to_string(), "{context}");
    }
    for record in journal.runs().await.unwrap() {
        let number = record.engine.parse::<u64>().unwrap();
        assert_eq!(
            counted.remove(record.run.name.id.as_str()),
            Some(number),
            "{context}"
        );
    }
    assert!(
        counted.is_empty(),
        "events without state {counted:?}: {context}"
    );
    for line in &acknowledged[..acknowledged.len().saturating_sub(1)] {
        let words: Vec<_> = line.split(' ').collect();
        let position: usize = words[2].parse().unwrap();
        let stored = &events[position - 1].event;
        assert_eq!(
            (stored.run.id.as_str(), text(stored)),
            (words[0], words[1]),
            "{context}"
        );
    }
}

#[tokio::test]
async fn a_reader_outlives_the_writer_and_hears_the_next_one() {
    let place = Place::new();
    place.open().close().await;
    let reader = Journal::open_read_only(&place.file()).unwrap();
    let mut follow = reader.follow(None, Position::START);
    let mut told = 0;
    for _ in 0..2 {
        kill_after(&place.file(), 20);
        while told < reader.position().0 {
            for stored in soon(follow.next()).await.unwrap().events {
                told += 1;
                assert_eq!(stored.position.0, told);
            }
        }
    }
}

#[tokio::test]
async fn a_journal_opened_to_read_refuses_commits() {
    let place = Place::new();
    place.open().close().await;
    let reader = Journal::open_read_only(&place.file()).unwrap();
    let refused = reader.commit(said("a", "no").into()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Storage);
    assert_eq!(refused.message(), "this journal was opened to read only");
}

/// One who may not write in the folder reads it all the same, closed or not.
#[tokio::test]
async fn a_journal_in_a_folder_that_cannot_be_written_is_read() {
    let place = Place::new();
    let journal = place.open();
    let over = Change::from(said("a", "over")).put(record("a", RunStatus::Completed));
    journal.commit(over).await.unwrap();
    assert_eq!(read_without_writing(&place.file()), ["over"]);
    journal.close().await;
    assert_eq!(read_without_writing(&place.file()), ["over"]);
}

/// What a process reads that may not write in the journal's folder. Root may write everywhere, so
/// there the process runs as nobody, from a copy of this program that nobody can reach.
fn read_without_writing(file: &Path) -> Vec<String> {
    let folder = file.parent().unwrap();
    let program = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        allow(&entry.unwrap().path(), 0o444);
    }
    for folder in [folder, folder.parent().unwrap(), program.path()] {
        allow(folder, 0o555);
    }
    let mut command = play("reader", file);
    if rustix::process::geteuid().is_root() {
        let copy = program.path().join("reader");
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        command = of_program(&copy, "reader", file);
        command.uid(65534);
    }
    let said = said_by(command);
    for folder in [folder.parent().unwrap(), folder, program.path()] {
        allow(folder, 0o755);
    }
    for entry in fs::read_dir(folder).unwrap() {
        allow(&entry.unwrap().path(), 0o644);
    }
    said
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
#[ignore = "the child of another test: tries to have the file for itself"]
fn stranger() {
    let mut options = fs::File::options();
    let file = options
        .read(true)
        .write(true)
        .open(file_to_play_on())
        .unwrap();
    let tried = rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
    println!("\n> {}", if tried.is_ok() { "free" } else { "in use" });
}

/// A program that takes itself for the only user of the file would remove the log.
#[tokio::test]
async fn opening_a_journal_twice_in_one_process_keeps_its_locks() {
    let place = Place::new();
    let journal = place.open();
    let tried = || said_by(play("stranger", &place.file()));
    assert_eq!(tried(), ["in use"]);
    drop(Journal::open_read_only(&place.file()).unwrap());
    assert_eq!(tried(), ["in use"]);
    journal.close().await;
    assert_eq!(tried(), ["free"]);
}

#[tokio::test]
#[ignore = "the child of another test: writes until its files may not grow, then on when they may"]
async fn full() {
    let journal = Journal::open(&file_to_play_on()).unwrap();
    let long = "x".repeat(16 << 10);
    let commit = async |number: usize| {
        let change = Change::from(said("a", format!("{number} {long}")));
        journal.commit(change).await
    };
    let answers = futures::future::join_all((0..200).map(commit)).await;
    let refused: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err())
        .collect();
    assert!(
        !refused.is_empty() && refused.len() < 200,
        "{}",
        refused.len()
    );
    for error in refused {
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Storage, "cannot write to the journal")
        );
    }
    let free = Rlimit {
        current: None,
        maximum: None,
    };
    setrlimit(Resource::Fsize, free).unwrap();
    commit(200).await.unwrap();
    let stored = journal
        .events(Position::START, None, usize::MAX)
        .await
        .unwrap();
    let positions = stored.iter().map(|stored| stored.position.0);
    assert!(positions.eq(1..=journal.position().0));
    let acknowledged = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(stored.len(), acknowledged + 1);
    println!("\n> it goes on");
}

/// A file that cannot grow stands for a full disk: each who commits hears of it, nothing that was
/// acknowledged is lost, and the journal goes on when there is space again.
#[tokio::test]
async fn a_full_disk_reaches_everyone_who_commits_and_nothing_is_lost() {
    let place = Place::new();
    let part = play("full", &place.file());
    let mut limited = Command::new("sh");
    // Signal 25 is SIGXFSZ, which would end the child; the limit is in blocks of 512 or 1024 bytes.
    let script = "trap '' 25; ulimit -S -f 1000; exec \"$0\" \"$@\"";
    limited
        .args(["-c", script])
        .arg(part.get_program())
        .args(part.get_args());
    limited.env(FILE, place.file()).stdout(Stdio::piped());
    assert_eq!(said_by(limited), ["it goes on"]);
}

/// A number from the environment, or another one each time.
fn seed() -> u64 {
    match std::env::var("GRUMP_TEST_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_micros() as u64,
    }
}

/// The next number of Vigna's splitmix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
