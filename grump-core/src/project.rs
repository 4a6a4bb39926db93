//! [`Project`]: a repository that a plane keeps a copy of; [`Projects`]: the trait that manages them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    id::id,
    json::Ext,
    noun::{noun, request, words},
    page::{Page, PageRequest},
    plane::{Operation, unsupported},
    time::Timestamp,
};

id! {
    /// The id of a project.
    ProjectId
}

words! {
    /// Where a project is: `creating → cloning → indexing → ready`, or `error`; `archived` when it
    /// was taken away. From `error` and `archived` it is cloned anew.
    ProjectStatus {
        /// It is being set up.
        "creating" Creating,
        /// Its repository is being copied.
        "cloning" Cloning,
        /// Its content is being indexed.
        "indexing" Indexing,
        /// It can be worked on.
        "ready" Ready,
        /// Setting it up failed.
        "error" Error,
        /// It was taken away; what it held is kept.
        "archived" Archived,
    }
}

noun! {
    /// A repository that a plane keeps a copy of, for runs to work on. (Steward, "Projects".)
    Project {
        /// Its id.
        id: ProjectId,
        ;
        /// What people call it.
        name: String,
        /// Where its repository is.
        repository_url: String,
        /// The branch that runs begin on.
        default_branch: String,
        /// What it is, in words.
        description: String,
        /// Where it is.
        status: ProjectStatus,
        /// When it was made.
        created_at: Timestamp,
        /// When anything about it last changed.
        updated_at: Timestamp,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A project to make. (Steward, "Projects", `POST`.)
    #[derive(PartialEq, Eq)]
    NewProject {
        /// What people call it.
        name: String,
        /// Where its repository is.
        repository_url: String,
        ;
        /// The branch that runs begin on; the repository's own where nothing is said.
        default_branch: String,
    }
}

request! {
    /// What to change about a project; what is `None` stays. (Steward, "Projects", `PUT`.)
    #[derive(PartialEq, Eq)]
    ProjectEdit {
        /// Which.
        project: ProjectId,
        ;
        /// What people call it.
        name: String,
        /// What it is, in words.
        description: String,
        /// The branch that runs begin on.
        default_branch: String,
    }
}

/// The facet that manages projects.
#[async_trait]
pub trait Projects: Send + Sync + fmt::Debug {
    /// Lists the projects that the caller may see.
    ///
    /// # Errors
    /// `Forbidden`, naming the ability that is missing.
    async fn list(&self, page: PageRequest) -> Result<Page<Project>> {
        unsupported(Operation::ProjectsList, page)
    }

    /// Makes a project; the plane begins to copy and index its repository.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn create(&self, new: NewProject) -> Result<Project> {
        unsupported(Operation::ProjectsCreate, new)
    }

    /// Reads one project.
    ///
    /// # Errors
    /// `NotFound`.
    async fn open(&self, project: &ProjectId) -> Result<Project> {
        unsupported(Operation::ProjectsOpen, project)
    }

    /// Changes a project.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput`.
    async fn edit(&self, edit: ProjectEdit) -> Result<Project> {
        unsupported(Operation::ProjectsEdit, edit)
    }

    /// Takes a project away; what it held is kept.
    ///
    /// # Errors
    /// `NotFound`.
    async fn archive(&self, project: &ProjectId) -> Result<()> {
        unsupported(Operation::ProjectsArchive, project)
    }

    /// Copies a project's repository anew: the operation `projects.clone`. Answers when that is
    /// queued.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a project that is neither in error nor archived.
    async fn reclone(&self, project: &ProjectId) -> Result<()> {
        unsupported(Operation::ProjectsClone, project)
    }

    /// Brings a project's default branch up to date. Answers when that is queued.
    ///
    /// # Errors
    /// `NotFound`.
    async fn pull(&self, project: &ProjectId) -> Result<()> {
        unsupported(Operation::ProjectsPull, project)
    }

    /// Indexes a project's content anew. Answers when that is queued.
    ///
    /// # Errors
    /// `NotFound`.
    async fn index(&self, project: &ProjectId) -> Result<()> {
        unsupported(Operation::ProjectsIndex, project)
    }
}
