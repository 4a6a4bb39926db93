//! What goes through the agent's pipes: the connection of the protocol, and what is heard beside it.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use agent_client_protocol::{
    self as acp, Client, Handled, Lines as Transport, UntypedMessage, on_receive_request,
    v1::{ConnectionTo, Responder},
};
use futures::{SinkExt, channel::mpsc as lines};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWriteExt},
    process::{ChildStdin, ChildStdout},
    sync::{mpsc, oneshot},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    args,
    decode::{Line, decode},
};
use crate::process::{Lines, Tail};

/// The longest line that is read, in bytes.
const LINE_CAP: usize = 32 * 1024 * 1024;

/// How much of what it wrote beside its messages is kept to explain its end, in bytes.
const TAIL: usize = 4096;

/// What came from the agent.
#[derive(Debug)]
pub(super) enum Heard {
    /// A line, and what it is.
    Line(Arc<str>, Line),
    /// A line that is too long to be read; its length.
    TooLong(u64),
    /// So many messages were too many to be kept.
    LeftOut(u64),
    /// What it wants to be allowed, and how to answer.
    Permission(Value, Responder),
}

pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(task))
}

/// Runs the connection: requests of ours with their answers, and the agent's requests, of which
/// only that for a permission is understood.
pub(super) fn serve(
    stdin: ChildStdin,
    incoming: lines::Receiver<io::Result<String>>,
    queue: mpsc::Sender<Heard>,
) -> (
    AbortOnDropHandle<()>,
    oneshot::Receiver<ConnectionTo<acp::Agent>>,
) {
    let (connected, connection) = oneshot::channel();
    let outgoing = futures::sink::unfold(stdin, async |mut stdin: ChildStdin, line: String| {
        tracing::trace!(target: "grump::acp", line, "to the agent");
        stdin.write_all(line.as_bytes()).await?;
        stdin.write_all(b"\n").await?;
        stdin.flush().await?;
        Ok::<_, io::Error>(stdin)
    });
    let asked = async move |request: UntypedMessage, responder: Responder, _| {
        if request.method != args::PERMISSION {
            let message = (request, responder);
            return Ok(Handled::No {
                message,
                retry: false,
            });
        }
        // Where nobody listens any more the responder is dropped, which answers too.
        let _ = queue
            .send(Heard::Permission(request.params, responder))
            .await;
        Ok(Handled::Yes)
    };
    let serving = spawn(async move {
        let served = Client
            .v1()
            .name("grump")
            .on_receive_request(asked, on_receive_request!())
            .connect_with(Transport::new(outgoing, incoming), async move |to_agent| {
                let _ = connected.send(to_agent);
                std::future::pending::<acp::Result<()>>().await
            })
            .await;
        if let Err(error) = served {
            tracing::debug!(%error, "the connection to an agent broke off");
        }
    });
    (serving, connection)
}

/// Reads what the agent writes: answers and requests go on to the connection, everything else is
/// heard at once. Nothing is heard before what stood above it.
pub(super) async fn read(
    stdout: ChildStdout,
    queue: mpsc::Sender<Heard>,
    mut forward: lines::Sender<io::Result<String>>,
    last_words: LastWords,
) {
    let mut lines = Lines::new(stdout, LINE_CAP);
    while let Ok(Some(line)) = lines.next().await {
        if !line.is_whole() {
            let length = line.bytes.len() as u64 + line.omitted;
            let _ = queue.send(Heard::TooLong(length)).await;
            continue;
        }
        let text = line.text();
        tracing::trace!(target: "grump::acp", line = &*text, "from the agent");
        let read = decode(&text);
        if let Line::Text(text) = &read {
            last_words.push(text);
        }
        let is_asked = matches!(&read, Line::Request { method, .. } if method == args::PERMISSION);
        let goes_on = matches!(read, Line::Answer | Line::Request { .. });
        // That nobody listens any more is no reason to let the agent wait for its output.
        if !is_asked && !matches!(read, Line::Answer) {
            let _ = queue.send(Heard::Line(text.as_ref().into(), read)).await;
        }
        if goes_on {
            let _ = forward.send(Ok(text.into_owned())).await;
        }
    }
}

/// Reads what the agent writes for people.
pub(super) async fn listen(stderr: impl AsyncRead + Unpin, last_words: LastWords) {
    let mut lines = Lines::new(stderr, TAIL);
    while let Ok(Some(line)) = lines.next().await {
        tracing::debug!(target: "grump::acp", line = &*line.text(), "the agent's log");
        last_words.push(&line.text());
    }
}

/// What the agent wrote last beside its messages.
#[derive(Clone, Debug)]
pub(super) struct LastWords(Arc<Mutex<Tail>>);

impl Default for LastWords {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Tail::new(TAIL))))
    }
}

impl LastWords {
    fn push(&self, line: &str) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.push(line.as_bytes());
        tail.push(b"\n");
    }

    /// On one line.
    pub(super) fn text(&self) -> String {
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner).text();
        Vec::from_iter(text.split_whitespace()).join(" ")
    }
}
