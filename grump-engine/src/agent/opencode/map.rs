//! From opencode's events to those of the domain. Everything here is told once, however often and
//! from wherever it is heard: `/event` repeats itself, and after a cut the whole state is read anew.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
};

use grump_core::{
    Payload, Timestamp,
    payload::{FileChanged, Retrying, TextDelta},
};

use super::{
    super::Question,
    decode::Event,
    wire::{
        Asked, Delta, Failure, Message, MessageInfo, Part, PartBody, Permission, SessionInfo,
        Status, ToolState,
    },
    words,
};

/// What is to be done about an event.
#[derive(Debug, PartialEq)]
pub(super) enum Effect {
    /// Tell this.
    Tell(Payload),
    /// Ask this, and answer the permission of this id.
    Ask(String, Question),
    /// Refuse the question of this id.
    Reject(String),
    /// The session came to rest: read how.
    Settle,
    /// Something happened that is not understood: read the state.
    Reread,
}

/// What was heard and told of one turn: one session, and those of its sub-agents.
#[derive(Debug)]
pub(super) struct Mapper {
    root: String,
    family: HashSet<String>,
    directory: PathBuf,
    /// The assistant's messages, in the order in which they were first heard of.
    order: Vec<String>,
    messages: HashMap<String, Said>,
    parts: HashMap<String, Told>,
    /// The files that this step edited, each with whether that was told.
    edited: BTreeMap<String, bool>,
    asked: HashSet<String>,
    attempt: Option<u64>,
    failure: Option<Failure>,
}

/// A message of the assistant's.
#[derive(Debug, Default)]
pub(super) struct Said {
    root: bool,
    /// Its texts, each by the id of its part.
    texts: Vec<(String, String)>,
    pub(super) finish: Option<String>,
    pub(super) error: Option<Failure>,
    pub(super) completed: bool,
}

/// What was told of a part.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// A text of this message.
    Text(String),
    Called,
    All,
}

