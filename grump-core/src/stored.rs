//! [`StoredPage`]: stored events as the text that is kept of them.

use crate::event::Cursor;

/// Some stored events as the JSON that is kept of them, and where to go on.
///
/// For whoever passes events on without looking into them: nothing is parsed, and nothing allocated
/// for each of them.
///
/// ```
/// use grump_core::StoredPage;
///
/// let mut page = StoredPage::default();
/// page.push("j-1", r#"{"seq":"1"}"#);
/// page.push("j-2", r#"{"seq":"2"}"#);
/// let cursors: Vec<_> = page.iter().map(|event| event.cursor).collect();
/// assert_eq!(cursors, ["j-1", "j-2"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredPage {
    /// The position behind the last of them; `None` where there were none and none was asked for.
    pub cursor: Option<Cursor>,
    /// Whether there were more when the page was read.
    pub has_more: bool,
    /// What it was read of: a number that grows whenever the plane takes away events that it had
    /// stored, as of a run that is purged. A page stays true for as long as the number is the same;
    /// `None` where nobody knows for how long.
    pub edition: Option<u64>,
    /// The position and the JSON of one event after the other.
    text: String,
    ends: Vec<Ends>,
}

/// Where an event's position and its JSON end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    cursor: usize,
    json: usize,
}

/// A stored event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredEvent<'a> {
    /// The position behind it.
    pub cursor: &'a str,
    /// The JSON of the [`Event`](crate::Event).
    pub json: &'a str,
}

impl StoredPage {
    /// Adds an event behind the others.
    pub fn push(&mut self, cursor: &str, json: &str) {
        self.text.push_str(cursor);
        let cursor = self.text.len();
        self.text.push_str(json);
        let json = self.text.len();
        self.ends.push(Ends { cursor, json });
    }

    /// The events, in order.
    pub fn iter(&self) -> impl Iterator<Item = StoredEvent<'_>> {
        let mut begin = 0;
        self.ends.iter().map(move |ends| {
            let cursor = &self.text[begin..ends.cursor];
            let json = &self.text[ends.cursor..ends.json];
            begin = ends.json;
            StoredEvent { cursor, json }
        })
    }

    /// How many events there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many bytes their text has.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.text.len()
    }
}
