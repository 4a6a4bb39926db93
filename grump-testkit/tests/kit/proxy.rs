//! The fault proxy, between plain sockets.

use std::{
    io::ErrorKind,
    process::Stdio,
    sync::{Arc, Mutex},
};

use grump_testkit::proxy::{
    Answer, At, Cut,
    Direction::{ToClient, ToServer},
    FaultProxy, Plan, Seed,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::Command,
};

/// A server, a proxy before it, and what is needed to talk through both.
struct Line {
    server: TcpListener,
    proxy: FaultProxy,
}

impl Line {
    async fn with(plan: Plan) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = FaultProxy::start(server.local_addr().unwrap())
            .await
            .unwrap();
        proxy.next(plan);
        Self { server, proxy }
    }

    /// Both ends of a connection through the proxy.
    async fn connected(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.proxy.address()).await.unwrap();
        let (serving, _) = self.server.accept().await.unwrap();
        (client, serving)
    }
}

/// All that can be read, and how it ends.
async fn all(from: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut told = Vec::new();
    let ended = from.read_to_end(&mut told).await;
    (
        String::from_utf8(told).unwrap(),
        ended.err().map(|error| error.kind()),
    )
}

async fn exactly(from: &mut TcpStream, text: &str) {
    let mut told = vec![0; text.len()];
    from.read_exact(&mut told).await.unwrap();
    assert_eq!(String::from_utf8(told).unwrap(), text);
}

#[tokio::test]
async fn without_a_plan_all_passes_both_ways_and_ends_pass_too() {
    let line = Line::with(Plan::new()).await;
    let (mut client, mut server) = line.connected().await;
    client.write_all(b"ask").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(all(&mut server).await, ("ask".to_owned(), None));
    server.write_all(b"answer").await.unwrap();
    drop(server);
    assert_eq!(all(&mut client).await, ("answer".to_owned(), None));
}

#[tokio::test]
async fn a_reset_after_some_bytes_is_seen_as_one_by_both_sides() {
    let line = Line::with(Plan::new().cut_at(ToClient, At::bytes(3), Cut::Reset)).await;
    let (mut client, mut server) = line.connected().await;
    server.write_all(b"answer").await.unwrap();
    let reset = Some(ErrorKind::ConnectionReset);
    assert_eq!(all(&mut client).await, ("ans".to_owned(), reset));
    assert_eq!(all(&mut server).await, (String::new(), reset));
}

#[tokio::test]
async fn an_end_after_some_bytes_looks_as_if_all_was_said() {
    let line = Line::with(Plan::new().cut_at(ToClient, At::bytes(3), Cut::End)).await;
    let (mut client, mut server) = line.connected().await;
    client.write_all(b"never read by the server").await.unwrap();
    server.write_all(b"answer").await.unwrap();
    assert_eq!(all(&mut client).await, ("ans".to_owned(), None));
}

#[tokio::test]
async fn a_request_is_cut_in_the_middle() {
    let plan = Plan::new().cut_at(ToServer, At::text("Content-", 1), Cut::End);
    let line = Line::with(plan).await;
    let (mut client, mut server) = line.connected().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        .await
        .unwrap();
    let (told, _) = all(&mut server).await;
    assert_eq!(told, "POST / HTTP/1.1\r\nContent-");
}

#[tokio::test]
async fn a_connection_can_be_cut_before_anything_passes() {
    let line = Line::with(Plan::new().cut_at(ToClient, At::bytes(0), Cut::Reset)).await;
    let (mut client, _server) = line.connected().await;
    let (told, ended) = all(&mut client).await;
    assert_eq!((&*told, ended), ("", Some(ErrorKind::ConnectionReset)));
}

#[tokio::test]
async fn an_open_connection_is_cut_at_a_moment_that_the_test_chooses() {
    let line = Line::with(Plan::new()).await;
    let (mut client, mut server) = line.connected().await;
    server.write_all(b"one").await.unwrap();
    exactly(&mut client, "one").await;
    let connection = line.proxy.connection(1).await;
    connection.cut_at(ToClient, At::text("tw", 1), Cut::End);
    server.write_all(b"two").await.unwrap();
    assert_eq!(all(&mut client).await, ("tw".to_owned(), None));
    connection.closed().await;
}

