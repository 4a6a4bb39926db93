//! Tool calls on one line.

use grump::Json;
use serde_json::Value;

use super::words::{last_lines, one_line};

/// How long what a tool was called with may be, in characters.
const LIMIT: usize = 96;
/// The members that say most about a call, the most telling first.
const TELLING: [&str; 10] = [
    "command",
    "filePath",
    "file_path",
    "path",
    "pattern",
    "query",
    "url",
    "description",
    "prompt",
    "title",
];

/// What a tool was called with, on one line; empty where there is nothing to say.
pub(super) fn input(input: Option<&Json>) -> String {
    match input.map(Json::value) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => one_line(&text, LIMIT),
        Some(Value::Object(members)) if members.is_empty() => String::new(),
        Some(value) => one_line(&telling(&value), LIMIT),
    }
}

fn telling(value: &Value) -> String {
    let found = TELLING.iter().find_map(|name| value.get(name));
    match found.and_then(Value::as_str) {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

/// What a tool gave, on one line: the end of it, since that is where programs say what went wrong.
pub(super) fn output(output: Option<&Json>) -> String {
    match output.map(Json::value) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => last_lines(&text, LIMIT),
        Some(value) => one_line(&value.to_string(), LIMIT),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_told_by_its_most_telling_member() {
        let shown = |value: Value| input(Some(&value.into()));
        assert_eq!(shown(json!({"content": "long", "path": "a.txt"})), "a.txt");
        assert_eq!(
            shown(json!({"description": "runs", "command": "a\nb"})),
            "a b"
        );
        assert_eq!(shown(json!({"depth": 3})), r#"{"depth":3}"#);
        assert_eq!(shown(json!({})), "");
        assert_eq!(input(None), "");
    }

    #[test]
    fn a_result_is_told_by_its_last_lines() {
        assert_eq!(
            output(Some(&json!("first\nsecond\n").into())),
            "first; second"
        );
        assert_eq!(output(Some(&json!({"ok": true}).into())), r#"{"ok":true}"#);
    }
}
