//! What is logged, as records of Python's `logging`: one thread brings them, so that nobody who logs
//! waits for the interpreter.

use std::{
    env,
    fmt::{self, Write as _},
    sync::mpsc,
    thread,
};

use pyo3::{prelude::*, sync::PyOnceLock};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// How many records wait for the interpreter at most; what comes on top of them is dropped.
const WAITING: usize = 1024;

struct Record {
    level: u8,
    target: &'static str,
    text: String,
}

/// Begins to forward: what `GRUMP_LOG` says, or from `info` on. Without a thread there is no log.
pub(crate) fn install() {
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    let begun = thread::Builder::new()
        .name("grump-log".to_owned())
        .spawn(move || bring(&receiver));
    if begun.is_ok() {
        // Refused only where another subscriber is there already, which then gets it all.
        let _ = tracing_subscriber::registry()
            .with(Forward(sender).with_filter(wanted()))
            .try_init();
    }
}

fn wanted() -> Targets {
    let said = env::var("GRUMP_LOG")
        .ok()
        .and_then(|text| text.parse().ok());
    said.unwrap_or_else(|| Targets::new().with_target("grump", LevelFilter::INFO))
}

fn bring(records: &mpsc::Receiver<Record>) {
    while let Ok(record) = records.recv() {
        // A handler that raises is no reason to stop.
        if Python::try_attach(|py| drop(log(py, &record))).is_none() {
            return;
        }
    }
}

fn log(py: Python<'_>, record: &Record) -> PyResult<()> {
    static LOG: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let log = LOG.import(py, "grump._bridge", "log")?;
    log.call1((record.level, record.target, &record.text))?;
    Ok(())
}

struct Forward(mpsc::SyncSender<Record>);

impl<S: Subscriber> Layer<S> for Forward {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let _ = self.0.try_send(Record {
            level: number(*event.metadata().level()),
            target: event.metadata().target(),
            text: text.message + &text.fields,
        });
    }
}

/// Python's number for it; it has none for `trace`.
fn number(level: Level) -> u8 {
    match level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        Level::DEBUG => 10,
        Level::TRACE => 5,
    }
}

/// The message, then what stands beside it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}
