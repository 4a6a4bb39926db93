use std::{
    fs, io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use grump_core::{
    Error, ErrorKind, Json, Loop, LoopConfig, LoopEdit, Loops, NewLoop, PlanningFile,
    PlanningFolder, Policy, Result, Run, RunDetail, RunRef, Runs as _, payload::RunCreated,
};
use uuid::Uuid;

use crate::{
    check,
    flow::{
        driver::{detail, detail_mut},
        state::{LoopRecord, LoopState},
        states::{is_at_work, refuse},
        stop_rule::StopRule,
    },
    supervisor::Supervisor,
};

/// The folder with a loop's plan.
const PLANNING: &str = ".planning";
/// How much of a planning file is read, in bytes.
const PLANNING_LIMIT: u64 = 4 * 1024 * 1024;

#[async_trait]
impl Loops for Supervisor {
    async fn create(&self, new: NewLoop) -> Result<Run> {
        self.own().await?;
        let NewLoop {
            title,
            config,
            idempotency_key,
            ..
        } = new;
        let Some(key) = idempotency_key else {
            let id = Uuid::now_v7();
            return self.create_as(id, title, config).await;
        };
        // The key decides the id, so that a second request finds what the first one made, even one
        // that comes after a restart.
        let name = format!("{}/{key}", self.journal().id());
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let _alone = self.creating().await;
        match self.open(&RunRef::of_loop(id.to_string())).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.create_as(id, title, config).await
            }
            known => known,
        }
    }

    async fn edit(&self, run: &RunRef, edit: LoopEdit) -> Result<Run> {
        self.own().await?;
        let cell = self.loop_cell(run).await?;
        let edited = cell.update(|record, _| {
            apply(record, edit)?;
            self.validate(&detail(&record.run)?.config)?;
            Ok(record.clone())
        });
        let (record, _) = edited.await?;
        Ok(self.shown(record))
    }

    async fn set_pending_prompt(&self, run: &RunRef, prompt: String) -> Result<()> {
        if prompt.trim().is_empty() {
            return Err(invalid("the prompt is empty").advise("to clear it, clear it"));
        }
        self.set_pending(run, Some(prompt)).await
    }

    async fn clear_pending_prompt(&self, run: &RunRef) -> Result<()> {
        self.set_pending(run, None).await
    }

    async fn plan(&self, run: &RunRef) -> Result<PlanningFile> {
        self.planning_file(run, "plan.md").await
    }

    async fn status_file(&self, run: &RunRef) -> Result<PlanningFile> {
        self.planning_file(run, "status.md").await
    }

    async fn check_planning_dir(&self, directory: &str) -> Result<PlanningFolder> {
        let folder = absolute(directory)?.join(PLANNING);
        blocking(move || read_folder(&folder)).await
    }
}

impl Supervisor {
    async fn create_as(&self, id: Uuid, title: String, mut config: LoopConfig) -> Result<Run> {
        if title.trim().is_empty() {
            return Err(invalid("a loop needs a name"));
        }
        self.validate(&config)?;
        self.admit(&config.backend)?;
        if config.policy == Policy::default() {
            config.policy = self.default_policy();
        }
        let detail = RunDetail::Loop(Box::new(Loop::new(config)));
        let run = Run::new(RunRef::of_loop(id.to_string()), title, detail);
        let config = Json::of(&run.as_loop().map(|detail| &detail.config)).ok();
        let told = RunCreated {
            config,
            title: Some(run.title.clone()),
        };
        let record = LoopRecord {
            run,
            state: LoopState::default(),
        };
        let (supervisor, created) = (self.clone(), record.run.clone());
        self.detached(async move {
            supervisor
                .store()
                .create(record, told.into())
                .await
                .map(drop)
        })
        .await?;
        Ok(created)
    }

    fn validate(&self, config: &LoopConfig) -> Result<()> {
        absolute(&config.directory)?;
        if config.prompt.trim().is_empty() {
            return Err(invalid("a loop needs a prompt"));
        }
        if config.max_iterations == Some(0) || config.max_consecutive_errors == 0 {
            return Err(invalid("a limit must be at least 1")
                .advise("leave it out to have no limit of iterations"));
        }
        if let Some(command) = &config.verify {
            check::words(command)?;
        }
        if config
            .model
            .as_ref()
            .is_some_and(|model| !model.is_complete())
        {
            return Err(invalid("a model needs provider and name"));
        }
        StopRule::new(&config.stop_pattern).map(drop)
    }

