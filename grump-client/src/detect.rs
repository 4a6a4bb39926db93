//! [`detect`]: the dialect of a server.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use grump_core::{Error, ErrorKind, Result};
use grump_http::HttpClient;
use http::{Request, Response, header};
use serde_json::{Map, Value};

/// What an answer to a path shows of a dialect.
struct Probe {
    path: &'static str,
    dialects: fn(&Answer) -> Option<&'static str>,
}

/// An answer, as far as dialects differ in it.
struct Answer {
    status: u16,
    is_problem: bool,
    members: Map<String, Value>,
}

/// Where the dialects differ. (ambiguity X-16; of Steward, which has no health route, the error model
/// of its document)
const PROBES: [Probe; 4] = [
    Probe {
        path: "/api/health",
        dialects: |answer| answer.is_fine_with("healthy").then_some("ralpher"),
    },
    Probe {
        path: "/api/v1/health",
        dialects: |answer| answer.is_fine_with("components").then_some("metaforge"),
    },
    Probe {
        path: "/health",
        dialects: |answer| match answer.is_fine_with("status") {
            true if answer.members.contains_key("services") => Some("grump"),
            // Nothing but `{"status":"ok"}` is what servers of both were seen to say.
            true if answer.is_healthy() => Some("mini-devin"),
            _ => None,
        },
    },
    Probe {
        path: "/api/auth/me",
        dialects: |answer| (answer.status == 401 && answer.is_problem).then_some("steward"),
    },
];

/// How long each answer may take.
const LIMIT: Duration = Duration::from_secs(5);

/// Finds the dialect of the server at this base URL, such as `http://localhost:3000`, and gives the
/// address that [`connect`](crate::connect) takes, such as `ralpher+http://localhost:3000`. Several
/// dialects have the same default address.
///
/// Four paths are read, without a credential, and nothing is changed.
///
/// ```no_run
/// # async fn example() -> grump_core::Result<()> {
/// let address = grump_client::detect("http://localhost:3000").await?;
/// let plane = grump_client::connect(&address)?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `InvalidInput` for what is no URL; `Protocol` where the server speaks no dialect that is known, or
/// several, which the error names; `Transport` or `Timeout` where nothing answers.
pub async fn detect(url: &str) -> Result<String> {
    let http = HttpClient::new(url)?.first_byte(LIMIT).limit(LIMIT);
    let answers = join_all(PROBES.iter().map(|probe| ask(&http, probe))).await;
    if answers.iter().all(Result::is_err) {
        return Err(answers
            .into_iter()
            .find_map(Result::err)
            .unwrap_or_else(unknown));
    }
    let mut found: Vec<_> = answers.into_iter().flatten().flatten().collect();
    match (found.pop(), found.is_empty()) {
        (Some(dialect), true) => Ok(format!("{dialect}+{}", url.trim_end_matches('/'))),
        (Some(dialect), false) => {
            found.push(dialect);
            let message = "the server speaks several dialects";
            Err(Error::new(ErrorKind::Protocol, message)
                .advise("say which one is meant, as in ralpher+http://host:port")
                .with("dialects", found.join(", ")))
        }
        (None, _) => Err(unknown()),
    }
}

async fn ask(http: &HttpClient, probe: &Probe) -> Result<Option<&'static str>> {
    let request = Request::builder().uri(probe.path).body(Bytes::new());
    let request = request.expect("the paths of probes are paths");
    let answer = http.send(request).await?;
    Ok((probe.dialects)(&Answer::of(&answer)))
}

impl Answer {
    fn of(answer: &Response<Bytes>) -> Self {
        let kind = answer.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let members: Map<String, Value> = serde_json::from_slice(answer.body()).unwrap_or_default();
        // Servers in the field put what they say into an envelope, or not. (ambiguity X-01)
        let inner = members.get("data").and_then(Value::as_object).cloned();
        Self {
            status: answer.status().as_u16(),
            is_problem: kind.starts_with("application/problem+json"),
            members: inner.unwrap_or(members),
        }
    }

    /// Whether it is as Mini-Devin says it: with its version, or in its own word.
    fn is_healthy(&self) -> bool {
        let status = self.members.get("status").and_then(Value::as_str);
        self.members.contains_key("version") || status == Some("healthy")
    }

    /// Whether it is a success that has this member, or an outage that does: health is told by 503
    /// too.
    fn is_fine_with(&self, member: &str) -> bool {
        matches!(self.status, 200 | 503) && self.members.contains_key(member)
    }
}

fn unknown() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "the server speaks no dialect that is known",
    )
    .advise("check the address; or name the dialect, as in ralpher+http://host:port")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Tiny, reply};

    /// What is found where these paths answer so, and all others with the page of an application.
    async fn found(answers: &[(&'static str, u16, Value)]) -> Result<String> {
        let answers = answers.to_vec();
        let server = Tiny::start(move |asked, _| {
            let is_asked = |path: &str| asked.is(&format!("GET {path}"));
            let answer = answers.iter().find(|(path, ..)| is_asked(path));
            let Some((_, status, body)) = answer else {
                return reply(200, "<!doctype html>");
            };
            let mut reply = reply(*status, body.to_string());
            if *status == 401 {
                let problem = http::HeaderValue::from_static("application/problem+json");
                reply.headers_mut().insert("content-type", problem);
            }
            reply
        })
        .await;
        let found = detect(&server.url).await;
        assert_eq!(server.header("authorization"), [const { None }; 4]);
        found.map(|address| address.replace(&server.url, "…"))
    }

    #[tokio::test]
    async fn each_dialect_is_found_by_what_only_it_answers() {
        let ralpher = ("/api/health", 200, json!({"healthy": true, "version": "1"}));
        assert_eq!(found(&[ralpher]).await.unwrap(), "ralpher+…");
        let metaforge = json!({"status": "healthy", "components": {}});
        let metaforge = ("/api/v1/health", 200, metaforge);
        assert_eq!(found(&[metaforge]).await.unwrap(), "metaforge+…");
        let grump = json!({"success": true, "data": {"status": "healthy", "services": {}}});
        assert_eq!(found(&[("/health", 503, grump)]).await.unwrap(), "grump+…");
        let devin = ("/health", 200, json!({"status": "healthy", "version": "1"}));
        assert_eq!(found(&[devin]).await.unwrap(), "mini-devin+…");
        let steward = ("/api/auth/me", 401, json!({"title": "Unauthenticated"}));
        assert_eq!(found(&[steward]).await.unwrap(), "steward+…");
    }

    #[tokio::test]
    async fn what_is_not_known_or_not_clear_is_not_guessed() {
        let error = found(&[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        let both = [
            ("/api/health", 200, json!({"healthy": true})),
            ("/api/v1/health", 200, json!({"components": {}})),
        ];
        let error = found(&both).await.unwrap_err();
        assert!(error.to_string().contains("ralpher, metaforge"), "{error}");
    }

    #[tokio::test]
    async fn where_nothing_answers_that_is_the_error() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = detect(&url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
    }
}
