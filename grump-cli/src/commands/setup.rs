//! From what was typed to what the plane is told.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use grump::{Budget, Error, LoopEdit, Member, NewLoop, Run};

use crate::{
    args::{EditArgs, LoopArgs, title_of},
    exit::invalid,
    open::Roster,
    place::Place,
};

/// The loop that these arguments describe, with what the configuration says where they do not.
///
/// # Errors
/// `InvalidInput` for a prompt that cannot be read or a folder that has no name as text.
pub(super) fn new_loop(args: LoopArgs, roster: &Roster) -> Result<NewLoop, Error> {
    let prompt = required_prompt(args.prompt, args.prompt_file.as_deref())?;
    let title = args.name.unwrap_or_else(|| title_of(&prompt));
    let mut new = NewLoop::new(title, directory(&args.dir, roster.place())?, prompt);
    let config = &mut new.config;
    set(&mut config.backend.agent, roster.agent.clone());
    set(&mut config.policy, args.policy.or(roster.policy));
    config.require_changes = args.require_changes;
    config.verify = args.verify;
    let tuning = args.tuning;
    config.model = tuning.model;
    config.max_iterations = tuning.max_iterations;
    config.budget.seconds = tuning.budget_time;
    config.budget.tokens = tuning.budget_tokens;
    set(
        &mut config.max_consecutive_errors,
        tuning.max_consecutive_errors,
    );
    set(&mut config.stop_pattern, tuning.stop_pattern);
    set(&mut config.git.branch_prefix, tuning.branch_prefix);
    set(&mut config.git.commit_prefix, tuning.commit_prefix);
    Ok(new)
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// The change that these arguments describe, to this loop.
///
/// # Errors
/// `InvalidInput` for a prompt that cannot be read.
pub(super) fn loop_edit(args: EditArgs, run: &Run) -> Result<LoopEdit, Error> {
    let tuning = args.tuning;
    let mut edit = LoopEdit::default();
    edit.title = args.name;
    edit.prompt = prompt(args.prompt, args.prompt_file.as_deref())?;
    edit.model = tuning.model;
    edit.max_iterations = tuning.max_iterations;
    edit.max_consecutive_errors = tuning.max_consecutive_errors;
    edit.stop_pattern = tuning.stop_pattern;
    edit.branch_prefix = tuning.branch_prefix;
    edit.commit_prefix = tuning.commit_prefix;
    edit.budget = budget(tuning.budget_time, tuning.budget_tokens, run);
    Ok(edit)
}

/// What the change is about that not every plane can be told.
pub(super) fn edited(args: &EditArgs) -> Option<Member> {
    let tuning = &args.tuning;
    let budget = tuning.budget_time.is_some() || tuning.budget_tokens.is_some();
    budget.then_some(Member::LoopBudget)
}

/// The whole budget, where a part of it is to change.
fn budget(seconds: Option<u64>, tokens: Option<u64>, run: &Run) -> Option<Budget> {
    let now = run
        .as_loop()
        .map_or_else(Budget::default, |detail| detail.config.budget);
    (seconds.is_some() || tokens.is_some()).then(|| Budget {
        seconds: seconds.or(now.seconds),
        tokens: tokens.or(now.tokens),
    })
}

fn required_prompt(text: Option<String>, file: Option<&Path>) -> Result<String, Error> {
    prompt(text, file)?
        .ok_or_else(|| invalid("a loop needs a prompt").advise("write --prompt TEXT"))
}

fn prompt(text: Option<String>, file: Option<&Path>) -> Result<Option<String>, Error> {
    match file {
        None => Ok(text),
        Some(file) => read(file).map(Some).map_err(|error| {
            invalid("the prompt cannot be read")
                .with("file", file.display())
                .caused_by(error)
        }),
    }
}

fn read(file: &Path) -> io::Result<String> {
    if file == Path::new("-") {
        return io::read_to_string(io::stdin());
    }
    fs::read_to_string(file)
}

/// The folder as the plane knows it: a path on the plane's machine.
///
/// # Errors
/// `InvalidInput` for a relative path where that is another machine; otherwise as for [`absolute`].
pub(super) fn directory(folder: &Path, place: Option<&Place>) -> Result<String, Error> {
    if place.is_none_or(Place::is_on_this_machine) {
        return absolute(folder);
    }
    let text = folder.to_str().filter(|text| text.starts_with('/'));
    text.map(str::to_owned).ok_or_else(|| {
        invalid("the folder is on the plane's machine, and its path is not absolute")
            .with("folder", folder.display())
            .advise("write --dir with the whole path there")
    })
}

/// The folder's absolute path, as text.
///
/// # Errors
/// `InvalidInput` if it is not UTF-8, or there is no current folder.
fn absolute(folder: &Path) -> Result<String, Error> {
    let found: io::Result<PathBuf> = folder
        .canonicalize()
        .or_else(|_| std::path::absolute(folder));
    let path = found.map_err(|error| {
        invalid("the folder cannot be found")
            .with("folder", folder.display())
            .caused_by(error)
    })?;
    path.into_os_string()
        .into_string()
        .map_err(|path| invalid("the folder's path is not UTF-8").with("folder", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use grump::{Loop, LoopConfig, Policy, RunDetail, RunRef};

    use super::*;
    use crate::args::{Cli, Command, LoopCommand};

    fn parsed(line: &[&str]) -> LoopCommand {
        let cli = Cli::try_parse_from(["grump", "loop"].iter().chain(line)).unwrap();
        match cli.command {
            Command::Loop(command) => command,
            other => panic!("{other:?}"),
        }
    }

    fn created(line: &[&str], roster: &Roster) -> NewLoop {
        match parsed(line) {
            LoopCommand::New(args) => new_loop(*args, roster).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_loop_that_says_only_its_prompt_gets_the_defaults_and_a_name() {
        let line = ["new", "--dir", "/", "--prompt", "Add dark mode\nplease"];
        let new = created(&line, &Roster::default());
        assert_eq!(new.title, "Add dark mode");
        assert_eq!(new.config, LoopConfig::new("/", "Add dark mode\nplease"));
    }

    #[test]
    fn the_configuration_says_what_the_command_line_does_not() {
        let mut roster = Roster::default();
        roster.agent = Some("claude".into());
        roster.policy = Some(Policy::Deny);
        let new = created(&["new", "--prompt", "x"], &roster);
        assert_eq!(new.config.backend.agent, "claude");
        assert_eq!(new.config.policy, Policy::Deny);
        let new = created(&["new", "--prompt", "x", "--policy", "allow"], &roster);
        assert_eq!(new.config.policy, Policy::Allow);
    }

    #[test]
    fn every_option_reaches_the_loop() {
        let options = "--name n --model a/b --max-iterations 3 --max-consecutive-errors 2 \
            --stop-pattern DONE --branch-prefix b/ --commit-prefix [c] --budget-time 2h \
            --budget-tokens 5k --policy deny --require-changes --verify true";
        let line = ["new", "--dir", "/", "--prompt", "x"];
        let line: Vec<_> = line.into_iter().chain(options.split_whitespace()).collect();
        let new = created(&line, &Roster::default());
        insta::assert_snapshot!(format!("{}\n{:#?}", new.title, new.config));
    }

    #[test]
    fn an_edit_of_one_part_of_the_budget_keeps_the_other() {
        let mut config = LoopConfig::new("/app", "x");
        config.budget.tokens = Some(9);
        let detail = RunDetail::Loop(Box::new(Loop::new(config)));
        let run = Run::new(RunRef::of_loop("l-1"), "x", detail);
        let LoopCommand::Edit(args) = parsed(&["edit", "l-1", "--budget-time", "1m"]) else {
            panic!("not edit");
        };
        let edit = loop_edit(*args, &run).unwrap();
        let budget = Budget {
            seconds: Some(60),
            tokens: Some(9),
        };
        assert_eq!(edit.budget, Some(budget));
        assert_eq!((edit.title, edit.prompt), (None, None));
    }

    #[test]
    fn a_prompt_file_that_is_not_there_is_named() {
        let LoopCommand::New(args) = parsed(&["new", "--prompt-file", "/no/such.md"]) else {
            panic!("not new");
        };
        let refused = new_loop(*args, &Roster::default()).unwrap_err();
        assert_eq!(refused.kind(), grump::ErrorKind::InvalidInput);
        assert!(refused.to_string().contains("/no/such.md"), "{refused}");
    }
}
