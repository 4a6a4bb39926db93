//! [`Pacing`]: what a user sets.

use std::time::Duration;

use grump_wire::endpoint::Auth;

/// The pace at which a client sends requests.
///
/// By itself a client sends as it is asked to, until a server says, in the headers of its answers or
/// by a first 429, how much it takes: then requests wait for their turn. A pace that is known
/// beforehand can be set, such as that of a document's tier. It is kept by each client for itself:
/// what other programs send with the same key is not counted.
///
/// ```
/// use grump_client::{Pacing, RalpherClient};
///
/// let client = RalpherClient::builder("http://localhost:3000")
///     .pacing(Pacing::default().per_minute(100))
///     .build()?;
/// # Ok::<(), grump_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a pace does nothing until a client has it"]
pub struct Pacing {
    pub(super) listens: bool,
    pub(super) rules: Vec<Rule>,
}

/// So many requests in any time of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) count: u32,
    pub(super) period: Duration,
    pub(super) whom: Whom,
}

/// Which requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    All,
    /// Those that are sent with a credential, or without one.
    Known(bool),
    /// Those that need this ability.
    Ability(&'static str),
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

impl Default for Pacing {
    /// As the server says.
    fn default() -> Self {
        Self {
            listens: true,
            rules: Vec::new(),
        }
    }
}

impl Pacing {
    /// As the client is asked, whatever the server says. What is refused is still tried again.
    pub fn none() -> Self {
        Self {
            listens: false,
            rules: Vec::new(),
        }
    }

    /// At most so many requests in any minute; at least one.
    pub fn per_minute(self, count: u32) -> Self {
        self.rule(count, MINUTE, Whom::All)
    }

    /// At most so many requests in any hour; at least one.
    pub fn per_hour(self, count: u32) -> Self {
        self.rule(count, HOUR, Whom::All)
    }

    /// The tier "Free": 10 in a minute, 100 in an hour. The 50 in a month are not counted: no
    /// process lives that long. (G-Rump, "Rate Limits")
    pub fn grump_free() -> Self {
        Self::default().per_minute(10).per_hour(100)
    }

    /// The tier "Pro": 60 in a minute, 1,000 in an hour. (G-Rump, "Rate Limits")
    pub fn grump_pro() -> Self {
        Self::default().per_minute(60).per_hour(1_000)
    }

    /// The tier "Team": 120 in a minute, 5,000 in an hour. (G-Rump, "Rate Limits")
    pub fn grump_team() -> Self {
        Self::default().per_minute(120).per_hour(5_000)
    }

    /// 60 in a minute; of them 6 that start runs, and 20 that write settings. (Steward, "Rate
    /// limits")
    pub fn steward() -> Self {
        Self::default()
            .per_minute(60)
            .rule(6, MINUTE, Whom::Ability("runs:start"))
            .rule(20, MINUTE, Whom::Ability("settings:write"))
    }

    /// 100 in a minute, which the document foresees for a deployment in the cloud. (`MetaForge`,
    /// "Rate Limits")
    pub fn metaforge() -> Self {
        Self::default().per_minute(100)
    }

    /// 100 in a minute with a credential, 10 without. (Mini-Devin, "Rate Limiting")
    pub fn mini_devin() -> Self {
        Self::default()
            .rule(100, MINUTE, Whom::Known(true))
            .rule(10, MINUTE, Whom::Known(false))
    }

    fn rule(mut self, count: u32, period: Duration, whom: Whom) -> Self {
        self.rules.push(Rule {
            count: count.max(1),
            period,
            whom,
        });
        self
    }
}

impl Rule {
    /// Whether requests to endpoints of this kind are counted.
    pub(super) fn counts(&self, auth: Auth) -> bool {
        match self.whom {
            Whom::All => true,
            Whom::Known(known) => known == (auth != Auth::None),
            Whom::Ability(name) => auth == Auth::Ability(name),
        }
    }
}
