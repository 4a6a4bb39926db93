//! A plane that tells what a test writes on it, and nothing else.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use futures::stream;
use grump_core::{
    ControlPlane, Cursor, Error, ErrorKind, Event, EventPage, EventQuery, EventStream, Events,
    Facets, Gap, Operation, PlaneInfo, Result, RunRef, Since, StoredPage, Update,
    payload::TextDelta,
};
use tokio::sync::watch;

/// A plane that tells what a test writes on it.
#[derive(Debug)]
pub(crate) struct Tape {
    info: PlaneInfo,
    facets: Facets,
    log: Arc<Log>,
}

#[derive(Debug)]
struct Log {
    told: Mutex<Vec<Update>>,
    /// Runs whose work is over.
    over: Mutex<Vec<RunRef>>,
    news: watch::Sender<()>,
    has_cursors: bool,
    /// Whether it keeps the text of what was told.
    keeps_text: bool,
    readers: AtomicUsize,
    /// How many pages of text were read.
    pages: AtomicUsize,
    /// How often something was taken away.
    edition: AtomicU64,
}

impl Tape {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(true, false, &[])
    }

    /// One that keeps the text of what it tells, as the engine does.
    pub(crate) fn with_text() -> Arc<Self> {
        Self::with(true, true, &[])
    }

    /// One that keeps no text, and one that does.
    pub(crate) fn both() -> [Arc<Self>; 2] {
        [Self::new(), Self::with_text()]
    }

    /// One that numbers nothing and keeps no history, as foreign servers are.
    pub(crate) fn without_cursors() -> Arc<Self> {
        Self::with(false, false, &[Operation::EventsHistory])
    }

    pub(crate) fn lacking(operations: &[Operation]) -> Arc<Self> {
        Self::with(true, false, operations)
    }

    fn with(has_cursors: bool, keeps_text: bool, lacks: &[Operation]) -> Arc<Self> {
        let log = Arc::new(Log {
            told: Mutex::default(),
            over: Mutex::default(),
            news: watch::Sender::new(()),
            has_cursors,
            keeps_text,
            readers: AtomicUsize::new(0),
            pages: AtomicUsize::new(0),
            edition: AtomicU64::new(0),
        });
        let can = [
            Operation::EventsHistory,
            Operation::EventsWatch,
            Operation::EventsWatchAll,
        ];
        let mut facets = Facets::default();
        facets.events = Some(Arc::new(Reading(log.clone())));
        let can = can.into_iter().filter(|can| !lacks.contains(can));
        Arc::new(Self {
            info: PlaneInfo::new("tape").operations(can),
            facets,
            log,
        })
    }

    /// Tells a text of this run.
    pub(crate) fn tell(&self, run: &str, text: impl Into<String>) {
        let text = TextDelta { text: text.into() };
        let event = Event::new(RunRef::of_loop(run), text);
        self.write(Update::Event(event.into()));
    }

    /// Tells that something is missing.
    pub(crate) fn tell_gap(&self) {
        self.write(Update::Gap(Gap::default()));
    }

    /// The work of this run is over.
    pub(crate) fn end(&self, run: &str) {
        self.log.over.lock().unwrap().push(RunRef::of_loop(run));
        self.log.news.send_replace(());
    }

    /// How many streams are open.
    pub(crate) fn readers(&self) -> usize {
        self.log.readers.load(Ordering::SeqCst)
    }

    /// As if something that was told had been taken away.
    pub(crate) fn take_away(&self) {
        self.log.edition.fetch_add(1, Ordering::SeqCst);
    }

    /// How many pages of text were read.
    pub(crate) fn pages(&self) -> usize {
        self.log.pages.load(Ordering::SeqCst)
    }

    fn write(&self, update: Update) {
        self.log.told().push(update);
        self.log.news.send_replace(());
    }
}

/// What a subscriber should get to read of a text.
pub(crate) fn data(event: &Event) -> String {
    match &event.payload {
        grump_core::Payload::TextDelta(text) => text.text.clone(),
        other => panic!("not a text: {other:?}"),
    }
}

#[async_trait]
impl ControlPlane for Tape {
    fn info(&self) -> &PlaneInfo {
        &self.info
    }

    fn facets(&self) -> &Facets {
        &self.facets
    }

    async fn close(&self) {}
}

