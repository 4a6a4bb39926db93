//! Errors in all their shapes.

use grump_core::{Conflict, Error, ErrorKind, Retry};

use super::value;
use crate::grump::error;

#[test]
fn the_documents_error_is_understood_and_written_again() {
    let told = error::read(400, document!("envelope_error.json").as_bytes());
    assert_eq!(told.kind(), ErrorKind::InvalidInput);
    assert_eq!(told.message(), "The request was invalid");
    let remote = told.remote_detail().unwrap();
    assert_eq!(remote.code.as_deref(), Some("invalid_request"));
    assert_eq!(remote.request_id.as_deref(), Some("req_abc123"));
    let (status, body) = error::write(&told);
    let mut expected = value(document!("envelope_error.json"));
    expected.as_object_mut().unwrap().remove("meta");
    expected["error"].as_object_mut().unwrap().remove("details");
    assert_eq!(
        (status, serde_json::to_value(body).unwrap()),
        (400, expected)
    );
}

#[test]
fn every_code_of_the_document_is_a_kind_and_comes_back() {
    for (status, code, kind) in [
        (400, "invalid_request", ErrorKind::InvalidInput),
        (401, "unauthorized", ErrorKind::Unauthenticated),
        (403, "forbidden", ErrorKind::Forbidden),
        (404, "not_found", ErrorKind::NotFound),
        (429, "rate_limited", ErrorKind::RateLimited),
        (500, "internal_error", ErrorKind::Remote),
        (503, "service_unavailable", ErrorKind::Unavailable),
        (504, "timeout", ErrorKind::Timeout),
    ] {
        let body = format!(r#"{{"success":false,"error":{{"code":"{code}","message":"no"}}}}"#);
        assert_eq!(error::read(status, body.as_bytes()).kind(), kind);
        let (told, body) = error::write(&Error::new(kind, "no"));
        assert_eq!((told, &*body.error.code), (status, code));
        assert!(!body.success);
    }
}

#[test]
fn the_errors_of_the_field_arrive_as_their_kinds() {
    for row in field!("errors.tsv").lines().skip(1) {
        let cells: Vec<_> = row.split('\t').collect();
        let told = error::read(cells[0].parse().unwrap(), cells[1].as_bytes());
        let code = told.remote_detail().unwrap().code.clone();
        assert_eq!(told.kind().as_str(), cells[2], "{row}");
        assert_eq!(code.unwrap_or_default(), cells[3], "{row}");
        assert_eq!(told.message(), cells[4], "{row}");
    }
}

#[test]
fn a_wait_that_only_the_body_tells_is_known() {
    let body = br#"{"error":"Too many requests","type":"rate_limit","retryAfter":900}"#;
    let wait = std::time::Duration::from_secs(900);
    assert_eq!(error::read(429, body).retry(), Retry::After(wait));
}

/// Ambiguity G-24: there is no code for a state that does not allow it.
#[test]
fn a_conflict_is_an_invalid_request_and_comes_back_as_a_conflict() {
    let conflict = Conflict::new("already_running").changed_files(vec!["a".to_owned()]);
    let told = Error::new(ErrorKind::Conflict, "the session runs").conflicting(conflict);
    let (status, body) = error::write(&told);
    assert_eq!((status, &*body.error.code), (400, "invalid_request"));
    let body = serde_json::to_vec(&body).unwrap();
    let again = error::read(status, &body);
    assert_eq!(again.kind(), ErrorKind::Conflict);
    let conflict = again.conflict().unwrap();
    assert_eq!(conflict.code, "already_running");
    assert_eq!(conflict.changed_files, ["a"]);
}

#[test]
fn what_failed_behind_a_gateway_is_a_failure_of_the_server() {
    for kind in [
        ErrorKind::Transport,
        ErrorKind::Protocol,
        ErrorKind::Storage,
    ] {
        let (status, body) = error::write(&Error::new(kind, "no").advise("look").with("of", 1));
        assert_eq!((status, &*body.error.code), (500, "internal_error"));
        assert_eq!(body.error.message, "no; look (of: 1)");
    }
}

proptest::proptest! {
    #[test]
    fn no_answer_is_too_strange_to_be_an_error(status in 100_u16..600, body: Vec<u8>) {
        let told = error::read(status, &body);
        proptest::prop_assert!(!told.message().is_empty());
    }
}
