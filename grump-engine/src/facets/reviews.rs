use async_trait::async_trait;
use grump_core::{Answer, Approval, Result, Reviews};

use crate::supervisor::Supervisor;

#[async_trait]
impl Reviews for Supervisor {
    async fn pending(&self) -> Result<Vec<Approval>> {
        self.ready().await?;
        self.journal().approvals().await
    }

    async fn answer(&self, answer: Answer) -> Result<()> {
        self.own().await?;
        let questions = self.questions().clone();
        self.detached(async move { questions.answer(answer).await })
            .await
    }
}
