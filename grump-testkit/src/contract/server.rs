//! [`Contract`]: listening, and answering requests.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Query, Request, State},
    http::{Response, header},
};
use futures::{Stream, stream};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{
    Answer, Dialect, Done,
    check::check,
    dialect::Refusal,
    table::{self, Found},
    world::{Frames, World},
};
use crate::serving::{Asked, Counter, Listening, Reply, Sent};

/// A running server of a dialect as its document has it. It stops listening when it is dropped.
pub struct Contract {
    pub(super) address: SocketAddr,
    pub(super) world: Shared,
    pub(super) open: Counter,
    serving: JoinHandle<()>,
}

/// What a server knows, shared with those who wait for it to change.
pub(super) type Shared = Arc<watch::Sender<World>>;

/// The biggest body that is read, in bytes.
const BIGGEST: usize = 64 << 20;

impl Contract {
    /// Serves this dialect (`grump`, `steward`, `ralpher`, `metaforge`, `mini-devin`) on a free port of
    /// the loopback.
    ///
    /// # Panics
    /// When there is no such dialect, or no port can be had.
    pub async fn start(dialect: &str) -> Self {
        Self::start_on(dialect, 0).await
    }

    /// As [`start`](Self::start), on this port.
    ///
    /// # Panics
    /// When there is no such dialect, or the port cannot be had.
    pub async fn start_on(dialect: &str, port: u16) -> Self {
        crate::coverage::start();
        let dialect = Dialect::named(dialect);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.unwrap_or_else(|error| panic!("port {port}: {error}"));
        let address = listener.local_addr().expect("a listener has an address");
        let world = World::new(dialect, format!("http://{address}"));
        let world = Arc::new(watch::Sender::new(world));
        let open = Counter::default();
        let listening = Listening {
            listener,
            open: Arc::clone(&open),
        };
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&world));
        let serving = tokio::spawn(async move {
            // `axum::serve` retries what fails on one connection and never returns.
            let _ = axum::serve(listening, router).await;
        });
        Self {
            address,
            world,
            open,
            serving,
        }
    }

    pub(super) fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act_on(&self.world, act)
    }
}

impl Drop for Contract {
    fn drop(&mut self) {
        self.serving.abort();
        self.act(|world| world.streams.clear());
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

pub(super) fn act_on<T>(world: &Shared, act: impl FnOnce(&mut World) -> T) -> T {
    let mut done = None;
    world.send_modify(|world| done = Some(act(world)));
    done.expect("what modifies is called")
}

/// Answers any request.
async fn answer(State(world): State<Shared>, request: Request) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let upgrade = head.extensions.remove::<hyper::upgrade::OnUpgrade>();
    let body = to_bytes(body, BIGGEST).await.unwrap_or_default();
    let query = Query::<Vec<(String, String)>>::try_from_uri(&head.uri);
    let pairs = query.map_or_else(|_| Vec::new(), |Query(pairs)| pairs);
    let asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: pairs.iter().cloned().collect(),
        headers: head.headers,
        body,
    };
    let done = act_on(&world, |world| world.whole(&asked, &pairs));
    match done {
        Answer::Reply(reply) => reply.into_response(),
        Answer::Events(number, frames) => events(world, number, frames),
        Answer::Socket(number, frames, of) => {
            super::socket::open(world, &asked, upgrade, number, frames, of)
        }
    }
}

impl World {
    /// Answers a request, whatever it is, and remembers it.
    fn whole(&mut self, asked: &Asked, pairs: &[(String, String)]) -> Answer {
        self.requests.push(asked.clone());
        let mut row = None;
        let answer = self.found(asked, pairs, &mut row);
        let answer = answer.unwrap_or_else(|refusal| {
            let reply = self.dialect.error(&refusal, &asked.path);
            self.with_retry(reply, &refusal).into()
        });
        match answer {
            Answer::Reply(reply) => {
                let reply = self.odd(row, reply);
                self.headed(reply).into()
            }
            answer => answer,
        }
    }

