//! Streams of the contract server, through a network that cuts them.

use std::time::Duration;

use futures::StreamExt;
use grump::{Payload, Plane, RunKind, RunRef, Since, Update, domain::EventStream};
use grump_client::{RalpherPlane, StewardClient, StewardPlane};
use grump_testkit::{
    contract::Contract,
    proxy::{Cut, Direction::ToClient, FaultProxy, Plan, Seed},
};
use serde_json::json;

use crate::support::{MOMENT, builder, impatient};

/// The id of the first event of Steward's document.
const FIRST: u64 = 91823;

/// No frame of an event is shorter, in bytes.
const SHORTEST: u64 = 90;

/// A server, a network before it, and a plane behind that.
struct Line {
    server: Contract,
    proxy: FaultProxy,
    plane: Plane,
    run: String,
}

impl Line {
    async fn steward() -> Self {
        let server = Contract::start("steward").await;
        let proxy = FaultProxy::start(server.address()).await.unwrap();
        let client = StewardClient::builder(&proxy.url())
            .token(server.token())
            .retry_delay(MOMENT / 5)
            .request_timeout(Duration::from_millis(500))
            .stream(impatient())
            .build()
            .unwrap();
        let run = server.put("run", json!({"status": "running"}));
        let plane = Plane::new(StewardPlane::new(client));
        Self {
            server,
            proxy,
            plane,
            run,
        }
    }

    async fn ralpher() -> Self {
        let server = Contract::start("ralpher").await;
        let proxy = FaultProxy::start(server.address()).await.unwrap();
        let client = builder(&proxy.url())
            .request_timeout(Duration::from_millis(500))
            .build()
            .unwrap();
        let run = server.put("loop", json!({"status": "running"}));
        let plane = Plane::new(RalpherPlane::new(client));
        Self {
            server,
            proxy,
            plane,
            run,
        }
    }

    async fn watch(&self, kind: RunKind, since: Since) -> EventStream {
        let run = RunRef::new(kind, &*self.run);
        self.plane.events().watch(&run, since).await.unwrap()
    }

    /// Tells the events of these numbers.
    fn tell(&self, numbers: std::ops::Range<u64>) {
        for number in numbers {
            self.server.emit(
                &self.run,
                json!({"type": "loop.progress", "iteration": 1, "content": format!("{number} ")}),
            );
        }
    }
}

/// What was told: the number of an event, or none for a gap.
async fn told(mut updates: EventStream) -> Vec<Option<u64>> {
    let mut told = Vec::new();
    while let Some(update) = updates.next().await {
        match update.unwrap() {
            Update::Gap(_) => told.push(None),
            Update::Event(event) => match (&event.payload, &event.seq) {
                (Payload::TextDelta(delta), _) => {
                    let number = delta.text.trim().parse();
                    told.extend(number.ok().map(Some));
                }
                (_, Some(seq)) => told.push(Some(seq.parse().unwrap())),
                _ => {}
            },
            _ => {}
        }
    }
    told
}

/// Pitfalls 1 and 8: 0 lost, 0 doubled, 0 out of order.
#[tokio::test]
async fn two_hundred_cuts_in_ten_thousand_events_of_steward_are_not_seen() {
    let line = Line::steward().await;
    let updates = line.watch(RunKind::Task, Since::Beginning).await;
    let reading = tokio::spawn(told(updates));
    for round in 0..200 {
        let connection = line.proxy.asked("/events/stream").await;
        connection.passed(ToClient, 1).await;
        line.tell(0..25);
        connection.passed(ToClient, 25 * SHORTEST).await;
        connection.cut([Cut::Reset, Cut::End][round % 2]);
        line.tell(25..50);
        connection.closed().await;
    }
    line.proxy.asked("/events/stream").await;
    line.server.advance(&line.run);
    let everything: Vec<_> = (FIRST..=FIRST + 10_000).map(Some).collect();
    assert!(
        reading.await.unwrap() == everything,
        "something is not as it was told"
    );
    assert_eq!(line.server.violations(), Vec::<String>::new());
}

/// Every other connection is as good as they are.
fn every_other(seed: Seed) -> impl Fn(u64) -> Plan + Send + 'static {
    move |number| match number % 2 {
        0 => seed.plan(number),
        _ => Plan::new(),
    }
}

/// Pitfall 1: whatever the network does, the sequence of a dialect with ids is the same.
#[tokio::test]
async fn any_pattern_of_cuts_is_the_same_sequence_on_steward() {
    let seed = Seed::fresh();
    let line = Line::steward().await;
    line.proxy.each(every_other(seed));
    let updates = line.watch(RunKind::Task, Since::Beginning).await;
    let reading = tokio::spawn(told(updates));
    for _ in 0..100 {
        line.tell(0..5);
        tokio::time::sleep(MOMENT).await;
    }
    line.server.advance(&line.run);
    let everything: Vec<_> = (FIRST..=FIRST + 500).map(Some).collect();
    assert!(
        reading.await.unwrap() == everything,
        "something is not as it was told"
    );
}

/// Pitfall 1: what a dialect without ids cannot know to be whole is told as a gap, there and nowhere
/// else.
#[tokio::test]
async fn what_is_lost_on_ralpher_is_told_as_a_gap_exactly_where_it_is_lost() {
    let line = Line::ralpher().await;
    let updates = line.watch(RunKind::Loop, Since::Now).await;
    let reading = tokio::spawn(told(updates));
    let mut number = 0;
    for round in 0..20 {
        let connection = line.proxy.asked("/events ").await;
        connection.passed(ToClient, 1).await;
        line.tell(number..number + 5);
        connection.passed(ToClient, 5 * SHORTEST).await;
        number += 5;
        connection.cut([Cut::Reset, Cut::End][round % 2]);
        line.tell(number..number + 5);
        number += 5;
        connection.closed().await;
    }
    line.proxy.asked("/events ").await;
    line.server.finish(&line.run);
    check_gaps(&reading.await.unwrap());
}

/// Events come in order and once, and where some are missing there is a gap.
fn check_gaps(told: &[Option<u64>]) {
    let (mut next, mut is_gap, mut gaps) = (0, true, 0);
    for one in told {
        match one {
            None => {
                gaps += usize::from(!is_gap);
                is_gap = true;
            }
            Some(number) => {
                assert!(*number == next || (is_gap && *number > next), "{told:?}");
                (next, is_gap) = (number + 1, false);
            }
        }
    }
    assert!((1..=20).contains(&gaps), "{gaps} gaps in {told:?}");
}
