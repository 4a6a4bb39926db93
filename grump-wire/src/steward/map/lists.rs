//! Lists: which part is asked for, and where the next one is.

use grump_core::{Error, ErrorKind, EventQuery, PageMark, PageRequest, Result};

use super::super::types as wire;

/// The query that asks for a part of a list.
///
/// # Errors
/// `CursorExpired` for a position of another dialect's list.
pub fn page_query(request: PageRequest) -> Result<wire::PageQuery> {
    let cursor = match request.at {
        None => None,
        Some(PageMark::Cursor(cursor)) => Some(cursor),
        Some(other) => {
            let message = "this plane's lists have no such positions";
            return Err(Error::new(ErrorKind::CursorExpired, message)
                .with("position", format_args!("{other:?}"))
                .advise("read the list from its beginning"));
        }
    };
    Ok(wire::PageQuery {
        cursor,
        limit: request.limit,
    })
}

/// Where a list goes on.
#[must_use]
pub fn mark<T>(page: &wire::Page<T>) -> Option<PageMark> {
    let cursor = page.next_cursor()?;
    Some(PageMark::Cursor(cursor.to_owned()))
}

/// The query that asks for stored events.
#[must_use]
pub fn events_query(query: &EventQuery) -> wire::EventsQuery {
    let after = query.after.as_ref();
    wire::EventsQuery {
        since: after.map(|cursor| cursor.as_str().into()),
        event_types: (!query.kinds.is_empty()).then(|| query.kinds.join(",")),
        severity: query.severity.clone(),
        path: query.path.clone(),
        limit: Some(query.limit as u64),
        cursor: None,
    }
}
