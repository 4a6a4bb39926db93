//! [`Usage`]: the tokens that a model read and wrote, and [`Budget`]: how many are allowed.

use std::{ops::AddAssign, time::Duration};

use serde::{Deserialize, Serialize};

/// Tokens, and what they cost where the agent says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input: u64,
    /// Tokens written, reasoning included.
    pub output: u64,
    /// Tokens read from a cache.
    pub cached: u64,
    /// Cost in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl Usage {
    /// Tokens read and written.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cached = self.cached.saturating_add(other.cached);
        self.cost = match (self.cost, other.cost) {
            (None, None) => None,
            (one, another) => Some(one.unwrap_or(0.0) + another.unwrap_or(0.0)),
        };
    }
}

/// How much a run may use before it ends as
/// [`LimitReached`](crate::RunStatus::LimitReached). `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Time at work, in seconds, over all iterations and restarts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Tokens read and written, over all iterations and restarts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}

impl Budget {
    /// Whether this much work used it up.
    #[must_use]
    pub fn is_used_up(&self, worked: Duration, usage: &Usage) -> bool {
        self.seconds.is_some_and(|limit| worked.as_secs() >= limit)
            || self.tokens.is_some_and(|limit| usage.total() >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_adds_up_and_keeps_unknown_cost_apart_from_zero() {
        let mut sum = Usage {
            input: 1,
            output: 2,
            cached: 0,
            cost: None,
        };
        sum += Usage {
            input: 10,
            output: 20,
            cached: 5,
            cost: None,
        };
        assert_eq!(
            sum,
            Usage {
                input: 11,
                output: 22,
                cached: 5,
                cost: None
            }
        );
        sum += Usage {
            cost: Some(0.5),
            ..Usage::default()
        };
        assert_eq!(sum.cost, Some(0.5));
    }

    #[test]
    fn a_budget_is_used_up_by_whichever_limit_is_reached_first() {
        let budget = Budget {
            seconds: Some(60),
            tokens: Some(100),
        };
        let few = Usage {
            input: 60,
            output: 39,
            ..Usage::default()
        };
        assert!(!budget.is_used_up(Duration::from_secs(59), &few));
        assert!(budget.is_used_up(Duration::from_secs(60), &few));
        let many = Usage { output: 40, ..few };
        assert!(budget.is_used_up(Duration::ZERO, &many));
        assert!(!Budget::default().is_used_up(Duration::MAX, &many));
    }
}
