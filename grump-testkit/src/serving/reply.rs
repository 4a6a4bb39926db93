//! [`Asked`] and [`Reply`]: a request as it came, and an answer as it goes.

use std::{borrow::Cow, collections::BTreeMap};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Response, header},
};
use serde_json::Value;

/// A request as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path, as it was sent.
    pub path: String,
    /// The members of its query.
    pub query: BTreeMap<String, String>,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Asked {
    /// The value of a header, where it was sent and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON; `null` where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The parts of the path.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').collect()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<Cow<'static, str>>,
    pub(crate) body: Bytes,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// This value, as JSON.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    /// This text.
    #[must_use]
    pub fn text(
        status: u16,
        content_type: impl Into<Cow<'static, str>>,
        body: impl Into<String>,
    ) -> Self {
        Self::bytes(status, content_type, body.into())
    }

    /// These bytes.
    #[must_use]
    pub fn bytes(
        status: u16,
        content_type: impl Into<Cow<'static, str>>,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            status,
            content_type: Some(content_type.into()),
            body: body.into(),
            headers: Vec::new(),
        }
    }

    /// No body.
    #[must_use]
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            body: Bytes::new(),
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        if let Some(content_type) = &self.content_type {
            response = response.header(header::CONTENT_TYPE, content_type.as_ref());
        }
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let response = response.body(Body::from(self.body));
        response.expect("a test gives statuses and headers that can be sent")
    }
}
