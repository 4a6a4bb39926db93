//! What the agents of the suite say and do: scripts of the `script` agent, each an agent of the
//! plane under test.
//!
//! An agent that is to be held waits at a *gate*: a real command that ends when the case opens the
//! gate by its name ([`Repository::open_gate`](super::Repository::open_gate)). Gates are files in
//! the repository's common git folder, which the agents find from any worktree.

use serde_json::{Value, json};

/// The final message of work that is done.
const DONE: &str = "Done.\n<promise>COMPLETE</promise>";
/// The final message of work that is not.
const NOT_YET: &str = "Not yet.";

/// Writes the scripts down once: constant, name, script.
macro_rules! scripts {
    ($($(#[$doc:meta])* $constant:ident $name:literal = $script:expr;)*) => {
        $($(#[$doc])* pub const $constant: &str = $name;)*

        /// Every script, with the name that its agent has.
        #[must_use]
        pub fn all() -> Vec<(&'static str, Value)> {
            vec![$(($name, $script)),*]
        }
    };
}

scripts! {
    /// Writes `done.txt` and is done.
    FINISHES "finishes" = once(&[write("done.txt", "{{prompt}}\n")], DONE);
    /// Waits at the gate `go`, writes `done.txt` and is done.
    WAITS "waits" = once(&[gate("go"), write("done.txt", "{{prompt}}\n")], DONE);
    /// Adds iteration and prompt to `log.txt` in each iteration, and is never done.
    NEVER_DONE "never-done" = once(&[note()], NOT_YET);
    /// As [`NEVER_DONE`], but waits at the gate of the iteration's number first.
    STEP_BY_STEP "step-by-step" = once(&[gate("{{iteration}}"), note()], NOT_YET);
    /// Is done with its second iteration, with a change in each.
    TWO_STEPS "two-steps" = json!({"turns": [
        {"steps": [note()], "final": NOT_YET},
        {"steps": [note()], "final": DONE},
    ]});
    /// Writes `half.txt`, and then does nothing until it is stopped.
    HANGS "hangs" = once(&[write("half.txt", "half\n"), json!("hang")], NOT_YET);
    /// Fails each time.
    FAILS "fails" = json!({"turns": [{"steps": [{"fail": "the model is not there"}]}]});
}

/// A script that plays the same turn in each iteration.
fn once(steps: &[Value], last: &str) -> Value {
    json!({"turns": [{"steps": steps, "final": last}]})
}

fn write(path: &str, content: &str) -> Value {
    json!({"write": {"path": path, "content": content}})
}

fn note() -> Value {
    json!({"append": {"path": "log.txt", "content": "{{iteration}}: {{prompt}}\n"}})
}

fn gate(name: &str) -> Value {
    let folder = "$(git rev-parse --git-common-dir)/gates";
    json!({"bash": format!("until [ -e \"{folder}/{name}\" ]; do sleep 0.05; done")})
}
