//! An opencode server: started for a run, or one that listens already; and what is asked of it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use futures::StreamExt;
use grump_core::{Endpoint, Error, ErrorKind, Model, ModelRef, Result};
use grump_http::{HttpClient, sse::SseStream};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    sync::watch,
    time::timeout,
};
use uuid::Uuid;

use super::{
    super::{Ruling, Site, Turn},
    args,
    wire::{AgentInfo, Asked, Message, Permission, Providers, Rule, SessionInfo, Statuses},
};
use crate::process::{Child, Ended, Launch};

/// How long a server may take until it listens, on a machine that is very busy.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// How long an answer may take: the first one in a folder takes seconds.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// How long the event stream may be silent; it beats every ten seconds.
const SILENCE: Duration = Duration::from_secs(40);

/// How often another port is tried.
const ATTEMPTS: usize = 5;

/// How much of what a server wrote last is kept to explain its end, in bytes.
const TAIL: usize = 4096;

/// A server that is there for this run, and how to ask it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) api: Api,
    /// None where somebody else started it.
    child: Option<Child>,
    last_words: watch::Receiver<String>,
}

impl Server {
    /// Starts a server in the site's folder.
    pub(super) async fn start(
        program: &OsString,
        env: &[(OsString, OsString)],
        site: &Site,
    ) -> Result<Self> {
        let mut failure = None;
        for _ in 0..ATTEMPTS {
            match Self::try_start(program, env, site).await {
                Ok(server) => return Ok(server),
                // The port was taken: by somebody else, or by a connection that is not quite over.
                Err(error) if error.to_string().contains("ServeError") => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failure.expect("there was at least one attempt"))
    }

    async fn try_start(
        program: &OsString,
        env: &[(OsString, OsString)],
        site: &Site,
    ) -> Result<Self> {
        let password = format!("{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple());
        let mut launch = Launch::new(program, &site.directory, &site.run).args(args::serve(port()));
        for (name, value) in env {
            launch = launch.env(name, value);
        }
        for (name, value) in args::ENVIRONMENT {
            launch = launch.env(name, value);
        }
        launch = launch.env(args::PASSWORD, &password);
        let mut child = site.launcher.spawn(launch).await?;
        let (tail, mut last_words) = watch::channel(String::new());
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(keep_tail(stderr, tail));
        }
        let Some(url) = listening(&mut child).await else {
            return Err(Self::stillborn(child, &mut last_words).await);
        };
        let client = HttpClient::new(&url)?.basic_auth(args::USER, &password);
        Ok(Self {
            api: Api::new(client, &site.directory),
            child: Some(child),
            last_words,
        })
    }

    async fn stillborn(mut child: Child, last_words: &mut watch::Receiver<String>) -> Error {
        match child.kill().await {
            Ok(ended) => died(&ended, last_words, "opencode did not start to listen").await,
            Err(error) => error,
        }
    }

    /// Takes the server that listens at `endpoint`.
    pub(super) fn at(endpoint: &Endpoint, password: Option<&str>, site: &Site) -> Result<Self> {
        let url = format!("http://{}:{}", endpoint.hostname, endpoint.port);
        let mut client = HttpClient::new(&url)?;
        if let Some(password) = password {
            client = client.basic_auth(args::USER, password);
        }
        Ok(Self {
            api: Api::new(client, &site.directory),
            child: None,
            last_words: watch::channel(String::new()).1,
        })
    }

    /// Whether somebody else started it.
    pub(super) fn is_foreign(&self) -> bool {
        self.child.is_none()
    }

    /// Waits until the server ended by itself, and says why. Never for one that somebody else
    /// started: its end is seen by its silence.
    pub(super) async fn ended(&mut self) -> Error {
        let Some(child) = &mut self.child else {
            return std::future::pending().await;
        };
        match child.wait().await {
            Ok(ended) => {
                died(
                    &ended,
                    &mut self.last_words,
                    "opencode ended during the turn",
                )
                .await
            }
            Err(error) => error,
        }
    }

    /// Ends it and all that it started.
    pub(super) async fn close(self) -> Result<()> {
        match self.child {
            Some(mut child) => child.stop().await.map(drop),
            None => Ok(()),
        }
    }
}

async fn died(
    ended: &Ended,
    last_words: &mut watch::Receiver<String>,
    what: &'static str,
) -> Error {
    // What it left behind may hold the pipe open, so its end is not waited for at any price.
    let all_read = async { while last_words.changed().await.is_ok() {} };
    let _ = timeout(Duration::from_secs(1), all_read).await;
    Error::new(ErrorKind::Agent, what)
        .operation("agent.opencode")
        .advise("try `opencode serve` by hand in that folder")
        .with("exit", format_args!("{:?}", ended.exit))
        .with("output", plain(&last_words.borrow()))
}

/// On one line and without colours.
fn plain(output: &str) -> String {
    let mut pieces = output.split('\u{1b}');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(piece.split_once('m').map_or(piece, |(_, rest)| rest));
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A port that nobody listens at, below those that the system gives to connections. opencode takes
/// port 0 for its default, which two servers would fight for.
fn port() -> u16 {
    let draw = || {
        let [.., high, low] = Uuid::now_v7().into_bytes();
        20_000 + u16::from_be_bytes([high, low]) % 12_000
    };
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut ports = std::iter::repeat_with(draw).take(100);
    ports.find(is_free).unwrap_or_else(draw)
}

/// Reads until the server says where it listens, and drains what it writes after that.
async fn listening(child: &mut Child) -> Option<String> {
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    let said = async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(url) = args::address(&line) {
                return Some(url.to_owned());
            }
        }
        None
    };
    let url = timeout(STARTS_WITHIN, said).await.ok()??;
    tokio::spawn(keep_tail(
        lines.into_inner(),
        watch::Sender::new(String::new()),
    ));
    Some(url)
}

