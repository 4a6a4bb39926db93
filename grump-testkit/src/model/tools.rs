//! From what a script wants done to a call of a tool that the agent offers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::script::Call;

/// A call of one of the agent's tools.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id under which the agent sends the result.
    pub id: String,
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub input: Value,
}

type Tools = BTreeMap<String, Value>;

const PATH: &[&str] = &["filePath", "file_path", "path"];

/// Puts `call` into the terms of the tools offered. `folder` makes paths absolute, as some agents
/// insist on it.
pub(super) fn concrete(
    call: &Call,
    tools: &Tools,
    folder: Option<&str>,
    id: String,
) -> Result<ToolCall, String> {
    let (tool, input) = match call {
        Call::Call { tool, input } => (tool.clone(), input.clone()),
        Call::Write { path, content } => write(tools, folder, path, content)?,
        Call::Edit { path, old, new } => edit(tools, folder, path, old, new)?,
        Call::Read { path } => read(tools, folder, path)?,
        Call::Bash { command } => shell(tools, command)?,
    };
    Ok(ToolCall { id, tool, input })
}

fn write(tools: &Tools, folder: Option<&str>, path: &str, content: &str) -> Named {
    let file = absolute(folder, path);
    match find(tools, &["write", "write_file"]) {
        Some(tool) => Ok(tool.with(&[(PATH, &file), (&["content"], content)])),
        None => shell(
            tools,
            &format!("printf %s {} > {}", quoted(content), quoted(path)),
        ),
    }
}

fn edit(tools: &Tools, folder: Option<&str>, path: &str, old: &str, new: &str) -> Named {
    let file = absolute(folder, path);
    let tool = find(tools, &["edit", "replace"]).ok_or_else(|| missing("edit", tools))?;
    Ok(tool.with(&[
        (PATH, &file),
        (&["oldString", "old_string", "oldText"], old),
        (&["newString", "new_string", "newText"], new),
    ]))
}

fn read(tools: &Tools, folder: Option<&str>, path: &str) -> Named {
    match find(tools, &["read", "read_file"]) {
        Some(tool) => Ok(tool.with(&[(PATH, &absolute(folder, path))])),
        None => shell(tools, &format!("cat {}", quoted(path))),
    }
}

fn shell(tools: &Tools, command: &str) -> Named {
    let tool = find(
        tools,
        &["bash", "shell", "exec_command", "run_shell_command"],
    )
    .ok_or_else(|| missing("bash", tools))?;
    Ok(tool.with(&[(&["command", "cmd"], command)]))
}

type Named = Result<(String, Value), String>;

struct Offered<'a> {
    name: &'a str,
    schema: &'a Value,
}

fn find<'a>(tools: &'a Tools, names: &[&str]) -> Option<Offered<'a>> {
    names.iter().find_map(|wanted| {
        let (name, schema) = tools
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(Offered { name, schema })
    })
}

impl Offered<'_> {
    /// The tool's name and its arguments, each under that of its possible names which the tool's
    /// schema declares; texts that the schema requires beyond them are filled in.
    fn with(&self, arguments: &[(&[&str], &str)]) -> (String, Value) {
        let declared = &self.schema["properties"];
        let mut input = Map::new();
        for (names, value) in arguments {
            let known = names.iter().find(|name| declared.get(**name).is_some());
            input.insert((*known.unwrap_or(&names[0])).to_owned(), json!(value));
        }
        for name in self.required_texts() {
            input.entry(name).or_insert_with(|| json!("scripted"));
        }
        (self.name.to_owned(), Value::Object(input))
    }

    fn required_texts(&self) -> impl Iterator<Item = &str> {
        let required = self.schema["required"].as_array().map(Vec::as_slice);
        required
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| self.schema["properties"][name]["type"] == "string")
    }
}

fn missing(what: &str, tools: &Tools) -> String {
    let offered: Vec<_> = tools.keys().map(String::as_str).collect();
    format!(
        "no tool for `{what}` among those offered: {}",
        offered.join(", ")
    )
}

fn absolute(folder: Option<&str>, path: &str) -> String {
    match folder {
        Some(folder) if !path.starts_with('/') => format!("{folder}/{path}"),
        _ => path.to_owned(),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(names: &[&str]) -> Value {
        let properties: Map<_, _> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({"type": "string"})))
            .collect();
        json!({"properties": properties, "required": names})
    }

    fn write_hello(tools: &Tools) -> ToolCall {
        let call = Call::Write {
            path: "a.txt".into(),
            content: "it's".into(),
        };
        concrete(&call, tools, Some("/repo"), "call".into()).unwrap()
    }

    #[test]
    fn arguments_are_spelt_as_the_agent_declares_them() {
        let tools = Tools::from([("Write".into(), schema(&["file_path", "content"]))]);
        let call = write_hello(&tools);
        assert_eq!(call.tool, "Write");
        assert_eq!(
            call.input,
            json!({"file_path": "/repo/a.txt", "content": "it's"})
        );
    }

    #[test]
    fn texts_required_beyond_the_call_are_filled_in() {
        let tools = Tools::from([("bash".into(), schema(&["command", "description"]))]);
        let call = Call::Bash {
            command: "ls".into(),
        };
        let call = concrete(&call, &tools, None, "call".into()).unwrap();
        assert_eq!(
            call.input,
            json!({"command": "ls", "description": "scripted"})
        );
    }

    #[test]
    fn an_agent_with_a_shell_alone_writes_by_the_shell() {
        let tools = Tools::from([("exec_command".into(), schema(&["cmd"]))]);
        let call = write_hello(&tools);
        assert_eq!(call.input, json!({"cmd": r"printf %s 'it'\''s' > 'a.txt'"}));
    }

    #[test]
    fn an_agent_without_the_tool_is_told_so() {
        let call = Call::Bash {
            command: "ls".into(),
        };
        let tools = Tools::from([("read".into(), json!({}))]);
        let error = concrete(&call, &tools, None, "call".into()).unwrap_err();
        assert_eq!(error, "no tool for `bash` among those offered: read");
    }
}
