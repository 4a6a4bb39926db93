//! The table of endpoints: [`Row`] is one of them.

use std::sync::LazyLock;

use super::{Dialect, shape::Members};

const TABLE: &str = include_str!("data/endpoints.tsv");

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| TABLE.lines().skip(1).map(Row::read).collect());

/// An endpoint of a dialect, as the table of endpoints has it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Row {
    /// The dialect.
    pub dialect: Dialect,
    /// The method; `WS` where the request is for a WebSocket.
    pub method: &'static str,
    /// The path, with `{names}`.
    pub path: &'static str,
    /// The name of the operation: `shipStart`.
    pub operation: &'static str,
    /// The status of success.
    pub status: u16,
    /// The errors that the document names, and those that must be inferred: status and code.
    pub errors: Vec<(u16, String)>,
    pub(super) needs: Needs,
    /// What its body holds; none where there is none.
    pub(super) body: Option<Body>,
    pub(super) query: Members,
    pub(super) streams: bool,
}

/// What a request must show to be let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// `Authorization: Bearer`, or `X-API-Key`.
    Key,
    /// `Authorization: Bearer`, and this ability where one is named.
    Sanctum(Option<&'static str>),
    /// `?token=`.
    QueryToken,
    /// A message, when the socket is open.
    FirstMessage,
}

/// The body of a request.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) optional: bool,
    pub(super) members: Members,
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Found {
    Row(&'static Row, Vec<String>),
    OtherMethod,
    Nothing,
}

/// All rows of a dialect.
pub(super) fn of(dialect: Dialect) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.dialect == dialect)
}

/// The row for a request, and what its path names. Of several the one that names least.
pub(super) fn find(dialect: Dialect, method: &str, path: &str) -> Found {
    let fitting = || of(dialect).filter_map(|row| Some((row, row.named(path)?)));
    let of_method = fitting().filter(|(row, _)| row.method == method);
    match of_method.min_by_key(|(_, named)| named.len()) {
        Some((row, named)) => Found::Row(row, named),
        None if fitting().next().is_some() => Found::OtherMethod,
        None => Found::Nothing,
    }
}

impl Row {
    /// How tests name it: `POST /api/ship/start`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn read(line: &'static str) -> Self {
        let cells: Vec<_> = line.split('\t').collect();
        let dialect = Dialect::named(cells[0]);
        let errors = [cells[7], cells[8]]
            .into_iter()
            .flat_map(|cell| errors(dialect, cell));
        Self {
            dialect,
            method: cells[1],
            path: cells[2],
            operation: cells[11],
            status: cells[6][..3].parse().expect("a status begins the cell"),
            errors: errors.collect(),
            needs: Needs::read(cells[3]),
            body: Body::read(cells[4]),
            query: members(cells[5]),
            streams: cells[9] == "sse",
        }
    }

    /// What a path names, if it is one of this row.
    fn named(&self, path: &str) -> Option<Vec<String>> {
        let (ours, theirs) = (self.path.split('/'), path.split('/'));
        if ours.clone().count() != theirs.clone().count() {
            return None;
        }
        let mut named = Vec::new();
        for (our, their) in ours.zip(theirs) {
            match our.starts_with('{') {
                true => named.push(decoded(their)?),
                false if our == their => {}
                false => return None,
            }
        }
        Some(named)
    }
}

impl Needs {
    fn read(cell: &'static str) -> Self {
        match cell {
            "Bearer or X-API-Key" | "JWT bearer or X-API-Key" => Self::Key,
            "JWT as ?token= query parameter" => Self::QueryToken,
            _ if cell.starts_with("client message") => Self::FirstMessage,
            _ if cell.starts_with("Sanctum") => Self::Sanctum(
                cell.split_once("ability ")
                    .map(|(_, ability)| ability.trim_end_matches(" (inferred)")),
            ),
            _ => Self::Nothing,
        }
    }
}

impl Body {
    fn read(cell: &'static str) -> Option<Self> {
        let optional = cell.strip_prefix("(optional body) ");
        (cell != "-").then(|| Self {
            optional: optional.is_some(),
            members: Members::read(optional.unwrap_or(cell)),
        })
    }
}

fn members(cell: &'static str) -> Members {
    match cell {
        "-" => Members::default(),
        cell => Members::read(cell),
    }
}

/// The errors of a cell: `409 already_running; 500 AGENT_ERROR|TOOL_ERROR`.
fn errors(dialect: Dialect, cell: &'static str) -> Vec<(u16, String)> {
    let mut errors = Vec::new();
    for part in cell.split(';') {
        let (statuses, rest) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        let word = rest.split(' ').next().unwrap_or_default();
        let is_code = word.contains('_') || word == "run-not-startable" || dialect.has_code(word);
        for status in statuses.split('/').filter_map(|status| status.parse().ok()) {
            match is_code {
                true => errors.extend(word.split(['|', '/']).map(|code| (status, code.to_owned()))),
                false => errors.push((status, dialect.usual_code(status).to_owned())),
            }
        }
    }
    errors
}

/// A part of a path, without its percent-encoding; none where it has none that is right.
fn decoded(part: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(part).decode_utf8();
    decoded.ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_understood_to_its_end() {
        assert_eq!(ROWS.len(), 124);
    }

    #[test]
    fn errors_are_taken_apart() {
        let Found::Row(row, named) = find(Dialect::MetaForge, "POST", "/api/v1/approve/a%2Fb")
        else {
            panic!("it is there");
        };
        assert_eq!(named, ["a/b"]);
        let errors: Vec<_> = row
            .errors
            .iter()
            .map(|(status, code)| format!("{status} {code}"))
            .collect();
        assert_eq!(
            errors,
            [
                "400 VALIDATION_ERROR",
                "404 NOT_FOUND",
                "500 AGENT_ERROR",
                "500 TOOL_ERROR",
                "504 TIMEOUT",
                "400 VALIDATION_ERROR",
                "409 CONFLICT",
            ]
        );
    }

    #[test]
    fn a_word_of_the_path_wins_over_a_name() {
        let Found::Row(row, _) = find(Dialect::Steward, "GET", "/api/settings/providers") else {
            panic!("it is there");
        };
        assert_eq!(row.operation, "providersList");
    }
}
