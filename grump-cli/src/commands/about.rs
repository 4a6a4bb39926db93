//! Commands that are about grump itself.

use std::{fs, path::Path};

use clap_complete::Shell;

use crate::{
    args::{DoctorArgs, ModelsArgs},
    commands::{fault, program, setup},
    exit::{Exit, Result},
    open::Session,
    output::Output,
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
pub(super) fn agents(_session: &Session) -> Result<Exit> {
    Err(grump::Error::unsupported("agents").into())
}

/// `grump doctor`
pub(super) async fn doctor(_session: &Session, _args: &DoctorArgs) -> Result<Exit> {
    Err(grump::Error::unsupported("doctor").into())
}

/// `grump models`
pub(super) async fn models(session: &Session, args: &ModelsArgs) -> Result<Exit> {
    let directory = setup::absolute(&args.dir)?;
    let list = async |plane: &grump::Plane| Ok(plane.models().list(&directory).await?);
    let models = session.owning(&args.agent, list).await?;
    let output = session.output();
    if output.json {
        output.document(&models)?;
    } else if models.is_empty() {
        output.talk("No agent here says which models it can use.");
    } else {
        let mut rows = render::table(&["MODEL", "NAME", "PROVIDER", "READY"]);
        for model in &models {
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
        output.text(render::table_text(&rows))?;
    }
    Ok(Exit::Done)
}