impl Mapper {
    pub(super) fn new(root: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            family: HashSet::from([root.clone()]),
            root,
            directory: directory.into(),
            order: Vec::new(),
            messages: HashMap::new(),
            parts: HashMap::new(),
            edited: BTreeMap::new(),
            asked: HashSet::new(),
            attempt: None,
            failure: None,
        }
    }

    /// Takes in an event.
    pub(super) fn hear(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Created(session) => self.created(session),
            Event::Status(session, status) if session == self.root => self.status(status),
            Event::Failed(session, failure) => self.failed(session.as_deref(), failure),
            Event::Message(info) => self.message(&info),
            Event::Part(part) => self.part(part),
            Event::Delta(delta) => self.delta(&delta),
            Event::Permission(permission) => self.permission(permission),
            Event::Question(question) => self.question(&question),
            Event::Todo(session, todos) if session == self.root => tell(words::plan(&todos)),
            Event::Edited(file) => {
                self.edited.insert(file, false);
                vec![]
            }
            Event::Watched(file, change) => self.watched(&file, &change),
            Event::Unknown(kind) => unknown(&kind),
            Event::Status(..) | Event::Todo(..) | Event::Noise => vec![],
        }
    }

    /// Takes in the messages as they are now, and tells what was missed of them.
    pub(super) fn catch_up(&mut self, messages: Vec<Message>) -> Vec<Effect> {
        let mut effects = Vec::new();
        for message in messages {
            self.meet(&message.info);
            for part in message.parts {
                effects.extend(self.part(part));
            }
            effects.extend(self.message(&message.info));
        }
        effects.extend(self.untold_edits());
        effects
    }

    /// The last message that the assistant wrote to the user.
    pub(super) fn last(&self) -> Option<&Said> {
        let said = self.order.iter().rev().map(|id| &self.messages[id]);
        said.into_iter().find(|said| said.root)
    }

    /// Why the session failed, if it did.
    pub(super) fn failure(&self) -> Option<&Failure> {
        let last = self.last().and_then(|said| said.error.as_ref());
        last.or(self.failure.as_ref())
    }

    fn created(&mut self, session: SessionInfo) -> Vec<Effect> {
        if session
            .parent
            .is_some_and(|parent| self.family.contains(&parent))
        {
            self.family.insert(session.id);
        }
        vec![]
    }

    fn status(&mut self, status: Status) -> Vec<Effect> {
        match status {
            Status::Idle => vec![Effect::Settle],
            Status::Busy => vec![],
            Status::Retry { attempt, .. } if self.attempt == Some(attempt) => vec![],
            Status::Retry {
                attempt,
                message,
                next,
            } => {
                self.attempt = Some(attempt);
                tell(Retrying {
                    attempt,
                    message,
                    at: next.map(Timestamp::from_millis),
                })
            }
        }
    }

    /// An error without a session is of the server's; that of a sub-agent is its tool's result.
    fn failed(&mut self, session: Option<&str>, failure: Failure) -> Vec<Effect> {
        if session != Some(&self.root) {
            return vec![];
        }
        self.failure = Some(failure);
        vec![Effect::Reread]
    }

    /// Remembers whose message it is, so that its parts are known for what they are.
    fn meet(&mut self, info: &MessageInfo) -> Option<&mut Said> {
        if !info.is_said() || !self.family.contains(&info.session) {
            return None;
        }
        let root = info.session == self.root;
        let order = &mut self.order;
        let said = self.messages.entry(info.id.clone()).or_insert_with(|| {
            order.push(info.id.clone());
            Said {
                root,
                ..Said::default()
            }
        });
        Some(said)
    }

    fn message(&mut self, info: &MessageInfo) -> Vec<Effect> {
        let Some(said) = self.meet(info) else {
            return vec![];
        };
        said.finish.clone_from(&info.finish);
        said.error.clone_from(&info.error);
        let completed = info.time.completed.is_some();
        if !completed || std::mem::replace(&mut said.completed, true) || !said.root {
            return vec![];
        }
        match said.text() {
            text if text.is_empty() => vec![],
            text => vec![Effect::Tell(Payload::message("assistant", &text))],
        }
    }

    /// A part of a message that is not known yet is passed over: it comes again.
    fn part(&mut self, part: Part) -> Vec<Effect> {
        if !self.messages.contains_key(&part.message) {
            return vec![];
        }
        match part.body {
            PartBody::Text { text } => self.text(part.id, &part.message, &text),
            PartBody::Tool { tool, call, state } => self.tool(part.id, &tool, &call, &state),
            PartBody::StepFinish { tokens, cost } => {
                if self.is_new(part.id) {
                    tell(words::used(tokens, cost))
                } else {
                    vec![]
                }
            }
            PartBody::Patch { files } if self.is_new(part.id) => self.patched(files),
            PartBody::Patch { .. } | PartBody::Other => vec![],
        }
    }

    fn is_new(&mut self, part: String) -> bool {
        self.parts.insert(part, Told::All).is_none()
    }

    fn text(&mut self, part: String, message: &str, text: &str) -> Vec<Effect> {
        let Some(said) = self.messages.get_mut(message).filter(|said| said.root) else {
            return vec![];
        };
        self.parts
            .entry(part.clone())
            .or_insert_with(|| Told::Text(message.to_owned()));
        let heard = said.text_of(part);
        // The whole text comes last without the white space at its end, which was told already.
        let rest = text
            .strip_prefix(heard.as_str())
            .unwrap_or_default()
            .to_owned();
        text.clone_into(heard);
        delta(rest)
    }

    /// Reasoning comes as deltas too, of parts that are no texts.
    fn delta(&mut self, piece: &Delta) -> Vec<Effect> {
        let Some(Told::Text(message)) = self.parts.get(&piece.part) else {
            return vec![];
        };
        let Some(said) = self
            .messages
            .get_mut(message)
            .filter(|_| piece.field == "text")
        else {
            return vec![];
        };
        said.text_of(piece.part.clone()).push_str(&piece.delta);
        delta(piece.delta.clone())
    }

    fn tool(&mut self, part: String, tool: &str, call: &str, state: &ToolState) -> Vec<Effect> {
        let ended = matches!(&*state.status, "completed" | "error");
        let begun = ended || state.status == "running";
        let told = self.parts.get(&part);
        let mut effects = Vec::new();
        if begun && told.is_none() {
            effects.extend(tell(words::called(tool, call, state)));
        }
        if ended && told != Some(&Told::All) {
            effects.extend(tell(words::result(tool, call, state)));
        }
        if begun && told != Some(&Told::All) {
            self.parts
                .insert(part, if ended { Told::All } else { Told::Called });
        }
        effects
    }

    /// What a step changed, whoever did it.
    fn patched(&mut self, files: Vec<String>) -> Vec<Effect> {
        for file in files {
            self.edited.entry(file).or_default();
        }
        self.untold_edits()
    }

    fn untold_edits(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.edited)
            .into_iter()
            .filter(|(_, told)| !told)
            .map(|(file, _)| self.changed(&file, None))
            .collect()
    }

    /// Only what a tool edited is of interest: the watcher also sees everybody else at work.
    fn watched(&mut self, file: &str, change: &str) -> Vec<Effect> {
        match self.edited.get_mut(file) {
            Some(told) if !*told => *told = true,
            _ => return vec![],
        }
        let change = match change {
            "add" => "added",
            "unlink" => "deleted",
            _ => "modified",
        };
        vec![self.changed(file, Some(change))]
    }

    fn changed(&self, file: &str, change: Option<&str>) -> Effect {
        let path = std::path::Path::new(file);
        let path = path.strip_prefix(&self.directory).unwrap_or(path);
        let changed = FileChanged {
            path: Some(path.to_string_lossy().into_owned()),
            change: change.map(str::to_owned),
            description: None,
        };
        Effect::Tell(changed.into())
    }

    /// Takes in a permission that is asked for.
    pub(super) fn permission(&mut self, permission: Permission) -> Vec<Effect> {
        if !self.family.contains(&permission.session) || !self.asked.insert(permission.id.clone()) {
            return vec![];
        }
        vec![Effect::Ask(
            permission.id.clone(),
            words::question(permission),
        )]
    }

    /// Takes in a question. Nobody is there who could choose an answer.
    pub(super) fn question(&mut self, asked: &Asked) -> Vec<Effect> {
        if !self.family.contains(&asked.session) || !self.asked.insert(asked.id.clone()) {
            return vec![];
        }
        let texts: Vec<_> = asked.questions.iter().map(|one| &*one.question).collect();
        let told = format!(
            "opencode asked, and was told that nobody answers: {}",
            texts.join(" ")
        );
        vec![
            Effect::Tell(Payload::log("warn", told)),
            Effect::Reject(asked.id.clone()),
        ]
    }
}

impl Said {
    /// All that it says.
    pub(super) fn text(&self) -> String {
        let texts: Vec<_> = self.texts.iter().map(|(_, text)| &**text).collect();
        texts.join("\n")
    }

    fn text_of(&mut self, part: String) -> &mut String {
        let at = self.texts.iter().position(|(id, _)| *id == part);
        let at = at.unwrap_or_else(|| {
            self.texts.push((part, String::new()));
            self.texts.len() - 1
        });
        &mut self.texts[at].1
    }
}

fn tell(payload: impl Into<Payload>) -> Vec<Effect> {
    vec![Effect::Tell(payload.into())]
}

fn delta(text: String) -> Vec<Effect> {
    if text.is_empty() {
        return vec![];
    }
    tell(TextDelta { text })
}

/// A newer opencode may ask under a name that is not known here; nobody must wait for that.
fn unknown(kind: &str) -> Vec<Effect> {
    if kind.contains("permission") || kind.contains("question") {
        return vec![Effect::Reread];
    }
    vec![]
}
