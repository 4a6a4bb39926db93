//! Auth and devices. ("Auth", "Devices")

use std::fmt;

use grump_core::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    DeviceId, Extra, UserId,
    answers::{any_answer, body},
};
use crate::lenient::or_default;

/// The abilities that a token can have. ("Sanctum abilities")
pub const ABILITIES: &[&str] = &[
    "projects:read",
    "projects:write",
    "runs:start",
    "runs:control",
    "git:commit",
    "git:push",
    "settings:read",
    "settings:write",
];

/// Whether a token of these abilities may do what needs this one: `*` grants all, `projects:*`
/// everything about projects. (ambiguity C-14)
///
/// ```
/// use grump_wire::steward::grants;
///
/// let abilities = ["projects:*".to_owned(), "runs:start".to_owned()];
/// assert!(grants(&abilities, "projects:write"));
/// assert!(!grants(&abilities, "runs:control"));
/// ```
#[must_use]
pub fn grants(abilities: &[String], wanted: &str) -> bool {
    abilities.iter().any(|granted| {
        let of_all = granted.strip_suffix('*');
        granted == wanted
            || of_all.is_some_and(|area| {
                area.is_empty() || (area.ends_with(':') && wanted.starts_with(area))
            })
    })
}

/// Who logs in. ("POST /api/auth/token")
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The e-mail address.
    pub email: String,
    /// The password. It stands in no `Debug` output.
    pub password: String,
}

impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRequest").finish_non_exhaustive()
    }
}

/// A token, and what it is good for. ("POST /api/auth/token")
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// The token. It stands in no `Debug` output.
    pub token: String,
    /// What it is good for. ("Sanctum abilities")
    #[serde(default, deserialize_with = "or_default")]
    pub abilities: Vec<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("abilities", &self.abilities)
            .finish_non_exhaustive()
    }
}

/// Who is logged in. ("GET /api/auth/me"; the members are ours)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// What people call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What the token that was shown is good for.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub abilities: Vec<String>,
    /// When the account was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub created_at: Option<Timestamp>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// `{device}` in a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DevicePath {
    /// The device's id.
    pub device: DeviceId,
}

/// A device to notify. ("POST /api/devices", v1.1; only the token is certain)
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeviceRequest {
    /// Its `APNs` token. It stands in no `Debug` output.
    pub token: String,
    /// What else the server wants to know.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl DeviceRequest {
    /// A device of this `APNs` token, of which nothing more is said.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            extra: Extra::new(),
        }
    }
}

impl fmt::Debug for DeviceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceRequest").finish_non_exhaustive()
    }
}

/// A device that is notified. ("POST /api/devices"; the members are ours)
#[derive(Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct Device {
    /// The device's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DeviceId>,
    /// What it runs: `ios`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// When it was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_at: Option<Timestamp>,
    /// Other members; its token may be among them.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("id", &self.id)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

any_answer!(Device);
body!(required LoginRequest, DeviceRequest);
