//! What the tests of the dialects' clients share: a contract server, and what it was asked.

use grump_testkit::contract::{Contract, Recorded};
use serde_json::Value;

/// A request: method, path with query, body.
pub(crate) type Line = (String, String, Value);

pub(crate) fn line(method: &str, path: &str, body: Value) -> Line {
    (method.to_owned(), path.to_owned(), body)
}

/// What was asked so far.
pub(crate) fn lines(server: &Contract) -> Vec<Line> {
    let asked = server.requests().into_iter().map(|asked| {
        let query: Vec<_> = asked
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let separator = if query.is_empty() { "" } else { "?" };
        let path = format!("{}{separator}{}", asked.path, query.join("&"));
        (asked.method.clone(), path, asked.json())
    });
    asked.collect()
}

/// The last request.
pub(crate) fn last(server: &Contract) -> Recorded {
    server.requests().pop().unwrap()
}

/// Everything that was asked is as the document has it.
pub(crate) fn held(server: &Contract) {
    assert_eq!(server.violations(), Vec::<String>::new());
}
