//! What a test sees of a server, and has it do.

use std::{net::SocketAddr, time::Duration};

use axum::body::Bytes;
use serde_json::Value;

use super::{
    Contract, Dialect, Endpoint, Recorded,
    dialect::Refusal,
    examples, table,
    world::{Entity, Open, World},
};
use crate::serving::Sent;

/// An error that a request is answered with instead of what it asks for.
#[derive(Clone, Debug)]
pub struct Failure(Refusal);

impl Failure {
    /// The error of this status and code, as the dialect spells it.
    #[must_use]
    pub fn new(status: u16, code: &str) -> Self {
        Self(Refusal::new(status, code, "It was planned to fail"))
    }

    /// With this message.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.0.message);
        self
    }

    /// With this header `Retry-After`: seconds or a date.
    #[must_use]
    pub fn retry_after(mut self, after: &str) -> Self {
        self.0.retry_after = Some(after.to_owned());
        self
    }

    /// With this member of its own: `changedFiles`, `currentStatus`, `details`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0 = self.0.with(name, value);
        self
    }

    pub(super) fn refusal(self) -> Refusal {
        self.0
    }
}

impl Contract {
    /// Its base URL: `http://127.0.0.1:PORT`, with nothing of the dialect's paths.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens: what a fault proxy is put before.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoints of a dialect, in the document's order.
    pub fn endpoints(dialect: &str) -> impl Iterator<Item = &'static Endpoint> {
        table::of(Dialect::named(dialect))
    }

    /// The document's examples of a dialect: name (`POST_api_ship_start__request.json`) and text.
    pub fn examples(dialect: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
        examples::of(Dialect::named(dialect))
    }

    /// What was asked so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.borrow().requests.clone()
    }

    /// Where requests were not as documented, in order: `POST /api/runs: title is missing`.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.world.borrow().violations.clone()
    }

    /// Waits until what was asked is as wanted.
    pub async fn asked(&self, wanted: impl Fn(&[Recorded]) -> bool) {
        self.until(|world| wanted(&world.requests)).await;
    }

    /// What clients said on sockets so far, in order; null for what is no JSON.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        self.world.borrow().messages.clone()
    }

    /// Waits until clients have said so many things on sockets.
    pub async fn heard(&self, count: usize) {
        self.until(|world| world.messages.len() >= count).await;
    }

    /// A credential that may do everything.
    #[must_use]
    pub fn token(&self) -> String {
        self.token_of(&["*"])
    }

    /// A credential with these abilities.
    #[must_use]
    pub fn token_of(&self, abilities: &[&str]) -> String {
        self.act(|world| world.tokens.issue(world.dialect, abilities))
    }

    /// Lets no credential in that was made so far; users stay.
    pub fn expire_tokens(&self) {
        self.act(|world| world.tokens.forget_all());
    }

    /// Answers the next request of this endpoint (`POST /api/runs`, or the operation `runsCreate`, or
    /// `*` for any) with this error, and does nothing else.
    pub fn fail_next(&self, endpoint: &str, status: u16, code: &str) {
        self.fail_with(endpoint, Failure::new(status, code));
    }

    /// As [`fail_next`](Self::fail_next), with more say.
    pub fn fail_with(&self, endpoint: &str, failure: Failure) {
        let planned = (endpoint.to_owned(), failure);
        self.act(|world| world.failures.push_back(planned));
    }

    /// Adds an entity (`run`, `project`, `job`, `session`, …) with these members, and what else one
    /// has; its id as it stands in paths.
    pub fn put(&self, kind: &str, members: impl Into<Value>) -> String {
        let members = members.into();
        self.act(|world| world.put(kind, &members))
    }

    /// An entity as it is known, whether the document shows all of it or not; null where there is
    /// none.
    #[must_use]
    pub fn known(&self, id: &str) -> Value {
        self.act(|world| world.known(id))
    }

    /// Does the next thing that a run (loop, task, job, session, project) does by itself, tells its
    /// events, and returns the status that it has then.
    pub fn advance(&self, id: &str) -> String {
        self.act(|world| world.advance(id))
    }

    /// Lets a run go on until it does nothing more by itself.
    pub fn finish(&self, id: &str) -> String {
        loop {
            let before = self.known(id);
            let status = self.advance(id);
            if self.known(id) == before {
                return status;
            }
        }
    }

    /// Lets everything go on by itself, a step each time so long has passed. It never ends.
    pub async fn play(&self, pace: Duration) {
        loop {
            tokio::time::sleep(pace).await;
            for id in self.act(World::ids) {
                self.advance(&id);
            }
        }
    }

    /// Lets a run fail, and returns the status that it has then.
    pub fn break_down(&self, id: &str) -> String {
        self.act(|world| world.break_down(id))
    }

    /// Tells this event of a run, with the members that every event of the dialect has, to all
    /// streams that it concerns; nothing else happens. The event as it was told.
    pub fn emit(&self, run: &str, event: impl Into<Value>) -> Value {
        let event = event.into();
        self.act(|world| world.emit(run, event))
    }

    /// What the next stream that does its own work (G-Rump's) tells instead of it.
    pub fn script(&self, events: &[Value]) {
        self.act(|world| world.scripts.push_back(events.to_vec()));
    }

    /// Sends these bytes to all streams and sockets, as they stand.
    pub fn raw(&self, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.act(|world| {
            for open in &world.streams {
                let _ = open.frames.send(Sent::Frame(bytes.clone()));
            }
        });
    }

    /// Sends the comment that keeps streams alive. (Steward, "SSE event format")
    pub fn ping(&self) {
        self.raw(b":ping\n\n");
    }

    /// Breaks the next stream off behind so many events; called again, the one after it.
    pub fn cut_after(&self, events: u64) {
        self.act(|world| world.cut_after.push_back(events));
    }

    /// Leaves streams open when their run is over.
    pub fn hold_streams(&self) {
        self.act(|world| world.holds = true);
    }

    /// Ends all streams and sockets, as if all was said.
    pub fn end_streams(&self) {
        self.act(|world| world.streams.clear());
    }

    /// Breaks all streams and sockets off.
    pub fn abort_streams(&self) {
        self.drain(|| Sent::Abort);
    }

    /// Closes all sockets with this code and reason.
    pub fn close_sockets(&self, code: u16, reason: &'static str) {
        self.drain(|| Sent::Close(code, reason));
    }

    fn drain(&self, last: impl Fn() -> Sent) {
        self.act(|world| {
            for open in world.streams.drain(..) {
                let _ = open.frames.send(last());
            }
        });
    }

    /// How many streams and sockets are open.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.world.borrow().streams.len()
    }

    /// Waits until so many streams and sockets are open and told events.
    pub async fn streaming(&self, count: usize) {
        let ready = |open: &&Open| open.ready;
        self.until(|world| world.streams.iter().filter(ready).count() == count)
            .await;
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        *self.open.borrow()
    }

    /// Waits until so many connections are open.
    pub async fn connected(&self, count: usize) {
        let mut changes = self.open.subscribe();
        let met = changes.wait_for(|open| *open == count).await;
        met.expect("the sender lives as long as this borrow");
    }

    /// How big downloads are, in bytes.
    pub fn download_size(&self, bytes: usize) {
        self.act(|world| world.download = Some(bytes));
    }

    /// How long a token lasts that is made from now on, as the answer says, in seconds.
    pub fn token_life(&self, seconds: u64) {
        self.act(|world| world.token_life = seconds);
    }

    /// The files that nobody committed. (Ralpher, "Start loop execution")
    pub fn changed_files(&self, files: &[&str]) {
        let files = files.iter().map(|&file| file.to_owned()).collect();
        self.act(|world| world.loops.world.changed_files = files);
    }

    /// Changes a setting. (Steward, "Settings")
    pub fn set(&self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        self.act(|world| world.settings.insert(name.to_owned(), value));
    }

    async fn until(&self, wanted: impl Fn(&World) -> bool) {
        let mut changes = self.world.subscribe();
        let met = changes.wait_for(|world| wanted(world)).await;
        met.expect("the sender lives as long as this borrow");
    }
}

