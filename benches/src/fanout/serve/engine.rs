//! grump's server over the engine of a data folder.

use std::{future::pending, net::Ipv4Addr, path::Path, sync::Arc};

use grump_benches::Failure;
use grump_engine::{DataFolder, Engine};
use grump_server::Server;

use super::ready;

pub(super) async fn serve(data: &Path) -> Result<(), Failure> {
    let engine = Engine::builder(DataFolder::new(data)).open()?;
    let server = Server::builder(Arc::new(engine))
        .ralpher((Ipv4Addr::LOCALHOST, 0).into())
        .bind()
        .await?;
    ready(server.local_addr().port(), 0);
    Ok(server.serve(pending()).await?)
}