/// Reads to the end and keeps the last of it.
async fn keep_tail(mut output: impl AsyncRead + Unpin, tail: watch::Sender<String>) {
    let mut buffer = vec![0; 8192];
    let mut kept = Vec::new();
    while let Ok(read @ 1..) = output.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..read]);
        kept.drain(..kept.len().saturating_sub(TAIL));
        tail.send_replace(String::from_utf8_lossy(&kept).into_owned());
    }
}

/// What is asked of a server, always for one folder.
#[derive(Clone, Debug)]
pub(super) struct Api {
    client: HttpClient,
    pub(super) directory: PathBuf,
}

impl Api {
    fn new(client: HttpClient, directory: &Path) -> Self {
        let client = client.idle(SILENCE).limit(ANSWERS_WITHIN);
        Self {
            client,
            directory: directory.to_owned(),
        }
    }

    fn path(&self, path: &str) -> String {
        args::within(path, &self.directory)
    }

    /// Opens the event stream; what happens from now on is on it.
    pub(super) async fn events(&self) -> Result<SseStream> {
        let mut events = self.client.events(&self.path("/event")).await?;
        // The first event says that the server has begun to listen to itself.
        match events.next().await {
            Some(Ok(_)) => Ok(events),
            Some(Err(error)) => Err(error),
            None => Err(Error::new(
                ErrorKind::Truncated,
                "the event stream ended at once",
            )),
        }
    }

    pub(super) async fn create(&self, iteration: u64, ask: bool) -> Result<String> {
        let mut rules = if ask { self.asking().await? } else { vec![] };
        rules.push(args::no_questions());
        let body = args::new_session(iteration, &rules);
        let session: SessionInfo = self.client.post(&self.path("/session"), &body).await?;
        Ok(session.id)
    }

    /// The rules of a session that asks; a session's agent is `build`.
    async fn asking(&self) -> Result<Vec<Rule>> {
        let agents: Vec<AgentInfo> = self.client.get(&self.path("/agent")).await?;
        let agent = agents.into_iter().find(|agent| agent.name == "build");
        let rules = agent.map(|agent| agent.permission).unwrap_or_default();
        Ok(args::asking(&rules))
    }

    pub(super) async fn prompt(&self, session: &str, turn: &Turn) -> Result<()> {
        let body = args::prompt(&turn.prompt, turn.model.as_ref());
        let path = args::session(session, "prompt_async");
        self.client.post(&self.path(&path), &body).await
    }

    pub(super) async fn abort(&self, session: &str) -> Result<()> {
        let path = args::session(session, "abort");
        let _: Value = self.client.post(&self.path(&path), &json!({})).await?;
        Ok(())
    }

    pub(super) async fn messages(&self, session: &str) -> Result<Vec<Message>> {
        let path = args::session(session, "message");
        self.client.get(&self.path(&path)).await
    }

    pub(super) async fn children(&self, session: &str) -> Result<Vec<SessionInfo>> {
        let path = args::session(session, "children");
        self.client.get(&self.path(&path)).await
    }

    pub(super) async fn statuses(&self) -> Result<Statuses> {
        self.client.get(&self.path("/session/status")).await
    }

    pub(super) async fn permissions(&self) -> Result<Vec<Permission>> {
        self.client.get(&self.path("/permission")).await
    }

    pub(super) async fn questions(&self) -> Result<Vec<Asked>> {
        self.client.get(&self.path("/question")).await
    }

    pub(super) async fn answer(&self, permission: &str, ruling: &Ruling) -> Result<()> {
        let path = self.path(&args::permission(permission));
        unless_gone(self.client.post(&path, &args::reply(ruling)).await)
    }

    pub(super) async fn reject(&self, question: &str) -> Result<()> {
        let path = self.path(&args::question(question));
        unless_gone(self.client.post(&path, &json!({})).await)
    }

    pub(super) async fn models(&self) -> Result<Vec<Model>> {
        let listed: Providers = self.client.get(&self.path("/config/providers")).await?;
        let models = listed.providers.into_iter().flat_map(|provider| {
            let title = provider.name.unwrap_or_else(|| provider.id.clone());
            let id = provider.id;
            provider.models.into_iter().map(move |(name, details)| {
                let mut model = Model::new(ModelRef::new(&id, name));
                model.provider_title.clone_from(&title);
                if let Some(name) = details["name"].as_str() {
                    name.clone_into(&mut model.title);
                }
                model
            })
        });
        Ok(models.collect())
    }
}

/// What waits no longer needs no answer.
fn unless_gone(answered: Result<Value>) -> Result<()> {
    match answered {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_wrote_is_shown_on_one_line_without_colours() {
        let output = "\u{1b}[91m\u{1b}[1mError: \u{1b}[0mUnexpected error\n\nServeError\n";
        assert_eq!(plain(output), "Error: Unexpected error ServeError");
    }

    #[test]
    fn ports_are_below_those_of_connections() {
        assert!((20_000..32_000).contains(&port()));
    }
}
