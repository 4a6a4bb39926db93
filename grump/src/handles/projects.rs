//! Handle of the facet `Projects`.

use grump_core::{NewProject, Page, PageRequest, Project, ProjectEdit, ProjectId};

use super::handle;

handle! {
    /// Repositories that the plane keeps a copy of.
    Projects projects {
        /// Lists the projects that the caller may see.
        ProjectsList list(page: PageRequest) -> Page<Project>;
        /// Makes a project.
        ProjectsCreate create(new: NewProject) -> Project;
        /// Reads one project.
        ProjectsOpen open(project: &ProjectId) -> Project;
        /// Changes a project.
        ProjectsEdit edit(edit: ProjectEdit) -> Project;
        /// Takes a project away; what it held is kept.
        ProjectsArchive archive(project: &ProjectId) -> ();
        /// Copies a project's repository anew.
        ProjectsClone reclone(project: &ProjectId) -> ();
        /// Brings a project's default branch up to date.
        ProjectsPull pull(project: &ProjectId) -> ();
        /// Indexes a project's content anew.
        ProjectsIndex index(project: &ProjectId) -> ();
    }
}
