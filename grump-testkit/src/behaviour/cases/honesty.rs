//! What a plane says of itself is true.

use grump::Plane;
use grump_core::{
    Against, AnalyzeWorkspace, Answer, ApprovalId, ApproveRun, Budget, BuildBundle, ChatRequest,
    CompareSnapshots, CompileIntent, EditProvider, EditSettings, Error, ErrorKind, EventKind,
    EventQuery, Integration, Login, LoopEdit, Member, ModelRef, NewAccount, NewArchitecture,
    NewDevice, NewFolder, NewKey, NewLoop, NewPrd, NewProject, NewShip, NewSnapshot, NewTask,
    NewWebhook, Operation, PageRequest, Policy, ProjectEdit, ProjectId, RejectRun, Run, RunAgent,
    RunFilter, RunRef, SendInput, Since, StartRun, StartShip, Usage,
};

use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(what_a_plane_lacks_is_refused_as_unsupported),
        case!(what_a_plane_lacks_is_refused_before_anything_is_asked),
        case!(a_kind_that_a_plane_never_tells_of_is_refused),
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

/// The handle refuses, which names the plane: who implements it is not asked.
async fn what_a_plane_lacks_is_refused_before_anything_is_asked(stage: &Stage) {
    let info = stage.plane().info().clone();
    let lacks = |operation: &&Operation| !info.operations.contains(operation);
    for operation in Operation::ALL.iter().filter(lacks) {
        let error = call(stage, *operation).await.expect("it is refused");
        let plane = error.context().find(|(name, _)| *name == "plane");
        assert_eq!(plane, Some(("plane", &*info.name)), "{error}");
        assert_eq!(error.failed_operation(), Some(operation.as_str()));
    }
}

async fn a_plane_has_what_was_announced_and_no_more(stage: &Stage) {
    let (announced, plane) = (stage.announced(), stage.plane());
    assert_eq!(plane.info().operations, announced.operations);
    assert_eq!(plane.info().kinds, announced.kinds);
    assert_eq!(plane.info().members, announced.members);
}

async fn a_kind_that_a_plane_never_tells_of_is_refused(stage: &Stage) {
    let info = stage.plane().info().clone();
    let never = |kind: &&EventKind| !info.kinds.contains(kind);
    for kind in EventKind::ALL.iter().filter(never) {
        let nobody = stage.plane().run(RunRef::of_loop("nobody"));
        let watched = nobody.events().only([*kind]).watch().await;
        assert_eq!(
            watched.unwrap_err().kind(),
            ErrorKind::Unsupported,
            "{kind}"
        );
    }
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
        Operation::RunsPause => runs.pause(nobody).await.err(),
        Operation::RunsResume => runs.resume(nobody).await.err(),
        Operation::RunsRetry => runs.retry(nobody).await.err(),
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
        Operation::DeliveriesCommit => deliveries.commit(nobody).await.err(),
        Operation::DeliveriesPush => deliveries.push(nobody).await.err(),
        Operation::EventsHistory => events.history(EventQuery::default()).await.err(),
        Operation::EventsWatch => events.watch(nobody, Since::Now).await.err(),
        Operation::EventsWatchAll => events.watch_all(Since::Now).await.err(),
        other => call_elsewhere(stage, other).await,
    }
}

async fn call_elsewhere(stage: &Stage, operation: Operation) -> Option<Error> {
    let plane = stage.plane();
    let (reviews, models, system) = (plane.reviews(), plane.models(), plane.system());
    let nobody = RunRef::of_loop("nobody");
    match operation {
        Operation::ReviewsPending => reviews.pending().await.err(),
        Operation::ReviewsApprove => reviews.approve(ApproveRun::new(nobody)).await.err(),
        Operation::ReviewsReject => reviews.reject(RejectRun::new(nobody)).await.err(),
        Operation::ReviewsAnswer => {
            let answer = Answer::allow(ApprovalId::new("nobody"));
            reviews.answer(answer).await.err()
        }
        Operation::ModelsList => models.list("").await.err(),
        Operation::ModelsProviders => models.providers().await.err(),
        Operation::ModelsLastUsed => models.last_used().await.err(),
        Operation::ModelsSetLastUsed => models.set_last_used(ModelRef::new("", "")).await.err(),
        Operation::SystemHealth => system.health().await.err(),
        Operation::SystemMetrics => system.metrics().await.err(),
        Operation::SystemStatus => system.status().await.err(),
        other => call_of_work(&plane, &nobody, other).await,
    }
}

