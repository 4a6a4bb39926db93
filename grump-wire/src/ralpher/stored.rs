//! A stored event to a frame, text to text: who replays a history need not understand it.
//!
//! What is told over and over is written here. All else is read, and written by
//! [`encode`](super::events::encode); what that writes of an event is what is written here.

use grump_core::Event;

use super::events;
use crate::text::{Members, member};

/// Writes the frame of an event that is stored as the domain's JSON, on one line; nothing where the
/// dialect has no word for it.
///
/// # Errors
/// If it is no event.
pub fn encode(event: &str, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let begin = to.len();
    if Stored::read(event)
        .and_then(|event| event.write(to))
        .is_none()
    {
        to.truncate(begin);
        let event: Event = serde_json::from_str(event)?;
        let frame = events::encode(&event).unwrap_or_default();
        to.extend_from_slice(frame.as_bytes());
    }
    Ok(())
}

/// A stored event of a loop, its members as JSON.
struct Stored<'a> {
    seq: Option<&'a str>,
    kind: &'a str,
    loop_id: &'a str,
    timestamp: &'a str,
    iteration: Option<&'a str>,
    payload: Members<'a>,
}

/// Writes the members of one type.
type Say<'a> = fn(&mut Stored<'a>, &mut Vec<u8>) -> Option<()>;

impl<'a> Stored<'a> {
    /// Reads an event as the domain writes it.
    fn read(event: &'a str) -> Option<Self> {
        let mut event = Members::of(event)?;
        let seq = event.word("seq");
        let kind = event.word("kind")?;
        let mut run = Members::of(event.take("run")?)?;
        let is_loop = run.word("kind")? == "loop";
        let loop_id = run.take("id").filter(|_| is_loop)?;
        let at = event.string("at");
        let received_at = event.string("received_at")?;
        let iteration = event.take("iteration");
        for unsaid in ["phase", "severity", "origin"] {
            event.take(unsaid);
        }
        Some(Self {
            seq,
            kind,
            loop_id,
            timestamp: at.unwrap_or(received_at),
            iteration,
            payload: event.rest("payload")?,
        })
    }

