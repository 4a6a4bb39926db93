//! Opening: what is refused, and that it is left as it is.

use std::{fs, path::Path};

use grump_core::{Error, ErrorKind};
use grump_engine::journal::{Journal, Position};
use rusqlite::Connection;

use crate::support::{Place, count};

/// What opening this file answers, both ways; neither may change a byte of it.
fn refusal(file: &Path) -> Error {
    let before = fs::read(file).unwrap();
    let to_read = Journal::open_read_only(file).err();
    let refused = Journal::open(file).unwrap_err();
    assert_eq!(fs::read(file).unwrap(), before, "it was changed");
    assert_eq!(refused.kind(), ErrorKind::Storage);
    assert_eq!(refused.failed_operation(), Some("journal.open"));
    assert!(refused.to_string().contains("journal.db"), "{refused}");
    if let Some(error) = to_read {
        assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    }
    refused
}

/// A journal of some pages that was closed.
async fn written(place: &Place) {
    let journal = place.open();
    let long = "x".repeat(2000);
    let commits = (0..100).map(|number| {
        let event = crate::support::said("a", format!("{number} {long}"));
        journal.commit(event.into())
    });
    for committed in futures::future::join_all(commits).await {
        committed.unwrap();
    }
    journal.close().await;
}

#[tokio::test]
async fn a_journal_of_a_newer_grump_is_refused_and_left_as_it_is() {
    let place = Place::new();
    written(&place).await;
    let db = Connection::open(place.file()).unwrap();
    db.pragma_update(None, "user_version", 1000).unwrap();
    db.close().unwrap();
    let refused = refusal(&place.file());
    assert_eq!(
        refused.message(),
        "the journal was written by a newer grump"
    );
}

/// The file itself still says the old version; only the log beside it has the new one.
#[tokio::test]
async fn a_newer_version_in_the_log_is_seen_too() {
    let place = Place::new();
    written(&place).await;
    let db = Connection::open(place.file()).unwrap();
    db.pragma_update(None, "user_version", 1000).unwrap();
    let refused = refusal(&place.file());
    assert_eq!(
        refused.message(),
        "the journal was written by a newer grump"
    );
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let place = Place::new();
    fs::create_dir_all(place.file().parent().unwrap()).unwrap();
    let db = Connection::open(place.file()).unwrap();
    db.execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
        .unwrap();
    db.close().unwrap();
    let refused = refusal(&place.file());
    assert_eq!(
        refused.message(),
        "this database belongs to another program"
    );
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let place = Place::new();
    fs::create_dir_all(place.file().parent().unwrap()).unwrap();
    let noise: Vec<u8> = (0..9000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for content in [&b""[..], b"hello", &noise] {
        fs::write(place.file(), content).unwrap();
        let refused = refusal(&place.file());
        assert_eq!(
            refused.message(),
            "this file is no journal, or a damaged one"
        );
    }
}

/// Pitfall 19: a damaged file is reported, and left as it is.
#[tokio::test]
async fn a_truncated_journal_is_refused_and_left_as_it_is() {
    let place = Place::new();
    written(&place).await;
    let whole = fs::read(place.file()).unwrap();
    for length in [
        whole.len() - 1,
        whole.len() - 8192,
        whole.len() / 2,
        4096,
        512,
        99,
    ] {
        fs::write(place.file(), &whole[..length]).unwrap();
        let refused = refusal(&place.file());
        assert!(refused.message().contains("damaged"), "{length}: {refused}");
    }
}

/// Pitfall 19: also where SQLite would open it without a word.
#[tokio::test]
async fn a_page_that_was_overwritten_is_noticed_and_left_as_it_is() {
    let place = Place::new();
    written(&place).await;
    let whole = fs::read(place.file()).unwrap();
    for page in [whole.len() / 4096 / 2, whole.len() / 4096 - 1] {
        let mut damaged = whole.clone();
        damaged[page * 4096..][..4096].fill(0xa5);
        fs::write(place.file(), &damaged).unwrap();
        let refused = refusal(&place.file());
        assert_eq!(refused.message(), "the journal is damaged", "{page}");
    }
    fs::write(place.file(), &whole).unwrap();
    assert_eq!(place.open().position(), Position(100));
}

#[tokio::test]
async fn a_journal_in_a_log_that_was_never_closed_is_opened() {
    let place = Place::new();
    let journal = place.open();
    count(&journal, "a", 0..3).await;
    // What a power cut leaves: the file and its log, as they are now.
    let copy = Place::new();
    fs::create_dir_all(copy.file().parent().unwrap()).unwrap();
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", place.file().display());
        fs::copy(from, format!("{}{suffix}", copy.file().display())).unwrap();
    }
    assert_eq!(copy.open().position(), Position(3));
}

#[tokio::test]
async fn a_clean_close_leaves_one_file_and_its_stamp() {
    let place = Place::new();
    written(&place).await;
    let mut left: Vec<_> = fs::read_dir(place.file().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["journal.db", "journal.db-clean"]);
}

#[tokio::test]
async fn two_who_create_a_journal_at_once_get_the_same() {
    let place = Place::new();
    let ids = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| place.open().id().to_owned()))
            .collect();
        opening
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<std::collections::BTreeSet<_>>()
    });
    assert_eq!(ids.len(), 1);
}

#[test]
fn opening_to_read_what_is_not_there_creates_nothing() {
    let place = Place::new();
    let refused = Journal::open_read_only(&place.file()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert!(!place.file().parent().unwrap().exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let place = Place::new();
    fs::create_dir_all(place.file()).unwrap();
    let inside = place.file().join("journal.db");
    drop(Journal::open(&inside).unwrap());
    let refused = Journal::open(&inside.join("deeper").join("journal.db")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Storage);
    assert!(refused.to_string().contains("deeper"), "{refused}");
}

#[tokio::test]
async fn a_path_with_strange_characters_is_opened_both_ways() {
    let place = Place::new();
    let file = place.file().with_file_name("a ?b#c%20 é.db");
    let journal = Journal::open(&file).unwrap();
    count(&journal, "a", 0..1).await;
    let reader = Journal::open_read_only(&file).unwrap();
    assert_eq!(reader.position(), Position(1));
    assert!(file.exists());
}
