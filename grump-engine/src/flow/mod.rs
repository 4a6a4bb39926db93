//! Flows: what happens step by step, written as straight-line code over journal, workspace and
//! agent. Every step is journaled before it counts, so that a killed process goes on where it was.
//!
//! | file | holds |
//! |---|---|
//! | `driver` | the loop itself: one task per loop that runs |
//! | `pump` | one turn of an agent, into the journal |
//! | `conclude` | what follows a turn: commit, verify, decide |
//! | `recover` | what a crash left half done |
//! | `questions` | what agents want to be allowed |
//! | `state`, `states` | what is stored beside a loop; which changes of status there are |
//! | `stop_rule`, `coalesce` | when a loop is done; joining little pieces of text |

pub(crate) mod coalesce;
pub(crate) mod conclude;
pub(crate) mod driver;
pub(crate) mod pump;
pub(crate) mod questions;
pub(crate) mod recover;
pub(crate) mod state;
pub(crate) mod states;
pub(crate) mod stop_rule;
