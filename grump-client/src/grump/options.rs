//! What requests may say beside what they must.

use grump_wire::grump::{
    AgentTask, ArchitectureRequest, BundleFormat, BundleRequest, IntentOptions, IntentRequest,
    JobFilter, JobQuery, PrdRequest, WorkspaceRequest,
};
use serde_json::Value;

/// Defines what a request may say: each member with a method that sets it.
macro_rules! options {
    ($($(#[$meta:meta])* $name:ident($request:ty) {
        $($(#[$doc:meta])* $member:ident: $type:ty,)*
    })+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[must_use]
        pub struct $name(pub(super) $request);

        impl $name {
            /// Everything as the server has it by itself.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                $(#[$doc])*
                pub fn $member(mut self, $member: impl Into<$type>) -> Self {
                    self.0.$member = Some($member.into());
                    self
                }
            )*
        }
    )+ };
}

options! {
    /// How code is to be generated. (G-Rump, "Generate Code")
    CodegenOptions(BundleRequest) {
        /// In which form; a zip file unless told.
        format: BundleFormat,
        /// The folder for the files, on the server.
        output_dir: String,
        /// Whether there are to be tests.
        include_tests: bool,
        /// Whether there is to be documentation.
        include_docs: bool,
    }

    /// What an architecture is to have. (G-Rump, "Generate Architecture")
    ArchitectureOptions(ArchitectureRequest) {
        /// How diagrams are written: `mermaid`.
        format: String,
        /// Whether there are to be C4 diagrams.
        include_c4: bool,
    }

    /// How a codebase is looked at. (G-Rump, "Analyze Workspace")
    AnalyzeOptions(WorkspaceRequest) {
        /// Whether there are to be metrics.
        include_metrics: bool,
        /// How the answer is written: `markdown`.
        output_format: String,
    }

    /// What requirements are to have. (G-Rump, "Generate PRD")
    PrdOptions(PrdRequest) {
        /// The template: `default`.
        template: String,
        /// Whether there are to be user stories.
        include_user_stories: bool,
        /// Whether there are to be acceptance criteria.
        include_acceptance_criteria: bool,
    }

    /// How intent files are compiled. (G-Rump, "Compile Intent")
    CompileOptions(IntentRequest) {
        /// How the answer is written: `json`.
        output_format: String,
    }

    /// Which jobs to list. (G-Rump, "List Jobs")
    JobOptions(JobQuery) {
        /// Only in this status.
        status: JobFilter,
        /// So many at a time; 50 unless told.
        limit: u64,
        /// Leave out so many.
        offset: u64,
    }

    /// What an agent is to know, and how it is set. (G-Rump, "Run Agent")
    AgentOptions(AgentTask) {}
}

impl ArchitectureOptions {
    /// What to build with: `kubernetes`, `postgres`.
    pub fn tech_stack<T: Into<String>>(mut self, parts: impl IntoIterator<Item = T>) -> Self {
        self.0.tech_stack = Some(parts.into_iter().map(Into::into).collect());
        self
    }
}

impl CompileOptions {
    /// Whether to go on when a file changes.
    pub fn watch(mut self, watch: bool) -> Self {
        self.options().watch = Some(watch);
        self
    }

    /// Whether to analyse the files.
    pub fn analyze(mut self, analyze: bool) -> Self {
        self.options().analyze = Some(analyze);
        self
    }

    /// Whether to do several at once.
    pub fn parallel(mut self, parallel: bool) -> Self {
        self.options().parallel = Some(parallel);
        self
    }

    /// An option that the document does not name.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options().extra.insert(name.into(), value.into());
        self
    }

    fn options(&mut self) -> &mut IntentOptions {
        self.0.options.get_or_insert_default()
    }
}

impl AgentOptions {
    /// Something that it is to know: `code`, `language`.
    pub fn context(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let context = self.0.context.get_or_insert_default();
        context.insert(name.into(), value.into());
        self
    }

    /// How it is set: `strictness`, `focusAreas`.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let options = self.0.options.get_or_insert_default();
        options.insert(name.into(), value.into());
        self
    }
}
