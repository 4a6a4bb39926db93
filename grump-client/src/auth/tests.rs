//! Credentials, against a server that asks for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{StreamExt, future::join_all};
use grump_core::ErrorKind;
use serde_json::json;

use super::{Credential, Token};
use crate::testing::{
    Asked, Client, Events, Open, Query, Read, Reply, Start, Tiny, asking, builder, fine, reply,
};

/// A server that knows e-mail and password, and takes the last token that it gave, for so long.
async fn with_login(life: u64) -> Tiny {
    let given = AtomicU64::new(0);
    Tiny::start(move |asked, _| {
        if asked.is("POST /login") {
            return logged_in(asked, given.fetch_add(1, Relaxed) + 1, life);
        }
        let wanted = format!("Bearer token-{}", given.load(Relaxed));
        match asked.header("authorization") == wanted {
            true => fine(),
            false => reply(401, "stale"),
        }
    })
    .await
}

fn logged_in(asked: &Asked, number: u64, life: u64) -> Reply {
    if asked.header("x-login") != "me@example.com:hush" {
        return reply(401, "wrong password");
    }
    let told = json!({
        "token": format!("token-{number}"),
        "expires_in": life,
        "abilities": ["projects:*"],
    });
    reply(200, told.to_string())
}

fn me(server: &Tiny) -> Client {
    builder(server)
        .login("me@example.com", "hush")
        .build()
        .unwrap()
}

fn logins(server: &Tiny) -> usize {
    let lines = server.lines();
    lines.iter().filter(|line| *line == "POST /login").count()
}

#[tokio::test]
async fn a_token_and_a_key_each_have_their_header() {
    let server = Tiny::start(|_, _| fine()).await;
    for client in [builder(&server).token("t"), builder(&server).api_key("k")] {
        client.build().unwrap().get::<Read>().await.unwrap();
    }
    assert_eq!(
        server.header("authorization"),
        [Some("Bearer t".to_owned()), None]
    );
    assert_eq!(server.header("x-api-key"), [None, Some("k".to_owned())]);
}

/// A stale token does no good to who only wants to log in. (ambiguity D-02)
#[tokio::test]
async fn what_everybody_may_ask_is_asked_without_a_token() {
    let server = Tiny::start(|_, _| fine()).await;
    let client = builder(&server).token("t").build().unwrap();
    client.get::<Open>().await.unwrap();
    assert_eq!(server.header("authorization"), [None]);
}

#[tokio::test]
async fn a_token_in_the_query_stands_in_no_header() {
    let server = Tiny::start(|_, _| fine()).await;
    let client = builder(&server).token("a+b").build().unwrap();
    client.get::<Query>().await.unwrap();
    assert_eq!(server.lines(), ["GET /query?token=a%2Bb"]);
    assert_eq!(server.header("authorization"), [None]);
}

/// A key where a token is asked for. (ambiguity D-06)
#[tokio::test]
async fn a_key_stands_in_no_query() {
    let server = Tiny::start(|_, _| fine()).await;
    let client = builder(&server).api_key("k").build().unwrap();
    client.get::<Query>().await.unwrap();
    assert_eq!(server.lines(), ["GET /query"]);
    assert_eq!(server.header("x-api-key"), [Some("k".to_owned())]);
}

#[tokio::test]
async fn many_requests_log_in_once() {
    let server = with_login(3600).await;
    let client = me(&server);
    let answers = join_all((0..20).map(|_| client.get::<Read>())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(logins(&server), 1);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let server = with_login(0).await;
    let client = me(&server);
    client.get::<Read>().await.unwrap();
    client.get::<Read>().await.unwrap();
    assert_eq!(
        server.lines(),
        ["POST /login", "GET /read", "POST /login", "GET /read"]
    );
}

/// A token that is refused before its time, as a server does that was started anew. (ambiguity
/// D-15)
#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_for_all_who_show_it() {
    let server = with_login(3600).await;
    let client = me(&server);
    client.get::<Read>().await.unwrap();
    let other = me(&server);
    other.get::<Read>().await.unwrap();
    let answers = join_all((0..20).map(|_| client.get::<Read>())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(logins(&server), 3);
}

/// A request that was refused for its token was not executed: even a start is sent again.
#[tokio::test]
async fn a_start_that_is_refused_for_its_token_is_sent_again() {
    let server = with_login(3600).await;
    let client = me(&server);
    client.get::<Read>().await.unwrap();
    me(&server).get::<Read>().await.unwrap();
    client.get::<Start>().await.unwrap();
    let lines = server.lines();
    assert_eq!(lines[4..], ["POST /start", "POST /login", "POST /start"]);
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_an_error() {
    let server = Tiny::start(|asked, _| match asked.is("POST /login") {
        true => logged_in(asked, 1, 3600),
        false => reply(401, "never"),
    })
    .await;
    let error = me(&server).get::<Read>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        server.lines(),
        ["POST /login", "GET /read", "POST /login", "GET /read"]
    );
}

#[tokio::test]
async fn a_token_that_is_given_is_not_shown_twice() {
    let server = Tiny::start(|_, _| reply(401, "no")).await;
    let client = builder(&server).token("t").build().unwrap();
    let error = client.get::<Read>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(server.asked().len(), 1);
}

/// A wrong password is not tried once for each request that waits: accounts are locked for that.
#[tokio::test]
async fn a_wrong_password_is_tried_once_for_all_who_wait() {
    let server = with_login(3600).await;
    let client = builder(&server).login("me@example.com", "hush?");
    let client = client.build().unwrap();
    let answers = join_all((0..20).map(|_| client.get::<Read>())).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert!(error.to_string().contains("wrong password"), "{error}");
    }
    assert_eq!(logins(&server), 1);
}

