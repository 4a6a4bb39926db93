//! The events of the MetaForge dialect, as what a resuming stream needs.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use grump_core::{Event, Result, Run, RunRef};
use grump_wire::metaforge::{SessionsQuery, map};

use super::metaforge::{id, read};
use crate::{
    MetaForgeClient,
    caller::Caller,
    metaforge::Before,
    stream::{Echoes, Frame, Sockets},
};

/// What one stream hears of the socket that all share.
#[derive(Debug)]
pub(super) struct GatewaySockets {
    client: MetaForgeClient,
    before: Arc<Mutex<Before>>,
}

impl GatewaySockets {
    pub(super) fn new(client: MetaForgeClient) -> Self {
        Self {
            client,
            before: Arc::default(),
        }
    }
}

#[async_trait]
impl Sockets for GatewaySockets {
    async fn open(&self, run: Option<&RunRef>) -> Result<BoxStream<'static, Result<Frame>>> {
        if let Some(run) = run {
            id(run)?;
        }
        let patience = self.client.caller.stream.quiet;
        let before =
            std::mem::take(&mut *self.before.lock().unwrap_or_else(PoisonError::into_inner));
        let listener = self.client.hub.listen(&before, patience).await?;
        let wanted = run.cloned();
        let is_wanted = move |event: &Event| wanted.as_ref().is_none_or(|run| *run == event.run);
        let events = listener.events(self.before.clone(), is_wanted);
        Ok(events.map_ok(frame).boxed())
    }

    async fn read(&self, run: &RunRef) -> Result<Run> {
        read(&self.client, run).await
    }

    async fn read_all(&self) -> Result<Vec<Run>> {
        let all = self.client.sessions().all(SessionsQuery::default());
        all.map_ok(map::run).try_collect().await
    }

    fn caller(&self) -> &Caller {
        &self.client.caller
    }

    fn echoes(&self) -> &Echoes {
        &self.client.echoes
    }
}

fn frame(event: Arc<Event>) -> Frame {
    Frame::Event {
        cursor: None,
        event,
        doubtful: false,
    }
}
