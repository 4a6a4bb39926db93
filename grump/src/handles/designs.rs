//! Handle of the facet `Designs`.

use grump_core::{
    AnalyzeWorkspace, Architecture, CompileIntent, Json, NewArchitecture, NewPrd, Prd,
};

use super::handle;

handle! {
    /// Architectures, requirements, intent: what there is before anything is built.
    Designs designs {
        /// Thinks up an architecture.
        DesignsGenerateArchitecture generate_architecture(new: NewArchitecture) -> Architecture;
        /// Finds out the architecture of a folder.
        DesignsAnalyzeWorkspace analyze_workspace(request: AnalyzeWorkspace) -> Json;
        /// Writes requirements down.
        DesignsGeneratePrd generate_prd(new: NewPrd) -> Prd;
        /// Compiles files of intent.
        DesignsCompileIntent compile_intent(request: CompileIntent) -> Json;
    }
}
