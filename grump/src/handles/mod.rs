//! What users call: one handle per facet, the same for every plane. Cheap to clone.

mod deliveries;
mod events;
mod loops;
mod models;
mod reviews;
mod runs;
mod system;

use grump_core::{Error, Operation};

pub use deliveries::Deliveries;
pub use events::Events;
pub use loops::Loops;
pub use models::Models;
pub use reviews::Reviews;
pub use runs::Runs;
pub use system::System;

/// Names the operation that failed, in the one place where every call passes.
fn named(operation: Operation) -> impl FnOnce(Error) -> Error {
    move |error| error.operation(operation.as_str())
}
