//! The words of a command, and what stands in for their placeholders.

use std::{fmt, str::FromStr};

use grump_core::{Error, ErrorKind, Result};

use crate::agent::Turn;

/// A program and its arguments, with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    program: String,
    args: Vec<String>,
}

/// A command whose placeholders are filled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) program: String,
    pub(super) args: Vec<String>,
    /// Whether the prompt still has to be given, on standard input.
    pub(super) prompt_on_stdin: bool,
    /// Whether the turn names a model that no word asks for.
    pub(super) model_ignored: bool,
}

impl Command {
    /// A program without arguments.
    #[must_use]
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The program, without its arguments.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The arguments, with their placeholders.
    #[must_use]
    pub fn arguments(&self) -> &[String] {
        &self.args
    }

    pub(super) fn fill(&self, turn: &Turn) -> Result<Filled> {
        let asks = |place: &str| self.args.iter().any(|arg| arg.contains(place));
        let asks_for_model = asks("{model}") || asks("{model_id}");
        if turn.model.is_none() && asks_for_model {
            return Err(self
                .refuse("the command asks for a model and none was chosen")
                .advise(
                    "choose one, or write the model into the command in place of the placeholder",
                ));
        }
        if asks("{prompt}") && turn.prompt.contains('\0') {
            return Err(self.refuse("a prompt that holds a NUL byte cannot be an argument"));
        }
        Ok(Filled {
            program: self.program.clone(),
            args: self.args.iter().map(|arg| fill(arg, turn)).collect(),
            prompt_on_stdin: !asks("{prompt}"),
            model_ignored: turn.model.is_some() && !asks_for_model,
        })
    }

    fn refuse(&self, message: &'static str) -> Error {
        Error::new(ErrorKind::InvalidInput, message)
            .operation("agent.turn")
            .with("program", &self.program)
    }
}

/// Replaces placeholders in one go, so that what is filled in is not filled again.
fn fill(word: &str, turn: &Turn) -> String {
    let model = turn.model.as_ref();
    let places = [
        ("{prompt}", turn.prompt.clone()),
        ("{iteration}", turn.iteration.to_string()),
        (
            "{model}",
            model.map(ToString::to_string).unwrap_or_default(),
        ),
        (
            "{model_id}",
            model.map(|model| model.model.clone()).unwrap_or_default(),
        ),
    ];
    let mut filled = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let place = places.iter().find(|(name, _)| rest.starts_with(name));
        let (taken, put) = place.map_or((1, "{"), |(name, value)| (name.len(), value));
        filled.push_str(put);
        rest = &rest[taken..];
    }
    filled + rest
}

impl FromStr for Command {
    type Err = Error;

    /// Splits the text as a shell splits words, quotes and backslashes included, and nothing else:
    /// no variables, no wildcards, no pipes.
    fn from_str(text: &str) -> Result<Self> {
        let refuse = |message| {
            Error::new(ErrorKind::InvalidInput, message)
                .with("command", text)
                .advise("write it as in a shell, such as `claude -p`")
        };
        let mut words = shell_words::split(text)
            .map_err(|error| refuse("the command's quotes do not match").caused_by(error))?
            .into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        let program = program.ok_or_else(|| refuse("the command is empty"))?;
        Ok(Self::new(program).args(words))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = std::iter::once(&self.program).chain(&self.args);
        f.write_str(&shell_words::join(words))
    }
}

#[cfg(test)]
mod tests {
    use grump_core::ModelRef;
    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn turn(prompt: &str, model: Option<ModelRef>) -> Turn {
        Turn {
            prompt: prompt.to_owned(),
            model,
            iteration: 4,
            stop: CancellationToken::new(),
        }
    }

    #[test]
    fn placeholders_are_filled_once_and_anywhere_in_a_word() {
        let command: Command = "a --p={prompt} {iteration}/{model_id} {model} {x}"
            .parse()
            .unwrap();
        let filled = command
            .fill(&turn("{model} $HOME", Some(ModelRef::new("p", "m"))))
            .unwrap();
        assert_eq!(filled.args, ["--p={model} $HOME", "4/m", "p/m", "{x}"]);
        assert!(!filled.prompt_on_stdin && !filled.model_ignored);
    }

    #[test]
    fn a_prompt_that_no_word_asks_for_goes_to_standard_input() {
        let command: Command = "claude -p".parse().unwrap();
        let filled = command
            .fill(&turn("x", Some(ModelRef::new("p", "m"))))
            .unwrap();
        assert!(filled.prompt_on_stdin && filled.model_ignored);
    }

    #[test]
    fn a_command_that_asks_for_a_model_needs_one() {
        let command: Command = "a {model}".parse().unwrap();
        let error = command.fill(&turn("x", None)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_command_is_split_like_shell_words_and_not_by_a_shell() {
        let command: Command = r#"sh -c 'echo "$1" | cat' *"#.parse().unwrap();
        assert_eq!(
            command,
            Command::new("sh").args(["-c", r#"echo "$1" | cat"#, "*"])
        );
        assert!("'a".parse::<Command>().is_err());
        assert!("  ".parse::<Command>().is_err());
    }

    proptest! {
        #[test]
        fn a_command_survives_the_way_through_text(
            program in "\\PC{1,8}",
            args in prop::collection::vec("[\\PC\n\t]{0,8}", 0..4),
        ) {
            let command = Command::new(program).args(args);
            prop_assert_eq!(command.to_string().parse::<Command>().unwrap(), command);
        }
    }
}
