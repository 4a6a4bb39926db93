//! Sockets over a connection in memory, with a clock that stands still while anything can go on.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use grump_core::{Error, ErrorKind, Retry};
use http::HeaderMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message as Wire,
        protocol::{CloseFrame, Role},
    },
};

use super::{Limits, Message, Socket};

const LIMITS: Limits = Limits {
    idle: Duration::from_secs(60),
    message: 4 << 20,
};

/// What the connection holds between the two ends, in bytes.
const PIPE: usize = 4096;

type Server = WebSocketStream<DuplexStream>;

async fn pair(limits: Limits) -> (Socket, Server) {
    let (ours, theirs) = duplex(PIPE);
    let socket = Socket::over(Box::new(ours), Vec::new(), HeaderMap::new(), limits).await;
    let server = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
    (socket, server)
}

async fn bare(limits: Limits) -> (Socket, DuplexStream) {
    let (ours, theirs) = duplex(PIPE);
    let socket = Socket::over(Box::new(ours), Vec::new(), HeaderMap::new(), limits).await;
    (socket, theirs)
}

async fn error(socket: &mut Socket) -> Error {
    let error = socket.next().await.unwrap().unwrap_err();
    assert!(socket.next().await.is_none(), "an error is the last of it");
    error
}

#[tokio::test]
async fn messages_go_both_ways() {
    let (mut socket, mut server) = pair(LIMITS).await;
    socket.send("stop".into()).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Wire::text("stop"));
    server.send(Wire::text("ä")).await.unwrap();
    server.send(Wire::binary(vec![7])).await.unwrap();
    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Message::Text("ä".into())
    );
    let bytes = socket.next().await.unwrap().unwrap();
    assert_eq!(bytes, Message::Binary(vec![7].into()));
}

#[tokio::test]
async fn what_came_with_the_answer_is_not_lost() {
    let (ours, _theirs) = duplex(PIPE);
    let read = b"\x81\x02hi".to_vec();
    let mut socket = Socket::over(Box::new(ours), read, HeaderMap::new(), LIMITS).await;
    assert_eq!(
        socket.next().await.unwrap().unwrap(),
        Message::Text("hi".into())
    );
}

#[tokio::test]
async fn the_server_says_why_it_closes() {
    let (mut socket, mut server) = pair(LIMITS).await;
    let frame = CloseFrame {
        code: 4003.into(),
        reason: "token expired".into(),
    };
    server.close(Some(frame)).await.unwrap();
    let close = Message::Close {
        code: 4003,
        reason: "token expired".into(),
    };
    assert_eq!(socket.next().await.unwrap().unwrap(), close);
    assert!(socket.next().await.is_none());
}

#[tokio::test]
async fn a_close_without_a_reason_has_the_number_for_that() {
    let (mut socket, mut server) = bare(LIMITS).await;
    server.write_all(b"\x88\0").await.unwrap();
    let Message::Close { code, reason } = socket.next().await.unwrap().unwrap() else {
        panic!("it was closed");
    };
    assert_eq!((code, &*reason), (1005, ""));
}

