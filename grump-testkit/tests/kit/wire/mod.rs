//! The types of `grump-wire` speak with a server that shares nothing with them, and read the
//! document's own answers. Both are recorded as coverage.

use grump_testkit::{
    coverage,
    field::{Field, Quirks},
};
use grump_wire::{
    Endpoint,
    endpoint::{RequestBody, ResponseBody, target},
    ralpher::{self, LoopRequest},
};
use reqwest::Client;
use serde::de::DeserializeOwned;

/// An example of the document's.
macro_rules! document {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../grump-wire/src/ralpher/fixtures/document/",
            $name
        ))
    };
}

mod events;
mod examples;
mod life;
mod stored;

/// What speaks to the server, and as which column of the coverage.
struct Speaker {
    field: Field,
    client: Client,
    side: &'static str,
}

impl Speaker {
    async fn to(quirks: Quirks, side: &'static str) -> Self {
        Self {
            field: Field::start(quirks).await.unwrap(),
            client: crate::client(),
            side,
        }
    }

    /// Sends a request as the types write it; the answer's text, if it has the endpoint's status.
    async fn send<E: Endpoint>(
        &self,
        path: &E::Path,
        query: &E::Query,
        body: &E::Body,
    ) -> reqwest::Response {
        let target = target::<E>(path, query).unwrap();
        let url = format!("{}{target}", self.field.url());
        let mut request = self.client.request(E::METHOD.parse().unwrap(), url);
        if let Some(body) = body.write() {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), E::STATUS, "{}", E::NAME);
        response
    }

    /// Sends a request and reads its answer.
    async fn ask<E, T>(&self, path: E::Path, query: E::Query, body: E::Body) -> T
    where
        E: Endpoint<Response: ResponseBody<Value = T>>,
        T: DeserializeOwned,
    {
        let response = self.send::<E>(&path, &query, &body).await;
        let text = response.text().await.unwrap();
        let answer = serde_json::from_str(&text);
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}: {text}", E::NAME));
        self.spoke::<E>();
        answer
    }

    /// Opens a stream and reads what its events tell, until one has this type.
    async fn watch<E: Endpoint>(
        &self,
        path: E::Path,
        query: E::Query,
        body: E::Body,
        until: &str,
    ) -> Vec<String> {
        let mut response = self.send::<E>(&path, &query, &body).await;
        let mut told = String::new();
        while !told.contains(until) {
            let chunk = response.chunk().await.unwrap();
            told.push_str(std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap());
        }
        let kinds = told
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| {
                let event = ralpher::events::decode(data, None).unwrap().event;
                event.kind().to_string()
            });
        self.spoke::<E>();
        kinds.collect()
    }

    fn spoke<E: Endpoint>(&self) {
        coverage::exchange(
            self.side,
            ralpher::NAME,
            E::METHOD,
            E::PATH,
            E::STATUS,
            true,
        );
    }
}

fn request() -> LoopRequest {
    serde_json::from_str(document!("POST_api_loops__request.json")).unwrap()
}
