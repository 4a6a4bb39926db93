//! Commands that only look.

use grump::{ErrorKind, FileDiff, Plane, Run, Timestamp};

use crate::{
    args::{ByName, DiffArgs, WatchArgs},
    exit::{Exit, Result},
    live::Follower,
    open::Session,
    output::Output,
    render,
};

/// `grump loop ls`
pub(super) async fn list(session: &Session) -> Result<Exit> {
    let output = session.output();
    let runs = match session.view() {
        Ok(plane) => plane.loops().list().await?,
        // Nothing was ever done here.
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
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
    let run = session.view()?.loops().find(&name.id).await?;
    if output.json {
        output.document(&run)?;
    } else {
        output.text(render::show(&run, &Timestamp::now()))?;
        let has_changes = run.as_loop().is_some_and(|detail| detail.branch.is_some());
        output.suggest("\nNext:", &render::next_steps(&run, has_changes));
    }
    Ok(Exit::Done)
}

/// `grump loop watch`
pub(super) async fn watch(session: &Session, args: WatchArgs) -> Result<Exit> {
    let plane = session.view()?;
    let run = plane.loops().find(&args.name.id).await?;
    let stream = plane.loops().watch(&run, args.since).await?;
    Follower::looking_at(&run, session.output())
        .follow(stream)
        .await?;
    let run = plane.loops().open(&run).await?;
    Ok(Exit::of_run(&run))
}

/// `grump loop diff`
pub(super) async fn diff(session: &Session, args: &DiffArgs) -> Result<Exit> {
    let plane = session.view()?;
    let run = plane.loops().find(&args.name.id).await?;
    let files = plane.loops().diff(&run).await?;
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
