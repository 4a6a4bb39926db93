//! [`Field`]: listening, and what the test sees and sets.

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderMap, Method, Response, Uri},
};
use grump_core::{Error, ErrorKind, Result};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{loops, quirks::Quirks, routes, stream, world::World};
use crate::serving::{Asked, Counter, Listening, Reply, Sent};

/// A running server of the Ralpher dialect. It stops listening when it is dropped.
pub struct Field {
    address: SocketAddr,
    world: Shared,
    serving: JoinHandle<()>,
}

type Shared = Arc<watch::Sender<World>>;

impl Field {
    /// Serves on a free port of the loopback.
    ///
    /// # Errors
    /// `Transport` when no port can be had.
    pub async fn start(quirks: Quirks) -> Result<Self> {
        crate::coverage::start();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let world = Arc::new(watch::Sender::new(World::new(quirks)));
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&world));
        let open = Counter::default();
        let serving = tokio::spawn(async move {
            // `axum::serve` retries what fails on one connection and never returns.
            let _ = axum::serve(Listening { listener, open }, router).await;
        });
        Ok(Self {
            address,
            world,
            serving,
        })
    }

    /// Where it listens: what a fault proxy is put before.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without `/api`: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes where it differs from the document, from now on.
    pub fn quirks(&self, change: impl FnOnce(&mut Quirks)) {
        self.act(|world| change(&mut world.quirks));
    }

    /// Answers the next request of this method and path with this, and does nothing else.
    pub fn reply_once(&self, method: &str, path: &str, reply: Reply) {
        let planned = (method.to_owned(), path.to_owned(), reply);
        self.act(|world| world.replies.push_back(planned));
    }

    /// The files that nobody committed: a start is refused until it says what becomes of them.
    pub fn changed_files(&self, files: &[&str]) {
        let files = files.iter().map(|file| (*file).to_owned()).collect();
        self.act(|world| world.changed_files = files);
    }

    /// What a loop changed, as it is answered: a list of objects.
    pub fn diff(&self, id: &str, diff: Value) {
        self.act(|world| world.entry(id).diff = diff);
    }

    /// Changes a loop's state as it is told, whatever the table of states says: statuses go back in
    /// the field.
    pub fn state(&self, id: &str, change: impl FnOnce(&mut Value)) {
        self.act(|world| change(&mut world.entry(id).state));
    }

    /// Forgets a loop.
    pub fn forget(&self, id: &str) {
        self.act(|world| world.loops.retain(|entry| entry.id() != id));
    }

    /// A loop as it is answered.
    #[must_use]
    pub fn shown(&self, id: &str) -> Value {
        self.act(|world| loops::answered(world, id))
    }

    /// Sends this event to all streams that it concerns by its `loopId`; nothing else happens.
    pub fn event(&self, event: &Value) {
        self.act(|world| world.send(event));
    }

    /// Sends these bytes to all streams: comments, and what is no event.
    pub fn raw(&self, text: &str) {
        let bytes = Bytes::from(text.to_owned());
        self.act(|world| world.send_where(|_| true, &bytes));
    }

    /// Ends all streams, as if all was said.
    pub fn cut_streams(&self) {
        self.act(|world| world.streams.clear());
    }

    /// Breaks all streams off.
    pub fn abort_streams(&self) {
        self.act(|world| {
            for open in world.streams.drain(..) {
                let _ = open.frames.send(Sent::Abort);
            }
        });
    }

    /// Waits until so many streams are open.
    pub async fn streaming(&self, count: usize) {
        self.until(|world| world.streams.len() == count).await;
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.world.borrow().asked.clone()
    }

    /// What was asked with this method of this path, in order.
    #[must_use]
    pub fn asked_for(&self, method: &str, path: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.method == method && asked.path == path);
        asked
    }

    /// Waits until what was asked is as wanted, and returns it.
    pub async fn asked_until(&self, wanted: impl Fn(&[Asked]) -> bool) -> Vec<Asked> {
        self.until(|world| wanted(&world.asked)).await;
        self.asked()
    }

    pub(super) fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act_on(&self.world, act)
    }

    async fn until(&self, wanted: impl Fn(&World) -> bool) {
        let mut changes = self.world.subscribe();
        let met = changes.wait_for(|world| wanted(world)).await;
        met.expect("the sender lives as long as this borrow");
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        self.serving.abort();
        self.act(|world| world.streams.clear());
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn act_on<T>(world: &Shared, act: impl FnOnce(&mut World) -> T) -> T {
    let mut done = None;
    world.send_modify(|world| done = Some(act(world)));
    done.expect("what modifies is called")
}

/// Answers any request.
async fn answer(
    State(world): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let query = Query::try_from_uri(&uri).map(|Query(query)| query);
    let asked = Asked {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: query.unwrap_or_else(|_| BTreeMap::new()),
        headers,
        body,
    };
    match act_on(&world, |world| whole(world, &asked)) {
        Ok(reply) => reply.into_response(),
        Err(only) => stream::open(&world, only),
    }
}

/// The answer to a request, or the loop whose stream it is for; none for all loops.
fn whole(world: &mut World, asked: &Asked) -> std::result::Result<Reply, Option<String>> {
    world.asked.push(asked.clone());
    let planned = |(method, path, _): &(String, String, Reply)| {
        *method == asked.method && *path == asked.path
    };
    if let Some(at) = world.replies.iter().position(planned) {
        let (_, _, reply) = world.replies.remove(at).expect("it was found there");
        return Ok(reply);
    }
    match (&*asked.method, &asked.parts()[..]) {
        ("GET", ["api", "events"]) => Err(None),
        ("GET", ["api", "loops", id, "events"]) if world.find(id).is_some() => {
            Err(Some((*id).to_owned()))
        }
        ("GET", ["api", "loops", _, "events"]) => {
            Ok(routes::refuse(world, 404, "not_found", "Loop not found"))
        }
        _ => Ok(routes::answer(world, asked)),
    }
}

fn cannot(error: io::Error) -> Error {
    Error::new(ErrorKind::Transport, "the server cannot listen").caused_by(error)
}
