use async_trait::async_trait;
use grump_core::{Error, ErrorKind, Json, Model, ModelRef, Models, Result};
use uuid::Uuid;

use super::loops::absolute;
use crate::{agent::Site, journal::Change, supervisor::Supervisor};

/// The name of the preference that holds the last model.
const LAST_MODEL: &str = "last_model";

#[async_trait]
impl Models for Supervisor {
    /// Asks every agent that is configured; one that cannot say is passed over as long as another
    /// one can.
    async fn list(&self, directory: &str) -> Result<Vec<Model>> {
        let directory = absolute(directory)?;
        let mut models = Vec::new();
        let mut failure = None;
        for name in self.agents().names() {
            let site = Site {
                directory: directory.clone(),
                run: format!("models-{}", Uuid::now_v7()),
                launcher: self.launcher().clone(),
                connect: None,
                ask: false,
            };
            match self.agent(&name)?.models(site).await {
                Ok(found) => models.extend(found),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if models.is_empty() => Err(error),
            _ => Ok(models),
        }
    }

    async fn last_used(&self) -> Result<Option<ModelRef>> {
        let stored = self.journal().preference(LAST_MODEL).await?;
        Ok(stored.and_then(|model| model.parse().ok()))
    }

    async fn set_last_used(&self, model: ModelRef) -> Result<()> {
        self.own().await?;
        if !model.is_complete() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a model needs provider and name",
            ));
        }
        let value = Json::of(&model).expect("two texts are always JSON");
        let change = Change {
            preferences: vec![(LAST_MODEL.to_owned(), value)],
            ..Change::default()
        };
        self.journal().commit(change).await.map(drop)
    }
}
