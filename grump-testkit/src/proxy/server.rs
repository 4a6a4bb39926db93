//! [`FaultProxy`]: accepting connections, or not.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use grump_core::{Error, ErrorKind, Result};
use tokio::{
    net::{TcpListener, TcpSocket},
    task::{JoinHandle, JoinSet},
};

use super::{
    connection::Connection,
    link,
    plan::{Cut, Plan},
    state::{Counts, Link, Shared, counts},
};

/// How many connections wait to be accepted.
const BACKLOG: u32 = 1024;

/// A proxy between clients and one server. When it is dropped it stops listening, and what was open
/// is closed.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    carrying: Carrying,
    /// Accepts; `None` while connections are refused.
    listening: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    /// Keeps the port while connections are refused: it is bound, and nobody listens on it.
    _port: TcpSocket,
}

/// The tasks that connections are carried in.
type Carrying = Arc<Mutex<JoinSet<()>>>;

impl FaultProxy {
    /// A proxy for the server at this address, on a free port of the loopback. All passes.
    ///
    /// # Errors
    /// `Transport` when no port can be had.
    pub async fn start(upstream: SocketAddr) -> Result<Self> {
        Self::start_on(0, upstream).await
    }

    /// As [`start`](Self::start), on this port.
    ///
    /// # Errors
    /// `Transport` when the port is taken.
    pub async fn start_on(port: u16, upstream: SocketAddr) -> Result<Self> {
        let kept = bound((Ipv4Addr::LOCALHOST, port).into()).map_err(cannot_listen(port))?;
        let address = kept.local_addr().map_err(cannot_listen(port))?;
        let proxy = Self {
            address,
            shared: Arc::new(Shared::new(upstream)),
            carrying: Carrying::default(),
            listening: tokio::sync::Mutex::new(None),
            _port: kept,
        };
        proxy.admit().await?;
        Ok(proxy)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as the base of URLs: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections from now on go to this server.
    pub fn retarget(&self, upstream: SocketAddr) {
        self.shared.set_upstream(upstream);
    }

    /// What becomes of the next connection; called again, of the one after it.
    pub fn next(&self, plan: Plan) {
        self.shared.push_next(plan);
    }

    /// What becomes of connections that [`next`](Self::next) says nothing about, by their number
    /// (from 1).
    ///
    /// ```
    /// # use grump_testkit::proxy::{FaultProxy, Seed};
    /// # fn plan(proxy: &FaultProxy) {
    /// let seed = Seed::fresh(); // printed, for when the test fails
    /// proxy.each(move |number| seed.plan(number));
    /// # }
    /// ```
    pub fn each(&self, plan: impl Fn(u64) -> Plan + Send + 'static) {
        self.shared.set_each(plan);
    }

    /// The next request in which this text passes, on whichever connection, is passed on; its
    /// connection is reset when the first byte of the answer comes.
    pub fn lose_answer_to(&self, text: &str) {
        self.shared.set_lose(text);
    }

    /// Refuses connections (ECONNREFUSED) until [`admit`](Self::admit). What is open stays so.
    pub async fn refuse(&self) {
        if let Some(accepting) = self.listening.lock().await.take() {
            accepting.abort();
            let _ = accepting.await;
        }
    }

    /// Accepts connections again.
    ///
    /// # Errors
    /// `Transport` when the port cannot be listened on.
    pub async fn admit(&self) -> Result<()> {
        let mut listening = self.listening.lock().await;
        if listening.is_none() {
            let listener = bound(self.address).and_then(|socket| socket.listen(BACKLOG));
            let listener = listener.map_err(cannot_listen(self.address.port()))?;
            let (shared, carrying) = (Arc::clone(&self.shared), Arc::clone(&self.carrying));
            *listening = Some(tokio::spawn(accept(listener, shared, carrying)));
        }
        Ok(())
    }

    /// Cuts every connection that is open.
    pub fn cut(&self, cut: Cut) {
        self.open().iter().for_each(|open| open.cut(cut));
    }

    /// Stalls every connection that is open.
    pub fn stall(&self) {
        self.open().iter().for_each(Connection::stall);
    }

    /// Lets every connection that stalls go on.
    pub fn resume(&self) {
        self.open().iter().for_each(Connection::resume);
    }

    /// The connections that are open.
    #[must_use]
    pub fn open(&self) -> Vec<Connection> {
        let numbers: Vec<_> = self.shared.links(|links| {
            (1..)
                .zip(links)
                .filter(|(_, link)| link.open)
                .map(|(number, _)| number)
                .collect()
        });
        numbers
            .into_iter()
            .map(|number| self.handle(number))
            .collect()
    }

    /// What passed so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.links(counts)
    }

    /// Waits until what passed is as wanted, and returns it.
    pub async fn until(&self, wanted: impl Fn(&Counts) -> bool) -> Counts {
        let find = |links: &[Link]| Some(counts(links)).filter(&wanted);
        self.shared.wait(find).await
    }

    /// Waits for the connection of this number; the first one is 1.
    pub async fn connection(&self, number: u64) -> Connection {
        self.until(|counts| counts.connections >= number).await;
        self.handle(number)
    }

    /// Waits for an open connection whose client has sent this text, and returns the latest such.
    pub async fn asked(&self, text: &str) -> Connection {
        let find = |links: &[Link]| {
            let latest = links
                .iter()
                .rposition(|link| link.open && link.has_asked(text))?;
            Some(latest as u64 + 1)
        };
        let number = self.shared.wait(find).await;
        self.handle(number)
    }

    fn handle(&self, number: u64) -> Connection {
        Connection::new(number, Arc::clone(&self.shared))
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        if let Some(accepting) = self.listening.get_mut() {
            accepting.abort();
        }
        lock(&self.carrying).abort_all();
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy")
            .field("address", &self.address)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, carrying: Carrying) {
    loop {
        // An error is that of one connection, which the client gave up before it was accepted.
        if let Ok((client, _)) = listener.accept().await {
            let mut carrying = lock(&carrying);
            while carrying.try_join_next().is_some() {}
            carrying.spawn(link::carry(Arc::clone(&shared), client));
        }
    }
}

fn lock(carrying: &Carrying) -> std::sync::MutexGuard<'_, JoinSet<()>> {
    carrying.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A socket on this port, beside another one of ours that does not listen.
fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn cannot_listen(port: u16) -> impl Fn(io::Error) -> Error {
    move |error| {
        Error::new(ErrorKind::Transport, "the fault proxy cannot listen")
            .with("port", port)
            .advise("take another port, or 0 for a free one")
            .caused_by(error)
    }
}
