//! Users, settings, devices.

use grump_core::{Account, AgentProvider, Device, LoggedIn, NewDevice, Secret, ServerParams};

use super::super::types as wire;

/// A user.
#[must_use]
pub fn account(told: wire::User) -> Account {
    let mut account = Account::new(told.id.as_str());
    account.email = told.email;
    account.name = told.name;
    account.created_at = told.created_at;
    account.abilities = told.abilities;
    account.ext = told.extra;
    account
}

/// A login that was accepted.
#[must_use]
pub fn logged_in(told: wire::Token) -> LoggedIn {
    let mut logged_in = LoggedIn::new(Secret::new(told.token)).token_type("bearer");
    logged_in.abilities = told.abilities;
    logged_in.ext = told.extra;
    logged_in
}

/// How the plane is set.
#[must_use]
pub fn server_params(told: wire::ServerParams) -> ServerParams {
    ServerParams::new(told.0)
}

/// Who serves agents.
#[must_use]
pub fn provider(told: wire::Provider) -> AgentProvider {
    let mut provider = AgentProvider::new(told.key, told.enabled);
    provider.name = told.name;
    provider.ext = told.extra;
    provider
}

/// A telephone that was registered. One of which the plane tells no id has an empty one.
#[must_use]
pub fn device(told: wire::Device) -> Device {
    let id = told.id.as_ref().map_or("", |id| id.as_str());
    let mut device = Device::new(id);
    device.created_at = told.created_at;
    device.ext = told.extra;
    device.ext.remove("token");
    if let Some(platform) = told.platform {
        device.ext.insert("platform".to_owned(), platform.into());
    }
    device
}

/// The request that registers a telephone.
#[must_use]
pub fn device_request(new: NewDevice) -> wire::DeviceRequest {
    wire::DeviceRequest {
        token: new.token.reveal().to_owned(),
        extra: new.ext,
    }
}