/// Tasks, sessions, chats and what they leave behind.
async fn call_of_work(plane: &Plane, nobody: &RunRef, operation: Operation) -> Option<Error> {
    let (tasks, ships, bundles) = (plane.tasks(), plane.ships(), plane.code_bundles());
    let (designs, agents, evidence) = (plane.designs(), plane.agents(), plane.evidence());
    let input = || SendInput::new(nobody, "");
    match operation {
        Operation::TasksCreate => tasks.create(NewTask::new()).await.err(),
        Operation::TasksCreateAndStart => tasks.create_and_start(NewTask::new()).await.err(),
        Operation::TasksSendInput => tasks.send_input(input()).await.err(),
        Operation::ShipsCreate => ships.create(NewShip::new("")).await.err(),
        Operation::ShipsStartAndWatch => ships.start_and_watch(StartShip::new(nobody)).await.err(),
        Operation::ChatsSend => plane.chats().send(ChatRequest::new([])).await.err(),
        Operation::CodeBundlesBuild => bundles.build(BuildBundle::new(nobody)).await.err(),
        Operation::CodeBundlesDownload => bundles.download(nobody).await.err(),
        Operation::DesignsGenerateArchitecture => {
            let new = NewArchitecture::new("");
            designs.generate_architecture(new).await.err()
        }
        Operation::DesignsAnalyzeWorkspace => {
            let request = AnalyzeWorkspace::new("");
            designs.analyze_workspace(request).await.err()
        }
        Operation::DesignsGeneratePrd => designs.generate_prd(NewPrd::new("")).await.err(),
        Operation::DesignsCompileIntent => {
            designs.compile_intent(CompileIntent::new([])).await.err()
        }
        Operation::AgentsList => agents.list().await.err(),
        Operation::AgentsRun => agents.run(RunAgent::new("", "")).await.err(),
        Operation::EvidenceFiles => evidence.files(nobody).await.err(),
        Operation::EvidenceFile => evidence.file(nobody, &"".into()).await.err(),
        Operation::EvidenceCommands => evidence.commands(nobody).await.err(),
        Operation::EvidenceCommand => evidence.command(nobody, &"".into()).await.err(),
        Operation::EvidenceSummary => evidence.summary(nobody).await.err(),
        Operation::EvidenceArtifacts => evidence.artifacts(nobody).await.err(),
        Operation::EvidenceArtifact => evidence.artifact(nobody, &"".into()).await.err(),
        other => call_of_projects(plane, nobody, other).await,
    }
}

/// Projects, folders and snapshots.
async fn call_of_projects(plane: &Plane, nobody: &RunRef, operation: Operation) -> Option<Error> {
    let (projects, docs) = (plane.projects(), plane.project_docs());
    let (folders, snapshots) = (plane.folders(), plane.snapshots());
    let (page, nothing) = (PageRequest::default(), &ProjectId::new(""));
    let compare = || CompareSnapshots::new("", Against::Current);
    match operation {
        Operation::ProjectsList => projects.list(page).await.err(),
        Operation::ProjectsCreate => projects.create(NewProject::new("", "")).await.err(),
        Operation::ProjectsOpen => projects.open(nothing).await.err(),
        Operation::ProjectsEdit => projects.edit(ProjectEdit::new(nothing)).await.err(),
        Operation::ProjectsArchive => projects.archive(nothing).await.err(),
        Operation::ProjectsClone => projects.reclone(nothing).await.err(),
        Operation::ProjectsPull => projects.pull(nothing).await.err(),
        Operation::ProjectsIndex => projects.index(nothing).await.err(),
        Operation::ProjectDocsList => docs.list(nothing).await.err(),
        Operation::ProjectDocsOpen => docs.open(nothing, "").await.err(),
        Operation::ProjectDocsMap => docs.map(nothing).await.err(),
        Operation::ProjectDocsSchema => docs.schema(nothing).await.err(),
        Operation::ProjectDocsDiagrams => docs.diagrams(nothing).await.err(),
        Operation::ProjectDocsChangelog => docs.changelog(nothing).await.err(),
        Operation::ProjectDocsRegenerate => docs.regenerate(nothing).await.err(),
        Operation::FoldersList => folders.list().await.err(),
        Operation::FoldersCreate => folders.create(NewFolder::new()).await.err(),
        Operation::FoldersOpen => folders.open(&"".into()).await.err(),
        Operation::FoldersRemove => folders.remove(&"".into()).await.err(),
        Operation::SnapshotsListOfRun => snapshots.list_of_run(nobody, page).await.err(),
        Operation::SnapshotsListOfProject => snapshots.list_of_project(nothing, page).await.err(),
        Operation::SnapshotsOpen => snapshots.open(&"".into()).await.err(),
        Operation::SnapshotsCreate => snapshots.create(NewSnapshot::new("", "")).await.err(),
        Operation::SnapshotsRestore => snapshots.restore(&"".into()).await.err(),
        Operation::SnapshotsCompare => snapshots.compare(compare()).await.err(),
        other => call_of_users(plane, other).await,
    }
}

