//! Who is logged in. ("Auth")

use grump_core::Result;
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    steward::{Login, LoginRequest, Logout, Me, Token, User},
};

use super::StewardClient;

/// Who is logged in. ("Auth")
#[derive(Clone, Copy, Debug)]
pub struct StewardAuth<'c>(pub(super) &'c StewardClient);

impl StewardAuth<'_> {
    /// Get a token for an e-mail address and a password. A client that was built with them, or with
    /// the token, logs in by itself.
    pub async fn login(
        self,
        email: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Token> {
        let body = LoginRequest {
            email: email.into(),
            password: password.into(),
        };
        self.0.send::<Login>(NoPath {}, body).await
    }

    /// Give the token back: it is good for nothing any more.
    pub async fn logout(self) -> Result<()> {
        self.0.send::<Logout>(NoPath {}, NoBody).await
    }

    /// Who is logged in.
    pub async fn me(self) -> Result<User> {
        self.0.get::<Me>(NoPath {}, NoQuery {}).await
    }
}
