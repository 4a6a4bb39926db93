//! Playing one turn of a script.

use std::{future::Future, time::Duration};

use futures::future::BoxFuture;
use grump_core::{
    Error, ErrorKind, Json, Payload, Result, Timestamp,
    payload::{
        FileChanged, PlanUpdated, Retrying, TextDelta, ToolCalled, ToolResult, UsageReported,
    },
};
use serde_json::json;

use super::{
    files::Folder,
    format::{PlanStep, Scene, Script, Step},
};
use crate::{
    agent::{
        Question, Ruling, Sink, Site, Turn, TurnEnd, TurnOutcome,
        output::{Running, Tail, Text},
    },
    process::{Exit, Launch},
};

/// How much of a command's output its result keeps: the end.
const OUTPUT_CAP: usize = 64 * 1024;

/// Why the steps end before the last one.
enum Halt {
    Ended(TurnOutcome),
    Failed(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

type Played<T = ()> = Result<T, Halt>;

/// Plays one turn: tells what the script says to the sink, and really does what it does.
pub(super) struct Player<'a> {
    site: &'a Site,
    script: &'a Script,
    turn: &'a Turn,
    sink: &'a Sink,
    last: String,
    calls: u64,
}

impl<'a> Player<'a> {
    pub(super) fn new(site: &'a Site, script: &'a Script, turn: &'a Turn, sink: &'a Sink) -> Self {
        Self {
            site,
            script,
            turn,
            sink,
            last: String::new(),
            calls: 0,
        }
    }

    pub(super) async fn play(mut self, scene: &Scene) -> Result<TurnEnd> {
        let outcome = match self.scene(scene).await {
            Ok(()) => TurnOutcome::Finished,
            Err(Halt::Ended(outcome)) => outcome,
            Err(Halt::Failed(error)) => return Err(error.with("iteration", self.turn.iteration)),
        };
        Ok(TurnEnd {
            final_message: self.last,
            outcome,
        })
    }

    async fn scene(&mut self, scene: &Scene) -> Played {
        self.steps(&scene.steps, "steps").await?;
        match &scene.last {
            Some(text) => self.say(text).await,
            None => Ok(()),
        }
    }

    async fn steps(&mut self, steps: &[Step], place: &str) -> Played {
        for (index, step) in steps.iter().enumerate() {
            let place = format!("{place}[{index}]");
            self.step(step, &place).await.map_err(|halt| match halt {
                Halt::Failed(error) if !error.context().any(|(name, _)| name == "step") => {
                    Halt::Failed(error.with("step", &place))
                }
                halt => halt,
            })?;
        }
        Ok(())
    }

