//! What an agent did to the repository beyond its worktree, which nothing keeps it from.

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use grump_core::Result;

use super::{Workspace, create::registered};

/// Files of the common git folder that all worktrees share.
const SHARED: [&str; 6] = [
    "HEAD",
    "config",
    "config.worktree",
    "info/attributes",
    "info/exclude",
    "objects/info/alternates",
];

/// The state of what a run has no business with: other branches, tags, shared configuration and
/// hooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    references: BTreeMap<String, String>,
    files: BTreeMap<String, u64>,
}

impl Workspace {
    /// Looks at the repository outside of this run. The branches of other runs are left out.
    ///
    /// # Errors
    /// Those of running git.
    pub async fn outside(&self) -> Result<Outside> {
        let call = self.home().git();
        let call = call.args(["for-each-ref", "--format=%(refname) %(objectname)"]);
        let listed = call.line().await?;
        let runs = self.branches_of_runs();
        let others =
            |name: &str| !name.starts_with("refs/grump/") && !runs.iter().any(|run| run == name);
        let references = listed
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(name, _)| others(name))
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .collect();
        Ok(Outside {
            references,
            files: shared_files(&self.record.common_dir),
        })
    }

    fn branches_of_runs(&self) -> Vec<String> {
        let runs = registered(&self.record.common_dir)
            .into_iter()
            .filter(|worktree| {
                let reason = worktree.reason.as_deref();
                reason.is_some_and(|reason| reason.starts_with("grump run "))
            });
        let branch = |git_dir: &Path| {
            let head = fs::read_to_string(git_dir.join("HEAD")).ok()?;
            Some(head.strip_prefix("ref: ")?.trim_end().to_owned())
        };
        runs.filter_map(|worktree| branch(&worktree.git_dir))
            .chain([self.branch_ref()])
            .collect()
    }
}

impl Outside {
    /// What changed from this state to a later one, a line each; somebody else may have done it.
    #[must_use]
    pub fn changes_to(&self, later: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for name in keys(&self.references, &later.references) {
            match (self.references.get(name), later.references.get(name)) {
                (Some(old), Some(new)) if old != new => {
                    changes.push(format!(
                        "{name} moved from {} to {}",
                        short(old),
                        short(new)
                    ));
                }
                (Some(old), None) => changes.push(format!("{name} ({}) was deleted", short(old))),
                (None, Some(new)) => changes.push(format!("{name} ({}) is new", short(new))),
                _ => {}
            }
        }
        for name in keys(&self.files, &later.files) {
            if self.files.get(name) != later.files.get(name) {
                changes.push(format!(".git/{name} changed"));
            }
        }
        changes
    }
}

fn keys<'a, V>(
    one: &'a BTreeMap<String, V>,
    other: &'a BTreeMap<String, V>,
) -> impl Iterator<Item = &'a String> {
    one.keys()
        .chain(other.keys().filter(|name| !one.contains_key(*name)))
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn shared_files(common_dir: &Path) -> BTreeMap<String, u64> {
    let hooks = fs::read_dir(common_dir.join("hooks"))
        .into_iter()
        .flatten()
        .flatten();
    let hooks = hooks.map(|entry| format!("hooks/{}", entry.file_name().to_string_lossy()));
    SHARED
        .map(str::to_owned)
        .into_iter()
        .chain(hooks)
        .filter_map(|name| {
            let content = fs::read(common_dir.join(&name)).ok()?;
            let mut hasher = DefaultHasher::new();
            content.hash(&mut hasher);
            Some((name, hasher.finish()))
        })
        .collect()
}
