//! [`Texts`]: what an assistant writes, whole.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll},
};

use futures::stream::{FusedStream, Stream, StreamExt};

use super::EventStream;
use crate::{
    error::Result,
    event::{Cursor, Event, Update},
    json::Json,
    payload::{EventKind, Payload},
    run::RunRef,
};

/// How many bytes of text are remembered of what was told, to know it again in a whole message.
const REMEMBERED: usize = 1 << 20;

/// What an assistant wrote in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Text {
    /// The run it belongs to.
    pub run: RunRef,
    /// The iteration it was written in, from 1.
    pub iteration: Option<u64>,
    /// The text.
    pub text: String,
    /// Whether it is all there. It is not where the stream was cut off, or has a gap behind it.
    pub is_whole: bool,
}

/// What [`Texts`] yields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Told {
    /// What an assistant wrote in one go, instead of its pieces and of the message that repeats them.
    Text(Text),
    /// Anything else, as it came and where it came.
    Update(Update),
}

/// The updates of an [`EventStream`], with the pieces of what an assistant writes joined.
///
/// A text ends where the plane says what the whole message is, where the assistant turns to something
/// else (a tool, another iteration), and with the run. Pieces of several runs or iterations are not
/// mixed, in whatever order they come.
///
/// ```
/// use futures::{StreamExt, stream};
/// use grump_core::{Event, EventStream, RunKind, RunRef, Update, payload::TextDelta, stream::Told};
///
/// # futures::executor::block_on(async {
/// let run = RunRef::new(RunKind::Task, "t-1");
/// let piece = |text: &str| {
///     let event = Event::new(run.clone(), TextDelta { text: text.into() });
///     Ok((None, Update::Event(event.into())))
/// };
/// let mut texts = EventStream::new(stream::iter([piece("Let me "), piece("look.")])).texts();
/// let Some(Ok(Told::Text(text))) = texts.next().await else { panic!("no text") };
/// assert_eq!(text.text, "Let me look.");
/// # });
/// ```
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct Texts {
    source: EventStream,
    open: Vec<Open>,
    ready: VecDeque<Result<Told>>,
}

/// What one run's assistant is writing.
#[derive(Debug)]
struct Open {
    run: RunRef,
    iteration: Option<u64>,
    /// What came since the last text was told.
    text: String,
    /// What was told since the last message that was whole.
    told: Vec<String>,
}

impl Texts {
    pub(super) const fn new(source: EventStream) -> Self {
        Self {
            source,
            open: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The position behind the last update that was read. Watching from here on would not tell
    /// again the pieces of a text that is not yet told.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.source.cursor()
    }

    fn read(&mut self, update: Update) {
        let Update::Event(event) = &update else {
            self.end_all(false);
            return self.tell(update);
        };
        match &event.payload {
            Payload::TextDelta(piece) => self.write(event, &piece.text),
            Payload::Message(said) => match assistants(&said.message) {
                Some(whole) => self.message(event, &whole),
                None => self.tell(update),
            },
            _ if interrupts(event.kind()) => {
                self.end(&event.run);
                self.tell(update);
            }
            _ => self.tell(update),
        }
    }

    fn tell(&mut self, update: Update) {
        self.ready.push_back(Ok(Told::Update(update)));
    }

    fn write(&mut self, event: &Event, piece: &str) {
        self.writing(event).text.push_str(piece);
    }

    /// What the event's run is writing in the event's iteration.
    fn writing(&mut self, event: &Event) -> &mut Open {
        let is_it = |open: &Open| open.run == event.run && open.iteration == event.iteration;
        let at = self.open.iter().position(is_it).unwrap_or_else(|| {
            self.open.push(Open {
                run: event.run.clone(),
                iteration: event.iteration,
                text: String::new(),
                told: Vec::new(),
            });
            self.open.len() - 1
        });
        &mut self.open[at]
    }

    /// A whole message: what of it was not told yet is.
    fn message(&mut self, event: &Event, whole: &str) {
        let open = self.writing(event);
        let pieces = std::mem::take(&mut open.text);
        let rest = unknown(whole, &std::mem::take(&mut open.told));
        let (run, iteration) = (event.run.clone(), event.iteration);
        if !repeats(whole, &pieces) {
            self.text(run.clone(), iteration, pieces, true);
        }
        self.text(run, iteration, rest, true);
    }

    fn text(&mut self, run: RunRef, iteration: Option<u64>, text: String, is_whole: bool) {
        if !text.trim().is_empty() {
            self.ready.push_back(Ok(Told::Text(Text {
                run,
                iteration,
                text,
                is_whole,
            })));
        }
    }

    /// The run's assistant turned to something else.
    fn end(&mut self, run: &RunRef) {
        for open in self.open.iter_mut().filter(|open| open.run == *run) {
            let text = std::mem::take(&mut open.text);
            if text.trim().is_empty() {
                continue;
            }
            open.remember(&text);
            self.ready.push_back(Ok(Told::Text(Text {
                run: open.run.clone(),
                iteration: open.iteration,
                text,
                is_whole: true,
            })));
        }
    }

    /// Nothing more comes of what is open.
    fn end_all(&mut self, is_whole: bool) {
        for open in std::mem::take(&mut self.open) {
            self.text(open.run, open.iteration, open.text, is_whole);
        }
    }
}

impl Open {
    fn remember(&mut self, text: &str) {
        let remembered: usize = self.told.iter().map(String::len).sum();
        if remembered + text.len() > REMEMBERED {
            self.told.clear();
        }
        self.told.push(text.to_owned());
    }
}

/// What of a whole message is not among what was told, which it may begin with.
fn unknown(whole: &str, told: &[String]) -> String {
    let mut rest = whole;
    for text in told {
        if let Some(behind) = rest.trim_start().strip_prefix(text.trim()) {
            rest = behind.trim_start();
        }
    }
    rest.to_owned()
}

/// Whether a whole message holds what came in pieces before it.
fn repeats(whole: &str, pieces: &str) -> bool {
    whole.contains(pieces.trim())
}

/// Whether the assistant turned to something else with it.
const fn interrupts(kind: EventKind) -> bool {
    !kind.is_within_iteration()
        || matches!(
            kind,
            EventKind::ToolCalled
                | EventKind::IterationStarted
                | EventKind::IterationEnded
                | EventKind::PhaseStarted
                | EventKind::PhaseCompleted
                | EventKind::PermissionRequested
                | EventKind::ErrorReported
        )
}

/// The text of a whole message, if an assistant said it: its `content`, or the texts among its
/// parts.
fn assistants(message: &Json) -> Option<String> {
    let message = message.value();
    let is_assistants = message.get("role").and_then(|role| role.as_str()) == Some("assistant");
    let content = message.get("content").filter(|_| is_assistants)?;
    if let Some(text) = content.as_str() {
        return Some(text.to_owned());
    }
    let parts = content.as_array()?.iter();
    let texts: String = parts
        .filter_map(|part| part.get("text")?.as_str())
        .collect();
    (!texts.is_empty()).then_some(texts)
}

impl Stream for Texts {
    type Item = Result<Told>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Poll::Ready(Some(ready));
            }
            match std::task::ready!(self.source.poll_next_unpin(context)) {
                Some(Ok(update)) => self.read(update),
                Some(Err(error)) => {
                    self.end_all(false);
                    self.ready.push_back(Err(error));
                }
                None if self.open.is_empty() => return Poll::Ready(None),
                None => self.end_all(true),
            }
        }
    }
}