#[tokio::test]
async fn a_stalled_connection_takes_all_and_tells_nobody_until_it_goes_on() {
    let line = Line::with(Plan::new().stall_at(ToClient, At::bytes(3))).await;
    let (mut client, mut server) = line.connected().await;
    server.write_all(b"answer").await.unwrap();
    exactly(&mut client, "ans").await;
    client.write_all(b"more").await.unwrap();
    drop(server);
    let connection = line.proxy.connection(1).await;
    assert!(connection.is_open());
    assert_eq!((connection.to_client(), connection.to_server()), (3, 0));
    connection.resume();
    exactly(&mut client, "wer").await;
}

#[tokio::test]
async fn both_ways_of_a_stalled_connection_are_still() {
    let line = Line::with(Plan::new()).await;
    let (mut client, mut server) = line.connected().await;
    client.write_all(b"ask").await.unwrap();
    exactly(&mut server, "ask").await;
    line.proxy.stall();
    client.write_all(b"again").await.unwrap();
    server.write_all(b"answer").await.unwrap();
    line.proxy.cut(Cut::End);
    assert_eq!(all(&mut client).await, (String::new(), None));
    assert_eq!(all(&mut server).await, (String::new(), None));
}

#[tokio::test]
async fn a_lost_answer_is_one_to_a_request_that_arrived() {
    let line = Line::with(Plan::new().lose_answer()).await;
    let (mut client, mut server) = line.connected().await;
    client.write_all(b"ask").await.unwrap();
    exactly(&mut server, "ask").await;
    server.write_all(b"answer").await.unwrap();
    let reset = Some(ErrorKind::ConnectionReset);
    assert_eq!(all(&mut client).await, (String::new(), reset));
}

#[tokio::test]
async fn the_answer_to_one_request_is_lost_on_a_connection_that_is_open() {
    let line = Line::with(Plan::new()).await;
    let (mut client, mut server) = line.connected().await;
    line.proxy.lose_answer_to("POST /api/loops ");
    client.write_all(b"GET /api/loops ").await.unwrap();
    exactly(&mut server, "GET /api/loops ").await;
    server.write_all(b"[]").await.unwrap();
    exactly(&mut client, "[]").await;
    client.write_all(b"POST /api/loops ").await.unwrap();
    exactly(&mut server, "POST /api/loops ").await;
    server.write_all(b"{}").await.unwrap();
    assert_eq!(all(&mut client).await.0, "");
}

#[tokio::test]
async fn split_bytes_are_all_there() {
    let line = Line::with(Plan::new().split(ToClient, 1)).await;
    let (mut client, mut server) = line.connected().await;
    let text = "a long answer, in many small pieces. ".repeat(100);
    server.write_all(text.as_bytes()).await.unwrap();
    drop(server);
    assert_eq!(all(&mut client).await, (text, None));
}

#[tokio::test]
async fn a_cut_in_the_middle_of_a_character_leaves_no_utf_8() {
    let line = Line::with(Plan::new().cut_at(ToClient, At::character(1), Cut::End)).await;
    let (mut client, mut server) = line.connected().await;
    server.write_all("data: é".as_bytes()).await.unwrap();
    let mut told = Vec::new();
    client.read_to_end(&mut told).await.unwrap();
    assert_eq!(told, b"data: \xC3");
}

#[tokio::test]
async fn a_piece_passes_twice() {
    let line = Line::with(Plan::new().repeat_at(ToClient, At::text("two", 1))).await;
    let (mut client, mut server) = line.connected().await;
    server.write_all(b"one\n").await.unwrap();
    exactly(&mut client, "one\n").await;
    server.write_all(b"two\n").await.unwrap();
    drop(server);
    assert_eq!(all(&mut client).await, ("two\ntwo\n".to_owned(), None));
}

