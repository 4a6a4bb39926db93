//! What is asked of every server, whatever it speaks.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use serde_json::json;

use crate::{app::App, exchange::json};

/// Whether the process lives.
const ALIVE: &str = "/healthz";
/// Whether it takes work.
const READY: &str = "/readyz";

/// Whether a path is answered without a token.
pub(crate) fn is_open(path: &str) -> bool {
    [ALIVE, READY].contains(&path)
}

/// `/healthz`, `/readyz`, and the document of the dialect at `/openapi.json`.
pub(crate) fn routes(document: Bytes) -> Router<Arc<App>> {
    Router::new()
        .route(
            ALIVE,
            get(async || json(StatusCode::OK, &json!({"status": "ok"}))),
        )
        .route(READY, get(ready))
        .route(
            "/openapi.json",
            get(async move || document_of(document.clone())),
        )
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.is_draining() {
        false => json(StatusCode::OK, &json!({"status": "ready"})),
        true => json(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({"status": "draining"}),
        ),
    }
}

fn document_of(document: Bytes) -> Response {
    let mut response = Response::new(document.into());
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
