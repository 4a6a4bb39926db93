//! The one-shot modes of known agents: lines of JSON to events, without any I/O.
//!
//! A line that is not known, or not what it was when this was written, is kept as
//! [`Payload::Unknown`](grump_core::Payload::Unknown) and never an error.

mod claude;
mod codex;
mod opencode;
mod pi;

use std::{borrow::Cow, fmt, str::FromStr};

use serde::Deserialize;
use serde_json::Value;

use super::report::Report;

/// What a program writes to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The assistant's message, as it is.
    #[default]
    Text,
    /// `claude -p --output-format stream-json --verbose [--include-partial-messages]`.
    Claude,
    /// `codex exec --json`.
    Codex,
    /// `opencode run --format json`.
    Opencode,
    /// `pi --mode json`.
    Pi,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Claude,
        Self::Codex,
        Self::Opencode,
        Self::Pi,
    ];

    /// The format's name in a spec: `"claude"`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Opencode => "opencode",
            Self::Pi => "pi",
        }
    }

    /// The command that writes this format, for error messages.
    pub(super) const fn written_by(self) -> &'static str {
        match self {
            Self::Text => "any program",
            Self::Claude => "claude -p --output-format stream-json --verbose",
            Self::Codex => "codex exec --json",
            Self::Opencode => "opencode run --format json",
            Self::Pi => "pi --mode json",
        }
    }

    /// Decodes one line into the report.
    pub(super) fn decode(self, line: &str, report: &mut Report) {
        // Wrappers and runtimes print warnings between an agent's lines.
        let Ok(head) = serde_json::from_str::<Head<'_>>(line) else {
            return report.log("agent", line);
        };
        if self == Self::Pi && pi::is_echo(&head.kind, line, report) {
            return;
        }
        let known = serde_json::from_str::<Value>(line).is_ok_and(|value| match self {
            Self::Text => false,
            Self::Claude => claude::decode(&head.kind, &value, report),
            Self::Codex => codex::decode(&head.kind, &value, report),
            Self::Opencode => opencode::decode(&head.kind, &value, report),
            Self::Pi => pi::decode(&head.kind, &value, report),
        });
        if !known {
            report.unknown(&head.kind, line);
        }
    }
}

/// What tells lines apart; not always the first member.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Cow<'a, str>,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no [`Format`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no format; one of text, claude, codex, opencode, pi is")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|format| format.as_str() == name);
        found.copied().ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
