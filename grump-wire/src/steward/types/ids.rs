//! The ids: whole numbers on the wire, text here.

use std::{borrow::Cow, fmt, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Defines a newtype for the ids of one noun.
///
/// The document's ids are whole numbers. Text is read too, compared as text, and written back as
/// text; an id that is made from digits is written as the number it is. (ambiguity X-03)
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Id);

        impl $name {
            /// The id of this text.
            #[must_use]
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Id::new(text.as_ref()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0.text
            }

            /// The id as the number it is, if it is one.
            #[must_use]
            pub fn number(&self) -> Option<i64> {
                number(&self.0.text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
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

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self::new(number.to_string())
            }
        }

        impl From<&Self> for $name {
            fn from(id: &Self) -> Self {
                id.clone()
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["integer", "string"] })
            }
        }
    )* };
}

ids! {
    /// The id of a user.
    UserId
    /// The id of a device.
    DeviceId
    /// The id of a project.
    ProjectId
    /// The id of a run.
    RunId
    /// The id of an event: a number that grows over all runs. ("SSE event format")
    EventId
    /// The id of a run's file.
    FileId
    /// The id of a command that a run executed.
    CommandId
    /// The id of a review.
    ReviewId
    /// The id of a snapshot.
    SnapshotId
}

#[derive(Clone, Eq)]
struct Id {
    text: Arc<str>,
    is_number: bool,
}

impl Id {
    fn new(text: &str) -> Self {
        Self {
            is_number: number(text).is_some(),
            text: text.into(),
        }
    }
}

/// The number that this text is the usual spelling of.
fn number(text: &str) -> Option<i64> {
    let parsed = text.parse::<i64>().ok()?;
    (text.starts_with('0') == (text.len() == 1 && parsed == 0) && !text.starts_with('+'))
        .then_some(parsed)
        .filter(|parsed| *parsed >= 0)
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl std::hash::Hash for Id {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    /// By number where both are numbers.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (number(&self.text), number(&other.text)) {
            (Some(one), Some(another)) => one.cmp(&another),
            _ => self.text.cmp(&other.text),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match number(&self.text) {
            Some(number) if self.is_number => serializer.serialize_i64(number),
            _ => serializer.serialize_str(&self.text),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id: a whole number or text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
        Ok(Id {
            text: text.into(),
            is_number: false,
        })
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Id, E> {
        Ok(Id {
            text: number.to_string().into(),
            is_number: true,
        })
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
        Ok(Id {
            text: number.to_string().into(),
            is_number: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_back_as_what_it_was() {
        for json in ["148", r#""148""#, r#""run-7""#, "0"] {
            let id: RunId = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&id).unwrap(), json);
        }
    }

    #[test]
    fn an_id_that_is_made_from_digits_is_a_number() {
        let written = |text: &str| serde_json::to_string(&ProjectId::new(text)).unwrap();
        assert_eq!(written("12"), "12");
        assert_eq!(written("0"), "0");
        for text in ["012", "+12", "-1", "1.0", "", "a1"] {
            assert_eq!(written(text), format!("{text:?}"));
        }
    }

    #[test]
    fn ids_are_compared_as_text_and_ordered_as_numbers() {
        let read: EventId = serde_json::from_str(r#""9""#).unwrap();
        assert_eq!(read, EventId::new("9"));
        assert!(EventId::new("9") < EventId::new("10"));
    }
}