    async fn set_pending(&self, run: &RunRef, prompt: Option<String>) -> Result<()> {
        self.own().await?;
        let cell = self.loop_cell(run).await?;
        let set = cell.update(|record, _| {
            if !is_at_work(record.run.status.unified) || self.is_cut_off(record) {
                let shown = self.shown(record.clone());
                return Err(refuse(&shown, "not_running", "the loop is not running"));
            }
            detail_mut(&mut record.run)?.pending_prompt = prompt;
            Ok(())
        });
        set.await.map(drop)
    }

    /// Reads a planning file: from the worktree while there is one, else from the user's folder.
    async fn planning_file(&self, run: &RunRef, name: &str) -> Result<PlanningFile> {
        self.ready().await?;
        let stored = self.journal().run(run).await?;
        let record = LoopRecord::read(stored.ok_or_else(|| crate::store::missing(run))?)?;
        let worktree = record
            .state
            .workspace
            .map(|workspace| workspace.path.join(workspace.prefix));
        let folder = match worktree.filter(|folder| folder.exists()) {
            Some(worktree) => worktree,
            None => PathBuf::from(&detail(&record.run)?.config.directory),
        };
        let file = Path::new(PLANNING).join(name);
        blocking(move || read_file(&folder, &file)).await
    }
}

/// Touches the disk where nobody waits for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Internal, "a file could not be read").caused_by(error))
    })
}

/// Reads a file below a folder that an agent may have filled with anything: what leads out of it,
/// or is no file, is not read.
fn read_file(folder: &Path, file: &Path) -> Result<PlanningFile> {
    let path = folder.join(file);
    let opened = path.canonicalize().and_then(|real| {
        let is_below = folder
            .canonicalize()
            .is_ok_and(|folder| real.starts_with(folder));
        if is_below && fs::symlink_metadata(&real)?.is_file() {
            fs::File::open(real)
        } else {
            Err(io::Error::other("it is no file below the loop's folder"))
        }
    });
    match opened {
        Ok(file) => {
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut io::Read::take(file, PLANNING_LIMIT), &mut bytes)
                .map_err(|error| unreadable(&path, error))?;
            Ok(PlanningFile {
                content: String::from_utf8_lossy(&bytes).into_owned(),
                exists: true,
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(PlanningFile::default()),
        Err(error) => Err(unreadable(&path, error)),
    }
}

fn read_folder(folder: &Path) -> Result<PlanningFolder> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(PlanningFolder::default());
        }
        Err(error) => return Err(unreadable(folder, error)),
    };
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    Ok(PlanningFolder {
        exists: true,
        files,
    })
}

fn apply(record: &mut LoopRecord, edit: LoopEdit) -> Result<()> {
    if let Some(title) = edit.title {
        if title.trim().is_empty() {
            return Err(invalid("a loop needs a name"));
        }
        record.run.title = title;
    }
    let config = &mut detail_mut(&mut record.run)?.config;
    set(&mut config.prompt, edit.prompt);
    set(
        &mut config.max_consecutive_errors,
        edit.max_consecutive_errors,
    );
    set(&mut config.stop_pattern, edit.stop_pattern);
    set(&mut config.git.branch_prefix, edit.branch_prefix);
    set(&mut config.git.commit_prefix, edit.commit_prefix);
    set(&mut config.budget, edit.budget);
    config.model = edit.model.or(config.model.take());
    config.max_iterations = edit.max_iterations.or(config.max_iterations);
    Ok(())
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

pub(super) fn absolute(directory: &str) -> Result<PathBuf> {
    let path = PathBuf::from(directory);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(invalid("the folder's path is not absolute").with("directory", directory))
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Storage, "a planning file cannot be read")
        .with("path", path.display())
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_leads_out_of_the_folder_or_is_no_file_is_not_read() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("work");
        fs::create_dir_all(folder.join(PLANNING)).unwrap();
        fs::write(temp.path().join("secret"), "secret").unwrap();
        symlink(temp.path().join("secret"), folder.join(".planning/plan.md")).unwrap();
        let pipe = std::process::Command::new("mkfifo")
            .arg(folder.join(".planning/status.md"))
            .status();
        assert!(pipe.unwrap().success());
        for file in [".planning/plan.md", ".planning/status.md", ".planning"] {
            let refused = read_file(&folder, Path::new(file)).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Storage, "{file}");
        }
        symlink("/no/where", folder.join("dangling")).unwrap();
        let missing = read_file(&folder, Path::new("dangling")).unwrap();
        assert_eq!(missing, PlanningFile::default());
    }
}