impl Log {
    fn told(&self) -> MutexGuard<'_, Vec<Update>> {
        self.told.lock().unwrap()
    }

    fn cursor(&self, position: usize) -> Option<Cursor> {
        self.has_cursors
            .then(|| Cursor::new(format!("tape-{position}")))
    }

    fn position(&self, cursor: &Cursor) -> Result<usize> {
        let number = cursor.as_str().strip_prefix("tape-");
        let position = number.and_then(|number| number.parse().ok());
        position
            .filter(|position| *position <= self.told().len())
            .ok_or_else(|| Error::new(ErrorKind::CursorExpired, "the cursor is of another tape"))
    }

    fn start(&self, since: &Since) -> Result<usize> {
        match since {
            Since::Cursor(cursor) => self.position(cursor),
            Since::Beginning => Ok(0),
            _ => Ok(self.told().len()),
        }
    }

    /// The events that are asked for, each with the position behind it.
    fn stored(&self, query: &EventQuery) -> Result<Vec<(usize, Event)>> {
        let start = match &query.after {
            Some(cursor) => self.position(cursor)?,
            None => 0,
        };
        let told = self.told();
        let stored = told.iter().enumerate().skip(start);
        let stored = stored.filter_map(|(index, told)| Some((index + 1, told.event()?)));
        let wanted =
            stored.filter(|(_, event)| query.run.as_ref().is_none_or(|run| *run == event.run));
        let page = wanted.take(query.limit);
        Ok(page
            .map(|(position, event)| (position, event.clone()))
            .collect())
    }

    fn is_over(&self, run: Option<&RunRef>) -> bool {
        run.is_some_and(|run| self.over.lock().unwrap().contains(run))
    }
}

#[derive(Debug)]
struct Reading(Arc<Log>);

/// One stream; counted while it is open.
struct Reader {
    log: Arc<Log>,
    news: watch::Receiver<()>,
    run: Option<RunRef>,
    at: usize,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.log.readers.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Reader {
    async fn next(&mut self) -> Option<Result<(Option<Cursor>, Update)>> {
        loop {
            self.news.mark_unchanged();
            let over = self.log.is_over(self.run.as_ref());
            while let Some(update) = { self.log.told().get(self.at).cloned() } {
                self.at += 1;
                let run = update.event().map(|event| &event.run);
                if self.run.is_none() || run.is_none() || run == self.run.as_ref() {
                    return Some(Ok((self.log.cursor(self.at), update)));
                }
            }
            if over {
                return None;
            }
            self.news.changed().await.ok()?;
        }
    }
}

impl Reading {
    fn open(&self, run: Option<RunRef>, since: &Since) -> Result<EventStream> {
        let at = self.0.start(since)?;
        self.0.readers.fetch_add(1, Ordering::SeqCst);
        let reader = Reader {
            log: self.0.clone(),
            news: self.0.news.subscribe(),
            run,
            at,
        };
        let steps = stream::unfold(reader, |mut reader| async move {
            let step = reader.next().await?;
            Some((step, reader))
        });
        Ok(EventStream::new(steps).starting_at(self.0.cursor(at)))
    }
}

#[async_trait]
impl Events for Reading {
    async fn history(&self, query: EventQuery) -> Result<EventPage> {
        let told = self.0.stored(&query)?;
        let last = told
            .last()
            .and_then(|(position, _)| self.0.cursor(*position));
        let events = told.into_iter().map(|(_, event)| event).collect();
        Ok(EventPage::new(events, last.or(query.after), false))
    }

    async fn stored(&self, query: EventQuery) -> Result<Option<StoredPage>> {
        if !self.0.keeps_text {
            return Ok(None);
        }
        self.0.pages.fetch_add(1, Ordering::SeqCst);
        let mut page = StoredPage::default();
        page.cursor.clone_from(&query.after);
        for (position, event) in self.0.stored(&query)? {
            let cursor = self.0.cursor(position).unwrap();
            page.push(cursor.as_str(), &serde_json::to_string(&event).unwrap());
            page.cursor = Some(cursor);
        }
        page.edition = Some(self.0.edition.load(Ordering::SeqCst));
        page.has_more = page.len() == query.limit;
        Ok(Some(page))
    }

    async fn watch(&self, run: &RunRef, since: Since) -> Result<EventStream> {
        if run.id.as_str() == "nobody" {
            return Err(Error::new(ErrorKind::NotFound, "there is no such loop"));
        }
        self.open(Some(run.clone()), &since)
    }

    async fn watch_all(&self, since: Since) -> Result<EventStream> {
        self.open(None, &since)
    }
}
