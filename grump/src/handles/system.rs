//! Handle of the facet `System`.

use grump_core::{Health, SystemStatus};

use super::handle;

handle! {
    /// The plane itself.
    System system {
        /// Whether the plane works.
        SystemHealth health() -> Health;
        /// Figures about the plane, in the text format of Prometheus.
        SystemMetrics metrics() -> String;
        /// What the plane has, and what is going on.
        SystemStatus status() -> SystemStatus;
    }
}
