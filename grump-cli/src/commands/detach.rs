//! `--detach`: loops that go on when the command that started them is over.
//!
//! The command leaves a server behind which serves nobody but those who attach to the data folder,
//! and which ends by itself when no loop has been at work for a while.

use std::{fs, io, path::Path, process::Stdio};

use grump::{Error, ErrorKind, Run};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdout, Command},
};

use crate::{
    args::{AtWork, RunArgs, StartArgs},
    commands::{
        change::done,
        run::{begin, forget},
        server_log::ServerLog,
        setup,
    },
    exit::{Exit, Result},
    open::{Session, anchored, is_definition},
    place::Place,
    render,
};

/// `grump loop run --detach`
pub(super) async fn run(session: &Session, args: RunArgs, idle: u64) -> Result<Exit> {
    let agent = args.new.agent.clone();
    let roster = session.roster(agent.as_deref())?;
    let new = setup::new_loop(args.new, &roster)?;
    let create = async |place: &Place| Ok(place.loops().create(new).await?);
    let run = session.owning(roster, create).await?;
    let launch = Launch {
        agent,
        idle,
        at_work: args.at_work,
    };
    let started = launch.start(session, &run).await;
    if started.is_err() {
        let roster = session.roster(None)?;
        let take_back = async |place: &Place| {
            forget(place, &run).await;
            Ok(())
        };
        // Why it was not started is what counts.
        let _ = session.owning(roster, take_back).await;
    }
    told(session, &started?)
}

/// `grump loop start --detach`
pub(super) async fn start(session: &Session, args: StartArgs, idle: u64) -> Result<Exit> {
    let agent = args.agent;
    let find = async |place: &Place| Ok(place.loops().find(&args.name.id).await?);
    let roster = session.roster(agent.as_deref())?;
    let run = session.changing(roster, find).await?;
    let launch = Launch {
        agent,
        idle,
        at_work: args.at_work,
    };
    told(session, &launch.start(session, &run).await?)
}

fn told(session: &Session, run: &Run) -> Result<Exit> {
    let output = session.output();
    done(output, run, "started")?;
    let id = render::short_id(&run.name.id);
    let step = |verb: &str, what| (format!("grump loop {verb} {id}"), what);
    let steps = [
        step("watch", "follow it"),
        step("stop", "stop it; its branch is kept"),
    ];
    output.suggest("\nIt goes on by itself. Next:", &steps);
    Ok(Exit::Done)
}

/// How a loop is put to work by a process that is not this one.
struct Launch {
    /// What `--agent` said.
    agent: Option<String>,
    /// After how many seconds without work the server ends.
    idle: u64,
    at_work: AtWork,
}

impl Launch {
    /// Starts a loop on the plane elsewhere, or on a server that is left behind.
    async fn start(&self, session: &Session, run: &Run) -> Result<Run> {
        if let Some(place) = session.elsewhere()? {
            return self.start_at(&place, run).await;
        }
        let left = Left::behind(self.server(session)?, &log_of(session)?).await;
        let found = match &left {
            Ok(_) => session.elsewhere()?,
            // Somebody else may have left one behind at the same time.
            Err(_) => session.served_soon().await?,
        };
        let Some(place) = found else {
            left?;
            return Err(Error::new(ErrorKind::Unavailable, "the server ended at once").into());
        };
        let started = self.start_at(&place, run).await;
        if let Ok(left) = left
            && started.is_err()
        {
            left.let_go().await;
        }
        started
    }

    async fn start_at(&self, place: &Place, run: &Run) -> Result<Run> {
        let start = async |place: &Place| {
            begin(place, run, self.at_work).await?;
            Ok(place.loops().open(run).await?)
        };
        place.work(start).await
    }

    /// The command that serves the data folder to those who attach.
    fn server(&self, session: &Session) -> Result<Command> {
        let mut command = session.again()?;
        command.args([
            "--json",
            "serve",
            "--detached",
            "--no-resume",
            "--until-idle",
        ]);
        command.arg(format!("{}s", self.idle));
        // A specification without a name stands in the loop itself.
        let agent = self.agent.as_deref().map(anchored).transpose()?;
        if let Some(agent) = agent.filter(|text| is_definition(text)) {
            command.args(["--agent", &agent]);
        }
        Ok(command)
    }
}

fn log_of(session: &Session) -> Result<ServerLog> {
    let folder = std::path::absolute(session.data()?.path()).map_err(|error| {
        Error::new(ErrorKind::Storage, "the data folder cannot be found").caused_by(error)
    })?;
    Ok(ServerLog::of(&folder))
}

/// A server that goes on when this process is over.
struct Left {
    child: Child,
    told: BufReader<ChildStdout>,
}

impl Left {
    /// Starts it, and waits until it serves.
    async fn behind(mut command: Command, log: &ServerLog) -> Result<Self> {
        let cannot = |error: io::Error| {
            Error::new(ErrorKind::Storage, "the server cannot be left behind")
                .with("log", log.path().display())
                .caused_by(error)
        };
        let file = log.open().map_err(cannot)?;
        let begins = file.metadata().map_err(cannot)?.len();
        command
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file);
        let mut child = command.spawn().map_err(cannot)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(cannot(io::ErrorKind::BrokenPipe.into()).into());
        };
        let (mut told, mut line) = (BufReader::new(stdout), String::new());
        told.read_line(&mut line).await.map_err(cannot)?;
        if line.is_empty() {
            let _ = child.wait().await;
            return Err(why(log.path(), begins).into());
        }
        Ok(Self { child, told })
    }

    /// Lets go of it, and waits until it ended or said that it stays, as others began something.
    async fn let_go(mut self) {
        if let Some(mut held) = self.child.stdin.take() {
            let _ = held.write_all(b".").await;
        }
        if let Ok(0) | Err(_) = self.told.read_line(&mut String::new()).await {
            let _ = self.child.wait().await;
        }
    }
}

/// Why a server did not come to serve: what was said last, since it was started.
fn why(log: &Path, begins: u64) -> Error {
    let text = fs::read(log).unwrap_or_default();
    let begins = usize::try_from(begins).unwrap_or(usize::MAX);
    let text = String::from_utf8_lossy(text.get(begins..).unwrap_or_default());
    let last = text.lines().last().unwrap_or_default();
    let told: Value = serde_json::from_str(last).unwrap_or_default();
    let message = told["error"]["message"].as_str().unwrap_or(last).to_owned();
    Error::new(
        ErrorKind::Unavailable,
        "the server that was to be left behind did not start",
    )
    .with("log", log.display())
    .with("because", message)
}
