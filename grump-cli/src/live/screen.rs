//! The terminal while a run is followed: finished lines above, one line of progress below.

use std::{
    io::{self, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{exit::Result, output::Output, render::Line};

/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// Lines, and below them a line of progress where standard error is a terminal.
#[derive(Debug)]
pub(crate) struct Screen {
    output: Output,
    bar: Option<ProgressBar>,
    question: Option<String>,
}

impl Screen {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            output,
            bar: output.is_live().then(spinner),
            question: None,
        }
    }

    /// Writes lines above the line of progress.
    pub(crate) fn lines(&self, lines: &[Line]) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.above(|| self.output.lines(lines))
    }

    /// Tells something above the line of progress.
    pub(crate) fn talk(&self, text: &str) {
        self.above(|| self.output.talk(text));
    }

    /// Sets the line of progress.
    pub(crate) fn progress(&self, line: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(line());
        }
    }

    /// Shows a question in place of the line of progress; `None` takes it away again.
    pub(crate) fn question(&mut self, question: Option<String>) {
        if self.question.take().is_some() {
            eprintln!();
        }
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if question.is_none() && self.output.is_live() {
            self.bar = Some(spinner());
        }
        self.question = question;
        self.show_question();
    }

    /// Takes the line of progress away.
    pub(crate) fn close(&mut self) {
        if self.question.take().is_some() {
            eprintln!();
        }
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        match (&self.question, &self.bar) {
            (Some(_), _) => {
                eprintln!();
                let written = write();
                self.show_question();
                written
            }
            (None, Some(bar)) => bar.suspend(write),
            (None, None) => write(),
        }
    }

    fn show_question(&self) {
        if let Some(question) = &self.question {
            eprint!("{question}");
            // A terminal that is gone cannot be asked: the deadline answers.
            let _ = io::stderr().flush();
        }
    }
}

fn spinner() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {wide_msg}").expect("the template is well formed");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(TURN);
    bar
}
