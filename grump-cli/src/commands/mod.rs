//! One function per command: arguments to calls of the facade's handles, answers to output.

mod about;
mod change;
mod deliver;
mod demo;
mod detach;
mod doctor;
mod look;
mod run;
mod serve;
mod server_log;
mod setup;

use std::io;

use clap::CommandFactory;
use grump::{Error, ErrorKind};

use crate::{
    args::{Cli, Command, LoopCommand},
    exit::{Exit, Failure, Result},
    open::Session,
};

/// Does what was typed, tells of what went wrong, and answers with the code to exit with.
pub(crate) fn run(cli: Cli) -> Exit {
    let session = Session::new(cli.global);
    let output = session.output();
    match dispatch(&session, cli.command) {
        Ok(exit) => exit,
        Err(Failure::Error(error)) => {
            output.error(&error);
            Exit::of_error(&error)
        }
        // Whoever reads has enough, such as `head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
        Err(Failure::Output(error)) => {
            output.error(&fault("the output cannot be written", error));
            Exit::Failed
        }
    }
}

fn dispatch(session: &Session, command: Command) -> Result<Exit> {
    match command {
        Command::Completions { shell } => about::completions(shell, session.output()),
        Command::Man { directory } => about::manual_pages(&directory),
        Command::Agents => about::agents(session),
        other => {
            session.start_log()?;
            let runtime = tokio::runtime::Runtime::new()
                .map_err(|error| fault("there are no threads to work with", error))?;
            let done = runtime.block_on(Box::pin(work(session, other)));
            // What still waits, such as a read from the terminal, is not waited for.
            runtime.shutdown_background();
            done
        }
    }
}

async fn work(session: &Session, command: Command) -> Result<Exit> {
    match command {
        Command::Demo(args) => demo::demo(session, &args).await,
        Command::Loop(command) => work_on_loops(session, command).await,
        Command::Serve(args) => serve::serve(session, args).await,
        Command::Doctor(args) => doctor::doctor(session, &args).await,
        Command::Models(args) => about::models(session, &args).await,
        Command::Agents | Command::Completions { .. } | Command::Man { .. } => Ok(Exit::Done),
    }
}

async fn work_on_loops(session: &Session, command: LoopCommand) -> Result<Exit> {
    match command {
        LoopCommand::Run(args) => run::run(session, *args).await,
        LoopCommand::Start(args) => run::start(session, args).await,
        LoopCommand::Ls => look::list(session).await,
        LoopCommand::Show(name) => look::show(session, &name).await,
        LoopCommand::Watch(args) => look::watch(session, args).await,
        LoopCommand::Diff(args) => look::diff(session, &args).await,
        LoopCommand::New(args) => change::new(session, *args).await,
        LoopCommand::Edit(args) => change::edit(session, *args).await,
        LoopCommand::Stop(name) => change::stop(session, &name).await,
        LoopCommand::Prompt(args) => change::prompt(session, args).await,
        LoopCommand::Accept(name) => deliver::accept(session, &name).await,
        LoopCommand::Discard(name) => deliver::discard(session, &name).await,
        LoopCommand::Undo(name) => deliver::undo(session, &name).await,
        LoopCommand::Rm(name) => deliver::remove(session, &name).await,
        LoopCommand::Purge(name) => deliver::purge(session, &name).await,
    }
}

/// The program, for completions and manual pages.
fn program() -> clap::Command {
    Cli::command()
}

fn fault(message: &'static str, error: io::Error) -> Error {
    Error::new(ErrorKind::Internal, message).caused_by(error)
}