#[tokio::test]
async fn bytes_that_nobody_sent_pass_too() {
    let plan = Plan::new().garbage_at(ToClient, At::bytes(3), b"???");
    let line = Line::with(plan).await;
    let (mut client, mut server) = line.connected().await;
    server.write_all(b"answer").await.unwrap();
    drop(server);
    assert_eq!(all(&mut client).await, ("ans???wer".to_owned(), None));
}

#[tokio::test]
async fn the_proxy_answers_instead_of_the_server() {
    for (answer, wanted) in [
        (Answer::status(500), "HTTP/1.1 500 Planned\r\n"),
        (Answer::retry_after(429, "1"), "retry-after: 1\r\n"),
        (
            Answer::redirect(307, "http://localhost/"),
            "location: http://localhost/\r\n",
        ),
        (Answer::garbage(b"\0\x01"), "\0\x01"),
    ] {
        let line = Line::with(Plan::new().answer(answer)).await;
        let mut client = TcpStream::connect(line.proxy.address()).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let (told, ended) = all(&mut client).await;
        assert!(told.contains(wanted) && ended.is_none(), "{told:?}");
        assert_eq!(line.proxy.counts().to_server, 0);
    }
}

#[tokio::test]
async fn refused_connections_are_refused_and_open_ones_stay() {
    let line = Line::with(Plan::new()).await;
    let (mut client, mut server) = line.connected().await;
    line.proxy.refuse().await;
    let refused = TcpStream::connect(line.proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    client.write_all(b"ask").await.unwrap();
    exactly(&mut server, "ask").await;
    line.proxy.admit().await.unwrap();
    TcpStream::connect(line.proxy.address()).await.unwrap();
    assert_eq!(line.proxy.connection(2).await.number(), 2);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_reset() {
    let line = Line::with(Plan::new()).await;
    let gone = line.server.local_addr().unwrap();
    drop(line.server);
    line.proxy.retarget(gone);
    let mut client = TcpStream::connect(line.proxy.address()).await.unwrap();
    assert_eq!(all(&mut client).await.1, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn what_passed_is_counted_and_can_be_waited_for() {
    let line = Line::with(Plan::new()).await;
    let (mut client, mut server) = line.connected().await;
    client.write_all(b"GET /events").await.unwrap();
    let asked = line.proxy.asked("/events").await;
    assert_eq!(asked.number(), 1);
    server.write_all(b"data").await.unwrap();
    asked.passed(ToClient, 4).await;
    let counts = line.proxy.until(|counts| counts.to_server == 11).await;
    assert_eq!(
        (counts.connections, counts.open, counts.to_client),
        (1, 1, 4)
    );
    drop((client, server));
    line.proxy.until(|counts| counts.open == 0).await;
}

#[tokio::test]
async fn plans_go_to_connections_in_order_and_then_by_number() {
    let line = Line::with(Plan::new()).await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    line.proxy.each(move |number| {
        seen.lock().unwrap().push(number);
        Seed::new(number).plan(number)
    });
    for _ in 0..3 {
        TcpStream::connect(line.proxy.address()).await.unwrap();
    }
    line.proxy.connection(3).await;
    assert_eq!(*asked.lock().unwrap(), [2, 3]);
}

#[tokio::test]
async fn the_program_obeys_lines_and_answers_each() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_grump-fault-proxy"))
        .arg(server.local_addr().unwrap().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut answers = BufReader::new(program.stdout.take().unwrap()).lines();
    let url = answers.next_line().await.unwrap().unwrap();
    let mut client = TcpStream::connect(&url["http://".len()..]).await.unwrap();
    let mut commands = program.stdin.take().unwrap();
    commands
        .write_all(b"wait connections 1\ncut end\nwhat\nquit\n")
        .await
        .unwrap();
    let mut told = Vec::new();
    while let Some(line) = answers.next_line().await.unwrap() {
        told.push(line);
    }
    assert_eq!(
        &told[..2],
        ["connections=1 open=1 to_server=0 to_client=0", "ok"]
    );
    assert!(told[2].starts_with("error: "), "{told:?}");
    assert_eq!(all(&mut client).await, (String::new(), None));
    assert!(program.wait().await.unwrap().success());
}
