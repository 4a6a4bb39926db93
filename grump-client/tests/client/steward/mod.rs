//! The Steward dialect, against a server that does what its document says.

mod endpoints;
mod errors;
mod plane;
mod polling;
mod streams;

use grump::{Plane, RunKind, RunRef};
use grump_client::{StewardClient, StewardPlane};
use grump_testkit::contract::Contract;
use serde_json::{Value, json};

use crate::support::{MOMENT, impatient};

/// A client of this server that may do everything and loses no time.
fn client(server: &Contract) -> StewardClient {
    client_at(&server.url(), server.token())
}

fn client_at(url: &str, token: String) -> StewardClient {
    StewardClient::builder(url)
        .token(token)
        .retry_delay(MOMENT / 5)
        .stream(impatient())
        .build()
        .unwrap()
        .poll_every(MOMENT)
}

async fn steward() -> (Contract, StewardClient) {
    let server = Contract::start("steward").await;
    let client = client(&server);
    (server, client)
}

/// The server, and the plane that it is.
async fn steward_plane() -> (Contract, Plane) {
    let (server, client) = steward().await;
    (server, Plane::new(StewardPlane::new(client)))
}

/// A project that can be worked on, and a run of it in this status.
fn run_in(server: &Contract, status: &str) -> String {
    let project = server.put("project", json!({"status": "ready"}));
    let project: u64 = project.parse().unwrap();
    server.put("run", json!({"projectId": project, "status": status}))
}

fn task(id: &str) -> RunRef {
    RunRef::new(RunKind::Task, id)
}

/// Tells so many events of a run.
fn tell(server: &Contract, run: &str, events: usize) {
    for number in 0..events {
        let path = format!("src/{number}.rs");
        server.emit(run, json!({"eventType": "file_updated", "path": path}));
    }
}

/// What was asked: method, path with query, body.
fn asked(server: &Contract) -> Vec<(String, String, Value)> {
    let asked = server.requests().into_iter().map(|asked| {
        let query: Vec<_> = asked
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let separator = if query.is_empty() { "" } else { "?" };
        let path = format!("{}{separator}{}", asked.path, query.join("&"));
        let body = asked.json();
        (asked.method, path, body)
    });
    asked.collect()
}

fn line(method: &str, path: impl Into<String>, body: Value) -> (String, String, Value) {
    (method.to_owned(), path.into(), body)
}

/// Holds what was asked to these lines, and to the document.
fn check(server: &Contract, lines: &[(String, String, Value)]) {
    assert_eq!(asked(server), lines);
    assert_eq!(server.violations(), Vec::<String>::new());
}
