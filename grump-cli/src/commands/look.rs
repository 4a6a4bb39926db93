//! Commands that only look.

use grump::{FileDiff, Plane, Run, Timestamp};

use crate::{
    args::{ByName, DiffArgs, WatchArgs},
    exit::{Exit, Result},
    live::Follower,
    open::Session,
    output::Output,
    place::Place,
    render,
};

/// `grump loop ls`
pub(super) async fn list(session: &Session) -> Result<Exit> {
    let output = session.output();
    let list = async |plane: &Place| Ok(plane.loops().list().await?);
    let runs = match session.has_something()? {
        true => session.looking(list).await?,
        false => Vec::new(),
    };
    if output.json {
        output.document(&runs)?;
    } else if runs.is_empty() {
        output.talk("There are no loops yet. Begin with one of these:");
        output.talk("  grump demo");
        output.talk("  grump loop run --dir DIR --prompt \"Add dark mode\" --agent opencode");
    } else {
        output.text(render::list(&runs, &Timestamp::now()))?;
    }
    Ok(Exit::Done)
}

/// `grump loop show`
pub(super) async fn show(session: &Session, name: &ByName) -> Result<Exit> {
    let output = session.output();
    let find = async |plane: &Place| {
        let run = plane.loops().find(&name.id).await?;
        Ok((run, plane.info().clone()))
    };
    let (run, plane) = session.looking(find).await?;
    if output.json {
        output.document(&run)?;
    } else {
        output.text(render::show(&run, &plane, &Timestamp::now()))?;
        let has_changes = run.as_loop().is_some_and(|detail| detail.branch.is_some());
        output.suggest("\nNext:", &render::next_steps(&run, has_changes));
    }
    Ok(Exit::Done)
}

/// `grump loop watch`
pub(super) async fn watch(session: &Session, args: WatchArgs) -> Result<Exit> {
    let watch = async |plane: &Place| {
        let run = plane.loops().find(&args.name.id).await?;
        let stream = plane.loops().watch(&run, args.since).await?;
        Follower::looking_at(&run, session.output())
            .follow(stream)
            .await?;
        let run = plane.loops().open(&run).await?;
        Ok(Exit::of_run(&run))
    };
    session.looking(watch).await
}

/// `grump loop diff`
pub(super) async fn diff(session: &Session, args: &DiffArgs) -> Result<Exit> {
    let diff = async |plane: &Place| {
        let run = plane.loops().find(&args.name.id).await?;
        Ok(plane.loops().diff(&run).await?)
    };
    let files = session.looking(diff).await?;
    show_diff(session.output(), &files, args.stat)?;
    Ok(Exit::Done)
}

pub(super) fn show_diff(output: Output, files: &[FileDiff], stat: bool) -> Result<()> {
    if output.json {
        return output.document(&files);
    }
    if files.is_empty() {
        output.talk("Nothing was changed.");
        return Ok(());
    }
    if stat {
        return output.text(render::stat(files).trim_end());
    }
    files
        .iter()
        .try_for_each(|file| match output.has_colours() {
            true => output.text(render::coloured_patch(&file.patch).trim_end_matches('\n')),
            // For `git apply`: every byte as git wrote it.
            false => output.verbatim(file.patch.as_bytes()),
        })
}

/// What a loop changed, where that can be said.
pub(super) async fn changes(plane: &Plane, run: &Run) -> Option<Vec<FileDiff>> {
    plane.loops().diff(run).await.ok()
}
