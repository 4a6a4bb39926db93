//! The examples that are stored beside each dialect, put through the types of all its endpoints: each
//! request is written as the example shows it, each answer is read.

use std::{collections::BTreeMap, fs, path::Path};

use grump_testkit::coverage;
use grump_wire::{
    Endpoint, Visitor,
    endpoint::{BodyKind, Received, RequestBody, ResponseBody, ResponseKind, path, target},
    grump, metaforge, mini_devin, steward,
};
use serde_json::{Map, Value, json};

#[test]
fn every_endpoint_of_g_rump_reads_and_writes_its_examples() {
    let mut examples = Examples::of(grump::NAME, "");
    grump::each(&mut examples);
    examples.all_used();
}

#[test]
fn every_endpoint_of_steward_reads_and_writes_its_examples() {
    let mut examples = Examples::of(steward::NAME, "");
    steward::each(&mut examples);
    examples.all_used();
}

#[test]
fn every_endpoint_of_metaforge_reads_and_writes_its_examples() {
    let mut examples = Examples::of(metaforge::NAME, "/api/v1");
    metaforge::each(&mut examples);
    examples.all_used();
}

#[test]
fn every_endpoint_of_mini_devin_reads_and_writes_its_examples() {
    let mut examples = Examples::of(mini_devin::NAME, "");
    mini_devin::each(&mut examples);
    examples.all_used();
}

/// The stored examples of a dialect, by file name: `GET_api_jobs_jobId__response_200.json`.
struct Examples {
    dialect: &'static str,
    /// What paths begin with that file names leave out.
    base: &'static str,
    files: BTreeMap<String, Vec<u8>>,
    used: Vec<String>,
}

impl Examples {
    /// Those of the document, and those that are inferred where the document shows none.
    fn of(dialect: &'static str, base: &'static str) -> Self {
        coverage::start();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../grump-wire/src")
            .join(dialect.replace('-', "_"))
            .join("fixtures");
        let mut files = BTreeMap::new();
        for folder in ["document", "inferred"] {
            for file in fs::read_dir(fixtures.join(folder)).into_iter().flatten() {
                let file = file.unwrap();
                let name = file.file_name().into_string().unwrap();
                files.insert(name, fs::read(file.path()).unwrap());
            }
        }
        Self {
            dialect,
            base,
            files,
            used: Vec::new(),
        }
    }

    /// The examples of an endpoint whose name goes on so behind method and path.
    fn named<E: Endpoint>(&self, rest: &str) -> Vec<(String, Vec<u8>)> {
        let path = E::PATH.strip_prefix(self.base).unwrap_or(E::PATH);
        let path = path.replace(['{', '}'], "").replace('/', "_");
        let start = format!("{}{path}__{rest}", E::METHOD);
        let files = self
            .files
            .iter()
            .filter(|(name, _)| name.starts_with(&start));
        let files = files.map(|(name, text)| (name.clone(), text.clone()));
        files.collect()
    }

    /// An example that belongs to no endpoint is one that nobody reads.
    fn all_used(&self) {
        let names = self.files.keys().filter(|name| name.contains("__"));
        let left: Vec<_> = names.filter(|name| !self.used.contains(name)).collect();
        assert!(left.is_empty(), "no endpoint of {}: {left:?}", self.dialect);
    }

    fn request<E: Endpoint>(&mut self) {
        let named = named_in_path::<E>();
        let members = from::<E::Path>(named.clone().into());
        assert_eq!(path::<E>(&members), filled::<E>(&named), "{}", E::NAME);
        let query: E::Query = from(json!({}));
        assert_eq!(target::<E>(&members, &query).unwrap(), filled::<E>(&named));
        let bodies = self.named::<E>("request");
        assert!(
            E::Body::KIND != BodyKind::Required || !bodies.is_empty(),
            "{} has a body and no example of it",
            E::NAME
        );
        for (name, body) in bodies {
            let read = E::Body::read(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
            let written = read
                .write()
                .unwrap_or_else(|| panic!("{name}: none is sent"));
            assert_eq!(parsed(&written), parsed(&body), "{name}");
            self.used.push(name);
        }
        self.record::<E>("typed");
    }

    fn answers<E: Endpoint>(&mut self) {
        let examples = self.named::<E>(if E::Response::KIND == ResponseKind::Ws {
            ""
        } else {
            "response"
        });
        let needs_none = matches!(E::Response::KIND, ResponseKind::Empty | ResponseKind::Bytes);
        if examples.is_empty() && !needs_none {
            return;
        }
        for (name, body) in examples {
            let is_refusal = ["_4", "_5"]
                .iter()
                .any(|status| name.contains(&format!("response{status}")));
            let content_type = if name.ends_with(".json") {
                "application/json"
            } else {
                "text/plain"
            };
            let received = Received {
                content_type,
                body: &body,
            };
            if !is_refusal {
                E::Response::check(received).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            self.used.push(name);
        }
        self.record::<E>("fixture");
    }

    fn record<E: Endpoint>(&self, side: &str) {
        coverage::exchange(side, self.dialect, E::METHOD, E::PATH, E::STATUS, true);
    }
}

impl Visitor for Examples {
    fn endpoint<E: Endpoint>(&mut self) {
        self.request::<E>();
        self.answers::<E>();
    }
}

/// A value for each name in the path.
fn named_in_path<E: Endpoint>() -> Map<String, Value> {
    let names = E::PATH.split('{').skip(1);
    let names = names.filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()));
    names.map(|name| (name, json!("12"))).collect()
}

fn filled<E: Endpoint>(named: &Map<String, Value>) -> String {
    let fill = |path: String, name: &String| path.replace(&format!("{{{name}}}"), "12");
    named.keys().fold(E::PATH.to_owned(), fill)
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}
