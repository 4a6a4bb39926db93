//! The Ralpher dialect on the facets of a plane.

use std::sync::Arc;

use axum::Router;
use futures::TryStreamExt;
use grump_core::{Error, ErrorKind, Event, Result, Run, RunFilter, RunKind, RunRef, page};
use grump_wire::{
    Endpoint,
    endpoint::BodyError,
    ralpher::{
        self, AcceptLoop, Accepted, AllEvents, CheckPlanningDir, ClearPendingPrompt, CreateLoop,
        DeleteLoop, DiffLoop, DiscardLoop, EditLoop, ErrorBody, FileDiff, Health, HealthReport,
        LastModel, ListLoops, ListModels, Loop, LoopEvents, LoopPath, Model, ModelRef, OpenLoop,
        Plan, PlanningFile, PlanningFolder, PurgeLoop, SetLastModel, SetPendingPrompt, StartLoop,
        StatusFile, StopLoop, Success, error, events, map, stored,
    },
};

use crate::{
    app::App,
    exchange::{Call, Dialect, Refused, Reply, Routes, matches},
    fanout::{Encode, Subscription, no_event},
};

/// The Ralpher dialect.
pub(crate) struct Ralpher;

impl Dialect for Ralpher {
    const NAME: &'static str = ralpher::NAME;
    type Error = ErrorBody;

    fn error<E: Endpoint>(error: &Error) -> (u16, ErrorBody) {
        error::write::<E>(error)
    }

    fn body_error(error: &BodyError) -> (u16, ErrorBody) {
        error::write_body_error(error)
    }

    fn refused(refused: Refused) -> ErrorBody {
        ErrorBody {
            error: refused.code.to_owned(),
            message: refused.message,
            ..ErrorBody::default()
        }
    }
}

/// All endpoints, in the document's order.
pub(crate) fn routes() -> Router<Arc<App>> {
    Routes::<Ralpher>::new()
        .endpoint::<Health, _, _, _>(health)
        .endpoint::<ListLoops, _, _, _>(list)
        .endpoint::<CreateLoop, _, _, _>(create)
        .endpoint::<OpenLoop, _, _, _>(open)
        .endpoint::<EditLoop, _, _, _>(edit)
        .endpoint::<DeleteLoop, _, _, _>(delete)
        .endpoint::<StartLoop, _, _, _>(start)
        .endpoint::<StopLoop, _, _, _>(stop)
        .endpoint::<AcceptLoop, _, _, _>(accept)
        .endpoint::<DiscardLoop, _, _, _>(discard)
        .endpoint::<PurgeLoop, _, _, _>(purge)
        .endpoint::<SetPendingPrompt, _, _, _>(set_pending_prompt)
        .endpoint::<ClearPendingPrompt, _, _, _>(clear_pending_prompt)
        .endpoint::<DiffLoop, _, _, _>(diff)
        .endpoint::<Plan, _, _, _>(plan)
        .endpoint::<StatusFile, _, _, _>(status_file)
        .endpoint::<ListModels, _, _, _>(list_models)
        .endpoint::<LastModel, _, _, _>(last_model)
        .endpoint::<SetLastModel, _, _, _>(set_last_model)
        .endpoint::<CheckPlanningDir, _, _, _>(check_planning_dir)
        .stream::<AllEvents, _, _, _>(all_events)
        .stream::<LoopEvents, _, _, _>(loop_events)
        .into_router()
}

/// Whether a path is that of a stream.
pub(crate) fn is_stream(path: &str) -> bool {
    [AllEvents::PATH, LoopEvents::PATH]
        .iter()
        .any(|template| matches(template, path))
}

/// How the events of loops are framed.
pub(crate) struct Frames;

impl Encode for Frames {
    /// What a plane elsewhere sent may have several lines.
    fn event(&self, event: &Event, to: &mut Vec<u8>) {
        let Some(data) = events::encode(event) else {
            return;
        };
        for line in data.lines() {
            for part in ["data: ", line, "\n"] {
                to.extend_from_slice(part.as_bytes());
            }
        }
        to.push(b'\n');
    }

    fn stored(&self, json: &str, to: &mut Vec<u8>) -> Result<()> {
        let begin = to.len();
        to.extend_from_slice(b"data: ");
        let data = to.len();
        stored::encode(json, to).map_err(no_event)?;
        if to.len() == data {
            to.truncate(begin);
        } else {
            to.extend_from_slice(b"\n\n");
        }
        Ok(())
    }
}

type Answer<T> = Result<Reply<T>>;

async fn health(app: Arc<App>, _: Call<Health>) -> Answer<HealthReport> {
    let health = app.system()?.health().await?;
    Ok(map::wire_health(health).into())
}

async fn list(app: Arc<App>, _: Call<ListLoops>) -> Answer<Vec<Loop>> {
    let (runs, loops) = (app.runs()?, RunFilter::kind(RunKind::Loop));
    let runs = page::items(|at| runs.list(loops.clone().at(at)));
    let runs: Vec<_> = runs.try_collect().await?;
    Ok(runs
        .iter()
        .filter_map(map::wire_loop)
        .collect::<Vec<_>>()
        .into())
}

