//! A unified diff, file by file.

use grump_core::{DiffStatus, FileDiff, RepoPath, change::FileType};

/// What stands before each file's part of a diff that git wrote.
const GIT: &str = "diff --git ";

/// The parts of a unified diff, one for each file. Whatever is before the first of them is none.
///
/// ```
/// use grump_core::DiffStatus;
/// use grump_wire::steward::map::file_diffs;
///
/// let patch = "diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+hi\n";
/// let files = file_diffs(patch);
/// assert_eq!((files[0].status, files[0].additions), (DiffStatus::Added, 1));
/// assert_eq!(files[0].patch, patch);
/// ```
#[must_use]
pub fn file_diffs(patch: &str) -> Vec<FileDiff> {
    let mut files = Vec::new();
    let mut rest = match begin(patch, 0) {
        Some(first) => &patch[first..],
        None => return files,
    };
    while !rest.is_empty() {
        let end = begin(rest, 1).unwrap_or(rest.len());
        files.push(file(&rest[..end]));
        rest = &rest[end..];
    }
    files
}

/// Where the next file's part begins, from this byte on.
fn begin(patch: &str, from: usize) -> Option<usize> {
    let is_gits = patch.starts_with(GIT) || patch.contains("\ndiff --git ");
    let mut at = 0;
    let mut lines = patch.split_inclusive('\n').peekable();
    // How many lines of the hunk that one is in are still to come: old and new.
    let mut left = (0, 0);
    while let Some(line) = lines.next() {
        let begins = match is_gits {
            true => line.starts_with(GIT),
            false => {
                line.starts_with("--- ")
                    && lines.peek().is_some_and(|next| next.starts_with("+++ "))
            }
        };
        if begins && left == (0, 0) && at >= from {
            return Some(at);
        }
        left = behind(line, left);
        at += line.len();
    }
    None
}

/// How many lines of a hunk are still to come behind this line. What looks like a header inside a
/// hunk is a line of it.
fn behind(line: &str, (old, new): (u64, u64)) -> (u64, u64) {
    if (old, new) == (0, 0) {
        return hunk(line).unwrap_or_default();
    }
    match line.as_bytes().first() {
        Some(b'-') => (old.saturating_sub(1), new),
        Some(b'+') => (old, new.saturating_sub(1)),
        Some(b'\\') => (old, new),
        _ => (old.saturating_sub(1), new.saturating_sub(1)),
    }
}

/// The numbers of lines, old and new, that `@@ -1,2 +3,4 @@` announces.
fn hunk(line: &str) -> Option<(u64, u64)> {
    let ranges = line.strip_prefix("@@ -")?.split_once(" @@")?.0;
    let (old, new) = ranges.split_once(" +")?;
    let count = |range: &str| match range.split_once(',') {
        Some((_, count)) => count.parse().ok(),
        None => Some(1),
    };
    Some((count(old)?, count(new)?))
}

/// One file's part.
fn file(part: &str) -> FileDiff {
    let head = Head::of(part);
    let path = head.new.or(head.old).unwrap_or_default();
    let mut diff = FileDiff::new(RepoPath::parse(path), head.status());
    if diff.status == DiffStatus::Renamed {
        diff.old_path = head.old.map(RepoPath::parse);
    }
    if head.is_binary {
        diff.file_type = FileType::Binary;
    }
    diff.mode_change = head
        .modes
        .0
        .zip(head.modes.1)
        .map(|(old, new)| (old.to_owned(), new.to_owned()));
    let mut left = (0, 0);
    for line in part.lines() {
        match line.as_bytes().first() {
            Some(b'+') if left.1 > 0 => diff.additions += 1,
            Some(b'-') if left.0 > 0 => diff.deletions += 1,
            _ => {}
        }
        left = behind(line, left);
    }
    part.clone_into(&mut diff.patch);
    diff
}

/// What is said about a file before its first hunk.
#[derive(Default)]
struct Head<'a> {
    old: Option<&'a str>,
    new: Option<&'a str>,
    is_added: bool,
    is_deleted: bool,
    is_renamed: bool,
    is_binary: bool,
    modes: (Option<&'a str>, Option<&'a str>),
}

impl<'a> Head<'a> {
    fn of(part: &'a str) -> Self {
        let mut head = Self::default();
        let lines = part.lines().take_while(|line| !line.starts_with("@@ "));
        for line in lines {
            head.read(line);
        }
        head
    }

