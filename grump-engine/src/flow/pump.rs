//! One turn of an agent: everything it tells goes into the journal, everything it asks is
//! answered, and it ends when it is done, when it is told to, or when its budget is used up.

use std::{future::pending, pin::pin, time::Duration};

use grump_core::{Outcome, Payload, Policy, Result, Usage};
use tokio::{
    select,
    sync::mpsc::Receiver,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{coalesce::Coalescer, questions::Questions};
use crate::{
    agent::{AgentSession, Sink, Told, Turn, TurnEnd},
    store::Cell,
};

/// How many things an agent may tell before it waits for the journal.
const CAPACITY: usize = 256;
/// How long an agent has to end its turn after it was told to; then its processes are ended.
const GRACE: Duration = Duration::from_secs(5);

/// What a turn is played with.
pub(crate) struct Pump<'a> {
    pub(crate) cell: &'a Cell,
    pub(crate) questions: &'a Questions,
    pub(crate) policy: Policy,
    /// Ends the turn from outside.
    pub(crate) stop: &'a CancellationToken,
    /// When the time budget is used up.
    pub(crate) deadline: Option<Instant>,
}

/// How a turn ended.
pub(crate) struct Played {
    /// What the agent said of its end; `None` if it was told to end, and did not in time.
    pub(crate) end: Option<Result<TurnEnd>>,
    /// It was ended from outside.
    pub(crate) stopped: bool,
    /// It was ended because a budget was used up.
    pub(crate) over_budget: bool,
}

impl Pump<'_> {
    /// Plays one turn to its end. An `Err` is the journal's: the agent's own is in the answer.
    pub(crate) async fn play(
        self,
        session: &mut dyn AgentSession,
        prompt: String,
        iteration: u64,
    ) -> Result<Played> {
        let record = self.cell.read().await;
        let config = record.run.as_loop().map(|detail| &detail.config);
        let (sink, mut told) = Sink::channel(CAPACITY);
        let end = CancellationToken::new();
        let model = config.and_then(|config| config.model.clone());
        let mut turn = pin!(session.turn(
            Turn {
                prompt,
                model,
                iteration,
                stop: end.clone()
            },
            sink
        ));
        let mut coalescer = Coalescer::default();
        let mut played = Played {
            end: None,
            stopped: false,
            over_budget: false,
        };
        let mut give_up: Option<Instant> = None;
        let mut batch = Vec::with_capacity(CAPACITY);
        while played.end.is_none() {
            select! {
                received = told.recv_many(&mut batch, CAPACITY), if !told.is_closed() || !told.is_empty() => {
                    if received > 0 && self.store(&mut batch, &mut coalescer, iteration).await? {
                        played.over_budget = true;
                    }
                }
                ended = &mut turn => played.end = Some(ended),
                () = self.stop.cancelled(), if !end.is_cancelled() => played.stopped = true,
                () = at(self.deadline), if !end.is_cancelled() => played.over_budget = true,
                () = at(coalescer.deadline()) => self.flush(&mut coalescer).await?,
                () = at(give_up) => break,
            }
            if (played.stopped || played.over_budget) && !end.is_cancelled() {
                end.cancel();
                give_up = Some(Instant::now() + GRACE);
                self.questions.withdraw(&record.run.name).await?;
            }
        }
        self.drain(&mut told, &mut coalescer, iteration).await?;
        self.questions.withdraw(&record.run.name).await?;
        Ok(played)
    }

    /// What was told before the turn ended, and not taken yet.
    async fn drain(
        &self,
        told: &mut Receiver<Told>,
        coalescer: &mut Coalescer,
        iteration: u64,
    ) -> Result<()> {
        told.close();
        let mut rest = Vec::new();
        while told.recv_many(&mut rest, CAPACITY).await > 0 {
            self.store(&mut rest, coalescer, iteration).await?;
        }
        self.flush(coalescer).await
    }

    /// Stores what was told; answers whether the token budget is used up now.
    async fn store(
        &self,
        batch: &mut Vec<Told>,
        coalescer: &mut Coalescer,
        iteration: u64,
    ) -> Result<bool> {
        let mut ready = Vec::new();
        for told in batch.drain(..) {
            match told {
                // The journal keeps what is told in the words of the domain.
                Told::Event(payload, _) => ready.extend(coalescer.push(payload)),
                Told::Question(question, answer) => {
                    ready.extend(coalescer.flush());
                    self.commit(std::mem::take(&mut ready)).await?;
                    let run = self.cell.read().await.run.name;
                    self.questions
                        .take(&run, iteration, self.policy, question, answer)
                        .await?;
                }
            }
        }
        self.commit(ready).await
    }

    async fn flush(&self, coalescer: &mut Coalescer) -> Result<()> {
        self.cell
            .tell(coalescer.flush().into_iter().collect())
            .await
    }

    /// Commits events, with the usage they report; answers whether the token budget is used up.
    async fn commit(&self, payloads: Vec<Payload>) -> Result<bool> {
        let Some(used) = used(&payloads) else {
            return self.cell.tell(payloads).await.map(|()| false);
        };
        let (over, _) = self
            .cell
            .update(|record, told| {
                payloads.into_iter().for_each(|payload| told.push(payload));
                let Some(detail) = record.run.as_loop_mut() else {
                    return Ok(false);
                };
                detail.usage += used;
                Ok(detail
                    .config
                    .budget
                    .is_used_up(Duration::ZERO, &detail.usage))
            })
            .await?;
        Ok(over)
    }
}

/// The tokens that these events report; `None` if they report none.
fn used(payloads: &[Payload]) -> Option<Usage> {
    let mut reports = payloads.iter().filter_map(|payload| match payload {
        Payload::UsageReported(report) => Some(report.usage),
        _ => None,
    });
    let first = reports.next()?;
    Some(reports.fold(first, |mut sum, usage| {
        sum += usage;
        sum
    }))
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

impl Played {
    /// The agent ended the turn by itself, and in order: nothing of it is at work any more.
    pub(crate) fn is_clean(&self) -> bool {
        matches!(self.end, Some(Ok(_))) && self.ending().is_none()
    }

    /// Why the loop ends with this turn, if it does whatever the agent said.
    pub(crate) fn ending(&self) -> Option<Outcome> {
        match (self.stopped, self.over_budget) {
            (true, _) => Some(Outcome::Stopped),
            (false, true) => Some(Outcome::Budget),
            (false, false) => None,
        }
    }
}
