//! Servers in Rust: this program again, as a child that serves.

use std::{
    ffi::OsStr,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
};

use grump_benches::Failure;

use super::{Peer, Process, Publish};
use crate::crowd::Ask;

/// A child that serves.
pub(crate) struct Served {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    pub(crate) control: u16,
}

impl Served {
    /// This program as a child: `serve NAME ARGUMENT…`.
    pub(crate) fn start(name: &str, arguments: &[&OsStr]) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", name]).args(arguments);
        Self::of(Process::start(&mut command, "build it again")?)
    }

    /// A child that says where it listens.
    pub(crate) fn of(mut process: Process) -> Result<Self, Failure> {
        let ports = process.ports()?;
        let [port, control] = ports[..] else {
            return Err(format!("a server of two ports says {ports:?}").into());
        };
        let address = (Ipv4Addr::LOCALHOST, port).into();
        Ok(Self {
            process,
            address,
            control,
        })
    }

    /// As a peer whose events stand at this path.
    pub(crate) fn peer(self, path: &str) -> Result<Peer, Failure> {
        let ask = Ask::http(self.address, path, "");
        Ok(Peer::new(
            self.process,
            ask,
            Control::connect(self.control)?,
        ))
    }
}

pub(super) fn start(name: &str, path: &str) -> Result<Peer, Failure> {
    Served::start(name, &[])?.peer(path)
}

/// Tells a child what to publish, over a connection of its own.
pub(super) struct Control(TcpStream);

impl Control {
    fn connect(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }
}

impl Publish for Control {
    fn publish(&mut self, first: u64, many: u64, stamp: u64) -> Result<(), Failure> {
        let line = format!("{first} {many} {stamp}\n");
        Ok(self.0.write_all(line.as_bytes())?)
    }
}
