//! What `docs/cli.md` must name.

use clap::CommandFactory;

use crate::{args::Cli, exit::Exit};

const GUIDE: &str = include_str!("../../docs/cli.md");

#[test]
fn the_guide_names_every_command() {
    let mut open = vec![(String::new(), Cli::command())];
    while let Some((path, command)) = open.pop() {
        for child in command
            .get_subcommands()
            .filter(|child| child.get_name() != "help")
        {
            let path = format!("{path} {}", child.get_name());
            let named = format!("`grump{path}");
            assert!(
                child.is_hide_set() || GUIDE.contains(&named),
                "{named}`… is not in docs/cli.md"
            );
            open.push((path, child.clone()));
        }
    }
}

#[test]
fn the_guide_names_every_exit_code() {
    for exit in Exit::ALL {
        let row = format!("\n| {} |", exit.code());
        assert!(
            GUIDE.contains(&row),
            "{exit:?} ({}) is not in docs/cli.md",
            exit.code()
        );
    }
}

#[test]
fn the_guide_names_every_environment_variable_of_the_help() {
    let help = Cli::command().render_long_help().to_string();
    for word in help
        .split_whitespace()
        .filter(|word| word.starts_with("GRUMP_"))
    {
        let name = word.trim_matches(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        assert!(
            GUIDE.contains(&format!("`{name}`")),
            "{name} is not in docs/cli.md"
        );
    }
}
