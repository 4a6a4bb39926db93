//! What a script may say: its JSON, and the errors that teach it.

use std::str::FromStr;

use grump_core::{Error, ErrorKind, Result, Usage};
use serde::{Deserialize, Serialize};

/// A written part for the [`script`](super) agent: what it says and does, turn by turn.
///
/// ```
/// use grump_engine::agent::script::Script;
///
/// let script: Script = r#"{"turns": [{"steps": [
///     {"write": {"path": "hello.txt", "content": "hello\n"}},
///     {"say": "Done.\n<promise>COMPLETE</promise>"}
/// ]}]}"#.parse()?;
/// assert_eq!(script.turns.len(), 1);
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The turns; iteration n plays the nth. At least one.
    pub turns: Vec<Scene>,
    /// What the iterations after the last turn play.
    #[serde(default)]
    pub after: After,
    /// How many characters a text delta has; 16 where nothing is said.
    #[serde(default = "default_chunk")]
    pub chunk: usize,
    /// How many milliseconds lie between two text deltas.
    #[serde(default)]
    pub chunk_ms: u64,
}

/// What the iterations after the last turn play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The last turn again.
    #[default]
    RepeatLast,
    /// All turns again from the first.
    Repeat,
    /// Nothing: the turn fails.
    Error,
}

/// One turn of a script.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scene {
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// The last message, said after all steps. Where it is missing, the last `say` is the final
    /// message.
    #[serde(rename = "final", skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// One thing that happens in a turn.
///
/// In texts, paths and commands `{{iteration}}` is replaced by the iteration's number and, except
/// in commands, `{{prompt}}` by the prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Step {
    /// Says a message, streamed as text deltas.
    Say(String),
    /// Writes a file, in place of one that is there; folders are made as needed.
    Write {
        /// Below the folder the agent works in.
        path: String,
        /// All of it.
        content: String,
    },
    /// Adds to the end of a file, which is made if it is not there.
    Append {
        /// Below the folder the agent works in.
        path: String,
        /// What is added.
        content: String,
    },
    /// Replaces a piece of a file's text; the turn fails if it is not in there.
    Edit {
        /// Below the folder the agent works in.
        path: String,
        /// What is replaced, the first time it occurs.
        old: String,
        /// By what.
        new: String,
    },
    /// Deletes a file.
    Delete {
        /// Below the folder the agent works in.
        path: String,
    },
    /// Gives a file another path.
    Rename {
        /// Its path now.
        from: String,
        /// Its path then; folders are made as needed.
        to: String,
    },
    /// Runs a command by `sh -c`, as a real process; a code other than 0 does not end the turn.
    Bash(String),
    /// Reports tokens as used.
    Usage(Usage),
    /// Asks whether something is allowed, and waits for the answer.
    Ask {
        /// What kind of thing: `edit`, `bash`, …
        action: String,
        /// What it is, for people.
        title: String,
        /// What happens when it is refused; without it the turn ends as refused.
        #[serde(default, rename = "else", skip_serializing_if = "Option::is_none")]
        otherwise: Option<Vec<Self>>,
    },
    /// Reports that something is tried again, and waits until then.
    Retry {
        /// Which attempt this will be, from 1.
        attempt: u64,
        /// Why.
        message: String,
        /// Milliseconds until then.
        #[serde(default)]
        wait_ms: u64,
    },
    /// Reports a plan, in full.
    Plan(Vec<PlanStep>),
    /// Does nothing for so many milliseconds.
    SleepMs(u64),
    /// Does nothing until it is stopped.
    Hang,
    /// Fails the turn, as an agent that reports an error.
    Fail(String),
    /// Fails the turn, as an agent whose process was killed: a real one is.
    Crash,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanStep {
    /// What is to be done.
    pub description: String,
    /// How far it is: `pending`, `in_progress`, `completed`.
    #[serde(default = "default_status")]
    pub status: String,
}

fn default_chunk() -> usize {
    16
}

fn default_status() -> String {
    "pending".to_owned()
}

