//! Clients that lose no time.

use std::time::Duration;

use futures::StreamExt;
use grump::{Event, EventStream, Plane, Update};
use grump_client::{RalpherBuilder, RalpherClient, RalpherPlane, stream::StreamConfig};
use grump_testkit::field::{Field, Quirks};

pub(crate) const MOMENT: Duration = Duration::from_millis(5);

/// A stream's patience where a heartbeat comes every few milliseconds.
pub(crate) fn impatient() -> StreamConfig {
    let mut config = StreamConfig::default();
    config.heartbeat = Duration::from_millis(150);
    config.quiet = Duration::from_millis(150);
    config.longest_quiet = Duration::from_millis(300);
    config.answer = Duration::from_millis(300);
    config.grace = Duration::from_millis(50);
    config.first_delay = Duration::from_millis(1);
    config.longest_delay = MOMENT;
    config.healthy = Duration::from_secs(1);
    config.reconnects = 200;
    config
}

pub(crate) fn builder(url: &str) -> RalpherBuilder {
    RalpherClient::builder(url)
        .retry_delay(Duration::from_millis(1))
        .stream(impatient())
}

pub(crate) fn client(url: &str) -> RalpherClient {
    builder(url).build().unwrap()
}

pub(crate) fn plane(url: &str) -> Plane {
    Plane::new(RalpherPlane::new(client(url)))
}

pub(crate) async fn field() -> (Field, RalpherClient) {
    let field = Field::start(Quirks::field()).await.unwrap();
    let client = client(&field.url());
    (field, client)
}

/// The server, and the plane that it is.
pub(crate) async fn field_plane() -> (Field, Plane) {
    let field = Field::start(Quirks::field()).await.unwrap();
    let plane = plane(&field.url());
    (field, plane)
}

/// An update in a word or two: an event's kind, `gap`, or the run's status.
pub(crate) fn short(update: &Update) -> String {
    match update {
        Update::Event(event) => event.payload.name().to_owned(),
        Update::Gap(_) => "gap".to_owned(),
        Update::Resync(run) => format!("is {}", run.status),
        other => panic!("{other:?}"),
    }
}

/// All updates of a stream that ends without an error.
pub(crate) async fn told(updates: EventStream) -> Vec<String> {
    let updates = updates.map(|update| short(&update.unwrap()));
    updates.collect().await
}

/// The next event of a stream that tells nothing else.
pub(crate) async fn next_event(updates: &mut EventStream) -> Event {
    let update = updates.next().await.unwrap().unwrap();
    update
        .event()
        .unwrap_or_else(|| panic!("{update:?}"))
        .clone()
}