/// Users, settings, and who is told of what happens.
async fn call_of_users(plane: &Plane, operation: Operation) -> Option<Error> {
    let (accounts, settings) = (plane.accounts(), plane.settings());
    let (webhooks, devices) = (plane.webhooks(), plane.devices());
    match operation {
        Operation::AccountsRegister => accounts.register(NewAccount::new("", "")).await.err(),
        Operation::AccountsLogin => accounts.login(Login::new("", "")).await.err(),
        Operation::AccountsLogout => accounts.logout().await.err(),
        Operation::AccountsWhoami => accounts.whoami().await.err(),
        Operation::AccountsCreateKey => accounts.create_key(NewKey::new("")).await.err(),
        Operation::AccountsTiers => accounts.tiers().await.err(),
        Operation::AccountsUsage => accounts.usage().await.err(),
        Operation::SettingsRead => settings.read().await.err(),
        Operation::SettingsEdit => settings.edit(EditSettings::default()).await.err(),
        Operation::SettingsProviders => settings.providers().await.err(),
        Operation::SettingsEditProvider => {
            let edit = EditProvider::new("", false);
            settings.edit_provider(edit).await.err()
        }
        Operation::WebhooksRegister => webhooks.register(NewWebhook::new("", [])).await.err(),
        Operation::WebhooksList => webhooks.list().await.err(),
        Operation::WebhooksRemove => webhooks.remove(&"".into()).await.err(),
        Operation::DevicesRegister => devices.register(NewDevice::new("")).await.err(),
        Operation::DevicesRemove => devices.remove(&"".into()).await.err(),
        unknown => panic!("{unknown} has no case: add one"),
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use async_trait::async_trait;
    use futures::FutureExt;
    use grump_core::{ControlPlane, Facets, PlaneInfo};

    use super::*;
    use crate::behaviour::{Implementation, Opened};

    /// A plane that can do nothing, and says that it can do this.
    #[derive(Debug)]
    struct Liar(PlaneInfo, Facets);

    impl Liar {
        fn of(operations: &[Operation]) -> Self {
            let info = PlaneInfo::new("liar").operations(operations.iter().copied());
            Self(info, Facets::default())
        }
    }

    #[async_trait]
    impl ControlPlane for Liar {
        fn info(&self) -> &PlaneInfo {
            &self.0
        }

        fn facets(&self) -> &Facets {
            &self.1
        }

        async fn close(&self) {}
    }

    struct Lies(&'static [Operation]);

    #[async_trait]
    impl Implementation for Lies {
        fn name(&self) -> &'static str {
            "liar"
        }

        fn info(&self) -> PlaneInfo {
            Liar::of(self.0).0
        }

        async fn open(&self, _: &Path) -> Opened {
            Opened::new(Plane::new(Liar::of(self.0)), || async {})
        }
    }

    /// Whether the case about what is lacking holds for a plane that says it can do this.
    async fn holds(operations: &'static [Operation]) -> bool {
        let stage = Stage::set(Arc::new(Lies(operations))).await;
        let played = what_a_plane_lacks_is_refused_as_unsupported(&stage);
        let holds = std::panic::AssertUnwindSafe(played).catch_unwind().await;
        stage.clear().await;
        holds.is_ok()
    }

    #[tokio::test]
    async fn a_plane_that_says_it_can_do_what_it_cannot_is_found_out() {
        assert!(holds(&[]).await);
        for operation in Operation::ALL.chunks(1) {
            assert!(!holds(operation).await, "{operation:?}");
        }
    }
}
