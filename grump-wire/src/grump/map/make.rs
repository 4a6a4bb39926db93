//! Code, architectures, requirements, intents.

use grump_core::{
    AnalyzeWorkspace, Architecture, BuildBundle, Building, CompileIntent, Component, Ext,
    NewArchitecture, NewPrd, Prd, Result, RunKind, RunRef,
};
use serde_json::Value;

use super::{chat::listed, job_status, wire_job_status};
use crate::grump::types as wire;

/// The bundle of this session that a request asks for.
#[must_use]
pub fn build(run: RunRef, told: wire::BundleRequest) -> BuildBundle {
    let mut build = BuildBundle::new(run);
    build.format = told.format.map(|format| format.as_str().into());
    build.output_dir = told.output_dir;
    build.tests = told.include_tests;
    build.docs = told.include_docs;
    build
}

/// The request that asks for a bundle.
///
/// # Errors
/// `InvalidInput` for a form that the document does not list.
pub fn wire_build(build: BuildBundle) -> Result<wire::BundleRequest> {
    let format = build.format.as_ref().map(grump_core::BundleFormat::as_str);
    Ok(wire::BundleRequest {
        format: listed("format", format)?,
        output_dir: build.output_dir,
        include_tests: build.tests,
        include_docs: build.docs,
    })
}

/// What was begun.
#[must_use]
pub fn building(told: wire::BundleJob) -> Building {
    let job = RunRef::new(RunKind::Job, told.job_id);
    let mut building = Building::new(job).ext(told.extra);
    building.status = Some(job_status(told.status.as_str()));
    building.estimated_time = told.estimated_time;
    building
}

/// The wire's form of what was begun.
#[must_use]
pub fn wire_building(building: Building) -> wire::BundleJob {
    let status = building.status.as_ref().map(wire_job_status);
    wire::BundleJob {
        job_id: building.job.id.into(),
        status: status.map_or(wire::JobStatus::Queued, wire::JobStatus::from),
        estimated_time: building.estimated_time,
        extra: wire::Extra::new(),
    }
}

/// The architecture that a request asks for.
#[must_use]
pub fn new_architecture(told: wire::ArchitectureRequest) -> NewArchitecture {
    let mut new = NewArchitecture::new(told.description);
    new.format = told.format;
    new.c4 = told.include_c4;
    new.tech_stack(told.tech_stack.unwrap_or_default())
}

/// The request that asks for an architecture.
#[must_use]
pub fn wire_new_architecture(new: NewArchitecture) -> wire::ArchitectureRequest {
    wire::ArchitectureRequest {
        description: new.description,
        format: new.format,
        include_c4: new.c4,
        tech_stack: Some(new.tech_stack).filter(|stack| !stack.is_empty()),
    }
}

/// An architecture.
#[must_use]
pub fn architecture(told: wire::Architecture) -> Architecture {
    let mut architecture = Architecture::new();
    architecture.diagram = said(told.diagram);
    architecture.components = told.components.into_iter().map(component).collect();
    architecture.c4_diagrams = told
        .c4_diagrams
        .map(|levels| members(&levels))
        .unwrap_or_default();
    architecture.ext(told.extra)
}

fn component(told: wire::Component) -> Component {
    let mut component = Component::new(told.name).ext(told.extra);
    component.kind = said(told.kind);
    component.description = said(told.description);
    component
}

fn said(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The members that say something.
fn members(of: &impl serde::Serialize) -> Ext {
    let mut members = match serde_json::to_value(of) {
        Ok(Value::Object(members)) => members,
        _ => Ext::new(),
    };
    members.retain(|_, member| member.as_str() != Some(""));
    members
}

/// The wire's form of an architecture.
#[must_use]
pub fn wire_architecture(architecture: Architecture) -> wire::Architecture {
    let components = architecture.components.into_iter();
    let levels = Some(architecture.c4_diagrams).filter(|levels| !levels.is_empty());
    wire::Architecture {
        diagram: architecture.diagram.unwrap_or_default(),
        components: components.map(wire_component).collect(),
        c4_diagrams: levels.and_then(|levels| serde_json::from_value(levels.into()).ok()),
        extra: wire::Extra::new(),
    }
}

fn wire_component(component: Component) -> wire::Component {
    wire::Component {
        name: component.name,
        kind: component.kind.unwrap_or_default(),
        description: component.description.unwrap_or_default(),
        extra: wire::Extra::new(),
    }
}

/// The folder that a request wants looked at.
#[must_use]
pub fn workspace(told: wire::WorkspaceRequest) -> AnalyzeWorkspace {
    let mut asked = AnalyzeWorkspace::new(told.workspace_path);
    asked.metrics = told.include_metrics;
    asked.format = told.output_format;
    asked
}

/// The request that has a folder looked at.
#[must_use]
pub fn wire_workspace(asked: AnalyzeWorkspace) -> wire::WorkspaceRequest {
    wire::WorkspaceRequest {
        workspace_path: asked.path,
        include_metrics: asked.metrics,
        output_format: asked.format,
    }
}

/// The requirements that a request asks for.
#[must_use]
pub fn new_prd(told: wire::PrdRequest) -> NewPrd {
    let mut new = NewPrd::new(told.description);
    new.template = told.template;
    new.user_stories = told.include_user_stories;
    new.acceptance_criteria = told.include_acceptance_criteria;
    new
}

/// The request that asks for requirements.
#[must_use]
pub fn wire_new_prd(new: NewPrd) -> wire::PrdRequest {
    wire::PrdRequest {
        description: new.description,
        template: new.template,
        include_user_stories: new.user_stories,
        include_acceptance_criteria: new.acceptance_criteria,
    }
}

/// Requirements.
#[must_use]
pub fn prd(told: wire::Prd) -> Prd {
    let mut prd = Prd::new();
    prd.text = said(told.prd);
    prd.sections = told
        .sections
        .map(|sections| members(&sections))
        .unwrap_or_default();
    prd.ext(told.extra)
}

/// The wire's form of requirements.
#[must_use]
pub fn wire_prd(prd: Prd) -> wire::Prd {
    let sections = Some(prd.sections).filter(|sections| !sections.is_empty());
    wire::Prd {
        prd: prd.text.unwrap_or_default(),
        sections: sections.and_then(|sections| serde_json::from_value(sections.into()).ok()),
        extra: wire::Extra::new(),
    }
}

/// The intent files that a request wants compiled.
#[must_use]
pub fn intent(told: wire::IntentRequest) -> CompileIntent {
    let options = told.options.unwrap_or_default();
    let mut asked = CompileIntent::new(told.files);
    asked.format = told.output_format;
    asked.watch = options.watch;
    asked.analyze = options.analyze;
    asked.parallel = options.parallel;
    asked
}

/// The request that has intent files compiled.
#[must_use]
pub fn wire_intent(asked: CompileIntent) -> wire::IntentRequest {
    let options = wire::IntentOptions {
        watch: asked.watch,
        analyze: asked.analyze,
        parallel: asked.parallel,
        extra: wire::Extra::new(),
    };
    wire::IntentRequest {
        files: asked.files,
        output_format: asked.format,
        options: (options != wire::IntentOptions::default()).then_some(options),
    }
}