    /// Boxed, because a question's `else` holds steps again.
    fn step<'s>(&'s mut self, step: &'s Step, place: &'s str) -> BoxFuture<'s, Played> {
        Box::pin(async move {
            match step {
                Step::Say(text) => self.say(text).await,
                Step::Write { path, content } => self.write(path, content).await,
                Step::Append { path, content } => self.append(path, content).await,
                Step::Edit { path, old, new } => self.edit(path, old, new).await,
                Step::Delete { path } => self.delete(path).await,
                Step::Rename { from, to } => self.rename(from, to).await,
                Step::Bash(command) => self.bash(command).await,
                Step::Usage(usage) => self.tell(UsageReported { usage: *usage }).await,
                Step::Ask {
                    action,
                    title,
                    otherwise,
                } => match (self.ask(action, title).await?, otherwise) {
                    (Ruling::Allow, _) => Ok(()),
                    (_, Some(steps)) => self.steps(steps, &format!("{place}.ask.else")).await,
                    (_, None) => Err(Halt::Ended(TurnOutcome::Refused)),
                },
                Step::Retry {
                    attempt,
                    message,
                    wait_ms,
                } => self.retry(*attempt, message, *wait_ms).await,
                Step::Plan(steps) => self.plan(steps).await,
                Step::SleepMs(milliseconds) => self.sleep(*milliseconds).await,
                Step::Hang => self.until_stop(std::future::pending()).await,
                Step::Fail(message) => Err(failed(self.fill(message)).into()),
                Step::Crash => self.crash().await,
            }
        })
    }

    async fn say(&mut self, text: &str) -> Played {
        let text = self.fill(text);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let cut = rest.char_indices().nth(self.script.chunk);
            let (piece, after) = rest.split_at(cut.map_or(rest.len(), |(at, _)| at));
            self.tell(TextDelta { text: piece.into() }).await?;
            self.sleep(self.script.chunk_ms).await?;
            rest = after;
        }
        self.tell(Payload::message("assistant", &text)).await?;
        self.last = text;
        Ok(())
    }

    async fn write(&mut self, path: &str, content: &str) -> Played {
        let (path, content) = (self.fill(path), self.fill(content));
        let input = json!({ "path": path, "content": content });
        let change = self.folder().write(&path, &content);
        self.file("write", &path, input, change).await
    }

    async fn append(&mut self, path: &str, content: &str) -> Played {
        let (path, content) = (self.fill(path), self.fill(content));
        let input = json!({ "path": path, "content": content });
        let change = self.folder().append(&path, &content);
        self.file("append", &path, input, change).await
    }

    async fn edit(&mut self, path: &str, old: &str, new: &str) -> Played {
        let (path, old, new) = (self.fill(path), self.fill(old), self.fill(new));
        let input = json!({ "path": path, "old": old, "new": new });
        let change = self.folder().edit(&path, &old, &new);
        self.file("edit", &path, input, change).await
    }

    async fn delete(&mut self, path: &str) -> Played {
        let path = self.fill(path);
        let change = self.folder().delete(&path);
        self.file("delete", &path, json!({ "path": path }), change)
            .await
    }

    async fn rename(&mut self, from: &str, to: &str) -> Played {
        let (from, to) = (self.fill(from), self.fill(to));
        let change = self.folder().rename(&from, &to);
        self.file("rename", &to, json!({ "from": from, "to": to }), change)
            .await
    }

    /// Changes a file, and tells of the call, its result and the change.
    async fn file(
        &mut self,
        tool: &str,
        path: &str,
        input: serde_json::Value,
        change: impl Future<Output = Result<&'static str>>,
    ) -> Played {
        let call_id = self.called(tool, input).await?;
        let changed = self.until_stop(change).await?;
        let output = match &changed {
            Ok(change) => format!("{change} {path}"),
            Err(error) => error.to_string(),
        };
        self.came_back(tool, call_id, &output, changed.is_ok())
            .await?;
        let event = FileChanged {
            path: Some(path.to_owned()),
            change: Some(changed?.to_owned()),
            description: None,
        };
        self.tell(event).await
    }

    async fn bash(&mut self, command: &str) -> Played {
        // A command is not put together from a prompt: whoever writes the one would run the other.
        let command = fill(
            command,
            &[("{{iteration}}", &self.turn.iteration.to_string())],
        );
        let call_id = self.called("bash", json!({ "command": command })).await?;
        let (output, exit) = self.run(&command).await?;
        let success = exit.is_success();
        self.came_back("bash", call_id, &output, success).await
    }

    /// Runs a command to its end. When the turn is stopped it is killed, and gone when this returns.
    async fn run(&mut self, command: &str) -> Played<(String, Exit)> {
        let launch = Launch::new("sh", &self.site.directory, &self.site.run)
            .args(["-c", command])
            .env("GRUMP_ITERATION", self.turn.iteration.to_string());
        let mut running = Running::new(self.site.launcher.spawn(launch).await?);
        match self.until_stop(gather(&mut running)).await {
            Ok(gathered) => Ok(gathered?),
            Err(halt) => {
                running.child.kill().await?;
                Err(halt)
            }
        }
    }

    async fn ask(&self, action: &str, title: &str) -> Played<Ruling> {
        let question = Question {
            action: action.to_owned(),
            title: self.fill(title),
            detail: None,
            call_id: None,
        };
        Ok(self.until_stop(self.sink.ask(question)).await??)
    }

    async fn retry(&mut self, attempt: u64, message: &str, wait_ms: u64) -> Played {
        let now = Timestamp::now().as_millis().unwrap_or_default();
        let event = Retrying {
            attempt,
            message: self.fill(message),
            at: Some(Timestamp::from_millis(now.saturating_add_unsigned(wait_ms))),
        };
        self.tell(event).await?;
        self.sleep(wait_ms).await
    }

    async fn plan(&mut self, steps: &[PlanStep]) -> Played {
        let steps: Vec<_> = steps
            .iter()
            .enumerate()
            .map(|(index, step)| {
                let description = self.fill(&step.description);
                json!({ "id": index + 1, "description": description, "status": step.status })
            })
            .collect();
        let plan = json!({ "steps": steps }).into();
        self.tell(PlanUpdated { plan }).await
    }

    async fn crash(&mut self) -> Played {
        let (_, exit) = self.run("kill -KILL $$").await?;
        let message = match exit {
            Exit::Signal(signal) => format!("the agent's process was killed by signal {signal}"),
            _ => "the agent's process was killed".to_owned(),
        };
        Err(failed(message).into())
    }

    async fn called(&mut self, tool: &str, input: serde_json::Value) -> Played<String> {
        self.calls += 1;
        let call_id = format!("script-{}-{}", self.turn.iteration, self.calls);
        let event = ToolCalled {
            tool: tool.to_owned(),
            input: Some(input.into()),
            call_id: Some(call_id.clone()),
            status: None,
            output: None,
        };
        self.tell(event).await?;
        Ok(call_id)
    }

    async fn came_back(
        &mut self,
        tool: &str,
        call_id: String,
        output: &str,
        success: bool,
    ) -> Played {
        let event = ToolResult {
            tool: tool.to_owned(),
            output: Some(Json::string(output)),
            success: Some(success),
            call_id: Some(call_id),
            status: None,
            input: None,
        };
        self.tell(event).await
    }

    fn folder(&self) -> Folder<'a> {
        Folder(&self.site.directory)
    }

    async fn tell(&self, event: impl Into<Payload>) -> Played {
        Ok(self.until_stop(self.sink.tell(event)).await??)
    }

    async fn sleep(&self, milliseconds: u64) -> Played {
        if milliseconds == 0 {
            return Ok(());
        }
        self.until_stop(tokio::time::sleep(Duration::from_millis(milliseconds)))
            .await
    }

    /// Whatever takes time is cut short when the turn is stopped.
    async fn until_stop<T>(&self, work: impl Future<Output = T>) -> Played<T> {
        tokio::select! {
            biased;
            () = self.turn.stop.cancelled() => Err(Halt::Ended(TurnOutcome::Stopped)),
            done = work => Ok(done),
        }
    }

    fn fill(&self, text: &str) -> String {
        let iteration = self.turn.iteration.to_string();
        let places = [
            ("{{iteration}}", &*iteration),
            ("{{prompt}}", &self.turn.prompt),
        ];
        fill(text, &places)
    }
}

