//! [`Ship`]: SHIP sessions.

use grump_core::Result;
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    grump::{
        ExecuteShip, Execution, OpenShip, Preferences, ResumePhase, SessionId, SessionPath,
        ShipEvent, ShipRequest, ShipSession, ShipStarted, StartShip, StreamRequest, StreamShip,
    },
};
use serde_json::Value;

use super::{CallStream, GrumpClient, check};
use crate::caller::Asking;

/// SHIP sessions. (G-Rump, "SHIP Workflow Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Ship<'c>(pub(super) &'c GrumpClient);

impl Ship<'_> {
    /// Start a new SHIP workflow session. Nothing runs yet. (G-Rump, "Start SHIP Session")
    pub async fn start(
        &self,
        project_description: impl Into<String>,
        options: ShipOptions,
    ) -> Result<ShipStarted> {
        let request = options.request(project_description.into());
        self.0.send::<StartShip>(NoPath {}, request).await
    }

    /// Check the status and results of a SHIP session. (G-Rump, "Get Session Status")
    pub async fn get_status(&self, session_id: impl Into<SessionId>) -> Result<ShipSession> {
        self.0.get::<OpenShip>(at(session_id)?, NoQuery {}).await
    }

    /// Enqueue the SHIP workflow for execution. A second call may do the work a second time: where
    /// an answer was lost, read the session first. (G-Rump, "Execute SHIP Workflow")
    pub async fn execute(&self, session_id: impl Into<SessionId>) -> Result<Execution> {
        self.0.send::<ExecuteShip>(at(session_id)?, NoBody).await
    }

    /// Execute SHIP workflow with real-time streaming updates, from this phase on if one is given.
    /// It is the call that starts the work: it is never made again by itself. (G-Rump, "Execute with
    /// Streaming")
    ///
    /// Servers in the field do one phase a call: where the session is not completed after
    /// [`Complete`](ShipEvent::Complete), go on with the phase that was said to be next.
    pub async fn stream(
        &self,
        session_id: impl Into<SessionId>,
        resume_from_phase: impl Into<Option<ResumePhase>>,
    ) -> Result<CallStream<ShipEvent>> {
        let request = StreamRequest {
            resume_from_phase: resume_from_phase.into(),
        };
        let asking = Asking::<StreamShip>::of(at(session_id)?, NoQuery {}, request);
        self.0
            .caller
            .patient()
            .listen(asking)
            .await
            .map(CallStream::new)
    }
}

/// The path of a session.
pub(crate) fn at(session_id: impl Into<SessionId>) -> Result<SessionPath> {
    let session_id = session_id.into();
    check("SHIP session", session_id.as_str())?;
    Ok(SessionPath { session_id })
}

/// What a new session may say. (G-Rump, "Start SHIP Session")
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct ShipOptions {
    preferences: Option<Preferences>,
    project_id: Option<String>,
}

impl ShipOptions {
    /// Everything as the server has it by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to build with: `react`, `node`.
    pub fn tech_stack<T: Into<String>>(mut self, parts: impl IntoIterator<Item = T>) -> Self {
        self.wishes().tech_stack = Some(parts.into_iter().map(Into::into).collect());
        self
    }

    /// The style: `modern`.
    pub fn style(mut self, style: impl Into<String>) -> Self {
        self.wishes().style = Some(style.into());
        self
    }

    /// The complexity: `medium`.
    pub fn complexity(mut self, complexity: impl Into<String>) -> Self {
        self.wishes().complexity = Some(complexity.into());
        self
    }

    /// A preference that the document does not name.
    pub fn preference(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.wishes().extra.insert(name.into(), value.into());
        self
    }

    /// The project that it belongs to.
    pub fn project_id(mut self, id: impl Into<String>) -> Self {
        self.project_id = Some(id.into());
        self
    }

    fn wishes(&mut self) -> &mut Preferences {
        self.preferences.get_or_insert_default()
    }

    fn request(self, project_description: String) -> ShipRequest {
        ShipRequest {
            project_description,
            preferences: self.preferences,
            project_id: self.project_id,
        }
    }
}
