-- What the journal is called and how far it is: one row.
CREATE TABLE journal (
    id       TEXT    NOT NULL,
    position INTEGER NOT NULL
);

-- The runs, in the order they were first named. `status`, `run` and `engine` are null for a run
-- that has no record: one that was forgotten, or that only events name.
CREATE TABLE runs (
    key    INTEGER PRIMARY KEY AUTOINCREMENT,
    kind   TEXT    NOT NULL,
    id     TEXT    NOT NULL,
    status TEXT,
    run    TEXT,
    engine TEXT,
    UNIQUE (kind, id)
);

-- The events. `frame` is an event's JSON with its position as `seq`, ready to be sent.
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    run      INTEGER NOT NULL REFERENCES runs (key),
    kind     TEXT    NOT NULL,
    frame    TEXT    NOT NULL
);

CREATE INDEX events_of_run ON events (run);

CREATE TABLE approvals (
    key      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT    NOT NULL UNIQUE,
    run      INTEGER NOT NULL REFERENCES runs (key),
    pending  INTEGER NOT NULL,
    approval TEXT    NOT NULL
);

CREATE INDEX pending_approvals ON approvals (key) WHERE pending;
CREATE INDEX approvals_of_run ON approvals (run);

CREATE TABLE preferences (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
