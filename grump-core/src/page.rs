//! [`Page`]: a part of a long list, and where it goes on.

use futures::stream::{self, Stream};

use crate::error::{Error, ErrorKind, Result};

/// Where a list goes on: opaque to whoever reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PageMark {
    /// Behind the position that the plane named. (Steward, "Conventions".)
    Cursor(String),
    /// After so many items. (G-Rump, "List Jobs"; `MetaForge`, "List Sessions".)
    Offset(u64),
}

/// Which part of a list to read; the first, as long as the plane likes it, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// Where to go on: [`Page::next`] of the page before.
    pub at: Option<PageMark>,
    /// How many items at most; the plane may give fewer.
    pub limit: Option<u64>,
}

impl PageRequest {
    /// The part that begins here.
    #[must_use]
    pub fn at(mut self, at: Option<PageMark>) -> Self {
        self.at = at;
        self
    }

    /// At most so many items.
    #[must_use]
    pub const fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the plane's order.
    pub items: Vec<T>,
    /// Where the list goes on; `None` at its end.
    pub next: Option<PageMark>,
    /// How many items the whole list has, where the plane says so.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// The last part of a list.
    #[must_use]
    pub const fn last(items: Vec<T>) -> Self {
        Self {
            items,
            next: None,
            total: None,
        }
    }

    /// A part of a list that goes on here, if it does.
    #[must_use]
    pub fn new(items: Vec<T>, next: Option<PageMark>) -> Self {
        Self {
            items,
            next,
            total: None,
        }
    }

    /// The part of a list that begins after `offset` items, and goes on until all of `total` were
    /// read, or a part is empty.
    #[must_use]
    pub fn of_offset(items: Vec<T>, offset: u64, total: Option<u64>) -> Self {
        let end = offset.saturating_add(items.len() as u64);
        let goes_on = !items.is_empty() && total.is_some_and(|total| end < total);
        Self {
            items,
            next: goes_on.then_some(PageMark::Offset(end)),
            total,
        }
    }

    /// The part that is asked for of a list that is here as a whole.
    ///
    /// # Errors
    /// `CursorExpired` for a position that was not given by such a list.
    pub fn part_of(whole: Vec<T>, request: &PageRequest) -> Result<Self> {
        let offset = match &request.at {
            None => 0,
            Some(PageMark::Offset(offset)) => *offset,
            Some(PageMark::Cursor(cursor)) => return Err(unknown(cursor)),
        };
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let total = whole.len() as u64;
        let rest = whole.into_iter().skip(size(offset));
        let items = rest.take(request.limit.map_or(usize::MAX, size)).collect();
        Ok(Self::of_offset(items, offset, Some(total)))
    }

    /// Says how long the whole list is.
    #[must_use]
    pub const fn total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// The same page of other items.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
            total: self.total,
        }
    }
}

fn unknown(cursor: &str) -> Error {
    Error::new(ErrorKind::CursorExpired, "this list knows no such position")
        .with("position", cursor)
        .advise("read the list from its beginning")
}

/// The items of a list that is read part by part, each part when it is needed: `read` gets where it
/// begins.
///
/// A part that says it goes on where it began itself is the last one.
///
/// ```
/// use futures::{StreamExt, TryStreamExt};
/// use grump_core::{Page, PageMark, page};
///
/// # futures::executor::block_on(async {
/// let numbers = page::items(async |at| match at {
///     None => Ok(Page::new(vec![1, 2], Some(PageMark::Offset(2)))),
///     Some(_) => Ok(Page::last(vec![3])),
/// });
/// assert_eq!(numbers.try_collect::<Vec<_>>().await.unwrap(), [1, 2, 3]);
/// # });
/// ```
pub fn items<T, F, A>(read: F) -> impl Stream<Item = Result<T>> + use<T, F, A>
where
    F: FnMut(Option<PageMark>) -> A,
    A: Future<Output = Result<Page<T>>>,
{
    let pages = stream::try_unfold((read, Some(None)), async |(mut read, at)| {
        let Some(at) = at else { return Ok(None) };
        let page = read(at.clone()).await?;
        let next = page.next.filter(|next| Some(next) != at.as_ref());
        let items = stream::iter(page.items.into_iter().map(Ok));
        Ok(Some((items, (read, next.map(Some)))))
    });
    futures::TryStreamExt::try_flatten(pages)
}

#[cfg(test)]
mod tests {
    use futures::{TryStreamExt, executor::block_on};

    use super::*;

    #[test]
    fn an_offset_goes_on_until_the_total_or_an_empty_part() {
        let next =
            |count: usize, offset, total| Page::of_offset(vec![(); count], offset, total).next;
        assert_eq!(next(50, 0, Some(127)), Some(PageMark::Offset(50)));
        assert_eq!(next(27, 100, Some(127)), None);
        assert_eq!(next(0, 50, Some(127)), None);
        assert_eq!(next(50, 0, None), None);
    }

    #[test]
    fn a_part_of_a_whole_list_says_where_the_rest_is() {
        let first = Page::part_of(vec![1, 2, 3], &PageRequest::default().limit(2)).unwrap();
        assert_eq!((first.items, first.total), (vec![1, 2], Some(3)));
        let rest = PageRequest::default().at(first.next);
        let rest = Page::part_of(vec![1, 2, 3], &rest).unwrap();
        assert_eq!((rest.items, rest.next), (vec![3], None));
        let stranger = PageRequest::default().at(Some(PageMark::Cursor("x".into())));
        let refused = Page::part_of(vec![1], &stranger).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::CursorExpired);
    }

    #[test]
    fn a_list_that_goes_on_where_it_began_is_read_once() {
        let mut reads = 0;
        let stuck = items(|_| {
            reads += 1;
            async { Ok(Page::new(vec![1], Some(PageMark::Cursor("same".into())))) }
        });
        let read: Vec<_> = block_on(stuck.try_collect()).unwrap();
        assert_eq!(read, [1, 1]);
        assert_eq!(reads, 2);
    }

    #[test]
    fn a_part_is_read_when_it_is_needed() {
        let mut reads = 0;
        let endless = items(|at| {
            reads += 1;
            let offset = if let Some(PageMark::Offset(offset)) = at {
                offset
            } else {
                0
            };
            async move { Ok(Page::of_offset(vec![offset], offset, Some(1_000))) }
        });
        let first: Vec<_> = block_on(futures::StreamExt::take(endless, 3).try_collect()).unwrap();
        assert_eq!(first, [0, 1, 2]);
        assert_eq!(reads, 3);
    }
}
