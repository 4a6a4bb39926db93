//! The states of a resuming stream, one function each.

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use grump_core::{
    Cursor, Error, ErrorKind, Event, Gap, Result, Run, RunRef, Since, Update, stream::Step,
};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    difference::removal,
    link::{Heard, Link},
    loss::{Loss, NO_HEART, Outage, closed_here, is_fatal, late},
    pace::{Pace, StreamConfig},
    source::{Frame, Source},
    state::{State, cut},
    told::{Told, is_repeated, status},
};
use crate::hooks::Reconnecting;

/// Watches one run or all of a [`Source`], and tells every event once or that there is a gap.
pub(super) struct Watcher {
    pub(super) source: Arc<dyn Source>,
    /// Is cancelled when the plane is closed.
    closed: CancellationToken,
    outage: Outage,
    /// The run that is watched; `None` is all, without an end.
    pub(super) run: Option<RunRef>,
    config: StreamConfig,
    pace: Pace,
    pub(super) told: Told,
    /// The position behind what was told, where the server has positions.
    pub(super) cursor: Option<Cursor>,
    /// Why the last connection was lost.
    pub(super) loss: Loss,
    /// How the runs were when they were read after the last connection was made.
    read: Option<Vec<Run>>,
    /// What is to be yielded next.
    pub(super) steps: VecDeque<Step>,
    state: State,
}

impl Watcher {
    pub(super) fn new(source: Arc<dyn Source>, run: Option<RunRef>, config: StreamConfig) -> Self {
        Self {
            closed: source.closed(),
            outage: Outage::default(),
            source,
            run,
            config,
            pace: Pace::new(config),
            told: Told::default(),
            cursor: None,
            loss: Loss::default(),
            read: None,
            steps: VecDeque::new(),
            state: State::Over(None),
        }
    }

    /// Goes on with this connection, which tells everything behind this position.
    pub(super) fn resume(&mut self, link: Link, cursor: Option<Cursor>, known: &[Run]) {
        self.told.read(known);
        self.cursor = cursor;
        self.state = State::Following(link);
    }

    /// The position behind what was yielded, where the server has positions.
    pub(super) const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// Tells the runs as they are. It is over where the one run is.
    pub(super) fn show(&mut self, link: Link, runs: Vec<Run>, gap: Option<Gap>) {
        self.told.read(&runs);
        self.steps.extend(gap.map(|gap| (None, Update::Gap(gap))));
        for run in runs {
            self.tell_run(run);
        }
        self.state = self.following_or_over(link);
    }

