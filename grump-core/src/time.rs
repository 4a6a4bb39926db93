//! [`Timestamp`]: a moment, with the text it was read from.

use std::{
    fmt,
    str::FromStr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in time.
///
/// A timestamp that was read keeps its text, and is written back as that text even where it could
/// not be understood. One that was made here is written as RFC 3339 in UTC, to the millisecond.
/// Events are ordered by their position, never by their timestamps.
#[derive(Clone)]
pub struct Timestamp {
    moment: Option<jiff::Timestamp>,
    text: Option<Arc<str>>,
}

impl Timestamp {
    /// Now, to the millisecond.
    #[must_use]
    pub fn now() -> Self {
        Self::from_millis(jiff::Timestamp::now().as_millisecond())
    }

    /// The moment so many milliseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_millis(milliseconds: i64) -> Self {
        Self {
            moment: jiff::Timestamp::from_millisecond(milliseconds).ok(),
            text: None,
        }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; `None` where the text could not be understood.
    #[must_use]
    pub fn as_millis(&self) -> Option<i64> {
        self.moment.map(jiff::Timestamp::as_millisecond)
    }

    /// The moment in std's terms; `None` where the text could not be understood.
    #[must_use]
    pub fn as_system_time(&self) -> Option<SystemTime> {
        self.moment.map(SystemTime::from)
    }

    /// The time from `earlier` to this moment; zero where it is not later or not known.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Duration {
        match (self.as_millis(), earlier.as_millis()) {
            (Some(later), Some(earlier)) => {
                Duration::from_millis(u64::try_from(later - earlier).unwrap_or(0))
            }
            _ => Duration::ZERO,
        }
    }
}

impl PartialEq for Timestamp {
    /// Two timestamps are equal if they are the same moment, however written.
    fn eq(&self, other: &Self) -> bool {
        match (self.moment, other.moment) {
            (Some(one), Some(another)) => one == another,
            (None, None) => self.text == other.text,
            _ => false,
        }
    }
}

impl Eq for Timestamp {}

impl FromStr for Timestamp {
    type Err = std::convert::Infallible;

    /// Reads RFC 3339 with any offset; a timestamp without an offset is taken as UTC. Text that is
    /// no timestamp is kept.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let moment = text.parse().or_else(|_| format!("{text}Z").parse()).ok();
        Ok(Self {
            moment,
            text: Some(text.into()),
        })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.text, self.moment) {
            (Some(text), _) => f.write_str(text),
            (None, Some(moment)) => write!(f, "{moment:.3}"),
            (None, None) => f.write_str("unknown"),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Ok(text.parse().unwrap_or_else(|never| match never {}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_keeps_the_text_it_was_read_from() {
        for text in [
            "2026-01-20T10:00:00.000Z",
            "2024-01-01T00:00:00+00:00",
            "2024-01-01T00:00:00.123456",
            "soon",
        ] {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(time.to_string(), text);
            assert_eq!(time.as_millis().is_some(), text != "soon");
        }
    }

    #[test]
    fn a_timestamp_made_here_is_rfc_3339_to_the_millisecond() {
        assert_eq!(
            Timestamp::from_millis(1_700_000_000_001).to_string(),
            "2023-11-14T22:13:20.001Z"
        );
    }

    #[test]
    fn a_timestamp_without_offset_is_utc() {
        let naive: Timestamp = "2024-01-01T00:00:00".parse().unwrap();
        assert_eq!(naive, "2024-01-01T01:00:00+01:00".parse().unwrap());
    }
}
