//! opencode as an agent: the real one, driven by the scripted model, and a played one where the
//! real one cannot be made to do what is tested.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod acp;
mod bench;
mod looped;
mod played;
mod real;
