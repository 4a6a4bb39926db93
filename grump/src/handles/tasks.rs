//! Handle of the facet `Tasks`.

use grump_core::{NewTask, Run, SendInput};

use super::handle;

handle! {
    /// Tasks: pieces of work told in words. What became of one is read as of any run.
    Tasks tasks {
        /// Makes a task; nothing runs yet.
        TasksCreate create(new: NewTask) -> Run, told new.members();
        /// Makes a task and starts it. The answer names the run to follow.
        TasksCreateAndStart create_and_start(new: NewTask) -> Run, told new.members();
        /// Tells an agent something while it works.
        TasksSendInput send_input(input: SendInput) -> ();
    }
}
