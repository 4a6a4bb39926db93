//! [`Shelf`]: framed pages of what is stored, kept for the next who ask for them.
//!
//! When a server comes back, or a page with many streams is opened, many read the same history at
//! nearly the same time. Reading and framing it costs several times what sending it does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use grump_core::{Cursor, RunRef};
use tokio::time::{Instant, sleep};

/// How long a page is kept that nobody asks for.
const KEPT: Duration = Duration::from_secs(60);

/// Framed pages, each until nobody asked for it for a while.
#[derive(Debug)]
pub(super) struct Shelf {
    /// How many bytes there may be.
    limit: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What all the pages were read of.
    edition: u64,
    pages: HashMap<Key, Kept>,
    bytes: usize,
    is_swept: bool,
}

/// Whose events, and behind which position.
type Key = (Option<RunRef>, Cursor);

/// Framed events that are followed by more.
#[derive(Clone, Debug)]
pub(super) struct Framed {
    pub(super) frames: Bytes,
    /// The position behind them.
    pub(super) cursor: Cursor,
}

#[derive(Debug)]
struct Kept {
    page: Framed,
    used: Instant,
}

impl Shelf {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::default(),
        }
    }

    /// What lies behind this position, if it was read of this edition.
    pub(super) fn get(&self, edition: u64, key: &Key) -> Option<Framed> {
        let mut state = self.state();
        if state.edition != edition {
            return None;
        }
        let kept = state.pages.get_mut(key)?;
        kept.used = Instant::now();
        Some(kept.page.clone())
    }

    /// Keeps a page, if there is room for it. Pages of a later edition take the place of all of an
    /// earlier one.
    pub(super) fn put(self: &Arc<Self>, edition: u64, key: Key, page: Framed) {
        let mut state = self.state();
        if state.edition < edition {
            *state = State {
                edition,
                is_swept: state.is_swept,
                ..State::default()
            };
        }
        let bytes = state.bytes + page.frames.len();
        if state.edition != edition || bytes > self.limit || state.pages.contains_key(&key) {
            return;
        }
        let used = Instant::now();
        state.pages.insert(key, Kept { page, used });
        state.bytes = bytes;
        if !std::mem::replace(&mut state.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Takes away what nobody asked for lately; whether there is anything left.
    fn keep_used(&self) -> bool {
        let mut state = self.state();
        state.pages.retain(|_, kept| kept.used.elapsed() < KEPT);
        let pages = state.pages.values();
        state.bytes = pages.map(|kept| kept.page.frames.len()).sum();
        state.is_swept = !state.pages.is_empty();
        state.is_swept
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sweeps for as long as there is something to sweep.
async fn sweep(shelf: Weak<Shelf>) {
    loop {
        sleep(KEPT).await;
        if !shelf.upgrade().is_some_and(|shelf| shelf.keep_used()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(position: &str) -> Key {
        (None, Cursor::new(position))
    }

    fn page(text: &'static str) -> Framed {
        Framed {
            frames: Bytes::from_static(text.as_bytes()),
            cursor: Cursor::new("behind"),
        }
    }

    fn kept(shelf: &Shelf, edition: u64, position: &str) -> Option<Bytes> {
        shelf.get(edition, &key(position)).map(|page| page.frames)
    }

    #[tokio::test]
    async fn pages_of_one_edition_are_no_use_in_another() {
        let shelf = Arc::new(Shelf::new(100));
        shelf.put(1, key("a"), page("old"));
        assert_eq!(kept(&shelf, 2, "a"), None);
        shelf.put(2, key("b"), page("new"));
        assert_eq!(kept(&shelf, 1, "a"), None);
        shelf.put(1, key("a"), page("late"));
        assert_eq!(kept(&shelf, 1, "a"), None);
        assert_eq!(kept(&shelf, 2, "b").unwrap(), "new");
    }

    #[tokio::test]
    async fn what_finds_no_room_is_not_kept() {
        let shelf = Arc::new(Shelf::new(5));
        for position in ["a", "b"] {
            shelf.put(0, key(position), page("123"));
        }
        assert!(kept(&shelf, 0, "a").is_some() && kept(&shelf, 0, "b").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_asks_for_makes_room() {
        let shelf = Arc::new(Shelf::new(5));
        shelf.put(0, key("a"), page("123"));
        sleep(KEPT / 2).await;
        assert!(kept(&shelf, 0, "a").is_some());
        sleep(KEPT * 3 / 4).await;
        assert!(kept(&shelf, 0, "a").is_some(), "it was used meanwhile");
        sleep(KEPT * 3).await;
        shelf.put(0, key("b"), page("123"));
        assert!(kept(&shelf, 0, "a").is_none() && kept(&shelf, 0, "b").is_some());
    }
}
