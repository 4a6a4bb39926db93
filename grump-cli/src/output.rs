//! Where a command writes to: standard output is data, standard error is talk.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use anstream::{AutoStream, ColorChoice};
use grump::Error;
use serde::Serialize;

use crate::{
    args::Global,
    exit::{Failure, Result},
    render::{self, Line},
};

/// Standard output and standard error, as the options for every command want them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Data is JSON.
    pub(crate) json: bool,
    /// No talk.
    pub(crate) quiet: bool,
    /// More of it.
    pub(crate) verbose: bool,
    /// What is typed next must name the plane, too.
    plane_is_typed: bool,
}

impl Output {
    pub(crate) const fn new(global: &Global) -> Self {
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose > 0,
            plane_is_typed: global.plane_is_typed,
        }
    }

    /// Writes text, with its colours where standard output shows them.
    pub(crate) fn text(self, text: impl Display) -> Result<()> {
        let mut stdout = anstream::stdout().lock();
        writeln!(stdout, "{text}")
            .and_then(|()| stdout.flush())
            .map_err(Failure::Output)
    }

    /// Writes lines.
    pub(crate) fn lines(self, lines: &[Line]) -> Result<()> {
        lines.iter().try_for_each(|line| self.text(line))
    }

    /// Writes bytes as they are.
    pub(crate) fn verbatim(self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(Failure::Output)
    }

    /// Writes one JSON document.
    pub(crate) fn document(self, value: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(value).map_err(unwritable)?;
        text.push(b'\n');
        self.verbatim(&text)
    }

    /// Writes one JSON document on one line.
    pub(crate) fn json_line(self, value: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_vec(value).map_err(unwritable)?;
        text.push(b'\n');
        self.verbatim(&text)
    }

    /// Tells people something that is not the result. Not being able to is no failure.
    pub(crate) fn talk(self, text: impl Display) {
        if !self.quiet && !self.json {
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        }
    }

    /// Tells what to type next.
    pub(crate) fn suggest(self, heading: &str, steps: &[(String, impl Display)]) {
        let typed = |command: &str| match self.plane_is_typed {
            true => command.replacen("grump ", "grump --plane URL ", 1),
            false => command.to_owned(),
        };
        let lengths = steps.iter().map(|(command, _)| typed(command).len());
        let width = lengths.max();
        self.talk(heading);
        for (command, what) in steps {
            let command = typed(command);
            let line = format!(
                "  {command:width$}   {what}",
                width = width.unwrap_or_default()
            );
            self.talk(line.trim_end());
        }
    }

    /// Tells of an error, which `--quiet` does not silence.
    pub(crate) fn error(self, error: &Error) {
        let mut stderr = anstream::stderr().lock();
        // Where nobody can be told, the exit code still says it.
        if self.json {
            let _ = writeln!(stderr, "{}", render::error_json(error));
        } else {
            for line in render::error_text(error) {
                let _ = writeln!(stderr, "{line}");
            }
        }
    }

    /// Whether standard output shows colours.
    pub(crate) fn has_colours(self) -> bool {
        AutoStream::choice(&io::stdout()) != ColorChoice::Never
    }

    /// Whether a line of progress may be shown and redrawn.
    pub(crate) fn is_live(self) -> bool {
        !self.json && !self.quiet && !self.verbose && io::stderr().is_terminal()
    }

    /// Whether somebody can be asked.
    pub(crate) fn can_ask(self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Output(error.into())
}
