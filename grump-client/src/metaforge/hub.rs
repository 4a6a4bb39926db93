//! [`Hub`]: the one socket that all who watch a gateway share.
//!
//! A task reads the socket and hands each event, decoded once, to everybody. It waits for nobody: who
//! falls behind loses what it missed, and is told so. The socket is closed when nobody is left.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use grump_core::{Error, ErrorKind, Event, Result, Retry};
use grump_http::Socket;
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    metaforge::{GatewayEvents, events::decode},
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    caller::{Asking, Caller},
    stream::{Told, told},
};

/// How many events wait for one who does not read: some hundred bytes each, shared by all.
const WAITING: usize = 1024;

/// The one socket that all who watch a gateway share.
pub(crate) struct Hub {
    caller: Caller,
    /// Held while a socket is opened, so that there is one.
    current: tokio::sync::Mutex<Weak<Channel>>,
    opened: AtomicU64,
}

/// A socket, for as long as somebody has it.
pub(crate) struct Channel {
    number: u64,
    events: broadcast::WeakSender<Arc<Event>>,
    heard: Arc<Heard>,
    _open: DropGuard,
}

/// What is known of a socket beside its events.
struct Heard {
    last: Mutex<Instant>,
    /// Why it ended.
    end: Mutex<Option<(ErrorKind, String)>>,
}

/// One who listens to a socket.
pub(crate) struct Listener {
    channel: Arc<Channel>,
    events: broadcast::Receiver<Arc<Event>>,
}

/// What one who listens knows of the sockets before: whether another one is needed.
#[derive(Debug, Default)]
pub(crate) struct Before {
    number: Option<u64>,
    fell_behind: bool,
}

impl Hub {
    pub(crate) fn new(caller: Caller) -> Self {
        Self {
            caller,
            current: tokio::sync::Mutex::default(),
            opened: AtomicU64::new(0),
        }
    }

    /// Listens from now on. Who comes back from a socket that has told nobody anything for as long as
    /// `patience` gets another one.
    ///
    /// # Errors
    /// Whatever the wire says where there is no socket.
    pub(crate) async fn listen(&self, before: &Before, patience: Duration) -> Result<Listener> {
        let mut current = self.current.lock().await;
        if let Some(channel) = current.upgrade()
            && !channel.is_doubtful(before, patience)
            && let Some(listener) = channel.listener()
        {
            return Ok(listener);
        }
        let asking = Asking::<GatewayEvents>::of(NoPath {}, NoQuery {}, NoBody);
        let socket = self.caller.socket(asking).await?;
        let (channel, listener) = self.channel(socket);
        *current = Arc::downgrade(&channel);
        Ok(listener)
    }

    fn channel(&self, socket: Socket) -> (Arc<Channel>, Listener) {
        let (sender, receiver) = broadcast::channel(WAITING);
        let heard = Arc::new(Heard {
            last: Mutex::new(Instant::now()),
            end: Mutex::new(None),
        });
        let open = self.caller.closed().child_token();
        let channel = Arc::new(Channel {
            number: self.opened.fetch_add(1, Relaxed),
            events: sender.downgrade(),
            heard: heard.clone(),
            _open: open.clone().drop_guard(),
        });
        tokio::spawn(pump(socket, sender, heard, open));
        let listener = Listener {
            channel: channel.clone(),
            events: receiver,
        };
        (channel, listener)
    }
}

impl Channel {
    /// Whether one who comes back from this socket may have missed what it should have told.
    fn is_doubtful(&self, before: &Before, patience: Duration) -> bool {
        before.number == Some(self.number)
            && !before.fell_behind
            && self.heard.last().elapsed() >= patience
    }

    /// One more who listens; `None` where the socket has ended.
    fn listener(self: &Arc<Self>) -> Option<Listener> {
        let events = self.events.upgrade()?.subscribe();
        Some(Listener {
            channel: self.clone(),
            events,
        })
    }
}

impl Heard {
    fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn end(&self, error: &Error) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        *end = Some((error.kind(), error.to_string()));
    }

    /// The error for each of those who listened.
    fn error(&self) -> Error {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        match &*end {
            Some((kind, message)) => Error::new(*kind, message.clone()).retryable(Retry::Safe),
            None => Error::new(ErrorKind::Transport, "the socket was lost").retryable(Retry::Safe),
        }
    }
}

impl Listener {
    /// What it hears of those that `is_wanted`, until the socket is lost or it falls behind.
    pub(crate) fn events(
        self,
        before: Arc<Mutex<Before>>,
        is_wanted: impl Fn(&Event) -> bool + Send + Sync + 'static,
    ) -> BoxStream<'static, Result<Arc<Event>>> {
        *before.lock().unwrap_or_else(PoisonError::into_inner) = Before {
            number: Some(self.channel.number),
            fell_behind: false,
        };
        let state = Some((self, before, is_wanted));
        stream::unfold(state, |state| async {
            let (mut listener, before, is_wanted) = state?;
            let heard = listener.next(&is_wanted).await;
            match heard {
                Ok(event) => Some((Ok(event), Some((listener, before, is_wanted)))),
                Err(error) => {
                    let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
                    before.fell_behind = error.kind() == ErrorKind::Stalled;
                    Some((Err(passing(error)), None))
                }
            }
        })
        .boxed()
    }

    async fn next(&mut self, is_wanted: &impl Fn(&Event) -> bool) -> Result<Arc<Event>> {
        loop {
            match self.events.recv().await {
                Ok(event) if is_wanted(&event) => return Ok(event),
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => return Err(fell_behind(missed)),
                Err(RecvError::Closed) => return Err(self.channel.heard.error()),
            }
        }
    }
}

/// Whoever falls behind connects again as after any loss.
fn passing(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Stalled => {
            Error::new(ErrorKind::Transport, "this reader fell behind the others")
                .retryable(Retry::Safe)
                .caused_by(error)
        }
        _ => error,
    }
}

fn fell_behind(missed: u64) -> Error {
    Error::new(ErrorKind::Stalled, "events were not read in time").with("missed", missed)
}

/// Reads the socket until it is lost, or nobody is left.
async fn pump(
    mut socket: Socket,
    events: broadcast::Sender<Arc<Event>>,
    heard: Arc<Heard>,
    open: CancellationToken,
) {
    let mut has_spoken = false;
    while let Some(message) = open.run_until_cancelled(socket.next()).await {
        match told(message, has_spoken) {
            Told::Text(text) => {
                has_spoken = true;
                heard.now();
                if let Some(event) = decode(&text) {
                    // Nobody listens, or somebody does.
                    let _ = events.send(Arc::new(event));
                }
            }
            Told::Other => {}
            Told::End(error) => {
                heard.end(&error);
                return;
            }
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}
