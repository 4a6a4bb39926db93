//! Commands that say what becomes of a loop's work.

use grump::{Accepted, Operation, Plane, Run};
use serde_json::json;

use crate::{
    args::ByName,
    commands::change::done,
    exit::{Exit, Result},
    open::Session,
    output::Output,
    place::Place,
    render,
};

/// `grump loop accept`
pub(super) async fn accept(session: &Session, name: &ByName) -> Result<Exit> {
    let work = async |plane: &Place| {
        let run = plane.loops().find(&name.id).await?;
        accepted(plane, &run).await
    };
    let (run, accepted) = session.changing(session.roster(None)?, work).await?;
    let output = session.output();
    if output.json {
        output.document(&json!({
            "run": run,
            "merge_commit": accepted.merge_commit,
            "left_out": accepted.left_out,
        }))?;
    } else {
        tell_accepted(output, &run, &accepted)?;
    }
    Ok(Exit::Done)
}

pub(super) async fn accepted(plane: &Plane, run: &Run) -> Result<(Run, Accepted)> {
    let accepted = plane.loops().accept(run).await?;
    Ok((plane.loops().open(run).await?, accepted))
}

pub(super) fn tell_accepted(output: Output, run: &Run, accepted: &Accepted) -> Result<()> {
    let sha = accepted
        .merge_commit
        .get(..8)
        .unwrap_or(&accepted.merge_commit);
    let target = run
        .as_loop()
        .and_then(|detail| detail.target_branch.as_deref());
    let target = render::clean(target.unwrap_or("your branch"));
    output.text(format_args!(
        "merged {} into {target} as {sha}",
        render::short_id(&run.name.id)
    ))?;
    if !accepted.left_out.is_empty() {
        output.talk("! these were changed in the worktree but not committed, and are left out:");
    }
    for path in &accepted.left_out {
        output.talk(format_args!("    {}", render::clean(&path.to_text())));
    }
    Ok(())
}

/// `grump loop discard`
pub(super) async fn discard(session: &Session, name: &ByName) -> Result<Exit> {
    let work = async |plane: &Place| {
        let run = plane.loops().find(&name.id).await?;
        plane.loops().discard(&run).await?;
        Ok(plane.loops().open(&run).await?)
    };
    finish(session, "discarded", work).await
}

/// `grump loop undo`
pub(super) async fn undo(session: &Session, name: &ByName) -> Result<Exit> {
    let work = async |plane: &Place| {
        plane.info().require(Operation::DeliveriesUndo)?;
        let run = plane.loops().find(&name.id).await?;
        plane.loops().undo(&run).await?;
        Ok(plane.loops().open(&run).await?)
    };
    finish(session, "brought back", work).await
}

/// `grump loop rm`
pub(super) async fn remove(session: &Session, name: &ByName) -> Result<Exit> {
    let work = async |plane: &Place| {
        let run = plane.loops().find(&name.id).await?;
        plane.loops().remove(&run).await?;
        Ok(plane.loops().open(&run).await?)
    };
    finish(session, "removed", work).await
}

async fn finish(
    session: &Session,
    what: &str,
    work: impl AsyncFnOnce(&Place) -> Result<Run>,
) -> Result<Exit> {
    let run = session.changing(session.roster(None)?, work).await?;
    let output = session.output();
    done(output, &run, what)?;
    output.suggest("\nNext:", &render::next_steps(&run, true));
    Ok(Exit::Done)
}

/// `grump loop purge`
pub(super) async fn purge(session: &Session, name: &ByName) -> Result<Exit> {
    let work = async |plane: &Place| {
        let run = plane.loops().find(&name.id).await?;
        plane.loops().purge(&run).await?;
        Ok(run)
    };
    let run = session.changing(session.roster(None)?, work).await?;
    let output = session.output();
    if output.json {
        output.document(&json!({ "id": run.name.id, "purged": true }))?;
    } else {
        done(output, &run, "forgot")?;
    }
    Ok(Exit::Done)
}
