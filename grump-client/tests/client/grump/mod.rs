//! The G-Rump dialect, against a server that does what its document says.

mod endpoints;
mod errors;
mod oddities;
mod pages;
mod plane;
mod sessions;
mod streams;

use grump_client::{GrumpClient, GrumpPlane};
use grump_core::{Run, RunKind, RunRef};
use grump_testkit::contract::Contract;
use serde_json::{Value, json};

use crate::support::{MOMENT, impatient};

/// A client of this server that may do everything and loses no time.
fn client(server: &Contract) -> GrumpClient {
    client_at(&server.url(), server.token())
}

fn client_at(url: &str, token: String) -> GrumpClient {
    GrumpClient::builder(url)
        .token(token)
        .retry_delay(MOMENT / 5)
        .stream(impatient())
        .build()
        .unwrap()
}

async fn grump() -> (Contract, GrumpClient) {
    let server = Contract::start("grump").await;
    let client = client(&server);
    (server, client)
}

/// The server, and the plane that it is.
async fn grump_plane() -> (Contract, GrumpPlane) {
    let (server, client) = grump().await;
    (server, GrumpPlane::new(client))
}

/// A facet that the plane has.
macro_rules! facet {
    ($plane:expr, $facet:ident) => {{
        use ::grump_core::ControlPlane as _;
        $plane.facets().$facet.clone().unwrap()
    }};
}

use facet;

fn session(server: &Contract, status: &str) -> RunRef {
    let id = server.put("ship_session", json!({"status": status}));
    RunRef::new(RunKind::Ship, id)
}

fn job(server: &Contract, status: &str) -> RunRef {
    RunRef::new(RunKind::Job, server.put("job", json!({"status": status})))
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

/// Method and path of what was asked.
fn paths(server: &Contract) -> Vec<String> {
    let asked = server.requests().into_iter();
    asked
        .map(|asked| format!("{} {}", asked.method, asked.path))
        .collect()
}

/// Nothing that was asked is anything but what the document says.
fn is_documented(server: &Contract) {
    assert_eq!(server.violations(), Vec::<String>::new());
}

fn status(run: &Run) -> &str {
    &run.status.native
}
