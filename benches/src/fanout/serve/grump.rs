//! grump's server over a plane in memory.

use std::{future::pending, net::Ipv4Addr, sync::Arc};

use grump_benches::Failure;
use grump_server::Server;

use super::{control, listen, ready};
use crate::{event::Template, plane::Plane};

pub(super) async fn serve() -> Result<(), Failure> {
    let plane = Arc::new(Plane::new());
    let server = Server::builder(plane.clone())
        .ralpher((Ipv4Addr::LOCALHOST, 0).into())
        .bind()
        .await?;
    let control = listen().await?;
    ready(server.local_addr().port(), control.local_addr()?.port());
    tokio::spawn(publish(control, plane));
    Ok(server.serve(pending()).await?)
}

async fn publish(control: tokio::net::TcpListener, plane: Arc<Plane>) {
    let template = Template::new();
    let obeyed = control::obey(control, |order| {
        for (number, stamp) in order.events() {
            plane.tell(number, template.event(number, stamp));
        }
    });
    if let Err(error) = obeyed.await {
        eprintln!("grump: {error}");
    }
}
