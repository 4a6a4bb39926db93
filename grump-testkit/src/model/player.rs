//! Which turn answers a request, and with what: everything but the sockets.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use super::{
    request::ChatRequest,
    script::{After, Call, Count, Fault, Script, Turn, Usage},
    tools::{ToolCall, concrete},
};

/// The scripts, and how far each lane is in each.
#[derive(Debug, Default)]
pub(super) struct Player {
    scripts: BTreeMap<String, Script>,
    counters: HashMap<(String, String), usize>,
}

/// What is to be sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// The number of the turn, from 0; none for a side call or a request that nothing answers.
    pub(super) turn: Option<usize>,
    pub(super) text: String,
    pub(super) reasoning: String,
    pub(super) calls: Vec<ToolCall>,
    pub(super) usage: Usage,
    pub(super) finish: String,
    pub(super) chunk: usize,
    pub(super) delay: Duration,
    pub(super) chunk_delay: Duration,
    pub(super) fault: Option<Fault>,
}

const CHUNK: usize = 16;

impl Player {
    pub(super) fn insert(&mut self, name: String, script: Script) {
        self.scripts.insert(name, script);
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.scripts.keys().map(String::as_str)
    }

    /// The answer to `request` on `lane`; a main request takes a turn by this.
    pub(super) fn answer(&mut self, lane: &str, request: &ChatRequest) -> Answer {
        // An agent may prefix the name by that of the provider.
        let name = request.model.rsplit('/').next().unwrap_or_default();
        let Some(script) = self.scripts.get(name) else {
            return refusal(404, format!("there is no script `{}`", request.model));
        };
        if request.tools.is_empty() {
            return side(script, request);
        }
        let number = match script.count {
            Count::History => request.turns_since_prompt(),
            Count::Lane => next(self.counters.entry((name.into(), lane.into())).or_default()),
        };
        let played = main(script, request, number).unwrap_or_else(|why| refusal(400, why));
        Answer {
            turn: Some(number),
            ..played
        }
    }
}

fn next(counter: &mut usize) -> usize {
    *counter += 1;
    *counter - 1
}

fn side(script: &Script, request: &ChatRequest) -> Answer {
    let (given, default) = if request.wants_title() {
        (&script.title, "Scripted title")
    } else {
        (&script.side_text, "ok")
    };
    said(given.clone().unwrap_or_else(|| default.to_owned()))
}

fn main(script: &Script, request: &ChatRequest, number: usize) -> Result<Answer, String> {
    let turn = match (script.turns.get(number), script.after) {
        (Some(turn), _) => turn,
        (None, After::Stop) => return Ok(said("The script is over.".into())),
        (None, After::Repeat) => script.turns.last().ok_or("the script has no turns")?,
        (None, After::Error) => return Err(format!("the script is over before turn {number}")),
    };
    expected(turn, request, number)?;
    let filler = Filler::new(request.folder(), number);
    let calls = calls(turn, request, &filler)?;
    let finish = if calls.is_empty() {
        "stop"
    } else {
        "tool_calls"
    };
    Ok(Answer {
        turn: Some(number),
        text: filler.fill(&turn.text).repeat(turn.repeat.unwrap_or(1)),
        reasoning: filler.fill(&turn.reasoning),
        calls,
        usage: turn.usage,
        finish: turn.finish.clone().unwrap_or_else(|| finish.to_owned()),
        chunk: turn.chunk.unwrap_or(CHUNK).max(1),
        delay: turn.delay(),
        chunk_delay: turn.chunk_delay(),
        fault: turn.fault.clone(),
    })
}

fn expected(turn: &Turn, request: &ChatRequest, number: usize) -> Result<(), String> {
    let last = request.last();
    match &turn.expect {
        Some(pattern) if !pattern.is_match(&last) => Err(format!(
            "turn {number} expected /{}/, got: {last}",
            pattern.as_str()
        )),
        _ => Ok(()),
    }
}

fn calls(turn: &Turn, request: &ChatRequest, filler: &Filler) -> Result<Vec<ToolCall>, String> {
    turn.tools
        .iter()
        .enumerate()
        .map(|(index, call)| {
            let id = format!("call_{}_{index}", filler.turn);
            let folder = filler.folder.as_deref();
            concrete(&filler.fill_call(call), &request.tools, folder, id)
        })
        .collect()
}

