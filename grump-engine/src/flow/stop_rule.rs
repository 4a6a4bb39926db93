//! When a loop is done: its stop pattern, on the assistant's final message and on nothing else.

use grump_core::{Error, ErrorKind, Result, loops::DEFAULT_STOP_PATTERN};
use regex::Regex;

/// What the default pattern promises, alone on the last line.
const DEFAULT_PROMISE: &str = "<promise>COMPLETE</promise>";

/// A stop pattern, ready to be matched.
#[derive(Clone, Debug)]
pub(crate) struct StopRule {
    pattern: Regex,
    alone_on_last_line: bool,
}

impl StopRule {
    /// Compiles a stop pattern.
    ///
    /// # Errors
    /// `InvalidInput` if it is no regular expression of the `regex` crate's syntax.
    pub(crate) fn new(pattern: &str) -> Result<Self> {
        let compiled = Regex::new(pattern).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "the stop pattern is no regular expression")
                .with("pattern", pattern)
                .advise("write it in the syntax of Rust's regex crate, without look-around and back-references")
                .caused_by(error)
        })?;
        Ok(Self {
            pattern: compiled,
            alone_on_last_line: pattern == DEFAULT_STOP_PATTERN,
        })
    }

    /// Whether the assistant's final message says that the work is done. White space behind it does
    /// not count.
    ///
    /// The default pattern also wants its promise alone on the last line, so that a message that
    /// talks about the promise ("I will not write … yet") does not end the loop.
    pub(crate) fn matches(&self, final_message: &str) -> bool {
        let message = final_message.trim_end();
        let last_line = message.lines().next_back().unwrap_or_default();
        self.pattern.is_match(message)
            && (!self.alone_on_last_line || last_line.trim() == DEFAULT_PROMISE)
    }
}

#[cfg(test)]
mod tests {
    use grump_core::ErrorKind;
    use rstest::rstest;

    use super::*;

    /// Pitfall 30: what was reported as false completion, and as completion that was missed.
    #[rstest]
    #[case::plain("<promise>COMPLETE</promise>", true)]
    #[case::after_a_summary("All tests pass.\n\n<promise>COMPLETE</promise>", true)]
    #[case::trailing_white_space("Done.\n<promise>COMPLETE</promise>\n\n  \n", true)]
    #[case::windows_line_ends("Done.\r\n<promise>COMPLETE</promise>\r\n", true)]
    #[case::indented("Done.\n  <promise>COMPLETE</promise>", true)]
    #[case::negated("I will not write <promise>COMPLETE</promise>", false)]
    #[case::negated_with_full_stop("Not done, so no <promise>COMPLETE</promise>.", false)]
    #[case::quoted_instruction("You asked for `<promise>COMPLETE</promise>`", false)]
    #[case::talked_about_then_more("<promise>COMPLETE</promise>\nStill to do: tests.", false)]
    #[case::in_a_list("- [ ] emit <promise>COMPLETE</promise>", false)]
    #[case::other_word("<promise>INCOMPLETE</promise>", false)]
    #[case::lower_case("<promise>complete</promise>", false)]
    #[case::unfinished("<promise>COMPLETE", false)]
    #[case::nothing("", false)]
    fn the_default_pattern(#[case] final_message: &str, #[case] done: bool) {
        assert_eq!(
            StopRule::new(DEFAULT_STOP_PATTERN)
                .unwrap()
                .matches(final_message),
            done
        );
    }

    #[test]
    fn a_pattern_of_ones_own_is_matched_as_it_stands() {
        let rule = StopRule::new("(?i)all done").unwrap();
        assert!(rule.matches("It is ALL DONE, I think."));
        assert!(!rule.matches("not yet"));
    }

    #[test]
    fn a_pattern_that_is_no_regex_is_refused_with_what_to_write() {
        let error = StopRule::new("(?=x)").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.advice().unwrap().contains("look-around"), "{error}");
    }
}
