//! [`Crowd`]: many who listen at once, each of whom must be told every event once and in order.
//!
//! One thread reads for all of them, and looks at each event's label only, so that what is measured
//! is who serves.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use grump_benches::Failure;
use memchr::memmem::Finder;
use mio::{Events, Interest, Poll, Token};

use crate::event::{LABEL, MARK, NUMBER, STAMP};

/// How long nobody is told anything before the run counts as failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How much is read at once.
const CHUNK: usize = 256 << 10;

/// How a stream is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Where.
    pub(crate) address: SocketAddr,
    /// With which request.
    pub(crate) request: Vec<u8>,
    /// What the answer to it begins with.
    pub(crate) greeting: &'static [u8],
    /// What the answer to it ends with, before the first event.
    pub(crate) end: &'static [u8],
}

impl Ask {
    /// A stream over HTTP, with these header lines beside the usual ones.
    pub(crate) fn http(address: SocketAddr, path: &str, headers: &str) -> Self {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n{headers}\r\n"
        );
        Self {
            address,
            request: request.into_bytes(),
            greeting: b"HTTP/1.1 200",
            end: b"\r\n\r\n",
        }
    }
}

/// Many who listen.
pub(crate) struct Crowd {
    poll: Poll,
    ready: Events,
    listeners: Vec<Listener>,
    /// The end of what was read before stands in front of what is read next.
    buffer: Box<[u8]>,
    finder: Finder<'static>,
    /// When each event was published that was told since the last look.
    pub(crate) stamps: Option<Vec<u64>>,
}

impl Crowd {
    /// So many, each connected and answered. The next event that is published has this number.
    pub(crate) fn gather(ask: &Ask, many: usize, next: u64) -> Result<Self, Failure> {
        let poll = Poll::new()?;
        let mut crowd = Self {
            poll,
            ready: Events::with_capacity(1024),
            listeners: Vec::with_capacity(many),
            buffer: vec![0; LABEL + CHUNK].into(),
            finder: Finder::new(MARK),
            stamps: None,
        };
        for number in 0..many {
            crowd.add(ask, number, next)?;
        }
        Ok(crowd)
    }

    fn add(&mut self, ask: &Ask, number: usize, next: u64) -> Result<(), Failure> {
        let (stream, already) = connect(ask)?;
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        let registry = self.poll.registry();
        registry.register(&mut stream, Token(number), Interest::READABLE)?;
        let mut listener = Listener::new(stream, next);
        self.buffer[LABEL..LABEL + already.len()].copy_from_slice(&already);
        let labels = Labels::of(&self.finder, &mut self.stamps);
        listener.look(&mut self.buffer, already.len(), labels)?;
        self.listeners.push(listener);
        Ok(())
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.listeners.len()
    }

    /// Listens until everybody was told all events before this one.
    pub(crate) fn until(&mut self, expected: u64) -> Result<(), Failure> {
        let told = |listener: &&Listener| listener.next >= expected;
        let mut missing = self.listeners.len() - self.listeners.iter().filter(told).count();
        while missing > 0 {
            if !self.wait()? {
                return Err(self.fell_silent(expected));
            }
            for event in &self.ready {
                let listener = &mut self.listeners[event.token().0];
                let was_told = listener.next >= expected;
                let labels = Labels::of(&self.finder, &mut self.stamps);
                listener.read(&mut self.buffer, labels)?;
                missing -= usize::from(!was_told && listener.next >= expected);
            }
        }
        Ok(())
    }

    /// Reads what is there for a while, as comments are.
    pub(crate) fn idle(&mut self, time: Duration) -> Result<(), Failure> {
        std::thread::sleep(time);
        self.poll.poll(&mut self.ready, Some(Duration::ZERO))?;
        for event in &self.ready {
            let labels = Labels::of(&self.finder, &mut self.stamps);
            self.listeners[event.token().0].read(&mut self.buffer, labels)?;
        }
        Ok(())
    }

    /// Sends the next request on the first connection.
    pub(crate) fn ask_again(&mut self, request: &[u8]) -> Result<(), Failure> {
        Ok(self.listeners[0].stream.write_all(request)?)
    }

    /// Waits until there is something to read; whether there is.
    fn wait(&mut self) -> Result<bool, Failure> {
        match self.poll.poll(&mut self.ready, Some(PATIENCE)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            polled => Ok(polled.map(|()| !self.ready.is_empty())?),
        }
    }

    fn fell_silent(&self, expected: u64) -> Failure {
        let slowest = self.listeners.iter().map(|listener| listener.next).min();
        let slowest = slowest.unwrap_or_default();
        format!("events are missing: told {slowest} of {expected}, then nothing").into()
    }
}

