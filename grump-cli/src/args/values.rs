//! Values that are typed: lengths of time, numbers of tokens, names made from prompts.

use std::time::Duration;

use jiff::SignedDuration;

/// How long a name that is made from a prompt may be, in characters.
const TITLE: usize = 48;

/// Reads `90s`, `15m`, `1h 30m`; answers whole seconds.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no length of time; write 90s, 15m or 1h30m");
    let duration: SignedDuration = text.parse().map_err(|_| wrong())?;
    u64::try_from(duration.as_secs())
        .ok()
        .filter(|seconds| *seconds > 0)
        .ok_or_else(wrong)
}

/// Reads `250000`, `250k`, `2M`.
pub(super) fn tokens(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000),
        None => match text.strip_suffix(['m', 'M']) {
            Some(digits) => (digits, 1_000_000),
            None => (text, 1),
        },
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("{text:?} is no number of tokens; write 250000, 250k or 2M"))
}

/// Reads a number of things of which there must be one.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse::<std::num::NonZero<usize>>();
    number
        .map(Into::into)
        .map_err(|_| format!("{text:?} is not a number of 1 or more"))
}

/// The name of a loop that was given none: the beginning of its prompt.
pub(crate) fn title_of(prompt: &str) -> String {
    let line = prompt.lines().map(str::trim).find(|line| !line.is_empty());
    let line = line.unwrap_or_default();
    if line.chars().count() <= TITLE {
        return line.to_owned();
    }
    let cut: String = line.chars().take(TITLE - 1).collect();
    let whole_words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!("{whole_words}…")
}

/// A length of time for people: `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d`.
pub(crate) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 86_400, seconds / 3_600, seconds / 60) {
        (0, 0, 0) => format!("{:.1} s", duration.as_secs_f64()),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {} min", minutes % 60),
        (days, hours, _) => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        for (text, expected) in [("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400)] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for wrong in ["", "soon", "-5m", "0s", "12"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_of_tokens_may_be_shortened() {
        for (text, expected) in [("7", 7), ("250k", 250_000), ("2M", 2_000_000)] {
            assert_eq!(tokens(text), Ok(expected), "{text}");
        }
        for wrong in ["", "0", "k", "1.5k", "99999999999999999999"] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_the_beginning_of_the_prompt_in_whole_words() {
        assert_eq!(
            title_of("\n  Add dark mode\nwith a switch"),
            "Add dark mode"
        );
        let long = "Rewrite the parser so that it keeps comments and blank lines as they are";
        assert_eq!(
            title_of(long),
            "Rewrite the parser so that it keeps comments…"
        );
        assert_eq!(title_of(&"x".repeat(60)).chars().count(), TITLE);
    }

    #[test]
    fn lengths_of_time_are_written_for_people() {
        for (seconds, expected) in [
            (4.25, "4.2 s"),
            (185.0, "3 min 5 s"),
            (7800.0, "2 h 10 min"),
            (266_400.0, "3 d 2 h"),
        ] {
            assert_eq!(duration_text(Duration::from_secs_f64(seconds)), expected);
        }
    }
}
