//! The contract server itself, spoken to by a plain HTTP client.

use grump_testkit::contract::Contract;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

mod checks;
mod grump;
mod metaforge;
mod mini_devin;
mod oddities;
mod program;
mod ralpher;
mod socket;
mod steward;

/// A server, and someone who speaks to it with its credential.
struct Speaker {
    server: Contract,
    http: Client,
    token: Option<String>,
}

impl Speaker {
    async fn to(dialect: &str) -> Self {
        let server = Contract::start(dialect).await;
        let token = match dialect {
            "ralpher" | "metaforge" => None,
            _ => Some(server.token()),
        };
        Self {
            server,
            http: crate::client(),
            token,
        }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        let request = self.http.request(method, self.server.url() + path);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The status and the JSON that answer; null where it is none.
    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        answered(request).await
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.ask("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{value}");
        value
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, value) = self.ask("POST", path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {value}");
        value
    }

    /// What a stream tells until it ends.
    async fn stream(&self, method: &str, path: &str, body: Value) -> String {
        let mut request = self
            .request(method, path)
            .header("accept", "text/event-stream");
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        response.text().await.unwrap()
    }

    fn clean(&self) {
        assert_eq!(self.server.violations(), Vec::<String>::new());
    }
}

async fn answered(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// An example of the document's.
fn example(dialect: &str, name: &str) -> Value {
    let found =
        Contract::examples(dialect).find(|(known, _)| known.strip_suffix(".json") == Some(name));
    serde_json::from_str(found.unwrap_or_else(|| panic!("{name}")).1).unwrap()
}

/// The same members in the same order, with these values put in.
fn with(mut example: Value, values: impl Into<Value>) -> Value {
    let values = values.into();
    for (name, value) in values.as_object().unwrap() {
        assert!(
            example.get(name).is_some(),
            "{name} is no member of the example"
        );
        example[name] = value.clone();
    }
    example
}
