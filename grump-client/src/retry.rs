//! What may be sent again, and after how long.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use grump_core::{Error, ErrorKind, Retry};

/// How often, and how late, a request is sent again that may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retries {
    pub(crate) times: usize,
    pub(crate) first: Duration,
    /// The longest wait that is worth it: who is told to wait longer, is told so.
    pub(crate) longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            times: 3,
            first: Duration::from_millis(200),
            longest: Duration::from_secs(30),
        }
    }
}

impl Retries {
    pub(crate) fn delays(&self) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_max_times(self.times)
            .with_jitter()
            .build()
    }

    /// How long to wait after this error, where there is another try; `None` is not to try.
    pub(crate) fn wait(&self, error: &Error, next: Option<Duration>) -> Option<Duration> {
        match error.retry() {
            Retry::After(told) if told > self.longest => None,
            Retry::After(told) => next.map(|next| next.max(told)),
            _ => next,
        }
    }

    /// The error as it is told once nothing more is tried.
    pub(crate) fn last(&self, error: Error, is_safe: bool) -> Error {
        let was_tried = self.times > 0 && is_repeatable(&error, is_safe);
        match error.retry() {
            Retry::After(told) if told > self.longest => error,
            _ if was_tried => error.retryable(Retry::Exhausted),
            Retry::MaybeApplied if is_safe => error.retryable(Retry::Safe),
            _ => error,
        }
    }
}

/// Whether the same request may be sent again after this error: it was not executed, or doing it
/// twice does no harm and trying again may help.
pub(crate) fn is_repeatable(error: &Error, is_safe: bool) -> bool {
    match error.retry() {
        Retry::Safe | Retry::After(_) => true,
        Retry::MaybeApplied => {
            is_safe && matches!(error.kind(), ErrorKind::Transport | ErrorKind::Unavailable)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind, retry: Retry) -> Error {
        Error::new(kind, "no").retryable(retry)
    }

    #[test]
    fn what_may_have_run_is_repeated_only_where_that_does_no_harm() {
        let lost = error(ErrorKind::Transport, Retry::MaybeApplied);
        assert!(is_repeatable(&lost, true));
        assert!(!is_repeatable(&lost, false));
        assert_eq!(
            Retries::default().last(lost, false).retry(),
            Retry::MaybeApplied
        );
    }

    #[test]
    fn what_was_not_executed_is_repeated() {
        let refused = error(ErrorKind::RateLimited, Retry::Safe);
        assert!(is_repeatable(&refused, false));
        let last = Retries::default().last(refused, false);
        assert_eq!(last.retry(), Retry::Exhausted);
    }

    #[test]
    fn a_failure_of_the_server_is_not_cured_by_asking_again() {
        let failed = error(ErrorKind::Remote, Retry::MaybeApplied);
        assert!(!is_repeatable(&failed, true));
        assert_eq!(Retries::default().last(failed, true).retry(), Retry::Safe);
    }

    #[test]
    fn the_wait_is_what_the_server_says_unless_that_is_too_long() {
        let retries = Retries::default();
        let told = |seconds| {
            let after = Retry::After(Duration::from_secs(seconds));
            error(ErrorKind::RateLimited, after)
        };
        let next = Some(Duration::from_millis(200));
        assert_eq!(retries.wait(&told(7), next), Some(Duration::from_secs(7)));
        assert_eq!(retries.wait(&told(0), next), next);
        assert_eq!(retries.wait(&told(900), next), None);
        let long = retries.last(told(900), true);
        assert_eq!(long.retry(), Retry::After(Duration::from_secs(900)));
    }
}
