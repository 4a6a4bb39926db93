//! What happens in a run, as lines.

use grump::{
    Event, Json, Payload, Timestamp, Update,
    payload::{
        IterationEnded, Log, Message, PermissionRequested, PermissionResolved, Retrying,
        ToolCalled, ToolResult,
    },
};
use serde_json::Value;

use super::{
    Line, Tone, tools,
    words::{clean, count, one_line},
};
use crate::args::duration_text;

/// How long a line that somebody else wrote may be, in characters.
const LIMIT: usize = 400;

/// Turns updates into lines. It remembers only what a line needs of what was told before: the text
/// of the line that the assistant is still writing, and when the iteration began.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    unfinished: String,
    streamed: bool,
    began: Option<Timestamp>,
    verbose: bool,
}

impl Transcript {
    /// A transcript that leaves nothing out.
    pub(crate) fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// The lines that this update adds.
    pub(crate) fn update(&mut self, update: &Update) -> Vec<Line> {
        match update {
            Update::Event(event) => self.event(event),
            Update::Gap(gap) => {
                let text = format!("! events may be missing here: {}", clean(&gap.reason));
                self.after_text(Line::new(Tone::Warn, text))
            }
            Update::Resync(run) => self.after_text(Line::new(
                Tone::Plain,
                format!("  it is now {}", run.status),
            )),
            _ => Vec::new(),
        }
    }

    /// The lines that this event adds.
    fn event(&mut self, event: &Event) -> Vec<Line> {
        match &event.payload {
            Payload::TextDelta(delta) => self.text(&delta.text),
            Payload::Message(message) => self.message(message),
            other => match self.line(event, other) {
                Some(line) => self.after_text(line),
                None => Vec::new(),
            },
        }
    }

    /// The line that the assistant is still writing, if there is one, for the end of the stream.
    pub(crate) fn finish(&mut self) -> Vec<Line> {
        self.flush().into_iter().collect()
    }

    fn after_text(&mut self, line: Line) -> Vec<Line> {
        self.flush().into_iter().chain([line]).collect()
    }

    fn flush(&mut self) -> Option<Line> {
        let rest = std::mem::take(&mut self.unfinished);
        spoken(&rest)
    }

    fn text(&mut self, piece: &str) -> Vec<Line> {
        self.streamed = true;
        self.unfinished.push_str(piece);
        let Some((done, rest)) = self.unfinished.rsplit_once('\n') else {
            return Vec::new();
        };
        let lines = done.lines().filter_map(spoken).collect();
        self.unfinished = rest.to_owned();
        lines
    }

    /// A message that was told piece by piece is not told again.
    fn message(&mut self, message: &Message) -> Vec<Line> {
        let mut lines: Vec<_> = self.flush().into_iter().collect();
        if !std::mem::take(&mut self.streamed) {
            lines.extend(content(&message.message).lines().filter_map(spoken));
        }
        lines
    }

    fn line(&mut self, event: &Event, payload: &Payload) -> Option<Line> {
        Some(match payload {
            Payload::IterationStarted(_) => {
                self.began.clone_from(&event.at);
                let number = event.iteration.unwrap_or_default();
                Line::new(Tone::Strong, format!("● iteration {number}"))
            }
            Payload::IterationEnded(ended) => self.iteration_ended(event, ended),
            Payload::ToolCalled(call) => tool_called(call),
            Payload::ToolResult(result) => tool_result(result)?,
            Payload::PlanUpdated(update) => plan(&update.plan)?,
            Payload::CommitCreated(made) => commit(&made.commit),
            Payload::PermissionRequested(question) => asked(question),
            Payload::PermissionResolved(answer) => answered(answer),
            Payload::Retrying(retry) => retrying(retry),
            Payload::ErrorReported(error) => bad("error", &error.message),
            Payload::Log(log) => self.log(log)?,
            other => run_line(other).or_else(|| self.unknown(other))?,
        })
    }

    fn iteration_ended(&self, event: &Event, ended: &IterationEnded) -> Line {
        let number = event.iteration.unwrap_or_default();
        let took = match (&event.at, &self.began) {
            (Some(end), Some(begin)) => format!(" ({})", duration_text(end.since(begin))),
            _ => String::new(),
        };
        let (tone, how) = match ended.outcome.as_deref() {
            Some("matched") => (
                Tone::Good,
                "done: the final message matches the stop pattern",
            ),
            Some("error") => (Tone::Bad, "ended in an error"),
            _ => (Tone::Plain, "ended, not done yet"),
        };
        Line::new(tone, format!("  iteration {number} {how}{took}"))
    }

    fn log(&self, log: &Log) -> Option<Line> {
        let message = one_line(&log.message, LIMIT);
        match log.level.as_str() {
            "error" => Some(bad("error", &message)),
            "warn" => Some(Line::new(Tone::Warn, format!("  ! {message}"))),
            "info" => Some(Line::new(Tone::Plain, format!("  {message}"))),
            "agent" => Some(Line::new(Tone::Dim, format!("  · {message}"))),
            _ => self
                .verbose
                .then(|| Line::new(Tone::Dim, format!("  · {message}"))),
        }
    }

