//! `server.log`: what a server says that was left behind.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::sleep;

/// How long the file may get, in bytes, before it is set aside.
const LONGEST: u64 = 4 << 20;

/// How often a server looks how long it is.
const PERIOD: Duration = Duration::from_secs(30);

/// The log of the servers of a data folder.
#[derive(Debug)]
pub(super) struct ServerLog(PathBuf);

impl ServerLog {
    /// The log in this data folder.
    pub(super) fn of(data: &Path) -> Self {
        Self(data.join("server.log"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Opens it to write at its end, whoever else does.
    pub(super) fn open(&self) -> io::Result<File> {
        self.set_aside_beyond(LONGEST)?;
        let mut options = File::options();
        options.create(true).append(true);
        private(&mut options);
        options.open(&self.0)
    }

    /// Sets it aside whenever it gets too long.
    pub(super) async fn keep_short(&self) {
        loop {
            sleep(PERIOD).await;
            if let Err(error) = self.set_aside_beyond(LONGEST) {
                tracing::warn!(%error, "the log of the server cannot be set aside");
            }
        }
    }

    /// Begins it anew if it is longer than this; what it held is in `server.log.1`, in place of
    /// what was there. The file stays the same one, as servers write to it; what one writes in that
    /// very moment is lost.
    fn set_aside_beyond(&self, longest: u64) -> io::Result<()> {
        let length = match fs::metadata(&self.0) {
            Ok(file) => file.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        if length <= longest {
            return Ok(());
        }
        let mut aside = File::options();
        aside.create(true).write(true).truncate(true);
        private(&mut aside);
        let mut aside = aside.open(self.0.with_extension("log.1"))?;
        io::copy(&mut File::open(&self.0)?, &mut aside)?;
        OpenOptions::new().write(true).open(&self.0)?.set_len(0)
    }
}

/// Nobody else may read it.
fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_log_that_got_too_long_begins_anew_under_those_who_write_to_it() {
        let data = tempfile::tempdir().unwrap();
        let log = ServerLog::of(data.path());
        log.set_aside_beyond(0).unwrap();
        let mut file = log.open().unwrap();
        let aside = data.path().join("server.log.1");
        for told in ["first", "second"] {
            file.write_all(told.as_bytes()).unwrap();
            log.set_aside_beyond(6).unwrap();
        }
        assert_eq!(fs::read_to_string(&aside).unwrap(), "firstsecond");
        file.write_all(b"third").unwrap();
        log.set_aside_beyond(6).unwrap();
        assert_eq!(fs::read_to_string(log.path()).unwrap(), "third");
        assert_eq!(fs::read_to_string(&aside).unwrap(), "firstsecond");
    }
}
