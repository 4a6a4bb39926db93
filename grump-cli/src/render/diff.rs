//! What a loop changed: the patch in colours, and how much of it there is.

use anstyle::{AnsiColor, Style};
use grump::{DiffStatus, FileDiff, FileType};

use super::{
    table,
    words::{clean, count},
};

/// A patch for a terminal: coloured, and with nothing in it that the terminal would obey.
pub(crate) fn coloured_patch(patch: &str) -> String {
    let mut shown = String::with_capacity(patch.len() + patch.len() / 8);
    for line in patch.lines() {
        let style = style_of(line);
        shown.push_str(&format!("{style}{}{style:#}\n", clean(line)));
    }
    shown
}

fn style_of(line: &str) -> Style {
    const HEADINGS: [&str; 10] = [
        "diff ",
        "index ",
        "--- ",
        "+++ ",
        "new ",
        "deleted ",
        "old ",
        "rename ",
        "similarity ",
        "GIT binary",
    ];
    match line.as_bytes().first() {
        _ if HEADINGS.iter().any(|heading| line.starts_with(heading)) => Style::new().bold(),
        Some(b'+') => AnsiColor::Green.on_default(),
        Some(b'-') => AnsiColor::Red.on_default(),
        Some(b'@') => AnsiColor::Cyan.on_default(),
        _ => Style::new(),
    }
}

/// One line per file, and the sum.
pub(crate) fn stat(files: &[FileDiff]) -> String {
    let mut rows = table(&[]);
    for file in files {
        rows.add_row([letter(file.status).to_owned(), path(file), amount(file)]);
    }
    format!("{}\n{}\n", super::list::text(&rows), sum(files))
}

const fn letter(status: DiffStatus) -> &'static str {
    match status {
        DiffStatus::Added => "A",
        DiffStatus::Modified => "M",
        DiffStatus::Deleted => "D",
        DiffStatus::Renamed => "R",
        _ => "?",
    }
}

fn path(file: &FileDiff) -> String {
    match &file.old_path {
        Some(old) => clean(&format!("{old} => {}", file.path)),
        None => clean(&file.path.to_text()),
    }
}

fn amount(file: &FileDiff) -> String {
    match (file.file_type, &file.mode_change) {
        (FileType::Binary, _) => "binary".to_owned(),
        (FileType::Submodule, _) => "submodule".to_owned(),
        (_, Some((before, after))) if file.additions + file.deletions == 0 => {
            format!("mode {before} => {after}")
        }
        _ => format!("+{} -{}", file.additions, file.deletions),
    }
}

/// `3 files changed, +12 -4`
pub(super) fn sum(files: &[FileDiff]) -> String {
    let added: u64 = files.iter().map(|file| file.additions).sum();
    let deleted: u64 = files.iter().map(|file| file.deletions).sum();
    format!(
        "{} changed, +{added} -{deleted}",
        count(files.len(), "file")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, status: DiffStatus, additions: u64, deletions: u64) -> FileDiff {
        let mut file = FileDiff::new(path.into(), status);
        (file.additions, file.deletions) = (additions, deletions);
        file
    }

    #[test]
    fn the_stat_names_every_kind_of_change() {
        let mut renamed = file("new\u{1b}[2J.rs", DiffStatus::Renamed, 1, 1);
        renamed.old_path = Some("old.rs".into());
        let mut binary = file("logo.png", DiffStatus::Added, 0, 0);
        binary.file_type = FileType::Binary;
        let mut mode = file("run.sh", DiffStatus::Modified, 0, 0);
        mode.mode_change = Some(("100644".into(), "100755".into()));
        let gone = file("docs/very/old.md", DiffStatus::Deleted, 0, 120);
        insta::assert_snapshot!(stat(&[renamed, binary, mode, gone]));
    }

    #[test]
    fn a_patch_on_a_terminal_has_colours_and_obeys_nobody() {
        let patch = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+\u{1b}[31my\n z\n";
        let shown = coloured_patch(patch);
        assert!(shown.contains("\u{1b}[32m+y\u{1b}[0m\n"), "{shown:?}");
        let plain = anstream::adapter::strip_str(&shown).to_string();
        assert_eq!(plain, patch.replace("\u{1b}[31m", ""));
    }
}
