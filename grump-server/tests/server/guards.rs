//! What is refused before anything is looked at; over raw sockets, as a client library would not
//! send it.

use std::net::SocketAddr;

use grump_core::ErrorKind;
use grump_server::{Server, Token};
use serde_json::{Value, json};

use crate::{
    stage::{Served, anywhere},
    tape::Tape,
    wire::{Answer, raw},
};

/// Sends a request with these lines of head, and a body; status and body of the answer.
async fn say(address: SocketAddr, lines: &[&str], body: &str) -> (u16, String, Value) {
    let head = lines.join("\r\n");
    let length = body.len();
    let request = format!("{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    let answer = raw(address, &request, "\0").await;
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        status,
        head.to_ascii_lowercase(),
        serde_json::from_str(body).unwrap(),
    )
}

async fn tape() -> Served {
    Served::of(Tape::new()).await
}

/// Pitfall 38: a page whose name leads to the loopback, or that comes from elsewhere, gets nothing,
/// and is not told that it may look.
#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_on_every_route() {
    let served = tape().await;
    for route in [
        "GET /api/health",
        "GET /api/events",
        "POST /api/loops",
        "GET /healthz",
        "GET /no",
    ] {
        for lines in [
            &["Host: evil.example:3000"][..],
            &["Host: localhost", "Origin: https://evil.example"],
            &["Host: localhost", "Origin: null"],
            &["X-Forwarded-Host: localhost"],
        ] {
            let first = format!("{route} HTTP/1.1");
            let lines: Vec<_> = std::iter::once(&*first)
                .chain(lines.iter().copied())
                .collect();
            let (status, head, body) = say(served.address(), &lines, "").await;
            assert_eq!(
                (status, &body["error"]),
                (403, &json!("forbidden")),
                "{lines:?}"
            );
            assert!(body["message"].is_string());
            assert!(!head.contains("access-control"), "{head}");
        }
    }
}

/// Pitfall 38: an absolute target names a host too.
#[tokio::test]
async fn an_absolute_target_of_another_host_is_refused() {
    let served = tape().await;
    let lines = [
        "GET http://evil.example/healthz HTTP/1.1",
        "Host: localhost",
    ];
    assert_eq!(say(served.address(), &lines, "").await.0, 403);
}

#[tokio::test]
async fn pages_and_programs_of_this_machine_are_let_in() {
    let served = tape().await;
    let port = served.address().port();
    for host in [
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        "localhost".into(),
    ] {
        let host = format!("Host: {host}");
        let lines = [
            "GET /healthz HTTP/1.1",
            &host,
            "Origin: http://localhost:5173",
        ];
        assert_eq!(say(served.address(), &lines, "").await.0, 200, "{host}");
    }
}

/// Pitfall 38: nothing listens for other machines without a token.
#[tokio::test]
async fn an_address_that_other_machines_reach_is_not_bound_without_a_token() {
    let elsewhere = "0.0.0.0:0".parse().unwrap();
    let refused = Server::builder(Tape::new()).ralpher(elsewhere).bind().await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    let token = Token::new("s3cret");
    let served = Served::up(Server::builder(Tape::new()).ralpher_with(elsewhere, token)).await;
    let address = SocketAddr::from(([127, 0, 0, 1], served.address().port()));
    let lines = ["GET /openapi.json HTTP/1.1", "Host: grump.example"];
    assert_eq!(say(address, &lines, "").await.0, 401);
}

/// Pitfalls 15 and 38: the address for those who attach wants its token, also to go on from a
/// position; the open address beside it does not.
#[tokio::test]
async fn the_address_to_attach_at_wants_its_token() {
    let builder = Server::builder(Tape::new()).ralpher(anywhere());
    let served = Served::up(builder.attach(anywhere(), Token::new("s3cret"))).await;
    let [open, guarded] = served.addresses[..] else {
        panic!("two addresses");
    };
    let resume = [
        "GET /api/events HTTP/1.1",
        "Host: localhost",
        "Last-Event-ID: tape-0",
    ];
    let (status, head, body) = say(guarded, &resume, "").await;
    assert_eq!((status, &body["error"]), (401, &json!("unauthorized")));
    assert!(head.contains("www-authenticate: bearer"), "{head}");
    let told = [
        "GET /openapi.json HTTP/1.1",
        "Host: localhost",
        "Authorization: Bearer s3cret",
    ];
    assert_eq!(say(guarded, &told, "").await.0, 200);
    assert_eq!(
        say(guarded, &["GET /healthz HTTP/1.1", "Host: localhost"], "")
            .await
            .0,
        200
    );
    assert_eq!(
        say(open, &["GET /openapi.json HTTP/1.1", "Host: localhost"], "")
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_are_refused_in_the_dialects_words() {
    let served = tape().await;
    let ask = served.ask();
    for path in ["/", "/api", "/api/loops/a/b/c", "/index.html"] {
        assert_eq!(ask.get(path).await.refusal(), (404, "not_found"), "{path}");
    }
    let wrong = ask.json("PUT", "/api/loops", None).await;
    assert_eq!(wrong.refusal(), (405, "method_not_allowed"));
    let mut allowed: Vec<_> = wrong
        .header("allow")
        .unwrap()
        .split(',')
        .map(str::trim)
        .collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let served = crate::stage::Stage::set().await;
    let large = json!({"name": "x".repeat(5 << 20)});
    let refused = served.ask.post("/api/loops", large).await;
    assert_eq!(refused.refusal(), (413, "payload_too_large"));
    served.close().await;
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let stage = crate::stage::Stage::set().await;
    let say = async |kind: &str, body: &str| {
        let kind = format!("Content-Type: {kind}");
        let lines = ["POST /api/loops HTTP/1.1", "Host: localhost", &kind];
        let (status, _, body) = say(stage.served.address(), &lines, body).await;
        (status, body["error"].as_str().unwrap().to_owned())
    };
    for broken in ["", "{", "nope"] {
        assert_eq!(
            say("application/json", broken).await,
            (400, "invalid_body".into()),
            "{broken:?}"
        );
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        assert_eq!(
            say(kind, "{}").await,
            (415, "invalid_body".into()),
            "{kind}"
        );
    }
    for wrong in ["[]", "7", "{}", r#"{"name":7}"#] {
        let refused = say("application/json; charset=utf-8", wrong).await;
        assert_eq!(refused, (400, "validation_error".into()), "{wrong}");
    }
    stage.close().await;
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let served = tape().await;
    let ask = served.ask();
    let named = [("x-request-id", "mine-1")];
    for (path, headers, expected) in [
        ("/healthz", &named[..], Some("mine-1")),
        ("/no", &named, Some("mine-1")),
        ("/healthz", &[], None),
    ] {
        let response = ask.send_with("GET", path, None, headers).await;
        let answer: Answer = crate::wire::answer(response).await;
        let id = answer.header("x-request-id").unwrap();
        assert!(expected.is_none_or(|expected| expected == id) && !id.is_empty());
    }
}

/// Pitfall 39: only where the plane says so is a create safe to repeat, so a gateway promises
/// nothing for what is behind it.
#[tokio::test]
async fn keys_are_honoured_where_the_plane_honours_them() {
    let said = async |ask: &crate::wire::Asking| {
        let response = ask.send_with("GET", "/healthz", None, &[]).await;
        let answer: Answer = crate::wire::answer(response).await;
        answer.header("grump-idempotency").map(str::to_owned)
    };
    let stage = crate::stage::Stage::set().await;
    assert_eq!(said(&stage.ask).await.as_deref(), Some("honoured"));
    stage.close().await;
    assert_eq!(said(&tape().await.ask()).await, None);
}
