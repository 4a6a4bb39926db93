//! Requests and event streams against a server that answers as it is told to.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    routing::{any, get, post},
};
use futures::{StreamExt, stream};
use grump_core::{ErrorKind, Retry};
use grump_http::{
    HttpClient, Opened, Text,
    sse::{SseEvent, SseFrame},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

async fn serve(router: Router) -> HttpClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    HttpClient::new(&url).unwrap()
}

/// A server that streams these pieces and then ends, or stays silent.
async fn streaming(pieces: &'static [&'static str], then_silent: bool) -> HttpClient {
    let events = move || async move {
        let pieces = stream::iter(pieces).map(|piece| Ok::<_, std::io::Error>(Bytes::from(*piece)));
        let end = stream::once(async move {
            if then_silent {
                std::future::pending::<()>().await;
            }
            Ok(Bytes::new())
        });
        let head = [(header::CONTENT_TYPE, "text/event-stream")];
        (head, Body::from_stream(pieces.chain(end)))
    };
    serve(Router::new().route("/event", get(events))).await
}

async fn data(client: &HttpClient) -> Vec<Text> {
    let events = client.events("/event").await.unwrap();
    events.map(|event| event.unwrap().data).collect().await
}

#[tokio::test]
async fn requests_and_answers_are_json() {
    let echo = |body: Bytes| async move { ([(header::CONTENT_TYPE, "application/json")], body) };
    let client = serve(Router::new().route("/echo", post(echo))).await;
    let answer: Value = client.post("/echo", &json!({"a": [1]})).await.unwrap();
    assert_eq!(answer, json!({"a": [1]}));
}

#[tokio::test]
async fn an_empty_answer_is_null() {
    let client = serve(Router::new().route("/", any(StatusCode::NO_CONTENT))).await;
    client.post::<()>("/", &json!({})).await.unwrap();
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let whoami = |headers: HeaderMap| async move {
        format!("{:?}", headers[header::AUTHORIZATION].to_str().unwrap())
    };
    let client = serve(Router::new().route("/", get(whoami))).await;
    let client = client.basic_auth("opencode", "open sesame");
    let sent: String = client.get("/").await.unwrap();
    assert_eq!(sent, "Basic b3BlbmNvZGU6b3BlbiBzZXNhbWU=");
    assert!(
        !format!("{client:?}").contains("b3BlbmNvZGU6"),
        "{client:?}"
    );
}