    fn read(&mut self, line: &'a str) {
        let side = |line: &'a str, side: &str| {
            let path = line.split('\t').next().unwrap_or(line);
            (path != "/dev/null").then(|| path.strip_prefix(side).unwrap_or(path))
        };
        if let Some(names) = line.strip_prefix(GIT) {
            (self.old, self.new) = both(names);
        } else if let Some(path) = line.strip_prefix("--- ") {
            self.is_added |= path == "/dev/null";
            self.old = side(path, "a/").or(self.old);
        } else if let Some(path) = line.strip_prefix("+++ ") {
            self.is_deleted |= path == "/dev/null";
            self.new = side(path, "b/").or(self.new);
        } else if let Some(path) = line.strip_prefix("rename from ") {
            (self.is_renamed, self.old) = (true, Some(path));
        } else if let Some(path) = line.strip_prefix("rename to ") {
            (self.is_renamed, self.new) = (true, Some(path));
        } else if let Some(mode) = line.strip_prefix("old mode ") {
            self.modes.0 = Some(mode);
        } else if let Some(mode) = line.strip_prefix("new mode ") {
            self.modes.1 = Some(mode);
        }
        self.is_added |= line.starts_with("new file mode ");
        self.is_deleted |= line.starts_with("deleted file mode ");
        self.is_binary |= line == "GIT binary patch" || line.starts_with("Binary files ");
    }

    const fn status(&self) -> DiffStatus {
        match (self.is_added, self.is_deleted, self.is_renamed) {
            (true, ..) => DiffStatus::Added,
            (_, true, _) => DiffStatus::Deleted,
            (.., true) => DiffStatus::Renamed,
            _ => DiffStatus::Modified,
        }
    }
}

/// The two names of `a/x b/x`, which are the same but for a rename, and that is said elsewhere.
fn both(names: &str) -> (Option<&str>, Option<&str>) {
    let half = names.len() / 2;
    let sides = names.is_char_boundary(half).then(|| names.split_at(half));
    let same = sides.and_then(|(old, new)| {
        let (old, new) = (old.strip_prefix("a/")?, new.strip_prefix(" b/")?);
        (old == new).then_some(new)
    });
    (same, same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(patch: &str) -> Vec<(String, DiffStatus, u64, u64)> {
        let files = file_diffs(patch);
        let whole: String = files.iter().map(|file| &*file.patch).collect();
        assert!(patch.ends_with(&whole), "the parts are the patch");
        let told = files.iter().map(|file| {
            let path = file.path.to_string();
            (path, file.status, file.additions, file.deletions)
        });
        told.collect()
    }

    #[test]
    fn a_patch_is_taken_apart_by_file() {
        let patch = "diff --git a/a.txt b/a.txt\nindex 1..2 100644\n--- a/a.txt\n+++ b/a.txt\n\
            @@ -1,2 +1,3 @@\n one\n-two\n+2\n+3\ndiff --git a/b c b/b c\ndeleted file mode 100644\n\
            --- a/b c\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n";
        assert_eq!(
            told(patch),
            [
                ("a.txt".to_owned(), DiffStatus::Modified, 2, 1),
                ("b c".to_owned(), DiffStatus::Deleted, 0, 1),
            ]
        );
    }

    #[test]
    fn what_looks_like_a_header_inside_a_hunk_is_a_line_of_it() {
        let patch = "diff --git a/p b/p\n--- a/p\n+++ b/p\n@@ -1,2 +1,2 @@\n--- a\n-diff --git a/x b/x\n\
            +++ b\n+x\n";
        assert_eq!(told(patch), [("p".to_owned(), DiffStatus::Modified, 2, 2)]);
    }

    #[test]
    fn renames_modes_and_binary_files_are_known() {
        let patch = "diff --git a/old b/new\nsimilarity index 100%\nrename from old\nrename to new\n\
            diff --git a/run b/run\nold mode 100644\nnew mode 100755\n\
            diff --git a/i.png b/i.png\nnew file mode 100644\nBinary files /dev/null and b/i.png differ\n";
        let files = file_diffs(patch);
        assert_eq!(files[0].status, DiffStatus::Renamed);
        assert_eq!(files[0].old_path, Some(RepoPath::from("old")));
        assert_eq!(
            files[1].mode_change,
            Some(("100644".into(), "100755".into()))
        );
        assert_eq!(files[1].path, RepoPath::from("run"));
        assert_eq!(
            (files[2].status, files[2].file_type),
            (DiffStatus::Added, FileType::Binary)
        );
        assert_eq!(files.len(), 3);
    }

    #[test]
    fn a_patch_that_git_did_not_write_is_taken_apart_too() {
        let patch = "Here it is:\n--- a/x\t2026-01-20\n+++ b/x\t2026-01-20\n@@ -1 +1 @@\n-1\n+2\n\
            --- /dev/null\n+++ b/y\n@@ -0,0 +1 @@\n+1\n\\ No newline at end of file\n";
        assert_eq!(
            told(patch),
            [
                ("x".to_owned(), DiffStatus::Modified, 1, 1),
                ("y".to_owned(), DiffStatus::Added, 1, 0),
            ]
        );
    }

    #[test]
    fn text_that_is_no_patch_has_no_files() {
        assert_eq!(file_diffs(""), []);
        assert_eq!(file_diffs("nothing changed\n"), []);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(lines: Vec<String>) {
            let text = format!("diff --git a/x b/x\n{}", lines.join("\n"));
            let files = file_diffs(&text);
            let whole: String = files.iter().map(|file| &*file.patch).collect();
            proptest::prop_assert_eq!(whole, text);
        }
    }
}
