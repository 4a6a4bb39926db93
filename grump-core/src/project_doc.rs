//! [`ProjectDoc`]: a document that a plane keeps about a project; [`ProjectDocs`]: the trait that
//! shows them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    json::{Ext, Json},
    noun::noun,
    plane::{Operation, unsupported},
    project::ProjectId,
    time::Timestamp,
};

noun! {
    /// A document that a plane keeps about a project. (Steward, "Documentation".)
    ProjectDoc {
        /// Its name in addresses.
        slug: String,
        ;
        /// What people call it.
        title: String,
        /// Its text, in Markdown: only where one document is read.
        body: String,
        /// When it was last written.
        updated_at: Timestamp,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// Something that was changed in a project, as its changelog tells it. (Steward,
    /// "Documentation", `changelog`: its members are the plane's.)
    ChangelogEntry {
        ;
        /// When.
        at: Timestamp,
        /// What, in a line.
        title: String,
        /// What, in full.
        body: String,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

/// The facet that shows what a plane knows about a project.
#[async_trait]
pub trait ProjectDocs: Send + Sync + fmt::Debug {
    /// Lists a project's documents, without their text.
    ///
    /// # Errors
    /// `NotFound`.
    async fn list(&self, project: &ProjectId) -> Result<Vec<ProjectDoc>> {
        unsupported(Operation::ProjectDocsList, project)
    }

    /// Reads one document.
    ///
    /// # Errors
    /// `NotFound`.
    async fn open(&self, project: &ProjectId, slug: &str) -> Result<ProjectDoc> {
        unsupported(Operation::ProjectDocsOpen, (project, slug))
    }

    /// The project's map: a row for each thing in it. The members of a row are the plane's.
    ///
    /// # Errors
    /// `NotFound`.
    async fn map(&self, project: &ProjectId) -> Result<Vec<Json>> {
        unsupported(Operation::ProjectDocsMap, project)
    }

    /// The schema of the project's database, in the plane's own shape.
    ///
    /// # Errors
    /// `NotFound`.
    async fn schema(&self, project: &ProjectId) -> Result<Json> {
        unsupported(Operation::ProjectDocsSchema, project)
    }

    /// Diagrams of the project's architecture, in Markdown.
    ///
    /// # Errors
    /// `NotFound`.
    async fn diagrams(&self, project: &ProjectId) -> Result<String> {
        unsupported(Operation::ProjectDocsDiagrams, project)
    }

    /// What was changed in the project, in the plane's order.
    ///
    /// # Errors
    /// `NotFound`.
    async fn changelog(&self, project: &ProjectId) -> Result<Vec<ChangelogEntry>> {
        unsupported(Operation::ProjectDocsChangelog, project)
    }

    /// Writes the project's documents anew. Answers when that is queued.
    ///
    /// # Errors
    /// `NotFound`.
    async fn regenerate(&self, project: &ProjectId) -> Result<()> {
        unsupported(Operation::ProjectDocsRegenerate, project)
    }
}