fn said(text: String) -> Answer {
    Answer {
        text,
        finish: "stop".into(),
        chunk: CHUNK,
        ..Answer::default()
    }
}

fn refusal(status: u16, message: String) -> Answer {
    Answer {
        fault: Some(Fault::Error {
            status,
            message,
            code: Some("invalid_request_error".into()),
            headers: BTreeMap::new(),
        }),
        ..Answer::default()
    }
}

/// Puts what is known at run time into a turn's texts.
struct Filler {
    folder: Option<String>,
    turn: String,
}

impl Filler {
    fn new(folder: Option<String>, turn: usize) -> Self {
        let turn = turn.to_string();
        Self { folder, turn }
    }

    fn fill(&self, text: &str) -> String {
        let folder = self.folder.as_deref().unwrap_or(".");
        text.replace("{{turn}}", &self.turn)
            .replace("{{cwd}}", folder)
    }

    fn fill_call(&self, call: &Call) -> Call {
        let mut call = call.clone();
        for text in texts(&mut call) {
            *text = self.fill(text);
        }
        call
    }
}

fn texts(call: &mut Call) -> Vec<&mut String> {
    match call {
        Call::Write { path, content } => vec![path, content],
        Call::Edit { path, old, new } => vec![path, old, new],
        Call::Read { path } => vec![path],
        Call::Bash { command } => vec![command],
        Call::Call { .. } => vec![],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn player(script: &str) -> Player {
        let mut player = Player::default();
        player.insert("m".into(), Script::parse(script).unwrap());
        player
    }

    fn ask(tools: bool) -> ChatRequest {
        let offered = json!([{"function": {"name": "bash", "parameters": {}}}]);
        ChatRequest::of(json!({
            "model": "scripted/m",
            "tools": if tools { offered } else { json!([]) },
            "messages": [{"role": "user", "content": "Make a title of it."}],
        }))
    }

    fn status(answer: &Answer) -> Option<u16> {
        match &answer.fault {
            Some(Fault::Error { status, .. }) => Some(*status),
            _ => None,
        }
    }

    #[test]
    fn lanes_count_their_turns_apart() {
        let mut player =
            player(r#"{"turns": [{"text": "one {{turn}}"}, {"text": "two {{turn}}"}]}"#);
        assert_eq!(player.answer("a", &ask(true)).text, "one 0");
        assert_eq!(player.answer("a", &ask(true)).text, "two 1");
        assert_eq!(player.answer("b", &ask(true)).text, "one 0");
    }

    #[test]
    fn a_side_call_takes_no_turn() {
        let mut player = player(r#"{"title": "My title", "turns": [{"text": "one"}]}"#);
        assert_eq!(player.answer("a", &ask(false)).text, "My title");
        assert_eq!(player.answer("a", &ask(true)).text, "one");
    }

    #[test]
    fn the_end_of_a_script_is_what_the_script_says() {
        for (after, text, error) in [
            ("stop", "The script is over.", None),
            ("repeat", "one", None),
            ("error", "", Some(400)),
        ] {
            let script = format!(r#"{{"after": "{after}", "turns": [{{"text": "one"}}]}}"#);
            let mut player = player(&script);
            player.answer("a", &ask(true));
            let answer = player.answer("a", &ask(true));
            assert_eq!((answer.text.as_str(), status(&answer)), (text, error));
        }
    }

    #[test]
    fn counting_by_history_gives_a_repeated_request_the_same_turn() {
        let mut player = player(r#"{"count": "history", "turns": [{"text": "one"}]}"#);
        player.answer("a", &ask(true));
        assert_eq!(player.answer("a", &ask(true)).text, "one");
    }

    #[test]
    fn an_unmet_expectation_is_an_error_that_shows_what_came() {
        let mut player = player(r#"{"turns": [{"expect": "^Blue", "text": "fine"}]}"#);
        let answer = player.answer("a", &ask(true));
        let Some(Fault::Error { message, .. }) = &answer.fault else {
            panic!("{answer:?}");
        };
        assert_eq!(message, "turn 0 expected /^Blue/, got: Make a title of it.");
    }

    #[test]
    fn an_unknown_model_is_not_found() {
        assert_eq!(
            status(&Player::default().answer("a", &ask(true))),
            Some(404)
        );
    }
}
