//! The facets of a G-Rump plane that are one request for each call.

use async_trait::async_trait;
use grump_core::{
    AccountUsage, Accounts, AgentAnswer, AgentInfo, Agents, AnalyzeWorkspace, Architecture,
    BuildBundle, Building, ChatRequest, Chats, CodeBundles, CompileIntent, Designs, Download,
    EventStream, Health, Json, NewArchitecture, NewPrd, NewWebhook, Prd, Result, RunAgent, RunRef,
    System, Tier, Webhook, WebhookId, Webhooks,
};
use grump_wire::{
    endpoint::NoPath,
    grump::{
        self, AnalyzeWorkspace as Analyze, CompileIntent as Compile, GenerateArchitecture,
        GenerateCode, GeneratePrd, RegisterWebhook, RunAgent as RunTask, map,
    },
};

use super::{
    grump::{Remote, session},
    grump_chat,
};
use crate::grump::{check, ship_path};

#[async_trait]
impl Chats for Remote {
    async fn send(&self, request: ChatRequest) -> Result<EventStream> {
        grump_chat::send(&self.client, map::wire_chat(request)?).await
    }
}

#[async_trait]
impl CodeBundles for Remote {
    async fn build(&self, request: BuildBundle) -> Result<Building> {
        let run = request.run.clone();
        let path = ship_path(session(&run)?)?;
        let request = map::wire_build(request)?;
        let format = request.format;
        let job = self.client.send::<GenerateCode>(path, request).await?;
        self.note(&run.id, |noted| noted.format = format);
        Ok(map::building(job))
    }

    async fn download(&self, run: &RunRef) -> Result<Download> {
        let format = self.begun(&run.id).format;
        let file = self
            .client
            .codegen()
            .download(session(run)?, format)
            .await?;
        Ok(file.into_domain())
    }
}

#[async_trait]
impl Designs for Remote {
    async fn generate_architecture(&self, new: NewArchitecture) -> Result<Architecture> {
        let request = map::wire_new_architecture(new);
        let told = self.client.work::<GenerateArchitecture>(NoPath {}, request);
        told.await.map(map::architecture)
    }

    async fn analyze_workspace(&self, request: AnalyzeWorkspace) -> Result<Json> {
        let request = map::wire_workspace(request);
        let told = self.client.work::<Analyze>(NoPath {}, request);
        told.await.map(map::answer)
    }

    async fn generate_prd(&self, new: NewPrd) -> Result<Prd> {
        let request = map::wire_new_prd(new);
        let told = self.client.work::<GeneratePrd>(NoPath {}, request);
        told.await.map(map::prd)
    }

    async fn compile_intent(&self, request: CompileIntent) -> Result<Json> {
        let request = map::wire_intent(request);
        let told = self.client.work::<Compile>(NoPath {}, request);
        told.await.map(map::answer)
    }
}

#[async_trait]
impl Agents for Remote {
    async fn list(&self) -> Result<Vec<AgentInfo>> {
        let agents = self.client.agents().list().await?;
        Ok(agents.into_iter().map(map::agent).collect())
    }

    async fn run(&self, request: RunAgent) -> Result<AgentAnswer> {
        let agent_id = request.agent.as_str();
        check("agent", agent_id)?;
        let path = grump::AgentPath {
            agent_id: agent_id.into(),
        };
        let told = self.client.work::<RunTask>(path, map::wire_task(request));
        told.await.map(map::agent_answer)
    }
}

#[async_trait]
impl Accounts for Remote {
    async fn tiers(&self) -> Result<Vec<Tier>> {
        let tiers = self.client.billing().tiers().await?;
        Ok(tiers.into_iter().map(map::tier).collect())
    }

    async fn usage(&self) -> Result<AccountUsage> {
        self.client.billing().usage().await.map(map::usage)
    }
}

#[async_trait]
impl Webhooks for Remote {
    async fn register(&self, new: NewWebhook) -> Result<Webhook> {
        let (url, events) = (new.url.clone(), new.events.clone());
        let request = map::wire_new_webhook(new);
        let told = self.client.send::<RegisterWebhook>(NoPath {}, request);
        let mut made = told.await.map(map::webhook)?;
        // The document shows no answer: what it leaves out is what was asked for.
        made.url.get_or_insert(url);
        if made.events.is_empty() {
            made.events = events;
        }
        Ok(made)
    }

    async fn list(&self) -> Result<Vec<Webhook>> {
        let webhooks = self.client.webhooks().list().await?;
        Ok(webhooks.into_iter().map(map::webhook).collect())
    }

    async fn remove(&self, webhook: &WebhookId) -> Result<()> {
        let removed = self.client.webhooks().delete(webhook.as_str()).await;
        removed.map(drop)
    }
}

#[async_trait]
impl System for Remote {
    async fn health(&self) -> Result<Health> {
        self.client.health().await.map(map::health)
    }

    async fn metrics(&self) -> Result<String> {
        self.client.metrics().await
    }
}
