//! The Mini-Devin dialect against a server that holds clients to its document.

mod auth;
mod endpoints;
mod errors;
mod oddities;
mod plane;
mod streams;

use std::{sync::Arc, time::Duration};

use grump::{ControlPlane, RunRef};
use grump_client::{MiniDevinBuilder, MiniDevinClient, MiniDevinPlane};
use grump_testkit::contract::Contract;
use grump_wire::mini_devin::map;

use crate::support::impatient;

pub(crate) fn builder(server: &Contract) -> MiniDevinBuilder {
    MiniDevinClient::builder(&server.url())
        .retry_delay(Duration::from_millis(1))
        .stream(impatient())
}

/// The server, and a client that it lets in.
pub(crate) async fn server() -> (Contract, MiniDevinClient) {
    let server = Contract::start("mini-devin").await;
    let client = builder(&server).token(server.token()).build().unwrap();
    (server, client)
}

/// The server, and the plane that it is.
pub(crate) async fn server_plane() -> (Contract, Arc<dyn ControlPlane>) {
    let (server, client) = server().await;
    (server, Arc::new(MiniDevinPlane::new(client)))
}

/// A task of the server that is at work.
fn at_work(server: &Contract) -> RunRef {
    let id = server.put("task", serde_json::json!({"status": "running"}));
    map::name(&*id)
}