#[tokio::test]
async fn an_answer_of_another_shape_says_which_member() {
    #[derive(Debug, serde::Deserialize)]
    struct Health {
        #[expect(dead_code, reason = "never read: it does not parse")]
        version: String,
    }
    let client = serve(Router::new().route("/", any(|| async { r#"{"version": 7}"# }))).await;
    let error = client.get::<Health>("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("member: version"), "{error}");
}

#[tokio::test]
async fn a_refusal_says_what_was_asked_and_answered() {
    let refusing = any((StatusCode::NOT_FOUND, "no such thing"));
    let client = serve(Router::new().route("/", refusing)).await;
    let error = client.get::<Value>("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("no such thing"), "{error}");
    assert!(
        error.to_string().contains("request: GET http://"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_can_be_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = HttpClient::new(&url).unwrap();
    let error = client.get::<Value>("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.retry(), Retry::Safe);
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let client = serve(Router::new().route("/", get(std::future::pending::<()>))).await;
    let client = client.limit(Duration::from_millis(20));
    let error = client.get::<Value>("/").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn only_urls_that_paths_can_be_put_behind_are_taken() {
    HttpClient::new("https://127.0.0.1").unwrap();
    for url in [
        "ftp://host",
        "127.0.0.1:80",
        "/path",
        "http://host?query",
        "http://me:sesame@host",
    ] {
        let error = HttpClient::new(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(!error.to_string().contains("sesame"), "{error}");
    }
}

#[tokio::test]
async fn events_arrive_however_they_are_cut() {
    let pieces = &[
        "id: 7\neve",
        "nt: tick\r",
        "\ndata: a\ndata",
        ": b\n\ndata: c\n\n",
    ];
    let client = streaming(pieces, false).await;
    let events = client.events("/event").await.unwrap();
    let events: Vec<SseEvent> = events.map(Result::unwrap).collect().await;
    let told: Vec<_> = events
        .iter()
        .map(|event| (&*event.name, &*event.data, event.id.as_deref()))
        .collect();
    assert_eq!(
        told,
        [("tick", "a\nb", Some("7")), ("message", "c", Some("7"))]
    );
}

/// eventsource-client 0.18.0 ends the stream with "invalid event" at such a block.
#[tokio::test]
async fn a_block_that_holds_only_an_unknown_field_does_not_end_the_stream() {
    let pieces = &[
        "data: a\n\n",
        "unknown: v\n\n",
        "event:\n\n",
        "retry: x\n\n",
        "data: b\n\n",
    ];
    let client = streaming(pieces, false).await;
    assert_eq!(data(&client).await, ["a", "b"]);
}

#[tokio::test]
async fn bytes_that_are_no_text_do_not_end_the_stream() {
    let events = || async {
        let head = [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")];
        (head, &b"data: \xff\n\ndata: b\n\n"[..])
    };
    let client = serve(Router::new().route("/event", get(events))).await;
    assert_eq!(data(&client).await, ["\u{fffd}", "b"]);
}

#[tokio::test]
async fn an_event_cut_off_by_the_end_is_not_told() {
    let client = streaming(&["data: a\n\n", "data: b\n"], false).await;
    assert_eq!(data(&client).await, ["a"]);
}

/// Pitfall 11: a half-open connection is noticed by its silence.
#[tokio::test]
async fn a_silent_stream_is_given_up() {
    let client = streaming(&["data: a\n\n"], true).await;
    let client = client.idle(Duration::from_millis(50));
    let mut events = client.events("/event").await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().data, "a");
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_broken_connection_is_an_error_and_ends_the_stream() {
    let events = || async {
        let whole = stream::iter([Ok(Bytes::from("data: a\n\n"))]);
        let cut = stream::once(async {
            tokio::task::yield_now().await;
            Err(std::io::Error::other("cut"))
        });
        let head = [(header::CONTENT_TYPE, "text/event-stream")];
        (head, Body::from_stream(whole.chain(cut)))
    };
    let client = serve(Router::new().route("/event", get(events))).await;
    let events: Vec<_> = client.events("/event").await.unwrap().collect().await;
    let told: Vec<_> = events
        .into_iter()
        .map(|event| event.map(|event| event.data).map_err(|error| error.kind()))
        .collect();
    assert_eq!(told, [Ok("a".into()), Err(ErrorKind::Transport)]);
}

#[tokio::test]
async fn an_answer_that_is_no_event_stream_is_refused() {
    let router = Router::new()
        .route("/json", any(|| async { "{}" }))
        .route("/login", any((StatusCode::UNAUTHORIZED, "who are you?")));
    let client = serve(router).await;
    let error = client.events("/json").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(
        error.to_string().contains("content-type: text/plain"),
        "{error}"
    );
    let error = client.events("/login").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.to_string().contains("who are you?"), "{error}");
}

#[tokio::test]
async fn any_request_can_be_sent_and_every_status_is_an_answer() {
    let echo = |method: Method, headers: HeaderMap, body: Bytes| async move {
        let said = format!("{method} {} {body:?}", headers["x-who"].to_str().unwrap());
        (StatusCode::IM_A_TEAPOT, [("x-id", "7")], said)
    };
    let client = serve(Router::new().route("/pot", any(echo))).await;
    for method in ["PUT", "PATCH", "DELETE"] {
        let request = Request::builder().method(method).uri("/pot?a=1");
        let request = request.header("x-who", "me").body("{}".into()).unwrap();
        let answer = client.send(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::IM_A_TEAPOT);
        assert_eq!(answer.headers()["x-id"], "7");
        assert_eq!(answer.body(), &format!("{method} me b\"{{}}\""));
    }
}

#[tokio::test]
async fn a_token_is_sent_and_never_shown() {
    let whoami = |headers: HeaderMap| async move {
        format!("{:?}", headers[header::AUTHORIZATION].to_str().unwrap())
    };
    let client = serve(Router::new().route("/", get(whoami))).await;
    let client = client.bearer("open-sesame").unwrap();
    assert_eq!(
        client.get::<String>("/").await.unwrap(),
        "Bearer open-sesame"
    );
    assert!(!format!("{client:?}").contains("sesame"), "{client:?}");
    let error = client.bearer("open\nsesame").unwrap_err();
    assert!(!error.to_string().contains("sesame"), "{error}");
}

#[tokio::test]
async fn comments_are_told_to_who_asks_for_them() {
    let pieces = &[": connected\n\n", "id: 1\ndata: a\n\n:", "live\n\n"];
    let client = streaming(pieces, false).await;
    let mut events = client.events("/event").await.unwrap();
    assert_eq!(events.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut told = Vec::new();
    while let Some(frame) = events.frame().await {
        told.push(match frame.unwrap() {
            SseFrame::Event(event) => event.data.to_string(),
            SseFrame::Comment(text) => format!(": {text}"),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(told, [": connected", "a", ": live"]);
}

#[tokio::test]
async fn a_refused_event_stream_is_an_answer() {
    let gone = any((StatusCode::GONE, r#"{"error":"cursor_expired"}"#));
    let client = serve(Router::new().route("/event", gone)).await;
    let request = Request::get("/event").header("Last-Event-ID", "j-7");
    let opened = client.open(request.body(Bytes::new()).unwrap()).await;
    let Opened::Refused(answer) = opened.unwrap() else {
        panic!("it was not refused");
    };
    assert_eq!(answer.status(), StatusCode::GONE);
    assert_eq!(answer.body(), r#"{"error":"cursor_expired"}"#);
}

#[tokio::test]
async fn a_byte_in_the_middle_of_an_event_is_noticed() {
    let (pieces, body) = futures::channel::mpsc::unbounded::<Result<Bytes, std::io::Error>>();
    let body = std::sync::Mutex::new(Some(Body::from_stream(body)));
    let body = std::sync::Arc::new(body);
    let events = move || {
        let body = body.lock().unwrap().take().unwrap();
        async move { ([(header::CONTENT_TYPE, "text/event-stream")], body) }
    };
    let client = serve(Router::new().route("/event", get(events))).await;
    let mut events = client.events("/event").await.unwrap();
    let opened = events.last_byte();
    pieces.unbounded_send(Ok("data: half".into())).unwrap();
    while events.last_byte() == opened {
        let waited = tokio::time::timeout(Duration::from_millis(5), events.frame()).await;
        assert!(waited.is_err(), "half an event is none");
    }
}
