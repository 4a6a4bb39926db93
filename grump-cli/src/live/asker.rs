//! Asking the person at the terminal what an agent may do.

use std::{collections::VecDeque, io, thread};

use grump::{Answer, ApprovalId, Payload, payload::PermissionRequested};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::render::clean;

/// The questions that wait, and what was typed.
#[derive(Debug)]
pub(crate) struct Asker {
    waiting: VecDeque<(ApprovalId, String)>,
    /// Started with the first question: whoever asks nothing reads nothing.
    typed: Option<UnboundedReceiver<String>>,
}

impl Asker {
    pub(crate) const fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            typed: None,
        }
    }

    /// Takes up what an event says about questions; answers whether another one is to be shown.
    pub(crate) fn event(&mut self, payload: &Payload) -> bool {
        let before = self.current().cloned();
        match payload {
            Payload::PermissionRequested(asked) => {
                self.waiting
                    .push_back((asked.approval.clone(), text(asked)));
                self.typed.get_or_insert_with(read_lines);
            }
            Payload::PermissionResolved(done) => {
                self.waiting
                    .retain(|(approval, _)| *approval != done.approval);
            }
            _ => {}
        }
        before.as_ref() != self.current()
    }

    /// What to ask now.
    pub(crate) fn question(&self) -> Option<String> {
        self.waiting.front().map(|(_, text)| text.clone())
    }

    /// Waits for the next line; for ever where nothing is asked.
    pub(crate) async fn line(&mut self) -> Option<String> {
        match &mut self.typed {
            Some(typed) => typed.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Nobody types any more.
    pub(crate) fn hang_up(&mut self) {
        self.typed = None;
        self.waiting.clear();
    }

    /// What a line that was typed answers; `None` if it is neither yes nor no, or nothing is asked.
    pub(crate) fn answer(&self, line: &str) -> Option<Answer> {
        let approval = self.current()?.clone();
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => Some(Answer::allow(approval)),
            "n" | "no" => Some(Answer::deny(approval)),
            _ => None,
        }
    }

    fn current(&self) -> Option<&ApprovalId> {
        self.waiting.front().map(|(approval, _)| approval)
    }
}

fn text(asked: &PermissionRequested) -> String {
    let title: Vec<_> = asked.title.lines().map(clean).collect();
    format!(
        "Allow {}: {}? [y/n] ",
        clean(&asked.action),
        title.join(" ")
    )
}

/// Reads lines in a thread of its own, which ends with the process: a read from a terminal cannot be
/// called off.
fn read_lines() -> UnboundedReceiver<String> {
    let (typed, lines) = unbounded_channel();
    thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else { return };
            if typed.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use grump::{Decision, payload::PermissionResolved};

    use super::*;

    /// An asker that reads from nowhere.
    fn asker() -> Asker {
        let (_, typed) = unbounded_channel();
        Asker {
            typed: Some(typed),
            ..Asker::new()
        }
    }

    fn asked(id: &str) -> Payload {
        PermissionRequested {
            approval: id.into(),
            action: "bash".into(),
            title: format!("run\n{id}"),
            detail: None,
            call_id: None,
            deadline: None,
        }
        .into()
    }

    fn resolved(id: &str) -> Payload {
        let approval = id.into();
        PermissionResolved {
            approval,
            decision: Decision::Expired,
            by: None,
            note: None,
        }
        .into()
    }

    #[test]
    fn questions_are_asked_one_after_the_other() {
        let mut asker = asker();
        assert!(asker.event(&asked("a")));
        assert!(!asker.event(&asked("b")), "the first one is still open");
        assert_eq!(
            asker.question().as_deref(),
            Some("Allow bash: run a? [y/n] ")
        );
        assert!(asker.event(&resolved("a")));
        assert_eq!(
            asker.question().as_deref(),
            Some("Allow bash: run b? [y/n] ")
        );
        assert!(asker.event(&resolved("b")));
        assert_eq!(asker.question(), None);
    }

    #[test]
    fn only_yes_and_no_are_answers() {
        let mut asker = asker();
        assert_eq!(asker.answer("y"), None, "nothing is asked");
        asker.event(&asked("a"));
        assert_eq!(asker.answer(" Yes "), Some(Answer::allow("a".into())));
        assert_eq!(asker.answer("n"), Some(Answer::deny("a".into())));
        assert_eq!(asker.answer("maybe"), None);
        assert_eq!(asker.answer(""), None);
    }
}
