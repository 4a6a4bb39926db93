//! Errors, for people and for programs.

use grump::{Conflict, Error};
use serde_json::{Map, Value, json};

use super::{Line, Tone, words::clean};

/// How many files are named; of more only the number is.
const FILES: usize = 20;

/// What happened, to what, and what to do.
pub(crate) fn error_text(error: &Error) -> Vec<Line> {
    let mut lines = vec![Line::new(
        Tone::Bad,
        format!("error: {}", clean(error.message())),
    )];
    lines.extend(
        error
            .context()
            .map(|(name, value)| plain(format!("  {name}: {value}"))),
    );
    lines.extend(
        causes(error)
            .into_iter()
            .map(|cause| plain(format!("  because: {cause}"))),
    );
    if let Some(conflict) = error.conflict() {
        lines.extend(files(conflict));
    }
    lines.extend(
        error
            .advice()
            .map(|advice| Line::new(Tone::Strong, format!("help: {}", clean(advice)))),
    );
    lines.extend(error.conflict().map(choices).unwrap_or_default());
    lines
}

fn plain(text: impl AsRef<str>) -> Line {
    Line::new(Tone::Plain, clean(text.as_ref()))
}

/// What lies underneath, as far as it says something new.
fn causes(error: &Error) -> Vec<String> {
    let mut told = error.message().to_owned();
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let text = cause.to_string();
        if !told.contains(&text) {
            causes.push(text.clone());
            told = text;
        }
        source = cause.source();
    }
    causes
}

fn files(conflict: &Conflict) -> Vec<Line> {
    let named = conflict.changed_files.iter().take(FILES);
    let mut lines: Vec<_> = named.map(|file| plain(format!("    {file}"))).collect();
    if let Some(more) = conflict
        .changed_files
        .len()
        .checked_sub(FILES)
        .filter(|more| *more > 0)
    {
        lines.push(plain(format!("    and {more} more")));
    }
    lines
}

/// What the user may choose, as it is typed.
fn choices(conflict: &Conflict) -> Vec<Line> {
    conflict
        .options
        .iter()
        .filter_map(|option| match option.as_ref() {
            "commit" => {
                Some("  --uncommitted commit   commit them on the current branch, then start")
            }
            "stash" => Some("  --uncommitted stash    put them on git's stash, then start"),
            "cancel" => Some("  or cancel: leave everything as it is; nothing was started"),
            _ => None,
        })
        .map(plain)
        .collect()
}

/// `{"error": {"kind", "message", "advice", "operation", "context", "conflict"}}`; what is not
/// known is `null`.
pub(crate) fn error_json(error: &Error) -> Value {
    let context: Map<_, _> = error
        .context()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    json!({ "error": {
        "kind": error.kind().as_str(),
        "message": error.message(),
        "advice": error.advice(),
        "operation": error.failed_operation(),
        "context": context,
        "causes": causes(error),
        "conflict": error.conflict().map(conflict_json),
    }})
}

fn conflict_json(conflict: &Conflict) -> Value {
    json!({
        "code": conflict.code,
        "current": conflict.current,
        "changed_files": conflict.changed_files,
        "options": conflict.options,
    })
}

#[cfg(test)]
mod tests {
    use grump::{ErrorKind, RunStatus};

    use super::*;

    fn uncommitted() -> Error {
        let conflict = Conflict::new("uncommitted_changes")
            .current(RunStatus::Draft.into())
            .changed_files(vec!["src/main.rs".into(), "a\u{1b}[2Jb".into()])
            .options(&["commit", "stash", "cancel"]);
        Error::new(ErrorKind::Conflict, "the folder has uncommitted changes")
            .operation("runs.start")
            .with("folder", "/home/me/app")
            .advise("commit or stash them")
            .caused_by(std::io::Error::other("git status"))
            .conflicting(conflict)
    }

    fn text(error: &Error) -> String {
        error_text(error)
            .iter()
            .map(|line| line.text.clone() + "\n")
            .collect()
    }

    #[test]
    fn an_error_for_people_says_what_happened_to_what_and_what_to_do() {
        insta::assert_snapshot!(text(&uncommitted()));
    }

    #[test]
    fn an_error_for_programs_has_everything() {
        insta::assert_snapshot!(format!("{:#}", error_json(&uncommitted())));
    }

    #[test]
    fn of_many_files_the_first_are_named() {
        let files = (0..50).map(|number| format!("{number}.txt")).collect();
        let conflict = Conflict::new("merge_conflict").changed_files(files);
        let error = Error::new(ErrorKind::Conflict, "it does not merge").conflicting(conflict);
        assert!(text(&error).ends_with("    19.txt\n    and 30 more\n"));
    }
}
