//! [`Json`]: a value that is carried, not looked into; [`Ext`]: members without a name of ours.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;

/// Members that a plane sent, or is sent, and that the domain has no name for, in the plane's own
/// words. Nothing that was sent is lost for want of a name.
pub type Ext = serde_json::Map<String, serde_json::Value>;

/// A JSON value kept as its text: it is passed on byte for byte, and parsed only when asked.
#[derive(Clone)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON of any value that can be written as such.
    ///
    /// # Errors
    ///
    /// If the value cannot be written as JSON, such as a map whose keys are not text.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// A JSON string.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::of(&text).expect("text is always JSON")
    }

    /// The value's text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Reads the value as a `T`.
    ///
    /// # Errors
    ///
    /// If it is not a `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text())
    }

    /// The value as a tree; as its text where it is too deep or holds a number that is too large.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        self.parse()
            .unwrap_or_else(|_| serde_json::Value::from(self.text()))
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self::of(&value).expect("a tree is always JSON")
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() || self.value() == other.value()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}
