//! From the protocol's updates to the events of the domain.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use grump_core::{
    Payload,
    payload::{FileChanged, TextDelta, Unknown},
};
use serde_json::Value;

use super::{
    super::{Question, output::Tail},
    decode::{Chunk, Cost, Line, Permission, Step, Tokens, ToolCall, Update},
    words,
};

/// Bytes of a message that are kept: its end, which is what a stop pattern looks at.
const MESSAGE_CAP: usize = 1024 * 1024;

/// What was heard and told of one session.
#[derive(Debug)]
pub(super) struct Mapper {
    session: String,
    directory: PathBuf,
    message: Option<Message>,
    /// The text of the last message that is over.
    last: String,
    calls: HashMap<String, Call>,
    cost: Option<Cost>,
    steps: u64,
}

/// A message that is being written.
#[derive(Debug)]
struct Message {
    id: Option<String>,
    text: Tail,
}

/// A tool call, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// The first title there was; later ones are about what came of the call.
    title: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) input: Option<Value>,
    pub(super) output: Option<Value>,
    pub(super) content: Option<Value>,
    locations: Vec<String>,
    /// The files that it changes, each with whether it was there before, if that is known.
    changes: BTreeMap<String, Option<bool>>,
    called: bool,
    ended: bool,
}

impl Mapper {
    pub(super) fn new(session: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        Self {
            session: session.into(),
            directory: directory.into(),
            message: None,
            last: String::new(),
            calls: HashMap::new(),
            cost: None,
            steps: 0,
        }
    }

    /// Takes in a line.
    pub(super) fn hear(&mut self, line: Line) -> Vec<Payload> {
        match line {
            Line::Update { session, .. } if session != self.session => vec![],
            Line::Update { update, .. } => self.update(update),
            Line::Unknown { name, body } => vec![Payload::Unknown(Unknown { name, body })],
            Line::Text(text) if text.trim().is_empty() => vec![],
            Line::Text(text) => vec![Payload::log("agent", text)],
            Line::Request { method, body } if !is_declined(&method) => {
                vec![Payload::Unknown(Unknown { name: method, body })]
            }
            Line::Answer | Line::Request { .. } => vec![],
        }
    }

    /// Takes in a permission that is asked for; `detail` is all that the agent said.
    pub(super) fn permission(
        &mut self,
        permission: Permission,
        detail: &Value,
    ) -> (Vec<Payload>, Question) {
        let ToolCall { id, title, .. } = &permission.tool_call;
        let (id, title) = (id.clone(), title.clone());
        let call = self.learn(permission.tool_call, true);
        let question = words::question(&id, call, title.as_deref(), detail);
        (self.begin(&id), question)
    }

    /// What is told when a prompt is over.
    pub(super) fn finish(&mut self, tokens: Option<Tokens>) -> Vec<Payload> {
        let mut told = self.end_message();
        let cost = self.cost.take();
        told.extend(words::used(tokens.unwrap_or_default(), cost.as_ref()).map(Payload::from));
        told
    }

