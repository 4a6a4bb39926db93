//! Where a test plays: a home, a repository and a data folder of its own.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long something that must happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A temporary home with a git repository in it.
pub(crate) struct Scene {
    folder: TempDir,
}

/// What a command did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scene = Self::without_repository();
        fs::create_dir(scene.app()).unwrap();
        scene.git(&["init", "-q", "-b", "main"]);
        scene.git(&["config", "user.name", "Example User"]);
        scene.git(&["config", "user.email", "user@example.com"]);
        fs::write(scene.app().join("README.md"), "# app\n").unwrap();
        scene.git(&["add", "--all"]);
        scene.git(&["commit", "-q", "-m", "first"]);
        scene
    }

    pub(crate) fn without_repository() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("grump-cli-")
            .tempdir()
            .unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { folder }
    }

    /// A file or folder beside home and repository.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The repository.
    pub(crate) fn app(&self) -> PathBuf {
        self.path("app")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// A program that sees nothing of the machine's user.
    pub(crate) fn isolated(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let kept = ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"];
        let kept = kept
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)));
        command
            .env_clear()
            .envs(kept)
            .env("HOME", self.path("home"))
            .env("GRUMP_DATA", self.data())
            .stdin(Stdio::null());
        command
    }

    /// `grump` with these arguments, in the repository where there is one.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.isolated(env!("CARGO_BIN_EXE_grump"));
        let app = self.app();
        command
            .current_dir(if app.exists() { app } else { self.path("home") })
            .args(args);
        command
    }

    /// Runs `grump` to its end.
    pub(crate) fn grump(&self, args: &[&str]) -> Ran {
        self.start(args).end()
    }

    /// Runs `grump --json`, which must succeed, and reads the document it prints.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let ran = self.grump(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{ran}");
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Runs a loop with this script to its end.
    pub(crate) fn run(&self, script: Value, more: &[&str]) -> Ran {
        let agent = self.agent(script);
        self.grump(
            &[
                &["loop", "run", "--prompt", "Do it", "--agent", &agent],
                more,
            ]
            .concat(),
        )
    }

    /// Runs a loop that writes a file and is done; answers its id.
    pub(crate) fn completed(&self) -> String {
        let ran = self.run(done(), &[]);
        assert_eq!(ran.code, 0, "{ran}");
        self.only_id()
    }

    /// The one loop there is.
    pub(crate) fn only(&self) -> Value {
        let loops = self.json(&["loop", "ls"]);
        assert_eq!(loops.as_array().unwrap().len(), 1, "{loops:#}");
        loops[0].clone()
    }

    /// The id of the one loop there is.
    pub(crate) fn only_id(&self) -> String {
        self.only()["id"].as_str().unwrap().to_owned()
    }

    /// An agent that plays this script.
    pub(crate) fn agent(&self, script: Value) -> String {
        let file = self.path("script.json");
        fs::write(&file, script.to_string()).unwrap();
        format!("script: {}", file.display())
    }

    /// Runs git in the repository; answers what it wrote.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self
            .isolated("git")
            .current_dir(self.app())
            .args(args)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            Ran::from(output)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Starts `grump` and leaves it running.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        Running::new(
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }

    /// Starts a loop with this script and leaves it running.
    pub(crate) fn start_loop(&self, script: Value, more: &[&str]) -> Running {
        let agent = self.agent(script);
        self.start(
            &[
                &["loop", "run", "--prompt", "Do it", "--agent", &agent],
                more,
            ]
            .concat(),
        )
    }

    /// The command lines of living processes that were started by this scene.
    #[cfg(target_os = "linux")]
    pub(crate) fn processes(&self) -> Vec<String> {
        let home = format!("HOME={}\0", self.path("home").display());
        let of_scene = |folder: PathBuf| {
            let environment = fs::read(folder.join("environ")).ok()?;
            let command = fs::read_to_string(folder.join("cmdline")).ok()?;
            let environment = String::from_utf8_lossy(&environment).into_owned();
            (environment.contains(&home) && !command.is_empty()).then(|| command.replace('\0', " "))
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries.filter_map(|entry| of_scene(entry.path())).collect()
    }

    /// Waits until nothing that was started by this scene is alive.
    #[cfg(target_os = "linux")]
    pub(crate) fn nothing_is_left(&self) {
        until("every process is gone", || self.processes().is_empty());
    }
}

