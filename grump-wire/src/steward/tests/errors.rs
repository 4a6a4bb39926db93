//! Errors, read and written.

use grump_core::{Conflict, Error, ErrorKind, RunStatus};
use serde_json::json;

use super::{fixture, value};
use crate::{
    endpoint::RequestBody,
    steward::{self as dialect, error, map, types},
};

#[test]
fn the_documents_error_is_understood_and_written_again() {
    let text = fixture("POST_api_runs_run_start__response_409.json");
    let error = error::read(409, text.as_bytes());
    assert_eq!(error.message(), "Run #148 is already running.");
    let conflict = error.conflict().unwrap();
    assert_eq!(conflict.code, "run-not-startable");
    assert_eq!(conflict.current, Some(map::status("running".to_owned())));
    let (status, mut body) = error::write::<dialect::StartRun>(&error);
    body.instance = Some("/api/runs/148/start".to_owned());
    assert_eq!(status, 409);
    assert_eq!(serde_json::to_value(body).unwrap(), value(&text));
}

#[test]
fn the_errors_of_the_field_arrive_as_their_kinds() {
    let rows = field!("errors.tsv").lines().skip(1);
    for row in rows.map(|line| line.split('\t').collect::<Vec<_>>()) {
        let error = error::read(row[0].parse().unwrap(), row[1].as_bytes());
        assert_eq!(error.kind().as_str(), row[2], "{error:?}");
        let conflict = error.conflict();
        assert_eq!(conflict.map_or("", |conflict| &*conflict.code), row[3]);
        let current = conflict.and_then(|conflict| conflict.current.as_ref());
        let current = current.map(|status| format!("currentStatus={}", status.native));
        let told = error
            .context()
            .map(|(name, value)| format!("{name}={value}"));
        let told: Vec<_> = told.chain(current).collect();
        assert!(
            row[4].is_empty() || told.contains(&row[4].to_owned()),
            "{told:?}"
        );
        assert!(!error.message().is_empty());
    }
}

#[test]
fn a_conflict_is_told_by_the_sort_that_fits_best() {
    let conflict = |code: &'static str| {
        let conflict = Conflict::new(code).current(RunStatus::Running.into());
        Error::new(ErrorKind::Conflict, "no").conflicting(conflict)
    };
    let sort = |(status, body): (u16, types::Problem)| {
        let code = body.kind.rsplit('/').next().unwrap().to_owned();
        (status, code, body.extra["currentStatus"].clone())
    };
    let told = sort(error::write::<dialect::StartRun>(&conflict(
        "already_running",
    )));
    assert_eq!(
        told,
        (409, "run-not-startable".to_owned(), json!("running"))
    );
    let told = sort(error::write::<dialect::PauseRun>(&conflict("not_running")));
    assert_eq!(told.1, "run-transition-conflict");
    let told = sort(error::write::<dialect::CommitRun>(&conflict(
        "review-required",
    )));
    assert_eq!(told.1, "review-required");
}

#[test]
fn every_kind_of_error_has_a_sort_and_comes_back() {
    for kind in ErrorKind::ALL {
        let (status, body) = error::write::<dialect::OpenRun>(&Error::new(kind, "no"));
        assert!(status >= 400, "{kind}");
        let body = serde_json::to_vec(&body).unwrap();
        let again = error::read(status, &body).kind();
        let passed_on = [
            ErrorKind::Protocol,
            ErrorKind::Transport,
            ErrorKind::Truncated,
            ErrorKind::Stalled,
        ];
        let expected = if passed_on.contains(&kind) {
            ErrorKind::Remote
        } else {
            kind
        };
        assert_eq!(again, expected);
    }
}

#[test]
fn a_body_that_is_refused_is_a_problem() {
    let wrong = types::SnapshotRequest::read(b"{}").unwrap_err();
    let (status, body) = error::write_body_error(&wrong);
    assert_eq!(status, 422);
    assert!(body.extra["errors"].is_object());
    let wrong = types::SnapshotRequest::read(b"{").unwrap_err();
    assert_eq!(error::write_body_error(&wrong).0, 400);
}
