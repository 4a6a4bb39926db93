//! SHIP sessions. So far only the [`Phase`] that events name; the session follows with the first
//! plane that runs one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A phase of a SHIP session. (G-Rump, "SHIP Workflow Endpoints".)
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Phase {
    /// The architecture.
    Design,
    /// The specifications.
    Spec,
    /// The tasks.
    Plan,
    /// The files.
    Code,
    /// A word that this version of grump does not know.
    Other(String),
}

impl Phase {
    /// The phase's word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Design => "design",
            Self::Spec => "spec",
            Self::Plan => "plan",
            Self::Code => "code",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for Phase {
    fn from(word: String) -> Self {
        match word.as_str() {
            "design" => Self::Design,
            "spec" => Self::Spec,
            "plan" => Self::Plan,
            "code" => Self::Code,
            _ => Self::Other(word),
        }
    }
}

impl From<Phase> for String {
    fn from(phase: Phase) -> Self {
        phase.as_str().to_owned()
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
