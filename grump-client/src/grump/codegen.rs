//! [`Codegen`]: code to take away.

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use grump_core::{Error, ErrorKind, Result};
use grump_wire::{
    endpoint::{NoBody, NoQuery},
    grump::{BundleFormat, BundleJob, DownloadCode, GenerateCode, SessionId},
};
use serde_json::{Map, Value};

use super::{CodegenOptions, GrumpClient, ship::at};
use crate::{Download, caller::Asking};

/// Code to take away. (G-Rump, "Code Generation Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Codegen<'c>(pub(super) &'c GrumpClient);

impl Codegen<'_> {
    /// Generate code from a completed SHIP session. The answer names a job:
    /// [`download`](Self::download) takes the session again, when that job is completed. Of two jobs
    /// for one session the last one is what is downloaded. (G-Rump, "Generate Code")
    pub async fn generate(
        &self,
        session_id: impl Into<SessionId>,
        options: CodegenOptions,
    ) -> Result<BundleJob> {
        self.0
            .send::<GenerateCode>(at(session_id)?, options.0)
            .await
    }

    /// Download generated code, as it comes. The form is that of the request that generated it, and
    /// its content type says which: naming it here only says what is accepted. (G-Rump, "Get
    /// Generated Code")
    pub async fn download(
        &self,
        session_id: impl Into<SessionId>,
        format: impl Into<Option<BundleFormat>>,
    ) -> Result<Download> {
        let mut asking = Asking::<DownloadCode>::of(at(session_id)?, NoQuery {}, NoBody);
        asking.header = Some(("accept", accepted(format.into())));
        self.0.caller.download(asking).await
    }

    /// Retrieve generated code of at most so many bytes, in whatever form it has. (G-Rump, "Get
    /// Generated Code")
    pub async fn retrieve(&self, session_id: impl Into<SessionId>, limit: u64) -> Result<Bundle> {
        let download = self.download(session_id, None).await?;
        Bundle::of(download.limit(limit)).await
    }
}

/// The content types of a form. (ambiguity G-12)
const fn accepted(format: Option<BundleFormat>) -> &'static str {
    match format {
        Some(BundleFormat::Zip) => "application/zip",
        Some(BundleFormat::Json | BundleFormat::Files) => "application/json",
        None => "application/zip, application/json",
    }
}

/// Generated code. (G-Rump, "Get Generated Code")
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Bundle {
    /// A zip file.
    Zip(Bytes),
    /// JSON with file contents.
    Contents(Map<String, Value>),
    /// Array of file objects.
    Files(Vec<Value>),
}

impl Bundle {
    /// Reads a download to its end. What it is, its content type says. (ambiguity G-12)
    ///
    /// # Errors
    /// As the download; `Protocol` for JSON that is neither object nor array.
    pub async fn of(mut download: Download) -> Result<Self> {
        let is_json = download
            .content_type()
            .is_some_and(|content_type| content_type.contains("json"));
        let mut whole = BytesMut::new();
        while let Some(piece) = download.next().await {
            whole.extend_from_slice(&piece?);
        }
        match is_json {
            true => Self::of_json(&whole),
            false => Ok(Self::Zip(whole.freeze())),
        }
    }

    fn of_json(text: &[u8]) -> Result<Self> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(contents)) => Ok(Self::Contents(contents)),
            Ok(Value::Array(files)) => Ok(Self::Files(files)),
            Ok(_) => Err(strange()),
            Err(error) => Err(strange().caused_by(error)),
        }
    }
}

fn strange() -> Error {
    let message = "the generated code is neither a JSON object nor an array";
    Error::new(ErrorKind::Protocol, message)
}
