//! Through the domain and back.

use grump_core::{RunStatus, Status};

use super::rows;
use crate::grump::map;

#[test]
fn the_statuses_are_those_of_the_table() {
    let table = rows(include_str!("../../../contract/status_map.tsv"));
    let of = |entity: &'static str| table.iter().filter(move |row| row[1] == entity);
    assert_eq!((of("ship_session").count(), of("job").count()), (6, 5));
    for row in of("ship_session") {
        let status = map::session_status(row[2]);
        assert_eq!(format!("{:?}", status.unified), row[3]);
        assert_eq!(map::wire_session_status(&status), row[2]);
    }
    for row in of("job") {
        let status = map::job_status(row[2]);
        assert_eq!(format!("{:?}", status.unified), row[3]);
        assert_eq!(map::wire_job_status(&status), row[2]);
    }
}

#[test]
fn a_status_that_nobody_knows_is_written_back() {
    let unknown = map::job_status("brewing");
    assert_eq!(unknown.unified, RunStatus::Unknown);
    assert_eq!(map::wire_job_status(&unknown), "brewing");
    let other = map::job_status("canceled");
    assert_eq!(other.unified, RunStatus::Cancelled);
    assert_eq!(map::wire_job_status(&other), "canceled");
}

#[test]
fn every_status_of_the_domain_has_a_word() {
    for status in RunStatus::ALL {
        let own = Status::from(status);
        let known = status == RunStatus::Unknown;
        let session = map::session_status(map::wire_session_status(&own));
        assert_eq!(session.unified == RunStatus::Unknown, known, "{status}");
        let job = map::job_status(map::wire_job_status(&own));
        assert_eq!(job.unified == RunStatus::Unknown, known, "{status}");
        assert_eq!(
            session.unified.is_terminal(),
            status.is_terminal() || status == RunStatus::AwaitingApproval
        );
    }
}
