//! [`Endpoint`]: one request and its answers, as data.

use grump_core::Operation;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use crate::answer::{
    Bytes, Empty, Json, ReadError, Received, ResponseBody, ResponseKind, Sse, Text, TwoWay, Whole,
    Wrapped, Ws,
};

/// One endpoint of a dialect: written once by the dialect's table, used by client, server and
/// documentation alike.
pub trait Endpoint: Send + Sync + 'static {
    /// Its name: `StartLoop`.
    const NAME: &'static str;
    /// The HTTP method, in capitals; [`WS`] where a WebSocket is opened.
    const METHOD: &'static str;
    /// The path, with `{name}` for each member of [`Path`](Self::Path).
    const PATH: &'static str;
    /// What it does, in the document's words, and the document's section.
    const DOC: &'static str;
    /// The status of success.
    const STATUS: u16;
    /// The errors that the document lists.
    const ERRORS: &'static [Documented];
    /// Who may call it.
    const AUTH: Auth;
    /// Whether it may be sent twice.
    const REPEAT: Repeat;
    /// The operation of the domain that it stands for.
    const OPERATION: Operation;

    /// The members of the path.
    type Path: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// The members of the query.
    type Query: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// The body of the request.
    type Body: RequestBody;
    /// What answers.
    type Response: ResponseBody;
}

/// The method of endpoints that open a WebSocket: a GET on the wire.
pub const WS: &str = "WS";

/// The method that a request of the endpoint has on the wire.
#[must_use]
pub fn http_method<E: Endpoint>() -> &'static str {
    match E::METHOD {
        WS => "GET",
        method => method,
    }
}

/// An error that a document lists for an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Documented {
    /// The HTTP status.
    pub status: u16,
    /// The machine-readable code.
    pub code: &'static str,
}

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// Everybody. No credential is sent.
    None,
    /// Who shows the credential that the dialect knows: a token or a key.
    Credential,
    /// Who shows a token that has this ability. Only the server judges it; a client names it when
    /// it was refused.
    Ability(&'static str),
    /// Who names a key in the first message of a WebSocket.
    FirstMessage,
    /// Who names a token in the query, which therefore stands in no log and no error.
    QueryToken,
}

/// Whether a request may be sent a second time when nobody knows what became of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// Twice does what once does.
    Safe,
    /// Only with a key, to a server that honours keys.
    WithKey,
    /// It might be done twice.
    Never,
}

/// Visits every endpoint of a dialect.
pub trait Visitor {
    /// Visits one.
    fn endpoint<E: Endpoint>(&mut self);
}

/// No members in the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoPath {}

/// No members in the query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoQuery {}

/// Whether a request has a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// It has none.
    None,
    /// It may have one.
    Optional,
    /// It must have one.
    Required,
}

/// The body of a request.
pub trait RequestBody: Sized + Send + 'static {
    /// Whether there is one.
    const KIND: BodyKind;

    /// What it looks like; `None` where there is none.
    fn schema(generator: &mut SchemaGenerator) -> Option<Schema>;

    /// Its bytes; `None` where nothing is to be sent.
    fn write(&self) -> Option<Vec<u8>>;

    /// Reads it.
    ///
    /// # Errors
    /// [`BodyError`], which tells text that is no JSON from JSON that is not what is wanted.
    fn read(bytes: &[u8]) -> Result<Self, BodyError>;
}

/// No body. What comes all the same is not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoBody;

impl RequestBody for NoBody {
    const KIND: BodyKind = BodyKind::None;

    fn schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    fn write(&self) -> Option<Vec<u8>> {
        None
    }

    fn read(_: &[u8]) -> Result<Self, BodyError> {
        Ok(Self)
    }
}

/// Why a body was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It is not JSON.
    #[error("the request body is not valid JSON: {0}")]
    NotJson(String),
    /// It is JSON, but not what is wanted.
    #[error("{member}: {why}")]
    NotValid {
        /// The path of the member; `body` for the whole.
        member: String,
        /// What is wrong.
        why: String,
    },
}

/// Reads JSON that must be a `T`, telling bad JSON from bad members.
///
/// # Errors
/// See [`BodyError`].
pub fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        not_valid(&path, &error.into_inner())
    })?;
    let end = reader.end().map(|()| read);
    end.map_err(|error| BodyError::NotJson(error.to_string()))
}

