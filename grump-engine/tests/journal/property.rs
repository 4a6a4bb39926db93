//! Whatever is committed when, in whatever batches, and whoever follows from wherever: each sees
//! the same events once, in the same order.

use futures::{FutureExt, future::join_all};
use grump_core::RunRef;
use grump_engine::journal::{Change, Follow, Journal, Limits, Position, Stored};
use proptest::{collection::vec, prelude::*};

use crate::support::{Place, said, soon};

/// The runs that events are about.
const RUNS: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Step {
    /// Commits changes at once, each of so many events of these runs.
    Commit(Vec<Vec<usize>>),
    /// Lets somebody follow a run, or all, from so far back.
    Follow { run: Option<usize>, back: i64 },
    /// Lets one of those who follow take so many batches, if they are there.
    Take { who: usize, batches: usize },
    /// Lets one begin to wait and give up.
    GiveUp { who: usize },
    /// Drops one of them, and lets another go on from where it was.
    Replace { who: usize },
}

/// Someone who follows, and what was told so far.
struct Follower {
    follow: Follow,
    run: Option<RunRef>,
    begin: Position,
    told: Vec<Stored>,
}

impl Follower {
    fn new(journal: &Journal, run: Option<usize>, back: i64) -> Self {
        let run = run.map(|number| crate::support::run(RUNS[number]));
        let begin = Position((journal.position().0 - back).max(0));
        Self {
            follow: journal.follow(run.clone(), begin),
            run,
            begin,
            told: Vec::new(),
        }
    }

    /// Everything that it is to be told, up to now.
    async fn due(&self, journal: &Journal) -> Vec<Stored> {
        let due = journal
            .events(self.begin, self.run.as_ref(), usize::MAX)
            .await;
        due.unwrap()
    }

    /// Takes so many batches, or until it was told everything.
    async fn take(&mut self, journal: &Journal, batches: usize) {
        let due = self.due(journal).await.len();
        let mut batches = batches;
        while batches > 0 && self.told.len() < due {
            batches -= 1;
            self.told
                .extend(soon(self.follow.next()).await.unwrap().events);
        }
    }

    /// Begins to wait and gives up at once, which must lose nothing.
    fn give_up(&mut self) {
        if let Some(batch) = self.follow.next().now_or_never() {
            self.told.extend(batch.unwrap().events);
        }
    }

    fn replace(&mut self, journal: &Journal) {
        let cursor = journal.cursor(self.follow.position());
        let position = journal.resolve(&cursor).unwrap();
        self.follow = journal.follow(self.run.clone(), position);
    }
}

fn step() -> impl Strategy<Value = Step> {
    let change = vec(0..RUNS.len(), 0..4);
    let run = proptest::option::of(0..RUNS.len());
    prop_oneof![
        4 => vec(change, 1..6).prop_map(Step::Commit),
        2 => (run, 0..20_i64).prop_map(|(run, back)| Step::Follow { run, back }),
        4 => (0..8_usize, 1..9_usize).prop_map(|(who, batches)| Step::Take { who, batches }),
        2 => (0..8_usize).prop_map(|who| Step::GiveUp { who }),
        1 => (0..8_usize).prop_map(|who| Step::Replace { who }),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (0..40_usize, 0..9000_usize, 1..5_usize, 0..2000_usize).prop_map(
        |(tail_events, tail_bytes, page_events, page_bytes)| Limits {
            tail_events,
            tail_bytes,
            page_events,
            page_bytes,
        },
    )
}

async fn play(steps: Vec<Step>, limits: Limits) -> Result<(), TestCaseError> {
    let place = Place::new();
    let journal = place.open_with(limits);
    let mut followers = Vec::new();
    let mut number = 0;
    for step in steps {
        match step {
            Step::Commit(changes) => commit(&journal, &changes, &mut number).await,
            Step::Follow { run, back } => followers.push(Follower::new(&journal, run, back)),
            of_one => play_one(&journal, &mut followers, &of_one).await,
        }
    }
    for mut follower in followers {
        follower.take(&journal, usize::MAX).await;
        follower.give_up();
        prop_assert_eq!(&follower.told, &follower.due(&journal).await);
    }
    Ok(())
}

/// Plays a step of one of those who follow, if anybody does.
async fn play_one(journal: &Journal, followers: &mut [Follower], step: &Step) {
    let (Step::Take { who, .. } | Step::GiveUp { who } | Step::Replace { who }) = step else {
        return;
    };
    let many = followers.len().max(1);
    let Some(follower) = followers.get_mut(who % many) else {
        return;
    };
    match step {
        Step::Take { batches, .. } => follower.take(journal, *batches).await,
        Step::GiveUp { .. } => follower.give_up(),
        _ => follower.replace(journal),
    }
}

async fn commit(journal: &Journal, changes: &[Vec<usize>], number: &mut usize) {
    let changes = changes.iter().map(|runs| tell(runs, number));
    for committed in join_all(changes.map(|change| journal.commit(change))).await {
        committed.unwrap();
    }
}

fn tell(runs: &[usize], number: &mut usize) -> Change {
    runs.iter().fold(Change::default(), |change, of| {
        *number += 1;
        change.event(said(RUNS[*of], number.to_string()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    /// Pitfalls 1, 5 and 8: the same sequence exactly once, for everyone, however tight the memory.
    #[test]
    fn everyone_sees_the_same_events_once_and_in_order(
        steps in vec(step(), 1..40),
        limits in limits(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(steps, limits))?;
    }
}
