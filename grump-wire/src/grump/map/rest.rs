//! Agents, subscriptions, webhooks, and the server itself.

use grump_core::{
    AccountUsage, AgentAnswer, AgentInfo, Allowance, Health, Json, MonthlyUsage, NewWebhook,
    RunAgent, RunKind, RunRef, Secret, Tier, Webhook, WebhookId,
};
use serde_json::{Value, json};

use crate::grump::types as wire;

/// An agent.
#[must_use]
pub fn agent(told: wire::Agent) -> AgentInfo {
    AgentInfo::new(told.id.as_str())
        .name(told.name)
        .description(told.description)
        .status(told.status.as_str())
        .capabilities(told.capabilities)
        .ext(told.extra)
}

/// The wire's form of an agent.
#[must_use]
pub fn wire_agent(agent: AgentInfo) -> wire::Agent {
    let available = || wire::AgentStatus::Available;
    wire::Agent {
        id: agent.id.as_str().into(),
        name: agent.name.unwrap_or_else(|| agent.id.to_string()),
        description: agent.description.unwrap_or_default(),
        capabilities: agent.capabilities,
        status: agent.status.map_or_else(available, Into::into),
        extra: wire::Extra::new(),
    }
}

/// What a request wants this agent to do.
#[must_use]
pub fn task(agent: &wire::AgentId, told: wire::AgentTask) -> RunAgent {
    RunAgent::new(agent.as_str(), told.task)
        .context(told.context.unwrap_or_default())
        .options(told.options.unwrap_or_default())
}

/// The request that has an agent do something.
#[must_use]
pub fn wire_task(asked: RunAgent) -> wire::AgentTask {
    wire::AgentTask {
        task: asked.task,
        context: Some(asked.context).filter(|context| !context.is_empty()),
        options: Some(asked.options).filter(|options| !options.is_empty()),
    }
}

/// What answers an agent's task.
#[must_use]
pub fn agent_answer(told: wire::Answer) -> AgentAnswer {
    let (job, status) = (told.job_id(), told.status());
    let mut answer = AgentAnswer::new(told.0);
    answer.job = job.map(|job| RunRef::new(RunKind::Job, job));
    answer.status = status;
    answer
}

/// The wire's form of what answers an agent's task: as the plane gave it.
#[must_use]
pub fn wire_agent_answer(answer: AgentAnswer) -> wire::Answer {
    wire::Answer(answer.body)
}

/// A subscription.
#[must_use]
pub fn tier(told: wire::TierInfo) -> Tier {
    let mut tier = Tier::new(told.id.clone());
    tier.price_minor = told.price_minor();
    tier.api_calls = allowance(told.calls());
    tier.name = Some(told.name).filter(|name| !name.is_empty());
    tier.features(told.features).ext(told.extra)
}

const fn allowance(told: wire::Allowance) -> Option<Allowance> {
    match told {
        wire::Allowance::Calls(count) => Some(Allowance::Limited(count)),
        wire::Allowance::Unlimited => Some(Allowance::Unlimited),
        wire::Allowance::Unknown => None,
    }
}

fn wire_allowance(allowance: Allowance) -> Value {
    match allowance {
        Allowance::Limited(count) => json!(count),
        _ => Value::Null,
    }
}

/// The wire's form of a subscription.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "prices are small")]
pub fn wire_tier(tier: Tier) -> wire::TierInfo {
    wire::TierInfo {
        name: tier.name.unwrap_or_else(|| tier.id.clone()),
        id: tier.id,
        price: tier.price_minor.map(|price| price as f64),
        api_calls: tier.api_calls.map(wire_allowance),
        features: tier.features,
        extra: wire::Extra::new(),
    }
}

/// What was used.
#[must_use]
pub fn usage(told: wire::UsageReport) -> AccountUsage {
    let month = told.current_month;
    let mut usage = AccountUsage::new();
    usage.calls = Some(month.api_calls);
    usage.limit = allowance(month.allowance());
    usage.percentage = month.percentage;
    usage.history = told.history.into_iter().map(month_usage).collect();
    usage.ext(told.extra)
}

fn month_usage(told: wire::UsageMonth) -> MonthlyUsage {
    let mut month = MonthlyUsage::new(told.month).calls(told.calls);
    month.cost = told.cost;
    month.ext(told.extra)
}

/// The wire's form of what was used.
#[must_use]
pub fn wire_usage(usage: AccountUsage) -> wire::UsageReport {
    let history = usage.history.into_iter();
    let history = history.map(|month| wire::UsageMonth {
        month: month.month,
        calls: month.calls.unwrap_or_default(),
        cost: month.cost,
        extra: wire::Extra::new(),
    });
    wire::UsageReport {
        current_month: wire::MonthUsage {
            api_calls: usage.calls.unwrap_or_default(),
            limit: usage.limit.map(wire_allowance),
            percentage: usage.percentage,
            extra: wire::Extra::new(),
        },
        history: history.collect(),
        extra: wire::Extra::new(),
    }
}

/// The webhook that a request asks for.
#[must_use]
pub fn new_webhook(told: wire::WebhookRequest) -> NewWebhook {
    let events: Vec<_> = told
        .events
        .iter()
        .map(|event| event.as_str().into())
        .collect();
    let mut new = NewWebhook::new(told.url, events);
    new.secret = told.secret.map(Secret::new);
    new
}

/// The request that asks for a webhook.
#[must_use]
pub fn wire_new_webhook(new: NewWebhook) -> wire::WebhookRequest {
    wire::WebhookRequest {
        url: new.url,
        events: new
            .events
            .iter()
            .map(|event| event.as_str().into())
            .collect(),
        secret: new.secret.map(|secret| secret.reveal().to_owned()),
    }
}

/// A webhook. A secret that a server repeats is not passed on.
#[must_use]
pub fn webhook(told: wire::Webhook) -> Webhook {
    let id = told.id.as_ref().map_or("", |id| id.as_str());
    let events: Vec<_> = told
        .events
        .iter()
        .map(|event| event.as_str().into())
        .collect();
    let mut extra = told.extra;
    extra.shift_remove("secret");
    let mut webhook = Webhook::new(WebhookId::new(id)).events(events).ext(extra);
    webhook.url = Some(told.url).filter(|url| !url.is_empty());
    webhook.created_at = told.created_at;
    webhook
}

/// The wire's form of a webhook.
#[must_use]
pub fn wire_webhook(webhook: Webhook) -> wire::Webhook {
    wire::Webhook {
        id: Some(webhook.id.as_str().into()),
        url: webhook.url.unwrap_or_default(),
        events: webhook
            .events
            .iter()
            .map(|event| event.as_str().into())
            .collect(),
        created_at: webhook.created_at,
        extra: wire::Extra::new(),
    }
}

/// How a server is.
#[must_use]
pub fn health(told: wire::HealthReport) -> Health {
    let problem = || format!("the server says that it is {}", told.status);
    let problems = Vec::from_iter((!told.status.is_healthy()).then(problem));
    let mut health = Health::new(told.version, problems);
    health.components = told.services;
    health.ext = told.extra;
    health
}

/// The wire's form of how a server is.
#[must_use]
pub fn wire_health(health: Health) -> wire::HealthReport {
    wire::HealthReport {
        status: match health.healthy {
            true => wire::HealthStatus::Healthy,
            false => "unhealthy".into(),
        },
        version: health.version,
        services: health.components,
        timestamp: Some(grump_core::Timestamp::now()),
        extra: wire::Extra::new(),
    }
}

/// An answer whose shape the document does not show.
#[must_use]
pub fn answer(told: wire::Answer) -> Json {
    told.0
}
