//! One connection: two ways that bytes are passed on, until it is cut.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};

use super::{
    plan::{Act, Answer, At, Cut, Direction, Plan, Way},
    state::Shared,
    trigger::Trigger,
};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// What is asked of an open connection.
#[derive(Debug, Default)]
pub(super) struct Control {
    stalled: bool,
    cut: Option<Cut>,
    to_server: Arc<Mutex<Option<Trigger>>>,
    to_client: Arc<Mutex<Option<Trigger>>>,
}

impl Control {
    pub(super) fn new(plan: &mut Plan) -> Self {
        let trigger = |way: &mut Way| {
            let act = way.act.take();
            Arc::new(Mutex::new(act.map(|(at, act)| Trigger::new(at, act))))
        };
        Self {
            stalled: false,
            cut: None,
            to_server: trigger(&mut plan.to_server),
            to_client: trigger(&mut plan.to_client),
        }
    }

    pub(super) const fn cut(&mut self, cut: Cut) {
        self.cut = Some(cut);
    }

    pub(super) const fn stall(&mut self, stalled: bool) {
        self.stalled = stalled;
    }

    pub(super) fn act_at(&self, direction: Direction, at: At, act: Act) {
        let place = self.trigger(direction);
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(Trigger::new(at, act));
    }

    const fn trigger(&self, direction: Direction) -> &Arc<Mutex<Option<Trigger>>> {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

/// A connection, as those who pass its bytes on see it.
struct Passage {
    number: u64,
    shared: Arc<Shared>,
    control: watch::Receiver<Control>,
    plan: Plan,
    lose: AtomicBool,
}

/// Passes on what comes until both sides have ended or the connection is cut.
pub(super) async fn carry(shared: Arc<Shared>, mut client: TcpStream) {
    let (number, plan, control) = shared.accepted();
    let passage = Passage {
        number,
        lose: AtomicBool::new(plan.lose_answer),
        shared,
        control,
        plan,
    };
    if let Some(Answer(answer)) = &passage.plan.answer {
        passage.answer(&mut client, answer).await;
        return passage.shared.closed(number);
    }
    let connected = TcpStream::connect(passage.shared.upstream()).await;
    let Ok(mut server) = connected else {
        let _ = client.set_zero_linger();
        return passage.shared.closed(number);
    };
    let cut = tokio::select! {
        cut = passage.cut() => cut,
        cut = passage.both(&mut client, &mut server) => cut,
    };
    if cut == Cut::Reset {
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
        drop((client, server));
        return passage.shared.closed(number);
    }
    let _ = tokio::join!(client.shutdown(), server.shutdown());
    passage.shared.closed(number);
    // Closing with something unread would be a RST: what still comes is read, to no end.
    let _ = tokio::join!(drain(&mut client), drain(&mut server));
}

async fn drain(from: &mut TcpStream) -> io::Result<u64> {
    tokio::io::copy(from, &mut tokio::io::sink()).await
}

impl Passage {
    /// Answers the first request instead of the server.
    async fn answer(&self, client: &mut TcpStream, answer: &[u8]) {
        let (mut asked, mut buffer) = (Vec::new(), vec![0; CHUNK]);
        while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
            match client.read(&mut buffer).await {
                Ok(read) if read > 0 => {
                    asked.extend_from_slice(&buffer[..read]);
                    let _ = self.notice(Direction::ToServer, &buffer[..read]);
                }
                _ => return,
            }
        }
        if client.write_all(answer).await.is_ok() {
            self.shared
                .passed(self.number, Direction::ToClient, answer.len());
            let _ = client.shutdown().await;
            // Closing with something unread would be a RST, which can outrun the answer.
            let _ = drain(client).await;
        }
    }

    /// Waits until the test cuts the connection.
    async fn cut(&self) -> Cut {
        let mut control = self.control.clone();
        loop {
            if let Some(cut) = control.borrow_and_update().cut {
                return cut;
            }
            if control.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits while the connection is stalled.
    async fn flows(&self) {
        let mut control = self.control.clone();
        let _ = control.wait_for(|control| !control.stalled).await;
    }

    async fn both(&self, client: &mut TcpStream, server: &mut TcpStream) -> Cut {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let asked = self.pass_all(Direction::ToServer, from_client, to_server);
        let answered = self.pass_all(Direction::ToClient, from_server, to_client);
        match tokio::try_join!(asked, answered) {
            Ok(_) => Cut::End,
            Err(cut) => cut,
        }
    }

    /// Passes on what comes one way, until it ends.
    async fn pass_all(
        &self,
        direction: Direction,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<(), Cut> {
        self.pass(direction, &[], &mut to).await?;
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = from.read(&mut buffer).await.map_err(|_| Cut::Reset)?;
            if read == 0 {
                self.flows().await;
                return to.shutdown().await.map_err(|_| Cut::Reset);
            }
            self.notice(direction, &buffer[..read])?;
            tokio::time::sleep(self.way(direction).delay).await;
            self.pass(direction, &buffer[..read], &mut to).await?;
        }
    }

    /// Looks for what makes the answer be lost, and for the answer that is.
    fn notice(&self, direction: Direction, bytes: &[u8]) -> Result<(), Cut> {
        match direction {
            Direction::ToServer if self.shared.asks(self.number, bytes) => {
                self.lose.store(true, Ordering::Relaxed);
                Ok(())
            }
            Direction::ToClient if self.lose.load(Ordering::Relaxed) => Err(Cut::Reset),
            _ => Ok(()),
        }
    }

    /// Passes on these bytes, and does on the way what is to be done.
    async fn pass(
        &self,
        direction: Direction,
        bytes: &[u8],
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Cut> {
        let Some((at, act)) = self.moment(direction, bytes) else {
            return self.write(direction, bytes, to).await;
        };
        self.write(direction, &bytes[..at], to).await?;
        match act {
            Act::Cut(cut) => return Err(cut),
            Act::Repeat => {
                self.write(direction, &bytes[at..], to).await?;
                return self.write(direction, bytes, to).await;
            }
            Act::Say(more) => self.write(direction, &more, to).await?,
            Act::Stall => self
                .shared
                .control(self.number, |control| control.stall(true)),
        }
        self.write(direction, &bytes[at..], to).await
    }

    /// What is to be done within these bytes, and where; only once.
    fn moment(&self, direction: Direction, bytes: &[u8]) -> Option<(usize, Act)> {
        let place = Arc::clone(self.control.borrow().trigger(direction));
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let trigger = place.as_mut()?;
        let moment = (trigger.feed(bytes)?, trigger.act.clone());
        *place = None;
        Some(moment)
    }

    async fn write(
        &self,
        direction: Direction,
        bytes: &[u8],
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Cut> {
        let split = self.way(direction).piece;
        for piece in bytes.chunks(split.unwrap_or(CHUNK)) {
            self.flows().await;
            to.write_all(piece).await.map_err(|_| Cut::Reset)?;
            self.shared.passed(self.number, direction, piece.len());
            if split.is_some() {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    const fn way(&self, direction: Direction) -> &Way {
        match direction {
            Direction::ToServer => &self.plan.to_server,
            Direction::ToClient => &self.plan.to_client,
        }
    }
}