impl Script {
    /// The turn that this iteration, from 1, plays; the same one each time it is asked.
    ///
    /// # Errors
    /// `Agent` if the script is over and ends with an error.
    pub fn scene(&self, iteration: u64) -> Result<&Scene> {
        let index = usize::try_from(iteration.saturating_sub(1)).unwrap_or(usize::MAX);
        let count = self.turns.len().max(1);
        let index = match self.after {
            After::RepeatLast => index.min(count - 1),
            After::Repeat => index % count,
            After::Error => index,
        };
        self.turns.get(index).ok_or_else(|| {
            Error::new(
                ErrorKind::Agent,
                "the script has no turn for this iteration",
            )
            .with("iteration", iteration)
            .with("turns", self.turns.len())
            .advise("add turns, or let `after` be `repeat_last` or `repeat`")
        })
    }
}

impl FromStr for Script {
    type Err = Error;

    /// Reads a script's JSON.
    ///
    /// The error is of kind `InvalidInput` and says line, column, where in the script that is
    /// (`turns[0].steps[2]`), and which words are known there.
    fn from_str(json: &str) -> Result<Self> {
        let reader = &mut serde_json::Deserializer::from_str(json);
        let script: Self = serde_path_to_error::deserialize(&mut *reader).map_err(|error| {
            let place = error.path().to_string();
            invalid(error.inner()).with("at", place)
        })?;
        reader.end().map_err(|error| invalid(&error))?;
        if script.turns.is_empty() || script.chunk == 0 {
            let rule = "a script has at least one turn, and a chunk at least one character";
            return Err(Error::new(ErrorKind::InvalidInput, rule));
        }
        Ok(script)
    }
}

fn invalid(error: &serde_json::Error) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the script cannot be read: {error}"),
    )
    .advise("see docs/script-agent.md for what a script may say")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(json: &str) -> String {
        json.parse::<Script>().unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_step_is_named_with_its_place_and_those_that_are_known() {
        let error = error_of("{\"turns\": [\n  {\"steps\": [{\"say\": \"hi\"}, {\"fly\": 1}]}\n]}");
        assert!(error.contains("unknown variant `fly`"), "{error}");
        assert!(error.contains("`say`, `write`, `append`"), "{error}");
        assert!(error.contains("line 2 column"), "{error}");
        assert!(error.contains("turns[0].steps[1]"), "{error}");
    }

    #[test]
    fn a_misspelled_member_is_named_with_its_place() {
        let error =
            error_of(r#"{"turns": [{"steps": [{"write": {"path": "a", "contents": ""}}]}]}"#);
        assert!(error.contains("unknown field `contents`"), "{error}");
        assert!(error.contains("turns[0].steps[0].write"), "{error}");
    }

    #[test]
    fn broken_json_and_what_follows_the_script_are_refused() {
        assert!(error_of("{\"turns\": [").contains("EOF"));
        assert!(error_of(r#"{"turns": [{}]} {}"#).contains("trailing characters"));
        assert!(error_of(r#"{"turns": []}"#).contains("at least one turn"));
    }

    #[test]
    fn an_iteration_plays_the_same_turn_each_time() {
        let scenes = |after: &str, iterations: &[u64]| -> Vec<Option<String>> {
            let json =
                format!(r#"{{"turns": [{{"final": "a"}}, {{"final": "b"}}], "after": "{after}"}}"#);
            let script: Script = json.parse().unwrap();
            iterations
                .iter()
                .map(|iteration| script.scene(*iteration).ok()?.last.clone())
                .collect()
        };
        let said = |words: [&str; 4]| words.map(|word| Some(word.to_owned()).filter(|w| w != "-"));
        assert_eq!(
            scenes("repeat_last", &[1, 2, 3, 2]),
            said(["a", "b", "b", "b"])
        );
        assert_eq!(scenes("repeat", &[1, 2, 3, 4]), said(["a", "b", "a", "b"]));
        assert_eq!(scenes("error", &[1, 2, 3, 4]), said(["a", "b", "-", "-"]));
    }

    #[test]
    fn a_script_survives_the_way_through_json() {
        let script: Script = r#"{"turns": [{"steps": ["hang", {"sleep_ms": 5}, {"ask":
            {"action": "bash", "title": "t", "else": ["crash"]}}]}]}"#
            .parse()
            .unwrap();
        let json = serde_json::to_string(&script).unwrap();
        assert_eq!(json.parse::<Script>().unwrap(), script);
    }
}
