//! The MetaForge dialect against a server that holds clients to its document.

mod endpoints;
mod errors;
mod oddities;
mod plane;
mod skill;
mod streams;

use std::{sync::Arc, time::Duration};

use grump::{ControlPlane, RunRef};
use grump_client::{MetaForgeBuilder, MetaForgeClient, MetaForgePlane};
use grump_testkit::contract::Contract;
use grump_wire::metaforge::map;

use crate::support::impatient;

pub(crate) fn builder(server: &Contract) -> MetaForgeBuilder {
    MetaForgeClient::builder(&server.url())
        .retry_delay(Duration::from_millis(1))
        .stream(impatient())
}

pub(crate) async fn gateway() -> (Contract, MetaForgeClient) {
    let server = Contract::start("metaforge").await;
    let client = builder(&server).build().unwrap();
    (server, client)
}

/// The server, and the plane that it is.
pub(crate) async fn gateway_plane() -> (Contract, Arc<dyn ControlPlane>) {
    let (server, client) = gateway().await;
    (server, Arc::new(MetaForgePlane::new(client)))
}

/// A session of the server that is at work.
fn at_work(server: &Contract) -> RunRef {
    let id = server.put("session", serde_json::json!({"status": "running"}));
    map::name(&*id)
}
