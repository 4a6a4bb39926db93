//! `grump loop run`, `grump loop start`, `grump demo`: loops that run in the foreground.

use grump::{Plane, Run, RunStatus, Since, StartRun};
use serde_json::json;

use crate::{
    args::{AtWork, DemoArgs, RunArgs, StartArgs},
    commands::{deliver, look, setup},
    exit::{Exit, Failure, Result},
    live::{Follower, Seen, Signals},
    open::Session,
    output::Output,
    render,
};

/// `grump loop run`
pub(super) async fn run(session: &Session, args: RunArgs) -> Result<Exit> {
    let signals = Signals::listen()?;
    let agent = args.new.agent.clone();
    let new = setup::new_loop(args.new)?;
    let output = session.output();
    let work = async |plane: &Plane| {
        let run = plane.loops().create(new).await?;
        introduce(output, &run);
        let started = begin(plane, &run, args.at_work).await;
        if started.is_err() {
            // Nothing was done: a loop that never began would only be in the way.
            let _ = plane.loops().remove(&run).await;
            let _ = plane.loops().purge(&run).await;
        }
        to_its_end(plane, &run, started?, signals, args.at_work, output).await
    };
    session.owning(&agent, work).await
}

/// `grump loop start`
pub(super) async fn start(session: &Session, args: StartArgs) -> Result<Exit> {
    let signals = Signals::listen()?;
    let output = session.output();
    let work = async |plane: &Plane| {
        let run = plane.loops().find(&args.name.id).await?;
        introduce(output, &run);
        let since = begin(plane, &run, args.at_work).await?;
        to_its_end(plane, &run, since, signals, args.at_work, output).await
    };
    session.owning(&args.agent, work).await
}

fn introduce(output: Output, run: &Run) {
    let Some(detail) = run.as_loop() else { return };
    let (title, agent) = (render::clean(&run.title), setup::agent_of(&detail.config));
    let id = render::short_id(&run.name.id);
    output.talk(format_args!(
        "loop {id} ({title}) by {}",
        render::clean(agent)
    ));
}

/// Starts a run; answers where its events begin.
async fn begin(plane: &Plane, run: &Run, at_work: AtWork) -> Result<Since> {
    let mut request = StartRun::new(run.name.clone());
    request.uncommitted = at_work.uncommitted.map(Into::into);
    let started = plane.runs().start(request).await?;
    Ok(started.cursor.map_or(Since::Beginning, Since::Cursor))
}

/// Follows a run that was started here, merges it if that was asked for, and tells how it ended.
async fn to_its_end(
    plane: &Plane,
    run: &Run,
    since: Since,
    signals: Signals,
    at_work: AtWork,
    output: Output,
) -> Result<Exit> {
    let stream = plane.loops().watch(run, since).await?;
    let seen = Follower::running(plane, run, signals, output)
        .follow(stream)
        .await?;
    let ended = plane.loops().open(run).await?;
    conclude(plane, &ended, seen, at_work.accept, output).await
}

async fn conclude(
    plane: &Plane,
    run: &Run,
    seen: Seen,
    accept: bool,
    output: Output,
) -> Result<Exit> {
    let files = look::changes(plane, run).await;
    if !output.json {
        let changes = render::Changes {
            commits: seen.commits,
            files: files.as_deref(),
        };
        output.text("")?;
        output.lines(&render::summary(run, changes))?;
    }
    let merged = match accept && run.status.unified == RunStatus::Completed {
        true => Some(deliver::accepted(plane, run).await),
        false => None,
    };
    let (run, merge) = match merged.transpose() {
        Ok(Some((run, accepted))) => (run, Some(accepted)),
        Ok(None) => (run.clone(), None),
        Err(failure) => return Err(failure),
    };
    let exit = Exit::of_run(&run);
    if output.json {
        let merge_commit = merge.map(|accepted| accepted.merge_commit);
        output.json_line(&json!({
            "kind": "result",
            "run": run,
            "commits": seen.commits,
            "merge_commit": merge_commit,
            "exit_code": exit.code(),
        }))?;
        return Ok(exit);
    }
    if let Some(accepted) = &merge {
        deliver::tell_accepted(output, &run, accepted)?;
    }
    let has_changes = files.is_some_and(|files| !files.is_empty());
    output.suggest("\nNext:", &render::next_steps(&run, has_changes));
    Ok(exit)
}

/// `grump demo`
pub(super) async fn demo(_session: &Session, _args: DemoArgs) -> Result<Exit> {
    Err(Failure::Error(grump::Error::unsupported("demo")))
}
