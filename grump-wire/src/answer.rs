//! The kinds of answers: how each is read, and what it looks like.

use std::{collections::HashMap, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// What answers a request.
pub trait ResponseBody: Send + 'static {
    /// What is read from it: the whole answer, or one event or message of it.
    type Value: Send + 'static;
    /// How it comes.
    const KIND: ResponseKind;

    /// What the value looks like.
    fn schema(generator: &mut SchemaGenerator) -> Schema;

    /// Whether an answer that was received whole can be read. Of a stream nothing is looked at.
    ///
    /// # Errors
    /// As [`Whole::read`].
    fn check(_: Received<'_>) -> Result<(), ReadError> {
        Ok(())
    }
}

/// An answer that is read when all of it is there.
pub trait Whole: ResponseBody {
    /// Reads it, tolerantly.
    ///
    /// # Errors
    /// With the path of the member that is not what it must be.
    fn read(received: Received<'_>) -> Result<Self::Value, ReadError>;
}

/// An answer that is a conversation.
pub trait TwoWay: ResponseBody {
    /// A message of the client.
    type Sent: Send + 'static;
}

/// What was received as an answer.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Its content type; empty where the server named none.
    pub content_type: &'a str,
    /// Its body, whole.
    pub body: &'a [u8],
}

impl Received<'_> {
    fn is_empty(self) -> bool {
        self.body.trim_ascii().is_empty()
    }
}

/// Why an answer cannot be read: the path of a member, and what is wrong with it.
pub type ReadError = serde_path_to_error::Error<serde_json::Error>;

/// How an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseKind {
    /// One JSON value.
    Json,
    /// Text.
    Text,
    /// A file, as it comes.
    Bytes,
    /// Nothing.
    Empty,
    /// Server-sent events.
    Sse,
    /// A WebSocket.
    Ws,
}

impl ResponseKind {
    /// The answer's content type; `None` where there is no body, or one of any type.
    #[must_use]
    pub const fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("application/json"),
            Self::Text => Some("text/plain"),
            Self::Sse => Some("text/event-stream"),
            Self::Bytes | Self::Empty | Self::Ws => None,
        }
    }
}

/// An answer that is one JSON value. An empty one is read as `null`, or as an object without
/// members.
#[derive(Debug)]
pub struct Json<T>(PhantomData<fn() -> T>);

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> ResponseBody for Json<T> {
    type Value = T;
    const KIND: ResponseKind = ResponseKind::Json;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }

    fn check(received: Received<'_>) -> Result<(), ReadError> {
        Self::read(received).map(drop)
    }
}

impl<T> Whole for Json<T>
where
    T: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
{
    fn read(received: Received<'_>) -> Result<T, ReadError> {
        if received.is_empty() {
            return parse(b"null").or_else(|_| parse(b"{}"));
        }
        parse(received.body)
    }
}

/// An answer that is one JSON value, which servers are seen to put into an envelope:
/// `{"success", "data", "meta"}`, or an object of nothing but `data`, `meta` and `links`. It is
/// written bare. Not for values that have a member `data` themselves.
#[derive(Debug)]
pub struct Wrapped<T>(PhantomData<fn() -> T>);

impl<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static> ResponseBody for Wrapped<T> {
    type Value = T;
    const KIND: ResponseKind = ResponseKind::Json;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }

    fn check(received: Received<'_>) -> Result<(), ReadError> {
        Self::read(received).map(drop)
    }
}

impl<T> Whole for Wrapped<T>
where
    T: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
{
    fn read(received: Received<'_>) -> Result<T, ReadError> {
        let body = enveloped(received.body).map_or(received.body, |data| data.get().as_bytes());
        Json::<T>::read(Received { body, ..received })
    }
}

/// What an envelope holds, if the body is one.
fn enveloped(body: &[u8]) -> Option<&RawValue> {
    let members: HashMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let data = members.get("data")?;
    let says = members.get("success").map(|success| success.get());
    let is_envelope = matches!(says, Some("true" | "false"))
        || members
            .keys()
            .all(|name| matches!(name.as_str(), "data" | "meta" | "links"));
    is_envelope.then_some(*data)
}

/// An answer that is text. Where a server sends JSON all the same it is the text in that: a string,
/// or the member `markdown`, `content`, `body`, `diff` or `text`.
#[derive(Debug)]
pub struct Text;

/// The members that text was seen in.
const TEXT_MEMBERS: [&str; 5] = ["markdown", "content", "body", "diff", "text"];

impl ResponseBody for Text {
    type Value = String;
    const KIND: ResponseKind = ResponseKind::Text;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<String>()
    }
}

