//! The agent's process, and the connection to it.

use std::{collections::VecDeque, path::Path, pin::Pin, time::Duration};

use agent_client_protocol::{
    self as acp, UntypedMessage, is_connection_terminated, is_incoming_transport_closed,
    v1::ConnectionTo,
};
use futures::channel::mpsc as lines;
use grump_core::{Error, Remote, Result};
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    super::Site,
    AcpAgent, args,
    choose::Session,
    fault,
    pipes::{Heard, LastWords, listen, read, serve, spawn},
};
use crate::process::{Child, GoodExit, Input, Ladder, Launch};

/// How long an answer may take that no model works at: some agents take seconds to wake up.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// How long the process has to end once its input did. Some agents never do.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

/// How long what it wrote is still read after it ended, and how long an agent that closed its
/// output has to end.
pub(super) const LAST_WORDS_WITHIN: Duration = Duration::from_secs(2);

/// How many messages wait to be heard.
const CAPACITY: usize = 64;

/// How many of those that come while something else is waited for are kept.
const KEPT: usize = 1024;

/// The code by which an agent says that its user is not logged in.
const LOGIN_REQUIRED: i32 = -32000;

/// An answer that is on its way.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Value, acp::Error>> + Send>>;

/// What came while something else was waited for. Its answer stands behind all of it, so that
/// nothing can be left unread.
#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Heard>,
    left_out: u64,
}

impl Kept {
    /// Keeps a message, or counts it. A question that is not kept is answered by an error.
    fn push(&mut self, message: Heard) {
        if self.messages.len() < KEPT {
            self.messages.push_back(message);
        } else {
            self.left_out += 1;
        }
    }

    /// The next message; at their end, that some are missing.
    fn pop(&mut self) -> Option<Heard> {
        self.messages.pop_front().or_else(|| {
            let left_out = std::mem::take(&mut self.left_out);
            (left_out > 0).then_some(Heard::LeftOut(left_out))
        })
    }
}

/// An agent that runs and is connected to.
#[derive(Debug)]
pub(super) struct Link {
    /// It is at a turn, or a turn broke off: what it is at then is not known.
    pub(super) busy: bool,
    connection: ConnectionTo<acp::Agent>,
    heard: mpsc::Receiver<Heard>,
    kept: Kept,
    child: Child,
    last_words: LastWords,
    program: String,
    /// What the agent says of itself.
    hello: Value,
    /// Holds the agent's standard input.
    serving: AbortOnDropHandle<()>,
    _readers: [AbortOnDropHandle<()>; 2],
}

impl Link {
    /// Starts the agent in the site's folder and says hello.
    pub(super) async fn open(agent: &AcpAgent, site: &Site) -> Result<Self> {
        let mut link = Self::start(agent, site).await?;
        match link.greet(agent.login.as_deref()).await {
            Ok(()) => Ok(link),
            Err(error) => {
                link.close().await?;
                Err(error)
            }
        }
    }

