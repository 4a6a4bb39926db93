//! Commands that are about grump itself.

use std::{fs, path::Path};

use clap_complete::Shell;
use grump::Model;
use serde_json::json;

use crate::{
    args::ModelsArgs,
    commands::{fault, program, setup},
    exit::{Exit, Result},
    open::Session,
    output::Output,
    place::Place,
    render,
};

/// `grump completions`
pub(super) fn completions(shell: Shell, output: Output) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program(), "grump", &mut script);
    output.verbatim(&script)?;
    Ok(Exit::Done)
}

/// `grump man`
pub(super) fn manual_pages(directory: &Path) -> Result<Exit> {
    let written =
        fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(program(), directory));
    written.map_err(|error| {
        fault("the manual pages cannot be written", error).with("folder", directory.display())
    })?;
    Ok(Exit::Done)
}

/// `grump agents`
pub(super) fn agents(session: &Session) -> Result<Exit> {
    session.local("agents")?;
    let config = session.config()?;
    let configured = config.agents.iter();
    let mut agents: Vec<_> = configured
        .map(|(name, agent)| (name.clone(), agent.spec.to_string()))
        .collect();
    if !config.agents.contains_key("opencode") {
        agents.push(("opencode".to_owned(), "opencode".to_owned()));
    }
    let default = config.engine.default_agent.as_deref().unwrap_or("opencode");
    let output = session.output();
    if output.json {
        let agent = |(name, spec): &(String, String)| json!({ "name": name, "spec": spec, "default": name == default });
        output.document(&agents.iter().map(agent).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let mut rows = render::table(&["NAME", "RUNS", ""]);
    for (name, spec) in &agents {
        let note = if name == default { "default" } else { "" };
        rows.add_row([render::clean(name), render::clean(spec), note.to_owned()]);
    }
    output.text(render::table_text(&rows))?;
    Ok(Exit::Done)
}

/// `grump models`
///
/// Where no other plane is to be asked it needs no loops, and so works beside a process that runs
/// some: on a data folder of its own.
pub(super) async fn models(session: &Session, args: &ModelsArgs) -> Result<Exit> {
    let roster = session.roster(None)?;
    let directory = setup::directory(&args.dir, roster.place())?;
    let scratch =
        tempfile::tempdir().map_err(|error| fault("there is no temporary folder", error))?;
    let list = async |plane: &Place| Ok(plane.models().list(&directory).await?);
    let session = session.on(scratch.path().to_owned());
    let models = session.owning(roster, list).await?;
    let output = session.output();
    if output.json {
        output.document(&models)?;
        return Ok(Exit::Done);
    }
    if models.is_empty() {
        output.talk("No agent here says which models it can use.");
        return Ok(Exit::Done);
    }
    output.text(table_of(&models))?;
    Ok(Exit::Done)
}

fn table_of(models: &[Model]) -> String {
    let mut rows = render::table(&["MODEL", "NAME", "PROVIDER", "READY"]);
    for model in models {
        let ready = if model.connected {
            "yes"
        } else {
            "needs a login"
        };
        rows.add_row([
            render::clean(&model.name.to_string()),
            render::clean(&model.title),
            render::clean(&model.provider_title),
            ready.to_owned(),
        ]);
    }
    render::table_text(&rows)
}
