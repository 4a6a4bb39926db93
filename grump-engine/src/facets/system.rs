use async_trait::async_trait;
use grump_core::{Health, Result, System};

use crate::supervisor::Supervisor;

#[async_trait]
impl System for Supervisor {
    async fn health(&self) -> Result<Health> {
        let mut problems = Vec::new();
        if let Err(error) = self.ready().await {
            problems.push(error.to_string());
        }
        if let Err(error) = self.git_works().await {
            problems.push(error.to_string());
        }
        Ok(Health::new(env!("CARGO_PKG_VERSION"), problems))
    }
}
