//! Recording which endpoints the tests of a process spoke, and on which side.
//!
//! Client and server tell each exchange as an event of the `tracing` crate, of the target
//! [`TARGET`], with these fields:
//!
//! | field | holds |
//! |---|---|
//! | `side` | `client`, `server`, or in tests `typed` or `fixture` |
//! | `dialect` | `ralpher` |
//! | `method`, `path` | `GET`, `/api/loops/{id}` |
//! | `status` | the HTTP status of the answer |
//! | `ok` | whether the answer was understood |
//!
//! Where the variable [`FOLDER`] names a folder, [`start`] adds each of them as a line to a file
//! there. `cargo xtask coverage` makes a table of the files. [`Field::start`](crate::field::Field::start)
//! and [`behaviour::run`](crate::behaviour::run) start it by themselves.

use std::{
    env,
    fmt::{self, Write as _},
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
    sync::Once,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::Interest,
};

/// The target of the events that are recorded.
pub const TARGET: &str = "grump_wire::exchange";

/// The variable that names the folder to record in.
pub const FOLDER: &str = "GRUMP_COVERAGE_DIR";

/// What is recorded of an exchange, in the order of the columns.
const COLUMNS: [&str; 6] = ["side", "dialect", "method", "path", "status", "ok"];

/// Records the exchanges of this process from now on, if [`FOLDER`] is set. Called again it does
/// nothing.
///
/// # Panics
/// When the folder cannot be written to, or the process has another `tracing` subscriber already:
/// coverage would be lost in silence.
pub fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let Some(folder) = env::var_os(FOLDER) else {
            return;
        };
        let recorder = Recorder::create(Path::new(&folder));
        let recorder = recorder.unwrap_or_else(|error| panic!("{FOLDER}: cannot record: {error}"));
        tracing::subscriber::set_global_default(recorder)
            .expect("a test that records coverage has no tracing subscriber of its own");
    });
}

/// Tells of an exchange that a test made by itself.
pub fn exchange(side: &str, dialect: &str, method: &str, path: &str, status: u16, ok: bool) {
    tracing::debug!(target: TARGET, side, dialect, method, path, status, ok);
}

/// Writes a line for each event of [`TARGET`].
struct Recorder(File);

impl Recorder {
    fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let program = env::current_exe()?;
        let program = program.file_stem().unwrap_or_default().to_string_lossy();
        let file = folder.join(format!("{program}-{}.tsv", std::process::id()));
        let file = File::options().append(true).create(true).open(file)?;
        Ok(Self(file))
    }
}

impl Subscriber for Recorder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == TARGET
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        // One write appends one line whole, whatever other threads write.
        let written = (&self.0).write_all(format!("{}\n", line.0.join("\t")).as_bytes());
        written.expect("what was recorded so far could be written too");
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The columns of a line.
#[derive(Default)]
struct Line([String; COLUMNS.len()]);

impl Line {
    fn put(&mut self, field: &Field, value: &dyn fmt::Display) {
        let column = COLUMNS.iter().position(|name| *name == field.name());
        if let Some(column) = column {
            self.0[column] = value.to_string();
        }
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.put(field, &text.trim_matches('"'));
    }
}