#[tokio::test]
async fn a_callback_is_asked_for_each_token() {
    let server = with_login(3600).await;
    let asked = Arc::new(AtomicU64::new(0));
    let number = asked.clone();
    let callback = Credential::callback(move || {
        let number = number.fetch_add(1, Relaxed);
        async move { Ok(Token::bearer(format!("token-{}", 1 + number))) }
    });
    let client = builder(&server).credential(callback).build().unwrap();
    me(&server).get::<Read>().await.unwrap();
    client.get::<Read>().await.unwrap();
    client.get::<Read>().await.unwrap();
    assert_eq!(asked.load(Relaxed), 1);
    me(&server).get::<Read>().await.unwrap();
    client.get::<Read>().await.unwrap();
    assert_eq!(asked.load(Relaxed), 2);
}

/// The next connection of a stream shows the token of the moment.
#[tokio::test]
async fn a_renewed_token_reaches_streams() {
    let server = Tiny::start(|asked, before| {
        if asked.is("POST /login") {
            return logged_in(asked, before as u64, 0);
        }
        let mut answer = reply(200, "data: {}\n\n");
        let kind = http::HeaderValue::from_static("text/event-stream");
        answer.headers_mut().insert("content-type", kind);
        answer
    })
    .await;
    let client = me(&server);
    for _ in 0..2 {
        let mut events = client.caller.listen(asking::<Events>()).await.unwrap();
        while events.next().await.is_some() {}
    }
    let shown = server.header("authorization");
    assert_eq!(shown[1].as_deref(), Some("Bearer token-0"));
    assert_eq!(shown[3].as_deref(), Some("Bearer token-2"));
}

/// Which ability was missing. (ambiguity C-14)
#[tokio::test]
async fn a_refusal_says_which_ability_the_token_lacks() {
    let server = Tiny::start(|asked, _| match asked.is("POST /login") {
        true => logged_in(asked, 1, 3600),
        false => reply(403, "no"),
    })
    .await;
    let client = me(&server);
    let error = client.get::<Start>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(
        error.to_string(),
        "runs.list: no; ask for a token that has the ability \
         (ability: runs:start, abilities of the token: projects:*)"
    );
    assert!(client.caller.abilities().unwrap().allows("projects:read"));
}

#[tokio::test]
async fn a_dialect_without_a_login_says_so_before_anything_is_sent() {
    let server = Tiny::start(|_, _| fine()).await;
    let client = crate::RalpherClient::builder(&server.url).login("me@example.com", "hush");
    let error = client.build().unwrap().health().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(server.asked().is_empty());
}

#[test]
fn what_no_header_can_hold_is_no_token() {
    let credentials = [Credential::bearer("a\nb"), Credential::api_key("a\nb")];
    for credential in credentials {
        let client = crate::RalpherClient::builder("http://h").credential(credential);
        let error = client.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

/// Pitfall 37: what is secret is not shown by who holds it.
#[test]
fn credentials_do_not_show_their_secrets() {
    let shown = format!(
        "{:?} {:?} {:?} {:?}",
        Credential::bearer("hush"),
        Credential::login("me@example.com", "hush"),
        Token::api_key("hush").expires_in(Duration::from_secs(1)),
        crate::RalpherClient::builder("http://me:hush@h").token("hush"),
    );
    assert!(!shown.contains("hush"), "{shown}");
}
