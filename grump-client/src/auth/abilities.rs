//! [`Abilities`]: what a token may do.

use std::fmt;

/// What a token may do, in the server's words, such as `runs:start`. (Steward, "Sanctum abilities")
///
/// Nothing is refused for want of an ability before it is sent: the server decides. They are for
/// those who want to know beforehand.
///
/// ```
/// use grump_client::Abilities;
///
/// let abilities: Abilities = ["projects:*", "runs:start"].into_iter().collect();
/// assert!(abilities.allows("projects:read"));
/// assert!(!abilities.allows("git:push"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities(Vec<String>);

impl Abilities {
    /// Whether one of them is this one, or says so for all of its kind: `*` is every ability,
    /// `projects:*` every one that begins with `projects:`. (ambiguity C-14)
    #[must_use]
    pub fn allows(&self, needed: &str) -> bool {
        self.iter().any(|held| match held.strip_suffix('*') {
            Some("") => true,
            Some(kind) => kind.ends_with(':') && needed.starts_with(kind),
            None => held == needed,
        })
    }

    /// Each as the server names it.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Abilities {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

impl fmt::Display for Abilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_every_ability_of_its_kind_and_of_no_other() {
        let allows = |held: &str, needed| Abilities::from_iter([held]).allows(needed);
        assert!(allows("*", "git:push"));
        assert!(allows("git:*", "git:push"));
        assert!(allows("git:push", "git:push"));
        assert!(!allows("git:*", "github:push"));
        assert!(!allows("git:p*", "git:push"));
        assert!(!allows("git:commit", "git:push"));
        assert!(!allows("", "git:push"));
    }
}