/// Connects, asks and is answered; what came behind the answer.
fn connect(ask: &Ask) -> Result<(TcpStream, Vec<u8>), Failure> {
    let mut stream = TcpStream::connect(ask.address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&ask.request)?;
    let mut answer = Vec::new();
    let end = Finder::new(ask.end);
    let mut buffer = [0; 4 << 10];
    loop {
        let many = stream.read(&mut buffer)?;
        answer.extend_from_slice(&buffer[..many]);
        if let Some(at) = end.find(&answer) {
            let already = answer.split_off(at + ask.end.len());
            return if answer.starts_with(ask.greeting) {
                Ok((stream, already))
            } else {
                Err(refused(&answer))
            };
        }
        if many == 0 {
            return Err(refused(&answer));
        }
    }
}

fn refused(answer: &[u8]) -> Failure {
    format!("refused: {}", String::from_utf8_lossy(answer)).into()
}

/// How labels are found, and what is kept of them.
struct Labels<'a> {
    finder: &'a Finder<'static>,
    stamps: Option<&'a mut Vec<u64>>,
}

impl<'a> Labels<'a> {
    const fn of(finder: &'a Finder<'static>, stamps: &'a mut Option<Vec<u64>>) -> Self {
        Self {
            finder,
            stamps: stamps.as_mut(),
        }
    }

    /// Where the next label begins from `from` on: mostly as far behind the last as that was
    /// behind the one before.
    fn find(&self, bytes: &[u8], from: usize, guess: Option<usize>) -> Option<usize> {
        if let Some(guess) = guess
            && bytes.get(guess..guess + MARK.len()) == Some(MARK)
        {
            return Some(guess);
        }
        self.finder.find(&bytes[from..]).map(|at| from + at)
    }
}

/// One who listens.
struct Listener {
    stream: mio::net::TcpStream,
    /// The number of the event that must come next.
    next: u64,
    /// How far labels lie apart.
    stride: usize,
    /// The end of what was read, where a label may have begun.
    carried: [u8; LABEL],
    carries: usize,
}

impl Listener {
    const fn new(stream: mio::net::TcpStream, next: u64) -> Self {
        Self {
            stream,
            next,
            stride: 0,
            carried: [0; LABEL],
            carries: 0,
        }
    }

    /// Reads all that is there.
    fn read(&mut self, buffer: &mut [u8], mut labels: Labels<'_>) -> Result<(), Failure> {
        loop {
            let many = match self.stream.read(&mut buffer[LABEL..]) {
                Ok(0) => return Err("the server ended the stream".into()),
                Ok(many) => many,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let again = Labels {
                finder: labels.finder,
                stamps: labels.stamps.as_deref_mut(),
            };
            self.look(buffer, many, again)?;
            if many < CHUNK {
                return Ok(());
            }
        }
    }

    /// Checks the labels in what was just read.
    fn look(
        &mut self,
        buffer: &mut [u8],
        many: usize,
        mut labels: Labels<'_>,
    ) -> Result<(), Failure> {
        let begin = LABEL - self.carries;
        buffer[begin..LABEL].copy_from_slice(&self.carried[..self.carries]);
        let bytes = &buffer[begin..LABEL + many];
        let (mut from, mut last, mut guess) = (0, None, None);
        while let Some(at) = labels.find(bytes, from, guess) {
            let Some(label) = bytes.get(at..at + LABEL) else {
                self.carry(&bytes[at..]);
                return Ok(());
            };
            self.check(label, &mut labels)?;
            self.stride = last.map_or(self.stride, |last| at - last);
            (from, last) = (at + LABEL, Some(at));
            guess = (self.stride > 0).then_some(at + self.stride);
        }
        let rest = bytes.len().saturating_sub(MARK.len() - 1).max(from);
        self.carry(&bytes[rest..]);
        Ok(())
    }

    fn carry(&mut self, bytes: &[u8]) {
        self.carried[..bytes.len()].copy_from_slice(bytes);
        self.carries = bytes.len();
    }

    fn check(&mut self, label: &[u8], labels: &mut Labels<'_>) -> Result<(), Failure> {
        let number = decimal(&label[NUMBER]);
        if number != self.next {
            let next = self.next;
            return Err(format!("told event {number} where {next} comes next").into());
        }
        self.next += 1;
        if let Some(stamps) = &mut labels.stamps {
            stamps.push(hexadecimal(&label[STAMP]));
        }
        Ok(())
    }
}

fn decimal(text: &[u8]) -> u64 {
    let digit = |number: u64, byte: &u8| {
        number
            .wrapping_mul(10)
            .wrapping_add(u64::from(byte.wrapping_sub(b'0')))
    };
    text.iter().fold(0, digit)
}

fn hexadecimal(text: &[u8]) -> u64 {
    let text = std::str::from_utf8(text).unwrap_or_default();
    u64::from_str_radix(text, 16).unwrap_or_default()
}
