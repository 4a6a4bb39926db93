//! What runs do and did. ("Run telemetry")

use grump_core::Result;
use grump_wire::{
    endpoint::NoQuery,
    steward::{
        AgentEvent, CommandExecution, CommandId, CommandPath, DiffRun, EventId, EventsQuery,
        FileId, FilePath, ListCommands, ListEvents, ListFiles, OpenCommand, OpenFile, Page, RunId,
        RunSummary, Summary, WorkspaceFile,
    },
};

use super::{
    EventFilter, StewardRuns, StewardStream,
    line::{Line, Start, is_backwards},
    pages::{pages, part as items},
    part,
    runs::at,
};
use crate::page::Pages;

impl StewardRuns<'_> {
    /// Stored events, in the server's order: all of them, part by part as they are read.
    pub fn events(self, run: impl Into<RunId>, filter: EventFilter) -> Result<Pages<AgentEvent>> {
        let (client, path) = (self.0.clone(), at(run)?);
        Ok(Pages::of(move |place| {
            let (client, path) = (client.clone(), path.clone());
            let query = EventsQuery {
                cursor: place.cursor,
                ..filter.query.clone()
            };
            async move { client.get::<ListEvents>(path, query).await.map(items) }
        }))
    }

    /// One part of the stored events.
    pub async fn events_page(
        self,
        run: impl Into<RunId>,
        query: EventsQuery,
    ) -> Result<Page<AgentEvent>> {
        self.0.get::<ListEvents>(at(run)?, query).await
    }

    /// One part of the stored events, the oldest first, and whether there are more. Of a list that
    /// has the newest first it is all. (ambiguity C-09)
    pub(crate) async fn stored(
        self,
        run: RunId,
        mut query: EventsQuery,
    ) -> Result<(Vec<AgentEvent>, bool)> {
        let mut page = self.events_page(&run, query.clone()).await?;
        let mut events = page.data.split_off(0);
        while let (true, Some(next)) = (is_backwards(&events), page.next_cursor()) {
            let next = Some(next.to_owned());
            if next == query.cursor {
                break;
            }
            query.cursor = next;
            page = self.events_page(&run, query.clone()).await?;
            events.extend(page.data.split_off(0));
        }
        events.sort_by(|one, other| one.id.cmp(&other.id));
        Ok((events, page.next_cursor().is_some()))
    }

    /// Server-sent events, from now on. Beyond four streams the events are asked for instead.
    pub async fn stream(self, run: impl Into<RunId>) -> Result<StewardStream> {
        let line = Line::open(self.0, at(run)?.run, Start::Live).await?;
        Ok(StewardStream::new(line))
    }

    /// Server-sent events behind this one: those that are stored, then those that happen.
    pub async fn stream_since(
        self,
        run: impl Into<RunId>,
        last: impl Into<EventId>,
    ) -> Result<StewardStream> {
        let line = Line::open(self.0, at(run)?.run, Start::After(last.into())).await?;
        Ok(StewardStream::new(line))
    }

    /// The files of the run's workspace.
    pub fn files(self, run: impl Into<RunId>) -> Result<Pages<WorkspaceFile>> {
        Ok(pages::<ListFiles, _>(self.0, at(run)?))
    }

    /// A file in detail, with its full diff.
    pub async fn file(
        self,
        run: impl Into<RunId>,
        file: impl Into<FileId>,
    ) -> Result<WorkspaceFile> {
        let path = FilePath {
            run: at(run)?.run,
            file: part("file", file.into())?,
        };
        self.0.get::<OpenFile>(path, NoQuery {}).await
    }

    /// What the run changed, as one unified diff.
    pub async fn diff(self, run: impl Into<RunId>) -> Result<String> {
        self.0.get::<DiffRun>(at(run)?, NoQuery {}).await
    }

    /// The commands that the run executed.
    pub fn commands(self, run: impl Into<RunId>) -> Result<Pages<CommandExecution>> {
        Ok(pages::<ListCommands, _>(self.0, at(run)?))
    }

    /// A command in detail, with URLs of its output that are good for a short time: fetch them at
    /// once, and without a token.
    pub async fn command(
        self,
        run: impl Into<RunId>,
        command: impl Into<CommandId>,
    ) -> Result<CommandExecution> {
        let path = CommandPath {
            run: at(run)?.run,
            command: part("command", command.into())?,
        };
        self.0.get::<OpenCommand>(path, NoQuery {}).await
    }

    /// What the run did, in the end: changed files, risks, tests, docs.
    pub async fn summary(self, run: impl Into<RunId>) -> Result<RunSummary> {
        self.0.get::<Summary>(at(run)?, NoQuery {}).await
    }
}
