//! Words for people: cleaned, shortened, counted.

use std::time::Duration;

use grump::{RunId, Timestamp};

use crate::args::duration_text;

/// How many characters of an id are shown in lists.
const SHORT: usize = 8;

/// Text without anything that a terminal would obey: what agents say must not move the cursor,
/// change colours or set titles.
pub(crate) fn clean(text: &str) -> String {
    anstream::adapter::strip_str(text)
        .to_string()
        .chars()
        .filter(|character| *character == '\t' || !is_obeyed(*character))
        .collect()
}

/// Several lines of text, each cleaned.
pub(crate) fn lines_of(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(clean).collect();
    lines.join("\n")
}

/// Control characters, and those that turn the direction of text.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first line with something in it, cleaned, and cut to so many characters.
pub(super) fn first_line(text: &str, limit: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    shorten(&clean(line.unwrap_or_default()), limit)
}

/// The last two lines with something in them, on one line, cleaned, and cut to so many characters.
pub(super) fn last_lines(text: &str, limit: usize) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<_> = lines.collect();
    let last = &lines[lines.len().saturating_sub(2)..];
    shorten(&clean(&last.join("; ")), limit)
}

/// The text on one line, cut to so many characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    shorten(&clean(&words.join(" ")), limit)
}

pub(super) fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// The part of an id that is shown in lists, and that commands take: its end, since the beginning
/// of a time-ordered id is the same for all of one day.
pub(crate) fn short_id(id: &RunId) -> &str {
    let text = id.as_str();
    match text.char_indices().rev().nth(SHORT - 1) {
        Some((at, _)) if text.len() > 2 * SHORT => &text[at..],
        _ => text,
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// `1234`, `12.3k`, `4.5M`.
pub(super) fn tokens(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.1}k", number as f64 / 1e3),
        _ => format!("{:.1}M", number as f64 / 1e6),
    }
}

/// How long ago that was.
pub(super) fn ago(moment: &Timestamp, now: &Timestamp) -> String {
    let passed = now.since(moment);
    match passed {
        _ if passed < Duration::from_secs(10) => "just now".to_owned(),
        _ if passed < Duration::from_secs(60) => format!("{} s ago", passed.as_secs()),
        _ if passed < Duration::from_secs(3600) => format!("{} min ago", passed.as_secs() / 60),
        _ => format!("{} ago", duration_text(passed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        assert_eq!(clean("a\u{1b}[31mred\u{1b}[0m\u{7}\rb\tc"), "aredb\tc");
        assert_eq!(clean("\u{1b}]0;title\u{7}x\u{202e}y"), "xy");
    }

    #[test]
    fn a_long_id_is_shown_by_its_end() {
        let id = RunId::new("01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(short_id(&id), "099a8057");
        assert_eq!(short_id(&RunId::new("l-1")), "l-1");
    }

    #[test]
    fn numbers_and_times_are_written_for_people() {
        assert_eq!(
            (count(1, "file"), count(0, "file")),
            ("1 file".into(), "0 files".into())
        );
        assert_eq!(
            [tokens(9_999), tokens(12_345), tokens(4_500_000)],
            ["9999", "12.3k", "4.5M"]
        );
        let then = Timestamp::from_millis(0);
        let after = |seconds: i64| ago(&then, &Timestamp::from_millis(seconds * 1000));
        assert_eq!(
            [after(3), after(42), after(200)],
            ["just now", "42 s ago", "3 min ago"]
        );
        assert_eq!(after(7800), "2 h 10 min ago");
    }

    #[test]
    fn text_is_cut_by_characters_not_by_bytes() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
        assert_eq!(one_line(" a\n b\u{1b}[1m ", 9), "a b");
        assert_eq!(first_line("\n  x \ny", 9), "x");
        assert_eq!(last_lines("x\n y\n\nz\n", 9), "y; z");
    }
}
