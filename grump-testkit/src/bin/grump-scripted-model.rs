//! Plays scripts as an OpenAI-compatible model on the loopback, to try agents by hand.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Parser;
use grump_core::{Error, ErrorKind, Result};
use grump_testkit::model::{Script, ScriptedModel};

/// Plays scripts as an OpenAI-compatible language model on the loopback.
///
/// Each script is a model, named as its file. Any API key is accepted; each has turn counters of
/// its own.
#[derive(Parser)]
struct Cli {
    /// Script files (JSON); `grump-testkit/scripts` holds some.
    #[arg(required = true)]
    scripts: Vec<PathBuf>,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match play(&Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("grump-scripted-model: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(cli: &Cli) -> Result<()> {
    let scripts = cli.scripts.iter().map(read).collect::<Result<Vec<_>>>()?;
    let names: Vec<_> = scripts.iter().map(|(name, _)| name.clone()).collect();
    let model = ScriptedModel::start_on(cli.port, scripts).await?;
    println!("{} plays {}", model.base_url(), names.join(", "));
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot wait for Ctrl-C").caused_by(error))
}

fn read(path: &PathBuf) -> Result<(String, Script)> {
    let unreadable = |error| {
        Error::new(ErrorKind::InvalidInput, "cannot read the script")
            .with("file", path.display())
            .caused_by(error)
    };
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let script = Script::parse(&text).map_err(|error| error.with("file", path.display()))?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok((name.into_owned(), script))
}
