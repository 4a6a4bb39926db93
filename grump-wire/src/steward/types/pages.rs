//! Lists: `{ data, meta: { nextCursor } }`. ("Conventions")

use std::{fmt, marker::PhantomData};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, value::MapAccessDeserializer, value::SeqAccessDeserializer},
};
use serde_json::Value;

use super::{EventId, Extra};
use crate::lenient::{count, or_default};

/// Some items of a list, and where the next ones are. Lists without `meta`, and bare ones, are read
/// too.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Where the next ones are.
    pub meta: PageMeta,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

impl<T> Page<T> {
    /// A page behind which nothing comes.
    #[must_use]
    pub fn last(data: Vec<T>) -> Self {
        Self {
            data,
            meta: PageMeta::default(),
            extra: Extra::new(),
        }
    }

    /// Where the next items are; `None` where there are none.
    #[must_use]
    pub fn next_cursor(&self) -> Option<&str> {
        self.meta
            .next_cursor
            .as_deref()
            .filter(|cursor| !cursor.is_empty())
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self::last(Vec::new())
    }
}

/// What is said about a page. ("Conventions")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageMeta {
    /// Where the next items are; `null` where there are none.
    #[serde(default, deserialize_with = "text")]
    pub next_cursor: Option<String>,
    /// Other members.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A cursor: text, or a number, which is taken as its text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PageVisitor(PhantomData))
    }
}

struct PageVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for PageVisitor<T> {
    type Value = Page<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or an object with a list as its member `data`")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Page<T>, E> {
        Ok(Page::default())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, items: A) -> Result<Page<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(Page::last)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, members: A) -> Result<Page<T>, A::Error> {
        let page = Enveloped::deserialize(MapAccessDeserializer::new(members))?;
        Ok(Page {
            data: page.data,
            meta: page.meta,
            extra: page.extra,
        })
    }
}

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Enveloped<T> {
    data: Vec<T>,
    #[serde(default, deserialize_with = "or_default")]
    meta: PageMeta,
    #[serde(flatten)]
    extra: Extra,
}

/// Which part of a list to read. ("Conventions")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// What the page before said; the beginning where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many items; 50 where it is absent.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub limit: Option<u64>,
}

/// Which stored events to read. ("GET /api/runs/{run}/events")
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventsQuery {
    /// Only those after this one: the id of the last event that was seen. (ambiguity C-09)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<EventId>,
    /// Only those of these types, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<String>,
    /// Only those that are this grave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Only those about this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many.
    #[serde(
        default,
        deserialize_with = "count",
        skip_serializing_if = "Option::is_none"
    )]
    pub limit: Option<u64>,
    /// What the page before said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
