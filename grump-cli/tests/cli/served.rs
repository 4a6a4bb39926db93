//! A `grump serve` that runs.

use std::{fs, process::Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::scene::{Ran, Running, Scene, done, never_done, waits_for};

/// A `grump serve` that runs.
pub(crate) struct Served<'a> {
    scene: &'a Scene,
    running: Running,
    /// What it said when it began to serve.
    pub(crate) told: Value,
}

impl Scene {
    /// Serves the data folder with the agents `done`, `endless`, and `waits`, which waits for the
    /// file `go`.
    pub(crate) fn serve(&self, more: &[&str]) -> Served<'_> {
        self.serve_with(more, &[])
    }

    pub(crate) fn serve_with(&self, more: &[&str], variables: &[(&str, &str)]) -> Served<'_> {
        let go = self.path("go").display().to_string();
        let agents = [
            self.named_agent("done", done()),
            self.named_agent("endless", never_done()),
            self.named_agent("waits", waits_for(&go)),
        ];
        let mut args = vec!["--json", "serve", "--ralpher", "127.0.0.1:0"];
        args.extend(agents.iter().flat_map(|agent| ["--agent", agent]));
        args.extend(more);
        let mut command = self.command(&args);
        command.envs(variables.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = Running::new(command.spawn().unwrap());
        let line = running.read_until("serving");
        Served {
            scene: self,
            running,
            told: serde_json::from_str(&line).unwrap(),
        }
    }

    fn named_agent(&self, name: &str, script: Value) -> String {
        let file = self.path(&format!("{name}.json"));
        fs::write(&file, script.to_string()).unwrap();
        format!("{name}=script: {}", file.display())
    }
}

impl Served<'_> {
    /// The plane's address.
    pub(crate) fn url(&self) -> &str {
        self.told["ralpher"].as_str().unwrap()
    }

    pub(crate) fn pid(&self) -> String {
        self.running.pid().to_string()
    }

    /// Runs `grump --plane` to its end.
    pub(crate) fn grump(&self, args: &[&str]) -> Ran {
        self.start(args).end()
    }

    /// Starts `grump --plane` and leaves it running.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        self.scene.start(&[&["--plane", self.url()], args].concat())
    }

    /// Runs `grump --plane --json`, which must succeed, and reads the document it prints.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        self.scene.json(&[&["--plane", self.url()], args].concat())
    }

    /// Starts a loop with the agent that waits, and follows it up to its second iteration.
    pub(crate) fn waiting(&self) -> Running {
        let mut running = self.start(&["loop", "run", "--prompt", "x", "--agent", "waits"]);
        running.read_until("● iteration 2");
        crate::scene::until("the agent waits", || self.scene.path("go.waiting").exists());
        running
    }

    pub(crate) fn send(&self, signal: Signal) {
        self.running.send(signal);
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ran {
        self.running.end()
    }

    /// Tells it to end and waits until it has.
    pub(crate) fn ended(self) -> Ran {
        self.send(Signal::TERM);
        self.end()
    }
}
