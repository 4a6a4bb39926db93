//! All there is to know of one loop.

use std::time::Duration;

use grump::{
    Iteration, IterationOutcome, Loop, LoopConfig, Member, PlaneInfo, Policy, Run, Timestamp,
};

use super::{
    list::{self, table},
    words::{ago, clean, first_line, one_line, shorten, tokens},
};
use crate::args::duration_text;

/// How many lines and characters of a prompt are shown.
const PROMPT: (usize, usize) = (6, 100);

/// Everything that the plane tells, one thing per line.
pub(crate) fn show(run: &Run, plane: &PlaneInfo, now: &Timestamp) -> String {
    let mut rows = table(&[]);
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            rows.add_row([name.to_owned(), value]);
        }
    };
    about_run(run, &mut row);
    if let Some(detail) = run.as_loop() {
        about_loop(detail, plane, &mut row);
    }
    let moment = |moment: &Timestamp| format!("{moment} ({})", ago(moment, now));
    row("created", moment(&run.created_at));
    row("changed", moment(&run.updated_at));
    let recent = run.as_loop().map(|detail| &detail.recent_iterations[..]);
    match recent.unwrap_or_default() {
        [] => list::text(&rows),
        recent => format!("{}\n\n{}", list::text(&rows), iterations(recent)),
    }
}

fn about_run(run: &Run, row: &mut impl FnMut(&str, String)) {
    let error = run.error.as_deref().map(|text| one_line(text, 200));
    row("id", run.name.id.to_string());
    row("name", clean(&run.title));
    row("status", list::status(run));
    row("error", error.unwrap_or_default());
    if run.resumable {
        row("resumable", "yes: grump loop start".to_owned());
    }
}

fn about_loop(detail: &Loop, plane: &PlaneInfo, row: &mut impl FnMut(&str, String)) {
    let config = &detail.config;
    let tells = |member| plane.members.contains(&member);
    row("folder", clean(&config.directory));
    row("agent", agent(config));
    row("prompt", prompt(&config.prompt));
    row(
        "next prompt",
        detail
            .pending_prompt
            .as_deref()
            .map(prompt)
            .unwrap_or_default(),
    );
    row("done when", done_when(config));
    row("limits", limits(config));
    if tells(Member::LoopPolicy) {
        row("policy", policy(config.policy));
    }
    row("iteration", detail.iteration.to_string());
    if tells(Member::LoopUsage) {
        row("used", used(detail));
    }
    let known = |text: &Option<String>| text.as_deref().map(clean).unwrap_or_default();
    row("branch", known(&detail.branch));
    row("merges into", known(&detail.target_branch));
    row("worktree", known(&detail.worktree));
}

fn agent(config: &LoopConfig) -> String {
    let connect = config.backend.connect.as_ref();
    let place = connect.map(|endpoint| format!(" at {}:{}", endpoint.hostname, endpoint.port));
    let model = config
        .model
        .as_ref()
        .map(|model| format!(", model {model}"));
    clean(&format!(
        "{}{}{}",
        config.backend.agent,
        place.unwrap_or_default(),
        model.unwrap_or_default()
    ))
}

fn prompt(text: &str) -> String {
    let (most, width) = PROMPT;
    let mut lines: Vec<_> = text
        .lines()
        .take(most)
        .map(|line| shorten(&clean(line), width))
        .collect();
    if text.lines().count() > most {
        lines.push("…".to_owned());
    }
    lines.join("\n")
}

fn done_when(config: &LoopConfig) -> String {
    let mut rules = vec![format!(
        "the final message matches {}",
        clean(&config.stop_pattern)
    )];
    if config.require_changes {
        rules.push("something was changed".to_owned());
    }
    rules.extend(
        config
            .verify
            .as_deref()
            .map(|command| format!("this succeeds: {}", clean(command))),
    );
    rules.join("\n")
}

fn limits(config: &LoopConfig) -> String {
    let mut limits = Vec::new();
    limits.extend(
        config
            .max_iterations
            .map(|limit| format!("{limit} iterations")),
    );
    let time = config.budget.seconds.map(Duration::from_secs);
    limits.extend(time.map(|time| format!("{} at work", duration_text(time))));
    limits.extend(
        config
            .budget
            .tokens
            .map(|limit| format!("{} tokens", tokens(limit))),
    );
    limits.push(format!("{} errors in a row", config.max_consecutive_errors));
    limits.join(", ")
}

fn policy(policy: Policy) -> String {
    match policy {
        Policy::Allow => "allow".to_owned(),
        Policy::Deny => "deny".to_owned(),
        Policy::Ask { seconds } => format!("ask, and deny after {seconds} s"),
        _ => String::new(),
    }
}

fn used(detail: &Loop) -> String {
    let mut used = vec![duration_text(Duration::from_millis(detail.worked_ms))];
    if detail.usage.total() > 0 {
        used.push(format!("{} tokens", tokens(detail.usage.total())));
    }
    used.extend(detail.usage.cost.map(|cost| format!("{cost:.2} USD")));
    used.join(", ")
}

fn iterations(iterations: &[Iteration]) -> String {
    let mut rows = table(&["ITERATION", "ENDED", "TOOK", "COMMIT", "ERROR"]);
    for iteration in iterations {
        rows.add_row([
            iteration.number.to_string(),
            outcome(iteration.outcome).to_owned(),
            duration_text(iteration.ended_at.since(&iteration.started_at)),
            iteration
                .commit
                .as_deref()
                .map_or("-".to_owned(), |sha| shorten_sha(sha).to_owned()),
            iteration
                .error
                .as_deref()
                .map(|text| first_line(text, 60))
                .unwrap_or_default(),
        ]);
    }
    list::text(&rows)
}

const fn outcome(outcome: IterationOutcome) -> &'static str {
    match outcome {
        IterationOutcome::Matched => "done",
        IterationOutcome::Error => "error",
        _ => "not done",
    }
}

fn shorten_sha(sha: &str) -> &str {
    sha.get(..8).unwrap_or(sha)
}

#[cfg(test)]
mod tests;
