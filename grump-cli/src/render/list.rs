//! Tables.

use comfy_table::{Table, presets};
use grump::{Run, Timestamp};

use super::words::{ago, clean, short_id, shorten};

/// How long a name in a list may be, in characters.
const NAME: usize = 40;

/// A table with these headings, or with none; columns are apart by two blanks, without lines.
pub(crate) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if !headings.is_empty() {
        table.set_header(headings);
    }
    table
}

/// The table as text, without blanks around its lines.
pub(crate) fn text(table: &Table) -> String {
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    let margin = lines
        .iter()
        .all(|line| line.is_empty() || line.starts_with(' '));
    let begin = usize::from(margin);
    let cut = |line: &String| line.get(begin..).unwrap_or_default().to_owned();
    lines.iter().map(cut).collect::<Vec<_>>().join("\n")
}

/// The loops, one line each.
pub(crate) fn list(runs: &[Run], now: &Timestamp) -> String {
    let mut rows = table(&["ID", "NAME", "STATUS", "ITERATION", "BRANCH", "CHANGED"]);
    for run in runs {
        rows.add_row([
            short_id(&run.name.id).to_owned(),
            shorten(&clean(&run.title), NAME),
            status(run),
            iteration(run),
            clean(
                run.as_loop()
                    .and_then(|detail| detail.branch.as_deref())
                    .unwrap_or("-"),
            ),
            ago(&run.updated_at, now),
        ]);
    }
    text(&rows)
}

/// Status, and the outcome where it says more.
pub(super) fn status(run: &Run) -> String {
    let status = run.status.to_string().replace('_', " ");
    match run.outcome {
        Some(outcome) if says_more(run, outcome.as_str()) => {
            format!("{status} ({})", outcome.as_str().replace('_', " "))
        }
        _ => status,
    }
}

fn says_more(run: &Run, outcome: &str) -> bool {
    outcome != run.status.unified.as_str() && !["matched", "errors"].contains(&outcome)
}

fn iteration(run: &Run) -> String {
    let Some(detail) = run.as_loop() else {
        return "-".to_owned();
    };
    match detail.config.max_iterations {
        Some(limit) => format!("{} / {limit}", detail.iteration),
        None => detail.iteration.to_string(),
    }
}
