//! Serves any control plane over HTTP, in the dialects of `grump-wire`.
//!
//! A handler takes a request apart, calls one method of one facet, and writes the answer. What is
//! common to all dialects stands around the handlers: guards that refuse requests from elsewhere,
//! bounded bodies and connections, one fan-out of events for all who listen, and an end that lets
//! requests finish.
//!
//! # Where things are
//!
//! | module | what |
//! |---|---|
//! | [`fanout`] | the events of a plane for many subscribers, each framed once |

pub mod fanout;
