//! What is different at a terminal.

use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    process::{Child, Command},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use rustix::{
    fs::{Mode, OFlags, open},
    io::write,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use serde_json::json;

use crate::scene::{Guard, Scene, until};

/// A program at a terminal of its own.
struct Terminal {
    keyboard: OwnedFd,
    shown: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    child: Child,
    _guard: Guard,
}

impl Terminal {
    fn new(mut command: Command) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let screen = || open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        command.env("TERM", "xterm-256color");
        let child = command
            .stdin(screen())
            .stdout(screen())
            .stderr(screen())
            .spawn()
            .unwrap();
        drop(command);
        let shown = Arc::default();
        let reader = read_along(keyboard.try_clone().unwrap(), Arc::clone(&shown));
        Self {
            keyboard,
            shown,
            reader: Some(reader),
            _guard: Guard::new(&child),
            child,
        }
    }

    fn shows(&self, text: &str) {
        until(&format!("{text:?} is shown in {:?}", self.text()), || {
            self.text().contains(text)
        });
    }

    fn text(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    fn types(&self, text: &str) {
        assert_eq!(write(&self.keyboard, text.as_bytes()).unwrap(), text.len());
    }

    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        self.reader.take().unwrap().join().unwrap();
        let shown = self.shown.lock().unwrap().clone();
        (code, shown)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what is shown until nobody has the terminal open any more.
fn read_along(screen: OwnedFd, shown: Arc<Mutex<String>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut screen = File::from(screen);
        let mut piece = [0; 4096];
        while let Ok(read) = screen.read(&mut piece) {
            let text = String::from_utf8_lossy(&piece[..read]);
            shown.lock().unwrap().push_str(&text);
        }
    })
}

fn asking() -> serde_json::Value {
    json!({ "turns": [{
        "steps": [
            {"ask": {"action": "bash", "title": "write a file", "else": [
                {"write": {"path": "denied.txt", "content": "x"}},
            ]}},
            {"write": {"path": "after.txt", "content": "x"}},
        ],
        "final": "<promise>COMPLETE</promise>",
    }]})
}

fn run(scene: &Scene, script: serde_json::Value, more: &[&str]) -> Terminal {
    let agent = scene.agent(script);
    let args = [&["loop", "run", "--prompt", "x", "--agent", &agent], more].concat();
    Terminal::new(scene.command(&args))
}

#[test]
fn somebody_at_a_terminal_is_asked_and_the_answer_counts() {
    for (answer, denied) in [("maybe\ny\n", false), ("n\n", true)] {
        let scene = Scene::new();
        let terminal = run(&scene, asking(), &["--policy", "ask", "--accept"]);
        terminal.shows("Allow bash: write a file? [y/n]");
        terminal.types(answer);
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("(by person)"), "{shown}");
        assert_eq!(scene.app().join("denied.txt").exists(), denied, "{shown}");
    }
}

#[test]
fn a_terminal_has_colours_unless_it_is_told_otherwise() {
    let scene = Scene::new();
    let (_, shown) = run(&scene, crate::scene::done(), &[]).end();
    assert!(shown.contains("\u{1b}[32m"), "{shown:?}");
    let mut command = scene.command(&["loop", "watch", &scene.only_id()]);
    command.env("NO_COLOR", "1");
    let (_, shown) = Terminal::new(command).end();
    assert!(
        shown.contains("■ completed") && !shown.contains("\u{1b}[32m"),
        "{shown:?}"
    );
}

#[test]
fn progress_is_shown_while_the_agent_works() {
    let scene = Scene::new();
    let go = scene.path("go");
    let terminal = run(
        &scene,
        crate::scene::waits_for(go.to_str().unwrap()),
        &["--max-iterations", "5"],
    );
    terminal.shows("iteration 2 of 5");
    std::fs::write(go, "").unwrap();
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
}
