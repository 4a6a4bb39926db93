//! Committing and reading back.

use grump_core::{
    Approval, Decision, ErrorKind, Event, Json, Payload, RunStatus, StoredPage, payload::Unknown,
};
use grump_engine::journal::{Change, Committed, Journal, Limits, Position};

use crate::support::{Place, count, record, run, said, text, texts};

#[tokio::test]
async fn a_change_is_there_when_its_commit_has_answered() {
    let place = Place::new();
    let journal = place.open();
    let change = Change::default()
        .event(said("a", "one"))
        .event(said("a", "two"))
        .put(record("a", RunStatus::Running))
        .preference("model", Json::string("m"));
    let committed = journal.commit(change).await.unwrap();
    let (first, last) = (Position(1), Position(2));
    assert_eq!(committed, Committed { first, last });
    assert_eq!(journal.position(), last);

    let events = journal.events(Position::START, None, 10).await.unwrap();
    assert_eq!(texts(&events), ["one", "two"]);
    assert_eq!(events[1].event.seq.as_deref(), Some("2"));
    let known = journal.run(&run("a")).await.unwrap();
    assert_eq!(known, Some(record_like(&known, "a")));
    let model = journal.preference("model").await.unwrap();
    assert_eq!(model, Some(Json::string("m")));
}

/// The record that was put, with the times of the one that was read.
fn record_like(
    read: &Option<grump_engine::journal::Record>,
    id: &str,
) -> grump_engine::journal::Record {
    let read = read.clone().unwrap();
    let mut put = record(id, RunStatus::Running);
    put.run.created_at = read.run.created_at;
    put.run.updated_at = read.run.updated_at;
    put
}

#[tokio::test]
async fn what_was_committed_survives_a_close_and_a_drop() {
    let place = Place::new();
    let journal = place.open();
    let id = journal.id().to_owned();
    count(&journal, "a", 0..2).await;
    journal.close().await;
    let journal = place.open();
    count(&journal, "a", 2..4).await;
    drop(journal);
    let journal = place.open();
    assert_eq!(journal.id(), id);
    let events = journal.events(Position(1), None, 2).await.unwrap();
    assert_eq!(texts(&events), ["1", "2"]);
    assert_eq!(journal.position(), Position(4));
}

#[tokio::test]
async fn a_change_without_events_has_an_empty_range() {
    let place = Place::new();
    let journal = place.open();
    count(&journal, "a", 0..1).await;
    let change = Change::default().put(record("a", RunStatus::Draft));
    let committed = journal.commit(change).await.unwrap();
    let (first, last) = (Position(2), Position(1));
    assert_eq!(committed, Committed { first, last });
}

/// Pitfall 2: what the log has, what is sent and what those who follow are told are the same.
#[tokio::test]
async fn followers_history_and_stored_text_are_equal() {
    let place = Place::new();
    let journal = place.open();
    let mut follow = journal.follow(None, Position::START);
    let mut event = said("a", "with all \"there\" is \u{1F980}");
    event.seq = Some("a number of elsewhere".into());
    event.iteration = Some(3);
    event.native = Some(Box::new(grump_core::Native {
        channel: "sse",
        name: "log".into(),
        raw: None,
    }));
    journal.commit(event.into()).await.unwrap();
    let live = follow.next().await.unwrap().events;
    let stored = journal.events(Position::START, None, 10).await.unwrap();
    let page = journal.stored(Position::START, None, 10).await.unwrap();
    assert_eq!(live, stored);
    let json = serde_json::to_string(&*stored[0].event).unwrap();
    let mut expected = StoredPage::default();
    expected.push(journal.cursor(Position(1)).as_str(), &json);
    expected.cursor = Some(journal.cursor(Position(1)));
    expected.edition = Some(0);
    assert_eq!(page, Some(expected));
}

