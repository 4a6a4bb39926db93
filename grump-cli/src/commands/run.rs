//! `grump loop run` and `grump loop start`: loops that are followed to their end.

use grump::{Accepted, FileDiff, Plane, Run, RunStatus, Since, StartRun};
use serde_json::json;

use crate::{
    args::{AtWork, RunArgs, StartArgs},
    commands::{deliver, detach, look, setup},
    exit::{Exit, Result},
    live::{Follower, Seen, Signals},
    open::Session,
    output::Output,
    place::Place,
    render,
};

/// `grump loop run`
pub(super) async fn run(session: &Session, args: RunArgs) -> Result<Exit> {
    if let Some(idle) = args.at_work.detach {
        return detach::run(session, args, idle).await;
    }
    let signals = Signals::listen()?;
    let output = session.output();
    let roster = session.roster(args.new.agent.as_deref())?;
    let new = setup::new_loop(args.new, &roster)?;
    let work = async |plane: &Place| {
        let run = plane.loops().create(new).await?;
        introduce(output, &run);
        let started = begin(plane, &run, args.at_work).await;
        if started.is_err() {
            forget(plane, &run).await;
        }
        let ended = follow(plane, &run, started?, signals, output).await?;
        conclude(plane, ended, args.at_work, output).await
    };
    session.owning(roster, work).await
}

/// `grump loop start`
pub(super) async fn start(session: &Session, args: StartArgs) -> Result<Exit> {
    if let Some(idle) = args.at_work.detach {
        return detach::start(session, args, idle).await;
    }
    let signals = Signals::listen()?;
    let output = session.output();
    let work = async |plane: &Place| {
        let run = plane.loops().find(&args.name.id).await?;
        introduce(output, &run);
        let since = begin(plane, &run, args.at_work).await?;
        let ended = follow(plane, &run, since, signals, output).await?;
        conclude(plane, ended, args.at_work, output).await
    };
    let roster = session.roster(args.agent.as_deref())?;
    session.changing(roster, work).await
}

fn introduce(output: Output, run: &Run) {
    let Some(detail) = run.as_loop() else { return };
    output.talk(format_args!(
        "loop {} ({}) by {}",
        render::short_id(&run.name.id),
        render::clean(&run.title),
        render::clean(&detail.config.backend.agent),
    ));
}

/// Takes back a loop that could not be started: nothing was done, and it would only be in the way.
pub(super) async fn forget(plane: &Plane, run: &Run) {
    let _ = plane.loops().remove(run).await;
    let _ = plane.loops().purge(run).await;
}

/// Starts a run; answers where its events begin.
pub(super) async fn begin(plane: &Plane, run: &Run, at_work: AtWork) -> Result<Since> {
    let mut request = StartRun::new(run.name.clone());
    request.uncommitted = at_work.uncommitted.map(Into::into);
    let started = plane.runs().start(request).await?;
    Ok(started.cursor.map_or(Since::Beginning, Since::Cursor))
}

/// A run that was followed to its end.
pub(super) struct Ended {
    pub(super) run: Run,
    pub(super) seen: Seen,
    /// What it changed, where that can be said.
    pub(super) files: Option<Vec<FileDiff>>,
}

/// Follows a run that this command started, and tells how it ended.
pub(super) async fn follow(
    plane: &Place,
    run: &Run,
    since: Since,
    signals: Signals,
    output: Output,
) -> Result<Ended> {
    let stream = plane.loops().watch(run, since).await?;
    let follower = Follower::running(plane, run, signals, output);
    let seen = follower.follow(stream).await?;
    let ended = Ended {
        run: plane.loops().open(run).await?,
        seen,
        files: look::changes(plane, run).await,
    };
    if !output.json {
        output.text("")?;
        output.lines(&ended.summary())?;
    }
    Ok(ended)
}

impl Ended {
    fn summary(&self) -> Vec<render::Line> {
        let changes = render::Changes {
            commits: self.seen.commits,
            files: self.files.as_deref(),
        };
        render::summary(&self.run, changes)
    }

    pub(super) fn has_changes(&self) -> bool {
        self.files.as_ref().is_some_and(|files| !files.is_empty())
    }
}

/// Merges the work if that was asked for, and says what can be done next.
async fn conclude(plane: &Plane, ended: Ended, at_work: AtWork, output: Output) -> Result<Exit> {
    let exit = Exit::of_run(&ended.run);
    if !(at_work.accept && ended.run.status.unified == RunStatus::Completed) {
        result(output, &ended.run, ended.seen, None)?;
        let next = render::next_steps(&ended.run, ended.has_changes());
        output.suggest("\nNext:", &next);
        return Ok(exit);
    }
    let (run, accepted) = deliver::accepted(plane, &ended.run).await?;
    result(output, &run, ended.seen, Some(&accepted))?;
    if !output.json {
        deliver::tell_accepted(output, &run, &accepted)?;
    }
    Ok(exit)
}

/// The last line of the JSON of a run that was followed.
pub(super) fn result(
    output: Output,
    run: &Run,
    seen: Seen,
    accepted: Option<&Accepted>,
) -> Result<()> {
    if !output.json {
        return Ok(());
    }
    output.json_line(&json!({
        "kind": "result",
        "run": run,
        "commits": seen.commits,
        "merge_commit": accepted.map(|accepted| &accepted.merge_commit),
        "exit_code": Exit::of_run(run).code(),
    }))
}
