//! The engine's own transitions: what the documents show, and what a supervisor needs beyond it.

use grump_core::{Conflict, Error, ErrorKind, Run, RunStatus};

use RunStatus::{
    Cancelled, Completed, Discarded, Draft, Failed, LimitReached, Merged, Queued, Running,
    Starting, Waiting,
};

/// Every change of status that the engine makes, beside a removal (from anywhere to Discarded) and
/// its undoing (from Discarded to what it was).
///
/// Beyond the documents: a loop waits its turn (Queued) when enough others run; one that a crash
/// cut off goes through Starting again from wherever it was; a budget ends it while it starts;
/// work that was stopped or failed may still be taken in.
pub(crate) const TRANSITIONS: &[(RunStatus, RunStatus)] = &[
    (Draft, Queued),
    (Draft, Starting),
    (Queued, Starting),
    (Queued, Cancelled),
    (Queued, Failed),
    (Starting, Starting),
    (Starting, Running),
    (Starting, Waiting),
    (Starting, LimitReached),
    (Starting, Completed),
    (Starting, Failed),
    (Starting, Cancelled),
    (Running, Starting),
    (Running, Queued),
    (Running, Waiting),
    (Running, Completed),
    (Running, LimitReached),
    (Running, Failed),
    (Running, Cancelled),
    (Waiting, Starting),
    (Waiting, Queued),
    (Waiting, Running),
    (Waiting, LimitReached),
    (Waiting, Failed),
    (Waiting, Cancelled),
    (Starting, Queued),
    (Queued, Queued),
    (Completed, Queued),
    (Completed, Starting),
    (Completed, Merged),
    (Completed, Discarded),
    (LimitReached, Queued),
    (LimitReached, Starting),
    (LimitReached, Merged),
    (LimitReached, Discarded),
    (Failed, Queued),
    (Failed, Starting),
    (Failed, Merged),
    (Failed, Discarded),
    (Cancelled, Queued),
    (Cancelled, Starting),
    (Cancelled, Merged),
    (Cancelled, Discarded),
];

/// Moves a run to another status, if the engine ever makes that change.
///
/// # Errors
/// `Internal`: it was about to make one that it never should.
pub(crate) fn enter(run: &mut Run, to: RunStatus) -> Result<(), Error> {
    let from = run.status.unified;
    if !TRANSITIONS.contains(&(from, to)) {
        return Err(Error::new(
            ErrorKind::Internal,
            "a run cannot change its status this way",
        )
        .with("run", &run.name)
        .with("from", from)
        .with("to", to));
    }
    run.status = to.into();
    Ok(())
}

/// The refusal of a command that the run's status does not allow.
pub(crate) fn refuse(
    run: &Run,
    code: &'static str,
    message: impl Into<std::borrow::Cow<'static, str>>,
) -> Error {
    Error::new(ErrorKind::Conflict, message)
        .with("run", &run.name)
        .with("status", &run.status)
        .conflicting(Conflict::new(code).current(run.status.clone()))
}

/// The work is over, there is a result, and nothing was done with it yet: it may be started again,
/// merged or discarded.
pub(crate) const fn has_open_result(status: RunStatus) -> bool {
    matches!(status, Completed | LimitReached | Failed | Cancelled)
}

/// An engine works on it, or will in its turn.
pub(crate) const fn is_at_work(status: RunStatus) -> bool {
    matches!(status, Queued) || status.is_executing()
}

#[cfg(test)]
mod tests {
    use grump_core::{Loop, LoopConfig, RunDetail, RunRef, status::DOCUMENTED_TRANSITIONS};

    use super::*;

    /// The ten states of the Ralpher document, "Loop Status", in the shared words.
    const RALPHER: [RunStatus; 10] = [
        Draft,
        Starting,
        Running,
        Waiting,
        Completed,
        Cancelled,
        Failed,
        LimitReached,
        Merged,
        Discarded,
    ];

    #[test]
    fn the_table_holds_what_the_ralpher_document_shows() {
        let documented = DOCUMENTED_TRANSITIONS.iter().filter_map(|(from, to)| {
            let (from, to) = ((*from)?, (*to)?);
            (RALPHER.contains(&from) && RALPHER.contains(&to)).then_some((from, to))
        });
        let not_of_loops = [
            (Draft, Running),
            (Draft, Cancelled),
            (Completed, Running),
            (Failed, Running),
        ];
        for transition in documented.filter(|transition| !not_of_loops.contains(transition)) {
            assert!(TRANSITIONS.contains(&transition), "{transition:?}");
        }
    }

    #[test]
    fn nothing_leaves_a_final_status() {
        assert!(TRANSITIONS.iter().all(|(from, _)| !from.is_final()));
    }

    #[test]
    fn a_change_that_is_not_in_the_table_is_refused_and_changes_nothing() {
        let detail = RunDetail::Loop(Box::new(Loop::new(LoopConfig::new("/tmp", "x"))));
        let mut run = Run::new(RunRef::of_loop("l-1"), "x", detail);
        assert!(enter(&mut run, Merged).is_err());
        assert_eq!(run.status.unified, Draft);
        assert!(enter(&mut run, Starting).is_ok());
        assert_eq!(run.status.native, "starting");
    }
}
