//! The figures, one file each.

use grump_benches::{Failure, Table};

mod fanout;
mod latency;
mod memory;
mod replay;
mod requests;

/// Measures a figure.
type Figure = fn(&mut Table) -> Result<(), Failure>;

/// All figures, by name.
pub(crate) const ALL: [(&str, Figure); 5] = [
    ("fanout", fanout::measure),
    ("latency", latency::measure),
    ("memory", memory::measure),
    ("requests", requests::measure),
    ("replay", replay::measure),
];
