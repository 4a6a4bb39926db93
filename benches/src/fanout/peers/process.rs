//! [`Process`]: a program that runs as long as it is needed.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use grump_benches::Failure;

use crate::cores;

/// A program that ends with its owner.
pub(crate) struct Process {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it where servers run. `missing` says how to get it.
    pub(crate) fn start(command: &mut Command, missing: &str) -> Result<Self, Failure> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = cores::serving(|| command.spawn());
        let program = command.get_program().display();
        let mut child =
            started.map_err(|error| format!("cannot start {program}: {error}; {missing}"))?;
        let said = child.stdout.take().ok_or("it has no output")?;
        let said = BufReader::new(said);
        Ok(Self { child, said })
    }

    /// The ports it says it listens on, in its first line of this kind: `ready 1234 5678`.
    pub(crate) fn ports(&mut self) -> Result<Vec<u16>, Failure> {
        let mut line = String::new();
        while self.said.read_line(&mut line)? > 0 {
            if let Some(ports) = line.strip_prefix("ready ") {
                let ports = ports.split_whitespace().map(str::parse);
                return Ok(ports.collect::<Result<_, _>>()?);
            }
            line.clear();
        }
        Err("the server ended before it was ready".into())
    }

    /// Its resident memory in KiB.
    pub(crate) fn resident(&self) -> Result<u64, Failure> {
        let file = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(file)?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let size = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(size.ok_or("there is no VmRSS line")?.parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already needs no ending.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
