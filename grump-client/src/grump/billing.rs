//! [`Billing`]: subscriptions and what they used.

use grump_core::Result;
use grump_wire::{
    endpoint::{NoPath, NoQuery},
    grump::{ListTiers, ReadUsage, TierInfo, UsageReport},
};

use super::GrumpClient;

/// Subscriptions and what they used. (G-Rump, "Billing Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Billing<'c>(pub(super) &'c GrumpClient);

impl Billing<'_> {
    /// Get available subscription tiers. (G-Rump, "Get Tiers")
    pub async fn tiers(&self) -> Result<Vec<TierInfo>> {
        let list = self.0.get::<ListTiers>(NoPath {}, NoQuery {}).await?;
        Ok(list.tiers)
    }

    /// Get current usage statistics. (G-Rump, "Get Usage")
    pub async fn usage(&self) -> Result<UsageReport> {
        self.0.get::<ReadUsage>(NoPath {}, NoQuery {}).await
    }
}
