use clap::{CommandFactory, error::ErrorKind};
use grump::{Policy, Since};

use super::{loops::UncommittedChoice, *};

fn parse(line: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(["grump"].iter().chain(line))
}

fn loop_command(line: &[&str]) -> LoopCommand {
    match parse(line).unwrap().command {
        Command::Loop(command) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_commands_are_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn run_takes_everything_a_loop_can_be_told() {
    let line = "loop run --dir /tmp --prompt x --name n --agent opencode --model a/b \
        --max-iterations 3 --max-consecutive-errors 2 --stop-pattern DONE --branch-prefix b/ \
        --commit-prefix [c] --budget-time 2h --budget-tokens 5k --policy ask:20 --require-changes \
        --verify true --uncommitted stash --accept";
    let LoopCommand::Run(run) = loop_command(&line.split_whitespace().collect::<Vec<_>>()) else {
        panic!("not run");
    };
    assert_eq!(run.new.tuning.budget_time, Some(7200));
    assert_eq!(run.new.tuning.budget_tokens, Some(5000));
    assert_eq!(run.new.policy, Some(Policy::Ask { seconds: 20 }));
    assert_eq!(run.at_work.uncommitted, Some(UncommittedChoice::Stash));
    assert!(run.at_work.accept && run.new.require_changes);
}

#[test]
fn a_loop_needs_one_prompt_and_only_one() {
    for line in [
        &["loop", "run"][..],
        &["loop", "new", "--prompt", "x", "--prompt-file", "y"],
    ] {
        assert!(parse(line).is_err(), "{line:?}");
    }
}

#[test]
fn an_edit_that_changes_nothing_is_refused() {
    let refused = parse(&["loop", "edit", "l-1"]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::MissingRequiredArgument);
    assert!(parse(&["loop", "edit", "l-1", "--budget-time", "1h", "--name", "n"]).is_ok());
}

#[test]
fn a_prompt_is_either_set_or_cleared() {
    assert!(parse(&["loop", "prompt", "l-1"]).is_err());
    assert!(parse(&["loop", "prompt", "l-1", "x", "--clear"]).is_err());
    assert!(parse(&["loop", "prompt", "l-1", "--clear"]).is_ok());
}

#[test]
fn watching_begins_at_the_beginning_unless_told_otherwise() {
    let since = |line: &[&str]| match loop_command(line) {
        LoopCommand::Watch(args) => args.since,
        other => panic!("{other:?}"),
    };
    assert_eq!(since(&["loop", "watch", "l-1"]), Since::Beginning);
    assert_eq!(
        since(&["loop", "watch", "l-1", "--since", "now"]),
        Since::Now
    );
    let cursor = since(&["loop", "watch", "l-1", "--since", "j-12"]);
    assert_eq!(cursor, Since::Cursor(grump::Cursor::new("j-12")));
}

#[test]
fn options_for_every_command_stand_before_or_behind_it() {
    for line in [&["--json", "loop", "ls"], &["loop", "ls", "--json"]] {
        assert!(parse(line).unwrap().global.json);
    }
    assert!(parse(&["loop", "ls", "-q", "-v"]).is_err());
}

#[test]
fn every_command_teaches_with_an_example() {
    let mut open = vec![Cli::command()];
    while let Some(command) = open.pop() {
        let name = command.get_name().to_owned();
        let is_leaf = !command.has_subcommands();
        let shown = !command.is_hide_set() && name != "help";
        let help = command.clone().render_long_help().to_string();
        assert!(
            !is_leaf || !shown || help.contains("Example"),
            "{name}:\n{help}"
        );
        open.extend(command.get_subcommands().cloned());
    }
}

#[test]
fn the_help_of_the_program_is_as_expected() {
    insta::assert_snapshot!(Cli::command().term_width(100).render_long_help());
}

#[test]
fn the_help_of_run_is_as_expected() {
    let mut grump = Cli::command().term_width(100);
    grump.build();
    let run = grump
        .find_subcommand_mut("loop")
        .and_then(|command| command.find_subcommand_mut("run"))
        .unwrap();
    insta::assert_snapshot!(run.render_long_help());
}
