//! What a crash left behind in a data folder, put in order before the engine does anything else.

use std::sync::Arc;

use grump_core::{Error, ErrorKind, Outcome, Result, RunRef, RunStatus, payload::RunStatusChanged};

use crate::{
    flow::{
        driver::{Ending, end_work},
        state::LoopRecord,
        states::{enter, is_at_work},
    },
    journal::Record,
    process::{self, Mark},
    store::Cell,
    supervisor::{Resume, Supervisor},
};

impl Supervisor {
    /// Puts everything in order: no process of a dead engine's lives, no question waits that
    /// nobody asks any more, no merge is half done, and every loop is in a true state.
    pub(crate) async fn recover(&self) -> Result<()> {
        self.sweep().await?;
        self.questions().expire_orphans().await?;
        for stored in self.journal().runs().await? {
            let name = stored.run.name.clone();
            if let Err(error) = self.repair(stored).await {
                tracing::error!(%error, run = %name, "a loop could not be repaired");
            }
        }
        Ok(())
    }

    /// Ends the processes of this journal's dead engines. This engine has started none yet.
    async fn sweep(&self) -> Result<()> {
        let mark = Mark::journal(self.journal().id());
        let swept = tokio::task::spawn_blocking(move || process::sweep(&mark)).await;
        let swept = swept.map_err(|error| {
            Error::new(ErrorKind::Internal, "the sweep of old processes failed").caused_by(error)
        })?;
        match swept {
            Ok(killed) if killed.is_empty() => Ok(()),
            Ok(killed) => {
                tracing::warn!(
                    processes = killed.len(),
                    "ended what a dead engine had left"
                );
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn repair(&self, stored: Record) -> Result<()> {
        let record = LoopRecord::read(stored)?;
        let status = record.run.status.unified;
        if record.state.delivery.is_none() && !is_at_work(status) && !status.is_final() {
            return Ok(());
        }
        let cell = self.store().cell(&record.run.name).await?;
        if record.state.delivery.is_some() {
            self.finish_delivery(&cell).await
        } else if is_at_work(status) {
            self.resume_loop(&cell, record).await
        } else {
            self.clear_away(&cell, record).await
        }
    }

    async fn resume_loop(&self, cell: &Arc<Cell>, record: LoopRecord) -> Result<()> {
        match self.resume() {
            Resume::Leave => Ok(()),
            Resume::GiveUp => self.give_up(cell).await,
            Resume::Continue => self.go_on(cell, &record).await,
        }
    }

    /// Goes on with a loop that a dead engine worked on.
    async fn go_on(&self, cell: &Arc<Cell>, record: &LoopRecord) -> Result<()> {
        let reserved = self.reserve(&record.run.name);
        self.take_over(cell).await?;
        self.drive(reserved, cell.clone());
        Ok(())
    }

    /// Goes on with all loops that are cut off.
    pub(crate) async fn resume_all(&self) -> Result<()> {
        self.own().await?;
        for stored in self.journal().runs().await? {
            let name = stored.run.name;
            if let Err(error) = self.resume_if_cut_off(&name).await {
                tracing::error!(%error, run = %name, "a loop could not be resumed");
            }
        }
        Ok(())
    }

    async fn resume_if_cut_off(&self, name: &RunRef) -> Result<()> {
        let cell = self.store().cell(name).await?;
        // A start of the same loop waits meanwhile.
        let _alone = cell.command().await?;
        let record = cell.read().await;
        match self.is_cut_off(&record) {
            true => self.go_on(&cell, &record).await,
            false => Ok(()),
        }
    }

    /// Removes the worktree of a loop that is done with, if a crash came before.
    async fn clear_away(&self, cell: &Cell, record: LoopRecord) -> Result<()> {
        if let Some(workspace) = record.state.workspace
            && self.workspace(workspace).is_there()
        {
            self.clean_up(cell).await;
        }
        Ok(())
    }

    /// Ends a loop that a crash cut off. Starting it goes on with it.
    pub(crate) async fn give_up(&self, cell: &Cell) -> Result<()> {
        let given_up = cell.update(|record, told| {
            let ending = Ending {
                outcome: Outcome::Interrupted,
                error: None,
            };
            end_work(record, told, &ending, false)
        });
        given_up.await.map(drop)
    }

    /// Makes a loop that a dead engine worked on this one's.
    async fn take_over(&self, cell: &Cell) -> Result<()> {
        let own = self.identity().cloned();
        let taken = cell.update(|record, told| {
            enter(&mut record.run, RunStatus::Starting)?;
            record.state.engine = own;
            told.push(RunStatusChanged {
                status: Some(record.run.status.clone()),
                message: Some("resumed after an interruption".to_owned()),
                artifacts: None,
            });
            Ok(())
        });
        taken.await.map(drop)
    }
}
