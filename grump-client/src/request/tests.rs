//! What every request goes through, against a server.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use grump_core::{ErrorKind, Retry};
use grump_testkit::proxy::{At, Direction::ToClient, FaultProxy, Plan};

use crate::{
    ClientBuilder,
    testing::{
        Client, Events, File, Open, Read, Start, Tiny, asking, builder, builder_at, endless, fine,
        reply, with,
    },
};

const SOON: Duration = Duration::from_millis(50);

fn client(server: &Tiny) -> Client {
    builder(server).build().unwrap()
}

/// A server whose answers have these statuses, one after the other, then 200.
async fn answering(statuses: &'static [u16]) -> Tiny {
    Tiny::start(|_, before| match statuses.get(before) {
        Some(status) => reply(*status, "no"),
        None => fine(),
    })
    .await
}

#[tokio::test]
async fn a_request_has_an_id_which_is_the_same_for_all_its_tries() {
    let server = answering(&[429, 429]).await;
    client(&server).get::<Read>().await.unwrap();
    client(&server).get::<Read>().await.unwrap();
    let ids = server.header("x-request-id");
    assert!(ids[0].is_some());
    assert_eq!(ids[0..2], ids[1..3]);
    assert_ne!(ids[2], ids[3]);
}

#[tokio::test]
async fn an_error_names_the_request_as_the_server_does() {
    let server = Tiny::start(|asked, _| match asked.line.as_str() {
        "GET /read" => with(reply(404, "no"), "x-correlation-id", "theirs"),
        _ => reply(404, "no"),
    })
    .await;
    let theirs = client(&server).get::<Read>().await.unwrap_err();
    let ours = client(&server).get::<Open>().await.unwrap_err();
    let id = |error: &grump_core::Error| error.remote_detail().unwrap().request_id.clone();
    assert_eq!(id(&theirs).as_deref(), Some("theirs"));
    assert_eq!(id(&ours), server.header("x-request-id")[1]);
}

#[tokio::test]
async fn who_asks_and_in_which_trace_is_passed_on() {
    let server = Tiny::start(|_, _| fine()).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let builder = builder(&server).trace_parent(move || Some(parent.to_owned()));
    let named = builder.clone().user_agent("mine/1");
    builder.build().unwrap().get::<Read>().await.unwrap();
    named.build().unwrap().get::<Read>().await.unwrap();
    assert_eq!(
        server.header("traceparent"),
        vec![Some(parent.to_owned()); 2]
    );
    let agents = server.header("user-agent");
    assert!(agents[0].as_ref().unwrap().starts_with("grump-client/"));
    assert_eq!(agents[1].as_deref(), Some("mine/1"));
}

#[tokio::test]
async fn who_wants_to_know_is_told_of_each_retry() {
    let server = answering(&[429, 429]).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    let client = builder(&server).on_retry(move |retrying| {
        let kind = retrying.error.kind();
        log.lock()
            .unwrap()
            .push((retrying.operation, retrying.tries, kind));
    });
    client.build().unwrap().get::<Start>().await.unwrap();
    let once = |tries| ("runs.list", tries, ErrorKind::RateLimited);
    assert_eq!(*told.lock().unwrap(), [once(1), once(2)]);
}

#[tokio::test]
async fn an_outage_that_says_when_it_ends_has_done_nothing() {
    let server = Tiny::start(|_, before| match before {
        0 => with(reply(503, "no"), "retry-after", "0"),
        _ => fine(),
    })
    .await;
    client(&server).get::<Start>().await.unwrap();
    assert_eq!(server.lines(), ["POST /start"; 2]);
}

/// A request has a time for all its tries, however often it may be tried.
#[tokio::test]
async fn tries_end_when_their_time_is_over() {
    let server = Tiny::start(|_, _| reply(429, "no")).await;
    let client = builder(&server).retries(1_000_000).total_timeout(SOON);
    let error = client.build().unwrap().get::<Read>().await.unwrap_err();
    assert!(matches!(
        (error.kind(), error.retry()),
        (ErrorKind::RateLimited, Retry::Exhausted) | (ErrorKind::Timeout, _)
    ));
}

/// Pitfall 12: the wait for the first byte has a time of its own, and a read is tried again.
#[tokio::test]
async fn a_read_whose_answer_does_not_begin_is_sent_again() {
    let server = Tiny::start(|_, _| fine()).await;
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    proxy.next(Plan::new().stall_at(ToClient, At::bytes(0)));
    let client = builder_at(&proxy.url()).first_byte_timeout(SOON);
    client.build().unwrap().get::<Read>().await.unwrap();
    assert!(proxy.counts().connections > 1);
}

