//! What a plane says of itself is true.

use grump_core::{
    Answer, ApprovalId, Budget, Error, ErrorKind, EventQuery, Integration, LoopEdit, Member,
    ModelRef, NewLoop, Operation, Policy, Run, RunFilter, RunRef, Since, StartRun, Usage,
};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(what_a_plane_lacks_is_refused_as_unsupported),
        case!(a_plane_has_what_was_announced_and_no_more),
        case!(a_request_with_what_a_plane_lacks_is_refused_as_unsupported)
            .needs(&[Operation::LoopsCreate]),
        case!(a_run_holds_no_more_than_was_announced)
            .runs(&[Operation::LoopsCreate, Operation::RunsOpen]),
        case!(no_kind_is_told_that_was_not_announced).runs(&[]),
    ]
}

async fn what_a_plane_lacks_is_refused_as_unsupported(stage: &Stage) {
    for operation in Operation::ALL {
        let error = call(stage, *operation).await;
        let refused = error
            .as_ref()
            .is_some_and(|error| error.kind() == ErrorKind::Unsupported);
        let has = stage.plane().info().operations.contains(operation);
        assert_eq!(refused, !has, "{operation}: {error:?}");
    }
}

async fn a_plane_has_what_was_announced_and_no_more(stage: &Stage) {
    let (announced, plane) = (stage.announced(), stage.plane());
    assert_eq!(plane.info().operations, announced.operations);
    assert_eq!(plane.info().kinds, announced.kinds);
    assert_eq!(plane.info().members, announced.members);
}

async fn a_request_with_what_a_plane_lacks_is_refused_as_unsupported(stage: &Stage) {
    let new = || stage.task(scripts::FINISHES);
    let budget = Budget {
        seconds: Some(600),
        ..Budget::default()
    };
    for (member, new) in [
        (Member::LoopBudget, new().budget(budget)),
        (Member::LoopPolicy, new().policy(Policy::Deny)),
        (Member::LoopRequireChanges, new().require_changes()),
        (Member::LoopVerify, new().verify("true")),
    ] {
        let error = stage.loops().create(new).await.err();
        let kind = error.as_ref().map(Error::kind);
        let refused =
            (!stage.plane().info().members.contains(&member)).then_some(ErrorKind::Unsupported);
        assert_eq!(kind, refused, "{member}: {error:?}");
    }
}

async fn a_run_holds_no_more_than_was_announced(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::TELLS_ALL)).await;
    let run = stage.loops().open(&run).await.unwrap();
    for (member, told) in told(&run) {
        let has = stage.plane().info().members.contains(&member);
        assert!(has || !told, "{member}: {run:?}");
    }
}

/// The members of a run that not every plane tells, and whether this one does.
fn told(run: &Run) -> [(Member, bool); 6] {
    let detail = run.as_loop().unwrap();
    [
        (
            Member::RunTimes,
            run.started_at.is_some() || run.ended_at.is_some(),
        ),
        (Member::RunIntegration, run.integration != Integration::None),
        (Member::LoopBranch, detail.branch.is_some()),
        (Member::LoopWorktree, detail.worktree.is_some()),
        (Member::LoopPendingPrompt, detail.pending_prompt.is_some()),
        (Member::LoopUsage, detail.usage != Usage::default()),
    ]
}

async fn no_kind_is_told_that_was_not_announced(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::TELLS_ALL)).await;
    for event in stage.events(&run).await {
        let announced = stage.plane().info().kinds.contains(&event.kind());
        assert!(announced, "{event:?}");
    }
}

/// Calls an operation with something that is not there; how it was refused.
async fn call(stage: &Stage, operation: Operation) -> Option<Error> {
    let plane = stage.plane();
    let (runs, loops) = (plane.runs(), plane.loops());
    let (deliveries, events) = (plane.deliveries(), plane.events());
    let nobody = &RunRef::of_loop("nobody");
    let id = || nobody.id.clone();
    match operation {
        Operation::RunsList => runs.list(RunFilter::default()).await.err(),
        Operation::RunsOpen => runs.open(nobody).await.err(),
        Operation::RunsStart => runs.start(StartRun::new(nobody.clone())).await.err(),
        Operation::RunsStop => runs.stop(nobody).await.err(),
        Operation::RunsRemove => runs.remove(nobody).await.err(),
        Operation::LoopsCreate => loops.create(NewLoop::new("", "", "")).await.err(),
        Operation::LoopsEdit => loops.edit(id(), LoopEdit::default()).await.err(),
        Operation::LoopsSetPendingPrompt => loops.set_pending_prompt(id(), "x").await.err(),
        Operation::LoopsClearPendingPrompt => loops.clear_pending_prompt(id()).await.err(),
        Operation::LoopsPlan => loops.plan(id()).await.err(),
        Operation::LoopsStatusFile => loops.status_file(id()).await.err(),
        Operation::LoopsCheckPlanningDir => loops.check_planning_dir("").await.err(),
        Operation::DeliveriesDiff => deliveries.diff(nobody).await.err(),
        Operation::DeliveriesAccept => deliveries.accept(nobody).await.err(),
        Operation::DeliveriesDiscard => deliveries.discard(nobody).await.err(),
        Operation::DeliveriesUndo => deliveries.undo(nobody).await.err(),
        Operation::DeliveriesPurge => deliveries.purge(nobody).await.err(),
        Operation::EventsHistory => events.history(EventQuery::default()).await.err(),
        Operation::EventsWatch => events.watch(nobody, Since::Now).await.err(),
        Operation::EventsWatchAll => events.watch_all(Since::Now).await.err(),
        other => call_elsewhere(stage, other).await,
    }
}

async fn call_elsewhere(stage: &Stage, operation: Operation) -> Option<Error> {
    let plane = stage.plane();
    let (reviews, models) = (plane.reviews(), plane.models());
    match operation {
        Operation::ReviewsPending => reviews.pending().await.err(),
        Operation::ReviewsAnswer => {
            let answer = Answer::allow(ApprovalId::new("nobody"));
            reviews.answer(answer).await.err()
        }
        Operation::ModelsList => models.list("").await.err(),
        Operation::ModelsLastUsed => models.last_used().await.err(),
        Operation::ModelsSetLastUsed => models.set_last_used(ModelRef::new("", "")).await.err(),
        Operation::SystemHealth => plane.system().health().await.err(),
        other => plane.info().require(other).err(),
    }
}
