//! [`RateLimit`]: what the headers of an answer say of the server's pace.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

/// What an answer says of how many requests the server takes. (`X-RateLimit-*`: G-Rump, "Rate
/// Limits", Mini-Devin, "Rate Limiting"; `RateLimit-*` as other servers send it; ambiguity X-12)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many requests it takes until the reset, counted from the last one.
    pub limit: Option<u32>,
    /// How many of them are left; none where this one was refused.
    pub remaining: Option<u32>,
    /// How long it takes until the next reset.
    pub reset: Option<Duration>,
}

const LIMIT: [&str; 2] = ["x-ratelimit-limit", "ratelimit-limit"];
const REMAINING: [&str; 2] = ["x-ratelimit-remaining", "ratelimit-remaining"];
const RESET: [&str; 2] = ["x-ratelimit-reset", "ratelimit-reset"];

/// Numbers above this are seconds since 1970, those below are seconds from now on.
const EPOCH: u64 = 1_000_000_000;

impl RateLimit {
    /// What the answer says that has this status and these headers.
    #[must_use]
    pub fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        let told = |names| number(headers, names);
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
        let reset = told(RESET).and_then(|reset| from_now(reset, SystemTime::now()));
        Self {
            limit: told(LIMIT).map(small),
            remaining: match is_refused {
                true => Some(0),
                false => told(REMAINING).map(small),
            },
            reset: retry_after(headers).filter(|_| is_refused).or(reset),
        }
    }
}

fn number(headers: &HeaderMap, names: [&str; 2]) -> Option<u64> {
    let told = names.iter().find_map(|name| headers.get(*name))?;
    told.to_str().ok()?.trim().parse().ok()
}

/// `X-RateLimit-Reset` is documented as seconds since 1970, `RateLimit-Reset` is seen as seconds left;
/// servers mix them up. What is over says nothing.
fn from_now(reset: u64, now: SystemTime) -> Option<Duration> {
    if reset < EPOCH {
        return Some(Duration::from_secs(reset));
    }
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Duration::from_secs(reset)
        .checked_sub(now)
        .filter(|left| !left.is_zero())
}

/// How long to wait: `Retry-After` holds seconds or a date. (RFC 9110, 10.2.3)
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let told = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = told.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(told).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, pairs: &[(&'static str, String)]) -> RateLimit {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        RateLimit::of(StatusCode::from_u16(status).unwrap(), &pairs.collect())
    }

    fn epoch(seconds: u64) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        (now.unwrap().as_secs() + seconds).to_string()
    }

    #[test]
    fn the_reset_of_the_documents_is_a_date() {
        let told = told(
            200,
            &[
                ("x-ratelimit-limit", "60".to_owned()),
                ("x-ratelimit-remaining", "45".to_owned()),
                ("x-ratelimit-reset", epoch(1000)),
            ],
        );
        assert_eq!((told.limit, told.remaining), (Some(60), Some(45)));
        let reset = told.reset.unwrap().as_secs();
        assert!((900..=1000).contains(&reset), "{reset}");
    }

    #[test]
    fn the_reset_of_servers_in_the_field_is_the_seconds_left() {
        let told = told(
            200,
            &[
                ("ratelimit-policy", "100;w=900".to_owned()),
                ("ratelimit-limit", "100".to_owned()),
                ("ratelimit-remaining", "99".to_owned()),
                ("ratelimit-reset", "900".to_owned()),
            ],
        );
        assert_eq!(told.reset, Some(Duration::from_secs(900)));
    }

    #[test]
    fn a_reset_that_is_over_says_nothing() {
        let reset = ("x-ratelimit-reset", "1640995200".to_owned());
        assert_eq!(told(200, &[reset]), RateLimit::default());
    }

    #[test]
    fn a_refusal_leaves_nothing_and_its_own_word_holds() {
        let pairs = [
            ("x-ratelimit-remaining", "3".to_owned()),
            ("x-ratelimit-reset", "50".to_owned()),
            ("retry-after", "7".to_owned()),
        ];
        let refused = told(429, &pairs);
        assert_eq!(refused.remaining, Some(0));
        assert_eq!(refused.reset, Some(Duration::from_secs(7)));
        assert_eq!(told(200, &pairs).reset, Some(Duration::from_secs(50)));
    }

    #[test]
    fn what_is_no_number_is_not_there() {
        let pairs = [
            ("x-ratelimit-limit", "many".to_owned()),
            ("x-ratelimit-remaining", "-1".to_owned()),
        ];
        assert_eq!(told(200, &pairs), RateLimit::default());
    }
}
