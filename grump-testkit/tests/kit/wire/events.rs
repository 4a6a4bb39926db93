//! Every event of the contract's table is known to its dialect: none is read as `unknown`.

use grump_core::{Event, EventKind};
use grump_testkit::coverage;
use grump_wire::{
    grump::{
        self,
        events::{ChatReader, decode_delivery, decode_ship},
    },
    metaforge,
    mini_devin::{self, events::Decoder},
    ralpher, steward,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The contract's table: dialect, transport, direction, endpoint, event, fields, example.
const TABLE: &str = include_str!("../../../../grump-wire/contract/events.tsv");

#[test]
fn every_event_of_the_table_is_known() {
    coverage::start();
    for line in TABLE.lines().skip(1) {
        let row: Vec<_> = line.split('\t').collect();
        let kind = known(&row);
        assert_ne!(kind, Some(EventKind::Unknown), "{line}");
        coverage::exchange("fixture", row[0], "event", row[4], 200, true);
    }
}

/// What an event of the table is read as; `None` for what is no event of a run.
fn known(row: &[&str]) -> Option<EventKind> {
    let (dialect, transport, name, example) = (row[0], row[1], row[4], row[6]);
    let event = match (dialect, transport) {
        (grump::NAME, "webhook") => {
            decode_delivery(&serde_json::from_value(json!({ "event": name })).unwrap())
        }
        (grump::NAME, "ws") => return command::<grump::ClientMessage>(example),
        (grump::NAME, _) if row[3].contains("chat") => ChatReader::new("turn").decode(example)?,
        (grump::NAME, _) => decode_ship(example, &"ship_session_xyz789".into()),
        // A comment, which the parser of the stream tells apart from events.
        (steward::NAME, _) if name == ":ping" => return None,
        (steward::NAME, _) => of_steward(name, example),
        (metaforge::NAME, _) => metaforge::events::decode(example).unwrap(),
        (mini_devin::NAME, _) if row[2] == "client" => {
            return command::<mini_devin::events::ClientMessage>(example);
        }
        (mini_devin::NAME, _) => Decoder::of("task").decode(example).unwrap().event,
        (ralpher::NAME, _) => of_ralpher(name, example),
        _ => panic!("{dialect} is no dialect"),
    };
    Some(event.kind())
}

/// A message of the client's is written as the table shows it.
fn command<T: Serialize + DeserializeOwned>(example: &str) -> Option<EventKind> {
    let message: T = serde_json::from_str(example).unwrap();
    let shown: Value = serde_json::from_str(example).unwrap();
    assert_eq!(serde_json::to_value(message).unwrap(), shown);
    None
}

fn of_steward(name: &str, example: &str) -> Event {
    let received = steward::events::Received {
        name: name.split('/').next().unwrap_or_default(),
        id: Some("91823"),
        data: example,
    };
    steward::events::decode(received, &"148".into()).event
}

/// Of most events the document shows no example: then they have the members that the table has.
fn of_ralpher(name: &str, example: &str) -> Event {
    let least = json!({
        "type": name, "loopId": "abc-123", "timestamp": "2026-01-20T10:15:00.000Z", "iteration": 3,
        "message": {"id": "m-1", "role": "assistant", "content": "Done."}, "content": "Do",
        "commit": {"sha": "abc123"}, "error": "The model is gone", "mergeCommit": "abc123",
    });
    let data = match example {
        "-" => least.to_string(),
        shown => shown.to_owned(),
    };
    ralpher::events::decode(&data, None).unwrap().event
}