impl Whole for Text {
    /// What is no UTF-8 is replaced.
    fn read(received: Received<'_>) -> Result<String, ReadError> {
        let inside = if received.content_type.contains("json") {
            text_inside(received.body)
        } else {
            None
        };
        Ok(inside.unwrap_or_else(|| String::from_utf8_lossy(received.body).into_owned()))
    }
}

fn text_inside(body: &[u8]) -> Option<String> {
    let body = enveloped(body).map_or(body, |data| data.get().as_bytes());
    if let Ok(text) = serde_json::from_slice(body) {
        return Some(text);
    }
    let members: HashMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let named = TEXT_MEMBERS.iter().filter_map(|name| members.get(*name));
    let mut texts = named.filter_map(|value| serde_json::from_str(value.get()).ok());
    texts.next()
}

/// An answer that is a file of any type, read as it comes and never held whole.
#[derive(Debug)]
pub struct Bytes;

impl ResponseBody for Bytes {
    type Value = Vec<u8>;
    const KIND: ResponseKind = ResponseKind::Bytes;

    fn schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "contentMediaType": "application/octet-stream" })
    }
}

/// An answer without a body. What comes all the same is not looked at.
#[derive(Debug)]
pub struct Empty;

impl ResponseBody for Empty {
    type Value = ();
    const KIND: ResponseKind = ResponseKind::Empty;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<()>()
    }
}

impl Whole for Empty {
    fn read(_: Received<'_>) -> Result<(), ReadError> {
        Ok(())
    }
}

/// An answer that is a stream of server-sent events.
#[derive(Debug)]
pub struct Sse<T>(PhantomData<fn() -> T>);

impl<T: JsonSchema + Send + 'static> ResponseBody for Sse<T> {
    type Value = T;
    const KIND: ResponseKind = ResponseKind::Sse;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// An answer that is a WebSocket: the server's messages, and the client's.
#[derive(Debug)]
pub struct Ws<Server, Client>(PhantomData<fn() -> (Server, Client)>);

impl<Server, Client> ResponseBody for Ws<Server, Client>
where
    Server: JsonSchema + Send + 'static,
    Client: Send + 'static,
{
    type Value = Server;
    const KIND: ResponseKind = ResponseKind::Ws;

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Server>()
    }
}

impl<Server, Client> TwoWay for Ws<Server, Client>
where
    Server: JsonSchema + Send + 'static,
    Client: Send + 'static,
{
    type Sent = Client;
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ReadError> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn json(body: &str) -> Received<'_> {
        Received {
            content_type: "application/json",
            body: body.as_bytes(),
        }
    }

    fn wrapped(body: &str) -> Value {
        Wrapped::<Value>::read(json(body)).unwrap()
    }

    #[test]
    fn an_envelope_is_taken_off_and_nothing_else_is() {
        let bare = json!({"id": 1});
        assert_eq!(wrapped(r#"{"id":1}"#), bare);
        assert_eq!(wrapped(r#"{"data":{"id":1}}"#), bare);
        assert_eq!(wrapped(r#"{"data":{"id":1},"meta":{},"links":{}}"#), bare);
        assert_eq!(
            wrapped(r#"{"success":true,"data":{"id":1},"more":0}"#),
            bare
        );
        let whole = json!({"data": {"id": 1}, "id": 2});
        assert_eq!(wrapped(r#"{"data":{"id":1},"id":2}"#), whole);
    }

    #[test]
    fn an_error_inside_an_envelope_has_the_path_of_the_member() {
        let read = Wrapped::<HashMap<String, u8>>::read(json(r#"{"data":{"id":"x"}}"#));
        assert_eq!(read.unwrap_err().path().to_string(), "id");
    }

    #[test]
    fn text_is_found_where_servers_put_it() {
        for body in [
            r##""# A""##,
            r##"{"markdown":"# A"}"##,
            r##"{"data":{"content":"# A"}}"##,
        ] {
            assert_eq!(Text::read(json(body)).unwrap(), "# A", "{body}");
        }
        let plain = Received {
            content_type: "text/markdown",
            body: br#"{"content":"no"}"#,
        };
        assert_eq!(Text::read(plain).unwrap(), r#"{"content":"no"}"#);
    }

    #[test]
    fn an_empty_answer_is_null_or_an_object_without_members() {
        assert_eq!(Json::<Option<u8>>::read(json("")).unwrap(), None);
        assert!(
            Json::<HashMap<String, u8>>::read(json(" "))
                .unwrap()
                .is_empty()
        );
        assert!(Json::<u8>::read(json("")).is_err());
    }
}
