//! [`Clients`]: some who ask the same again and again, each on a connection of its own.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use grump_benches::Failure;
use memchr::memmem;
use mio::{Events, Interest, Poll, Token};

/// How long there is no answer before the run counts as failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Some who ask.
pub(crate) struct Clients {
    poll: Poll,
    ready: Events,
    request: Vec<u8>,
    clients: Vec<Client>,
}

struct Client {
    stream: mio::net::TcpStream,
    answer: Vec<u8>,
}

impl Clients {
    /// So many, who ask for this path.
    pub(crate) fn connect(address: SocketAddr, path: &str, many: usize) -> Result<Self, Failure> {
        let poll = Poll::new()?;
        let mut clients = Vec::with_capacity(many);
        for number in 0..many {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let mut stream = mio::net::TcpStream::from_std(stream);
            let registry = poll.registry();
            registry.register(&mut stream, Token(number), Interest::READABLE)?;
            let answer = Vec::with_capacity(8 << 10);
            clients.push(Client { stream, answer });
        }
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n\r\n");
        Ok(Self {
            poll,
            ready: Events::with_capacity(many),
            request: request.into_bytes(),
            clients,
        })
    }

    /// At least so many requests; how many were answered. Each client asks again as soon as it has
    /// its answer.
    pub(crate) fn ask(&mut self, at_least: usize) -> Result<usize, Failure> {
        for client in &mut self.clients {
            client.stream.write_all(&self.request)?;
        }
        let (mut asked, mut answered) = (self.clients.len(), 0);
        while answered < asked {
            self.wait()?;
            for event in &self.ready {
                let client = &mut self.clients[event.token().0];
                if !client.read()? {
                    continue;
                }
                answered += 1;
                if asked < at_least {
                    client.stream.write_all(&self.request)?;
                    asked += 1;
                }
            }
        }
        Ok(answered)
    }

    fn wait(&mut self) -> Result<(), Failure> {
        match self.poll.poll(&mut self.ready, Some(PATIENCE)) {
            Ok(()) if self.ready.is_empty() => Err("a request is not answered".into()),
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl Client {
    /// Reads what is there; whether the answer is whole.
    fn read(&mut self) -> Result<bool, Failure> {
        let mut buffer = [0; 8 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err("the server closed the connection".into()),
            Ok(many) => self.answer.extend_from_slice(&buffer[..many]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let is_whole = length(&self.answer)?.is_some_and(|length| self.answer.len() >= length);
        if is_whole {
            self.answer.clear();
        }
        Ok(is_whole)
    }
}

/// How long an answer is, once its head is there.
fn length(answer: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(head) = memmem::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&answer[..head])?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("refused: {head}").into());
    }
    let body = head
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length: "));
    let body: usize = body.ok_or("an answer without a length")?.parse()?;
    Ok(Some(head.len() + 4 + body))
}
