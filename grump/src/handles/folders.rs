//! Handle of the facet `Folders`.

use grump_core::{Folder, FolderId, NewFolder};

use super::handle;

handle! {
    /// What tasks are put into.
    Folders folders {
        /// Lists the folders.
        FoldersList list() -> Vec<Folder>;
        /// Makes a folder.
        FoldersCreate create(new: NewFolder) -> Folder;
        /// Reads one folder, with the tasks in it.
        FoldersOpen open(folder: &FolderId) -> Folder;
        /// Removes a folder.
        FoldersRemove remove(folder: &FolderId) -> ();
    }
}