    fn found(
        &mut self,
        asked: &Asked,
        pairs: &[(String, String)],
        of: &mut Option<&'static table::Row>,
    ) -> Done {
        let upgrades = asked.header("upgrade") == Some("websocket");
        let method = if upgrades { "WS" } else { &*asked.method };
        if let Some(blob) = super::steward::blob(self, asked) {
            return blob;
        }
        let (row, named) = match table::find(self.dialect, method, &asked.path) {
            Found::Row(row, named) => (row, named),
            Found::Nothing | Found::OtherMethod if self.is("spa") => {
                self.unknown(asked, "it is not documented");
                let page = "<!DOCTYPE html>\n<title>Ralpher</title>\n";
                return Ok(Reply::text(200, "text/html;charset=utf-8", page).into());
            }
            Found::OtherMethod => return Err(self.unknown(asked, "this method is not documented")),
            Found::Nothing => return Err(self.unknown(asked, "this path is not documented")),
        };
        *of = Some(row);
        if let Some(refusal) = self.planned(row) {
            return Err(refusal);
        }
        let call = check(self, asked, pairs, row, named)?;
        self.play(&call)
    }

    fn unknown(&mut self, asked: &Asked, what: &str) -> Refusal {
        let (method, path) = (&asked.method, &asked.path);
        self.violations.push(format!("{method} {path}: {what}"));
        self.refusal(404, what)
    }

    /// The failure that is planned for a request of this row.
    fn planned(&mut self, row: &table::Row) -> Option<Refusal> {
        let name = row.name();
        let is_it = |(of, _): &(String, _)| *of == name || of == row.operation || of == "*";
        let at = self.failures.iter().position(is_it)?;
        let (_, failure) = self.failures.remove(at)?;
        Some(failure.refusal())
    }

    fn with_retry(&self, reply: Reply, refusal: &Refusal) -> Reply {
        match &refusal.retry_after {
            Some(after) => reply.header("retry-after", after.clone()),
            None => reply,
        }
    }

    /// With the headers that the document says are on every answer.
    fn headed(&self, reply: Reply) -> Reply {
        let (limit, remaining, reset) = match self.dialect {
            Dialect::Grump => ("60", "45", "1640995200"),
            Dialect::MiniDevin => ("100", "95", "1704067200"),
            _ => return reply,
        };
        match () {
            () if self.is("no-limits") => reply,
            () if self.is("seconds-left") => reply
                .header("ratelimit-policy", "100;w=900")
                .header("ratelimit-limit", "100")
                .header("ratelimit-remaining", "99")
                .header("ratelimit-reset", "900"),
            () => reply
                .header("x-ratelimit-limit", limit)
                .header("x-ratelimit-remaining", remaining)
                .header("x-ratelimit-reset", reset),
        }
    }
}

/// What a stream is read from. When it is dropped the world knows of the stream no more.
pub(super) struct Reader {
    pub(super) frames: Frames,
    pub(super) world: Shared,
    pub(super) number: u64,
}

impl Drop for Reader {
    fn drop(&mut self) {
        let number = self.number;
        self.world
            .send_modify(|world| world.streams.retain(|open| open.number != number));
    }
}

fn events(world: Shared, number: u64, frames: Frames) -> Response<Body> {
    let reader = Reader {
        frames,
        world,
        number,
    };
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONNECTION, "keep-alive")
        .body(Body::from_stream(body(reader)))
        .expect("these headers can be sent")
}

fn body(reader: Reader) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(reader, async |mut reader| {
        let chunk = match reader.frames.recv().await? {
            Sent::Frame(bytes) => Ok(bytes),
            Sent::Abort | Sent::Close(..) => {
                // What was told before is written out while this waits.
                tokio::task::yield_now().await;
                Err(io::Error::other("the stream is broken off"))
            }
        };
        Some((chunk, reader))
    })
}
