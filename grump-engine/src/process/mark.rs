//! The mark by which processes of a run are found again.

use std::fmt;

/// The environment variable that carries a [`Mark`].
pub(super) const VARIABLE: &str = "GRUMP_RUN";

/// What every process of a run carries in its environment: `GRUMP_RUN=<journal>/<run>`.
///
/// Children inherit it, so it outlives sessions, double forks and the supervisor. The journal's id
/// comes first, so that one data folder never touches the processes of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    journal: String,
    run: Option<String>,
}

impl Mark {
    /// The processes of one run.
    #[must_use]
    pub fn run(journal: impl Into<String>, run: impl Into<String>) -> Self {
        Self {
            journal: journal.into(),
            run: Some(run.into()),
        }
    }

    /// The processes of every run of one journal.
    #[must_use]
    pub fn journal(journal: impl Into<String>) -> Self {
        Self {
            journal: journal.into(),
            run: None,
        }
    }

    /// Whether a process with this value of `GRUMP_RUN` is meant.
    pub(super) fn matches(&self, value: &[u8]) -> bool {
        let rest = value
            .strip_prefix(self.journal.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"/"));
        match (&self.run, rest) {
            (Some(run), Some(rest)) => run.as_bytes() == rest,
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = self.run.as_deref().unwrap_or("");
        write!(f, "{}/{run}", self.journal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_matched_exactly() {
        let mark = Mark::run("j1", "loop-7");
        assert!(mark.matches(b"j1/loop-7"));
        assert!(!mark.matches(b"j1/loop-70"));
        assert!(!mark.matches(b"j11/loop-7"));
        assert!(!mark.matches(b"j1"));
    }

    #[test]
    fn a_journal_matches_all_its_runs_and_no_other_journal() {
        let mark = Mark::journal("j1");
        assert!(mark.matches(b"j1/loop-7"));
        assert!(!mark.matches(b"j12/loop-7"));
        assert!(!mark.matches(b""));
    }
}
