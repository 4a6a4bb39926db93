//! `grump demo`: a loop from beginning to end, in a repository that is thrown away.

mod stage;

use grump::{NewLoop, Plane, RunStatus};

use crate::{
    args::{AtWork, DemoArgs},
    commands::{
        deliver, look,
        run::{self, Ended},
    },
    exit::{Exit, Result},
    live::Signals,
    open::Session,
    output::Output,
    place::Place,
    render,
};
use stage::Stage;

/// What the demo's agent is told.
const PROMPT: &str = "Make test.sh pass";
/// What must succeed before the agent is believed.
const VERIFY: &str = "sh test.sh";

/// `grump demo`
pub(super) async fn demo(session: &Session, args: &DemoArgs) -> Result<Exit> {
    let signals = Signals::listen()?;
    let stage = Stage::build()?;
    let output = session.output();
    opening(output, &stage)?;
    let session = session.on(stage.data());
    let play = async |place: &Place| play(place, &stage, signals, output).await;
    let exit = session.owning(session.roster(None)?, play).await?;
    if args.keep {
        let kept = stage.keep();
        output.talk(format_args!("\nEverything was left in {}", kept.display()));
        let data = kept.join("data");
        output.talk(format_args!("  grump --data {} loop ls", data.display()));
    }
    if exit == Exit::Done {
        closing(output, args.keep);
    }
    Ok(exit)
}

async fn play(plane: &Place, stage: &Stage, signals: Signals, output: Output) -> Result<Exit> {
    let new = NewLoop::new(PROMPT, stage.repository(), PROMPT)
        .agent(stage.agent())
        .max_iterations(5)
        .verify(VERIFY);
    let run = plane.loops().create(new).await?;
    let since = run::begin(plane, &run, AtWork::default()).await?;
    let ended = run::follow(plane, &run, since, signals, output).await?;
    if ended.run.status.unified == RunStatus::Completed {
        deliver(plane, &ended, stage, output).await?;
    } else {
        run::result(output, &ended.run, ended.seen, None)?;
    }
    Ok(Exit::of_run(&ended.run))
}

/// The diff and the merge.
async fn deliver(plane: &Plane, ended: &Ended, stage: &Stage, output: Output) -> Result<()> {
    if output.json {
        let (run, accepted) = deliver::accepted(plane, &ended.run).await?;
        return run::result(output, &run, ended.seen, Some(&accepted));
    }
    let id = render::short_id(&ended.run.name.id);
    typed(output, &format!("grump loop diff {id}"))?;
    look::show_diff(output, ended.files.as_deref().unwrap_or_default(), false)?;
    typed(output, &format!("grump loop accept {id}"))?;
    let (run, accepted) = deliver::accepted(plane, &ended.run).await?;
    deliver::tell_accepted(output, &run, &accepted)?;
    typed(output, "git log --oneline --graph")?;
    output.text(render::lines_of(&stage.log()?))?;
    typed(output, VERIFY)?;
    output.text(render::lines_of(&stage.test()?))
}

fn opening(output: Output, stage: &Stage) -> Result<()> {
    if output.json {
        return Ok(());
    }
    output.text(format_args!(
        "A git repository with a failing test: {}",
        stage.repository()
    ))?;
    output.text("A loop gives the same prompt to an agent, in a worktree, until it is done.")?;
    output.text("The agent here plays a script, so no account is needed. The rest is real.")?;
    typed(
        output,
        &format!(
            "grump loop run --prompt \"{PROMPT}\" --agent \"script: agent.json\" --verify \"{VERIFY}\""
        ),
    )
}

/// Shows what somebody would type.
fn typed(output: Output, command: &str) -> Result<()> {
    let line = render::Line::new(render::Tone::Strong, format!("\n$ {command}"));
    output.text(line)
}

fn closing(output: Output, kept: bool) {
    let mut steps = vec![
        (
            "grump loop run --dir ~/src/app --prompt \"Add dark mode\" --agent opencode".to_owned(),
            "",
        ),
        (
            "grump loop run --prompt-file task.md --agent \"cmd: claude -p\"".to_owned(),
            "",
        ),
        ("grump loop run --help".to_owned(), ""),
    ];
    if !kept {
        steps.push((
            "grump demo --keep".to_owned(),
            "leaves the repository behind",
        ));
    }
    output.suggest("\nNow with a repository and an agent of your own:", &steps);
}
