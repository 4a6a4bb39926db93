//! When a request may be sent: the pace that a server tells, and the one that a user sets.
//!
//! [`Pacing`] is what a user sets; `log` counts by it; `window` is what a server's headers said;
//! `Pace` is both for all clones of a client.

mod log;
mod plan;
mod window;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use grump_core::{Error, ErrorKind, Result, Retry};
use grump_http::RateLimit;
use grump_wire::endpoint::Auth;
use http::{HeaderMap, StatusCode};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use self::{log::Log, window::Window};

pub use self::plan::Pacing;

/// A server that says to wait for longer than this is asked all the same: it answers by an error
/// that says for how long.
const LONGEST: Duration = Duration::from_secs(30);

/// The pace of all clones of a client.
#[derive(Debug)]
pub(crate) struct Pace {
    listens: bool,
    state: Mutex<State>,
    /// Wakes those who wait when an answer has come.
    answered: Notify,
}

#[derive(Debug)]
struct State {
    logs: Vec<Log>,
    /// What the server said, apart for what it limits apart.
    windows: HashMap<Group, Window>,
}

/// Requests that servers count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Group {
    /// Without a credential.
    Open,
    /// With one.
    Known,
    /// Those that need this ability. (Steward, "Rate limits")
    Ability(&'static str),
}

impl Group {
    const fn of(auth: Auth) -> Self {
        match auth {
            Auth::None => Self::Open,
            Auth::Ability(name) => Self::Ability(name),
            _ => Self::Known,
        }
    }
}

impl Pace {
    pub(crate) fn of(pacing: &Pacing) -> Self {
        let logs = pacing.rules.iter().copied().map(Log::of).collect();
        Self {
            listens: pacing.listens,
            state: Mutex::new(State {
                logs,
                windows: HashMap::new(),
            }),
            answered: Notify::new(),
        }
    }

