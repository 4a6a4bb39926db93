//! Projects of a Steward server, what it knows about them, how it is set, and who uses it.

use async_trait::async_trait;
use grump_core::{
    Account, Accounts, AgentProvider, ChangelogEntry, Device, Devices, EditProvider, EditSettings,
    Json, LoggedIn, Login, NewDevice, NewProject, Page, PageRequest, Project, ProjectDoc,
    ProjectDocs, ProjectEdit, Projects, Result, ServerParams, Settings, device::DeviceId,
    project::ProjectId,
};
use grump_wire::{
    endpoint::NoPath,
    steward::{self, Changelog, ListDocs, ListProviders, ProjectMap, map},
};

use super::steward::Remote;
use crate::steward::{follow, project_path};

#[async_trait]
impl Projects for Remote {
    async fn list(&self, page: PageRequest) -> Result<Page<Project>> {
        let told = self.0.projects().list_page(map::page_query(page)?).await?;
        let next = map::mark(&told);
        Ok(Page::new(
            told.data.into_iter().map(map::project).collect(),
            next,
        ))
    }

    async fn create(&self, new: NewProject) -> Result<Project> {
        let made = self
            .0
            .projects()
            .make(map::project_request(new), None)
            .await;
        made.map(map::project)
    }

    async fn open(&self, project: &ProjectId) -> Result<Project> {
        let told = self.0.projects().open(project.as_str()).await;
        told.map(map::project)
    }

    async fn edit(&self, edit: ProjectEdit) -> Result<Project> {
        let project = edit.project.as_str().to_owned();
        let edited = self.0.projects().edit(project, map::project_change(edit));
        edited.await.map(map::project)
    }

    async fn archive(&self, project: &ProjectId) -> Result<()> {
        self.0.projects().archive(project.as_str()).await
    }

    async fn reclone(&self, project: &ProjectId) -> Result<()> {
        self.0.projects().reclone(project.as_str()).await.map(drop)
    }

    async fn pull(&self, project: &ProjectId) -> Result<()> {
        self.0.projects().pull(project.as_str()).await.map(drop)
    }

    async fn index(&self, project: &ProjectId) -> Result<()> {
        self.0
            .projects()
            .index_rag(project.as_str())
            .await
            .map(drop)
    }
}

#[async_trait]
impl ProjectDocs for Remote {
    async fn list(&self, project: &ProjectId) -> Result<Vec<ProjectDoc>> {
        let path = project_path(project.as_str())?;
        let docs = follow::<ListDocs, _>(&self.0, path).await?;
        Ok(docs.into_iter().map(map::project_doc).collect())
    }

    async fn open(&self, project: &ProjectId, slug: &str) -> Result<ProjectDoc> {
        let told = self.0.docs().open(project.as_str(), slug).await;
        told.map(map::project_doc)
    }

    async fn map(&self, project: &ProjectId) -> Result<Vec<Json>> {
        let path = project_path(project.as_str())?;
        let rows = follow::<ProjectMap, _>(&self.0, path).await?;
        Ok(rows.into_iter().map(Json::from).collect())
    }

    async fn schema(&self, project: &ProjectId) -> Result<Json> {
        self.0
            .projects()
            .schema(project.as_str())
            .await
            .map(Json::from)
    }

    async fn diagrams(&self, project: &ProjectId) -> Result<String> {
        self.0.projects().diagrams(project.as_str()).await
    }

    async fn changelog(&self, project: &ProjectId) -> Result<Vec<ChangelogEntry>> {
        let path = project_path(project.as_str())?;
        let entries = follow::<Changelog, _>(&self.0, path).await?;
        Ok(entries.into_iter().map(map::changelog_entry).collect())
    }

    async fn regenerate(&self, project: &ProjectId) -> Result<()> {
        self.0.docs().regenerate(project.as_str()).await.map(drop)
    }
}

#[async_trait]
impl Settings for Remote {
    async fn read(&self) -> Result<ServerParams> {
        self.0.settings().read().await.map(map::server_params)
    }

    async fn edit(&self, edit: EditSettings) -> Result<ServerParams> {
        let params = steward::ServerParams(edit.values);
        self.0.settings().edit(params).await.map(map::server_params)
    }

    async fn providers(&self) -> Result<Vec<AgentProvider>> {
        let providers = follow::<ListProviders, _>(&self.0, NoPath {}).await?;
        Ok(providers.into_iter().map(map::provider).collect())
    }

    async fn edit_provider(&self, edit: EditProvider) -> Result<AgentProvider> {
        let edited = self
            .0
            .settings()
            .edit_provider(edit.key, edit.enabled)
            .await;
        edited.map(map::provider)
    }
}

#[async_trait]
impl Devices for Remote {
    async fn register(&self, new: NewDevice) -> Result<Device> {
        let registered = self.0.devices().register(map::device_request(new)).await;
        registered.map(map::device)
    }

    async fn remove(&self, device: &DeviceId) -> Result<()> {
        self.0.devices().remove(device.as_str()).await
    }
}

#[async_trait]
impl Accounts for Remote {
    async fn login(&self, login: Login) -> Result<LoggedIn> {
        let told = self.0.auth().login(login.email, login.password.reveal());
        told.await.map(map::logged_in)
    }

    async fn logout(&self) -> Result<()> {
        self.0.auth().logout().await
    }

    async fn whoami(&self) -> Result<Account> {
        self.0.auth().me().await.map(map::account)
    }
}
