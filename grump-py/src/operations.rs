//! Every operation: its name, what it takes, and the handle's method that does it.

use futures::FutureExt;
use grump::{Error, ErrorKind, Plane, Result};
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    arguments::{
        Create, Decide, Edit, Find, Folder, History, List, Named, NamedLoop, Nothing, Prompt,
        Start, UseModel, Wait, Watch, WatchAll, read,
    },
    call::{Call, Reply},
    stream::Stream,
};

/// Writes the table of calls: name, arguments, and the answer, which is written as JSON.
macro_rules! calls {
    ($plane:ident: $($name:literal ($arguments:ident: $type:ty) => $answer:expr;)*) => {
        /// Does an operation.
        ///
        /// # Errors
        /// `InvalidInput` for arguments that are not right, before anything is done.
        pub(crate) fn call($plane: Plane, operation: &str, arguments: &str) -> Result<Call> {
            match operation {
                $($name => {
                    let $arguments: $type = read(arguments)?;
                    Ok(Call::new(async move { written(&$answer) }))
                })*
                _ => Err(unknown(operation)),
            }
        }
    };
}

calls! { plane:
    "runs.list" (list: List) => plane.runs().list(list.into()).await?;
    "runs.open" (named: Named) => plane.runs().open(&named.run).await?;
    "runs.start" (start: Start) => json!({ "cursor": plane.runs().start(start.into()).await?.cursor });
    "runs.stop" (named: Named) => plane.runs().stop(&named.run).await?;
    "runs.remove" (named: Named) => plane.runs().remove(&named.run).await?;
    "runs.wait" (wait: Wait) => waited(&plane, &wait).await?;

    "loops.create" (create: Create) => plane.loops().create(create.into_loop()?).await?;
    "loops.find" (find: Find) => plane.loops().find(&find.text).await?;
    "loops.edit" (edit: Edit) => plane.loops().edit(edit.id.clone(), edit.into()).await?;
    "loops.set_pending_prompt" (set: Prompt) => plane.loops().set_pending_prompt(set.id, set.prompt).await?;
    "loops.clear_pending_prompt" (named: NamedLoop) => plane.loops().clear_pending_prompt(named.id).await?;
    "loops.plan" (named: NamedLoop) => plane.loops().plan(named.id).await?;
    "loops.status_file" (named: NamedLoop) => plane.loops().status_file(named.id).await?;
    "loops.check_planning_dir" (folder: Folder) => plane.loops().check_planning_dir(&folder.directory).await?;

    "reviews.pending" (_nothing: Nothing) => plane.reviews().pending().await?;
    "reviews.answer" (decide: Decide) => plane.reviews().answer(decide.into()).await?;

    "deliveries.diff" (named: Named) => plane.deliveries().diff(&named.run).await?;
    "deliveries.accept" (named: Named) => {
        let accepted = plane.deliveries().accept(&named.run).await?;
        json!({ "merge_commit": accepted.merge_commit, "left_out": accepted.left_out })
    };
    "deliveries.discard" (named: Named) => plane.deliveries().discard(&named.run).await?;
    "deliveries.undo" (named: Named) => plane.deliveries().undo(&named.run).await?;
    "deliveries.purge" (named: Named) => plane.deliveries().purge(&named.run).await?;

    "events.history" (history: History) => {
        let page = plane.events().history(history.into()).await?;
        json!({ "events": page.events, "cursor": page.cursor, "has_more": page.has_more })
    };

    "models.list" (folder: Folder) => plane.models().list(&folder.directory).await?;
    "models.last_used" (_nothing: Nothing) => plane.models().last_used().await?;
    "models.set_last_used" (chosen: UseModel) => plane.models().set_last_used(chosen.model).await?;

    "system.health" (_nothing: Nothing) => plane.system().health().await?;
}

/// Watches.
///
/// # Errors
/// `InvalidInput` for arguments that are not right, before anything is done.
pub(crate) fn watch(plane: Plane, operation: &str, arguments: &str) -> Result<Stream> {
    match operation {
        "events.watch" => {
            let Watch { run, since } = read(arguments)?;
            let opening = async move { plane.events().watch(&run, since).await };
            Ok(Stream::new(opening.boxed()))
        }
        "events.watch_all" => {
            let WatchAll { since } = read(arguments)?;
            let opening = async move { plane.events().watch_all(since).await };
            Ok(Stream::new(opening.boxed()))
        }
        _ => Err(unknown(operation)),
    }
}

async fn waited(plane: &Plane, wait: &Wait) -> Result<grump::Run> {
    let runs = plane.runs();
    let Some(patience) = wait.patience() else {
        return runs.wait(&wait.run).await;
    };
    let done = timeout(patience, runs.wait(&wait.run)).await;
    done.unwrap_or_else(|_| {
        Err(
            Error::new(ErrorKind::Timeout, "the run's work is not over yet")
                .operation("runs.wait")
                .with("run", &wait.run)
                .with("seconds", patience.as_secs_f64())
                .advise("it goes on; wait again, or stop it"),
        )
    })
}

fn written(answer: &impl Serialize) -> Result<Reply> {
    let text = serde_json::to_string(answer).map_err(|error| {
        Error::new(ErrorKind::Internal, "an answer cannot be written as JSON").caused_by(error)
    })?;
    Ok(if text == "null" {
        Reply::Nothing
    } else {
        Reply::Json(text)
    })
}

fn unknown(operation: &str) -> Error {
    Error::new(ErrorKind::Internal, "there is no such operation").with("operation", operation)
}