async fn create(app: Arc<App>, call: Call<CreateLoop>) -> Answer<Loop> {
    let key = call.idempotency_key().map(str::to_owned);
    let mut new = map::new_loop(call.body)?;
    new.idempotency_key = key;
    wire_loop(&app.loops()?.create(new).await?)
}

async fn open(app: Arc<App>, call: Call<OpenLoop>) -> Answer<Loop> {
    wire_loop(&app.runs()?.open(&run(&call.path)).await?)
}

async fn edit(app: Arc<App>, call: Call<EditLoop>) -> Answer<Loop> {
    let edit = map::edit(call.body)?;
    wire_loop(&app.loops()?.edit(&run(&call.path), edit).await?)
}

async fn delete(app: Arc<App>, call: Call<DeleteLoop>) -> Answer<Success> {
    done(app.runs()?.remove(&run(&call.path)).await)
}

async fn start(app: Arc<App>, call: Call<StartLoop>) -> Answer<Success> {
    let start = map::start(run(&call.path), &call.body)?;
    let started = app.runs()?.start(start).await?;
    Ok(Reply::from(Success::default()).at(started.cursor))
}

async fn stop(app: Arc<App>, call: Call<StopLoop>) -> Answer<Success> {
    done(app.runs()?.stop(&run(&call.path)).await)
}

async fn accept(app: Arc<App>, call: Call<AcceptLoop>) -> Answer<Accepted> {
    let accepted = app.deliveries()?.accept(&run(&call.path)).await?;
    let accepted = Accepted {
        success: true,
        merge_commit: accepted.merge_commit,
    };
    Ok(accepted.into())
}

async fn discard(app: Arc<App>, call: Call<DiscardLoop>) -> Answer<Success> {
    done(app.deliveries()?.discard(&run(&call.path)).await)
}

async fn purge(app: Arc<App>, call: Call<PurgeLoop>) -> Answer<Success> {
    done(app.deliveries()?.purge(&run(&call.path)).await)
}

async fn set_pending_prompt(app: Arc<App>, call: Call<SetPendingPrompt>) -> Answer<Success> {
    let (run, prompt) = (run(&call.path), call.body.prompt);
    done(app.loops()?.set_pending_prompt(&run, prompt).await)
}

async fn clear_pending_prompt(app: Arc<App>, call: Call<ClearPendingPrompt>) -> Answer<Success> {
    done(app.loops()?.clear_pending_prompt(&run(&call.path)).await)
}

async fn diff(app: Arc<App>, call: Call<DiffLoop>) -> Answer<Vec<FileDiff>> {
    let files = app.deliveries()?.diff(&run(&call.path)).await?;
    Ok(files
        .iter()
        .map(map::wire_file_diff)
        .collect::<Vec<_>>()
        .into())
}

async fn plan(app: Arc<App>, call: Call<Plan>) -> Answer<PlanningFile> {
    let file = app.loops()?.plan(&run(&call.path)).await?;
    Ok(map::wire_planning_file(file).into())
}

async fn status_file(app: Arc<App>, call: Call<StatusFile>) -> Answer<PlanningFile> {
    let file = app.loops()?.status_file(&run(&call.path)).await?;
    Ok(map::wire_planning_file(file).into())
}

async fn list_models(app: Arc<App>, call: Call<ListModels>) -> Answer<Vec<Model>> {
    let models = app.models()?.list(&call.query.directory).await?;
    Ok(models
        .into_iter()
        .map(map::wire_model)
        .collect::<Vec<_>>()
        .into())
}

async fn last_model(app: Arc<App>, _: Call<LastModel>) -> Answer<Option<ModelRef>> {
    let model = app.models()?.last_used().await?;
    Ok(model.map(map::wire_model_ref).into())
}

async fn set_last_model(app: Arc<App>, call: Call<SetLastModel>) -> Answer<Success> {
    let model = map::complete(call.body).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            "a model needs both providerID and modelID",
        )
    })?;
    done(app.models()?.set_last_used(model).await)
}

async fn check_planning_dir(app: Arc<App>, call: Call<CheckPlanningDir>) -> Answer<PlanningFolder> {
    let folder = app
        .loops()?
        .check_planning_dir(&call.query.directory)
        .await?;
    Ok(map::wire_planning_folder(folder).into())
}

async fn all_events(app: Arc<App>, call: Call<AllEvents>) -> Result<Subscription> {
    app.events.all(call.since()).await
}

async fn loop_events(app: Arc<App>, call: Call<LoopEvents>) -> Result<Subscription> {
    app.events.one(run(&call.path), call.since()).await
}

fn run(path: &LoopPath) -> RunRef {
    RunRef::of_loop(&*path.id)
}

fn wire_loop(run: &Run) -> Answer<Loop> {
    let told = map::wire_loop(run).ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "there is no such loop").with("run", &run.name)
    })?;
    Ok(told.into())
}

fn done(result: Result<()>) -> Answer<Success> {
    result.map(|()| Success::default().into())
}
