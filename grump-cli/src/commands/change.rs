//! Commands that make loops and change them.

use grump::{Error, Run};

use crate::{
    args::{ByName, EditArgs, LoopArgs, PromptArgs},
    commands::setup,
    exit::{Exit, Failure, Result},
    open::Session,
    output::Output,
    place::Place,
    render,
};

/// `grump loop new`
pub(super) async fn new(session: &Session, args: LoopArgs) -> Result<Exit> {
    let roster = session.roster(args.agent.as_deref())?;
    let new = setup::new_loop(args, &roster)?;
    let create = async |plane: &Place| Ok(plane.loops().create(new).await?);
    let run = session.owning(roster, create).await?;
    let output = session.output();
    done(output, &run, "created")?;
    output.suggest("\nNext:", &render::next_steps(&run, false));
    Ok(Exit::Done)
}

/// `grump loop edit`
pub(super) async fn edit(session: &Session, args: EditArgs) -> Result<Exit> {
    let work = async |plane: &Place| {
        plane.info().require_members(setup::edited(&args))?;
        let run = plane.loops().find(&args.id.id).await?;
        let edit = setup::loop_edit(args, &run)?;
        Ok(plane.loops().edit(&run, edit).await?)
    };
    let run = session.changing(session.roster(None)?, work).await?;
    done(session.output(), &run, "changed")?;
    Ok(Exit::Done)
}

/// `grump loop stop`
pub(super) async fn stop(session: &Session, name: &ByName) -> Result<Exit> {
    let work = async |plane: &Place| {
        let run = plane.loops().find(&name.id).await?;
        plane.loops().stop(&run).await?;
        Ok(plane.loops().open(&run).await?)
    };
    let stopped = session.changing(session.roster(None)?, work).await;
    let run = stopped.map_err(|failure| beside_its_process(failure, "stop"))?;
    done(session.output(), &run, "stopped")?;
    Ok(Exit::Done)
}

/// `grump loop prompt`
pub(super) async fn prompt(session: &Session, args: PromptArgs) -> Result<Exit> {
    let work = async |plane: &Place| {
        let run = plane.loops().find(&args.name.id).await?;
        match args.text {
            Some(text) => plane.loops().set_pending_prompt(&run, text).await?,
            None => plane.loops().clear_pending_prompt(&run).await?,
        }
        Ok(plane.loops().open(&run).await?)
    };
    let set = session.changing(session.roster(None)?, work).await;
    let run = set.map_err(|failure| beside_its_process(failure, "prompt"))?;
    done(session.output(), &run, "changed")?;
    Ok(Exit::Done)
}

/// A loop runs in the process that started it, and takes orders there only.
fn beside_its_process(failure: Failure, verb: &str) -> Failure {
    match failure {
        Failure::Error(error) if is_owned(&error) => {
            let pid = error
                .context()
                .find(|(name, _)| *name == "pid")
                .map(|(_, pid)| pid.to_owned());
            let advice = match (verb, pid) {
                ("stop", Some(pid)) => {
                    format!("press Ctrl-C in the terminal where it runs, or type: kill -INT {pid}")
                }
                (_, Some(pid)) => format!(
                    "stop it (Ctrl-C in its terminal, or kill -INT {pid}), change it with \
                     `grump loop edit`, and go on with `grump loop start`"
                ),
                _ => "press Ctrl-C in the terminal where it runs".to_owned(),
            };
            Failure::Error(error.advise(advice))
        }
        other => other,
    }
}

fn is_owned(error: &Error) -> bool {
    error
        .conflict()
        .is_some_and(|conflict| conflict.code == "owned")
}

/// Tells that something was done to a loop: the loop itself as JSON, or a line.
pub(super) fn done(output: Output, run: &Run, what: &str) -> Result<()> {
    if output.json {
        return output.document(run);
    }
    let title = render::clean(&run.title);
    output.text(format_args!(
        "{what} {} ({title})",
        render::short_id(&run.name.id)
    ))
}
