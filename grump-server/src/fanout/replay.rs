//! [`Replay`]: what is stored, page by page, as the text that the plane keeps of it.

use bytes::Bytes;
use grump_core::{Cursor, Result, RunRef};

use super::{Source, burst, shelf::Framed};

/// A walk through what is stored.
pub(super) struct Replay {
    run: Option<RunRef>,
    /// The position behind the last page.
    read: Cursor,
    /// What the first page was read of: others read the same.
    edition: Option<u64>,
}

/// The next of what is stored.
pub(super) struct Page {
    pub(super) frames: Bytes,
    pub(super) has_more: bool,
}

impl Replay {
    /// What lies behind this position, of one run or of all.
    pub(super) const fn new(run: Option<RunRef>, read: Cursor) -> Self {
        Self {
            run,
            read,
            edition: None,
        }
    }

    /// The position behind what was read.
    pub(super) const fn cursor(&self) -> &Cursor {
        &self.read
    }

    /// The next page; `None` where the plane keeps no text.
    ///
    /// The first one is asked of the plane, which refuses what must not or cannot be read. Those
    /// that follow may be what others read.
    pub(super) async fn next(&mut self, source: &Source) -> Result<Option<Page>> {
        let key = (self.run.clone(), self.read.clone());
        let known = self.edition.and_then(|of| source.shelf.get(of, &key));
        if let Some(Framed { frames, cursor }) = known {
            let has_more = true;
            self.read = cursor;
            return Ok(Some(Page { frames, has_more }));
        }
        let (run, after) = (self.run.as_ref(), self.read.clone());
        let Some(page) = source.stored(run, after).await? else {
            return Ok(None);
        };
        let mut frames = Vec::new();
        burst::write_page(&*source.encode, &page, &mut frames)?;
        let frames = Bytes::from(frames);
        self.edition = page.edition;
        if let Some(cursor) = page.cursor {
            self.read = cursor;
        }
        if let Some(edition) = page.edition.filter(|_| page.has_more) {
            let (frames, cursor) = (frames.clone(), self.read.clone());
            source.shelf.put(edition, key, Framed { frames, cursor });
        }
        let has_more = page.has_more;
        Ok(Some(Page { frames, has_more }))
    }
}
