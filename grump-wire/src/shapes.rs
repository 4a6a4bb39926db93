//! What several dialects' bodies are made of: ids, open enumerations, members with two names,
//! request bodies, lists.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Map, Value};

/// Members that the document does not have, kept as they came.
pub(crate) type Extra = Map<String, Value>;

/// Defines a newtype for each kind of id: text or a whole number, compared as text, and written
/// back as what it was.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(::grump_core::RunId);

        impl $name {
            /// The id of this text.
            #[must_use]
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(::grump_core::RunId::new(text))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        /// No id: what a server left out.
        impl Default for $name {
            fn default() -> Self {
                Self::new("")
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<::grump_core::RunId> for $name {
            fn from(id: ::grump_core::RunId) -> Self {
                Self(id)
            }
        }

        impl From<$name> for ::grump_core::RunId {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                String::json_schema(generator)
            }
        }
    )+ };
}

/// Defines an enumeration that the document does not close: a word that it does not have is kept.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ })+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $word,)+
            /// A word that is not known here, as it came; empty where there was none.
            Unknown(String),
        }

        impl $name {
            /// The words that are known.
            pub const KNOWN: &[&str] = &[$($text),+];

            /// The word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($text => Self::$word,)+
                    unknown => Self::Unknown(unknown.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(&*word)
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, word: &&str) -> bool {
                self.as_str() == *word
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::shapes::word(from).map(Self::from)
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "type": "string", "examples": Self::KNOWN })
            }
        }
    )+ };
}

/// Defines an enumeration of a request: what the document lists, and nothing else.
macro_rules! closed {
    ($($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
    })+) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word, in the document's order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

/// Has members of a `#[serde(remote = "Self")]` read under a second name where the first is missing.
macro_rules! twins {
    ($($name:ident { $($twin:literal => $member:literal),+ })+) => { $(
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, to)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let value = $crate::shapes::renamed(from, &[$(($twin, $member)),+])?;
                Self::deserialize(value).map_err(::serde::de::Error::custom)
            }
        }
    )+ };
}

/// Bodies that must be there.
macro_rules! required {
    ($($body:ty),+) => { $(
        impl $crate::endpoint::RequestBody for $body {
            const KIND: $crate::endpoint::BodyKind = $crate::endpoint::BodyKind::Required;

            fn schema(generator: &mut ::schemars::SchemaGenerator) -> Option<::schemars::Schema> {
                Some(generator.subschema_for::<Self>())
            }

            fn write(&self) -> Option<Vec<u8>> {
                Some(serde_json::to_vec(self).expect("bodies have text for keys"))
            }

            fn read(bytes: &[u8]) -> Result<Self, $crate::endpoint::BodyError> {
                $crate::endpoint::read_body(bytes)
            }
        }
    )+ };
}

/// Bodies that need not be there, and are not sent where they say nothing.
macro_rules! optional {
    ($($body:ty),+) => { $(
        impl $crate::endpoint::RequestBody for $body {
            const KIND: $crate::endpoint::BodyKind = $crate::endpoint::BodyKind::Optional;

            fn schema(generator: &mut ::schemars::SchemaGenerator) -> Option<::schemars::Schema> {
                Some(generator.subschema_for::<Self>())
            }

            fn write(&self) -> Option<Vec<u8>> {
                let is_said = *self != Self::default();
                is_said.then(|| serde_json::to_vec(self).expect("bodies have text for keys"))
            }

            fn read(bytes: &[u8]) -> Result<Self, $crate::endpoint::BodyError> {
                match bytes.trim_ascii() {
                    [] => Ok(Self::default()),
                    said => $crate::endpoint::read_body(said),
                }
            }
        }
    )+ };
}

pub(crate) use {closed, ids, optional, required, twins, words};

/// A word of an open enumeration; what is no text is kept as its JSON.
pub(crate) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(word) => word,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

/// An object whose members stand under the document's names: a member that is missing there is
/// taken from its twin.
pub(crate) fn renamed<'de, D: Deserializer<'de>>(
    deserializer: D,
    twins: &[(&str, &str)],
) -> Result<Value, D::Error> {
    let mut value = Value::deserialize(deserializer)?;
    if let Value::Object(members) = &mut value {
        for (twin, member) in twins {
            let is_missing = members.get(*member).is_none_or(Value::is_null);
            if is_missing && let Some(told) = members.shift_remove(*twin) {
                members.insert((*member).to_owned(), told);
            }
        }
    }
    Ok(value)
}

/// A member that counts as not said where it is missing, null, or of another type than the
/// document's.
pub(crate) fn maybe<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// As [`maybe`], with the default for what is not said.
pub(crate) fn maybe_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    maybe(deserializer).map(Option::unwrap_or_default)
}

/// A text that is shown to its server and to nobody else: a password, a token, a key.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret of this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for those who are to see it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// A bare array. Where a server puts one into an object, it is the first member that is an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T>(pub Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Listed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        if let Value::Object(members) = &mut value
            && let Some(list) = members.values_mut().find(|member| member.is_array())
        {
            value = list.take();
        }
        let read = serde_json::from_value(value).map(Self);
        read.map_err(serde::de::Error::custom)
    }
}

impl<T: JsonSchema> JsonSchema for Listed<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}
