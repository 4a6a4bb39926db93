//! [`FileDiff`]: what an agent changed, file by file.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The path of a file inside a repository: bytes, as git sees them, with `/` between the parts.
///
/// As text (and in JSON) a path that is not UTF-8, or that starts with a double quote, is written
/// the way git quotes it, so that every path survives the way there and back.
///
/// ```
/// use grump_core::RepoPath;
///
/// let path = RepoPath::from_bytes(b"caf\xe9.txt");
/// assert_eq!(path.to_string(), r#""caf\351.txt""#);
/// assert_eq!(RepoPath::parse(&path.to_string()), path);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(Vec<u8>);

impl RepoPath {
    /// The path of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Reads what `Display` wrote. Text that is not well quoted is taken as it stands.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(unquote(text).unwrap_or_else(|| text.as_bytes().to_vec()))
    }

    /// The path's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, quoted only where it must be.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        match std::str::from_utf8(&self.0) {
            Ok(text) if !text.starts_with('"') => Cow::Borrowed(text),
            _ => Cow::Owned(quote(&self.0)),
        }
    }
}

impl From<&str> for RepoPath {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoPath({self})")
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer).map_err(de::Error::custom)?;
        Ok(Self::parse(&text))
    }
}

fn quote(bytes: &[u8]) -> String {
    let mut text = String::from('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', byte as char]),
            0x20..=0x7e => text.push(byte as char),
            _ => text.push_str(&format!("\\{byte:03o}")),
        }
    }
    text.push('"');
    text
}

fn unquote(text: &str) -> Option<Vec<u8>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?.as_bytes();
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, left) = if first == b'\\' {
            escape(after)?
        } else {
            (first, after)
        };
        bytes.push(byte);
        rest = left;
    }
    Some(bytes)
}

fn escape(after: &[u8]) -> Option<(u8, &[u8])> {
    match after {
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] => {
            Some(((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), rest))
        }
        [b'n', rest @ ..] => Some((b'\n', rest)),
        [b't', rest @ ..] => Some((b'\t', rest)),
        [byte @ (b'"' | b'\\'), rest @ ..] => Some((*byte, rest)),
        _ => None,
    }
}

/// What happened to a file. (Ralpher, "File Diff Status".)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DiffStatus {
    /// A new file.
    Added,
    /// Its content, mode or type changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path; its content may have changed too.
    Renamed,
}

impl fmt::Display for DiffStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
            Self::Renamed => "renamed",
        })
    }
}

/// What a tree's entry is, where it is not a plain text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileType {
    /// A file of text.
    #[default]
    Text,
    /// A file that git takes for binary.
    Binary,
    /// A symbolic link; the patch holds its target.
    Symlink,
    /// Another repository at a commit; the patch holds the commits' ids.
    Submodule,
}

/// What an agent changed in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileDiff {
    /// The file's path, the new one where it was renamed.
    pub path: RepoPath,
    /// The path it had, where it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<RepoPath>,
    /// What happened to it.
    pub status: DiffStatus,
    /// What it is.
    #[serde(default)]
    pub file_type: FileType,
    /// Lines added; 0 for what has no lines.
    pub additions: u64,
    /// Lines deleted; 0 for what has no lines.
    pub deletions: u64,
    /// The file's mode before and after, in git's octal words (`100644`), where it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode_change: Option<(String, String)>,
    /// This file's part of the patch, headers included, as `git diff --binary` writes it: what
    /// `git apply` takes. Content that is neither UTF-8 nor text stands in git's binary form.
    pub patch: String,
}

impl FileDiff {
    /// A change with an empty patch.
    #[must_use]
    pub fn new(path: RepoPath, status: DiffStatus) -> Self {
        Self {
            path,
            old_path: None,
            status,
            file_type: FileType::Text,
            additions: 0,
            deletions: 0,
            mode_change: None,
            patch: String::new(),
        }
    }

    /// The patch from its first hunk on, empty where there is none: the form that the Ralpher
    /// document shows for `GET /api/loops/:id/diff`.
    #[must_use]
    pub fn hunks(&self) -> &str {
        if self.patch.starts_with("@@") {
            return &self.patch;
        }
        self.patch
            .find("\n@@")
            .map_or("", |at| &self.patch[at + 1..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_path_survives_the_way_through_json(bytes: Vec<u8>) {
            let path = RepoPath::from_bytes(bytes);
            let json = serde_json::to_string(&path).unwrap();
            prop_assert_eq!(serde_json::from_str::<RepoPath>(&json).unwrap(), path);
        }
    }

    #[test]
    fn utf8_paths_are_written_as_they_are() {
        assert_eq!(
            RepoPath::from("src/müll \\ x.rs").to_string(),
            "src/müll \\ x.rs"
        );
        assert_eq!(RepoPath::from("\"q\"").to_string(), r#""\"q\"""#);
    }

    #[test]
    fn hunks_leave_the_headers_out() {
        let mut diff = FileDiff::new("a".into(), DiffStatus::Modified);
        diff.patch = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n".into();
        assert_eq!(diff.hunks(), "@@ -1 +1 @@\n-x\n+y\n");
        diff.patch = "diff --git a/a b/a\nold mode 100644\nnew mode 100755\n".into();
        assert_eq!(diff.hunks(), "");
    }
}