/// Pitfall 12: an answer that begins in time may still not end in time.
#[tokio::test]
async fn an_answer_that_does_not_end_is_given_up() {
    let server = Tiny::start(|_, _| reply(200, endless())).await;
    let client = builder(&server).request_timeout(SOON).retries(0);
    let error = client.build().unwrap().get::<Start>().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Timeout, Retry::MaybeApplied)
    );
}

#[tokio::test]
async fn an_answer_is_there_as_it_came_whatever_it_is() {
    let server = Tiny::start(|asked, _| match asked.line.as_str() {
        "GET /read" => with(reply(418, "<p>no"), "content-type", "text/html"),
        _ => with(fine(), "x-request-id", "theirs"),
    })
    .await;
    let client = client(&server);
    let refused = client.caller.raw(asking::<Read>()).await.unwrap();
    assert_eq!((refused.status(), &*refused.text()), (418, "<p>no"));
    assert_eq!(refused.header("Content-Type"), Some("text/html"));
    assert!(refused.json::<serde_json::Value>().is_err());
    let fine = client.caller.raw(asking::<Open>()).await.unwrap();
    assert!(fine.is_success());
    assert_eq!(fine.json::<serde_json::Value>().unwrap()["fine"], true);
    assert_eq!(fine.request_id(), Some("theirs"));
}

#[tokio::test]
async fn a_download_says_what_it_is_and_comes_piece_by_piece() {
    let disposition = "attachment; filename=\"code.zip\"";
    let server = Tiny::start(move |_, _| {
        let file = with(reply(200, "abcde"), "content-type", "application/zip");
        with(file, "content-disposition", disposition)
    })
    .await;
    let download = client(&server)
        .caller
        .download(asking::<File>())
        .await
        .unwrap();
    assert_eq!(download.content_type(), Some("application/zip"));
    assert_eq!(download.file_name(), Some("code.zip"));
    let (mut written, mut told) = (Vec::new(), None);
    let progress = |done, total| told = Some((done, total));
    assert_eq!(download.write_to(&mut written, progress).await.unwrap(), 5);
    assert_eq!(
        (written.as_slice(), told),
        (&b"abcde"[..], Some((5, Some(5))))
    );
}

#[tokio::test]
async fn a_download_that_is_refused_is_the_dialects_error() {
    let server = Tiny::start(|_, _| reply(404, "there is no such file")).await;
    let error = client(&server)
        .caller
        .download(asking::<File>())
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "runs.list: there is no such file");
}

#[tokio::test]
async fn a_download_that_falls_silent_is_an_error() {
    let server = Tiny::start(|_, _| reply(200, endless())).await;
    let client = builder(&server).idle_timeout(SOON).build().unwrap();
    let mut download = client.caller.download(asking::<File>()).await.unwrap();
    download.next().await.unwrap().unwrap();
    let error = download.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(download.next().await.is_none());
}

/// A server whose answers begin and do not end, behind what counts its connections.
async fn counted() -> (Tiny, FaultProxy, ClientBuilder<Client>) {
    let server = Tiny::start(|asked, _| {
        let kind = match asked.line.as_str() {
            "GET /events" => "text/event-stream",
            _ => "application/json",
        };
        with(reply(200, endless()), "content-type", kind)
    })
    .await;
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    let builder = builder_at(&proxy.url());
    (server, proxy, builder)
}

#[tokio::test]
async fn a_request_that_is_cancelled_leaves_no_connection() {
    let (_server, proxy, builder) = counted().await;
    let client = builder.build().unwrap();
    let asking = client.clone();
    let task = tokio::spawn(async move { asking.get::<Read>().await });
    proxy.until(|counts| counts.to_client > 0).await;
    task.abort();
    proxy
        .until(|counts| counts.connections == 1 && counts.open == 0)
        .await;
    drop(client);
}

#[tokio::test]
async fn a_stream_or_download_that_is_dropped_leaves_no_connection() {
    let (_server, proxy, builder) = counted().await;
    let client = builder.build().unwrap();
    let mut events = client.caller.listen(asking::<Events>()).await.unwrap();
    let mut file = client.caller.download(asking::<File>()).await.unwrap();
    events.next().await.unwrap().unwrap();
    file.next().await.unwrap().unwrap();
    assert_eq!(proxy.counts().open, 2);
    drop((events, file));
    proxy.until(|counts| counts.open == 0).await;
    drop(client);
}

#[tokio::test]
async fn a_client_that_is_dropped_leaves_no_connection() {
    let server = Tiny::start(|_, _| fine()).await;
    let proxy = FaultProxy::start(server.address()).await.unwrap();
    let client = builder_at(&proxy.url()).build().unwrap();
    client.get::<Read>().await.unwrap();
    client.get::<Read>().await.unwrap();
    assert_eq!(proxy.counts().connections, 1);
    drop(client);
    proxy.until(|counts| counts.open == 0).await;
}
