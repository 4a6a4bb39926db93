//! What an agent asks of the model, read tolerantly.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_json::Value;

/// A request for a chat completion.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChatRequest {
    /// The model's name as it was asked for.
    pub model: String,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// The tools offered, each with the JSON schema of its arguments.
    pub tools: BTreeMap<String, Value>,
    /// The body as it came.
    pub body: Value,
}

impl ChatRequest {
    /// Reads a body; what is missing or of the wrong type is taken as empty.
    #[must_use]
    pub fn of(body: Value) -> Self {
        Self {
            model: body["model"].as_str().unwrap_or_default().to_owned(),
            stream: body["stream"].as_bool().unwrap_or_default(),
            tools: items(&body["tools"]).filter_map(tool).collect(),
            body,
        }
    }

    /// The messages, each as its role and its text.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = (&str, String)> {
        items(&self.body["messages"]).map(|message| {
            (
                message["role"].as_str().unwrap_or_default(),
                text(&message["content"]),
            )
        })
    }

    /// The text of the last message that is not the assistant's: the prompt, or a tool's result.
    #[must_use]
    pub fn last(&self) -> String {
        self.messages()
            .rev()
            .find(|(role, _)| matches!(*role, "user" | "tool"))
            .map(|(_, text)| text)
            .unwrap_or_default()
    }

    /// How often the assistant spoke since the last user message.
    #[must_use]
    pub fn turns_since_prompt(&self) -> usize {
        self.messages()
            .rev()
            .take_while(|(role, _)| *role != "user")
            .filter(|(role, _)| *role == "assistant")
            .count()
    }

    /// The folder that the agent says it works in.
    #[must_use]
    pub fn folder(&self) -> Option<String> {
        static FOLDER: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i)working directory(?: is)?:?\s*`?(/[^\s`<]+)")
                .expect("the pattern is a constant")
        });
        self.messages()
            .find_map(|(_, text)| Some(FOLDER.captures(&text)?[1].to_owned()))
    }

    /// Whether a side call asks for a title.
    #[must_use]
    pub fn wants_title(&self) -> bool {
        self.messages()
            .any(|(_, text)| text.to_lowercase().contains("title"))
    }
}

fn tool(tool: &Value) -> Option<(String, Value)> {
    let function = &tool["function"];
    let name = function["name"].as_str()?;
    Some((name.to_owned(), function["parameters"].clone()))
}

/// A message's content is a text or a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

fn items(list: &Value) -> std::slice::Iter<'_, Value> {
    list.as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(messages: &Value) -> ChatRequest {
        ChatRequest::of(json!({"model": "m", "messages": messages}))
    }

    #[test]
    fn the_last_word_is_never_the_assistants() {
        let request = request(&json!([
            {"role": "user", "content": "prompt"},
            {"role": "assistant", "content": "answer", "tool_calls": []},
            {"role": "tool", "content": [{"type": "text", "text": "result"}]},
            {"role": "assistant", "content": "more"},
        ]));
        assert_eq!(request.last(), "result");
        assert_eq!(request.turns_since_prompt(), 2);
    }

    #[test]
    fn the_agents_folder_is_found_in_its_prompt() {
        let request = request(&json!([
            {"role": "system", "content": "<env>\n  Working directory: /tmp/some repo\n</env>"},
        ]));
        assert_eq!(request.folder().as_deref(), Some("/tmp/some"));
    }

    #[test]
    fn a_body_of_any_shape_is_read() {
        for body in [
            json!(null),
            json!([1]),
            json!({"messages": 7, "tools": [{}]}),
        ] {
            assert_eq!(ChatRequest::of(body).last(), "");
        }
    }
}
