//! Handle of the facet `Ships`.

use grump_core::{EventStream, NewShip, Run, StartShip};

use super::handle;

handle! {
    /// SHIP sessions: design, spec, plan, code. What became of one is read as of any run.
    Ships ships {
        /// Makes a session; nothing runs yet.
        ShipsCreate create(new: NewShip) -> Run;
        /// Starts a session and watches it.
        ShipsStartAndWatch start_and_watch(request: StartShip) -> EventStream;
    }
}
