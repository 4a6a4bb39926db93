//! `grump loop …`

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use grump::{Cursor, ModelRef, Policy, Since, Uncommitted};

use super::values;

#[derive(Debug, Subcommand)]
pub(crate) enum LoopCommand {
    /// Create a loop, start it, and watch it until it ends
    #[command(after_help = "\
Examples:
  grump loop run --dir ~/src/app --prompt \"Add dark mode\" --agent opencode --max-iterations 10
  grump loop run --prompt-file task.md --agent \"cmd: claude -p\" --budget-time 2h
  grump loop run --prompt \"Fix the tests\" --verify \"cargo test\" --require-changes --accept

The agent works in a worktree of its own; your folder is touched only when you accept.
Ctrl-C stops the loop and keeps its branch; a second Ctrl-C ends everything at once.
With --detach the loop goes on by itself, in a server that ends when there is nothing to do.")]
    Run(Box<RunArgs>),
    /// List the loops, the newest first
    #[command(
        visible_alias = "list",
        after_help = "\
Example:
  grump loop ls --json | jq -r '.[] | select(.status.unified == \"running\") | .id'"
    )]
    Ls,
    /// Show all there is to know of one loop
    #[command(after_help = "Example:\n  grump loop show 4f1c2a7e")]
    Show(ByName),
    /// Create a loop without starting it
    #[command(after_help = "\
Example:
  grump loop new --dir ~/src/app --prompt \"Add dark mode\" --name dark-mode
  grump loop start dark-mode")]
    New(Box<LoopArgs>),
    /// Start a loop, or go on with one that ended, and watch it until it ends
    #[command(after_help = "\
Example:
  grump loop start 4f1c2a7e --uncommitted stash
  grump loop start 4f1c2a7e --detach

Branch and numbering go on where they were; limits count from here.")]
    Start(StartArgs),
    /// Stop a loop; its branch is kept
    #[command(after_help = "Example:\n  grump loop stop 4f1c2a7e")]
    Stop(ByName),
    /// Change a loop; one that is running takes it up with its next iteration
    #[command(after_help = "\
Example:
  grump loop edit 4f1c2a7e --max-iterations 20 --budget-time 3h")]
    Edit(Box<EditArgs>),
    /// Set the prompt of the next iteration only, instead of the loop's own
    #[command(after_help = "\
Example:
  grump loop prompt 4f1c2a7e \"First make the tests compile\"
  grump loop prompt 4f1c2a7e --clear")]
    Prompt(PromptArgs),
    /// Tell what happened in a loop, and what happens, until it ends
    #[command(after_help = "\
Examples:
  grump loop watch 4f1c2a7e
  grump loop watch 4f1c2a7e --since now
  grump loop watch 4f1c2a7e --json | jq -r 'select(.kind == \"commit.created\").payload.commit.sha'

With --json each line has a \"cursor\", which --since takes to go on behind it.")]
    Watch(WatchArgs),
    /// Show what a loop changed
    #[command(after_help = "\
Examples:
  grump loop diff 4f1c2a7e --stat
  grump loop diff 4f1c2a7e > work.patch    git apply takes it")]
    Diff(DiffArgs),
    /// Merge a loop's work into the branch it was started from
    #[command(after_help = "\
Example:
  grump loop accept 4f1c2a7e

Where it does not merge, your branch, index and files are left as they were.")]
    Accept(ByName),
    /// Throw a loop's work away; `undo` brings it back
    #[command(after_help = "Example:\n  grump loop discard 4f1c2a7e")]
    Discard(ByName),
    /// Bring a discarded or removed loop back
    #[command(after_help = "Example:\n  grump loop undo 4f1c2a7e")]
    Undo(ByName),
    /// Remove a loop; `undo` brings it back until it is purged
    #[command(
        visible_alias = "remove",
        after_help = "Example:\n  grump loop rm 4f1c2a7e"
    )]
    Rm(ByName),
    /// Forget a merged, discarded or removed loop: record, events and backups
    #[command(after_help = "\
Example:
  grump loop purge 4f1c2a7e

This cannot be undone.")]
    Purge(ByName),
}

/// Names one loop.
#[derive(Clone, Debug, Args)]
pub(crate) struct ByName {
    /// The loop: its id, a part of it, or its name
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// What a new loop is to do.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["prompt", "prompt_file"]))]
pub(crate) struct LoopArgs {
    /// The folder to work on, in a git repository; with --plane, a path on the plane's machine
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// What the agent is told in each iteration
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) prompt: Option<String>,
    /// Read the prompt from this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) prompt_file: Option<PathBuf>,
    /// What to call the loop [default: the beginning of the prompt]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A name from the configuration, or what to run: "cmd: PROGRAM ...", "acp: PROGRAM ...",
    /// "script: FILE", "opencode", or NAME=SPEC to give it a name; with --plane, a name only
    /// [default: opencode]
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    #[command(flatten)]
    pub(crate) tuning: Tuning,
    /// What the agent may do without asking: allow, deny, ask or ask:SECONDS
    /// [default: allow]
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<Policy>,
    /// Believe that it is done only if something was changed
    #[arg(long)]
    pub(crate) require_changes: bool,
    /// Believe that it is done only if this command succeeds in the worktree
    #[arg(long, value_name = "COMMAND")]
    pub(crate) verify: Option<String>,
}

