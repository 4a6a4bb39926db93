//! Holding a request to the table of endpoints.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    dialect::{Dialect, Refusal},
    table::{Needs, Row},
    tokens::Worth,
    world::World,
};
use crate::serving::Asked;

/// A request that is as documented.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) row: &'static Row,
    /// What the path names, in order.
    pub(super) named: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Map<String, Value>,
    pub(super) asked: &'a Asked,
    /// The credential that let it in.
    pub(super) token: String,
}

impl Call<'_> {
    /// The first thing that the path names.
    pub(super) fn id(&self) -> &str {
        &self.named[0]
    }

    /// A member of the body that is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// A member of the body; null where it is not there.
    pub(super) fn value(&self, name: &str) -> Value {
        self.body.get(name).cloned().unwrap_or_default()
    }

    /// A query member that is a number.
    pub(super) fn count(&self, name: &str) -> Option<usize> {
        self.query.get(name)?.parse().ok()
    }
}

/// What is wrong with a request, and how it is refused.
struct Fault {
    what: String,
    refusal: Refusal,
}

/// The headers that any request may have: those of HTTP, of tracing, and the key that says that two
/// requests are one.
const HEADERS: [&str; 17] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "baggage",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
    "x-api-key",
    "x-correlation-id",
    "x-request-id",
];

/// Holds a request to its row. What is wrong with it is noted as a violation, and the first of it
/// refuses it.
pub(super) fn check<'a>(
    world: &mut World,
    asked: &'a Asked,
    pairs: &[(String, String)],
    row: &'static Row,
    named: Vec<String>,
) -> Result<Call<'a>, Refusal> {
    let mut faults = headers(world, asked, row);
    faults.extend(query(world, pairs, row));
    let body = body(world, asked, row, &mut faults);
    let token = let_in(world, asked, pairs, row, &mut faults);
    let name = format!("{} {}", row.method, asked.path);
    let notes = faults.iter().map(|fault| format!("{name}: {}", fault.what));
    world.violations.extend(notes.collect::<Vec<_>>());
    // Who is not let in learns nothing else.
    let token = token?;
    match faults.into_iter().next() {
        Some(fault) => Err(fault.refusal),
        None => Ok(Call {
            row,
            named,
            query: pairs.iter().cloned().collect(),
            body,
            asked,
            token,
        }),
    }
}

fn fault(world: &World, what: String) -> Fault {
    Fault {
        refusal: world.invalid(what.clone()),
        what,
    }
}

fn headers(world: &World, asked: &Asked, row: &Row) -> Vec<Fault> {
    let may = |name: &str| {
        HEADERS.contains(&name)
            || (name == "idempotency-key" && row.method == "POST")
            || (name == "last-event-id" && row.operation == "runEventsStream")
            || ((name == "upgrade" || name.starts_with("sec-websocket-")) && row.method == "WS")
    };
    let mut faults: Vec<_> = asked
        .headers
        .keys()
        .filter(|name| !may(name.as_str()))
        .map(|name| fault(world, format!("the header {name} is not documented")))
        .collect();
    let accept = asked.header("accept").unwrap_or_default();
    if row.streams && !accept.contains("text/event-stream") {
        faults.push(fault(
            world,
            "accept does not name text/event-stream".to_owned(),
        ));
    }
    faults
}

fn query(world: &World, pairs: &[(String, String)], row: &Row) -> Vec<Fault> {
    let mut wrong = Vec::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        match row.query.known.iter().find(|member| member.name == name) {
            None => wrong.push(format!("the query member {name} is not documented")),
            _ if pairs[..at].iter().any(|(before, _)| before == name) => {
                wrong.push(format!("the query member {name} is there twice"));
            }
            Some(member) => wrong.extend(member.query_fault(value)),
        }
    }
    let required = row.query.known.iter().filter(|member| member.required);
    let missing = required.filter(|member| pairs.iter().all(|(name, _)| name != member.name));
    wrong.extend(missing.map(|member| format!("the query member {} is missing", member.name)));
    wrong.into_iter().map(|what| fault(world, what)).collect()
}

fn body(world: &World, asked: &Asked, row: &Row, faults: &mut Vec<Fault>) -> Map<String, Value> {
    let mut found = |what: &str| {
        faults.push(fault(world, what.to_owned()));
        Map::new()
    };
    let body = match &row.body {
        None if asked.body.is_empty() => return Map::new(),
        None => return found("there is a body, and none is documented"),
        Some(body) if asked.body.is_empty() && body.optional => return Map::new(),
        Some(_) if asked.body.is_empty() => return found("there is no body"),
        Some(body) => body,
    };
    let content_type = asked.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return found("the body is not said to be application/json");
    }
    let Value::Object(object) = asked.json() else {
        found("the body is no JSON object");
        if let (Dialect::Ralpher, Some(fault)) = (world.dialect, faults.last_mut()) {
            fault.refusal.code = "invalid_body".to_owned();
        }
        return Map::new();
    };
    let wrong = body.members.faults(&object, "");
    faults.extend(wrong.into_iter().map(|what| fault(world, what)));
    object
}

/// Whether a request is let in, and by which credential. That it shows none, or one where none is
/// wanted, is a fault of the client's; that it shows a wrong one is not.
fn let_in(
    world: &World,
    asked: &Asked,
    pairs: &[(String, String)],
    row: &Row,
    faults: &mut Vec<Fault>,
) -> Result<String, Refusal> {
    let bearer = asked.header("authorization");
    let key = asked.header("x-api-key");
    let shown = usize::from(bearer.is_some()) + usize::from(key.is_some());
    let mut found = |what: &str| faults.push(fault(world, what.to_owned()));
    let (text, ability) = match row.needs {
        Needs::Nothing | Needs::FirstMessage => {
            if shown > 0 {
                found("a credential is shown where none is wanted");
            }
            return Ok(String::new());
        }
        Needs::QueryToken => {
            let token = pairs.iter().find(|(name, _)| name == "token");
            (token.map(|(_, token)| token.as_str()), None)
        }
        Needs::Key => (bearer.and_then(of_bearer).or(key), None),
        Needs::Sanctum(ability) => (bearer.and_then(of_bearer), ability),
    };
    if shown > 1 {
        found("two credentials are shown");
    }
    let Some(text) = text else {
        found("no credential is shown");
        return Err(world.refusal(401, "Unauthenticated."));
    };
    match world.tokens.worth(text, ability) {
        Worth::Enough => Ok(text.to_owned()),
        Worth::Unknown => Err(world.refusal(401, "Missing or invalid credential")),
        Worth::Lacks => {
            let ability = ability.unwrap_or_default();
            let message = format!("The token lacks the ability {ability}");
            Err(world.refusal(403, message).with("ability", ability))
        }
    }
}

fn of_bearer(value: &str) -> Option<&str> {
    value.strip_prefix("Bearer ")
}
