//! What is not as documented is refused and noted.

use grump_testkit::contract::{Contract, Dialect, Failure};
use serde_json::{Value, json};

use super::{Speaker, answered, example};

#[tokio::test]
async fn every_row_of_the_table_is_mounted() {
    for dialect in Dialect::ALL {
        let speaker = Speaker::to(dialect.name()).await;
        for row in Contract::endpoints(dialect.name()) {
            let path = row.path.replace(['{', '}'], "");
            let method = if row.method == "WS" {
                "GET"
            } else {
                row.method
            };
            let mut request = speaker.request(method, &path);
            if row.method == "WS" {
                request = request
                    .header("connection", "upgrade")
                    .header("upgrade", "websocket");
            }
            let (status, body) = answered(request).await;
            assert_ne!(status, 0, "{} {body}", row.name());
        }
        let unknown = |violation: &String| violation.contains("is not documented");
        let violations: Vec<_> = speaker.server.violations();
        let unknown: Vec<_> = violations
            .iter()
            .filter(|violation| unknown(violation) && !violation.contains("member"))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}

#[tokio::test]
async fn a_route_that_is_not_documented_is_a_violation() {
    let speaker = Speaker::to("grump").await;
    let (status, body) = speaker.ask("GET", "/api/ship", Value::Null).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
    let (status, _) = speaker.ask("PUT", "/api/ship/start", Value::Null).await;
    assert_eq!(status, 404);
    assert_eq!(
        speaker.server.violations(),
        [
            "GET /api/ship: this path is not documented",
            "PUT /api/ship/start: this method is not documented"
        ]
    );
}

#[tokio::test]
async fn a_body_is_held_to_its_members() {
    let speaker = Speaker::to("grump").await;
    let body = json!({"preferences": {"style": 1, "any": 1}, "extra": true});
    let (status, body) = speaker.ask("POST", "/api/ship/start", body).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &json!("invalid_request"))
    );
    let start = "POST /api/ship/start: ";
    assert_eq!(
        speaker.server.violations(),
        [
            format!("{start}projectDescription is missing"),
            format!("{start}preferences.style may not be 1"),
            format!("{start}extra is not documented"),
        ]
    );
}

#[tokio::test]
async fn a_body_where_none_is_documented_is_a_violation() {
    let speaker = Speaker::to("steward").await;
    let run = speaker.server.put("run", json!({}));
    let path = format!("/api/runs/{run}/start");
    let (status, body) = speaker.ask("POST", &path, json!({})).await;
    assert_eq!((status, &body["status"]), (422, &json!(422)));
    assert_eq!(body["instance"], path);
    assert_eq!(speaker.server.violations().len(), 1);
    assert_eq!(speaker.server.known(&run)["status"], "draft");
}

#[tokio::test]
async fn a_query_is_held_to_its_members() {
    let speaker = Speaker::to("grump").await;
    for (query, what) in [
        ("status=cancelled", "status may not be \"cancelled\""),
        ("limit=", "limit is empty and should not be there"),
        ("limit=x", "limit may not be \"x\""),
        ("page=2", "the query member page is not documented"),
        ("limit=1&limit=2", "the query member limit is there twice"),
    ] {
        let path = format!("/api/jobs?{query}");
        let (status, _) = speaker.ask("GET", &path, Value::Null).await;
        assert_eq!(status, 400);
        let last = speaker.server.violations().pop().unwrap();
        assert_eq!(last, format!("GET /api/jobs: {what}"));
    }
}

#[tokio::test]
async fn a_header_that_is_not_documented_is_a_violation() {
    let speaker = Speaker::to("grump").await;
    let request = speaker.request("GET", "/api/jobs").header("x-tenant", "1");
    assert_eq!(answered(request).await.0, 400);
    let noted = "GET /api/jobs: the header x-tenant is not documented";
    assert_eq!(speaker.server.violations(), [noted]);
}

#[tokio::test]
async fn who_shows_no_credential_is_not_let_in_and_that_is_a_violation() {
    let mut speaker = Speaker::to("steward").await;
    speaker.token = None;
    let (status, body) = speaker.ask("GET", "/api/auth/me", Value::Null).await;
    assert_eq!(status, 401);
    assert_eq!(
        body["type"],
        "https://docs.example.com/errors/unauthenticated"
    );
    let noted = "GET /api/auth/me: no credential is shown";
    assert_eq!(speaker.server.violations(), [noted]);
}

#[tokio::test]
async fn a_wrong_credential_is_refused_and_that_is_no_violation() {
    let mut speaker = Speaker::to("steward").await;
    speaker.server.expire_tokens();
    assert_eq!(speaker.ask("GET", "/api/auth/me", Value::Null).await.0, 401);
    speaker.token = Some(speaker.server.token_of(&["projects:*"]));
    let (status, body) = speaker
        .ask("GET", "/api/settings/providers", Value::Null)
        .await;
    assert_eq!((status, &body["ability"]), (403, &json!("settings:read")));
    speaker.clean();
}

#[tokio::test]
async fn a_credential_where_none_is_wanted_is_a_violation() {
    let speaker = Speaker::to("grump").await;
    assert_eq!(speaker.ask("GET", "/health", Value::Null).await.0, 400);
    let noted = "GET /health: a credential is shown where none is wanted";
    assert_eq!(speaker.server.violations(), [noted]);
}

#[tokio::test]
async fn a_failure_that_is_planned_answers_once() {
    let speaker = Speaker::to("grump").await;
    let limited = Failure::new(429, "rate_limited").retry_after("3");
    speaker.server.fail_with("jobsList", limited);
    speaker
        .server
        .fail_next("GET /api/jobs", 503, "service_unavailable");
    let response = speaker.request("GET", "/api/jobs").send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "3");
    assert_eq!(response.headers()["x-ratelimit-limit"], "60");
    let body: Value = response.json().await.unwrap();
    let documented = example("grump", "envelope_error");
    assert_eq!(body["meta"], documented["meta"]);
    assert_eq!(speaker.ask("GET", "/api/jobs", Value::Null).await.0, 503);
    assert_eq!(speaker.ask("GET", "/api/jobs", Value::Null).await.0, 200);
}
