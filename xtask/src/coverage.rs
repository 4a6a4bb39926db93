//! `cargo xtask coverage`: which endpoints the tests spoke, on which side, as they recorded it.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};

use crate::steps::{Failure, root};

/// The variable that names the folder of the recordings.
pub(crate) const FOLDER: &str = "GRUMP_COVERAGE_DIR";

/// The columns: the types of `grump-wire` spoke to a server that is not grump's, the client, the
/// server where it speaks the dialect, and an example that is stored was read.
const SIDES: [&str; 4] = ["typed", "client", "server", "fixture"];

/// An endpoint, as dialect, method and path; or an event, as dialect, [`EVENT`] and name.
type Endpoint = [String; 3];

/// What stands for the method of an event. Of events it counts that a stored example was read.
const EVENT: &str = "event";

/// How many exchanges of each endpoint succeeded, by side.
type Counts = BTreeMap<(Endpoint, String), usize>;

/// Where the recordings are.
pub(crate) fn folder() -> PathBuf {
    env::var_os(FOLDER).map_or_else(|| root().join("target/coverage"), PathBuf::from)
}

/// Forgets what was recorded before.
pub(crate) fn clear() -> Result<(), Failure> {
    let folder = folder();
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Prints the table; with `check` an empty cell is a failure.
pub(crate) fn coverage(check: bool) -> Result<(), Failure> {
    let (endpoints, counts) = (endpoints()?, counts()?);
    let (mut cells, mut missing) = (0, Vec::new());
    println!(
        "{:<10} {:<7} {:<46} {}",
        "dialect",
        "method",
        "path",
        heads()
    );
    for endpoint in &endpoints {
        let count = |side: &str| {
            let key = (endpoint.clone(), side.to_owned());
            counts.get(&key).copied().unwrap_or_default()
        };
        let due = |side: &&&str| is_due(endpoint, side);
        let shown: String = SIDES
            .iter()
            .map(|side| match due(&side) {
                true => format!("{:>8}", count(side)),
                false => format!("{:>8}", "-"),
            })
            .collect();
        let [dialect, method, path] = endpoint;
        println!("{dialect:<10} {method:<7} {path:<46} {shown}");
        cells += SIDES.iter().filter(due).count();
        let empty = SIDES.iter().filter(due).filter(|side| count(side) == 0);
        missing.extend(empty.map(|side| format!("{side}: {method} {path} ({dialect})")));
    }
    println!("{} of {cells} cells", cells - missing.len());
    if check && !missing.is_empty() {
        return Err(format!(
            "no test recorded a success in these cells:\n  {}\nrun cargo xtask test, and add the tests that are missing",
            missing.join("\n  ")
        ));
    }
    Ok(())
}

fn heads() -> String {
    SIDES.iter().map(|side| format!("{side:>8}")).collect()
}

/// Whether a cell has to be filled.
fn is_due([dialect, method, _]: &Endpoint, side: &str) -> bool {
    let served = root()
        .join("grump-server/src/dialects")
        .join(format!("{}.rs", folder_of(dialect)));
    match side {
        "server" => method != EVENT && served.exists(),
        "fixture" => true,
        _ => method != EVENT,
    }
}

/// The endpoints and events of the contract's tables.
fn endpoints() -> Result<Vec<Endpoint>, Failure> {
    let contract = root().join("grump-wire/contract");
    let (endpoints, events) = ("endpoints.tsv", "events.tsv");
    let mut rows = rows(&read(&contract.join(endpoints))?, |cells| {
        [cells[0], cells[1], cells[2]].map(str::to_owned)
    });
    rows.extend(self::rows(&read(&contract.join(events))?, |cells| {
        [cells[0], EVENT, cells[4]].map(str::to_owned)
    }));
    Ok(rows)
}

fn rows(table: &str, endpoint: fn(&[&str]) -> Endpoint) -> Vec<Endpoint> {
    let lines = table.lines().skip(1);
    let cells = |line: &str| endpoint(&line.split('\t').collect::<Vec<_>>());
    lines.map(cells).collect()
}

fn folder_of(dialect: &str) -> String {
    dialect.replace('-', "_")
}

fn counts() -> Result<Counts, Failure> {
    let folder = folder();
    let cannot = |error| {
        let folder = folder.display();
        format!("cannot read the recordings in {folder}: {error}; cargo xtask test makes them")
    };
    let mut counts = Counts::new();
    for entry in fs::read_dir(&folder).map_err(cannot)? {
        for line in read(&entry.map_err(cannot)?.path())?.lines() {
            count(&mut counts, line);
        }
    }
    Ok(counts)
}

/// Counts a line, `side dialect method path status ok`, if it was a success: a refusal that was understood is none.
fn count(counts: &mut Counts, line: &str) {
    let cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
    if let [side, dialect, method, path, status, ok] = &cells[..]
        && ok == "true"
        && (status.starts_with('2') || status == "101")
    {
        let endpoint = [dialect.clone(), method.clone(), path.clone()];
        *counts.entry((endpoint, side.clone())).or_default() += 1;
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
