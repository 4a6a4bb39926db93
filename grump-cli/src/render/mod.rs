//! What people see, made from what happened: no terminal, no clock, no file is touched here.

mod diff;
mod error;
mod line;
mod list;
mod progress;
mod show;
mod summary;
mod tools;
mod transcript;
mod words;

pub(crate) use diff::{coloured_patch, stat};
pub(crate) use error::{error_json, error_text};
pub(crate) use line::{Line, Tone};
pub(crate) use list::{list, table, text as table_text};
pub(crate) use progress::Progress;
pub(crate) use show::show;
pub(crate) use summary::{Changes, next_steps, summary};
pub(crate) use transcript::Transcript;
pub(crate) use words::{clean, lines_of, short_id};
