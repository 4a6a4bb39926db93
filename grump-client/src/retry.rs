//! What may be sent again, and after how long.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
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

/// What it means to send a request a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twice {
    /// It may be done twice.
    Done,
    /// It does no harm.
    Harmless,
    /// The server knows it by its key, which the caller gave, and may give once more.
    Known,
    /// The server knows it by its key, which nobody has when the call is over.
    KnownNow,
}

impl Retries {
    /// One try.
    pub(crate) const fn none(mut self) -> Self {
        self.times = 0;
        self
    }

    /// The waits before the second try, the third one, and so on: anything up to a time that doubles,
    /// so that those who failed together do not come back together.
    pub(crate) fn waits(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let growing = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_max_times(self.times)
            .build();
        growing.map(|longest| longest.mul_f64(fastrand::f64()))
    }

    /// How long to wait after this error, where there is another try; `None` is not to try.
    pub(crate) fn wait(
        &self,
        error: &Error,
        twice: Twice,
        next: Option<Duration>,
    ) -> Option<Duration> {
        match error.retry() {
            _ if !is_repeatable(error, twice) => None,
            Retry::After(told) if told > self.longest => None,
            Retry::After(told) => next.map(|next| next.max(told)),
            _ => next,
        }
    }

    /// The error as it is told once nothing more is tried; `maybe` is that a try may have done what
    /// was asked.
    pub(crate) fn last(&self, error: Error, twice: Twice, maybe: bool) -> Error {
        let was_tried = self.times > 0 && is_repeatable(&error, twice);
        match error.retry() {
            Retry::Never => error,
            _ if maybe && matches!(twice, Twice::Done | Twice::KnownNow) => {
                error.retryable(Retry::MaybeApplied)
            }
            Retry::After(told) if told > self.longest => error,
            _ if was_tried => error.retryable(Retry::Exhausted),
            Retry::MaybeApplied => error.retryable(Retry::Safe),
            _ => error,
        }
    }
}

/// Whether the same request may be sent again after this error: it was not executed, or doing it
/// twice does no harm and trying again may help. Who does not know whether it was done has more
/// reason to try than who only wants to know.
pub(crate) fn is_repeatable(error: &Error, twice: Twice) -> bool {
    let (kind, retry) = (error.kind(), error.retry());
    let is_passing = matches!(
        kind,
        ErrorKind::Transport | ErrorKind::Unavailable | ErrorKind::Timeout
    );
    match (retry, twice) {
        (Retry::Safe | Retry::After(_), _) => true,
        (Retry::MaybeApplied, Twice::Harmless) => is_passing,
        (Retry::MaybeApplied, Twice::Known | Twice::KnownNow) => {
            is_passing || kind == ErrorKind::Remote
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
        assert!(is_repeatable(&lost, Twice::Harmless));
        assert!(!is_repeatable(&lost, Twice::Done));
        assert_eq!(
            Retries::default().last(lost, Twice::Done, true).retry(),
            Retry::MaybeApplied
        );
    }

    #[test]
    fn what_was_not_executed_is_repeated() {
        let refused = error(ErrorKind::RateLimited, Retry::Safe);
        assert!(is_repeatable(&refused, Twice::Done));
        let last = Retries::default().last(refused, Twice::Done, false);
        assert_eq!(last.retry(), Retry::Exhausted);
    }

    #[test]
    fn a_failure_of_the_server_is_not_cured_by_asking_again() {
        let failed = error(ErrorKind::Remote, Retry::MaybeApplied);
        assert!(!is_repeatable(&failed, Twice::Harmless));
        let last = Retries::default().last(failed, Twice::Harmless, true);
        assert_eq!(last.retry(), Retry::Safe);
    }

    #[test]
    fn the_wait_is_what_the_server_says_unless_that_is_too_long() {
        let retries = Retries::default();
        let told = |seconds| {
            let after = Retry::After(Duration::from_secs(seconds));
            error(ErrorKind::RateLimited, after)
        };
        let next = Some(Duration::from_millis(200));
        let wait = |seconds| retries.wait(&told(seconds), Twice::Done, next);
        assert_eq!(wait(7), Some(Duration::from_secs(7)));
        assert_eq!(wait(0), next);
        assert_eq!(wait(900), None);
        let long = retries.last(told(900), Twice::Harmless, false);
        assert_eq!(long.retry(), Retry::After(Duration::from_secs(900)));
    }

    #[test]
    fn the_waits_are_anything_up_to_a_time_that_doubles() {
        let retries = Retries {
            times: 10,
            ..Retries::default()
        };
        let limits = (0..10).map(|time| Duration::from_millis(200 << time));
        let limits = limits.map(|limit| limit.min(retries.longest));
        let waits: Vec<_> = retries.waits().collect();
        assert_eq!(waits.len(), 10);
        assert!(waits.iter().zip(limits).all(|(wait, limit)| *wait <= limit));
    }

    /// Pitfall 12: an answer that does not come in time is asked for again where that does no harm.
    #[test]
    fn a_read_that_took_too_long_is_repeated() {
        let late = error(ErrorKind::Timeout, Retry::MaybeApplied);
        assert!(is_repeatable(&late, Twice::Harmless));
        assert!(!is_repeatable(&late, Twice::Done));
    }

    #[test]
    fn who_cannot_repeat_the_key_is_told_that_it_may_be_done() {
        let last = |twice, maybe| {
            let refused = error(ErrorKind::RateLimited, Retry::Safe);
            Retries::default().last(refused, twice, maybe).retry()
        };
        assert_eq!(last(Twice::KnownNow, true), Retry::MaybeApplied);
        assert_eq!(last(Twice::KnownNow, false), Retry::Exhausted);
        assert_eq!(last(Twice::Known, true), Retry::Exhausted);
    }
}
