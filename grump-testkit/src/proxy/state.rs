//! What the proxy knows, and those who wait for it.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{
    link::Control,
    plan::{Direction, Plan},
};

/// How much of what a client sent last is kept, to look for text in it.
const ASKED: usize = 16 * 1024;

/// What passed through a proxy so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many connections were accepted.
    pub connections: u64,
    /// How many of them are not over yet.
    pub open: u64,
    /// How many bytes passed from clients to the server.
    pub to_server: u64,
    /// How many bytes passed from the server to clients.
    pub to_client: u64,
}

/// What is known of one connection.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) control: watch::Sender<Control>,
    pub(super) to_server: u64,
    pub(super) to_client: u64,
    pub(super) open: bool,
    /// The end of what the client sent.
    asked: Vec<u8>,
}

impl Link {
    /// Whether the client sent this text lately.
    pub(super) fn has_asked(&self, text: &str) -> bool {
        contains(&self.asked, text.as_bytes())
    }
}

/// What all connections of a proxy share.
pub(super) struct Shared {
    links: watch::Sender<Vec<Link>>,
    settings: Mutex<Settings>,
}

/// What the test wants.
struct Settings {
    upstream: SocketAddr,
    next: VecDeque<Plan>,
    each: Box<dyn Fn(u64) -> Plan + Send>,
    lose: Option<String>,
}

impl Shared {
    pub(super) fn new(upstream: SocketAddr) -> Self {
        Self {
            links: watch::Sender::new(Vec::new()),
            settings: Mutex::new(Settings {
                upstream,
                next: VecDeque::new(),
                each: Box::new(|_| Plan::new()),
                lose: None,
            }),
        }
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn upstream(&self) -> SocketAddr {
        self.settings().upstream
    }

    pub(super) fn set_upstream(&self, upstream: SocketAddr) {
        self.settings().upstream = upstream;
    }

    pub(super) fn push_next(&self, plan: Plan) {
        self.settings().next.push_back(plan);
    }

    pub(super) fn set_each(&self, each: impl Fn(u64) -> Plan + Send + 'static) {
        self.settings().each = Box::new(each);
    }

    pub(super) fn set_lose(&self, text: &str) {
        self.settings().lose = Some(text.to_owned());
    }

    /// Adds a connection: its number, from 1, what becomes of it, and what is asked of it.
    pub(super) fn accepted(&self) -> (u64, Plan, watch::Receiver<Control>) {
        let number = self.links(<[_]>::len) as u64 + 1;
        let mut plan = self.plan_of(number);
        let (control, asked) = watch::channel(Control::new(&mut plan));
        let link = Link {
            control,
            to_server: 0,
            to_client: 0,
            open: true,
            asked: Vec::new(),
        };
        self.links.send_modify(|links| links.push(link));
        (number, plan, asked)
    }

    fn plan_of(&self, number: u64) -> Plan {
        let mut settings = self.settings();
        let next = settings.next.pop_front();
        next.unwrap_or_else(|| (settings.each)(number))
    }

    /// Notes what a client sends, before it passes; whether the answer to it is to be lost.
    pub(super) fn asks(&self, number: u64, bytes: &[u8]) -> bool {
        let mut lose = self.settings().lose.clone();
        self.change(number, |link| {
            let before = link.asked.len();
            link.asked.extend_from_slice(bytes);
            lose = lose.take().filter(|text| {
                let from = before.saturating_sub(text.len().saturating_sub(1));
                contains(&link.asked[from..], text.as_bytes())
            });
            let surplus = link.asked.len().saturating_sub(ASKED);
            link.asked.drain(..surplus);
        });
        if lose.is_some() {
            self.settings().lose = None;
        }
        lose.is_some()
    }

    pub(super) fn passed(&self, number: u64, direction: Direction, count: usize) {
        self.change(number, |link| match direction {
            Direction::ToServer => link.to_server += count as u64,
            Direction::ToClient => link.to_client += count as u64,
        });
    }

    pub(super) fn closed(&self, number: u64) {
        self.change(number, |link| link.open = false);
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Link)) {
        self.links
            .send_modify(|links| change(&mut links[index(number)]));
    }

    /// Looks at one connection.
    pub(super) fn link<T>(&self, number: u64, look: impl FnOnce(&Link) -> T) -> T {
        look(Self::of(&self.links.borrow(), number))
    }

    /// The connection of this number, which is there.
    pub(super) fn of(links: &[Link], number: u64) -> &Link {
        &links[index(number)]
    }

    /// Asks something of a connection.
    pub(super) fn control(&self, number: u64, change: impl FnOnce(&mut Control)) {
        self.link(number, |link| link.control.send_modify(change));
    }

    /// Looks at all connections.
    pub(super) fn links<T>(&self, look: impl FnOnce(&[Link]) -> T) -> T {
        look(&self.links.borrow())
    }

    /// Waits until this finds something.
    pub(super) async fn wait<T>(&self, mut find: impl FnMut(&[Link]) -> Option<T>) -> T {
        let mut found = None;
        let mut changes = self.links.subscribe();
        let met = changes
            .wait_for(|links| {
                found = find(links);
                found.is_some()
            })
            .await;
        met.expect("the sender lives as long as this borrow");
        found.expect("the wait ends when something is found")
    }
}

/// Adds up.
pub(super) fn counts(links: &[Link]) -> Counts {
    links.iter().fold(Counts::default(), |sum, link| Counts {
        connections: sum.connections + 1,
        open: sum.open + u64::from(link.open),
        to_server: sum.to_server + link.to_server,
        to_client: sum.to_client + link.to_client,
    })
}

fn index(number: u64) -> usize {
    usize::try_from(number - 1).expect("a number is the length of a list")
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len().max(1)).any(|part| part == text)
}
