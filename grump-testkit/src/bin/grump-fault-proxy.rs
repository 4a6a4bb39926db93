//! A TCP proxy on the loopback that cuts, stalls, delays and splits connections.

use std::{io::BufRead, net::SocketAddr, process::ExitCode, time::Duration};

use clap::Parser;
use grump_core::{Error, ErrorKind, Result};
use grump_testkit::proxy::{Answer, At, Counts, Cut, Direction, FaultProxy, Plan, Seed};
use tokio::sync::mpsc;

/// A TCP proxy on the loopback that does to connections what networks do.
///
/// Its first line is its URL. The options hold for every connection. Commands are read from
/// standard input, one a line, and each is answered by one line: `cut`, `cut end`, `stall`, `resume`,
/// `refuse`, `admit`, `lose TEXT` (lose the answer to the next request with this text in it),
/// `counts`, `wait connections|open|to_server|to_client NUMBER` (until there are as many), `quit`.
#[derive(Parser)]
struct Cli {
    /// The address of the server: 127.0.0.1:3000.
    server: SocketAddr,
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Faults by chance: the same seed does the same.
    #[arg(long, conflicts_with_all = ["cut_after", "stall_after", "lose_answer", "delay", "split"])]
    seed: Option<u64>,
    /// Cut when so many bytes have passed to the client.
    #[arg(long, value_name = "BYTES")]
    cut_after: Option<u64>,
    /// Cut by a FIN, as if all was said, and not by a RST.
    #[arg(long, requires = "cut_after")]
    end: bool,
    /// Pass nothing on any more when so many bytes have passed to the client.
    #[arg(long, value_name = "BYTES", conflicts_with = "cut_after")]
    stall_after: Option<u64>,
    /// Pass requests on, and cut when the answer comes.
    #[arg(long)]
    lose_answer: bool,
    /// Pass everything to the client on so much later.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay: u64,
    /// Pass everything to the client on in pieces of so many bytes.
    #[arg(long, value_name = "BYTES")]
    split: Option<usize>,
    /// Pass nothing on, and answer the first request of each connection with this status.
    #[arg(long, value_name = "STATUS")]
    answer: Option<u16>,
    /// What that answer says of when to come again: seconds or a date.
    #[arg(long, value_name = "WHEN", requires = "answer")]
    retry_after: Option<String>,
}

impl Cli {
    fn plan(&self, number: u64) -> Plan {
        if let Some(seed) = self.seed {
            return Seed::new(seed).plan(number);
        }
        let way = Direction::ToClient;
        let mut plan = Plan::new().delay(way, Duration::from_millis(self.delay));
        if let Some(bytes) = self.cut_after {
            let cut = if self.end { Cut::End } else { Cut::Reset };
            plan = plan.cut_at(way, At::bytes(bytes), cut);
        }
        if let Some(bytes) = self.stall_after {
            plan = plan.stall_at(way, At::bytes(bytes));
        }
        if let Some(bytes) = self.split {
            plan = plan.split(way, bytes);
        }
        if self.lose_answer {
            plan = plan.lose_answer();
        }
        match (self.answer, &self.retry_after) {
            (Some(status), Some(after)) => plan.answer(Answer::retry_after(status, after)),
            (Some(status), None) => plan.answer(Answer::status(status)),
            (None, _) => plan,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("grump-fault-proxy: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(cli: Cli) -> Result<()> {
    let proxy = FaultProxy::start_on(cli.port, cli.server).await?;
    println!("{}", proxy.url());
    proxy.each(move |number| cli.plan(number));
    let mut commands = commands();
    loop {
        let command = tokio::select! {
            command = commands.recv() => command.expect("one sender stays here"),
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        if command.trim() == "quit" {
            return Ok(());
        }
        match obey(&proxy, &command).await {
            Ok(answer) => println!("{answer}"),
            Err(error) => println!("error: {error}"),
        }
    }
}

/// The lines of standard input. Its end is not the program's.
fn commands() -> Commands {
    let (sender, receiver) = mpsc::channel(1);
    let kept = sender.clone();
    std::thread::spawn(move || {
        for line in std::io::stdin()
            .lock()
            .lines()
            .map_while(std::io::Result::ok)
        {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    Commands {
        receiver,
        _kept: kept,
    }
}

struct Commands {
    receiver: mpsc::Receiver<String>,
    _kept: mpsc::Sender<String>,
}

impl Commands {
    async fn recv(&mut self) -> Option<String> {
        self.receiver.recv().await
    }
}

async fn obey(proxy: &FaultProxy, command: &str) -> Result<String> {
    let words: Vec<_> = command.split_whitespace().collect();
    match words[..] {
        ["cut"] => proxy.cut(Cut::Reset),
        ["cut", "end"] => proxy.cut(Cut::End),
        ["stall"] => proxy.stall(),
        ["resume"] => proxy.resume(),
        ["refuse"] => proxy.refuse().await,
        ["admit"] => proxy.admit().await?,
        ["lose", ..] => proxy.lose_answer_to(command.trim_start()["lose".len()..].trim()),
        ["counts"] => return Ok(shown(&proxy.counts())),
        ["wait", what, number] => return wait(proxy, what, number).await,
        _ => return Err(not_understood(command)),
    }
    Ok("ok".to_owned())
}

async fn wait(proxy: &FaultProxy, what: &str, number: &str) -> Result<String> {
    let look: fn(&Counts) -> u64 = match what {
        "connections" => |counts| counts.connections,
        "open" => |counts| counts.open,
        "to_server" => |counts| counts.to_server,
        "to_client" => |counts| counts.to_client,
        _ => return Err(not_understood(what)),
    };
    let number: u64 = number.parse().map_err(|_| not_understood(number))?;
    let counts = proxy.until(|counts| look(counts) >= number).await;
    Ok(shown(&counts))
}

fn shown(counts: &Counts) -> String {
    format!(
        "connections={} open={} to_server={} to_client={}",
        counts.connections, counts.open, counts.to_server, counts.to_client
    )
}

fn not_understood(what: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, "this is not understood")
        .with("command", what)
        .advise("see the commands in --help")
}