    async fn start(agent: &AcpAgent, site: &Site) -> Result<Self> {
        let program = agent.command.program().to_owned();
        let launch = Launch::new(&program, &site.directory, &site.run)
            .args(agent.command.arguments())
            .stdin(Input::Pipe)
            .ladder(Ladder::new(GoodExit::CloseStdin, ENDS_WITHIN));
        let env = agent.env.iter();
        let launch = env.fold(launch, |launch, (name, value)| launch.env(name, value));
        let mut child = site.launcher.spawn(launch).await?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(fault("the agent was started without its pipes"));
        };
        let last_words = LastWords::default();
        let (queue, heard) = mpsc::channel(CAPACITY);
        let (forward, incoming) = lines::channel(CAPACITY);
        let reading = read(stdout, queue.clone(), forward, last_words.clone());
        let listening = listen(stderr, last_words.clone());
        let (serving, connection) = serve(stdin, incoming, queue);
        Ok(Self {
            busy: false,
            connection: connection
                .await
                .map_err(|_| fault("the connection broke off"))?,
            heard,
            kept: Kept::default(),
            child,
            last_words,
            program,
            hello: Value::Null,
            serving,
            _readers: [spawn(reading), spawn(listening)],
        })
    }

    async fn greet(&mut self, login: Option<&str>) -> Result<()> {
        self.hello = self.ask(args::initialize()?).await?;
        if self.hello["protocolVersion"] != 1 {
            return Err(fault("the agent speaks another version of the protocol")
                .with("spoken", &self.hello["protocolVersion"])
                .with("wanted", 1)
                .advise("use an older version of the agent, or a newer one of grump"));
        }
        if let Some(method) = login {
            self.ask(args::authenticate(method)?).await?;
        }
        Ok(())
    }

    /// What the agent calls itself.
    pub(super) fn agent_name(&self) -> &str {
        self.hello["agentInfo"]["name"]
            .as_str()
            .unwrap_or(&self.program)
    }

    /// Makes a session in this folder.
    pub(super) async fn session(&mut self, directory: &Path) -> Result<Session> {
        Session::new(self.ask(args::new_session(directory)?).await?)
    }

    /// Asks something that is answered soon.
    pub(super) async fn ask(&mut self, request: UntypedMessage) -> Result<Value> {
        let method = request.method.clone();
        let mut answer = self.send(request);
        let Self {
            heard, kept, child, ..
        } = self;
        let answered = async {
            let mut open = true;
            loop {
                tokio::select! {
                    biased;
                    message = heard.recv(), if open => match message {
                        Some(message) => kept.push(message),
                        None => open = false,
                    },
                    answer = &mut answer => return Some(answer),
                    () = gone(child) => return None,
                }
            }
        };
        match timeout(ANSWERS_WITHIN, answered).await {
            Ok(Some(Ok(answer))) => Ok(answer),
            Ok(Some(Err(error))) => Err(self.refused(error).await),
            Ok(None) => Err(self.ended().await),
            Err(_) => Err(fault("the agent does not answer")
                .with("program", &self.program)
                .with("request", method)
                .advise("make sure that this command speaks ACP, such as `opencode acp`")),
        }
    }

    /// Sends a request. Its answer is for whoever waits for it to tell from the agent's end.
    pub(super) fn send(&self, request: UntypedMessage) -> Answer {
        Box::pin(self.connection.send_request(request).block_task())
    }

    /// Tells the agent to end the prompt that this session is at.
    pub(super) fn cancel(&self, session: &str) -> Result<()> {
        let sent = self.connection.send_notification(args::cancel(session));
        sent.map_err(|error| fault("the agent cannot be told to stop").caused_by(error))
    }

    /// The next message; `None` once there will be no more, as the agent ended or closed its
    /// output. May be dropped and called again.
    pub(super) async fn hear(&mut self) -> Option<Heard> {
        if let Some(heard) = self.kept.pop() {
            return Some(heard);
        }
        let Self { heard, child, .. } = self;
        tokio::select! {
            biased;
            heard = heard.recv() => heard,
            () = gone(child) => None,
        }
    }

    /// Why a request was refused, or why there will be no answer.
    pub(super) async fn refused(&mut self, error: acp::Error) -> Error {
        if is_incoming_transport_closed(&error) || is_connection_terminated(&error) {
            return self.ended().await;
        }
        let code = i32::from(error.code);
        if code == LOGIN_REQUIRED {
            return self.login_required(&error);
        }
        let data = error.data.unwrap_or_default();
        let mut remote = Remote::default();
        let name = data["errorName"].as_str();
        remote.code = Some(name.map_or_else(|| code.to_string(), str::to_owned));
        let error = fault(error.message).remote(remote).with("code", code);
        match data {
            Value::Null => error,
            data => error.with("data", data),
        }
    }

    fn login_required(&self, error: &acp::Error) -> Error {
        let methods = self.hello["authMethods"].as_array().into_iter().flatten();
        let methods: Vec<_> = methods.filter_map(|method| method["id"].as_str()).collect();
        let advice = match methods[..] {
            [] => "log in with the agent itself".to_owned(),
            [first, ..] => format!(
                "log in with the agent itself, or let grump do it by one of {}, such as \
                 `acp(login={first}): …`",
                methods.join(", ")
            ),
        };
        fault("the agent wants its user to log in")
            .with("message", &error.message)
            .advise(advice)
    }

    /// Why the agent ended, or closed its output, in the middle of something.
    pub(super) async fn ended(&mut self) -> Error {
        self.busy = true;
        let ended = match timeout(LAST_WORDS_WITHIN, self.child.wait()).await {
            Ok(ended) => ended,
            Err(_) => self.child.kill().await,
        };
        match ended {
            Err(error) => error,
            Ok(ended) => fault("the agent ended before it was done")
                .with("program", &self.program)
                .with("exit", format_args!("{:?}", ended.exit))
                .with("output", self.last_words.text())
                .advise("try the command by hand in that folder; it must speak ACP"),
        }
    }

    /// Ends it by ending its input, and all that it started. What it still writes is read, so that
    /// it can end.
    pub(super) async fn close(self) -> Result<()> {
        let Self {
            mut child,
            heard,
            serving,
            _readers,
            ..
        } = self;
        drop(heard);
        serving.abort();
        let _ = serving.await;
        child.stop().await.map(drop)
    }
}

async fn gone(child: &mut Child) {
    let _ = child.wait().await;
    sleep(LAST_WORDS_WITHIN).await;
}