#[tokio::test]
async fn stored_text_comes_in_pages_that_are_bounded_in_events_and_in_bytes() {
    let place = Place::new();
    let limits = Limits {
        page_bytes: 1000,
        ..Limits::default()
    };
    let journal = place.open_with(limits);
    let known = Change::default().put(record("a", RunStatus::Running));
    journal.commit(known).await.unwrap();
    let long = "x".repeat(900);
    for text in ["1", "2", "3", &long, "5"] {
        journal.commit(said("a", text).into()).await.unwrap();
        journal.commit(said("b", text).into()).await.unwrap();
    }
    let (mut after, mut pages) = (Position::START, Vec::new());
    loop {
        let page = journal.stored(after, Some(&run("a")), 2).await.unwrap();
        let page = page.expect("the run has a record");
        pages.push(page.len());
        after = journal.resolve(page.cursor.as_ref().unwrap()).unwrap();
        if !page.has_more {
            break;
        }
    }
    assert_eq!((pages, after), (vec![2, 1, 1, 1], Position(9)));
}

/// Whoever keeps a page learns that some of it may have been purged.
#[tokio::test]
async fn a_purge_makes_a_new_edition_of_the_stored_text() {
    let place = Place::new();
    let journal = place.open();
    let edition = async || {
        let page = journal.stored(Position::START, None, 10).await.unwrap();
        page.unwrap().edition
    };
    journal.commit(said("a", "one").into()).await.unwrap();
    let before = edition().await;
    journal.commit(said("a", "two").into()).await.unwrap();
    assert_eq!(edition().await, before);
    let purge = Change::default().forget(run("a"));
    journal.commit(purge).await.unwrap();
    assert!(edition().await > before);
    journal.close().await;
    let beside = Journal::open_read_only(&place.file()).unwrap();
    let page = beside.stored(Position::START, None, 10).await.unwrap();
    assert_eq!(page.unwrap().edition, None);
}

#[tokio::test]
async fn a_run_without_a_record_has_no_stored_text() {
    let place = Place::new();
    let journal = place.open();
    journal.commit(said("a", "one").into()).await.unwrap();
    let page = journal.stored(Position::START, Some(&run("a")), 10).await;
    assert_eq!(page.unwrap(), None);
}

/// Many others commit meanwhile, more than one transaction takes and more than one task may send
/// without a pause.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_awaits_each_commit_has_them_in_that_order() {
    let place = Place::new();
    let journal = place.open();
    let callers: Vec<_> = (0..200).map(|caller| caller.to_string()).collect();
    let counting = callers.iter().map(|caller| count(&journal, caller, 0..10));
    futures::future::join_all(counting).await;
    let expected: Vec<_> = (0..10).map(|number| number.to_string()).collect();
    for caller in &callers {
        let run = run(caller);
        let stored = journal.events(Position::START, Some(&run), 100).await;
        assert_eq!(texts(&stored.unwrap()), expected);
    }
}

#[tokio::test]
async fn an_event_of_a_kind_of_tomorrow_is_told_as_it_came() {
    let place = Place::new();
    let journal = place.open();
    let unknown = Payload::Unknown(Unknown {
        name: "tea.ready".into(),
        body: Json::from(serde_json::json!({"hot": true})),
    });
    let event = Event::new(run("a"), unknown.clone());
    journal.commit(event.into()).await.unwrap();
    let events = journal.events(Position::START, None, 1).await.unwrap();
    assert_eq!(events[0].event.payload, unknown);
}

