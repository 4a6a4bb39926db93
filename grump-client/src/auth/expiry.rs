//! When a token is to be renewed.

use std::time::{Duration, SystemTime};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

/// The longest time before its end at which a token is renewed.
const EARLY: Duration = Duration::from_secs(60);

/// After how much of its life a token is renewed: a tenth of it before the end, at most a minute.
pub(super) fn renewed_after(life: Duration) -> Duration {
    life - (life / 10).min(EARLY)
}

/// What a JSON web token says of its own end. It is not verified: the server does that.
/// (RFC 7519, 4.1.4)
#[derive(Deserialize)]
struct Claims {
    exp: f64,
}

/// How long a JSON web token lives from `now` on; `None` for any other token, and one that is over
/// by this machine's clock, which may be wrong.
pub(super) fn life(token: &str, now: SystemTime) -> Option<Duration> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims.trim_end_matches('='));
    let claims: Claims = serde_json::from_slice(&claims.ok()?).ok()?;
    let end = Duration::try_from_secs_f64(claims.exp).ok()?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    end.checked_sub(now).filter(|life| !life.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn life_of(claims: &str) -> Option<Duration> {
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        life(&format!("head.{claims}.signature"), now)
    }

    #[test]
    fn a_json_web_token_says_when_it_ends() {
        assert_eq!(
            life_of(&format!(r#"{{"sub":"1","exp":{}}}"#, NOW + 3600)),
            Some(Duration::from_secs(3600))
        );
    }

    #[test]
    fn what_does_not_say_when_it_ends_is_kept_until_it_is_refused() {
        assert_eq!(life_of(r#"{"sub":"1"}"#), None);
        assert_eq!(life_of(&format!(r#"{{"exp":{}}}"#, NOW - 1)), None);
        assert_eq!(life_of(r#"{"exp":-1}"#), None);
        assert_eq!(life("grump_api_key", SystemTime::now()), None);
    }

    #[test]
    fn a_token_is_renewed_a_tenth_of_its_life_before_its_end_or_a_minute() {
        let seconds = |life| renewed_after(Duration::from_secs(life)).as_secs();
        assert_eq!(seconds(3600), 3540);
        assert_eq!(seconds(100), 90);
        assert_eq!(seconds(0), 0);
    }
}
