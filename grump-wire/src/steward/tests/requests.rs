//! What is asked.

use super::{fixture, survives, value};
use crate::{
    Endpoint, Visitor,
    endpoint::{self, BodyError, RequestBody},
    steward::{self as dialect, types},
};

/// Reads the body of each request and writes it again.
#[derive(Default)]
struct Requests(usize);

impl Visitor for Requests {
    fn endpoint<E: Endpoint>(&mut self) {
        if E::Body::KIND == endpoint::BodyKind::None {
            return;
        }
        let text = fixture(&format!("{}__request.json", super::spelled::<E>()));
        let body = E::Body::read(text.as_bytes()).unwrap();
        let written = body.write().unwrap();
        assert_eq!(value(std::str::from_utf8(&written).unwrap()), value(&text));
        self.0 += 1;
    }
}

#[test]
fn every_request_has_a_fixture_and_survives() {
    let mut requests = Requests::default();
    dialect::each(&mut requests);
    assert_eq!(requests.0, 11);
}

#[test]
fn a_snapshot_is_compared_with_the_present_or_with_another() {
    let current = types::CompareRequest {
        against: types::Against::Current,
    };
    let written = String::from_utf8(current.write().unwrap()).unwrap();
    assert_eq!(written, r#"{"against":"current"}"#);
    let other: types::CompareRequest =
        survives("POST_api_snapshots_snapshot_compare__request_snapshot.json");
    assert_eq!(other.against, types::Against::Snapshot("32".into()));
}

#[test]
fn a_request_has_no_member_that_the_document_lacks() {
    let wrong = |body: &str| types::RunRequest::read(body.as_bytes()).unwrap_err();
    let missing = wrong(r#"{"projectId":12,"title":"t","prompt":"p","selectedAgent":"qa"}"#);
    assert!(missing.to_string().contains("selectedModel"), "{missing}");
    let text = fixture("POST_api_runs__request.json").replace("safeMode", "safe_mode");
    assert!(wrong(&text).to_string().contains("safe_mode"));
    assert!(matches!(wrong("{"), BodyError::NotJson(_)));
}

#[test]
fn an_approval_that_says_nothing_has_no_body() {
    assert_eq!(types::ApproveRequest::default().write(), None);
    assert_eq!(
        types::RejectRequest::read(b" ").unwrap(),
        types::RejectRequest::default()
    );
}

#[test]
fn a_project_may_be_named_by_a_number_or_by_text() {
    let text = fixture("POST_api_runs__request.json");
    let request = types::RunRequest::read(text.as_bytes()).unwrap();
    assert_eq!(request.project_id.number(), Some(12));
    let path = types::RunPath {
        run: "a/b 7".into(),
    };
    let path = endpoint::path::<dialect::StartRun>(&path);
    assert_eq!(path, "/api/runs/a%2Fb%207/start");
}

#[test]
fn a_query_leaves_out_what_is_not_said() {
    let path = types::RunPath { run: "148".into() };
    let target =
        |query: &types::EventsQuery| endpoint::target::<dialect::ListEvents>(&path, query).unwrap();
    assert_eq!(
        target(&types::EventsQuery::default()),
        "/api/runs/148/events"
    );
    let query = types::EventsQuery {
        since: Some("91823".into()),
        event_types: Some("file_updated,message".into()),
        limit: Some(10),
        ..types::EventsQuery::default()
    };
    assert_eq!(
        target(&query),
        "/api/runs/148/events?since=91823&eventTypes=file_updated%2Cmessage&limit=10"
    );
}