/// What of a loop can be changed later.
#[derive(Debug, Default, Args)]
pub(crate) struct Tuning {
    /// The model [default: the agent's own]
    #[arg(long, value_name = "PROVIDER/MODEL")]
    pub(crate) model: Option<ModelRef>,
    /// How many iterations there may be [default: no limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_iterations: Option<u32>,
    /// How many errors in a row end the loop [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_consecutive_errors: Option<u32>,
    /// It is done when the agent's final message matches this regular expression
    /// [default: <promise>COMPLETE</promise>$]
    #[arg(long, value_name = "REGEX")]
    pub(crate) stop_pattern: Option<String>,
    /// What the branch's name begins with [default: ralph/]
    #[arg(long, value_name = "TEXT")]
    pub(crate) branch_prefix: Option<String>,
    /// What the commits' messages begin with [default: [Ralph]]
    #[arg(long, value_name = "TEXT")]
    pub(crate) commit_prefix: Option<String>,
    /// How long it may work, such as 90s, 15m, 2h [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = values::seconds)]
    pub(crate) budget_time: Option<u64>,
    /// How many tokens it may use, such as 500k, 2M [default: no limit]
    #[arg(long, value_name = "N", value_parser = values::tokens)]
    pub(crate) budget_tokens: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) new: LoopArgs,
    #[command(flatten)]
    pub(crate) at_work: AtWork,
}

#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    #[command(flatten)]
    pub(crate) name: ByName,
    /// Say again what a name stands for that `run` or `new` was given as NAME=SPEC
    #[arg(long, value_name = "NAME=SPEC")]
    pub(crate) agent: Option<String>,
    #[command(flatten)]
    pub(crate) at_work: AtWork,
}

/// How a loop is started and what follows it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct AtWork {
    /// What to do about uncommitted changes in the folder; without it they are a reason not to start
    #[arg(long, value_name = "CHOICE")]
    pub(crate) uncommitted: Option<UncommittedChoice>,
    /// Merge the work at once if the loop completes
    #[arg(long)]
    pub(crate) accept: bool,
    /// Do not wait: leave a server behind in which the loop goes on, and which ends when no loop
    /// has been at work for TIME [default: 60s]
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "60s",
        value_parser = values::seconds,
        conflicts_with = "accept"
    )]
    pub(crate) detach: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UncommittedChoice {
    /// Commit them on the current branch
    Commit,
    /// Put them on git's stash
    Stash,
}

impl From<UncommittedChoice> for Uncommitted {
    fn from(choice: UncommittedChoice) -> Self {
        match choice {
            UncommittedChoice::Commit => Self::Commit,
            UncommittedChoice::Stash => Self::Stash,
        }
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").required(true).multiple(true).args([
    "name", "prompt", "prompt_file", "model", "max_iterations", "max_consecutive_errors",
    "stop_pattern", "branch_prefix", "commit_prefix", "budget_time", "budget_tokens",
]))]
pub(crate) struct EditArgs {
    #[command(flatten)]
    pub(crate) id: ByName,
    /// What to call it
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What the agent is told in each iteration
    #[arg(short, long, value_name = "TEXT", conflicts_with = "prompt_file")]
    pub(crate) prompt: Option<String>,
    /// Read the prompt from this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) prompt_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tuning: Tuning,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["text", "clear"]))]
pub(crate) struct PromptArgs {
    #[command(flatten)]
    pub(crate) name: ByName,
    /// What the agent is told in the next iteration
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Take a prompt that was set back
    #[arg(long)]
    pub(crate) clear: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) name: ByName,
    /// Where to begin: `beginning`, `now`, or behind a cursor
    #[arg(long, default_value = "beginning", value_name = "CURSOR", value_parser = since)]
    pub(crate) since: Since,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) name: ByName,
    /// Only how much changed in which file
    #[arg(long)]
    pub(crate) stat: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "clap asks for this shape")]
fn since(text: &str) -> Result<Since, std::convert::Infallible> {
    Ok(match text {
        "beginning" => Since::Beginning,
        "now" => Since::Now,
        cursor => Since::Cursor(Cursor::new(cursor)),
    })
}
