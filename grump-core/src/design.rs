//! What a plane thinks up about software that is to be built; [`Designs`]: the trait that asks for
//! it.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    json::{Ext, Json},
    noun::{noun, request},
    plane::{Operation, unsupported},
};

request! {
    /// An architecture to think up. (G-Rump, "Generate Architecture".)
    #[derive(PartialEq, Eq)]
    NewArchitecture {
        /// What is to be built.
        description: String,
        ;
        /// The language of its diagrams: `mermaid`.
        format: String,
        /// Whether there are C4 diagrams too.
        c4: bool,
        ;
        /// What it is to be built with.
        tech_stack: Vec<String>,
    }
}

noun! {
    /// An architecture.
    Architecture {
        ;
        /// Its diagram.
        diagram: String,
        ;
        /// What it is made of.
        components: Vec<Component>,
        /// C4 diagrams by level: `context`, `container`.
        c4_diagrams: Ext,
        /// What else the plane says.
        ext: Ext,
    }
}

noun! {
    /// A part of an architecture.
    Component {
        /// What it is called.
        name: String,
        ;
        /// What sort of part it is: `service`.
        kind: String,
        /// What it is, in words.
        description: String,
        ;
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A folder whose architecture is to be found out. (G-Rump, "Analyze Workspace".)
    #[derive(PartialEq, Eq)]
    AnalyzeWorkspace {
        /// The folder, on the plane's machine.
        path: String,
        ;
        /// Whether it is measured too.
        metrics: bool,
        /// The form of the answer: `markdown`.
        format: String,
    }
}

request! {
    /// Requirements to write down. (G-Rump, "Generate PRD".)
    #[derive(PartialEq, Eq)]
    NewPrd {
        /// What is to be built.
        description: String,
        ;
        /// The template: `default`.
        template: String,
        /// Whether there are user stories.
        user_stories: bool,
        /// Whether there are acceptance criteria.
        acceptance_criteria: bool,
    }
}

noun! {
    /// Requirements.
    Prd {
        ;
        /// The whole document, in Markdown.
        text: String,
        ;
        /// Its parts by name: `overview`, `features`, `userStories`, …
        sections: Ext,
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// Files of intent to compile. (G-Rump, "Compile Intent".)
    #[derive(PartialEq, Eq)]
    CompileIntent {
        /// Which, as patterns on the plane's machine: `./features/*.intent`.
        files: Vec<String>,
        ;
        /// The form of the answer: `json`.
        format: String,
        /// Whether they are compiled again when they change.
        watch: bool,
        /// Whether they are analysed too.
        analyze: bool,
        /// Whether they are compiled side by side.
        parallel: bool,
    }
}

/// The facet that has a plane think before anything is built.
#[async_trait]
pub trait Designs: Send + Sync + fmt::Debug {
    /// Thinks up an architecture.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn generate_architecture(&self, new: NewArchitecture) -> Result<Architecture> {
        unsupported(Operation::DesignsGenerateArchitecture, new)
    }

    /// Finds out the architecture of a folder. The answer's shape is the plane's: no document shows
    /// it.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn analyze_workspace(&self, request: AnalyzeWorkspace) -> Result<Json> {
        unsupported(Operation::DesignsAnalyzeWorkspace, request)
    }

    /// Writes requirements down.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn generate_prd(&self, new: NewPrd) -> Result<Prd> {
        unsupported(Operation::DesignsGeneratePrd, new)
    }

    /// Compiles files of intent. The answer's shape is the plane's: no document shows it.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn compile_intent(&self, request: CompileIntent) -> Result<Json> {
        unsupported(Operation::DesignsCompileIntent, request)
    }
}
