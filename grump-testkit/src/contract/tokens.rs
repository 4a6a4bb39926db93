//! [`Tokens`]: who is let in.

use super::Dialect;

/// A credential that is known.
#[derive(Clone, Debug)]
struct Token {
    text: String,
    abilities: Vec<String>,
}

/// The credentials that a server knows, and its users.
#[derive(Debug)]
pub(super) struct Tokens {
    known: Vec<Token>,
    /// E-mail and password.
    users: Vec<(String, String)>,
    issued: u64,
}

/// What a credential is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Worth {
    Unknown,
    Lacks,
    Enough,
}

/// The abilities of the mobile app's token. (Steward, "Sanctum abilities")
const MOBILE: [&str; 5] = [
    "projects:*",
    "runs:start",
    "runs:control",
    "git:commit",
    "settings:read",
];

impl Tokens {
    pub(super) fn new(dialect: Dialect) -> Self {
        let mut tokens = Self {
            known: Vec::new(),
            users: vec![("user@example.com".to_owned(), "securepassword".to_owned())],
            issued: 0,
        };
        if dialect == Dialect::Grump {
            tokens.know("grump_api_xxxxxx", &["*"]);
        }
        tokens
    }

    /// Makes a credential.
    pub(super) fn issue(&mut self, dialect: Dialect, abilities: &[&str]) -> String {
        self.issued += 1;
        let number = self.issued;
        let text = match dialect {
            Dialect::Steward => format!("{number}|steward-token-of-a-test"),
            Dialect::MiniDevin => format!("eyJhbGciOiJub25lIn0.eyJuIjp{number}fQ.{number}"),
            _ => format!("grump_api_{number}"),
        };
        self.know(&text, abilities);
        text
    }

    /// Makes a key. (Mini-Devin, "POST /api/auth/api-keys")
    pub(super) fn issue_key(&mut self) -> String {
        self.issued += 1;
        let text = format!("md_{}", self.issued);
        self.know(&text, &["*"]);
        text
    }

    /// The credential that logging in gives, if this is a user.
    pub(super) fn login(
        &mut self,
        dialect: Dialect,
        email: &str,
        password: &str,
    ) -> Option<String> {
        let is_user = |user: &(String, String)| user.0 == email && user.1 == password;
        let known = self.users.iter().any(is_user);
        known.then(|| self.issue(dialect, &MOBILE))
    }

    /// Adds a user; whether the e-mail is free.
    pub(super) fn register(&mut self, email: &str, password: &str) -> bool {
        let free = self.users.iter().all(|(taken, _)| taken != email);
        if free {
            self.users.push((email.to_owned(), password.to_owned()));
        }
        free
    }

    /// The abilities of a credential.
    pub(super) fn abilities(&self, text: &str) -> Vec<String> {
        let found = self.known.iter().find(|token| token.text == text);
        found.map_or_else(Vec::new, |token| token.abilities.clone())
    }

    pub(super) fn worth(&self, text: &str, ability: Option<&str>) -> Worth {
        let Some(token) = self.known.iter().find(|token| token.text == text) else {
            return Worth::Unknown;
        };
        let has = |held: &String| {
            let prefix = held.strip_suffix('*');
            ability.is_none_or(|ability| {
                held == ability || prefix.is_some_and(|prefix| ability.starts_with(prefix))
            })
        };
        match ability.is_none() || token.abilities.iter().any(has) {
            true => Worth::Enough,
            false => Worth::Lacks,
        }
    }

    pub(super) fn forget(&mut self, text: &str) {
        self.known.retain(|token| token.text != text);
    }

    pub(super) fn forget_all(&mut self) {
        self.known.clear();
    }

    fn know(&mut self, text: &str, abilities: &[&str]) {
        self.known.push(Token {
            text: text.to_owned(),
            abilities: abilities.iter().map(|&one| one.to_owned()).collect(),
        });
    }
}
