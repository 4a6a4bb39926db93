//! What can be typed: the commands, their options, and the help that teaches them.

mod loops;
mod serve;
mod values;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use loops::{
    AtWork, ByName, DiffArgs, EditArgs, LoopArgs, LoopCommand, PromptArgs, RunArgs, StartArgs,
    WatchArgs,
};
pub(crate) use serve::ServeArgs;
pub(crate) use values::{duration_text, title_of};

/// Supervise coding agents: the same prompt again and again in a git worktree, until it is done.
#[derive(Debug, Parser)]
#[command(
    name = "grump",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "First time here? Type: grump demo",
    after_long_help = AFTER_LONG_HELP,
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_LONG_HELP: &str = "\
Examples:
  grump demo
  grump loop run --dir ~/src/app --prompt \"Add dark mode\" --agent opencode --max-iterations 10
  grump loop run --prompt \"Fix the tests\" --agent \"cmd: claude -p\" --verify \"cargo test\"
  grump loop diff 4f1c2a7e
  grump loop accept 4f1c2a7e
  grump serve --agent busy=\"cmd: ./agent.sh\"
  grump --plane ralpher+http://127.0.0.1:3000 loop ls

Exit codes:
  0    done
  1    failed
  2    wrong usage: an argument is missing, unknown or not valid
  3    the loop ended at its limit of iterations, time or tokens
  4    the loop failed
  5    the loop was stopped, or was cut off
  6    conflict: uncommitted changes, a merge conflict, a state that does not allow it, or a data
       folder that another process owns
  7    there is no such thing
  8    the data folder cannot be read or written
  130  ended at once by a second Ctrl-C

Environment:
  GRUMP_DATA     the data folder, as --data
  GRUMP_CONFIG   the configuration file, as --config
  GRUMP_URL      the plane to work with instead of a data folder, as --plane
  GRUMP_API_KEY  the token that this plane asks for, or that `serve` is to ask for
  GRUMP_LOG      what to log on standard error, such as \"grump_engine=debug\"
  GRUMP_MAX_RUNNING, GRUMP_POLICY, GRUMP_DEFAULT_AGENT
                 as in the configuration file, and before it
  NO_COLOR       no colours";

const DATA: &str = "Data folder: the journal and the worktrees [env: GRUMP_DATA] \
    [default: the platform's, such as ~/.local/share/grump]";
const CONFIG: &str = "Configuration file [env: GRUMP_CONFIG] \
    [default: the platform's, such as ~/.config/grump/grump.toml]";

const PLANE: &str = "The plane to work with instead of a data folder of this machine: \
    ralpher+http://HOST:PORT [env: GRUMP_URL]";

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    #[arg(long, global = true, value_name = "DIR", help = DATA)]
    pub(crate) data: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE", help = CONFIG)]
    pub(crate) config: Option<PathBuf>,
    #[arg(long, global = true, value_name = "URL", help = PLANE, conflicts_with = "data")]
    pub(crate) plane: Option<String>,
    /// What is suggested must name the plane, too.
    #[arg(skip)]
    pub(crate) plane_is_typed: bool,
    /// Print JSON: one document, or one per line where events are told
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Log what happens inside on standard error; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See it work: a loop in a throw-away git repository, no account needed
    #[command(after_help = "\
Example:
  grump demo --keep    leaves the repository and the data folder behind, to look around in

It uses a temporary folder for everything, and touches nothing of yours.")]
    Demo(DemoArgs),
    /// Loops: run, look, stop, merge
    #[command(
        subcommand,
        visible_alias = "loops",
        after_help = "\
Example: a loop from beginning to end
  grump loop run --dir ~/src/app --prompt \"Add dark mode\" --agent opencode --max-iterations 10
  grump loop ls
  grump loop diff 4f1c2a7e
  grump loop accept 4f1c2a7e

ID is a loop's id, any part of it that no other loop's id has, or the loop's name."
    )]
    Loop(LoopCommand),
    /// Run loops for others: serve the data folder in the Ralpher dialect
    #[command(after_help = "\
Examples:
  grump serve --ralpher 127.0.0.1:3000 --agent busy=\"cmd: ./agent.sh\"
  grump --plane ralpher+http://127.0.0.1:3000 loop run --agent busy --prompt \"Add dark mode\"

Loops that come over the network name an agent that is configured here: by --agent, or in
grump.toml. Only this machine is listened to, unless GRUMP_API_KEY says what callers must show.
Ctrl-C ends it in good order: what ran is left to be resumed, which the next `serve` does. Other
commands on the same data folder go through this process meanwhile.")]
    Serve(ServeArgs),
    /// Find what a crash left behind, and repair it with --fix
    #[command(after_help = "\
Example:
  grump doctor         says what there is: processes, worktrees, loops that were cut off
  grump doctor --fix   ends, removes and records it

Without --fix the exit code is 1 if there is something.")]
    Doctor(DoctorArgs),
    /// List the models that the agents can use
    #[command(after_help = "\
Example:
  grump models --dir ~/src/app
  grump loop run --model anthropic/claude-sonnet-4-5 ...")]
    Models(ModelsArgs),
    /// List the agents that are configured
    #[command(after_help = "\
Example: an agent in grump.toml
  [agents.claude]
  spec = \"cmd: claude -p\"")]
    Agents,
    /// Print completions for a shell
    #[command(after_help = "\
Example:
  grump completions bash > ~/.local/share/bash-completion/completions/grump
  grump completions zsh > ~/.zfunc/_grump
  grump completions fish > ~/.config/fish/completions/grump.fish")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man {
        /// The folder; it is created where it is missing
        directory: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Leave the folder with the repository and the data behind
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// End, remove and record what was found
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// The folder they are to work in
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

#[cfg(test)]
mod tests;