    /// The text of the last message.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// How often the agent said something or called a tool: unchanged, it did neither since.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    fn update(&mut self, update: Update) -> Vec<Payload> {
        match update {
            Update::Message(chunk) => self.chunk(chunk),
            Update::ToolCall(call) => self.tool(*call),
            Update::Plan(plan) => vec![words::plan(&plan.entries).into()],
            Update::Spent(spent) => {
                self.cost = spent.cost.or(self.cost.take());
                vec![]
            }
            Update::Noise {} => vec![],
        }
    }

    /// A message goes on until one of another id begins or, where there are no ids, a tool is called.
    fn chunk(&mut self, chunk: Chunk) -> Vec<Payload> {
        let text = chunk.content.text;
        if text.is_empty() {
            return vec![];
        }
        self.steps += 1;
        let mut told = match &self.message {
            Some(message) if message.id != chunk.message_id => self.end_message(),
            _ => vec![],
        };
        let message = self.message.get_or_insert_with(|| Message {
            id: chunk.message_id,
            text: Tail::new(MESSAGE_CAP),
        });
        message.text.push(&text);
        told.push(TextDelta { text }.into());
        told
    }

    fn end_message(&mut self) -> Vec<Payload> {
        let Some(message) = self.message.take() else {
            return vec![];
        };
        let (text, left_out) = message.text.finish();
        let mut told = Vec::new();
        if left_out > 0 {
            let note = format!("the first {left_out} bytes of a message were left out");
            told.push(Payload::log("warn", note));
        }
        told.push(Payload::message("assistant", &text));
        self.last = text;
        told
    }

    fn tool(&mut self, update: ToolCall) -> Vec<Payload> {
        let (id, status) = (update.id.clone(), update.status.clone().unwrap_or_default());
        let ended = matches!(&*status, "completed" | "failed");
        let call = self.learn(update, false);
        let begun = ended || status == "in_progress" || call.says_with_what();
        let mut told = if begun { self.begin(&id) } else { vec![] };
        if ended {
            told.extend(self.end(&id, &status));
        }
        told
    }

    /// Adds what is new about a call. What a question says a call is called with is about the
    /// question.
    fn learn(&mut self, update: ToolCall, asks: bool) -> &mut Call {
        let steps = &mut self.steps;
        let call = self.calls.entry(update.id).or_insert_with(|| {
            *steps += 1;
            Call::default()
        });
        call.title = call.title.take().or(update.title);
        call.kind = update.kind.or(call.kind.take());
        call.output = update.raw_output.or(call.output.take());
        if let Some(input) = update.raw_input.filter(|_| !asks || call.input.is_none()) {
            call.input = Some(input);
        }
        if let Some(locations) = update.locations.filter(|locations| !locations.is_empty()) {
            call.locations = locations
                .into_iter()
                .map(|location| location.path)
                .collect();
        }
        if let Some(content) = update.content {
            call.changes.extend(changes(&content));
            call.content = Some(content);
        }
        call
    }

    /// Tells once that a tool was called.
    fn begin(&mut self, id: &str) -> Vec<Payload> {
        let mut told = match &self.message {
            Some(message) if message.id.is_none() => self.end_message(),
            _ => vec![],
        };
        let Some(call) = self.calls.get_mut(id).filter(|call| !call.called) else {
            return told;
        };
        call.called = true;
        told.push(words::called(id, call).into());
        told.extend(call.to_do().map(|steps| words::plan(&steps).into()));
        told
    }

    /// Tells once that a call came back, and what it changed.
    fn end(&mut self, id: &str, status: &str) -> Vec<Payload> {
        let Some(call) = self.calls.get_mut(id).filter(|call| !call.ended) else {
            return vec![];
        };
        call.ended = true;
        let mut told = vec![words::result(id, call, status).into()];
        if status == "completed" {
            let changed = call.changed();
            told.extend(
                changed
                    .into_iter()
                    .map(|(path, change)| self.changed(&path, change)),
            );
        }
        told
    }

    fn changed(&self, path: &str, change: Option<&str>) -> Payload {
        let path = Path::new(path);
        let path = path.strip_prefix(&self.directory).unwrap_or(path);
        let changed = FileChanged {
            path: Some(path.to_string_lossy().into_owned()),
            change: change.map(str::to_owned),
            description: None,
        };
        changed.into()
    }
}

impl Call {
    pub(super) fn tool(&self) -> String {
        words::tool(self.title.as_deref(), self.kind.as_deref())
    }

    /// Agents that announce a call before they know its input send an empty one.
    fn says_with_what(&self) -> bool {
        match &self.input {
            Some(Value::Object(members)) => !members.is_empty(),
            Some(input) => !input.is_null(),
            None => false,
        }
    }

    /// The list of things to do, where that is what the tool keeps.
    fn to_do(&self) -> Option<Vec<Step>> {
        let list = self.input.as_ref()?.get("todos")?;
        serde_json::from_value(list.clone()).ok()
    }

    /// The files that it changed, and how, where that is known.
    fn changed(&self) -> Vec<(String, Option<&'static str>)> {
        let kind = self.kind.as_deref();
        if kind == Some("delete") {
            let gone = self.locations.iter();
            return gone.map(|path| (path.clone(), Some("deleted"))).collect();
        }
        if self.changes.is_empty() && matches!(kind, Some("edit" | "move")) {
            return self
                .locations
                .iter()
                .map(|path| (path.clone(), None))
                .collect();
        }
        let word = |was_there: bool| if was_there { "modified" } else { "added" };
        let changes = self.changes.iter();
        changes
            .map(|(path, was_there)| (path.clone(), was_there.map(word)))
            .collect()
    }
}

/// Requests that some agents make though nothing of the kind was offered: they go on without.
fn is_declined(method: &str) -> bool {
    method.starts_with("fs/") || method.starts_with("terminal/")
}

/// The files whose changes a tool call shows. An old text that is empty says nothing: some agents
/// mean a new file by it.
fn changes(content: &Value) -> Vec<(String, Option<bool>)> {
    let parts = content.as_array().into_iter().flatten();
    parts
        .filter(|part| part["type"] == "diff")
        .filter_map(|part| {
            let was_there = match &part["oldText"] {
                Value::Null => Some(false),
                Value::String(old) if old.is_empty() => None,
                _ => Some(true),
            };
            Some((part["path"].as_str()?.to_owned(), was_there))
        })
        .collect()
}
