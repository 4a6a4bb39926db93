//! Who asks: [`Credential`], the [`Token`]s that it gives, and what those are shown as.
//!
//! ```text
//!  Credential ──► Keyring ──► Key ──► show: a header, or `?token=`
//!  what the user   one cell for all clones     what an endpoint's `Auth` asks for
//!  knows           and running streams;
//!                  renewed once for all who wait
//! ```

mod abilities;
mod credential;
mod expiry;
mod keyring;
mod show;

#[cfg(test)]
mod tests;

pub use self::{
    abilities::Abilities,
    credential::{Credential, Token},
};
pub(crate) use self::{
    keyring::{Key, Keyring},
    show::{masked, missing, show},
};
