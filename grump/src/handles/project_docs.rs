//! Handle of the facet `ProjectDocs`.

use grump_core::{ChangelogEntry, Json, ProjectDoc, ProjectId};

use super::handle;

handle! {
    /// What the plane knows about projects.
    ProjectDocs project_docs {
        /// Lists a project's documents, without their text.
        ProjectDocsList list(project: &ProjectId) -> Vec<ProjectDoc>;
        /// Reads one document.
        ProjectDocsOpen open(project: &ProjectId, slug: &str) -> ProjectDoc;
        /// The project's map: a row for each thing in it.
        ProjectDocsMap map(project: &ProjectId) -> Vec<Json>;
        /// The schema of the project's database.
        ProjectDocsSchema schema(project: &ProjectId) -> Json;
        /// Diagrams of the project's architecture, in Markdown.
        ProjectDocsDiagrams diagrams(project: &ProjectId) -> String;
        /// What was changed in the project.
        ProjectDocsChangelog changelog(project: &ProjectId) -> Vec<ChangelogEntry>;
        /// Writes the project's documents anew.
        ProjectDocsRegenerate regenerate(project: &ProjectId) -> ();
    }
}
