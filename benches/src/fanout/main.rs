//! Serving events to many: fan-out, memory and latency against axum's `Sse`, redis and
//! sse-starlette; requests against a bare axum handler; replay against redis and a flat file.
//!
//! Every peer serves in a process of its own, and everybody listens with the same reader. `fanout
//! FIGURE…` measures only these figures.

use std::{ffi::OsString, process::ExitCode};

use grump_benches::{Failure, Table};

mod cores;
mod crowd;
mod event;
mod figures;
mod peers;
mod plane;
mod requests;
mod serve;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = match &arguments[..] {
        [serve, name, rest @ ..] if serve == "serve" => serve::serve(&name.to_string_lossy(), rest),
        names => measure(names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("fanout: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(names: &[OsString]) -> Result<(), Failure> {
    let known = figures::ALL.map(|(name, _)| name);
    if let Some(unknown) = names
        .iter()
        .find(|name| !known.iter().any(|known| *name == known))
    {
        return Err(format!(
            "there is no figure {unknown:?}; there are: {}",
            known.join(", ")
        )
        .into());
    }
    cores::many_connections();
    cores::stay_on(cores::LISTENING);
    let mut table = Table::default();
    let is_wanted = |name| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let mut wanted = figures::ALL.iter().filter(|(name, _)| is_wanted(*name));
    let measured = wanted.try_for_each(|(_, figure)| figure(&mut table));
    table.print();
    match table.failures() {
        0 => measured,
        many => Err(format!("{many} contenders failed").into()),
    }
}
