//! [`Account`]: who uses a plane, with which keys and within which limits; [`Accounts`]: the trait
//! that says so.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    error::Result,
    id::id,
    json::Ext,
    noun::{noun, request},
    plane::{Operation, unsupported},
    secret::Secret,
    time::Timestamp,
};

id! {
    /// The id of a user.
    AccountId
}

id! {
    /// The id of a key.
    KeyId
}

noun! {
    /// A user. (Steward, "Auth"; Mini-Devin, "POST /api/auth/register".)
    Account {
        /// Its id.
        id: AccountId,
        ;
        /// The e-mail address it logs in with.
        email: String,
        /// What people call it.
        name: String,
        /// When it was made.
        created_at: Timestamp,
        ;
        /// What it may do, where the plane says so.
        abilities: Vec<String>,
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A user to make. (Mini-Devin, "POST /api/auth/register".)
    NewAccount {
        /// The e-mail address to log in with.
        email: String,
        /// The password to log in with.
        password: Secret,
        ;
        /// What people call it.
        name: String,
    }
}

request! {
    /// A user's proof of being that user. (Steward, "Auth"; Mini-Devin, "POST /api/auth/login".)
    Login {
        /// The e-mail address.
        email: String,
        /// The password.
        password: Secret,
    }
}

request! {
    /// A login was accepted.
    LoggedIn {
        /// What to show from now on.
        token: Secret,
        ;
        /// How it is shown: `bearer`.
        token_type: String,
        /// How long it holds.
        expires_in: Duration,
        ;
        /// What may be done with it: `runs:start`, … Empty where the plane does not say.
        abilities: Vec<String>,
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A key to make. (Mini-Devin, "POST /api/auth/api-keys".)
    #[derive(PartialEq)]
    NewKey {
        /// What people call it.
        name: String,
        ;
        /// When it ends to hold.
        expires_at: Timestamp,
    }
}

request! {
    /// A key that was made. The key itself is shown this once.
    ApiKey {
        /// Its id.
        id: KeyId,
        /// What people call it.
        name: String,
        /// The key.
        key: Secret,
        ;
        /// When it was made.
        created_at: Timestamp,
        /// When it ends to hold; never, where nothing is said.
        expires_at: Timestamp,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// How much of something there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Allowance {
    /// So many.
    Limited(u64),
    /// As many as one likes. A plane writes it as `null`, -1 or a word.
    Unlimited,
}

impl Serialize for Allowance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Limited(count) => serializer.serialize_u64(*count),
            Self::Unlimited => serializer.serialize_str("unlimited"),
        }
    }
}

impl<'de> Deserialize<'de> for Allowance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = serde_json::Value::deserialize(deserializer)?;
        Ok(told.as_u64().map_or(Self::Unlimited, Self::Limited))
    }
}

noun! {
    /// What one can pay for. (G-Rump, "Get Tiers".)
    Tier {
        /// Its id: `pro`.
        id: String,
        ;
        /// What people call it.
        name: String,
        /// What it costs a month, in the currency's minor unit: 2900 is 29.00.
        price_minor: i64,
        /// How many calls a month it allows.
        api_calls: Allowance,
        ;
        /// What it brings, in words.
        features: Vec<String>,
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// How much of a plane was used. (G-Rump, "Get Usage".)
    AccountUsage {
        ;
        /// Calls in this month.
        calls: u64,
        /// How many there may be in it.
        limit: Allowance,
        /// The part that is used, in hundredths, as the plane says.
        percentage: f64,
        ;
        /// The months, in the plane's order.
        history: Vec<MonthlyUsage>,
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// How much of a plane was used in a month. (G-Rump, "Get Usage", `history`.)
    MonthlyUsage {
        /// Which: `2025-01`.
        month: String,
        ;
        /// Calls in it.
        calls: u64,
        /// What they cost, in the currency's major unit.
        cost: f64,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that says who uses a plane, and lets users in.
///
/// A client that holds a credential logs in by itself: these are for those who manage users.
#[async_trait]
pub trait Accounts: Send + Sync + fmt::Debug {
    /// Makes a user.
    ///
    /// # Errors
    /// `InvalidInput`; `Conflict` where the address has a user already.
    async fn register(&self, new: NewAccount) -> Result<Account> {
        unsupported(Operation::AccountsRegister, new)
    }

    /// Exchanges an address and a password for a token.
    ///
    /// # Errors
    /// `Unauthenticated` where they do not fit.
    async fn login(&self, login: Login) -> Result<LoggedIn> {
        unsupported(Operation::AccountsLogin, login)
    }

    /// Ends the token that the call is made with.
    ///
    /// # Errors
    /// `Unauthenticated` where it holds no longer.
    async fn logout(&self) -> Result<()> {
        unsupported(Operation::AccountsLogout, ())
    }

    /// Who the call is made by.
    ///
    /// # Errors
    /// `Unauthenticated` where that is nobody.
    async fn whoami(&self) -> Result<Account> {
        unsupported(Operation::AccountsWhoami, ())
    }

    /// Makes a key for the user who asks.
    ///
    /// # Errors
    /// `Unauthenticated`; `InvalidInput`.
    async fn create_key(&self, new: NewKey) -> Result<ApiKey> {
        unsupported(Operation::AccountsCreateKey, new)
    }

    /// Lists what one can pay for.
    ///
    /// # Errors
    /// What the wire says.
    async fn tiers(&self) -> Result<Vec<Tier>> {
        unsupported(Operation::AccountsTiers, ())
    }

    /// How much the user who asks has used.
    ///
    /// # Errors
    /// `Unauthenticated`.
    async fn usage(&self) -> Result<AccountUsage> {
        unsupported(Operation::AccountsUsage, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_is_told_in_many_ways() {
        for told in ["null", "-1", r#""Unlimited""#] {
            assert_eq!(
                serde_json::from_str::<Allowance>(told).unwrap(),
                Allowance::Unlimited
            );
        }
        let limit = 9_007_199_254_740_991;
        let told: Allowance = serde_json::from_str("9007199254740991").unwrap();
        assert_eq!(told, Allowance::Limited(limit));
    }

    /// Pitfall 37: a password shows nowhere.
    #[test]
    fn what_is_secret_does_not_show() {
        let login = Login::new("user@example.com", "hunter2");
        let shown = format!("{login:?}");
        assert!(
            shown.contains("user@example.com") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
