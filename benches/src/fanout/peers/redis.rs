//! redis: as a child on a free port, without persistence.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

use grump_benches::Failure;

use super::{Peer, Process, Publish};
use crate::{crowd::Ask, event};

const MISSING: &str = "get it with: apt-get install redis-server";

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// A redis of our own.
pub(crate) struct Redis {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Redis {
    pub(crate) fn start() -> Result<Self, Failure> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .args(["--loglevel", "warning"]);
        let process = Process::start(&mut command, MISSING)?;
        let address = (Ipv4Addr::LOCALHOST, port).into();
        wait_for(address)?;
        Ok(Self { process, address })
    }

    /// A connection that sends commands, many at once.
    pub(crate) fn pipe(&self) -> Result<Pipe, Failure> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        Ok(Pipe {
            answers: BufReader::new(stream.try_clone()?),
            stream,
            open: 0,
        })
    }
}

fn wait_for(address: SocketAddr) -> Result<(), Failure> {
    let begun = Instant::now();
    while let Err(error) = TcpStream::connect(address) {
        if begun.elapsed() > PATIENCE {
            return Err(format!("redis-server does not answer: {error}").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

pub(super) fn start() -> Result<Peer, Failure> {
    let redis = Redis::start()?;
    let ask = Ask {
        address: redis.address,
        request: command(&["SUBSCRIBE", "events"]).into_bytes(),
        greeting: b"*3\r\n$9\r\nsubscribe",
        end: b":1\r\n",
    };
    let publisher = Publisher {
        pipe: redis.pipe()?,
        events: event::Template::new(),
    };
    Ok(Peer::new(redis.process, ask, publisher))
}

/// A command, as it goes over the wire.
pub(crate) fn command(words: &[&str]) -> String {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        write!(command, "${}\r\n{word}\r\n", word.len()).expect("a string takes everything");
    }
    command
}

/// A connection that sends many commands at once.
pub(crate) struct Pipe {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
    /// How many answers of one line were not read yet.
    open: usize,
}

impl Pipe {
    /// Sends commands that are each answered by one line.
    pub(crate) fn send(&mut self, commands: &str, many: usize) -> Result<(), Failure> {
        self.stream.write_all(commands.as_bytes())?;
        self.open += many;
        Ok(())
    }

    /// Reads the answers.
    pub(crate) fn settle(&mut self) -> Result<(), Failure> {
        let mut line = String::new();
        while self.open > 0 {
            line.clear();
            if self.answers.read_line(&mut line)? == 0 || line.starts_with('-') {
                return Err(format!("redis refuses: {line}").into());
            }
            self.open -= 1;
        }
        Ok(())
    }
}

struct Publisher {
    pipe: Pipe,
    events: event::Template,
}

impl Publish for Publisher {
    fn publish(&mut self, first: u64, many: u64, stamp: u64) -> Result<(), Failure> {
        self.pipe.settle()?;
        let publish = |number| command(&["PUBLISH", "events", &self.events.text(number, stamp)]);
        let commands: String = (first..first + many).map(publish).collect();
        self.pipe.send(&commands, usize::try_from(many)?)
    }
}
