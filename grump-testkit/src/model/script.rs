//! What a script is, and reading one.

use std::{collections::BTreeMap, time::Duration};

use grump_core::{Error, ErrorKind, Result};
use regex::Regex;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What the model says, turn by turn.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// The answers, in order.
    pub turns: Vec<Turn>,
    /// How the turn of a request is found.
    pub count: Count,
    /// What comes after the last turn.
    pub after: After,
    /// The answer to a side call that asks for a title; "Scripted title" unless given.
    pub title: Option<String>,
    /// The answer to every other side call; "ok" unless given.
    pub side_text: Option<String>,
}

/// How the turn of a request is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// By counting the requests of the lane. A repeated request gets the next turn.
    #[default]
    Lane,
    /// By counting the assistant's turns since the last user message, so that each new session or
    /// prompt starts again and a repeated request gets the same turn.
    History,
}

/// What comes after the last turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The text "The script is over."
    #[default]
    Stop,
    /// The last turn, again and again.
    Repeat,
    /// HTTP 400.
    Error,
}

/// One answer of the model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Turn {
    /// What the model says. `{{turn}}` becomes the turn's number, `{{cwd}}` the agent's folder, as
    /// in every other text of a turn.
    pub text: String,
    /// What it thinks before that.
    pub reasoning: String,
    /// The tools it calls.
    pub tools: Vec<Call>,
    /// The tokens it reports.
    pub usage: Usage,
    /// The finish reason, where it is not `stop` or `tool_calls`.
    pub finish: Option<String>,
    /// A regular expression that the last user message or tool result must match, else HTTP 400.
    pub expect: Option<Pattern>,
    /// Says `text` this many times.
    pub repeat: Option<usize>,
    /// Characters per streamed piece of text; 16 unless given.
    pub chunk: Option<usize>,
    /// Milliseconds before the first byte of the answer.
    pub delay_ms: u64,
    /// Milliseconds between two streamed pieces.
    pub chunk_delay_ms: u64,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Turn {
    /// A turn that says this and calls nothing.
    #[must_use]
    pub fn say(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    pub(super) fn chunk_delay(&self) -> Duration {
        Duration::from_millis(self.chunk_delay_ms)
    }
}

/// A tool call: what to do, put into the terms of the tools that the agent offers, or a literal one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Call {
    /// Write a whole file.
    Write {
        /// Where, relative to the agent's folder.
        path: String,
        /// What.
        content: String,
    },
    /// Replace one text in a file by another.
    Edit {
        /// Which file, relative to the agent's folder.
        path: String,
        /// The text that is there.
        old: String,
        /// The text that is to be there.
        new: String,
    },
    /// Read a file.
    Read {
        /// Which, relative to the agent's folder.
        path: String,
    },
    /// Run a shell command.
    Bash {
        /// The command line.
        command: String,
    },
    /// This call, word by word.
    Call {
        /// The tool's name.
        tool: String,
        /// Its arguments.
        #[serde(default)]
        input: Value,
    },
}

/// The tokens that a turn reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Tokens of the prompt, cached ones among them.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
    /// Those tokens of the prompt that came from a cache.
    pub cached: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            input: 100,
            output: 20,
            cached: 0,
        }
    }
}

/// What goes wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An HTTP error instead of the answer.
    Error {
        /// The HTTP status.
        status: u16,
        /// The message of the error's body.
        #[serde(default)]
        message: String,
        /// The type of the error's body, such as `rate_limit_error`.
        #[serde(default, rename = "type")]
        code: Option<String>,
        /// Headers to send, such as `retry-after`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Nothing, until the other side goes away; a streamed answer sends its head first.
    Hang,
    /// The connection is cut after this many pieces of a streamed answer.
    DropAfter(usize),
}

/// A regular expression, checked when the script is read.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Regex::new(&text)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// `InvalidInput` with line and column where the text is not JSON or not a script.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "this is not a script")
                .with("why", &error)
                .caused_by(error)
        })
    }

    /// A script of these turns.
    #[must_use]
    pub fn of(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self {
            turns: turns.into_iter().collect(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_its_calls_and_faults() {
        let script = Script::parse(
            r#"{"after": "repeat", "count": "history", "turns": [
                {"tools": [{"bash": {"command": "ls"}}, {"call": {"tool": "question"}}]},
                {"fault": "hang"},
                {"fault": {"drop_after": 3}},
                {"fault": {"error": {"status": 429, "type": "rate_limit_error"}}}
            ]}"#,
        )
        .unwrap();
        assert_eq!(
            (script.after, script.count),
            (After::Repeat, Count::History)
        );
        assert_eq!(
            script.turns[0].tools[0],
            Call::Bash {
                command: "ls".into()
            }
        );
        assert_eq!(script.turns[1].fault, Some(Fault::Hang));
        assert_eq!(script.turns[2].fault, Some(Fault::DropAfter(3)));
        assert!(matches!(
            script.turns[3].fault,
            Some(Fault::Error { status: 429, .. })
        ));
    }

    #[test]
    fn a_misspelt_member_is_refused_and_placed() {
        let error = Script::parse(r#"{"turns": [{"txt": "hello"}]}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("`txt`"), "{error}");
        assert!(error.to_string().contains("line 1"), "{error}");
    }

    #[test]
    fn a_pattern_is_checked_when_the_script_is_read() {
        let error = Script::parse(r#"{"turns": [{"expect": "("}]}"#).unwrap_err();
        assert!(error.to_string().contains("unclosed group"), "{error}");
    }
}
