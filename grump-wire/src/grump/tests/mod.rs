//! The document's own examples and tables, and what the field sends, read and written.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A fixture of the document's.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!("../fixtures/document/", $name))
    };
}

/// A fixture of what servers in the field were seen to send.
macro_rules! field {
    ($name:literal) => {
        include_str!(concat!("../fixtures/field/", $name))
    };
}

mod document;
mod errors;
mod events;
mod field;
mod map;

/// Reads an example and writes it again: nothing is added and nothing gets lost.
fn survives<T: Serialize + DeserializeOwned>(example: &str) -> T {
    let read: T = serde_json::from_str(example).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), value(example));
    read
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The data of a stream's events.
fn frames(stream: &str) -> Vec<&str> {
    let lines = stream.lines();
    lines
        .filter_map(|line| line.strip_prefix("data: "))
        .collect()
}

/// The rows of a table of the contract that are about this dialect.
fn rows(table: &'static str) -> Vec<Vec<&'static str>> {
    let rows = table
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| row[0] == "grump").collect()
}
