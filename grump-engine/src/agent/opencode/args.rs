//! What opencode is started with and asked: command line, paths, bodies.

use std::path::Path;

use grump_core::ModelRef;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{super::Ruling, wire::Rule};

/// The name that opencode expects at its door; the password is made for each server.
pub(super) const USER: &str = "opencode";

/// The variable that sets the password.
pub(super) const PASSWORD: &str = "OPENCODE_SERVER_PASSWORD";

/// Variables set whatever the user's are: a server that replaces itself in the middle of a run is
/// of no use.
pub(super) const ENVIRONMENT: [(&str, &str); 1] = [("OPENCODE_DISABLE_AUTOUPDATE", "1")];

/// The arguments that start a server on the loopback.
pub(super) fn serve(port: u16) -> [String; 5] {
    let port = port.to_string();
    ["serve", "--hostname", "127.0.0.1", "--port", &port].map(str::to_owned)
}

/// The address out of the line by which a server says that it listens.
pub(super) fn address(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("listening on ")?;
    rest.split_whitespace()
        .next()
        .filter(|url| url.starts_with("http://"))
}

const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// `path` for the project in `directory`.
pub(super) fn within(path: &str, directory: &Path) -> String {
    let directory = directory.as_os_str().as_encoded_bytes();
    let directory = percent_encoding::percent_encode(directory, KEPT);
    format!("{path}?directory={directory}")
}

/// The path of something of a session.
pub(super) fn session(id: &str, what: &str) -> String {
    format!("/session/{}/{what}", encoded(id))
}

/// The path of the answer to a permission.
pub(super) fn permission(id: &str) -> String {
    format!("/permission/{}/reply", encoded(id))
}

/// The path of the refusal of a question.
pub(super) fn question(id: &str) -> String {
    format!("/question/{}/reject", encoded(id))
}

fn encoded(id: &str) -> String {
    utf8_percent_encode(id, KEPT).to_string()
}

/// The body that makes a session. A title of its own saves opencode asking a model for one.
pub(super) fn new_session(iteration: u64, rules: &[Rule]) -> Value {
    json!({"title": format!("grump iteration {iteration}"), "permission": rules})
}

/// Nobody is there to choose an answer, so the model is not to ask. (opencode allows it.)
pub(super) fn no_questions() -> Rule {
    Rule::new("question", "*", "deny")
}

/// The rules of a session that is to ask before it edits or runs something, out of those that its
/// agent has: of several rules that match the last one counts, and a session's come after the
/// agent's. What is denied there stays denied.
pub(super) fn asking(agent: &[Rule]) -> Vec<Rule> {
    const ASKED: [&str; 2] = ["edit", "bash"];
    let mut rules = ASKED.map(|what| Rule::new(what, "*", "ask")).to_vec();
    for rule in agent {
        let action = if rule.action == "deny" { "deny" } else { "ask" };
        let about = ASKED
            .iter()
            .filter(|what| rule.permission == "*" || rule.permission == **what);
        rules.extend(about.map(|what| Rule::new(what, &rule.pattern, action)));
    }
    rules
}

/// The body that gives a session a prompt.
pub(super) fn prompt(text: &str, model: Option<&ModelRef>) -> Value {
    let mut body = json!({"parts": [{"type": "text", "text": text}]});
    if let Some(model) = model {
        body["model"] = json!(model);
    }
    body
}

/// The body that answers a permission. Never `always`: that holds for every later session of the
/// server too.
pub(super) fn reply(ruling: &Ruling) -> Value {
    match ruling {
        Ruling::Allow => json!({"reply": "once"}),
        Ruling::Deny(None) => json!({"reply": "reject"}),
        Ruling::Deny(Some(word)) => json!({"reply": "reject", "message": word}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_the_server_prints() {
        let line = "opencode server listening on http://127.0.0.1:4096\n";
        assert_eq!(address(line), Some("http://127.0.0.1:4096"));
        assert_eq!(address("listening on the wire"), None);
        assert_eq!(address("starting"), None);
    }

    #[test]
    fn a_folder_of_any_name_goes_into_a_query() {
        assert_eq!(
            within("/event", Path::new("/tmp/a b&c=ä")),
            "/event?directory=/tmp/a%20b%26c%3D%C3%A4"
        );
    }

    #[test]
    fn a_session_that_asks_leaves_denied_what_its_agent_denies() {
        let agent = [
            Rule::new("*", "*", "allow"),
            Rule::new("webfetch", "*", "deny"),
            Rule::new("bash", "*", "deny"),
            Rule::new("bash", "git *", "allow"),
        ];
        let rules = asking(&agent);
        let about = |what: &str| -> Vec<_> {
            let rules = rules.iter().filter(|rule| rule.permission == what);
            rules.map(|rule| (&*rule.pattern, &*rule.action)).collect()
        };
        assert_eq!(about("edit"), [("*", "ask"), ("*", "ask")]);
        assert_eq!(
            about("bash"),
            [("*", "ask"), ("*", "ask"), ("*", "deny"), ("git *", "ask")]
        );
        assert_eq!(about("webfetch"), []);
    }

    #[test]
    fn a_model_is_named_only_where_one_is_wanted() {
        let model = ModelRef::new("anthropic", "sonnet");
        assert_eq!(
            prompt("Go.", Some(&model))["model"],
            json!({"providerID": "anthropic", "modelID": "sonnet"})
        );
        assert_eq!(prompt("Go.", None).get("model"), None);
    }

    #[test]
    fn an_answer_holds_once_and_a_refusal_carries_its_word() {
        assert_eq!(reply(&Ruling::Allow), json!({"reply": "once"}));
        assert_eq!(reply(&Ruling::Deny(None)), json!({"reply": "reject"}));
        assert_eq!(
            reply(&Ruling::Deny(Some("not that".into()))),
            json!({"reply": "reject", "message": "not that"})
        );
    }
}
