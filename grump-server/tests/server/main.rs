//! The server over the engine and over planes made for one fault.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod document;
mod ending;
mod endpoints;
mod fanout;
mod guards;
mod openapi;
mod stage;
mod streams;
mod tape;
mod wire;