/// Reads all that a process writes, keeps the end, and says how it ended.
async fn gather(running: &mut Running) -> Result<(String, Exit)> {
    let (mut tail, mut text) = (Tail::new(OUTPUT_CAP), Text::default());
    while let Some((_, piece)) = running.next().await? {
        tail.push(&text.push(&piece));
    }
    tail.push(&text.finish());
    let exit = running.ended().map_or(Exit::Unknown, |ended| ended.exit);
    let (mut output, left_out) = tail.finish();
    if left_out > 0 {
        output.insert_str(0, &format!("[{left_out} bytes left out]\n"));
    }
    match exit {
        Exit::Code(0) => {}
        Exit::Code(code) => output.push_str(&format!("\n[exit code {code}]")),
        Exit::Signal(signal) => output.push_str(&format!("\n[killed by signal {signal}]")),
        Exit::Unknown => output.push_str("\n[killed]"),
    }
    Ok((output, exit))
}

/// Replaces placeholders in one go, so that what is filled in is not filled again.
fn fill(text: &str, places: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let place = places.iter().find(|(name, _)| rest.starts_with(name));
        let (taken, put) = place.map_or((2, "{{"), |(name, value)| (name.len(), *value));
        filled.push_str(put);
        rest = &rest[taken..];
    }
    filled + rest
}

fn failed(message: String) -> Error {
    Error::new(ErrorKind::Agent, message).operation("agent.turn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let places = [("{{iteration}}", "3"), ("{{prompt}}", "say {{iteration}}")];
        let filled = fill("{{{prompt}}} {{x}} {{iteration}}{{", &places);
        assert_eq!(filled, "{{{prompt}}} {{x}} 3{{");
        assert_eq!(fill("{{prompt}}!", &places), "say {{iteration}}!");
    }
}
