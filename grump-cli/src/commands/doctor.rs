//! `grump doctor`: what a crash left behind.

use grump_engine::doctor::{self, Report};

use crate::{
    args::DoctorArgs,
    exit::{Exit, Result},
    open::Session,
    output::Output,
    render,
};

/// `grump doctor`
pub(super) async fn doctor(session: &Session, args: &DoctorArgs) -> Result<Exit> {
    session.local("doctor")?;
    let data = session.data()?;
    let report = match args.fix {
        true => doctor::repair(&data).await?,
        false => doctor::examine(&data).await?,
    };
    let output = session.output();
    if output.json {
        output.document(&report)?;
    } else {
        tell(output, &report, args.fix)?;
    }
    Ok(match report.is_clean() || args.fix {
        true => Exit::Done,
        false => Exit::Failed,
    })
}

fn tell(output: Output, report: &Report, fixed: bool) -> Result<()> {
    if let Some(owner) = &report.owner {
        let pid = owner.identity.process.pid;
        output.talk(format_args!(
            "Process {pid} works on this folder; what is its own is left alone."
        ));
    }
    if report.is_clean() {
        return output.text("Nothing was left behind.");
    }
    let (processes, worktrees, loops) = match fixed {
        true => ("Ended:", "Removed:", "Written down as cut off:"),
        false => (
            "Processes of agents whose grump is gone:",
            "Worktrees that no loop needs:",
            "Loops that were cut off and still say that they run:",
        ),
    };
    section(
        output,
        processes,
        report.processes.iter().map(ToString::to_string),
    )?;
    section(output, worktrees, report.worktrees.iter().cloned())?;
    let interrupted = report.interrupted.iter();
    section(
        output,
        loops,
        interrupted.map(|run| format!("{} {}", render::short_id(&run.name.id), run.title)),
    )?;
    suggest(output, report, fixed);
    Ok(())
}

fn section(output: Output, heading: &str, things: impl Iterator<Item = String>) -> Result<()> {
    let mut things = things.peekable();
    if things.peek().is_some() {
        output.text(heading)?;
    }
    things.try_for_each(|thing| output.text(format_args!("  {}", render::clean(&thing))))
}

fn suggest(output: Output, report: &Report, fixed: bool) {
    let mut steps = Vec::new();
    if !fixed {
        steps.push(("grump doctor --fix".to_owned(), "repair it"));
    }
    for run in &report.interrupted {
        let id = render::short_id(&run.name.id);
        steps.push((
            format!("grump loop start {id}"),
            "go on from its last commit",
        ));
    }
    if !steps.is_empty() {
        output.suggest("\nNext:", &steps);
    }
}