#[tokio::test]
async fn a_goodbye_waits_for_the_answer() {
    let (mut socket, mut server) = pair(LIMITS).await;
    socket.send("last".into()).await.unwrap();
    let served = tokio::spawn(async move {
        assert_eq!(server.next().await.unwrap().unwrap(), Wire::text("last"));
        let Wire::Close(Some(frame)) = server.next().await.unwrap().unwrap() else {
            panic!("it was closed");
        };
        assert!(server.next().await.is_none());
        u16::from(frame.code)
    });
    socket.close().await.unwrap();
    assert_eq!(served.await.unwrap(), 1000);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_say_goodbye_is_left() {
    let (socket, _server) = bare(LIMITS).await;
    assert_eq!(socket.close().await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn dropping_it_closes_the_connection() {
    let (socket, mut server) = pair(LIMITS).await;
    let (sender, receiver) = socket.split();
    drop(sender);
    server.send(Wire::text("still there")).await.unwrap();
    drop(receiver);
    let mut last = None;
    while let Some(Ok(message)) = server.next().await {
        last = Some(message);
    }
    let Some(Wire::Close(Some(frame))) = last else {
        panic!("it says goodbye where it need not wait for it: {last:?}");
    };
    assert_eq!(u16::from(frame.code), 1001);
}

#[tokio::test]
async fn a_socket_that_is_only_written_to_lives() {
    let (socket, mut server) = pair(LIMITS).await;
    let (mut sender, receiver) = socket.split();
    drop(receiver);
    for _ in 0..1000 {
        server.send(Wire::text("nobody reads this")).await.unwrap();
    }
    sender.send("on".into()).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), Wire::text("on"));
}

/// Pitfall 11: a heartbeat is answered whatever the consumer does.
#[tokio::test]
async fn pings_are_answered_while_nobody_reads() {
    let (mut socket, mut server) = pair(LIMITS).await;
    for n in 0..10_u8 {
        server.send(Wire::text("wait")).await.unwrap();
        server.send(Wire::Ping(vec![n].into())).await.unwrap();
        let pong = server.next().await.unwrap().unwrap();
        assert_eq!(pong, Wire::Pong(vec![n].into()));
    }
    for _ in 0..10 {
        assert_eq!(
            socket.next().await.unwrap().unwrap(),
            Message::Text("wait".into())
        );
    }
}

/// Pitfall 14: what a slow consumer does not take stays with the server. And waiting for it is not
/// the server's silence.
#[tokio::test(start_paused = true)]
async fn a_slow_consumer_slows_the_socket() {
    let (mut socket, mut server) = pair(LIMITS).await;
    let text = "x".repeat(64 << 10);
    let mut sent = 0;
    let minute = Duration::from_secs(60);
    while timeout(minute * 10, server.send(Wire::text(text.clone())))
        .await
        .is_ok()
    {
        sent += 1;
    }
    assert!(
        (16..=18).contains(&sent),
        "{sent} of 64 KiB each were read ahead"
    );
    let reading = async {
        for _ in 0..=sent {
            let message = socket.next().await.unwrap().unwrap();
            assert!(matches!(message, Message::Text(read) if read == *text));
        }
    };
    tokio::join!(reading, async { server.flush().await.unwrap() });
}

#[tokio::test(start_paused = true)]
async fn small_messages_are_read_ahead_up_to_a_number() {
    let (_socket, mut server) = pair(LIMITS).await;
    let mut sent = 0;
    while timeout(LIMITS.idle, server.send(Wire::text("x")))
        .await
        .is_ok()
    {
        sent += 1;
    }
    assert!(sent < 256 + 1 + 16_384 / 3 + PIPE, "{sent}");
}

#[tokio::test]
async fn a_message_larger_than_what_is_read_ahead_arrives() {
    let (mut socket, mut server) = pair(LIMITS).await;
    let text = "x".repeat(3 << 20);
    let sent = text.clone();
    tokio::spawn(async move {
        for _ in 0..3 {
            server.send(Wire::text(sent.clone())).await.unwrap();
        }
    });
    for _ in 0..3 {
        let message = socket.next().await.unwrap().unwrap();
        assert!(matches!(message, Message::Text(read) if read == *text));
    }
}

/// Pitfall 11: a half-open connection is noticed.
#[tokio::test(start_paused = true)]
async fn silence_is_noticed() {
    let (mut socket, _server) = bare(LIMITS).await;
    let error = error(&mut socket).await;
    assert_eq!(error.kind(), ErrorKind::Stalled);
    assert_eq!(error.retry(), Retry::Safe);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_pings_may_have_nothing_to_say() {
    let (mut socket, mut server) = pair(LIMITS).await;
    let answering = tokio::spawn(async move { while server.next().await.is_some() {} });
    timeout(LIMITS.idle * 10, socket.next()).await.unwrap_err();
    drop(socket);
    answering.await.unwrap();
}

/// Pitfall 25: there is a limit, and it has a name.
#[tokio::test]
async fn a_message_that_is_too_long_is_an_error_that_says_so() {
    let limits = Limits {
        message: 1000,
        ..LIMITS
    };
    let (mut socket, mut server) = pair(limits).await;
    server.send(Wire::text("x".repeat(1001))).await.unwrap();
    let error = error(&mut socket).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(
        error.to_string().contains("a message is too long"),
        "{error}"
    );
    assert!(error.to_string().contains("limit: 1000 bytes"), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error() {
    let (mut socket, server) = bare(LIMITS).await;
    drop(server);
    let broke = error(&mut socket).await;
    assert_eq!(broke.kind(), ErrorKind::Transport);
    let refused = socket.send("hello?".into()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn bytes_that_are_no_frames_are_an_error() {
    for bytes in [
        &b"HTTP/1.1 200 OK\r\n".repeat(9)[..],
        b"\x81\x01\xff",
        b"\x83\x00",
    ] {
        let (mut socket, mut server) = bare(LIMITS).await;
        server.write_all(bytes).await.unwrap();
        assert_eq!(error(&mut socket).await.kind(), ErrorKind::Protocol);
    }
}

/// A server that does not read until it has written, and so would wait for ever on a client that
/// does the same.
#[tokio::test]
async fn reading_goes_on_while_the_server_takes_nothing() {
    let (socket, mut server) = bare(LIMITS).await;
    let (mut sender, mut receiver) = socket.split();
    let writing = tokio::spawn(async move { sender.send("x".repeat(PIPE * 4)).await });
    server.write_all(b"\x81\x02hi").await.unwrap();
    assert_eq!(
        receiver.next().await.unwrap().unwrap(),
        Message::Text("hi".into())
    );
    let mut taken = vec![0; PIPE * 4];
    server.read_exact(&mut taken).await.unwrap();
    writing.await.unwrap().unwrap();
}
