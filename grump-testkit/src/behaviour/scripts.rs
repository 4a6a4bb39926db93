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
/// The repository's common git folder, in a command.
const COMMON: &str = "$(git rev-parse --git-common-dir)";

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
    /// Writes the prompt to `done.txt` and is done.
    FINISHES "finishes" = once(&[write("done.txt", "{{prompt}}\n")], DONE);
    /// Waits at the gate `go`, writes the prompt to `done.txt` and is done.
    WAITS "waits" = once(&[gate("go"), write("done.txt", "{{prompt}}\n")], DONE);
    /// Adds iteration and prompt to `log.txt` in each iteration, and is never done.
    NEVER_DONE "never-done" = once(&[note()], NOT_YET);
    /// As [`NEVER_DONE`], but waits at the gate of the iteration's number first.
    STEP_BY_STEP "step-by-step" = once(&[gate("{{iteration}}"), note()], NOT_YET);
    /// Writes `half.txt`, and then does nothing until it is stopped.
    HANGS "hangs" = once(&[write("half.txt", "half\n"), json!("hang")], NOT_YET);
    /// Writes the id of a process that runs for ever to `pid` in the common git folder, and
    /// waits for it.
    BUSY "busy" = once(&[bash(&format!("sleep 100000 & echo $! > {COMMON}/pid; wait"))], NOT_YET);

    /// Fails each time.
    FAILS "fails" = turns(&[failure()]);
    /// Dies each time.
    CRASHES "crashes" = turns(&[scene(&[json!("crash")], NOT_YET)]);
    /// Fails twice, works, fails twice, and is done.
    RECOVERS "recovers" = turns(&[
        failure(), failure(), scene(&[note()], NOT_YET), failure(), failure(), scene(&[note()], DONE),
    ]);
    /// Uses 100 tokens in each iteration, and is never done.
    SPENDS "spends" = once(&[note(), json!({"usage": {"input": 60, "output": 40}})], NOT_YET);

    /// Says the prompt as its final message, and changes nothing.
    SAYS "says" = once(&[], "{{prompt}}");
    /// Writes `work.txt`, and says the prompt as its final message.
    WORKS_AND_SAYS "works-and-says" = once(&[write("work.txt", "{{iteration}}\n")], "{{prompt}}");
    /// Says the prompt, and then something else as its final message.
    SAYS_AND_GOES_ON "says-and-goes-on" = once(&[json!({"say": "{{prompt}}"})], NOT_YET);
    /// Has a tool print the promise, and a file hold it, but does not make it.
    ECHOES "echoes" = once(
        &[bash("echo '<promise>COMPLETE</promise>'"), write("todo.md", "<promise>COMPLETE</promise>\n")],
        NOT_YET,
    );
    /// Says each time that it is done, but writes `half.txt` in the first iteration and `work.txt`
    /// in the second.
    TOO_EARLY "too-early" = turns(&[
        scene(&[write("half.txt", "half\n")], DONE), scene(&[write("work.txt", "work\n")], DONE),
    ]);

    /// Asks whether it may run the tests, writes the answer to `answer.txt`, and is done.
    ASKS "asks" = once(
        &[
            json!({"ask": {"action": "bash", "title": "run the tests", "else": [write("answer.txt", "no\n")]}}),
            bash("test -e answer.txt || echo yes > answer.txt"),
        ],
        DONE,
    );
    /// Adds `new.txt`, changes `README.md`, deletes `old.txt`, moves `here.txt` to `there.txt`,
    /// writes `data.bin`, and is done.
    CHANGES "changes" = once(
        &[
            write("new.txt", "one\ntwo\n"),
            json!({"append": {"path": "README.md", "content": "more\n"}}),
            json!({"delete": {"path": "old.txt"}}),
            json!({"rename": {"from": "here.txt", "to": "there.txt"}}),
            bash("printf 'a\\000b' > data.bin"),
        ],
        DONE,
    );
    /// Writes plan and status file, waits at the gate `go`, and is done.
    PLANS "plans" = once(
        &[write(".planning/plan.md", "changed\n"), write(".planning/status.md", "at work\n"), gate("go")],
        DONE,
    );
    /// Does a little of everything, in two iterations.
    TELLS_ALL "tells-all" = turns(&[
        scene(
            &[
                json!({"plan": [{"description": "Write it", "status": "in_progress"}]}),
                json!({"say": "I begin."}),
                note(),
                json!({"usage": {"input": 3, "output": 4}}),
            ],
            NOT_YET,
        ),
        scene(&[json!({"retry": {"attempt": 1, "message": "busy"}}), bash("echo hi")], DONE),
    ]);
}

/// A script that plays the same turn in each iteration.
fn once(steps: &[Value], last: &str) -> Value {
    turns(&[scene(steps, last)])
}

fn turns(scenes: &[Value]) -> Value {
    json!({ "turns": scenes })
}

fn scene(steps: &[Value], last: &str) -> Value {
    json!({"steps": steps, "final": last})
}

fn write(path: &str, content: &str) -> Value {
    json!({"write": {"path": path, "content": content}})
}

fn note() -> Value {
    json!({"append": {"path": "log.txt", "content": "{{iteration}}: {{prompt}}\n"}})
}

fn bash(command: &str) -> Value {
    json!({ "bash": command })
}

fn failure() -> Value {
    scene(&[json!({"fail": "the model is not there"})], NOT_YET)
}

fn gate(name: &str) -> Value {
    bash(&format!(
        "until [ -e \"{COMMON}/gates/{name}\" ]; do sleep 0.05; done"
    ))
}
