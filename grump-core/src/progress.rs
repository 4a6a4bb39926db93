//! [`Progress`]: how far work is, in the scale that the plane uses.

use serde::{Deserialize, Serialize};

use crate::{noun::words, payload};

words! {
    /// What a number of progress counts.
    Scale {
        /// Hundredths: 0 to 100. (G-Rump, "Get Job Status".)
        "percent" Percent,
        /// Parts of one: 0 to 1. (MetaForge, "Agent Progress".)
        "fraction" Fraction,
    }
}

/// How far work is: the number as the plane wrote it, and what it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The number.
    pub value: f64,
    /// What it counts.
    pub scale: Scale,
}

impl Progress {
    /// So many hundredths.
    #[must_use]
    pub const fn percent(value: f64) -> Self {
        Self {
            value,
            scale: Scale::Percent,
        }
    }

    /// Such a part of one.
    #[must_use]
    pub const fn of_one(value: f64) -> Self {
        Self {
            value,
            scale: Scale::Fraction,
        }
    }

    /// The part of one that is done, from 0 to 1, to be shown; `None` in a scale that is not known.
    #[must_use]
    pub fn fraction(&self) -> Option<f64> {
        let part = match self.scale {
            Scale::Percent => self.value / 100.0,
            Scale::Fraction => self.value,
            Scale::Other(_) => return None,
        };
        part.is_finite().then(|| part.clamp(0.0, 1.0))
    }
}

impl From<&payload::Progress> for Progress {
    fn from(told: &payload::Progress) -> Self {
        Self {
            value: told.value,
            scale: told.scale.as_str().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scales_are_shown_as_a_part_of_one_and_keep_their_number() {
        assert_eq!(Progress::percent(45.0).fraction(), Some(0.45));
        assert_eq!(Progress::percent(45.0).value, 45.0);
        assert_eq!(Progress::of_one(0.5).fraction(), Some(0.5));
        assert_eq!(Progress::percent(250.0).fraction(), Some(1.0));
        assert_eq!(Progress::of_one(f64::NAN).fraction(), None);
    }

    #[test]
    fn a_scale_that_is_not_known_is_kept() {
        let told = r#"{"value":3.0,"scale":"steps"}"#;
        let read: Progress = serde_json::from_str(told).unwrap();
        assert_eq!(read.fraction(), None);
        assert_eq!(serde_json::to_string(&read).unwrap(), told);
    }
}
