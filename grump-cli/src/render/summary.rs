//! How a run ended, and what to type next.

use std::time::Duration;

use grump::{FileDiff, Outcome, Run, RunStatus};

use super::{
    Line, Tone, diff,
    words::{clean, one_line, short_id, tokens},
};
use crate::args::duration_text;

/// What a run changed, where it could be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes<'a> {
    /// Commits made since the command began.
    pub(crate) commits: usize,
    /// The files that were changed since the run began.
    pub(crate) files: Option<&'a [FileDiff]>,
}

/// What became of a run.
pub(crate) fn summary(run: &Run, changes: Changes<'_>) -> Vec<Line> {
    let mut lines = vec![headline(run)];
    let mut say = |text: String| lines.push(Line::new(Tone::Plain, text));
    if let Some(error) = &run.error {
        say(format!("  error       {}", one_line(error, 400)));
    }
    if let Some(detail) = run.as_loop() {
        say(format!("  iterations  {}", detail.iteration));
        // Not every plane tells it.
        if detail.worked_ms > 0 {
            let worked = Duration::from_millis(detail.worked_ms);
            say(format!("  time        {}", duration_text(worked)));
        }
        if detail.usage.total() > 0 {
            say(format!("  tokens      {}", tokens(detail.usage.total())));
        }
    }
    say(format!("  commits     {}", changes.commits));
    if let Some(files) = changes.files {
        say(format!("  changes     {}", diff::sum(files)));
    }
    if let Some(branch) = run.as_loop().and_then(|detail| detail.branch.as_deref()) {
        say(format!("  branch      {}", clean(branch)));
    }
    lines
}

fn headline(run: &Run) -> Line {
    let (tone, what) = match (run.status.unified, run.outcome) {
        (RunStatus::Completed, _) => (Tone::Good, "✓ completed: the agent is done"),
        (RunStatus::Merged, _) => (Tone::Good, "✓ merged"),
        (_, Some(Outcome::Budget)) => (Tone::Warn, "! ended: the budget is used up"),
        (RunStatus::LimitReached, _) => (
            Tone::Warn,
            "! ended at its limit of iterations, without being done",
        ),
        (RunStatus::Failed, _) => (Tone::Bad, "✗ failed"),
        (_, Some(Outcome::Interrupted)) => (Tone::Warn, "! cut off"),
        (RunStatus::Cancelled, _) => (Tone::Warn, "! stopped"),
        (RunStatus::Discarded, _) => (Tone::Warn, "! discarded"),
        (other, _) => return Line::new(Tone::Strong, format!("it is {other}")),
    };
    Line::new(tone, what)
}

/// What can be typed next, with the run's own id: commands and what they do.
pub(crate) fn next_steps(run: &Run, has_changes: bool) -> Vec<(String, &'static str)> {
    use RunStatus::{Cancelled, Completed, Discarded, Draft, Failed, LimitReached, Merged};
    let id = short_id(&run.name.id);
    let command = |verb: &str| format!("grump loop {verb} {id}");
    let mut steps = Vec::new();
    let status = run.status.unified;
    if has_changes && matches!(status, Completed | LimitReached | Failed | Cancelled) {
        steps.push((command("diff"), "what it changed"));
        steps.push((command("accept"), "merge it into your branch"));
        steps.push((command("discard"), "throw it away (undo brings it back)"));
    }
    match status {
        Draft => steps.push((command("start"), "let it work")),
        LimitReached | Failed | Cancelled => steps.push((command("start"), "go on with it")),
        Merged => steps.push((command("purge"), "forget it")),
        Discarded => {
            steps.push((command("undo"), "bring it back"));
            steps.push((command("purge"), "forget it"));
        }
        _ => {}
    }
    if status.is_executing() {
        steps.push((command("watch"), "follow it"));
    }
    steps.push((command("show"), "all there is to know of it"));
    steps
}

#[cfg(test)]
mod tests;
