//! The document's examples, ours after its tables, and what the field sends, read and written.

use std::{fs, path::PathBuf};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Endpoint;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/steward/fixtures/{name}"))
}

/// A fixture: what the document shows, or else ours.
fn fixture(name: &str) -> String {
    ["document", "inferred"]
        .iter()
        .find_map(|of| fs::read_to_string(folder(of).join(name)).ok())
        .unwrap_or_else(|| panic!("there is no fixture {name}"))
}

/// A fixture of what servers in the field were seen to send.
macro_rules! field {
    ($name:literal) => {
        include_str!(concat!("../fixtures/field/", $name))
    };
}

mod answers;
mod errors;
mod events;
mod nouns;
mod requests;

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Reads an answer and writes it again: nothing is added and nothing gets lost.
fn survives<T: Serialize + DeserializeOwned>(name: &str) -> T {
    let told = value(&fixture(name));
    let read: T = serde_json::from_value(told.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), told, "{name}");
    read
}

/// `POST /api/runs/{run}/start` as fixtures spell it: `POST_api_runs_run_start`.
fn spelled<E: Endpoint>() -> String {
    format!("{}{}", E::METHOD, E::PATH.replace('/', "_")).replace(['{', '}'], "")
}
