//! [`StewardBuilder`]: how a client speaks with its server.

use std::sync::Arc;

use futures::future::BoxFuture;
use grump_core::Result;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    steward::{self, Login, LoginRequest},
};

use super::{StewardClient, slots::Slots};
use crate::{
    auth::Token,
    builder::{ClientBuilder, Spoken},
    caller::{Asking, Caller, Dialect},
};

/// How a [`StewardClient`] speaks with its server.
pub type StewardBuilder = ClientBuilder<StewardClient>;

impl Spoken for StewardClient {
    const DIALECT: Dialect = Dialect::new(steward::NAME, steward::error::read)
        .with_auth()
        .with_login(log_in);

    /// The document's paths begin with `/api`. (ambiguity C-29)
    fn base(given: &str) -> &str {
        given.strip_suffix("/api").unwrap_or(given)
    }

    fn over(caller: Caller) -> Self {
        let slots = Arc::new(Slots::new(steward::STREAMS));
        Self { caller, slots }
    }
}

fn log_in<'a>(
    caller: &'a Caller,
    email: &'a str,
    password: &'a str,
) -> BoxFuture<'a, Result<Token>> {
    let body = LoginRequest {
        email: email.to_owned(),
        password: password.to_owned(),
    };
    Box::pin(async move {
        let asking = Asking::<Login>::of(NoPath {}, NoQuery {}, body);
        let answer = caller.call(asking).await?.into_body();
        Ok(Token::bearer(answer.token).abilities(answer.abilities))
    })
}