    /// Waits until a request of this kind may be sent.
    ///
    /// # Errors
    /// `RateLimited` where that is after the deadline; nothing was sent.
    pub(crate) async fn turn(self: &Arc<Self>, auth: Auth, deadline: Instant) -> Result<Turn> {
        loop {
            let answered = self.answered.notified();
            let mut answered = std::pin::pin!(answered);
            answered.as_mut().enable();
            let Err(until) = self.state().admit(auth, Instant::now()) else {
                return Ok(Turn {
                    pace: Arc::clone(self),
                    group: Group::of(auth),
                });
            };
            if until >= deadline {
                return Err(paced(until));
            }
            tokio::select! {
                () = sleep_until(until) => {}
                () = answered => {}
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes a request that is sent now, or says when to ask again.
    fn admit(&mut self, auth: Auth, now: Instant) -> Result<(), Instant> {
        let logs = || self.logs.iter().filter(|log| log.counts(auth));
        if let Some(until) = logs().filter_map(|log| log.full_until(now)).max() {
            return Err(until);
        }
        let window = self.windows.entry(Group::of(auth)).or_default();
        match window.shut_until(now) {
            Some(until) if until <= now + LONGEST => return Err(until),
            _ => window.begin(),
        }
        let logs = self.logs.iter_mut().filter(|log| log.counts(auth));
        logs.for_each(|log| log.note(now));
        Ok(())
    }
}

/// One request that is under way. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Turn {
    pace: Arc<Pace>,
    group: Group,
}

impl Turn {
    /// Notes what the answer says of the server's pace.
    pub(crate) fn told(&self, status: StatusCode, headers: &HeaderMap) {
        if self.pace.listens {
            let told = RateLimit::of(status, headers);
            self.window(|window| window.told(&told, Instant::now()));
        }
    }

    fn window(&self, change: impl FnOnce(&mut Window)) {
        let mut state = self.pace.state();
        change(state.windows.entry(self.group).or_default());
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.window(Window::end);
        self.pace.answered.notify_waiters();
    }
}

fn paced(until: Instant) -> Error {
    let wait = until.saturating_duration_since(Instant::now());
    Error::new(ErrorKind::RateLimited, "the pace allows no request now")
        .retryable(Retry::After(wait))
        .advise("wait, or give the request more time, or the client another pace")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use futures::future::join_all;
    use http::HeaderValue;
    use tokio::task::yield_now;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        });
        pairs.collect()
    }

    fn told(remaining: &str, reset: &str) -> HeaderMap {
        headers(&[
            ("ratelimit-limit", "3"),
            ("ratelimit-remaining", remaining),
            ("ratelimit-reset", reset),
        ])
    }

    async fn turn(pace: &Arc<Pace>) -> Turn {
        let deadline = Instant::now() + Duration::from_secs(100);
        pace.turn(Auth::Credential, deadline).await.unwrap()
    }

    async fn answered(pace: &Arc<Pace>, status: StatusCode, headers: &HeaderMap) {
        turn(pace).await.told(status, headers);
    }

    /// How many seconds each of the turns waited.
    async fn waits(pace: &Arc<Pace>, turns: usize) -> Vec<u64> {
        let began = Instant::now();
        let turns = (0..turns).map(|_| async {
            turn(pace).await.told(StatusCode::OK, &HeaderMap::new());
            began.elapsed().as_secs()
        });
        let mut waits = join_all(turns).await;
        waits.sort_unstable();
        waits
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_paced_before_the_server_says_so() {
        let pace = Arc::new(Pace::of(&Pacing::default()));
        assert_eq!(waits(&pace, 500).await, [0; 500]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_remains_is_not_exceeded_by_those_who_ask_at_once() {
        let pace = Arc::new(Pace::of(&Pacing::default()));
        answered(&pace, StatusCode::OK, &told("2", "10")).await;
        let mut held = VecDeque::from([turn(&pace).await, turn(&pace).await]);
        let third = tokio::spawn({
            let pace = pace.clone();
            async move { turn(&pace).await }
        });
        yield_now().await;
        assert!(!third.is_finished());
        // One that is answered, with one more remaining than thought, makes room for it.
        let first = held.pop_front().unwrap();
        first.told(StatusCode::OK, &told("2", "10"));
        drop(first);
        third.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_nothing_remaining_waits_for_the_next_window() {
        let pace = Arc::new(Pace::of(&Pacing::default()));
        answered(&pace, StatusCode::OK, &told("0", "10")).await;
        assert_eq!(waits(&pace, 2).await, [10, 10]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_holds_up_all_who_ask_the_same() {
        let pace = Arc::new(Pace::of(&Pacing::default()));
        let refused = headers(&[("retry-after", "7")]);
        answered(&pace, StatusCode::TOO_MANY_REQUESTS, &refused).await;
        let others = pace.turn(Auth::Ability("runs:start"), Instant::now());
        assert!(others.await.is_ok());
        assert_eq!(waits(&pace, 1).await, [7]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_too_long_is_left_to_the_server() {
        let pace = Arc::new(Pace::of(&Pacing::default()));
        answered(&pace, StatusCode::OK, &told("0", "900")).await;
        assert_eq!(waits(&pace, 1).await, [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_listen_is_not_paced_by_the_server() {
        let pace = Arc::new(Pace::of(&Pacing::none()));
        answered(&pace, StatusCode::OK, &told("0", "10")).await;
        assert_eq!(waits(&pace, 1).await, [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_that_is_set_is_kept_in_any_minute() {
        let pace = Arc::new(Pace::of(&Pacing::default().per_minute(2)));
        assert_eq!(waits(&pace, 2).await, [0, 0]);
        tokio::time::advance(Duration::from_secs(45)).await;
        assert_eq!(waits(&pace, 2).await, [15, 15]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_start_is_paced_apart_where_the_document_says_so() {
        let pace = Arc::new(Pace::of(&Pacing::steward()));
        let far = Instant::now() + Duration::from_secs(100);
        let start = || pace.turn(Auth::Ability("runs:start"), far);
        for _ in 0..6 {
            start().await.unwrap();
        }
        assert_eq!(waits(&pace, 1).await, [0]);
        let began = Instant::now();
        start().await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_too_late_is_an_error_that_says_when() {
        let pace = Arc::new(Pace::of(&Pacing::default().per_minute(1)));
        drop(turn(&pace).await);
        let soon = Instant::now() + Duration::from_secs(5);
        let error = pace.turn(Auth::Credential, soon).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry(), Retry::After(Duration::from_secs(60)));
    }
}
