//! What `docs/agents.md` shows is what is read.

use std::path::Path;

use grump_engine::{agent::spec::AgentSpec, config::Config};

/// The code blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/agents.md");
    let text = std::fs::read_to_string(file).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_specification_that_is_shown_is_read_and_written_back() {
    let shown = blocks("text").concat();
    assert_eq!(shown.lines().count(), 8);
    for line in shown.lines() {
        assert_eq!(line.parse::<AgentSpec>().unwrap().to_string(), line);
    }
}

#[test]
fn the_configuration_that_is_shown_is_read() {
    let config = Config::read(&blocks("toml")[0], Path::new("/etc/grump/grump.toml")).unwrap();
    assert_eq!(
        config.agents().names(),
        ["claude", "codex", "demo", "opencode"]
    );
    assert_eq!(config.engine.default_agent.as_deref(), Some("claude"));
}
