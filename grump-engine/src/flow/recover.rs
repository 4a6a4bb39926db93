//! What a crash left half done in a loop that goes on.

use grump_core::{Payload, Result, payload::RunStatusChanged};

use super::{
    driver::{Driver, Redo},
    state::Step,
};
use crate::workspace::Workspace;

impl Driver {
    /// Puts the worktree into a true state before the loop goes on.
    ///
    /// An iteration that was cut off is kept in a backup, the worktree goes back to the last
    /// iteration's commit, and the same iteration runs again with the same prompt. One whose agent
    /// was done is not run again: what follows it is done now.
    pub(crate) async fn recover(&self, workspace: &Workspace) -> Result<Option<Redo>> {
        let record = self.cell.read().await;
        match record.state.step {
            Step::Iterating { prompt } => {
                self.set_back(workspace).await?;
                Ok(Some(Redo::Iterate(prompt)))
            }
            Step::Committing(verdict) => {
                self.tell_resumed("committing the iteration that was done")
                    .await?;
                Ok(Some(Redo::Conclude(verdict)))
            }
            Step::Ending(ending) => Ok(Some(Redo::End(ending))),
            _ => Ok(None),
        }
    }

    async fn set_back(&self, workspace: &Workspace) -> Result<()> {
        let record = self.cell.read().await;
        let number = record.run.as_loop().map_or(0, |detail| detail.iteration);
        let backup = workspace.snapshot(&format!("iteration-{number}")).await?;
        let last = record
            .state
            .last_commit
            .as_ref()
            .unwrap_or(&workspace.record().base);
        workspace.reset_to(last).await?;
        let kept = backup.map_or_else(String::new, |commit| {
            format!("; what it had done is kept in {}", commit.as_str())
        });
        self.tell_resumed(&format!("iteration {number} runs again{kept}"))
            .await
    }

    async fn tell_resumed(&self, how: &str) -> Result<()> {
        let status = Some(self.cell.read().await.run.status);
        let message = Some(format!("resumed after an interruption: {how}"));
        self.cell
            .tell(vec![Payload::from(RunStatusChanged {
                status,
                message,
                artifacts: None,
            })])
            .await
    }
}
