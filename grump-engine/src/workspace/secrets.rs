//! The gate that keeps what looks like a secret out of commits.

use std::{collections::HashSet, fs::File, io::Read, path::PathBuf, sync::LazyLock};

use grump_core::{Error, ErrorKind, RepoPath, Result};
use regex::bytes::RegexSet;

use super::{
    raw::{self, RawChange},
    stage::{LeftOut, LeftOutReason, Tree},
};

/// How much of a file is read, in bytes.
const READ_LIMIT: u64 = 1 << 20;

/// Well-known kinds of secrets, by what their text looks like.
const CONTENTS: [(&str, &str); 14] = [
    (
        "private key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    ),
    ("AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("GitHub token", r"\bgithub_pat_[A-Za-z0-9_]{60,}"),
    ("GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("Anthropic API key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    (
        "OpenAI API key",
        r"\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}",
    ),
    ("OpenAI API key", r"\bsk-[A-Za-z0-9]{40,}\b"),
    ("Stripe key", r"\b[rs]k_live_[0-9A-Za-z]{20,}"),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("npm token", r"_authToken\s*=\s*[^\s$]{8,}"),
    ("PyPI token", r"\bpypi-AgEI[A-Za-z0-9_-]{50,}"),
];

static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(CONTENTS.map(|(_, pattern)| pattern)).expect("the patterns are fixed and valid")
});

/// Of the staged changes, those that bring in what looks like a secret. What the history already
/// has passes: a file that looked like one before, or that only moved.
pub(crate) async fn suspects(tree: &Tree<'_>, changed: &[RawChange]) -> Result<Vec<LeftOut>> {
    let known: HashSet<&str> = changed
        .iter()
        .map(|change| change.old_id.as_str())
        .collect();
    let files: Vec<_> = changed
        .iter()
        .filter(|change| change.new_mode.starts_with("100") && !known.contains(&*change.new_id))
        .map(|change| (change.clone(), raw::join(tree.directory, &change.path)))
        .collect();
    let mut suspects = Vec::new();
    for (change, kind) in look_at(files).await? {
        if !change.was_there() || !was_suspect(tree, &change).await? {
            suspects.push(LeftOut {
                path: change.path,
                reason: LeftOutReason::Secret(kind.to_owned()),
            });
        }
    }
    Ok(suspects)
}

async fn look_at(files: Vec<(RawChange, PathBuf)>) -> Result<Vec<(RawChange, &'static str)>> {
    let look = move || {
        let found = files.into_iter().filter_map(|(change, file)| {
            let kind = kind_of(&change.path, &beginning(file))?;
            Some((change, kind))
        });
        found.collect()
    };
    tokio::task::spawn_blocking(look).await.map_err(|error| {
        Error::new(ErrorKind::Internal, "looking for secrets failed").caused_by(error)
    })
}

/// Of a file that cannot be read, its name still speaks.
fn beginning(file: PathBuf) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(file) {
        let _ = file.take(READ_LIMIT).read_to_end(&mut bytes);
    }
    bytes
}

async fn was_suspect(tree: &Tree<'_>, change: &RawChange) -> Result<bool> {
    let call = tree.git().args(["cat-file", "blob", &change.old_id]);
    Ok(kind_of(&change.path, &call.output().await?).is_some())
}

/// Which kind of secret a file looks like.
fn kind_of(path: &RepoPath, content: &[u8]) -> Option<&'static str> {
    let name = path.as_bytes().rsplit(|&byte| byte == b'/').next()?;
    let by_content = || {
        let first = PATTERNS.matches(content).into_iter().next()?;
        Some(CONTENTS[first].0)
    };
    kind_by_name(&String::from_utf8_lossy(name)).or_else(by_content)
}

fn kind_by_name(name: &str) -> Option<&'static str> {
    const EXAMPLES: [&str; 5] = ["example", "sample", "template", "dist", "defaults"];
    let ending = name.rsplit('.').next().unwrap_or_default();
    let environment = name == ".env" || name.starts_with(".env.");
    if environment && !EXAMPLES.contains(&ending) {
        return Some("environment file");
    }
    match (name, ending) {
        ("id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519", _) | (_, "p12" | "pfx") => {
            Some("private key")
        }
        (".netrc" | ".git-credentials" | ".pgpass", _) => Some("password file"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, content: &str) -> Option<&'static str> {
        kind_of(&name.into(), content.as_bytes())
    }

    /// Pitfall 35: the well-known kinds are seen, by name and by content.
    #[test]
    fn well_known_secrets_are_seen() {
        let key = concat!("-----BEGIN OPENSSH PRIV", "ATE KEY-----\n");
        assert_eq!(kind("notes.txt", key), Some("private key"));
        let aws = concat!("key = AKIA", "ABCDEFGHIJKLMNOP");
        assert_eq!(kind("a/b.py", aws), Some("AWS access key"));
        let token = concat!("x ghp", "_0123456789abcdefghijABCDEFGHIJ012345 y");
        assert_eq!(kind("c", token), Some("GitHub token"));
        assert_eq!(kind("web/.env", "A=1"), Some("environment file"));
        assert_eq!(kind(".env.local", ""), Some("environment file"));
        assert_eq!(kind("id_ed25519", ""), Some("private key"));
    }

    #[test]
    fn ordinary_files_pass() {
        assert_eq!(kind(".env.example", "TOKEN=\n"), None);
        assert_eq!(kind("id_rsa.pub", "ssh-rsa AAAA"), None);
        assert_eq!(
            kind("style.css", ".sk-folding-cube-with-quite-a-long-name { }"),
            None
        );
        assert_eq!(kind(".npmrc", "//host/:_authToken=${TOKEN}"), None);
    }
}
