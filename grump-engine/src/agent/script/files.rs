//! The file steps of a script, kept below the folder the agent works in.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use grump_core::{Error, ErrorKind, Result};
use tokio::{fs, io::AsyncWriteExt};

/// The folder that a script may change files in. What changes a file answers the word for what
/// happened to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder<'a>(pub(super) &'a Path);

impl Folder<'_> {
    pub(super) async fn write(self, path: &str, content: &str) -> Result<&'static str> {
        let file = self.with_parent(path).await?;
        let there = fs::try_exists(&file).await.unwrap_or(false);
        fs::write(&file, content).await.map_err(failed(path))?;
        Ok(if there { "modified" } else { "added" })
    }

    pub(super) async fn append(self, path: &str, content: &str) -> Result<&'static str> {
        let file = self.with_parent(path).await?;
        let there = fs::try_exists(&file).await.unwrap_or(false);
        let mut options = fs::OpenOptions::new();
        let opened = options.append(true).create(true).open(&file).await;
        let mut opened = opened.map_err(failed(path))?;
        opened
            .write_all(content.as_bytes())
            .await
            .map_err(failed(path))?;
        opened.flush().await.map_err(failed(path))?;
        Ok(if there { "modified" } else { "added" })
    }

    pub(super) async fn edit(self, path: &str, old: &str, new: &str) -> Result<&'static str> {
        let file = self.inside(path).await?;
        let text = fs::read_to_string(&file).await.map_err(failed(path))?;
        if !text.contains(old) {
            let message = "the text to replace is not in the file";
            return Err(Error::new(ErrorKind::Agent, message)
                .with("file", path)
                .with("text", old));
        }
        let text = text.replacen(old, new, 1);
        fs::write(&file, text).await.map_err(failed(path))?;
        Ok("modified")
    }

    pub(super) async fn delete(self, path: &str) -> Result<&'static str> {
        let file = self.inside(path).await?;
        fs::remove_file(&file).await.map_err(failed(path))?;
        Ok("deleted")
    }

    pub(super) async fn rename(self, from: &str, to: &str) -> Result<&'static str> {
        let source = self.inside(from).await?;
        let target = self.with_parent(to).await?;
        fs::rename(&source, &target).await.map_err(failed(from))?;
        Ok("renamed")
    }

    async fn with_parent(self, path: &str) -> Result<PathBuf> {
        let file = self.inside(path).await?;
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).await.map_err(failed(path))?;
        }
        Ok(file)
    }

    /// The file's full path, if it lies in the folder: neither by `..` nor through a link elsewhere.
    async fn inside(self, path: &str) -> Result<PathBuf> {
        let relative = Path::new(path);
        let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if path.is_empty() || !relative.components().all(plain) {
            return Err(outside(path));
        }
        let full = self.0.join(relative);
        let root = fs::canonicalize(self.0).await.map_err(failed(path))?;
        for ancestor in full.ancestors() {
            if fs::symlink_metadata(ancestor).await.is_ok() {
                let real = fs::canonicalize(ancestor).await.map_err(failed(path))?;
                return if real.starts_with(&root) {
                    Ok(full)
                } else {
                    Err(outside(path))
                };
            }
        }
        Err(outside(path))
    }
}

fn outside(path: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "a script changes files below its folder only",
    )
    .with("path", path)
    .advise("write the path relative to that folder, without `..`")
}

fn failed(path: &str) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| {
        Error::new(
            ErrorKind::Agent,
            format!("the file cannot be changed: {error}"),
        )
        .with("file", path)
        .caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn paths_that_lead_out_of_the_folder_are_refused() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("work");
        std::fs::create_dir(&inner).unwrap();
        std::os::unix::fs::symlink(outer.path(), inner.join("up")).unwrap();
        let folder = Folder(&inner);
        for path in ["", "../x", "a/../../x", "/tmp/x", "up/x", "up"] {
            let error = folder.write(path, "").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path}: {error}");
        }
        assert!(!outer.path().join("x").exists());
    }

    #[tokio::test]
    async fn files_are_made_changed_moved_and_deleted() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder(root.path());
        assert_eq!(folder.append("a/b.txt", "one\n").await.unwrap(), "added");
        assert_eq!(folder.append("a/b.txt", "two\n").await.unwrap(), "modified");
        folder.edit("a/b.txt", "one", "1").await.unwrap();
        folder.rename("a/b.txt", "c/d.txt").await.unwrap();
        let text = std::fs::read_to_string(root.path().join("c/d.txt")).unwrap();
        assert_eq!(text, "1\ntwo\n");
        folder.delete("c/d.txt").await.unwrap();
        assert!(!root.path().join("c/d.txt").exists());
    }

    #[tokio::test]
    async fn an_edit_whose_text_is_not_there_names_file_and_text() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder(root.path());
        folder.write("a", "x").await.unwrap();
        let error = folder.edit("a", "y", "z").await.unwrap_err().to_string();
        assert!(
            error.contains("file: a") && error.contains("text: y"),
            "{error}"
        );
    }
}
