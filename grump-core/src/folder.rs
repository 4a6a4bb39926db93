//! [`Folder`]: what a plane puts tasks into; [`Folders`]: the trait that manages them.

use std::fmt;

use async_trait::async_trait;

use crate::{
    error::Result,
    id::id,
    json::Ext,
    noun::{noun, request, words},
    plane::{Operation, unsupported},
    run::Run,
    time::Timestamp,
};

id! {
    /// The id of a folder.
    FolderId
}

words! {
    /// Where a folder is. One that was removed is not found.
    FolderStatus {
        /// Tasks can be put into it.
        "active" Active,
        /// Nothing runs in it.
        "idle" Idle,
        /// A task runs in it.
        "running" Running,
        /// Its last task failed.
        "error" Error,
        /// Its last task was stopped.
        "stopped" Stopped,
    }
}

noun! {
    /// What a plane puts tasks into: a Mini-Devin session. (Mini-Devin, "Sessions".)
    Folder {
        /// Its id.
        id: FolderId,
        ;
        /// What people call it.
        name: String,
        /// Where it is.
        status: FolderStatus,
        /// The folder that its tasks work in, on the plane's machine.
        directory: String,
        /// When it was made.
        created_at: Timestamp,
        /// When anything about it last changed.
        updated_at: Timestamp,
        /// How many tasks are in it.
        task_count: u64,
        ;
        /// The tasks in it, in short: only where one folder is read.
        tasks: Vec<Run>,
        /// What else the plane says.
        ext: Ext,
    }
}

request! {
    /// A folder to make. (Mini-Devin, "POST /api/sessions".)
    #[derive(Default, PartialEq, Eq)]
    NewFolder {
        ;
        /// What people call it.
        name: String,
        /// The folder that its tasks work in, on the plane's machine.
        directory: String,
    }
}

/// The facet that manages folders. The tasks of one are listed by [`Runs::list`](crate::Runs::list)
/// with [`RunFilter::folder`](crate::RunFilter::folder).
#[async_trait]
pub trait Folders: Send + Sync + fmt::Debug {
    /// Lists the folders.
    ///
    /// # Errors
    /// What the wire says.
    async fn list(&self) -> Result<Vec<Folder>> {
        unsupported(Operation::FoldersList, ())
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// `InvalidInput`.
    async fn create(&self, new: NewFolder) -> Result<Folder> {
        unsupported(Operation::FoldersCreate, new)
    }

    /// Reads one folder, with the tasks in it.
    ///
    /// # Errors
    /// `NotFound`.
    async fn open(&self, folder: &FolderId) -> Result<Folder> {
        unsupported(Operation::FoldersOpen, folder)
    }

    /// Removes a folder.
    ///
    /// # Errors
    /// `NotFound`.
    async fn remove(&self, folder: &FolderId) -> Result<()> {
        unsupported(Operation::FoldersRemove, folder)
    }
}
