//! Repositories to work on. ("Projects")

use grump_core::Result;
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    steward::{
        ArchitectureDiagrams, ArchiveProject, CloneProject, CreateProject, DatabaseSchema,
        EditProject, IndexProject, ListProjects, OpenProject, Page, PageQuery, Project,
        ProjectChange, ProjectId, ProjectMap, ProjectPath, ProjectRequest, PullProject, Queued,
    },
};
use serde_json::Value;

use super::{ProjectOptions, StewardClient, pages::pages, part};
use crate::page::Pages;

/// Repositories to work on. ("Projects")
#[derive(Clone, Copy, Debug)]
pub struct StewardProjects<'c>(pub(super) &'c StewardClient);

impl StewardProjects<'_> {
    /// List user-accessible projects: all of them, part by part as they are read.
    pub fn list(self) -> Pages<Project> {
        pages::<ListProjects, _>(self.0, NoPath {})
    }

    /// One part of the list.
    pub async fn list_page(self, query: PageQuery) -> Result<Page<Project>> {
        self.0.get::<ListProjects>(NoPath {}, query).await
    }

    /// Create a project; queues clone and initial RAG index.
    pub async fn create(
        self,
        name: impl Into<String>,
        repository_url: impl Into<String>,
        options: ProjectOptions,
    ) -> Result<Project> {
        let body = ProjectRequest {
            name: name.into(),
            repository_url: repository_url.into(),
            default_branch: options.default_branch,
        };
        self.make(body, options.key).await
    }

    pub(crate) async fn make(self, body: ProjectRequest, key: Option<String>) -> Result<Project> {
        self.0.create::<CreateProject>(NoPath {}, body, key).await
    }

    /// Project detail.
    pub async fn open(self, project: impl Into<ProjectId>) -> Result<Project> {
        self.0.get::<OpenProject>(at(project)?, NoQuery {}).await
    }

    /// Update name, description, defaults; what is left out stays.
    pub async fn edit(
        self,
        project: impl Into<ProjectId>,
        change: ProjectChange,
    ) -> Result<Project> {
        self.0.send::<EditProject>(at(project)?, change).await
    }

    /// Soft-delete a project: archive its workspace.
    pub async fn archive(self, project: impl Into<ProjectId>) -> Result<()> {
        let path = at(project)?;
        self.0.get::<ArchiveProject>(path, NoQuery {}).await
    }

    /// Clone again; the project must be in error or archived.
    pub async fn reclone(self, project: impl Into<ProjectId>) -> Result<Queued> {
        self.0.send::<CloneProject>(at(project)?, NoBody).await
    }

    /// Pull the default branch.
    pub async fn pull(self, project: impl Into<ProjectId>) -> Result<Queued> {
        self.0.send::<PullProject>(at(project)?, NoBody).await
    }

    /// Force re-index.
    pub async fn index_rag(self, project: impl Into<ProjectId>) -> Result<Queued> {
        self.0.send::<IndexProject>(at(project)?, NoBody).await
    }

    /// The generated `PROJECT_MAP`, row by row. What a row holds the document does not say.
    pub fn map(self, project: impl Into<ProjectId>) -> Result<Pages<Value>> {
        Ok(pages::<ProjectMap, _>(self.0, at(project)?))
    }

    /// `DATABASE_SCHEMA`. What it holds the document does not say.
    pub async fn schema(self, project: impl Into<ProjectId>) -> Result<Value> {
        let path = at(project)?;
        self.0.get::<DatabaseSchema>(path, NoQuery {}).await
    }

    /// `ARCHITECTURE_DIAGRAMS`, as markdown.
    pub async fn diagrams(self, project: impl Into<ProjectId>) -> Result<String> {
        let path = at(project)?;
        self.0.get::<ArchitectureDiagrams>(path, NoQuery {}).await
    }
}

pub(crate) fn at(project: impl Into<ProjectId>) -> Result<ProjectPath> {
    let project = part("project", project.into())?;
    Ok(ProjectPath { project })
}