#[tokio::test]
async fn events_are_read_by_run() {
    let place = Place::new();
    let journal = place.open();
    for number in 0..6 {
        let id = ["a", "b"][number % 2];
        count(&journal, id, number..number + 1).await;
    }
    let events = journal.events(Position(1), Some(&run("a")), 10).await;
    assert_eq!(texts(&events.unwrap()), ["2", "4"]);
    let events = journal.events(Position::START, Some(&run("c")), 10).await;
    assert_eq!(events.unwrap(), []);
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_replaced_in_place() {
    let place = Place::new();
    let journal = place.open();
    for id in ["a", "b", "c", "a"] {
        let change = Change::default().put(record(id, RunStatus::Draft));
        journal.commit(change).await.unwrap();
    }
    // One that only events name has no record.
    count(&journal, "d", 0..1).await;
    let runs = journal.runs().await.unwrap();
    let ids: Vec<_> = runs.iter().map(|run| run.run.name.id.as_str()).collect();
    assert_eq!(ids, ["c", "b", "a"]);
    assert_eq!(journal.run(&run("d")).await.unwrap(), None);
}

#[tokio::test]
async fn an_approval_is_pending_until_it_is_answered() {
    let place = Place::new();
    let journal = place.open();
    let ask = |id: &str| Approval::new(id.into(), run("a"), "edit".into(), "Edit".into());
    let change = Change::default()
        .put(record("a", RunStatus::Running))
        .approval(ask("1"))
        .approval(ask("2"));
    journal.commit(change).await.unwrap();
    let mut answered = ask("1");
    answered.decision = Some(Decision::Allow);
    let change = Change::default().approval(answered.clone());
    journal.commit(change).await.unwrap();

    let pending = journal.approvals().await.unwrap();
    let ids: Vec<_> = pending
        .iter()
        .map(|approval| approval.id.as_str())
        .collect();
    assert_eq!(ids, ["2"]);
    let read = journal.approval(&"1".into()).await.unwrap();
    assert_eq!(read, Some(answered));
    assert_eq!(journal.approval(&"3".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_change_that_cannot_be_written_fails_alone() {
    let place = Place::new();
    let journal = place.open();
    let poison = || {
        let nobody = Approval::new("1".into(), run("nobody"), "edit".into(), "Edit".into());
        Change::from(said("a", "lost")).approval(nobody)
    };
    let commits = (0..100).map(|number| {
        let good = Change::from(said("a", number.to_string()));
        journal.commit(if number % 10 == 3 { poison() } else { good })
    });
    let answers = futures::future::join_all(commits).await;
    for (number, answer) in answers.iter().enumerate() {
        let refused = answer.as_ref().err().map(grump_core::Error::kind);
        let expected = (number % 10 == 3).then_some(ErrorKind::NotFound);
        assert_eq!(refused, expected, "{number}");
    }
    let events = journal.events(Position::START, None, 1000).await.unwrap();
    let positions: Vec<_> = events.iter().map(|stored| stored.position.0).collect();
    assert_eq!(positions, Vec::from_iter(1..=90));
    assert!(events.iter().all(|stored| text(&stored.event) != "lost"));
    assert_eq!(journal.approvals().await.unwrap(), []);
}

#[tokio::test]
async fn a_forgotten_run_leaves_nothing_but_what_the_same_change_tells() {
    let place = Place::new();
    let journal = place.open();
    let ask = Approval::new("1".into(), run("a"), "edit".into(), "Edit".into());
    let change = Change::from(said("a", "created"))
        .put(record("a", RunStatus::Merged))
        .approval(ask);
    journal.commit(change).await.unwrap();
    count(&journal, "b", 0..1).await;
    let change = Change::from(said("a", "deleted")).forget(run("a"));
    journal.commit(change).await.unwrap();

    assert_eq!(journal.run(&run("a")).await.unwrap(), None);
    assert_eq!(journal.approvals().await.unwrap(), []);
    let events = journal.events(Position::START, None, 10).await.unwrap();
    assert_eq!(texts(&events), ["0", "deleted"]);
}

#[tokio::test]
async fn positions_are_never_used_again() {
    let place = Place::new();
    let journal = place.open();
    count(&journal, "a", 0..3).await;
    let forget = Change::default().forget(run("a"));
    journal.commit(forget).await.unwrap();
    journal.close().await;
    let journal = place.open();
    assert_eq!(journal.position(), Position(3));
    let next = journal.commit(said("a", "next").into()).await.unwrap();
    assert_eq!(next.first, Position(4));
}

#[tokio::test]
async fn a_closed_journal_refuses_commits_and_reads() {
    let place = Place::new();
    let journal = place.open();
    let other = journal.clone();
    journal.close().await;
    let refused = other.commit(said("a", "late").into()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Storage);
    let refused = other.runs().await.unwrap_err();
    assert_eq!(refused.message(), "the journal was closed");
}

#[tokio::test]
async fn closing_writes_what_was_sent_before() {
    let place = Place::new();
    let journal = place.open();
    let commits = (0..200).map(|number| {
        let journal = journal.clone();
        async move { journal.commit(said("a", number.to_string()).into()).await }
    });
    let commits = tokio::spawn(futures::future::join_all(commits));
    tokio::task::yield_now().await;
    journal.clone().close().await;
    let answers = commits.await.unwrap();
    let acknowledged = answers.iter().filter(|answer| answer.is_ok()).count();
    let journal = place.open();
    assert_eq!(journal.position().0, i64::try_from(acknowledged).unwrap());
}
