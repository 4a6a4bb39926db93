//! Documents about a project. ("Documentation")

use grump_core::Result;
use grump_wire::{
    endpoint::{NoBody, NoQuery},
    steward::{
        Changelog, ChangelogEntry, DocPath, ListDocs, ManagedDoc, OpenDoc, ProjectId, Queued,
        RegenerateDocs,
    },
};

use super::{StewardClient, pages::pages, part, projects::at};
use crate::page::Pages;

/// Documents about a project. ("Documentation")
#[derive(Clone, Copy, Debug)]
pub struct StewardDocs<'c>(pub(super) &'c StewardClient);

impl StewardDocs<'_> {
    /// List managed docs and last update timestamps, part by part as they are read.
    pub fn list(self, project: impl Into<ProjectId>) -> Result<Pages<ManagedDoc>> {
        Ok(pages::<ListDocs, _>(self.0, at(project)?))
    }

    /// The markdown body and metadata of a doc.
    pub async fn open(
        self,
        project: impl Into<ProjectId>,
        slug: impl Into<String>,
    ) -> Result<ManagedDoc> {
        let path = DocPath {
            project: at(project)?.project,
            slug: part("doc", slug.into())?,
        };
        self.0.get::<OpenDoc>(path, NoQuery {}).await
    }

    /// The parsed entries of `CHANGELOG_AI.md`, part by part as they are read.
    pub fn changelog(self, project: impl Into<ProjectId>) -> Result<Pages<ChangelogEntry>> {
        Ok(pages::<Changelog, _>(self.0, at(project)?))
    }

    /// Force regenerate all auto-blocks.
    pub async fn regenerate(self, project: impl Into<ProjectId>) -> Result<Queued> {
        self.0.send::<RegenerateDocs>(at(project)?, NoBody).await
    }
}
