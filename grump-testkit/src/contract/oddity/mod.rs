//! [`Oddity`]: what servers in the field were seen to do that no document says.

mod answers;
mod events;

pub(super) use events::only_an_error;

use serde_json::{Value, json};

use super::{Contract, Dialect, world::World};
use crate::field::{NoModel, Quirks};

/// Something that servers in the field were seen to do that their document does not say. A client
/// survives it.
///
/// ```
/// use grump_testkit::contract::{Contract, Oddity};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// for oddity in Oddity::all("grump") {
///     let server = Contract::start("grump").await;
///     server.oddity(oddity.name);
///     // … and a client still understands what it is told.
/// }
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Oddity {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What of it a client cannot make good: it is an error, and a client says which.
    pub fails: bool,
    of: &'static [Dialect],
}

use Dialect::{Grump, MetaForge, MiniDevin, Ralpher, Steward};

const EACH: &[Dialect] = &Dialect::ALL;
const STREAMS: &[Dialect] = &[Grump, Steward, Ralpher];
const SOCKETS: &[Dialect] = &[MetaForge, MiniDevin];

const fn odd(name: &'static str, of: &'static [Dialect], about: &'static str) -> Oddity {
    Oddity {
        name,
        about,
        fails: false,
        of,
    }
}

/// One that no client can make good.
const fn broken(name: &'static str, of: &'static [Dialect], about: &'static str) -> Oddity {
    Oddity {
        fails: true,
        ..odd(name, of, about)
    }
}

/// The catalogue.
const ALL: &[Oddity] = &[
    // What is answered, in any dialect.
    broken(
        "html-pages",
        EACH,
        "Every success is a page of HTML with status 200",
    ),
    broken("html-errors", EACH, "Errors are pages of HTML"),
    broken("plain-errors", EACH, "Errors are plain text"),
    broken("empty-errors", EACH, "Errors have no body"),
    odd(
        "unknown-members",
        EACH,
        "Every object has a member that no document names",
    ),
    odd(
        "missing-members",
        EACH,
        "Times and descriptions are left out",
    ),
    odd(
        "created-for-ok",
        EACH,
        "A POST is answered with 201 where 200 is documented",
    ),
    odd(
        "ok-for-created",
        &[Steward, Ralpher],
        "A create is answered with 200 where 201 is documented",
    ),
    odd(
        "accepted-for-ok",
        EACH,
        "A POST is answered with 202 where 200 is documented",
    ),
    odd(
        "body-for-no-content",
        &[Steward, MiniDevin],
        "A deletion is answered with 200 and a body where 204 is documented",
    ),
    odd(
        "offset-times",
        &[Grump, Steward, MetaForge, MiniDevin],
        "Times end in +00:00, with microseconds",
    ),
    odd(
        "naive-times",
        &[Grump, Steward, MetaForge, MiniDevin],
        "Times have no zone",
    ),
    odd(
        "correlation-ids",
        EACH,
        "Each answer has an x-correlation-id",
    ),
    odd(
        "envelopes",
        &[Grump, Steward],
        "What is bare in the document's examples is in an envelope",
    ),
    // Ids.
    odd(
        "integer-ids",
        &[Grump, MetaForge, MiniDevin],
        "Ids are integers",
    ),
    odd(
        "huge-ids",
        &[Grump, Steward, MetaForge, MiniDevin],
        "Ids are integers near 2^53",
    ),
    odd(
        "hex-ids",
        &[Grump, MetaForge, MiniDevin],
        "Ids are 8 hex digits",
    ),
    odd("text-ids", &[Steward], "Ids are text"),
    // Errors of one dialect.
    odd(
        "type-errors",
        &[Grump],
        "Errors are {error: text, type: code}",
    ),
    broken("text-errors", &[Grump], "Errors are {error: text}"),
    odd(
        "json-problems",
        &[Steward],
        "Problems are sent as application/json",
    ),
    broken(
        "detail-errors",
        &[MetaForge, MiniDevin],
        "Errors are {detail: text}",
    ),
    broken(
        "detail-lists",
        &[MiniDevin],
        "The detail of a 422 is a list",
    ),
    odd("bare-errors", &[Ralpher], "Errors have no message"),
    broken(
        "own-codes",
        &[Ralpher],
        "Errors have codes that the document does not list",
    ),
    broken(
        "spa",
        &[Ralpher],
        "An unknown route is answered by a page with status 200",
    ),
    // Limits.
    odd(
        "seconds-left",
        &[Grump, MiniDevin],
        "RateLimit-Reset is in seconds left, not an epoch",
    ),
    odd(
        "no-limits",
        &[Grump, MiniDevin],
        "There are no headers of limits",
    ),
    // Members of one dialect.
    odd(
        "field-names",
        &[Grump, MetaForge, MiniDevin],
        "Members have the names that were seen in the field",
    ),
    odd(
        "field-statuses",
        &[Grump, Steward, MiniDevin],
        "Statuses are those that were seen in the field",
    ),
    odd(
        "bare-lists",
        &[Steward],
        "Lists that are not paged are bare arrays",
    ),
    odd(
        "markdown-in-json",
        &[Steward],
        "Markdown is a member of an object",
    ),
    odd(
        "diff-in-json",
        &[Steward],
        "A diff is a member of an object",
    ),
    odd("empty-model", &[Ralpher], "That no model was used is {}"),
    odd("no-model", &[Ralpher], "That no model was used is 204"),
    odd(
        "whole-patches",
        &[Ralpher],
        "Patches begin with git's headers",
    ),
    odd(
        "no-content",
        &[Ralpher],
        "A file that is not there has no content",
    ),
    odd(
        "mixed-times",
        &[Ralpher],
        "Times have 0, 3 or 6 decimals, and end in Z or +00:00",
    ),
    // Streams and sockets.
    odd(
        "comments-first",
        STREAMS,
        "Streams begin with a comment, and have more between events",
    ),
    odd("not-json", STREAMS, "An event is no JSON"),
    odd(
        "unknown-events",
        STREAMS,
        "Events come that no document names",
    ),
    odd(
        "empty-text",
        &[Grump, Ralpher],
        "Text comes in pieces that are empty",
    ),
    odd(
        "two-ends",
        &[Grump],
        "The event that ends a stream comes twice",
    ),
    odd(
        "no-end",
        &[Grump],
        "The event that ends a stream does not come",
    ),
    odd(
        "error-in-stream",
        &[Grump],
        "An unknown session is a stream with an error in it",
    ),
    odd(
        "repeated-logs",
        &[Ralpher],
        "Log entries come again with the same id",
    ),
    odd(
        "late-started",
        &[Ralpher],
        "loop.started comes behind a dozen log entries",
    ),
    odd(
        "tool-results",
        &[Ralpher],
        "A tool call comes again when it is completed",
    ),
    odd(
        "busy-after-completion",
        &[Ralpher],
        "A start right behind a completion is refused",
    ),
    odd(
        "connected-first",
        SOCKETS,
        "A socket begins with a message that it is connected",
    ),
    odd("text-frames", SOCKETS, "A message is no JSON"),
    odd(
        "silent-stop",
        &[MiniDevin],
        "That a task was stopped is not told on its socket",
    ),
    broken(
        "socket-403",
        &[MiniDevin],
        "A socket is refused with a plain 403",
    ),
];

