//! What agents want to be allowed: answered by policy, by a person, or by a deadline. Always
//! answered.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use grump_core::{
    Answer, Approval, ApprovalId, Conflict, Decision, Error, ErrorKind, Event, Policy, Result,
    RunRef, Timestamp,
    payload::{PermissionRequested, PermissionResolved},
};
use tokio::{sync::oneshot, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{
    agent::{Question, Ruling},
    journal::{Change, Journal},
};

/// The questions that wait, and who waits for the answers. Cheap to clone.
///
/// The journal holds the questions; this holds only where the answers go.
#[derive(Clone, Debug)]
pub(crate) struct Questions {
    journal: Journal,
    waiting: Arc<Mutex<HashMap<ApprovalId, Waiting>>>,
}

#[derive(Debug)]
struct Waiting {
    approval: Approval,
    iteration: u64,
    answer: oneshot::Sender<Ruling>,
    /// Ends the waiting for its deadline, once it is answered.
    _expiry: DropGuard,
}

impl Questions {
    pub(crate) fn new(journal: Journal) -> Self {
        Self {
            journal,
            waiting: Arc::default(),
        }
    }

    /// Takes a question. The answer follows in its own time: the caller goes on at once.
    pub(crate) async fn take(
        &self,
        run: &RunRef,
        iteration: u64,
        policy: Policy,
        question: Question,
        answer: oneshot::Sender<Ruling>,
    ) -> Result<()> {
        let id = ApprovalId::new(Uuid::now_v7().to_string());
        let mut approval = Approval::new(id.clone(), run.clone(), question.action, question.title);
        approval.detail = question.detail;
        approval.deadline = policy.patience().map(from_now);
        let asked = requested(&approval, question.call_id);
        match policy {
            Policy::Ask { .. } => {}
            decided => {
                let allow = decided == Policy::Allow;
                let by = Verdict {
                    decision: if allow {
                        Decision::Allow
                    } else {
                        Decision::Deny
                    },
                    by: "policy",
                    note: None,
                };
                approval.decision = Some(by.decision);
                self.commit(
                    &approval,
                    iteration,
                    vec![asked.into(), by.event(&approval).into()],
                )
                .await?;
                // The agent may have ended meanwhile, and then wants no answer.
                let _ = answer.send(if allow {
                    Ruling::Allow
                } else {
                    Ruling::Deny(None)
                });
                return Ok(());
            }
        }
        let answered = CancellationToken::new();
        self.lock().insert(
            id.clone(),
            Waiting {
                approval: approval.clone(),
                iteration,
                answer,
                _expiry: answered.clone().drop_guard(),
            },
        );
        self.commit(&approval, iteration, vec![asked.into()])
            .await?;
        if let Some(patience) = policy.patience() {
            self.expire_after(id, patience, answered);
        }
        Ok(())
    }

    /// Takes a person's answer.
    pub(crate) async fn answer(&self, answer: Answer) -> Result<()> {
        let decision = if answer.allow {
            Decision::Allow
        } else {
            Decision::Deny
        };
        let verdict = Verdict {
            decision,
            by: "person",
            note: answer.note,
        };
        if self.resolve(&answer.approval, verdict).await? {
            return Ok(());
        }
        match self.journal.approval(&answer.approval).await? {
            Some(resolved) => Err(Error::new(ErrorKind::Conflict, "this was answered already")
                .with("approval", &answer.approval)
                .with(
                    "decision",
                    resolved.decision.map_or("none", Decision::as_str),
                )
                .conflicting(Conflict::new("already_resolved"))),
            None => Err(Error::new(ErrorKind::NotFound, "there is no such approval")
                .with("approval", &answer.approval)),
        }
    }

    /// Denies everything that one run still asks, because it ends.
    pub(crate) async fn withdraw(&self, run: &RunRef) -> Result<()> {
        let open: Vec<_> = {
            let waiting = self.lock();
            let of_run = waiting
                .values()
                .filter(|waiting| waiting.approval.run == *run);
            of_run.map(|waiting| waiting.approval.id.clone()).collect()
        };
        for id in open {
            let verdict = Verdict {
                decision: Decision::Deny,
                by: "stop",
                note: None,
            };
            self.resolve(&id, verdict).await?;
        }
        Ok(())
    }

    /// Closes what a dead engine's agents had asked: nobody waits for those answers any more.
    pub(crate) async fn expire_orphans(&self) -> Result<()> {
        for mut approval in self.journal.approvals().await? {
            let verdict = Verdict {
                decision: Decision::Expired,
                by: "stop",
                note: None,
            };
            approval.decision = Some(verdict.decision);
            self.commit(&approval, 0, vec![verdict.event(&approval).into()])
                .await?;
        }
        Ok(())
    }

    fn expire_after(&self, id: ApprovalId, patience: Duration, answered: CancellationToken) {
        let questions = self.clone();
        tokio::spawn(async move {
            if timeout(patience, answered.cancelled()).await.is_ok() {
                return;
            }
            let verdict = Verdict {
                decision: Decision::Expired,
                by: "deadline",
                note: None,
            };
            if let Err(error) = questions.resolve(&id, verdict).await {
                tracing::error!(%error, approval = %id, "an expired question could not be stored");
            }
        });
    }

    /// Answers a question that waits; `false` if it does not.
    async fn resolve(&self, id: &ApprovalId, verdict: Verdict) -> Result<bool> {
        let Some(mut waiting) = self.lock().remove(id) else {
            return Ok(false);
        };
        waiting.approval.decision = Some(verdict.decision);
        let resolved = verdict.event(&waiting.approval);
        let stored = self
            .commit(&waiting.approval, waiting.iteration, vec![resolved.into()])
            .await;
        let ruling = match verdict.decision {
            Decision::Allow if stored.is_ok() => Ruling::Allow,
            _ => Ruling::Deny(verdict.note),
        };
        // The agent may have ended meanwhile, and then wants no answer.
        let _ = waiting.answer.send(ruling);
        stored.map(|()| true)
    }

    async fn commit(
        &self,
        approval: &Approval,
        iteration: u64,
        payloads: Vec<grump_core::Payload>,
    ) -> Result<()> {
        let now = Timestamp::now();
        let event = |payload| {
            let mut event = Event::new(approval.run.clone(), payload);
            event.at = Some(now.clone());
            event.iteration = (iteration > 0).then_some(iteration);
            event
        };
        let change = Change {
            events: payloads.into_iter().map(event).collect(),
            approvals: vec![approval.clone()],
            ..Change::default()
        };
        self.journal.commit(change).await.map(drop)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ApprovalId, Waiting>> {
        // A panic elsewhere cannot leave a map of senders half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Verdict {
    decision: Decision,
    by: &'static str,
    note: Option<String>,
}

impl Verdict {
    fn event(&self, approval: &Approval) -> PermissionResolved {
        PermissionResolved {
            approval: approval.id.clone(),
            decision: self.decision,
            by: Some(self.by.to_owned()),
            note: self.note.clone(),
        }
    }
}

fn requested(approval: &Approval, call_id: Option<String>) -> PermissionRequested {
    PermissionRequested {
        approval: approval.id.clone(),
        action: approval.action.clone(),
        title: approval.title.clone(),
        detail: approval.detail.clone(),
        call_id,
        deadline: approval.deadline.clone(),
    }
}

fn from_now(patience: Duration) -> Timestamp {
    let now = Timestamp::now().as_millis().unwrap_or_default();
    Timestamp::from_millis(now.saturating_add_unsigned(patience.as_millis() as u64))
}