/// A `grump` that runs; one that a failed test forgets is killed, and the keeper ends the rest.
pub(crate) struct Running {
    child: Child,
    _guard: Guard,
    stdout: Option<BufReader<ChildStdout>>,
    seen: String,
    told: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn new(mut child: Child) -> Self {
        let told = Arc::default();
        let listener = listen(child.stderr.take().unwrap(), Arc::clone(&told));
        Self {
            _guard: Guard::new(&child),
            stdout: child.stdout.take().map(BufReader::new),
            child,
            seen: String::new(),
            told,
            listener: Some(listener),
        }
    }

    /// Reads standard output up to the line that holds this text; answers that line.
    pub(crate) fn read_until(&mut self, text: &str) -> String {
        let stdout = self.stdout.as_mut().unwrap();
        loop {
            let mut line = String::new();
            let read = stdout.read_line(&mut line).unwrap();
            self.seen.push_str(&line);
            if line.contains(text) {
                return line;
            }
            let (seen, told) = (&self.seen, self.told.lock().unwrap());
            assert!(read > 0, "it ended before {text:?}:\n{seen}\n{told}");
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(pid_of(&self.child), signal).unwrap();
    }

    /// Whether it told this on standard error.
    pub(crate) fn has_told(&self, text: &str) -> bool {
        self.told.lock().unwrap().contains(text)
    }

    /// Nobody reads its standard output any more.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = None;
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        if let Some(stdout) = &mut self.stdout {
            stdout.read_to_string(&mut self.seen).unwrap();
        }
        self.listener.take().unwrap().join().unwrap();
        Ran {
            code: self.child.wait().unwrap().code().unwrap_or(-1),
            stdout: std::mem::take(&mut self.seen),
            stderr: self.told.lock().unwrap().clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Kills a child that does not come to its end, so that its test fails instead of waiting for ever.
pub(crate) struct Guard(
    #[expect(dead_code, reason = "dropping it says that the child ended")] Sender<()>,
);

impl Guard {
    pub(crate) fn new(child: &Child) -> Self {
        let pid = pid_of(child);
        let (guard, ended) = channel();
        thread::spawn(move || {
            if ended.recv_timeout(2 * PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Self(guard)
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed()).unwrap()
}

fn listen(stderr: ChildStderr, told: Arc<Mutex<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            told.lock().unwrap().push_str(&(line + "\n"));
        }
    })
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit code {}\n{}\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}

/// Waits until something is the case.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(
            begun.elapsed() < PATIENCE,
            "it never came about that {what}"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// A script that writes a file and is done.
pub(crate) fn done() -> Value {
    json!({ "turns": [{
        "steps": [{"write": {"path": "hello.txt", "content": "hello\n"}}],
        "final": "It is there.\n<promise>COMPLETE</promise>",
    }]})
}

/// A script that is never done.
pub(crate) fn never_done() -> Value {
    json!({ "turns": [{
        "steps": [{"append": {"path": "hello.txt", "content": "{{iteration}}\n"}}],
        "final": "There is more to do.",
    }]})
}

/// A script that does something in its first turn and then, in its second one, waits for a file
/// outside of the worktree, with a daemon at its side.
pub(crate) fn waits_for(file: &str) -> Value {
    json!({ "turns": [
        {
            "steps": [{"write": {"path": "one.txt", "content": "1\n"}}],
            "final": "One of two.",
        },
        {
            "steps": [
                {"write": {"path": "two.txt", "content": "2\n"}},
                {"bash": format!(
                    "[ -e {file} ] || {{ setsid sleep 1000 & touch {file}.waiting; }}; \
                     while [ ! -e {file} ]; do sleep 0.05; done"
                )},
            ],
            "final": "Two of two.\n<promise>COMPLETE</promise>",
        },
    ]})
}
