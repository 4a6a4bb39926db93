//! [`Connection`]: one connection through the proxy.

use std::{fmt, sync::Arc};

use super::{
    plan::{Act, At, Cut, Direction},
    state::{Link, Shared},
};

/// One connection through the proxy. Cheap to clone; dropping it does nothing to the connection.
#[derive(Clone)]
pub struct Connection {
    number: u64,
    shared: Arc<Shared>,
}

impl Connection {
    pub(super) const fn new(number: u64, shared: Arc<Shared>) -> Self {
        Self { number, shared }
    }

    /// Its number; the first one that the proxy accepted is 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How many bytes passed from the client to the server.
    #[must_use]
    pub fn to_server(&self) -> u64 {
        self.look(|link| link.to_server)
    }

    /// How many bytes passed from the server to the client.
    #[must_use]
    pub fn to_client(&self) -> u64 {
        self.look(|link| link.to_client)
    }

    /// Whether it is not over yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.look(|link| link.open)
    }

    /// Cuts it at once.
    pub fn cut(&self, cut: Cut) {
        self.shared.control(self.number, |control| control.cut(cut));
    }

    /// Cuts it at this moment of what goes this way from now on, instead of what was to be done at
    /// another moment.
    pub fn cut_at(&self, direction: Direction, at: At, cut: Cut) {
        self.act_at(direction, at, Act::Cut(cut));
    }

    /// Passes nothing on any more, either way, and tells nobody.
    pub fn stall(&self) {
        self.shared
            .control(self.number, |control| control.stall(true));
    }

    /// Stalls at this moment of what goes this way from now on, instead of what was to be done at
    /// another moment.
    pub fn stall_at(&self, direction: Direction, at: At) {
        self.act_at(direction, at, Act::Stall);
    }

    /// Passes on what has been held since it stalled, and goes on.
    pub fn resume(&self) {
        self.shared
            .control(self.number, |control| control.stall(false));
    }

    /// Waits until so many bytes in all have passed this way.
    pub async fn passed(&self, direction: Direction, bytes: u64) {
        self.wait(|link| match direction {
            Direction::ToServer => link.to_server >= bytes,
            Direction::ToClient => link.to_client >= bytes,
        })
        .await;
    }

    /// Waits until the client has sent this text, within the last 16 KiB of what it sent.
    pub async fn asked(&self, text: &str) {
        self.wait(|link| link.has_asked(text)).await;
    }

    /// Waits until it is over.
    pub async fn closed(&self) {
        self.wait(|link| !link.open).await;
    }

    fn act_at(&self, direction: Direction, at: At, act: Act) {
        self.shared.control(self.number, |control| {
            control.act_at(direction, at, act);
        });
    }

    fn look<T>(&self, look: impl FnOnce(&Link) -> T) -> T {
        self.shared.link(self.number, look)
    }

    async fn wait(&self, is_so: impl Fn(&Link) -> bool) {
        self.shared
            .wait(|links| is_so(Shared::of(links, self.number)).then_some(()))
            .await;
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("number", &self.number)
            .field("to_server", &self.to_server())
            .field("to_client", &self.to_client())
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}
