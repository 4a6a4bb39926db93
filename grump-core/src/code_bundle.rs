//! Code bundles: the code of a SHIP session, to be taken away; [`CodeBundles`]: the trait that
//! builds and downloads them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    download::Download,
    error::Result,
    json::Ext,
    noun::{noun, request, words},
    plane::{Operation, unsupported},
    run::RunRef,
    status::Status,
};

words! {
    /// The form that code is given in. (G-Rump, "Get Generated Code".)
    BundleFormat {
        /// A zip archive.
        "zip" Zip,
        /// JSON with the contents of the files.
        "json" Json,
        /// A JSON array of files.
        "files" Files,
    }
}

impl BundleFormat {
    /// The content type that a bundle of this form arrives in.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Zip => Some("application/zip"),
            Self::Json | Self::Files => Some("application/json"),
            Self::Other(_) => None,
        }
    }
}

request! {
    /// A bundle to build. (G-Rump, "Generate Code".)
    #[derive(PartialEq, Eq)]
    BuildBundle {
        /// The session whose code it is; it must be completed.
        run: RunRef,
        ;
        /// The form to give it in.
        format: BundleFormat,
        /// Where to put it, on the plane's machine.
        output_dir: String,
        /// Whether tests are written too.
        tests: bool,
        /// Whether documentation is written too.
        docs: bool,
    }
}

noun! {
    /// A bundle is being built.
    Building {
        /// The job that builds it: watch it, and download when it is completed.
        job: RunRef,
        ;
        /// Where the job is.
        status: Status,
        /// How long it will take, in the plane's words: `2m`.
        estimated_time: String,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that builds the code of a SHIP session, and downloads it.
#[async_trait]
pub trait CodeBundles: Send + Sync + fmt::Debug {
    /// Begins to build a bundle.
    ///
    /// # Behaviour
    /// - Two bundles of one session are not told apart when they are downloaded: the last one is.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput` or `Conflict` for a session that is not completed.
    async fn build(&self, request: BuildBundle) -> Result<Building> {
        unsupported(Operation::CodeBundlesBuild, request)
    }

    /// Downloads the bundle of a session. Its content type says which form it has.
    ///
    /// # Errors
    /// `NotFound`, or `Conflict`, where it is not built yet.
    async fn download(&self, run: &RunRef) -> Result<Download> {
        unsupported(Operation::CodeBundlesDownload, run)
    }
}
