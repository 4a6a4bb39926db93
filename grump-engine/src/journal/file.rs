//! The journal's file: creating it, telling whose it is and whether it is whole, opening it.

use std::{
    fs::File,
    io::{ErrorKind as IoErrorKind, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use grump_core::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use uuid::Uuid;

use super::{
    desk::Desk,
    error::{failed, refused},
    schema::{APPLICATION_ID, VERSION, migrate},
    stamp,
};

/// How long a statement waits for another process that holds the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the journal to write to it. Creates it where there is none.
pub(super) fn open_writer(file: &Path, desk: &Desk) -> Result<Connection> {
    if !exists(file)? {
        create(file)?;
    }
    let version = inspect(file, desk)?;
    let mut connection = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    stamp::remove(file).map_err(|error| unwritable(file, error))?;
    configure_writer(&connection)
        .map_err(|error| failed("cannot open the journal", file, error))?;
    if version < VERSION {
        migrate(&mut connection, file)?;
    }
    Ok(connection)
}

/// Opens another connection of a process that has the journal open to write.
pub(super) fn open_reader(file: &Path) -> Result<Connection> {
    connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// How a process that must not write opens the journal, found by trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Beside whoever writes.
    Shared,
    /// As a file that nobody writes and beside which nothing can be created.
    Immutable,
}

/// Finds out how the journal can be read without writing to it.
pub(super) fn access(file: &Path, desk: &Desk) -> Result<Access> {
    check_header(file, desk)?;
    let shared = open_as(file, Access::Shared);
    match shared.and_then(|connection| check_version(&connection, file)) {
        Ok(VERSION) => Ok(Access::Shared),
        Ok(_) => Err(refused("the journal was written by an older grump", file)
            .advise("start something in it once, so that it is brought to this version")),
        Err(_) if stamp::is_at_rest(file) => {
            let connection = open_as(file, Access::Immutable)?;
            check_version(&connection, file).map(|_| Access::Immutable)
        }
        Err(error) => Err(error),
    }
}

/// Opens a connection that never writes.
pub(super) fn open_as(file: &Path, access: Access) -> Result<Connection> {
    match access {
        Access::Shared => open_reader(file),
        Access::Immutable => connect(
            &immutable(file),
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        ),
    }
}

/// Whether there is such a file.
fn exists(file: &Path) -> Result<bool> {
    file.try_exists().map_err(|error| unreadable(file, error))
}

/// Makes a new journal beside its place and puts it there whole, so that a crash leaves no half
/// of one and two who create it at once get the same.
fn create(file: &Path) -> Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
    let place = tempfile::Builder::new()
        .prefix("journal-")
        .suffix(".new")
        .tempfile_in(folder)
        .map_err(|error| unwritable(folder, error))?
        .into_temp_path();
    fill(&place)?;
    match place.persist_noclobber(file) {
        Err(refused) if refused.error.kind() != IoErrorKind::AlreadyExists => {
            Err(unwritable(file, refused.error))
        }
        _ => sync_folder(folder).map_err(|error| unwritable(folder, error)),
    }
}

fn fill(place: &Path) -> Result<()> {
    let mut connection = connect(place, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrate(&mut connection, place)?;
    let filled = connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| {
            let id = Uuid::now_v7().to_string();
            connection.execute("INSERT INTO journal (id, position) VALUES (?, 0)", [id])
        })
        .and_then(|_| connection.pragma_update(None, "journal_mode", "wal"))
        .and_then(|()| connection.close().map_err(|(_, error)| error));
    filled.map_err(|error| failed("cannot create the journal", place, error))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Refuses a file that is not a whole journal of this version or an older one, without changing a
/// byte of it. Answers its version.
fn inspect(file: &Path, desk: &Desk) -> Result<u32> {
    check_header(file, desk)?;
    let connection = open_reader(file)?;
    let version = check_version(&connection, file)?;
    if !stamp::matches(file) {
        check_pages(&connection, file)?;
    }
    Ok(version)
}

/// Looks at the first bytes by hand, since SQLite itself may write to what it opens.
fn check_header(file: &Path, desk: &Desk) -> Result<()> {
    if desk.knows(file) {
        return Ok(());
    }
    let at_rest = stamp::is_at_rest(file);
    let (header, length) = read_header(file).map_err(|error| unreadable(file, error))?;
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(damaged("this file is no journal, or a damaged one", file));
    }
    let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| header[at + byte]));
    judge(number(68), number(60), file)?;
    // 1 stands for 65536, which does not fit in two bytes.
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65536,
        size => u64::from(size),
    };
    if at_rest && length < page_size * u64::from(number(28)) {
        return Err(damaged("the journal is damaged: its end is missing", file));
    }
    Ok(())
}

/// The first bytes, and how many there are in all.
fn read_header(file: &Path) -> std::io::Result<(Vec<u8>, u64)> {
    let mut header = Vec::with_capacity(100);
    let file = File::open(file)?;
    (&file).take(100).read_to_end(&mut header)?;
    Ok((header, file.metadata()?.len()))
}

/// The same once more through SQLite, which also sees what is in the write-ahead log.
fn check_version(connection: &Connection, file: &Path) -> Result<u32> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    let both = number("application_id").and_then(|id| Ok((id, number("user_version")?)));
    let (id, version) = both.map_err(|error| failed("cannot read the journal", file, error))?;
    judge(id, version, file)
}

fn judge(application: u32, version: u32, file: &Path) -> Result<u32> {
    if application != APPLICATION_ID {
        return Err(refused("this database belongs to another program", file)
            .advise("choose another data folder"));
    }
    if version > VERSION {
        return Err(refused("the journal was written by a newer grump", file)
            .advise("update grump, or choose another data folder")
            .with("version", version)
            .with("known", VERSION));
    }
    Ok(version)
}

/// Reads every page: opening alone does not notice a page that was overwritten.
fn check_pages(connection: &Connection, file: &Path) -> Result<()> {
    let found: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(|error| failed("the journal is damaged", file, error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(damaged("the journal is damaged", file).with("found", found.replace('\n', " ")))
}

fn damaged(what: &'static str, file: &Path) -> Error {
    refused(what, file).advise("restore it from a copy, or move it away to begin anew")
}

fn connect(file: &Path, mode: OpenFlags) -> Result<Connection> {
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connected = Connection::open_with_flags(file, flags).and_then(|connection| {
        connection.busy_timeout(PATIENCE)?;
        // Only the writer's own close moves the log into the file, and only when it asks to.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        Ok(connection)
    });
    connected.map_err(|error| failed("cannot open the journal", file, error))
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)
}

/// The URI under which SQLite reads a file without looking for a log or locks beside it.
fn immutable(file: &Path) -> PathBuf {
    let mut uri = String::from("file:");
    for byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    uri.into()
}

fn unreadable(file: &Path, error: std::io::Error) -> Error {
    let kind = match error.kind() {
        IoErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::Storage,
    };
    Error::new(kind, "cannot read the journal")
        .with("file", file.display())
        .caused_by(error)
}

fn unwritable(file: &Path, error: std::io::Error) -> Error {
    refused("cannot write the journal", file)
        .advise("check that its folder exists, can be written and has space")
        .caused_by(error)
}