impl World {
    /// Adds an entity of any kind.
    fn put(&mut self, kind: &str, members: &Value) -> String {
        let (kind, mut data) = match self.dialect {
            Dialect::Grump => super::grump::blank(self, kind),
            Dialect::Steward => super::steward::blank(self, kind),
            Dialect::Ralpher => return super::ralpher::put(self, members),
            Dialect::MetaForge => super::metaforge::blank(self, kind),
            Dialect::MiniDevin => super::mini_devin::blank(self, kind),
        };
        for (name, value) in members.as_object().cloned().unwrap_or_default() {
            data[name] = value;
        }
        self.add(kind, data).id.clone()
    }

    fn known(&mut self, id: &str) -> Value {
        if self.dialect == Dialect::Ralpher {
            return super::ralpher::known(self, id);
        }
        let found = self.of_id(id);
        found.map_or(Value::Null, |one| Value::Object(one.data.clone()))
    }

    /// What may go on by itself.
    fn ids(&mut self) -> Vec<String> {
        match self.dialect {
            Dialect::Ralpher => super::ralpher::ids(self),
            _ => self.entities.iter().map(|one| one.id.clone()).collect(),
        }
    }

    fn kind_of(&self, id: &str) -> &'static str {
        let found = self.of_id(id);
        found.unwrap_or_else(|| panic!("there is no {id:?}")).kind
    }

    /// The entity of this id. Ids are numbers in some dialects: a run comes first.
    fn of_id(&self, id: &str) -> Option<&Entity> {
        let mut of_id = self.entities.iter().filter(|one| one.id == id);
        let first = of_id.clone().next();
        of_id.find(|one| one.kind == "run").or(first)
    }

    fn advance(&mut self, id: &str) -> String {
        match self.dialect {
            Dialect::Grump => super::grump::advance(self, self.kind_of(id), id),
            Dialect::Steward => super::steward::advance(self, self.kind_of(id), id),
            Dialect::Ralpher => super::ralpher::advance(self, id),
            Dialect::MetaForge => super::metaforge::advance(self, id),
            Dialect::MiniDevin => super::mini_devin::advance(self, id),
        }
        self.status_of(id)
    }

    fn break_down(&mut self, id: &str) -> String {
        match self.dialect {
            Dialect::Grump => super::grump::break_down(self, self.kind_of(id), id),
            Dialect::Steward => {
                self.step_of_engine("run", id, "error");
                self.end_streams(id);
            }
            Dialect::Ralpher => super::ralpher::break_down(self, id),
            Dialect::MetaForge => super::metaforge::end(self, id, "AGENT_ERROR"),
            Dialect::MiniDevin => super::mini_devin::break_down(self, id),
        }
        self.status_of(id)
    }

    fn status_of(&mut self, id: &str) -> String {
        let known = self.known(id);
        let status = known
            .pointer("/state/status")
            .or_else(|| known.get("status"));
        status
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// A change that no client asks for. The table has it.
    pub(super) fn step_of_engine(&mut self, kind: &str, id: &str, trigger: &str) {
        if let Err(refusal) = self.step(kind, id, trigger) {
            panic!("{trigger:?} cannot be: {}", refusal.message);
        }
    }

    fn emit(&mut self, run: &str, event: Value) -> Value {
        let event = match self.dialect {
            Dialect::Steward => super::steward::event(self, run, &event),
            Dialect::Ralpher => super::ralpher::event(self, run, event),
            _ => event,
        };
        self.tell(run, &event);
        event
    }
}
