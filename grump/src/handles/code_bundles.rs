//! Handle of the facet `CodeBundles`.

use grump_core::{BuildBundle, Building, Download, RunRef};

use super::handle;

handle! {
    /// The code of SHIP sessions, to be taken away.
    CodeBundles code_bundles {
        /// Begins to build a bundle; the answer names the job that does.
        CodeBundlesBuild build(request: BuildBundle) -> Building;
        /// Downloads the bundle of a session, piece by piece.
        CodeBundlesDownload download(run: &RunRef) -> Download;
    }
}