impl FusedStream for Texts {
    fn is_terminated(&self) -> bool {
        self.source.is_terminated() && self.ready.is_empty() && self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use futures::{executor::block_on, stream};

    use super::*;
    use crate::{
        Error, ErrorKind, Gap,
        payload::{RunCompleted, TextDelta, ToolCalled},
        run::RunKind,
        stream::Step,
    };

    fn of(run: &str, payload: impl Into<Payload>) -> Result<Step> {
        let event = Event::new(RunRef::new(RunKind::Task, run), payload);
        Ok((None, Update::Event(event.into())))
    }

    fn piece(run: &str, text: &str) -> Result<Step> {
        of(run, TextDelta { text: text.into() })
    }

    fn tool(run: &str) -> Result<Step> {
        of(
            run,
            ToolCalled {
                tool: "write".into(),
                input: None,
                call_id: None,
                status: None,
                output: None,
            },
        )
    }

    /// What is told, as text: what an assistant wrote, and the kinds of the rest.
    fn told(steps: Vec<Result<Step>>) -> Vec<String> {
        let texts = EventStream::new(stream::iter(steps)).texts();
        let told = block_on(texts.collect::<Vec<_>>()).into_iter();
        told.map(|told| match told {
            Ok(Told::Text(text)) if text.is_whole => format!("{}: {}", text.run.id, text.text),
            Ok(Told::Text(text)) => format!("{}: {} …", text.run.id, text.text),
            Ok(Told::Update(Update::Event(event))) => event.kind().to_string(),
            Ok(Told::Update(_)) => "gap".into(),
            Err(error) => error.kind().to_string(),
        })
        .collect()
    }

    #[test]
    fn pieces_are_joined_up_to_the_next_tool_and_the_end() {
        let done = RunCompleted {
            status: None,
            message: None,
            artifacts: None,
        };
        let steps = vec![
            piece("a", "I "),
            piece("a", "look"),
            tool("a"),
            piece("a", "Done"),
            of("a", done),
        ];
        assert_eq!(
            told(steps),
            ["a: I look", "tool.called", "a: Done", "run.completed"]
        );
    }

    /// Pitfall 26: pieces may come in any order beside other events and runs.
    #[test]
    fn pieces_of_several_runs_are_not_mixed() {
        let steps = vec![
            piece("a", "one "),
            piece("b", "two "),
            tool("b"),
            piece("a", "text"),
        ];
        assert_eq!(told(steps), ["b: two ", "tool.called", "a: one text"]);
    }

    #[test]
    fn a_whole_message_is_told_once() {
        let message = |text| of("a", Payload::message("assistant", text));
        let steps = vec![piece("a", "Hel"), piece("a", "lo"), message("Hello")];
        assert_eq!(told(steps), ["a: Hello"]);
        let steps = vec![
            piece("a", "First."),
            tool("a"),
            piece("a", "Last."),
            message("First.\nLast."),
        ];
        assert_eq!(told(steps), ["a: First.", "tool.called", "a: Last."]);
        assert_eq!(told(vec![message("No pieces")]), ["a: No pieces"]);
    }

    #[test]
    fn what_the_user_says_is_no_text_of_the_assistants() {
        let asked = of("a", Payload::message("user", "Do it"));
        assert_eq!(told(vec![asked, piece("a", "Yes")]), ["message", "a: Yes"]);
    }

    #[test]
    fn a_text_before_a_gap_or_an_error_is_not_whole() {
        let gap = Ok((None, Update::Gap(Gap::default())));
        let cut = Err(Error::new(ErrorKind::Truncated, "cut"));
        let steps = vec![piece("a", "half"), gap, piece("a", "a text"), cut];
        assert_eq!(
            told(steps),
            ["a: half …", "gap", "a: a text …", "truncated"]
        );
    }
}
