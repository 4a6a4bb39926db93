//! [`RalpherBuilder`]: how a client speaks with its server.

use grump_wire::ralpher;

use super::RalpherClient;
use crate::{
    builder::{ClientBuilder, Spoken},
    caller::{Caller, Dialect},
};

/// How a [`RalpherClient`] speaks with its server.
pub type RalpherBuilder = ClientBuilder<RalpherClient>;

impl Spoken for RalpherClient {
    const DIALECT: Dialect = Dialect::new(ralpher::NAME, ralpher::error::read);

    /// The document gives a base that ends in `/api`, and paths that begin with it. (ambiguity R-01)
    fn base(given: &str) -> &str {
        given.strip_suffix("/api").unwrap_or(given)
    }

    fn over(caller: Caller) -> Self {
        Self { caller }
    }
}
