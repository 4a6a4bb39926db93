//! The frames of a chat, which need a memory to be understood.

use grump_core::{
    Event, Payload, RunId, RunKind, RunRef,
    payload::{RunFailed, TextDelta, ToolCalled, ToolResult},
};

use super::{CHAT, completed, reported, unknown_payload, with_native};
use crate::grump::types::{self as wire, ChatEvent, ErrorFrame, ToolCall};

/// Reads the frames of one turn of a chat, which name neither the turn nor, in the document, a tool
/// call: calls and results are paired by their order and the tool's name.
#[derive(Clone, Debug)]
pub struct ChatReader {
    pub(super) run: RunRef,
    /// The calls that have not come back: tool and id.
    open: Vec<(String, String)>,
    /// How many ids were made up.
    made: u64,
    /// The error that was told.
    error: Option<ErrorFrame>,
    is_over: bool,
}

impl ChatReader {
    /// How many open calls are remembered; who leaves more open than this has lost them.
    const OPEN: usize = 1024;

    /// Of a turn of this id, which the client makes up.
    #[must_use]
    pub fn new(turn: impl Into<RunId>) -> Self {
        Self {
            run: RunRef::new(RunKind::Chat, turn),
            open: Vec::new(),
            made: 0,
            error: None,
            is_over: false,
        }
    }

    /// Whether the turn's end was read.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Reads a frame's data. `None` is a second end: servers in the field say `done` twice.
    pub fn decode(&mut self, data: &str) -> Option<Event> {
        let frame = ChatEvent::read(data);
        let payload = self.payload(&frame)?;
        let event = Event::new(self.run.clone(), payload);
        Some(with_native(event, CHAT, frame.kind(), data))
    }

    /// Takes in that the server ended the stream. Where an error came before, that is how the turn
    /// ended; `None` is that nobody knows.
    pub fn ended(&mut self) -> Option<Event> {
        self.error.as_ref()?;
        let payload = self.over();
        Some(Event::new(self.run.clone(), payload))
    }

    pub(super) fn payload(&mut self, frame: &ChatEvent) -> Option<Payload> {
        Some(match frame {
            ChatEvent::Text(piece) => TextDelta {
                text: piece.content.clone(),
            }
            .into(),
            ChatEvent::ToolCall(call) => self.called(call),
            ChatEvent::ToolResult(result) => self.came_back(result),
            ChatEvent::Complete(_) if self.is_over => return None,
            ChatEvent::Complete(_) => self.over(),
            ChatEvent::Error(error) => {
                self.error = Some(error.clone());
                reported(error)
            }
            ChatEvent::Unknown(unknown) => unknown_payload(unknown),
        })
    }

    fn called(&mut self, call: &ToolCall) -> Payload {
        let id = call.id.clone().unwrap_or_else(|| {
            self.made += 1;
            format!("call-{}", self.made)
        });
        if self.open.len() == Self::OPEN {
            self.open.remove(0);
        }
        self.open.push((call.tool.clone(), id.clone()));
        ToolCalled {
            tool: call.tool.clone(),
            input: call.args.clone(),
            call_id: Some(id),
            status: None,
            output: None,
        }
        .into()
    }

    /// The call it belongs to: the one of its id, or else the oldest that is open of its tool.
    fn came_back(&mut self, result: &wire::ToolResult) -> Payload {
        let is_it = |(tool, id): &(String, String)| match &result.id {
            Some(of) => of == id,
            None => *tool == result.tool,
        };
        let found = self.open.iter().position(is_it);
        let call = found.map(|at| self.open.remove(at));
        let (tool, id) = call.map_or((None, None), |(tool, id)| (Some(tool), Some(id)));
        ToolResult {
            tool: match (&*result.tool, tool) {
                ("", Some(tool)) => tool,
                (tool, _) => tool.to_owned(),
            },
            output: result.result.clone(),
            success: result.success,
            call_id: id.or_else(|| result.id.clone()),
            status: None,
            input: None,
        }
        .into()
    }

    /// The end, which is a failure where an error came before it.
    fn over(&mut self) -> Payload {
        self.is_over = true;
        match self.error.take() {
            None => completed(),
            Some(error) => RunFailed {
                status: None,
                message: Some(error.message),
                code: error.error_type,
            }
            .into(),
        }
    }
}