    /// The next thing to yield, with the watcher that goes on.
    pub(super) async fn next(mut self) -> Option<(Result<Step>, Self)> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some((Ok(step), self));
            }
            let state = match mem::replace(&mut self.state, State::Over(None)) {
                State::Over(error) => return error.map(|error| (Err(error), self)),
                state => state,
            };
            let closed = self.closed.clone();
            self.state = match closed.run_until_cancelled(self.step(state)).await {
                Some(state) => state,
                None => State::Over(Some(closed_here())),
            };
        }
    }

    async fn step(&mut self, state: State) -> State {
        match state {
            State::Following(link) => self.on_following(link).await,
            State::Settling(link, loss) => self.on_settling(link, loss).await,
            State::Silent(link) => self.on_silent(link).await,
            State::Doubting(link, runs) => self.on_doubting(link, runs).await,
            State::BackingOff(delay) => on_backing_off(delay).await,
            State::Connecting => self.on_connecting().await,
            State::Resyncing(link) => self.on_resyncing(link).await,
            over @ State::Over(_) => over,
        }
    }

    async fn on_following(&mut self, mut link: Link) -> State {
        let left = link.patience.saturating_sub(link.quiet);
        let watches_heart = link.has_heartbeats && self.config.heartbeat <= left;
        let limit = if watches_heart {
            self.config.heartbeat
        } else {
            left
        };
        let doubt = link.doubts.left().filter(|left| *left <= limit);
        let began = Instant::now();
        let heard = link.next(doubt.unwrap_or(limit)).await;
        self.waited(&mut link, began.elapsed());
        match heard {
            Heard::Frame(frame) => self.on_frame(link, frame),
            Heard::End(error) => cut(link, "the connection was lost", error),
            Heard::Nothing if doubt.is_some() => State::Settling(link, None),
            Heard::Nothing if watches_heart => cut(link, NO_HEART, None),
            Heard::Nothing => State::Silent(link),
        }
    }

    fn waited(&mut self, link: &mut Link, time: Duration) {
        link.quiet += time;
        link.doubts.wait(time);
        self.told.wait(time, self.config.grace);
    }

    fn on_frame(&mut self, mut link: Link, frame: Frame) -> State {
        match frame {
            Frame::Alive => {
                link.has_heartbeats = true;
                State::Following(link)
            }
            Frame::Look(run) => {
                link.doubts.look(run);
                State::Following(link)
            }
            Frame::Live => {
                link.is_live = true;
                self.on_live(link)
            }
            Frame::Event { cursor, .. } if self.is_repeated(cursor.as_ref()) => {
                State::Following(link)
            }
            Frame::Event {
                cursor,
                event,
                doubtful,
            } => match self.release(link, &event) {
                State::Following(link) if doubtful => self.on_doubtful(link, event),
                State::Following(link) => self.on_events(link, cursor.as_ref(), [event]),
                over => over,
            },
        }
    }

    pub(super) fn on_events(
        &mut self,
        mut link: Link,
        cursor: Option<&Cursor>,
        events: impl IntoIterator<Item = Arc<Event>>,
    ) -> State {
        self.tell_events(&mut link, cursor, events);
        if link.is_live {
            self.following_or_over(link)
        } else {
            State::Following(link)
        }
    }

    pub(super) fn tell_events(
        &mut self,
        link: &mut Link,
        cursor: Option<&Cursor>,
        events: impl IntoIterator<Item = Arc<Event>>,
    ) {
        link.told = true;
        link.quiet = Duration::ZERO;
        link.patience = self.config.quiet;
        self.cursor = cursor.cloned().or_else(|| self.cursor.take());
        for event in events {
            if !link.is_live && status(&event.payload).is_some() {
                link.told_of.insert(event.run.clone());
            }
            if self.told.follow(&event) {
                let update = Update::Event(event);
                self.steps.push_back((cursor.cloned(), update));
            }
        }
    }

    /// All that was stored has been told: either the work goes on, or that was all. What the state
    /// showed before the connection was made, and no event explains, is told as it is.
    fn on_live(&mut self, mut link: Link) -> State {
        let before = mem::take(&mut link.before);
        if link.shows_before && self.run.is_none() {
            self.tell_removed(&before, &link);
        }
        let mut is_untold = false;
        for run in before {
            let is_end = self.run.is_some() && run.status.unified.is_terminal();
            if link.told_of.contains(&run.name) {
                // Events told that it works, and none that it ended.
                is_untold |= is_end && !self.told.is_over(&run.name);
            } else if link.shows_before && (is_end || !self.told.agrees_on(&run)) {
                link.told = true;
                self.told.set(&run);
                self.tell_run(run);
            }
        }
        if is_untold {
            State::Silent(link)
        } else {
            self.following_or_over(link)
        }
    }

    async fn on_silent(&mut self, mut link: Link) -> State {
        match self.read_all().await {
            Ok(runs) if self.told.agrees(&runs) => {
                link.quiet = Duration::ZERO;
                link.patience = self.config.longest_quiet.min(link.patience * 2);
                State::Following(link)
            }
            Ok(runs) => State::Doubting(link, runs),
            Err(error) => self.lost(&link, "the server fell silent", Some(error)),
        }
    }

    async fn on_doubting(&mut self, mut link: Link, runs: Vec<Run>) -> State {
        let until = Instant::now() + self.config.grace;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match link.next(left).await {
                Heard::Frame(Frame::Alive) if !left.is_zero() => link.has_heartbeats = true,
                Heard::Frame(Frame::Alive) | Heard::End(_) | Heard::Nothing => break,
                Heard::Frame(frame) => {
                    return self.on_frame(link, frame).soon_silent(self.config.grace);
                }
            }
        }
        self.loss = Loss {
            words: "the state shows more than the stream told",
            error: None,
        };
        if let Some(run) = self.run.clone().filter(|_| runs.is_empty()) {
            self.loss.words = "the run is not there any more";
            return self.gone(&run);
        }
        self.read = Some(runs);
        self.again(link.opened.elapsed(), link.told)
    }

    async fn on_connecting(&mut self) -> State {
        if let Some(state) = self.look_why().await {
            return state;
        }
        let since = self.cursor.clone().map_or(Since::Now, Since::Cursor);
        let opening = self.source.open(self.run.as_ref(), &since);
        let connection = match self.in_time(opening).await {
            Ok(connection) => connection,
            Err(error) => return self.not_connected(error),
        };
        self.outage.is_back(self.run.as_ref());
        let is_resumed = self.cursor.is_some() && connection.start.is_some();
        let link = Link::new(connection, &self.config);
        let link = match self.read.take() {
            Some(read) => link.behind(read, true),
            None => link,
        };
        if is_resumed {
            State::Following(link)
        } else {
            State::Resyncing(link)
        }
    }

    /// A server that ended the stream of a run by itself may have done so because the run is over:
    /// the run says so, and what it shows is told where the next connection does not explain it.
    async fn look_why(&mut self) -> Option<State> {
        let run = self.run.clone()?;
        if !self.loss.is_quiet_end() || self.cursor.is_none() || self.read.is_some() {
            return None;
        }
        match self.read_all().await {
            Ok(runs) if runs.is_empty() => Some(self.gone(&run)),
            Ok(runs) => {
                self.read = Some(runs);
                None
            }
            Err(error) => Some(self.not_connected(error)),
        }
    }

    fn not_connected(&mut self, error: Error) -> State {
        match (&self.run, error.kind()) {
            (Some(run), ErrorKind::NotFound) => {
                let run = run.clone();
                self.gone(&run)
            }
            _ if is_fatal(&error) => State::Over(Some(error)),
            _ => {
                self.loss.error = Some(error);
                self.again(Duration::ZERO, false)
            }
        }
    }

    async fn on_resyncing(&mut self, mut link: Link) -> State {
        match self.read_all().await {
            Ok(runs) => {
                self.push_gap(link.start.clone());
                link.told |= self.tell_differences(&runs);
                self.following_or_over(link)
            }
            Err(error) => self.lost(&link, "the state cannot be read", Some(error)),
        }
    }

    /// The run that is watched was removed, and with it whatever was to be told of it.
    fn gone(&mut self, run: &RunRef) -> State {
        self.push_gap(None);
        self.push_events(vec![removal(run)]);
        State::Over(None)
    }

    /// All runs that are watched. One that is not there any more is none.
    async fn read_all(&self) -> Result<Vec<Run>> {
        let Some(run) = &self.run else {
            return self.in_time(self.source.read_all()).await;
        };
        match self.in_time(self.source.read(run)).await {
            Ok(run) => Ok(vec![run]),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn in_time<T>(&self, answer: impl Future<Output = Result<T>>) -> Result<T> {
        let limit = self.config.answer;
        timeout(limit, answer)
            .await
            .unwrap_or_else(|_| Err(late(limit)))
    }

    /// How long a connection may take to tell what the state showed; no longer than until the state
    /// is read for its silence.
    pub(super) fn grace(&self) -> Duration {
        self.config.grace.min(self.config.quiet)
    }

    fn is_repeated(&self, cursor: Option<&Cursor>) -> bool {
        let both = self.cursor.as_ref().zip(cursor);
        both.is_some_and(|(last, next)| is_repeated(last, next))
    }

    pub(super) fn following_or_over(&self, link: Link) -> State {
        match &self.run {
            Some(run) if self.told.is_over(run) => State::Over(None),
            _ => State::Following(link),
        }
    }

    pub(super) fn lost(&mut self, link: &Link, words: &'static str, error: Option<Error>) -> State {
        if error.as_ref().is_some_and(is_fatal) {
            return State::Over(error);
        }
        self.loss = Loss { words, error };
        let lived = link.opened.elapsed();
        let state = self.again(lived, link.told);
        if matches!(state, State::BackingOff(_)) {
            let was_healthy = link.told || lived >= self.config.healthy;
            self.outage
                .begins(was_healthy, self.run.as_ref(), &self.loss);
        }
        state
    }

    fn again(&mut self, lived: Duration, told: bool) -> State {
        let Loss { words, error } = &self.loss;
        tracing::debug!(
            reason = words,
            ?error,
            "the event stream is connected again"
        );
        match self.pace.after(lived, told) {
            Some(wait) => {
                self.source.hooks().reconnect(&Reconnecting {
                    run: self.run.as_ref(),
                    reason: words,
                    error: error.as_ref(),
                    wait,
                });
                State::BackingOff(wait)
            }
            None => State::Over(Some(
                self.loss.given_up(&self.config, self.pace.fruitless()),
            )),
        }
    }
}

async fn on_backing_off(delay: Duration) -> State {
    sleep(delay).await;
    State::Connecting
}
