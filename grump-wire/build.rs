//! Turns the contract's tables into constants, which the endpoints are checked against when this
//! crate is compiled.

use std::{collections::HashMap, env, fmt::Write as _, fs, path::Path};

/// What there must be: every dialect that is spelled so far.
#[rustfmt::skip]
const DIALECTS: &[&str] = &[
    "grump",
    "metaforge",
    "mini-devin",
    "ralpher",
    "steward",
];

fn main() {
    println!("cargo:rerun-if-changed=contract");
    let endpoints = read("contract/endpoints.tsv");
    let events = read("contract/events.tsv");
    let facets = facets(&read("contract/facets.tsv"));
    let mut text = String::new();
    for dialect in DIALECTS {
        write_endpoints(&mut text, dialect, &endpoints, &facets);
        write_events(&mut text, dialect, &events);
    }
    let folder =
        env::var("OUT_DIR").expect("cargo names the folder for what a build script writes");
    fs::write(Path::new(&folder).join("contract.rs"), text).expect("the build folder is writable");
}

fn read(path: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().skip(1).map(cells).collect()
}

/// The operation of each endpoint, by dialect, method and path.
fn facets(rows: &[Vec<String>]) -> HashMap<[String; 3], String> {
    let operation = |row: &[String]| format!("{}.{}", snake_case(&row[3]), row[4]);
    let key = |row: &[String]| [row[0].clone(), row[1].clone(), row[2].clone()];
    rows.iter().map(|row| (key(row), operation(row))).collect()
}

/// `CodeBundles` as the domain's operations name it: `code_bundles`.
fn snake_case(facet: &str) -> String {
    let mut name = String::new();
    for letter in facet.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn write_endpoints(
    text: &mut String,
    dialect: &str,
    rows: &[Vec<String>],
    facets: &HashMap<[String; 3], String>,
) {
    let name = constant(dialect);
    let _ = writeln!(text, "/// The endpoints that the dialect must have.");
    let _ = writeln!(text, "#[cfg(feature = {dialect:?})]");
    let _ = writeln!(text, "pub(crate) const {name}: &[Required] = &[");
    for row in rows.iter().filter(|row| row[0] == dialect) {
        let key = [row[0].clone(), row[1].clone(), row[2].clone()];
        let operation = facets
            .get(&key)
            .unwrap_or_else(|| panic!("{key:?} has no facet"));
        let status: u16 = leading_number(&row[6]);
        let errors: Vec<_> = documented(&row[7]).collect();
        let _ = writeln!(
            text,
            "    Required {{ method: {:?}, path: {:?}, status: {status}, errors: &{errors:?}, operation: {operation:?} }},",
            row[1], row[2]
        );
    }
    let _ = writeln!(text, "];");
}

/// The name of a dialect's constants.
fn constant(dialect: &str) -> String {
    dialect.to_uppercase().replace('-', "_")
}

/// `404 not_found; 500 AGENT_ERROR|TOOL_ERROR` as pairs. What begins with no status is a remark.
fn documented(cell: &str) -> impl Iterator<Item = (u16, String)> {
    let errors = cell.split(';').map(str::trim);
    let errors = errors.filter(|error| error.starts_with(|first: char| first.is_ascii_digit()));
    errors.flat_map(|error| {
        let codes = error.split_whitespace().nth(1);
        let codes = codes.unwrap_or_else(|| panic!("{error:?} has no code"));
        let status = leading_number(error);
        codes.split('|').map(move |code| (status, code.to_owned()))
    })
}

fn leading_number(text: &str) -> u16 {
    let digits = text.split_whitespace().next().unwrap_or_default();
    digits
        .parse()
        .unwrap_or_else(|_| panic!("{text:?} begins with no status"))
}

fn write_events(text: &mut String, dialect: &str, rows: &[Vec<String>]) {
    let name = constant(dialect);
    let events: Vec<_> = rows
        .iter()
        .filter(|row| row[0] == dialect)
        .map(|row| &row[4])
        .collect();
    let _ = writeln!(text, "/// The events that the dialect must have.");
    let _ = writeln!(text, "#[cfg(feature = {dialect:?})]");
    let _ = writeln!(
        text,
        "pub(crate) const {name}_EVENTS: &[&str] = &{events:?};"
    );
}