    /// Writes its frame, if it is of a kind that is known here and has just that kind's members.
    fn write(mut self, to: &mut Vec<u8>) -> Option<()> {
        let (kind, say): (_, Say<'a>) = match self.kind {
            "text.delta" => (r#""loop.progress""#, Self::progress),
            "tool.called" => (r#""loop.tool_call""#, Self::tool_called),
            "tool.result" => (r#""loop.tool_call""#, Self::tool_result),
            "message" => (r#""loop.message""#, Self::message),
            "log" => (r#""loop.log""#, Self::log),
            "iteration.started" => (r#""loop.iteration.start""#, |_, _| Some(())),
            "iteration.ended" => (r#""loop.iteration.end""#, Self::iteration_ended),
            "commit.created" => (r#""loop.git.commit""#, Self::commit),
            _ => return None,
        };
        to.push(b'{');
        member(to, "type", kind);
        member(to, "loopId", self.loop_id);
        optional(to, "iteration", self.iteration);
        say(&mut self, to)?;
        member(to, "timestamp", self.timestamp);
        to.push(b'}');
        self.payload.are_over().then_some(())
    }

    fn progress(&mut self, to: &mut Vec<u8>) -> Option<()> {
        member(to, "content", self.payload.string("text")?);
        Some(())
    }

    fn tool_called(&mut self, to: &mut Vec<u8>) -> Option<()> {
        let name = self.payload.string("tool")?;
        let input = self.payload.carry("input");
        let id = self.payload.string("call_id");
        let status = self.payload.string("status");
        let output = self.payload.carry("output");
        let has_ended = |status: &&str| ENDED.contains(status);
        let status = status.filter(|status| !has_ended(status));
        let status = status.unwrap_or(r#""running""#);
        tool(to, id, name, input.as_deref(), output.as_deref(), status);
        Some(())
    }

    fn tool_result(&mut self, to: &mut Vec<u8>) -> Option<()> {
        let name = self.payload.string("tool")?;
        let output = self.payload.carry("output");
        let success = self.payload.take("success");
        let id = self.payload.string("call_id");
        self.payload.string("status");
        let input = self.payload.carry("input");
        let status = match success {
            None | Some("true") => r#""completed""#,
            Some("false") => r#""failed""#,
            Some(_) => return None,
        };
        tool(to, id, name, input.as_deref(), output.as_deref(), status);
        Some(())
    }

    fn message(&mut self, to: &mut Vec<u8>) -> Option<()> {
        member(to, "message", &self.payload.carry("message")?);
        Some(())
    }

    fn log(&mut self, to: &mut Vec<u8>) -> Option<()> {
        let level = self.payload.string("level")?;
        let message = self.payload.string("message")?;
        match self.payload.string("log_id") {
            Some(id) => member(to, "id", id),
            None => member(to, "id", &format!("\"log-{}\"", self.seq?)),
        }
        member(to, "level", level);
        member(to, "message", message);
        Some(())
    }

    fn iteration_ended(&mut self, to: &mut Vec<u8>) -> Option<()> {
        optional(to, "outcome", self.payload.string("outcome"));
        Some(())
    }

    fn commit(&mut self, to: &mut Vec<u8>) -> Option<()> {
        member(to, "commit", &self.payload.carry("commit")?);
        Some(())
    }
}

/// What only a tool's result says of itself.
const ENDED: [&str; 3] = [r#""completed""#, r#""failed""#, r#""error""#];

/// Writes the member `tool`, its members in the order of the document.
fn tool(
    to: &mut Vec<u8>,
    id: Option<&str>,
    name: &str,
    input: Option<&str>,
    output: Option<&str>,
    status: &str,
) {
    member(to, "tool", "{");
    optional(to, "id", id);
    member(to, "name", name);
    optional(to, "input", input);
    optional(to, "output", output);
    member(to, "status", status);
    to.push(b'}');
}

fn optional(to: &mut Vec<u8>, name: &str, json: Option<&str>) {
    if let Some(json) = json {
        member(to, name, json);
    }
}

#[cfg(test)]
mod tests {
    use grump_core::{
        EventKind, Json, Origin, Payload, Phase, RunKind, RunRef, Timestamp,
        payload::{
            CommitCreated, IterationEnded, IterationStarted, Log, Message, TextDelta, ToolCalled,
            ToolResult,
        },
    };
    use proptest::{
        collection::vec,
        option,
        prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest},
        sample::select,
    };

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let odd = select(vec!['"', '\\', '\n', '\r', '\u{2028}', '{', '\0']);
        let character = prop_oneof![any::<char>(), odd];
        vec(character, 0..12).prop_map(String::from_iter)
    }

    /// JSON as anybody writes it: with space between its parts, and with what readers refuse.
    fn json() -> impl Strategy<Value = Json> {
        let space = || select(vec!["", "", " ", "\n", "\r\n", "\t"]);
        let word = || text().prop_map(|text| Json::string(&text).text().to_owned());
        let odd = [
            "null",
            "true",
            "-0.0",
            "1E5",
            "1e999",
            "[]",
            "{}",
            "12345678901234567890123",
        ];
        let odd = select(odd.map(str::to_owned).to_vec());
        let deep = (115_usize..135).prop_map(|deep| "[".repeat(deep) + &"]".repeat(deep));
        let leaf = prop_oneof![4 => word(), 4 => odd, 1 => deep];
        let nested = leaf.prop_recursive(3, 12, 3, move |inner| {
            let items = vec((space(), inner.clone()), 0..3);
            let items = items.prop_map(|items| {
                let items = items
                    .into_iter()
                    .map(|(space, item)| format!("{space}{item}"));
                format!("[{}]", items.collect::<Vec<_>>().join(","))
            });
            let member = (word(), space(), inner, space())
                .prop_map(|(name, a, value, b)| format!("{{{a}{name}{b}:{value}{a}}}"));
            prop_oneof![items, member]
        });
        nested.prop_map(|text| serde_json::from_str(&text).unwrap())
    }

    fn tool_called() -> impl Strategy<Value = Payload> {
        let status = select(vec!["running", "completed", "error", "\"brewing\""]);
        let parts = (
            text(),
            option::of(json()),
            option::of(text()),
            option::of(status),
            option::of(json()),
        );
        parts.prop_map(|(tool, input, call_id, status, output)| {
            let status = status.map(str::to_owned);
            ToolCalled {
                tool,
                input,
                call_id,
                status,
                output,
            }
            .into()
        })
    }

    fn tool_result() -> impl Strategy<Value = Payload> {
        let parts = (
            text(),
            option::of(json()),
            any::<Option<bool>>(),
            option::of(text()),
            option::of(json()),
        );
        parts.prop_map(|(tool, output, success, call_id, input)| {
            let status = call_id.clone();
            ToolResult {
                tool,
                output,
                success,
                call_id,
                status,
                input,
            }
            .into()
        })
    }

    /// Any kind there is, with members that many have; of another type than the kind's at times.
    fn any_kind() -> impl Strategy<Value = Payload> {
        let kind = select(EventKind::ALL);
        (kind, text(), json()).prop_map(|(kind, text, json)| {
            let members = [
                "text", "message", "reason", "commit", "status", "tool", "level", "title",
            ];
            let mut body: serde_json::Map<_, _> = members
                .map(|name| (name.to_owned(), text.clone().into()))
                .into_iter()
                .collect();
            body.insert("config".into(), json.value());
            body.insert("output".into(), json.value());
            body.insert("log_id".into(), 7.into());
            Payload::decode(kind.as_str(), serde_json::Value::from(body).into())
        })
    }

    fn payload() -> impl Strategy<Value = Payload> {
        let ended = option::of(text()).prop_map(|outcome| IterationEnded { outcome }.into());
        let log = (text(), text(), option::of(text())).prop_map(|(level, message, log_id)| {
            Log {
                level,
                message,
                log_id,
            }
            .into()
        });
        prop_oneof![
            text().prop_map(|text| TextDelta { text }.into()),
            tool_called(),
            tool_result(),
            json().prop_map(|message| Message { message }.into()),
            json().prop_map(|commit| CommitCreated { commit }.into()),
            log,
            Just(IterationStarted {}.into()),
            ended,
            any_kind(),
        ]
    }

    fn event() -> impl Strategy<Value = Event> {
        let run = (
            select(vec![RunKind::Loop, RunKind::Loop, RunKind::Task]),
            text(),
        );
        let at = option::of(select(vec![
            "2026-01-20T10:00:00.000Z",
            "2024-01-01T00:00:00",
            "\"soon\"",
        ]));
        let parts = (
            run,
            payload(),
            at,
            option::of(1_u64..9),
            any::<u32>(),
            any::<bool>(),
        );
        parts.prop_map(|((kind, id), payload, at, iteration, seq, more)| {
            let mut event = Event::new(RunRef::new(kind, id), payload);
            event.seq = Some(seq.to_string().into());
            event.at = at.map(|at| at.parse::<Timestamp>().unwrap());
            event.iteration = iteration;
            if more {
                event.phase = Some(Phase::Design);
                event.severity = Some("grave".into());
                event.origin = Origin::Synthesised;
            }
            event
        })
    }

    fn replayed(event: &str) -> String {
        let mut to = b"before".to_vec();
        encode(event, &mut to).unwrap();
        String::from_utf8(to).unwrap().split_off("before".len())
    }

    proptest! {
        /// Pitfall 1: whoever comes later is told the same.
        #[test]
        fn what_is_replayed_is_what_was_told(event in event()) {
            let stored = serde_json::to_string(&event).unwrap();
            let told = events::encode(&event).unwrap_or_default();
            prop_assert_eq!(replayed(&stored), told.clone());
            prop_assert_eq!(told.lines().count(), usize::from(!told.is_empty()));
            prop_assert_eq!(told.find('\r'), None);
        }
    }

    #[test]
    fn members_of_a_newer_grump_are_passed_over() {
        let plain = r#"{"seq":"1","kind":"text.delta","run":{"kind":"loop","id":"l"},"received_at":"2026-01-20T10:00:00.000Z","payload":{"text":"hi"}}"#;
        let told = replayed(plain);
        assert!(told.contains(r#""content":"hi""#), "{told}");
        for (before, after) in [
            ("\"run\"", "\"mood\":{},\"run\""),
            ("\"text\"", "\"mood\":[],\"text\""),
            ("\"hi\"", "\"hi\",\"mood\":1"),
            ("\"hi\"}", "\"hi\"},\"mood\":{}"),
            (":\"1\"", " : \"1\""),
        ] {
            assert_eq!(replayed(&plain.replace(before, after)), told);
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for text in ["", "{}", "7", "{\"kind\":\"text.delta\"}"] {
            assert!(encode(text, &mut Vec::new()).is_err(), "{text}");
        }
    }
}