impl Oddity {
    /// Those of a dialect.
    ///
    /// # Panics
    /// When there is no such dialect.
    pub fn all(dialect: &str) -> impl Iterator<Item = &'static Self> {
        let dialect = Dialect::named(dialect);
        ALL.iter()
            .filter(move |oddity| oddity.of.contains(&dialect))
    }
}

impl Contract {
    /// Is odd in this way from now on, beside others.
    ///
    /// # Panics
    /// When the dialect's catalogue has nothing of this name.
    pub fn oddity(&self, name: &str) {
        self.act(|world| {
            let found = Oddity::all(world.dialect.name()).find(|oddity| oddity.name == name);
            let found = found.unwrap_or_else(|| panic!("{} has no oddity {name:?}", world.dialect));
            world.oddities.insert(found.name);
            quirk(&mut world.loops.world.quirks, name);
        });
    }
}

/// Those that the loops know themselves.
fn quirk(quirks: &mut Quirks, name: &str) {
    match name {
        "unknown-members" => quirks.extra_members = true,
        "bare-errors" => quirks.bare_errors = true,
        "own-codes" => quirks.own_codes = true,
        "empty-model" => quirks.no_model = NoModel::Empty,
        "no-model" => quirks.no_model = NoModel::NoContent,
        "whole-patches" => quirks.whole_patches = true,
        "no-content" => quirks.no_content = true,
        "repeated-logs" => quirks.repeated_logs = true,
        "late-started" => quirks.late_started = true,
        "tool-results" => quirks.tool_results = true,
        "busy-after-completion" => quirks.busy_after_completion = 1,
        "mixed-times" => {
            quirks.decimals = vec![3, 0, 6];
            quirks.zones = vec!["Z", "+00:00"];
        }
        _ => {}
    }
}

/// Adds a member that no document names to each object.
fn add_unknown(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(add_unknown),
        Value::Object(members) => {
            members.values_mut().for_each(add_unknown);
            members.insert("xSeenInTheField".to_owned(), json!({"why": null}));
        }
        _ => {}
    }
}

/// Gives members other names, at any depth.
fn rename(value: &mut Value, names: &[(&str, &str)]) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        Value::Object(members) => {
            let renamed = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    rename(&mut value, names);
                    let other = names.iter().find(|(known, _)| *known == name);
                    (other.map_or(name, |(_, other)| (*other).to_owned()), value)
                });
            *members = renamed.collect();
        }
        _ => {}
    }
}

impl World {
    pub(super) fn changes(&self) -> bool {
        !self.oddities.is_empty()
    }
}
