//! [`Architecture`], [`Prd`], [`Intent`]: what is thought up before anything is built.

use grump_core::Result;
use grump_wire::{
    endpoint::NoPath,
    grump::{
        self, AnalyzeWorkspace, Answer, ArchitectureRequest, CompileIntent, GenerateArchitecture,
        GeneratePrd, IntentRequest, PrdRequest, WorkspaceRequest,
    },
};

use super::{AnalyzeOptions, ArchitectureOptions, CompileOptions, GrumpClient, PrdOptions};

/// Architectures. (G-Rump, "Architecture Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Architecture<'c>(pub(super) &'c GrumpClient);

impl Architecture<'_> {
    /// Generate system architecture diagrams and specifications. (G-Rump, "Generate Architecture")
    pub async fn generate(
        &self,
        description: impl Into<String>,
        options: ArchitectureOptions,
    ) -> Result<grump::Architecture> {
        let request = ArchitectureRequest {
            description: description.into(),
            ..options.0
        };
        self.0
            .work::<GenerateArchitecture>(NoPath {}, request)
            .await
    }

    /// Analyze an existing codebase and generate architecture documentation, of this folder on the
    /// server. What answers, the document does not show. (G-Rump, "Analyze Workspace")
    pub async fn analyze(
        &self,
        workspace_path: impl Into<String>,
        options: AnalyzeOptions,
    ) -> Result<Answer> {
        let request = WorkspaceRequest {
            workspace_path: workspace_path.into(),
            ..options.0
        };
        self.0.work::<AnalyzeWorkspace>(NoPath {}, request).await
    }
}

/// Product requirements. (G-Rump, "PRD Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Prd<'c>(pub(super) &'c GrumpClient);

impl Prd<'_> {
    /// Create a Product Requirements Document. (G-Rump, "Generate PRD")
    pub async fn generate(
        &self,
        description: impl Into<String>,
        options: PrdOptions,
    ) -> Result<grump::Prd> {
        let request = PrdRequest {
            description: description.into(),
            ..options.0
        };
        self.0.work::<GeneratePrd>(NoPath {}, request).await
    }
}

/// Intent files. (G-Rump, "Intent Compiler Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Intent<'c>(pub(super) &'c GrumpClient);

impl Intent<'_> {
    /// Compile intent files, given by paths on the server with wildcards, into structured output.
    /// What answers, the document does not show. (G-Rump, "Compile Intent")
    pub async fn compile<T: Into<String>>(
        &self,
        files: impl IntoIterator<Item = T>,
        options: CompileOptions,
    ) -> Result<Answer> {
        let request = IntentRequest {
            files: files.into_iter().map(Into::into).collect(),
            ..options.0
        };
        self.0.work::<CompileIntent>(NoPath {}, request).await
    }
}
