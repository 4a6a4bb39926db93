//! [`Server`]: a plane behind one or more addresses.

use std::{future::Future, net::SocketAddr, sync::Arc};

use axum::Router;
use bytes::Bytes;
use grump_core::{ControlPlane, Error, ErrorKind, Result};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Limits, Token,
    app::App,
    connection::{Entrance, Shared},
    dialects::ralpher::{self, Ralpher},
    exchange::Refused,
    fanout::Fanout,
    guard::Guard,
    openapi, probes,
};

/// Which addresses a server is to listen on, and how.
#[derive(Debug)]
#[must_use = "a server that is not bound listens nowhere"]
pub struct Builder {
    plane: Arc<dyn ControlPlane>,
    addresses: Vec<(SocketAddr, Option<Token>)>,
    limits: Limits,
}

/// A plane behind addresses that are bound: connections wait until it [serves](Self::serve).
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    router: Router,
    listeners: Vec<Listener>,
}

#[derive(Debug)]
struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    guard: Guard,
}

impl Server {
    /// A server of this plane, which listens nowhere yet.
    pub fn builder(plane: Arc<dyn ControlPlane>) -> Builder {
        Builder {
            plane,
            addresses: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// The first address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.listeners[0].address
    }

    /// All addresses that it listens on, in the order they were asked for.
    pub fn local_addrs(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.listeners.iter().map(|listener| listener.address)
    }

    /// Serves until `shutdown` is over, and then until what is under way is done: streams end,
    /// requests finish (for at most [`Limits::drain`]), new ones are told to come back later. The
    /// plane stays open.
    ///
    /// # Errors
    /// `Timeout` if requests were cut off.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Result<()> {
        let shared = Shared {
            draining: CancellationToken::new(),
            ending: CancellationToken::new(),
            open: TaskTracker::new(),
            places: Arc::new(Semaphore::new(self.app.limits.connections)),
        };
        let mut listening = JoinSet::new();
        for listener in self.listeners {
            let entrance = Entrance {
                app: self.app.clone(),
                guard: listener.guard,
                router: self.router.clone(),
                refuse: Refused::answer::<Ralpher>,
                is_stream: ralpher::is_stream,
                shared: shared.clone(),
            };
            listening.spawn(Arc::new(entrance).listen(listener.socket));
        }
        shutdown.await;
        let drained = drain(&self.app, &shared).await;
        listening.shutdown().await;
        drained
    }
}

async fn drain(app: &App, shared: &Shared) -> Result<()> {
    app.drain();
    shared.draining.cancel();
    shared.open.close();
    let limit = app.limits.drain;
    if timeout(limit, shared.open.wait()).await.is_ok() {
        return Ok(());
    }
    let cut_off = shared.open.len();
    shared.ending.cancel();
    shared.open.wait().await;
    Err(
        Error::new(ErrorKind::Timeout, "connections were cut off at the end")
            .with("connections", cut_off)
            .with("seconds", limit.as_secs_f64()),
    )
}

impl Builder {
    /// Listens for the Ralpher dialect on this address, for which it must be the loopback's. Port
    /// 0 is any that is free.
    pub fn ralpher(mut self, address: SocketAddr) -> Self {
        self.addresses.push((address, None));
        self
    }

    /// As [`ralpher`](Self::ralpher), on any address, for who has the token.
    pub fn ralpher_with(mut self, address: SocketAddr, token: Token) -> Self {
        self.addresses.push((address, Some(token)));
        self
    }

    /// Listens for who works on the same data folder, and has the token of its owner: in the
    /// dialect that has what a loop needs.
    pub fn attach(self, address: SocketAddr, token: Token) -> Self {
        self.ralpher_with(address, token)
    }

    /// Sets how much it takes.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Binds all addresses.
    ///
    /// # Errors
    /// `InvalidInput` for no address, or one that other machines reach without a token;
    /// `Transport` for one that cannot be bound.
    pub async fn bind(self) -> Result<Server> {
        if self.addresses.is_empty() {
            return Err(
                Error::new(ErrorKind::InvalidInput, "a server needs an address")
                    .advise("name at least one"),
            );
        }
        let mut listeners = Vec::new();
        for (address, token) in self.addresses {
            listeners.push(listen(address, Guard::new(address, token)?).await?);
        }
        let events = Fanout::new(self.plane.clone(), ralpher::Frames, self.limits.fanout);
        let app = Arc::new(App::new(self.plane, events, self.limits));
        let document = Bytes::from(openapi::ralpher().to_string());
        Ok(Server {
            router: ralpher::routes()
                .merge(probes::routes(document))
                .with_state(app.clone()),
            app,
            listeners,
        })
    }
}

async fn listen(address: SocketAddr, guard: Guard) -> Result<Listener> {
    let cannot = |error: std::io::Error| {
        Error::new(ErrorKind::Transport, "the address cannot be listened on")
            .with("address", address)
            .advise("look who listens there, or choose another port")
            .caused_by(error)
    };
    let socket = TcpListener::bind(address).await.map_err(cannot)?;
    let address = socket.local_addr().map_err(cannot)?;
    Ok(Listener {
        socket,
        address,
        guard,
    })
}
