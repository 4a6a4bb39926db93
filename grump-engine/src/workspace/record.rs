//! [`WorkspaceRecord`]: everything there is to know about a run's workspace before it exists.

use std::path::{Path, PathBuf};

use grump_core::{Error, ErrorKind, Result};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Head, Repository, git::CommitId, repository::empty};

/// The folder with a run's plan and status, in the directory that the run works in.
pub const PLANNING: &str = ".planning";

/// How long the part of a branch's name may be that comes from the prompt, in bytes.
const SLUG_LIMIT: usize = 40;

/// Where a run's work goes when it is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeTarget {
    /// To this branch, which was checked out when the run started.
    Branch(String),
    /// No branch was checked out: to the one that is checked out when the work is accepted, if it
    /// holds the run's base.
    Detached,
}

/// A run's workspace on paper. Write it to the journal before [`Workspace::create`]: so a
/// worktree that a crash leaves behind always has a run that knows it.
///
/// [`Workspace::create`]: super::Workspace::create
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkspaceRecord {
    /// The run's id.
    pub run: String,
    /// The top of the user's checkout.
    pub repository: PathBuf,
    /// The `.git` folder that the checkout and the worktree share.
    pub common_dir: PathBuf,
    /// The top of the run's worktree.
    pub path: PathBuf,
    /// The directory that the run works in, relative to both tops; often empty.
    pub prefix: PathBuf,
    /// The run's branch, without `refs/heads/`.
    pub branch: String,
    /// The commit it starts from.
    pub base: CommitId,
    /// Where it goes in the end.
    pub target: MergeTarget,
}

/// What a workspace is planned from.
#[derive(Clone, Debug)]
pub struct WorkspacePlan<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The run's id: letters, digits and hyphens.
    pub run: &'a str,
    /// A name or a prompt, of which the branch's name keeps the beginning.
    pub title: &'a str,
    /// What the branch's name begins with, such as `ralph/`.
    pub branch_prefix: &'a str,
    /// The time that the branch's name tells (in UTC).
    pub now: Timestamp,
}

impl Repository {
    /// Plans a run's workspace: from the commit that is checked out now, back to its branch. Only
    /// reads.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an empty repository, and for a prefix or a run's id that
    /// cannot be part of a branch's name.
    pub async fn plan(&self, plan: &WorkspacePlan<'_>) -> Result<WorkspaceRecord> {
        let (base, target) = match self.head().await? {
            Head::Branch { name, commit } => (commit, MergeTarget::Branch(name)),
            Head::Detached { commit } => (commit, MergeTarget::Detached),
            Head::Unborn { .. } => return Err(empty(self.root())),
        };
        if !is_id(plan.run) {
            return Err(
                Error::new(ErrorKind::InvalidInput, "this cannot be a run's id")
                    .with("run", plan.run),
            );
        }
        let branch = branch_name(plan);
        self.check_branch(&branch, plan.branch_prefix).await?;
        Ok(WorkspaceRecord {
            run: plan.run.to_owned(),
            repository: self.root().to_owned(),
            common_dir: self.common_dir().to_owned(),
            path: worktrees(plan.data).join(self.folder()).join(plan.run),
            prefix: self.prefix().to_owned(),
            branch,
            base,
            target,
        })
    }

    async fn check_branch(&self, branch: &str, prefix: &str) -> Result<()> {
        let call = self.git.at(self.root());
        let checked = call
            .args(["check-ref-format", "--branch", branch])
            .end()
            .await?;
        if checked.status.success() {
            return Ok(());
        }
        Err(
            Error::new(ErrorKind::InvalidInput, "no branch can be named like that")
                .advise("choose another branch prefix, such as `ralph/`")
                .with("prefix", prefix),
        )
    }

    /// The folder below `<data>/worktrees` for this repository: readable, and its own.
    fn folder(&self) -> String {
        let name = self
            .root()
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let hash = fnv1a(self.common_dir().as_os_str().as_encoded_bytes());
        format!("{}-{hash:016x}", slug(&name, "repository"))
    }
}

/// The folder that holds all worktrees of a data folder.
pub(crate) fn worktrees(data: &Path) -> PathBuf {
    data.join("worktrees")
}

fn is_id(run: &str) -> bool {
    !run.is_empty()
        && !run.starts_with('-')
        && run
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The end of the run's id keeps two runs apart that start in the same second.
fn branch_name(plan: &WorkspacePlan<'_>) -> String {
    let time = plan
        .now
        .to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d-%H-%M-%S");
    let id = &plan.run[plan.run.len().saturating_sub(6)..];
    let id = id.trim_start_matches('-');
    format!(
        "{}{}-{time}-{id}",
        plan.branch_prefix,
        slug(plan.title, "run")
    )
}

/// The first words of a text in lower case, joined by hyphens.
fn slug(text: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let word = &word[..word.len().min(SLUG_LIMIT)];
        if slug.len() + 1 + word.len() > SLUG_LIMIT && !slug.is_empty() {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word.to_ascii_lowercase());
    }
    if slug.is_empty() {
        slug.push_str(otherwise);
    }
    slug
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_keeps_whole_words_while_they_fit() {
        assert_eq!(slug("Add dark mode!", "run"), "add-dark-mode");
        let long = "implement the whole thing with all of its parts and tests";
        assert_eq!(slug(long, "run"), "implement-the-whole-thing-with-all-of");
        assert_eq!(slug(&"x".repeat(500), "run").len(), SLUG_LIMIT);
    }

    #[test]
    fn a_text_without_latin_letters_has_a_slug_too() {
        assert_eq!(slug("добавь тему", "run"), "run");
        assert_eq!(slug("", "run"), "run");
    }

    #[test]
    fn a_branch_tells_prompt_time_and_run() {
        let plan = WorkspacePlan {
            data: Path::new("/d"),
            run: "0192a1b2-aaaa-7bbb-8ccc-0123456789ab",
            title: "Fix it",
            branch_prefix: "ralph/",
            now: "2026-11-22T01:02:03Z".parse().unwrap(),
        };
        assert_eq!(
            branch_name(&plan),
            "ralph/fix-it-2026-11-22-01-02-03-6789ab"
        );
    }
}
