//! [`AgentInfo`]: an agent that a plane offers; [`Agents`]: the trait that lists and runs them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    id::id,
    json::{Ext, Json},
    noun::{noun, request},
    plane::{Operation, unsupported},
    run::RunRef,
};

id! {
    /// The id of an agent: `architect`.
    AgentId
}

noun! {
    /// An agent that a plane offers. (G-Rump, "List Agents".)
    AgentInfo {
        /// Its id.
        id: AgentId,
        ;
        /// What people call it.
        name: String,
        /// What it does, in words.
        description: String,
        /// Whether it can be used, in the plane's words: `available`.
        status: String,
        ;
        /// What it is good at: `design`, `rust`.
        capabilities: Vec<String>,
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A task for one agent. (G-Rump, "Run Agent".)
    #[derive(PartialEq, Eq)]
    RunAgent {
        /// Which.
        agent: AgentId,
        /// What it is told to do.
        task: String,
        ;
        ;
        /// What it is to know: `code`, `language`.
        context: Ext,
        /// How it is set: `strictness`, `focusAreas`.
        options: Ext,
    }
}

noun! {
    /// What a plane answers when an agent was told to do something. No document shows it.
    AgentAnswer {
        /// The answer, as it came.
        body: Json,
        ;
        /// The job that does it, where the plane answers before it is done.
        job: RunRef,
        /// Where it is, in the plane's words.
        status: String,
    }
}

/// The facet that lists a plane's agents, and has one of them do something.
#[async_trait]
pub trait Agents: Send + Sync + fmt::Debug {
    /// Lists the agents.
    ///
    /// # Errors
    /// What the wire says.
    async fn list(&self) -> Result<Vec<AgentInfo>> {
        unsupported(Operation::AgentsList, ())
    }

    /// Has an agent do something.
    ///
    /// # Errors
    /// `NotFound`; `InvalidInput`.
    async fn run(&self, request: RunAgent) -> Result<AgentAnswer> {
        unsupported(Operation::AgentsRun, request)
    }
}
