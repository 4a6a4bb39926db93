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
/// server, and an example that is stored was read.
const SIDES: [&str; 4] = ["typed", "client", "server", "fixture"];

/// An endpoint: dialect, method and path.
type Endpoint = [String; 3];

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
    let mut missing = Vec::new();
    println!(
        "{:<10} {:<7} {:<34} {}",
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
        let cells: String = SIDES
            .iter()
            .map(|side| format!("{:>8}", count(side)))
            .collect();
        let [dialect, method, path] = endpoint;
        println!("{dialect:<10} {method:<7} {path:<34} {cells}");
        let empty = SIDES.iter().filter(|side| count(side) == 0);
        missing.extend(empty.map(|side| format!("{side}: {method} {path} ({dialect})")));
    }
    let cells = endpoints.len() * SIDES.len();
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

/// The endpoints of the dialects that are spelled: those with a folder in `grump-wire`.
fn endpoints() -> Result<Vec<Endpoint>, Failure> {
    let wire = root().join("grump-wire");
    let table = read(&wire.join("contract/endpoints.tsv"))?;
    let rows = table.lines().skip(1).map(|line| {
        let mut cells = line.split('\t').map(str::to_owned);
        [(); 3].map(|()| cells.next().unwrap_or_default())
    });
    let spelled = |row: &Endpoint| {
        let folder = row[0].replace('-', "_");
        wire.join("src").join(folder).join("endpoints.rs").exists()
    };
    Ok(rows.filter(spelled).collect())
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
        && status.starts_with('2')
    {
        let endpoint = [dialect.clone(), method.clone(), path.clone()];
        *counts.entry((endpoint, side.clone())).or_default() += 1;
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}
