//! A dialect and a server that are only for tests.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use futures::{FutureExt, StreamExt};
use grump_core::{Error, ErrorKind, Operation, Remote};
use grump_wire::{
    Endpoint,
    endpoint::{Auth, Bytes, Documented, Json, NoBody, NoPath, NoQuery, Repeat, Sse},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

use crate::{
    auth::Token,
    builder::ClientBuilder,
    builder::Spoken,
    caller::{Asking, Caller, Dialect},
};

macro_rules! endpoint {
    ($name:ident: $method:literal $path:literal $response:ty, $auth:expr, $repeat:ident) => {
        pub(crate) struct $name;

        impl Endpoint for $name {
            const NAME: &'static str = stringify!($name);
            const METHOD: &'static str = $method;
            const PATH: &'static str = $path;
            const DOC: &'static str = "";
            const STATUS: u16 = 200;
            const ERRORS: &'static [Documented] = &[];
            const AUTH: Auth = $auth;
            const REPEAT: Repeat = Repeat::$repeat;
            const OPERATION: Operation = Operation::RunsList;

            type Path = NoPath;
            type Query = NoQuery;
            type Body = NoBody;
            type Response = $response;
        }
    };
}

endpoint!(Open: "GET" "/open" Json<Value>, Auth::None, Safe);
endpoint!(LogIn: "POST" "/login" Json<Value>, Auth::None, Never);
endpoint!(Read: "GET" "/read" Json<Value>, Auth::Credential, Safe);
endpoint!(Start: "POST" "/start" Json<Value>, Auth::Ability("runs:start"), Never);
endpoint!(Events: "GET" "/events" Sse<Value>, Auth::Credential, Safe);
endpoint!(File: "GET" "/file" Bytes, Auth::Credential, Safe);
endpoint!(Query: "GET" "/query" Json<Value>, Auth::QueryToken, Safe);

/// A client of a dialect with a login.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) caller: Caller,
}

impl Spoken for Client {
    const DIALECT: Dialect = Dialect::new("test", error)
        .with_auth()
        .with_login(|caller, email, password| log_in(caller, email, password).boxed());

    fn base(given: &str) -> &str {
        given
    }

    fn over(caller: Caller) -> Self {
        Self { caller }
    }
}

impl Client {
    pub(crate) async fn get<E>(&self) -> grump_core::Result<Value>
    where
        E: Endpoint<Path = NoPath, Query = NoQuery, Body = NoBody, Response = Json<Value>>,
    {
        let answer = self.caller.call(asking::<E>()).await;
        answer.map(http::Response::into_body)
    }
}

pub(crate) fn asking<E>() -> Asking<'static, E>
where
    E: Endpoint<Path = NoPath, Query = NoQuery, Body = NoBody>,
{
    Asking::of(NoPath {}, NoQuery {}, NoBody)
}

fn error(status: u16, body: &[u8]) -> Error {
    let mut remote = Remote::default();
    remote.code = Some("code".to_owned());
    let text = String::from_utf8_lossy(body).into_owned();
    Error::new(ErrorKind::of_http_status(status), text).remote(remote)
}

async fn log_in(caller: &Caller, email: &str, password: &str) -> grump_core::Result<Token> {
    let key = format!("{email}:{password}");
    let asking = Asking::<LogIn> {
        header: Some(("x-login", &key)),
        ..asking()
    };
    let told = caller.call(asking).await?.into_body();
    let token = Token::bearer(told["token"].as_str().unwrap_or_default());
    let life = told["expires_in"].as_u64().map(Duration::from_secs);
    let token = life.into_iter().fold(token, Token::expires_in);
    let abilities = told["abilities"].as_array().cloned().unwrap_or_default();
    Ok(token.abilities(abilities.iter().filter_map(Value::as_str)))
}

/// A builder of a client that loses no time.
pub(crate) fn builder(server: &Tiny) -> ClientBuilder<Client> {
    builder_at(&server.url)
}

pub(crate) fn builder_at(url: &str) -> ClientBuilder<Client> {
    ClientBuilder::new(url).retry_delay(Duration::from_millis(1))
}

/// A request that was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
}

/// What answers.
pub(crate) type Reply = Response<Body>;

/// A server that answers as the test says.
pub(crate) struct Tiny {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: AbortHandle,
}

type Answer = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

#[derive(Clone)]
struct Shared {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Answer>,
}

impl Tiny {
    /// Answers each request, of which so many were asked before.
    pub(crate) async fn start(
        answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::default();
        let shared = Shared {
            asked: Arc::clone(&asked),
            answer: Arc::new(answer),
        };
        let routes = Router::new().fallback(answered).with_state(shared);
        let task = tokio::spawn(async move { axum::serve(listener, routes).await });
        let task = task.abort_handle();
        Self { url, asked, task }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked, as method and target.
    pub(crate) fn lines(&self) -> Vec<String> {
        let asked = self.asked();
        asked.into_iter().map(|asked| asked.line).collect()
    }

    /// The values of a header of all requests.
    pub(crate) fn header(&self, name: &str) -> Vec<Option<String>> {
        let asked = self.asked();
        let values = asked.iter().map(|asked| asked.headers.get(name).cloned());
        values.collect()
    }
}

impl Drop for Tiny {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answered(State(shared): State<Shared>, request: Request) -> Reply {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers().iter();
    let asked = Asked {
        line: format!("{} {}", request.method(), request.uri()),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect(),
    };
    let before = {
        let mut all = shared.asked.lock().unwrap();
        all.push(asked.clone());
        all.len() - 1
    };
    (shared.answer)(&asked, before)
}

impl Asked {
    pub(crate) fn is(&self, line: &str) -> bool {
        self.line == line
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

pub(crate) fn reply(status: u16, body: impl Into<Body>) -> Reply {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.into())
        .unwrap()
}

/// A reply with one more header.
pub(crate) fn with(mut reply: Reply, name: &'static str, value: &'static str) -> Reply {
    let value = http::HeaderValue::from_static(value);
    reply.headers_mut().insert(name, value);
    reply
}

/// A body that begins and does not go on.
pub(crate) fn endless() -> Body {
    let first = futures::stream::iter([Ok::<_, std::io::Error>("data: {}\n\n")]);
    Body::from_stream(first.chain(futures::stream::pending()))
}

pub(crate) fn fine() -> Reply {
    reply(200, json!({"fine": true}).to_string())
}