fn not_valid(path: &str, error: &serde_json::Error) -> BodyError {
    if !error.is_data() {
        return BodyError::NotJson(error.to_string());
    }
    BodyError::NotValid {
        member: if path == "." { "body" } else { path }.to_owned(),
        why: reason(error),
    }
}

/// What serde says, without the place in the text, which means nothing to who wrote the JSON with
/// a program.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// What need not be written in percents: the unreserved characters of RFC 3986.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The path of a request.
#[must_use]
pub fn path<E: Endpoint>(members: &E::Path) -> String {
    let members = serde_json::to_value(members).unwrap_or_default();
    let mut path = String::new();
    let mut rest = E::PATH;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(before);
        path.extend(utf8_percent_encode(&text(&members[name]), PLAIN));
        rest = behind;
    }
    path + rest
}

/// Path and query of a request.
///
/// # Errors
/// If the query holds something that no query can hold.
pub fn target<E: Endpoint>(
    members: &E::Path,
    query: &E::Query,
) -> Result<String, serde_urlencoded::ser::Error> {
    let (path, query) = (path::<E>(members), serde_urlencoded::to_string(query)?);
    Ok(match query.is_empty() {
        true => path,
        false => format!("{path}?{query}"),
    })
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Writes a dialect's endpoints down once.
///
/// Each entry is a doc comment that ends with the document's section, a name, method and path, the
/// domain's operation, then in brackets path, query and body; the status and the kind of the
/// answer. What follows may be left out: `, errors` with the documented errors, in brackets or as
/// a constant; `, repeat` where a request differs from what its method promises; `, auth` where
/// others may call it than the dialect's usual ones.
macro_rules! endpoints {
    ($dialect:literal, $required:path, $usual:expr;
     $($(#[doc = $doc:literal])+
       $name:ident: $method:ident $path:literal $operation:ident
         [$path_type:ty] [$query:ty] [$body:ty] -> $status:literal $response:ty
         $(, errors $errors:tt)? $(, repeat $repeat:ident)? $(, auth $auth:expr)?;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl $crate::endpoint::Endpoint for $name {
                const NAME: &'static str = stringify!($name);
                const METHOD: &'static str = stringify!($method);
                const PATH: &'static str = $path;
                const DOC: &'static str = concat!($($doc),+);
                const STATUS: u16 = $status;
                const ERRORS: &'static [$crate::endpoint::Documented] =
                    $crate::endpoint::errors!($($errors)?);
                const AUTH: $crate::endpoint::Auth =
                    $crate::endpoint::first!($($auth)?; $usual);
                const REPEAT: $crate::endpoint::Repeat =
                    $crate::endpoint::repeat!($method $($repeat)?);
                const OPERATION: ::grump_core::Operation = ::grump_core::Operation::$operation;

                type Path = $path_type;
                type Query = $query;
                type Body = $body;
                type Response = $response;
            }
        )+

        /// Visits every endpoint of the dialect, in the document's order.
        pub fn each(visitor: &mut impl $crate::endpoint::Visitor) {
            $(visitor.endpoint::<$name>();)+
        }

        /// The operations of the domain that the dialect has; of some, there are two endpoints.
        pub const OPERATIONS: &[::grump_core::Operation] =
            &[$(::grump_core::Operation::$operation),+];

        const _: () = $crate::contract::compare($dialect, $required, &[
            $($crate::contract::spelled::<$name>()),+
        ]);
    };
}

/// The documented errors: none, those in brackets, or those of a constant.
macro_rules! errors {
    () => { &[] };
    ([$($status:literal $code:literal),+ $(,)?]) => {
        &[$($crate::endpoint::Documented { status: $status, code: $code }),+]
    };
    ($constant:ident) => { $constant };
}

/// What is said, or else what is usual.
macro_rules! first {
    (; $usual:expr) => {
        $usual
    };
    ($said:expr; $usual:expr) => {
        $said
    };
}

/// Whether a request may be sent twice, from its method or as said.
macro_rules! repeat {
    (GET) => {
        $crate::endpoint::Repeat::Safe
    };
    (PUT) => {
        $crate::endpoint::Repeat::Safe
    };
    (PATCH) => {
        $crate::endpoint::Repeat::Never
    };
    (DELETE) => {
        $crate::endpoint::Repeat::Safe
    };
    (POST) => {
        $crate::endpoint::Repeat::Never
    };
    (WS) => {
        $crate::endpoint::Repeat::Never
    };
    ($method:ident $repeat:ident) => {
        $crate::endpoint::Repeat::$repeat
    };
}

pub(crate) use {endpoints, errors, first, repeat};
