//! `grump serve`: loops for others.

use std::{
    future::pending,
    io,
    net::{Ipv4Addr, SocketAddr},
    os::fd::AsFd,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use grump::{ControlPlane as _, Error, ErrorKind};
use grump_engine::{Attach, Engine};
use grump_server::{Server, Token};
use serde_json::json;
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    select,
    time::{Instant, sleep},
};
use uuid::Uuid;

use crate::{
    args::ServeArgs,
    commands::server_log::ServerLog,
    exit::{Exit, Result, invalid},
    live::Signals,
    open::Session,
    output::Output,
    place::{self, TOKEN},
};

/// How long a server that is to end when it is idle waits for its first loop.
const FIRST_LOOP: Duration = Duration::from_secs(60);

/// How long a server that ends by itself still serves whoever saw it just before.
const GRACE: Duration = Duration::from_millis(200);

/// `grump serve`
pub(super) async fn serve(session: &Session, args: ServeArgs) -> Result<Exit> {
    session.local("serve")?;
    if args.detached {
        leave_session()?;
    }
    let signals = Signals::listen()?;
    let address = (!args.detached).then_some(args.ralpher);
    refuse_unguarded(address)?;
    let engine = session.serving_soon(&args.agent, args.max_running).await?;
    let engine = Arc::new(engine);
    let served = run(&engine, address, &args, signals, session.output()).await;
    engine.close().await;
    served.map(|()| Exit::Done)
}

/// Listens first, so that nothing begins to work that cannot be reached; then goes on with what was
/// cut off, and serves until it is told to end.
async fn run(
    engine: &Arc<Engine>,
    address: Option<SocketAddr>,
    args: &ServeArgs,
    signals: Signals,
    output: Output,
) -> Result<()> {
    let secret = Uuid::new_v4().simple().to_string() + &Uuid::new_v4().simple().to_string();
    let mut builder = Server::builder(engine.clone());
    builder = match (address, place::token()) {
        (Some(address), Some(token)) => builder.ralpher_with(address, Token::new(token)),
        (Some(address), None) => builder.ralpher(address),
        (None, _) => builder,
    };
    let own: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
    let server = builder
        .attach(own, Token::new(secret.clone()))
        .bind()
        .await?;
    let bound: Vec<_> = server.local_addrs().collect();
    let (Some(&own), ralpher) = (bound.last(), address.and(bound.first())) else {
        return Err(Error::new(ErrorKind::Internal, "the server listens nowhere").into());
    };
    if !args.no_resume {
        engine.resume_interrupted().await?;
    }
    let attach = Attach::new(own, secret)?;
    engine.publish(Some(attach.clone()))?;
    announce(engine, ralpher, own, output)?;
    let unneeded = unneeded(engine, attach, args, output);
    let ended = server.serve(end(engine, unneeded, signals, output));
    let log = args.detached.then(|| ServerLog::of(engine.data().path()));
    select! {
        ended = ended => Ok(ended?),
        () = keep_short(log) => Ok(()),
    }
}

/// A server that was left behind looks after what it says.
async fn keep_short(log: Option<ServerLog>) {
    match log {
        Some(log) => log.keep_short().await,
        None => pending().await,
    }
}

/// Waits for the first signal, or until there is nothing to do; from then on nobody attaches.
async fn end(
    engine: &Engine,
    unneeded: impl Future<Output = ()>,
    mut signals: Signals,
    output: Output,
) {
    select! {
        () = signals.next() => output.talk(
            "! ending; what runs is left to be resumed. Press Ctrl-C again to end at once",
        ),
        () = unneeded => output.talk("! ending: no loop is at work"),
    }
    publish(engine, None);
}

/// Waits until nobody needs it. Whoever saw it in `owner.json` just before is still served, and
/// then it may be needed again.
async fn unneeded(engine: &Engine, attach: Attach, args: &ServeArgs, output: Output) {
    let idle = args.until_idle.map(Duration::from_secs);
    let mut let_go = pin!(let_go(engine, args.detached, output));
    let mut is_held = true;
    loop {
        select! {
            () = idle_for(engine, idle) => {}
            () = &mut let_go, if is_held => is_held = false,
        }
        let begun = engine.loops_begun();
        publish(engine, None);
        sleep(GRACE).await;
        if engine.loops_begun() == begun && engine.loops_at_work() == 0 {
            return;
        }
        publish(engine, Some(attach.clone()));
        if args.detached {
            stays(output);
        }
    }
}

fn publish(engine: &Engine, attach: Option<Attach>) {
    if let Err(error) = engine.publish(attach) {
        tracing::warn!(%error, "others do not learn how to attach");
    }
}

/// Waits until the command that left this server behind has no need of it: it says so by a byte, or
/// ends before anything has begun. What others began is not to be ended.
async fn let_go(engine: &Engine, is_detached: bool, output: Output) {
    let stdin = is_detached.then(|| io::stdin().as_fd().try_clone_to_owned().ok());
    let held = stdin.flatten().map(pipe::Receiver::from_owned_fd);
    if let Some(Ok(mut held)) = held {
        let is_wanted = match held.read(&mut [0]).await {
            Ok(1) => engine.loops_at_work() > 0,
            _ => engine.loops_begun() > 0,
        };
        if !is_wanted {
            return;
        }
        stays(output);
    }
    pending::<()>().await;
}

/// Tells the command that left this server behind, if it still listens.
fn stays(output: Output) {
    let _ = output.json_line(&json!({"kind": "staying"}));
}

/// Waits until no loop has been at work for so long; the first one has some time to come.
async fn idle_for(engine: &Engine, limit: Option<Duration>) {
    let Some(limit) = limit else {
        return pending().await;
    };
    let (mut since, mut begun) = (Instant::now(), 0);
    loop {
        sleep((limit / 10).clamp(Duration::from_millis(20), Duration::from_secs(1))).await;
        let now = engine.loops_begun();
        if engine.loops_at_work() > 0 || now != begun {
            (since, begun) = (Instant::now(), now);
        }
        let patience = if begun == 0 {
            limit.max(FIRST_LOOP)
        } else {
            limit
        };
        if since.elapsed() >= patience {
            return;
        }
    }
}

fn announce(
    engine: &Engine,
    ralpher: Option<&SocketAddr>,
    own: SocketAddr,
    output: Output,
) -> Result<()> {
    let data = engine.data().path().display();
    let url = ralpher.map(|address| format!("ralpher+http://{address}"));
    if output.json {
        return output.json_line(&json!({
            "kind": "serving",
            "pid": std::process::id(),
            "data": data.to_string(),
            "ralpher": url,
            "attach": own,
        }));
    }
    if let Some(url) = url {
        output.talk(format_args!("serving {url}"));
    }
    output.talk(format_args!(
        "serving {data}, for commands on that folder, at {own}"
    ));
    Ok(())
}

fn refuse_unguarded(address: Option<SocketAddr>) -> grump::Result<()> {
    match address {
        Some(address) if !address.ip().is_loopback() && place::token().is_none() => {
            let message = "other machines reach this address, and nobody is asked for a token";
            Err(invalid(message)
                .with("address", address)
                .advise(format!("listen on 127.0.0.1, or set {TOKEN}")))
        }
        _ => Ok(()),
    }
}

/// The end of the terminal that this process was started from does not concern it.
fn leave_session() -> grump::Result<()> {
    let left = rustix::process::setsid();
    left.map(drop).map_err(|error| {
        Error::new(ErrorKind::Internal, "the process cannot leave its session").caused_by(error)
    })
}
