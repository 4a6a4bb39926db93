//! Handle of the facet `Accounts`.

use grump_core::{Account, AccountUsage, ApiKey, LoggedIn, Login, NewAccount, NewKey, Tier};

use super::handle;

handle! {
    /// Users, keys and limits. A client that holds a credential logs in by itself.
    Accounts accounts {
        /// Makes a user.
        AccountsRegister register(new: NewAccount) -> Account;
        /// Exchanges an address and a password for a token.
        AccountsLogin login(login: Login) -> LoggedIn;
        /// Ends the token that the call is made with.
        AccountsLogout logout() -> ();
        /// Who the call is made by.
        AccountsWhoami whoami() -> Account;
        /// Makes a key for the user who asks.
        AccountsCreateKey create_key(new: NewKey) -> ApiKey;
        /// Lists what one can pay for.
        AccountsTiers tiers() -> Vec<Tier>;
        /// How much the user who asks has used.
        AccountsUsage usage() -> AccountUsage;
    }
}
