//! The Mini-Devin dialect: [`MiniDevinClient`](crate::MiniDevinClient), its nouns and its options.

pub(crate) mod client;
mod nouns;
mod options;
mod socket;

pub(crate) use self::socket::say;
pub use self::{
    nouns::{Artifacts, Auth, Models, Sessions, Tasks},
    options::{ApiKeyOptions, RegisterOptions, SessionOptions, TaskOptions},
    socket::TaskSocket,
};
