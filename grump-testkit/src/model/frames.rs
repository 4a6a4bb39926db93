//! An answer as an OpenAI chat completion: one body, or the chunks of a stream.

use serde_json::{Value, json};

use super::{player::Answer, tools::ToolCall};

/// Arguments are long and nobody shows them while they come: pieces of their own size.
const ARGUMENT_CHUNK: usize = 64;

/// The whole completion as one body.
pub(super) fn completion(answer: &Answer, model: &str) -> Value {
    let mut message = json!({"role": "assistant", "content": answer.text});
    if !answer.calls.is_empty() {
        message["tool_calls"] = answer.calls.iter().map(whole_call).collect();
    }
    json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish}],
        "usage": usage(answer),
    })
}

/// The data of each server-sent event of a streamed completion, the closing `[DONE]` included.
pub(super) fn chunks(answer: &Answer, model: &str) -> impl Iterator<Item = String> + Send + use<> {
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    deltas.extend(
        pieces(&answer.reasoning, answer.chunk).map(|text| json!({"reasoning_content": text})),
    );
    deltas.extend(pieces(&answer.text, answer.chunk).map(|text| json!({"content": text})));
    for (index, call) in answer.calls.iter().enumerate() {
        deltas.extend(call_deltas(index, call));
    }
    let last = json!([{"index": 0, "delta": {}, "finish_reason": answer.finish}]);
    let usage = usage(answer);
    let model = model.to_owned();
    deltas
        .into_iter()
        .map(|delta| json!([{"index": 0, "delta": delta, "finish_reason": null}]))
        .chain([last])
        .map(|choices| (choices, Value::Null))
        .chain([(json!([]), usage)])
        .map(move |(choices, usage)| chunk(&model, &choices, &usage))
        .chain(["[DONE]".to_owned()])
}

fn chunk(model: &str, choices: &Value, usage: &Value) -> String {
    json!({
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": model,
        "choices": choices,
        "usage": usage,
    })
    .to_string()
}

fn whole_call(call: &ToolCall) -> Value {
    json!({
        "id": call.id,
        "type": "function",
        "function": {"name": call.tool, "arguments": call.input.to_string()},
    })
}

fn call_deltas(index: usize, call: &ToolCall) -> Vec<Value> {
    let head = json!({
        "index": index,
        "id": call.id,
        "type": "function",
        "function": {"name": call.tool, "arguments": ""},
    });
    let arguments = call.input.to_string();
    let rest = pieces(&arguments, ARGUMENT_CHUNK)
        .map(|piece| json!({"index": index, "function": {"arguments": piece}}));
    [head]
        .into_iter()
        .chain(rest)
        .map(|call| json!({"tool_calls": [call]}))
        .collect()
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    })
}

/// Cuts a text into pieces of `size` characters.
fn pieces(text: &str, size: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest
            .char_indices()
            .nth(size)
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer {
            text: "Grüße, Welt".into(),
            calls: vec![ToolCall {
                id: "call_0_0".into(),
                tool: "bash".into(),
                input: json!({"command": "echo ".to_owned() + &"x".repeat(100)}),
            }],
            finish: "tool_calls".into(),
            chunk: 4,
            ..Answer::default()
        }
    }

    fn deltas(chunks: &[String]) -> Vec<Value> {
        chunks
            .iter()
            .filter_map(|chunk| serde_json::from_str::<Value>(chunk).ok())
            .map(|chunk| chunk["choices"][0]["delta"].clone())
            .collect()
    }

    #[test]
    fn the_pieces_of_a_stream_make_the_whole_text_and_the_whole_arguments() {
        let chunks: Vec<_> = chunks(&answer(), "m").collect();
        let deltas = deltas(&chunks);
        let text: String = deltas
            .iter()
            .filter_map(|delta| delta["content"].as_str())
            .collect();
        let arguments: String = deltas
            .iter()
            .filter_map(|delta| delta["tool_calls"][0]["function"]["arguments"].as_str())
            .collect();
        assert_eq!(text, "Grüße, Welt");
        assert_eq!(arguments, answer().calls[0].input.to_string());
    }

    #[test]
    fn a_stream_ends_with_its_reason_the_usage_and_done() {
        let chunks: Vec<_> = chunks(&answer(), "m").collect();
        let [.., reason, usage, done] = &chunks[..] else {
            panic!("{chunks:?}");
        };
        assert!(
            reason.contains(r#""finish_reason":"tool_calls""#),
            "{reason}"
        );
        assert!(usage.contains(r#""total_tokens":120"#), "{usage}");
        assert_eq!(done, "[DONE]");
    }

    #[test]
    fn a_whole_completion_says_the_same_in_one_body() {
        let body = completion(&answer(), "m");
        let message = &body["choices"][0]["message"];
        assert_eq!(message["content"], "Grüße, Welt");
        assert_eq!(message["tool_calls"][0]["function"]["name"], "bash");
        assert_eq!(body["choices"][0]["finish_reason"], "tool_calls");
    }
}
