//! What was asked and answered, for tests to look at.

use tokio::sync::watch;

use super::{player::Answer, request::ChatRequest, script::Fault, tools::ToolCall};

/// One request and what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked {
    /// The API key that it came with.
    pub lane: String,
    /// What was asked.
    pub request: ChatRequest,
    /// The number of the turn that answered, from 0; none for a side call, or when nothing answers.
    pub turn: Option<usize>,
    /// The text of the answer.
    pub text: String,
    /// The tools that the answer calls.
    pub calls: Vec<ToolCall>,
    /// What went wrong on purpose, or because the script did not fit the request.
    pub fault: Option<Fault>,
    /// How the answer ended.
    pub ending: Ending,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Not yet.
    Open,
    /// All of it was sent, or it was cut as the script says.
    Sent,
    /// The agent went away before all of it was sent.
    Abandoned,
}

/// The log; every change wakes those who wait for it.
#[derive(Debug)]
pub(super) struct Log(watch::Sender<Vec<Asked>>);

impl Log {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Vec::new()))
    }

    /// Adds a request and returns its number.
    pub(super) fn push(&self, lane: &str, request: ChatRequest, answer: &Answer) -> usize {
        let asked = Asked {
            lane: lane.to_owned(),
            request,
            turn: answer.turn,
            text: answer.text.clone(),
            calls: answer.calls.clone(),
            fault: answer.fault.clone(),
            ending: Ending::Open,
        };
        let mut number = 0;
        self.0.send_modify(|all| {
            number = all.len();
            all.push(asked);
        });
        number
    }

    pub(super) fn end(&self, number: usize, ending: Ending) {
        self.0.send_modify(|all| all[number].ending = ending);
    }

    pub(super) fn of(&self, lane: &str) -> Vec<Asked> {
        of(&self.0.borrow(), lane)
    }

    /// Waits until the requests of a lane are as wanted, and returns them.
    pub(super) async fn wait(&self, lane: &str, wanted: impl Fn(&[Asked]) -> bool) -> Vec<Asked> {
        let mut changes = self.0.subscribe();
        let met = changes.wait_for(|all| wanted(&of(all, lane))).await;
        let all = met.expect("the sender lives as long as this borrow");
        of(&all, lane)
    }
}

fn of(all: &[Asked], lane: &str) -> Vec<Asked> {
    all.iter()
        .filter(|asked| asked.lane == lane)
        .cloned()
        .collect()
}
