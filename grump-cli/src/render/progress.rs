//! The line that shows what a run is at, right now.

use std::time::Duration;

use grump::{Event, Payload, Run, Usage};

use super::{tools, words::tokens};
use crate::args::duration_text;

/// What the line of progress says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    iteration: u64,
    limit: Option<u64>,
    usage: Usage,
    doing: Option<String>,
}

impl Progress {
    /// The progress of a run that is about to start.
    pub(crate) fn of(run: &Run) -> Self {
        let Some(detail) = run.as_loop() else {
            return Self::default();
        };
        let limit = detail.config.max_iterations.map(u64::from);
        Self {
            iteration: detail.iteration,
            limit: limit.map(|limit| detail.iteration + limit),
            usage: detail.usage,
            doing: None,
        }
    }

    /// Takes up what an event tells.
    pub(crate) fn event(&mut self, event: &Event) {
        match &event.payload {
            Payload::IterationStarted(_) => {
                self.iteration = event.iteration.unwrap_or(self.iteration + 1);
                self.doing = None;
            }
            Payload::UsageReported(report) => self.usage += report.usage,
            Payload::ToolCalled(call) => {
                let doing = format!("{} {}", call.tool, tools::input(call.input.as_ref()));
                self.doing = Some(super::clean(doing.trim_end()));
            }
            Payload::TextDelta(_) => self.doing = Some("writing".to_owned()),
            _ => {}
        }
    }

    /// The line.
    pub(crate) fn line(&self, elapsed: Duration) -> String {
        let mut parts = vec![self.position(), duration_text(elapsed)];
        if self.usage.total() > 0 {
            parts.push(format!("{} tokens", tokens(self.usage.total())));
        }
        parts.extend(self.doing.clone());
        parts.join(" · ")
    }

    fn position(&self) -> String {
        match (self.iteration, self.limit) {
            (0, _) => "starting".to_owned(),
            (number, None) => format!("iteration {number}"),
            (number, Some(limit)) => format!("iteration {number} of {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use grump::{Loop, LoopConfig, RunDetail, RunRef, payload};
    use serde_json::json;

    use super::*;

    fn run() -> Run {
        let mut config = LoopConfig::new("/app", "x");
        config.max_iterations = Some(10);
        Run::new(
            RunRef::of_loop("l-1"),
            "x",
            RunDetail::Loop(Box::new(Loop::new(config))),
        )
    }

    #[test]
    fn the_line_says_iteration_time_tokens_and_what_the_agent_does() {
        let mut progress = Progress::of(&run());
        let shown = |progress: &Progress| progress.line(Duration::from_secs(125));
        assert_eq!(shown(&progress), "starting · 2 min 5 s");
        let mut began = Event::new(run().name, payload::IterationStarted {});
        began.iteration = Some(2);
        progress.event(&began);
        let usage = Usage {
            input: 12_000,
            output: 345,
            ..Usage::default()
        };
        progress.event(&Event::new(run().name, payload::UsageReported { usage }));
        let call = payload::ToolCalled {
            tool: "bash".into(),
            input: Some(json!({"command": "cargo\n test"}).into()),
            call_id: None,
            status: None,
            output: None,
        };
        progress.event(&Event::new(run().name, call));
        assert_eq!(
            shown(&progress),
            "iteration 2 of 10 · 2 min 5 s · 12.3k tokens · bash cargo test"
        );
    }

    #[test]
    fn the_limit_counts_from_where_the_loop_was_started_again() {
        let mut run = run();
        run.as_loop_mut().unwrap().iteration = 4;
        let progress = Progress::of(&run);
        assert_eq!(progress.line(Duration::ZERO), "iteration 4 of 14 · 0.0 s");
    }
}
