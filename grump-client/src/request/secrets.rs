//! Pitfall 37: what is secret stands in no log, error, `Debug` or URL that is told of.

use std::{
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::StreamExt;
use grump_core::{Error, Result};
use log::{LevelFilter, Log, Metadata, Record};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    ClientBuilder, Credential, Token,
    testing::{
        Client, Events, File, Query, Read, Reply, Start, Tiny, asking, builder, builder_at,
        endless, fine, reply, with,
    },
};

const SECRETS: [&str; 4] = [
    "s3cr3t-t0ken",
    "s3cr3t-k3y",
    "s3cr3t-passw0rd",
    "s3cr3t-log1n",
];

/// Everything that was told, by whichever way.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    fn say(&self, value: &impl Debug) {
        let mut told = self.0.lock().unwrap();
        told.extend(format!("{value:?} {value:#?}\n").into_bytes());
    }

    fn fails(&self, result: &Result<impl Debug>) {
        if let Err(error) = result {
            self.0
                .lock()
                .unwrap()
                .extend(error.to_string().into_bytes());
        }
        self.say(result);
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Told {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log for Told {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}\n", record.target(), record.args());
        self.0.lock().unwrap().extend(line.into_bytes());
    }

    fn flush(&self) {}
}

/// Writes down whatever is logged, by `tracing` or by `log`, at any level.
fn everything() -> Told {
    let told = Told::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(told.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log::set_logger(Box::leak(Box::new(told.clone()))).unwrap();
    log::set_max_level(LevelFilter::Trace);
    told
}

/// A server that does everything that is told of: it succeeds, fails, refuses, hangs up and falls
/// silent, and repeats what it was shown in its errors.
async fn server() -> Tiny {
    Tiny::start(|asked, before| {
        let shown = [
            asked.header("authorization"),
            asked.header("x-api-key"),
            asked.line.as_str(),
        ];
        let shown = shown.join(" ");
        match (asked.line.as_str(), before % 6) {
            ("POST /login", _) => reply(200, r#"{"token":"s3cr3t-log1n","expires_in":3600}"#),
            (_, 0) => reply(401, format!("who is {shown}?")),
            (_, 1) => reply(403, format!("not for {shown}")),
            (_, 2) => reply(500, format!("panic at {shown}")),
            ("GET /events", _) => with(reply(200, endless()), "content-type", "text/event-stream"),
            ("GET /file", _) => reply(200, endless()),
            (_, 3) => with(
                reply(200, format!("<p>{shown}")),
                "content-type",
                "text/html",
            ),
            (_, 4) => broken(),
            _ => fine(),
        }
    })
    .await
}

/// A body that breaks off.
fn broken() -> Reply {
    let pieces = [Ok("{"), Err(io::Error::other("the disk is full"))];
    reply(
        200,
        axum::body::Body::from_stream(futures::stream::iter(pieces)),
    )
}

/// What users know, in each way in which it can be said.
fn credentials() -> Vec<Credential> {
    let callback = || async { Ok(Token::bearer("s3cr3t-t0ken").expires_in(Duration::ZERO)) };
    let fails = || async { Err(Error::new(grump_core::ErrorKind::Remote, "no vault")) };
    vec![
        Credential::bearer("s3cr3t-t0ken"),
        Credential::api_key("s3cr3t-k3y"),
        Credential::login("me@example.com", "s3cr3t-passw0rd"),
        Credential::callback(callback),
        Credential::callback(fails),
    ]
}

async fn everything_is_asked(told: &Told, client: &Client) {
    for _ in 0..6 {
        told.fails(&client.get::<Read>().await);
        told.fails(&client.get::<Start>().await);
        told.fails(&client.get::<Query>().await);
        told.fails(&client.caller.raw(asking::<Read>()).await);
        for asked in [
            client.caller.listen(asking::<Events>()).await,
            client.caller.open(asking::<Events>(), Duration::MAX).await,
        ] {
            told.say(&asked);
            if let Ok(mut events) = asked {
                told.say(&events.next().await);
            }
        }
        match client.caller.download(asking::<File>()).await {
            Ok(mut file) => {
                told.say(&file);
                told.say(&file.next().await);
            }
            Err(error) => told.say(&error),
        }
        told.fails(&client.caller.socket(asking::<Query>()).await);
    }
}

fn settings(told: &Told, builder: &ClientBuilder<Client>) {
    told.say(builder);
    told.say(&crate::RalpherClient::builder("http://me:s3cr3t-k3y@h").token("s3cr3t-t0ken"));
    told.fails(&crate::RalpherClient::new("http://me:s3cr3t-k3y@h"));
    told.fails(&crate::connect("ralpher+http://me:s3cr3t-k3y@h"));
    told.fails(&crate::connect("ralpher+ftp://h?token=s3cr3t-k3y"));
    told.fails(&crate::connect_with_token(
        "ralpher+http://h",
        "s3cr3t-t0ken\n",
    ));
    told.say(&Token::bearer("s3cr3t-t0ken"));
}

/// Pitfall 37: whatever is done with a credential, and whatever goes wrong, it is told nowhere.
#[tokio::test]
async fn no_secret_is_told() {
    let told = everything();
    let server = server().await;
    for credential in credentials() {
        told.say(&credential);
        let builder = builder(&server).credential(credential.clone());
        settings(&told, &builder);
        let client = builder.idle_timeout(Duration::from_millis(50));
        let client = client.build().unwrap();
        everything_is_asked(&told, &client).await;
        told.say(&client);
        // Where nobody answers.
        let nobody = builder_at("http://127.0.0.1:1").credential(credential);
        told.fails(&nobody.build().unwrap().get::<Query>().await);
    }
    let text = told.text();
    assert!(
        text.contains("s3cr3t") || text.contains("[secret]"),
        "nothing was repeated"
    );
    for secret in SECRETS {
        let found = text
            .find(secret)
            .map(|at| &text[at.saturating_sub(300)..at + secret.len()]);
        assert_eq!(found, None);
    }
    let shown = format!("{:?}", server.asked());
    assert!(
        SECRETS.iter().all(|secret| shown.contains(secret)),
        "they were all shown"
    );
}
