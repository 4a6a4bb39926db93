//! What an event tells that says by itself not whether, or how, the work is over.

use grump_core::{
    Event, Payload, Run,
    payload::{RunCancelled, RunLimitReached},
};

use super::difference::arrival;

/// What such an event tells, now that the run was read after it.
pub(super) fn settle(mut event: Event, run: &Run) -> Vec<Event> {
    let end = arrival(run).filter(|_| run.status.unified.is_terminal());
    let Some(end) = end else {
        return vec![event];
    };
    let (told, found) = (event.kind(), end.kind());
    if told == found {
        return vec![event];
    }
    if !(told.ends_work() && found.ends_work()) {
        return vec![event, end];
    }
    event.payload = with_reason(end.payload, event.payload);
    vec![event]
}

/// The end that the run shows, with the reason that the event gave.
fn with_reason(end: Payload, told: Payload) -> Payload {
    match (end, told) {
        (Payload::RunLimitReached(_), Payload::RunCancelled(RunCancelled { reason, .. })) => {
            RunLimitReached { reason }.into()
        }
        (end, _) => end,
    }
}

#[cfg(test)]
mod tests {
    use grump_core::{
        EventKind, Loop, LoopConfig, RunDetail, RunRef, RunStatus, payload::ErrorReported,
    };

    use super::*;

    fn run(status: RunStatus) -> Run {
        let detail = RunDetail::Loop(Box::new(Loop::new(LoopConfig::new("/", "x"))));
        let mut run = Run::new(RunRef::of_loop("l"), "t", detail);
        run.status = status.into();
        run
    }

    fn settled(payload: impl Into<Payload>, status: RunStatus) -> Vec<Event> {
        settle(Event::new(RunRef::of_loop("l"), payload), &run(status))
    }

    fn kinds(events: &[Event]) -> Vec<EventKind> {
        events.iter().map(Event::kind).collect()
    }

    fn stopped() -> RunCancelled {
        RunCancelled {
            status: None,
            message: None,
            reason: Some("Reached the limit of 3".into()),
        }
    }

    fn error() -> ErrorReported {
        ErrorReported {
            message: "no".into(),
            code: None,
        }
    }

    #[test]
    fn an_error_that_ended_the_run_is_followed_by_the_end() {
        let told = settled(error(), RunStatus::Failed);
        assert_eq!(
            kinds(&told),
            [EventKind::ErrorReported, EventKind::RunFailed]
        );
    }

    #[test]
    fn an_error_that_the_run_survived_stands_alone() {
        let told = settled(error(), RunStatus::Running);
        assert_eq!(kinds(&told), [EventKind::ErrorReported]);
    }

    #[test]
    fn a_stop_that_was_a_limit_is_told_as_one_with_its_reason() {
        let told = settled(stopped(), RunStatus::LimitReached);
        let reason = Some("Reached the limit of 3".into());
        assert_eq!(told[0].payload, RunLimitReached { reason }.into());
        assert_eq!(told.len(), 1);
    }

    #[test]
    fn a_stop_is_a_stop_where_the_run_says_no_other_end() {
        for status in [RunStatus::Cancelled, RunStatus::Running] {
            assert_eq!(
                kinds(&settled(stopped(), status)),
                [EventKind::RunCancelled]
            );
        }
    }
}