    fn unknown(&self, payload: &Payload) -> Option<Line> {
        let body = match payload {
            Payload::Unknown(unknown) => one_line(unknown.body.text(), LIMIT),
            _ => String::new(),
        };
        let text = format!("  · {} {body}", payload.name());
        self.verbose.then(|| Line::new(Tone::Dim, text.trim_end()))
    }
}

/// What the assistant wrote on one line.
fn spoken(text: &str) -> Option<Line> {
    let text = clean(text);
    let text = text.trim_end();
    (!text.is_empty()).then(|| Line::new(Tone::Dim, format!("  {text}")))
}

/// The text of a message of whatever shape.
fn content(message: &Json) -> String {
    match message.value() {
        Value::String(text) => text,
        value if value["role"] == "user" => String::new(),
        value => value["content"].as_str().unwrap_or_default().to_owned(),
    }
}

fn tool_called(call: &ToolCalled) -> Line {
    let (tool, input) = (clean(&call.tool), tools::input(call.input.as_ref()));
    Line::new(Tone::Action, format!("  → {tool} {input}").trim_end())
}

/// Only what failed is worth a line.
fn tool_result(result: &ToolResult) -> Option<Line> {
    let (tool, output) = (clean(&result.tool), tools::output(result.output.as_ref()));
    (result.success == Some(false)).then(|| bad(&format!("{tool} failed"), &output))
}

fn plan(plan: &Json) -> Option<Line> {
    let plan = plan.value();
    let steps = plan["steps"].as_array()?;
    let is = |step: &&Value, status: &str| step["status"] == status;
    let done = steps.iter().filter(|step| is(step, "completed")).count();
    let current = steps
        .iter()
        .find(|step| is(step, "in_progress"))
        .or_else(|| steps.iter().find(|step| !is(step, "completed")));
    let what = current.map_or("all done", |step| {
        step["description"].as_str().unwrap_or_default()
    });
    let text = format!(
        "  plan: {done} of {} done; {}",
        steps.len(),
        one_line(what, LIMIT)
    );
    Some(Line::new(Tone::Plain, text))
}

fn commit(commit: &Json) -> Line {
    let commit = commit.value();
    let sha: String = commit["sha"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(8)
        .collect();
    let files = commit["files"].as_array().map_or(0, Vec::len);
    let text = format!("  ✓ commit {} ({})", clean(&sha), count(files, "file"));
    Line::new(Tone::Good, text)
}

fn asked(question: &PermissionRequested) -> Line {
    let (action, title) = (clean(&question.action), one_line(&question.title, LIMIT));
    Line::new(Tone::Warn, format!("  ? the agent asks: {action}: {title}"))
}

fn answered(answer: &PermissionResolved) -> Line {
    let by = answer.by.as_deref().unwrap_or("nobody");
    let (tone, word) = match answer.decision.as_str() {
        "allow" => (Tone::Good, "allowed"),
        "expired" => (Tone::Warn, "denied, nobody answered in time"),
        _ => (Tone::Warn, "denied"),
    };
    let note = answer
        .note
        .as_deref()
        .map(|note| format!(": {}", one_line(note, LIMIT)));
    Line::new(
        tone,
        format!("  {word} (by {by}){}", note.unwrap_or_default()),
    )
}

fn retrying(retry: &Retrying) -> Line {
    let message = one_line(&retry.message, LIMIT);
    Line::new(
        Tone::Warn,
        format!("  ! trying again, attempt {}: {message}", retry.attempt),
    )
}

fn bad(what: &str, message: &str) -> Line {
    let message = one_line(message, LIMIT);
    let text = format!("  ✗ {what}: {message}");
    Line::new(Tone::Bad, text.trim_end_matches([' ', ':']))
}

/// What happened to the run as a whole.
fn run_line(payload: &Payload) -> Option<Line> {
    let (tone, text) = match payload {
        Payload::RunQueued(_) => (
            Tone::Plain,
            "■ waits for its turn: enough other loops run".into(),
        ),
        Payload::RunStatusChanged(change) => {
            let status = change.status.as_ref()?;
            (Tone::Dim, format!("■ {status}"))
        }
        Payload::RunCompleted(_) => (Tone::Good, "■ completed".into()),
        Payload::RunLimitReached(end) => (
            Tone::Warn,
            ended("■ ended at a limit", end.reason.as_deref()),
        ),
        Payload::RunFailed(end) => (Tone::Bad, ended("■ failed", end.message.as_deref())),
        Payload::RunCancelled(end) => (Tone::Warn, ended("■ ended", end.reason.as_deref())),
        Payload::RunMerged(_) => (Tone::Good, "■ merged".into()),
        Payload::RunDiscarded(_) => (Tone::Warn, "■ discarded".into()),
        Payload::RunDeleted(_) => (Tone::Warn, "■ removed".into()),
        _ => return None,
    };
    Some(Line::new(tone, text))
}

fn ended(what: &str, why: Option<&str>) -> String {
    why.map_or(what.to_owned(), |why| {
        format!("{what}: {}", one_line(why, LIMIT).replace('_', " "))
    })
}

#[cfg(test)]
mod tests;
