//! [`Member`]: what a plane can say and be told, beyond what every plane can.

use std::fmt;

/// Writes every member down once that not every dialect can say.
macro_rules! members {
    ($($name:literal $member:ident: $doc:literal)*) => {
        /// Something that runs, requests and answers hold and that not every dialect can say.
        ///
        /// Where a plane lacks a member, what it answers leaves it out, and a request that sets it
        /// is refused with [`Unsupported`](crate::ErrorKind::Unsupported) before any I/O.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Member {
            $(#[doc = concat!("`", $name, "`: ", $doc)] $member,)*
        }

        impl Member {
            /// Every member.
            pub const ALL: &[Self] = &[$(Self::$member),*];

            /// The member's name: noun, full stop, member.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$member => $name,)* }
            }
        }
    };
}

members! {
    "run.outcome" RunOutcome: "why the work ended, beyond what the status says"
    "run.error" RunError: "what went wrong, in full"
    "run.times" RunTimes: "when the work began and ended"
    "run.integration" RunIntegration: "what became of the work, and by which commit"
    "run.resumable" RunResumable: "whether a crash cut it off and it can go on"
    "loop.branch" LoopBranch: "its own branch and the one it is merged into"
    "loop.worktree" LoopWorktree: "the folder it works in"
    "loop.pending_prompt" LoopPendingPrompt: "the prompt of the next iteration, read back"
    "loop.usage" LoopUsage: "tokens, time and errors so far"
    "loop.budget" LoopBudget: "limits of time and tokens"
    "loop.policy" LoopPolicy: "what the agent may do without asking"
    "loop.require_changes" LoopRequireChanges: "a match counts only with a change"
    "loop.verify" LoopVerify: "a command that must succeed for a match to count"
    "loop.idempotency_key" LoopIdempotencyKey: "a create that is sent twice with one key makes one loop"
    "task.prompt" TaskPrompt: "what the agent is told, in words"
    "task.skill" TaskSkill: "what the agent is to do, by name"
    "task.input" TaskInput: "files and arguments of a skill"
    "task.options" TaskOptions: "how the agent is set"
    "task.project" TaskProject: "the project to work on"
    "task.folder" TaskFolder: "the folder to put it in"
    "task.agent" TaskAgent: "the agent to do it"
    "task.model" TaskModel: "the model to do it with"
    "task.rag" TaskRag: "whether the project's index is searched"
    "task.safe_mode" TaskSafeMode: "whether the agent is held back"
    "task.run_mode" TaskRunMode: "how far the agent may reach"
    "task.idempotency_key" TaskIdempotencyKey: "a create that is sent twice with one key makes one task"
    "review.expected" ReviewExpected: "an approval counts only for what was looked at"
    "review.commit" ReviewCommit: "an approval commits the work too"
    "review.note" ReviewNote: "a word with an approval"
    "events.filter" EventsFilter: "history by kind, severity and path"
    "diff.whole" DiffWhole: "patches with their headers, file types, modes and old paths"
    "accepted.left_out" AcceptedLeftOut: "files that a merge left out"
    "conflict.detail" ConflictDetail: "the fine reason of a conflict, the status, the files in the way"
    "events.cursor" EventsCursor: "positions that a stream is resumed from, where the server has them"
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
