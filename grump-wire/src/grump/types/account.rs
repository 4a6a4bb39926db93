//! Subscriptions and what they used. (G-Rump, "Billing Endpoints")

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Extra;
use crate::lenient::{count_or_zero, number, or_default, text, write_number};

/// The subscriptions that there are. ("Get Tiers")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TierList {
    /// The subscriptions.
    #[serde(deserialize_with = "or_default")]
    pub tiers: Vec<TierInfo>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A subscription. ("Get Tiers")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TierInfo {
    /// Its id: `free`, `pro`.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// What people call it.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// What it costs a month, in hundredths of a currency that is not said; `None` where the server
    /// has another member for it: see [`price_minor`](Self::price_minor). (ambiguity G-19)
    #[serde(
        deserialize_with = "number",
        serialize_with = "write_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub price: Option<f64>,
    /// How many calls a month there may be; see [`calls`](Self::calls). (ambiguity G-20)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_calls: Option<Value>,
    /// What it has, in words.
    #[serde(deserialize_with = "or_default")]
    pub features: Vec<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl TierInfo {
    /// What it costs a month in hundredths (2900 is 29.00), also where it is told as the field does.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "prices are small, and a float saturates"
    )]
    pub fn price_minor(&self) -> Option<i64> {
        let told = self.price;
        let told = told.or_else(|| self.extra.get("priceMonthlyCents")?.as_f64());
        told.map(|price| price.round() as i64)
    }

    /// How many calls a month there may be, also where it is told as the field does.
    #[must_use]
    pub fn calls(&self) -> Allowance {
        let told = self.api_calls.as_ref();
        Allowance::of(told.or_else(|| self.extra.get("apiCallsPerMonth")))
    }
}

/// How many calls there may be. ("Rate Limits" has `Unlimited` among its numbers)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Allowance {
    /// So many.
    Calls(u64),
    /// As many as one likes.
    Unlimited,
    /// The server does not say.
    Unknown,
}

impl Allowance {
    /// What this member says: a number; null, a negative number or text for no limit.
    fn of(told: Option<&Value>) -> Self {
        match told {
            None => Self::Unknown,
            Some(told) => {
                let number = told.as_u64().or_else(|| told.as_str()?.trim().parse().ok());
                number.map_or(Self::Unlimited, Self::Calls)
            }
        }
    }
}

/// What was used. ("Get Usage")
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UsageReport {
    /// This month.
    #[serde(deserialize_with = "or_default")]
    pub current_month: MonthUsage,
    /// The months before.
    #[serde(deserialize_with = "or_default")]
    pub history: Vec<UsageMonth>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What was used this month. ("Get Usage", `currentMonth`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MonthUsage {
    /// How many calls.
    #[serde(deserialize_with = "count_or_zero")]
    pub api_calls: u64,
    /// How many there may be; see [`allowance`](Self::allowance).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Value>,
    /// How much of them, in percent.
    #[serde(
        deserialize_with = "number",
        serialize_with = "write_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub percentage: Option<f64>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl MonthUsage {
    /// How many calls there may be.
    #[must_use]
    pub fn allowance(&self) -> Allowance {
        Allowance::of(self.limit.as_ref())
    }
}

/// What was used in a month. ("Get Usage", `history`)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UsageMonth {
    /// The month: `2025-01`.
    #[serde(deserialize_with = "text")]
    pub month: String,
    /// How many calls.
    #[serde(deserialize_with = "count_or_zero")]
    pub calls: u64,
    /// What they cost, in whole units of a currency that is not said. (ambiguity G-19)
    #[serde(
        deserialize_with = "number",
        serialize_with = "write_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub cost: Option<f64>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}
