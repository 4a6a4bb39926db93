//! [`Pages`]: all items of a list that a server gives in parts.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::{FutureExt, Stream, future::BoxFuture, stream::FusedStream};
use grump_core::Result;
use sync_wrapper::SyncFuture;

/// One part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Next,
}

/// What follows a part. (ambiguity X-06)
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// What is behind this cursor, if the server gave one.
    Cursor(Option<String>),
    /// What is behind these items, of so many where the server says it.
    Offset(Option<u64>),
}

/// Where a part begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The cursor of the part before, where there is one.
    pub(crate) cursor: Option<String>,
    /// How many items were before.
    pub(crate) offset: u64,
}

/// All items of a list that a server gives in parts, in the server's order. Each part is asked for
/// when the one before was read; nothing is asked for before the first item is.
///
/// It ends with the list, or with the first error, which is its last item.
#[must_use = "a list is not read unless its items are asked for"]
pub struct Pages<T> {
    ask: Box<dyn Fn(Place) -> BoxFuture<'static, Result<Page<T>>> + Send + Sync>,
    /// Where the next part begins; `None` where there is none.
    next: Option<Place>,
    /// The cursors that were followed: a server that repeats one would be asked for ever.
    seen: HashSet<String>,
    items: VecDeque<T>,
    asked: Option<SyncFuture<BoxFuture<'static, Result<Page<T>>>>>,
}

impl<T> Pages<T> {
    /// The list whose parts are asked for like this.
    pub(crate) fn of<F>(ask: impl Fn(Place) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        Self {
            ask: Box::new(move |place| ask(place).boxed()),
            next: Some(Place::default()),
            seen: HashSet::new(),
            items: VecDeque::new(),
            asked: None,
        }
    }

    fn turn(&mut self, from: &Place, page: Page<T>) {
        let offset = from.offset + page.items.len() as u64;
        let is_empty = page.items.is_empty();
        self.next = match page.next {
            Next::Cursor(cursor) => cursor
                .filter(|cursor| !cursor.is_empty() && self.seen.insert(cursor.clone()))
                .map(|cursor| Place {
                    cursor: Some(cursor),
                    offset,
                }),
            Next::Offset(total) => {
                let is_all = is_empty || total.is_some_and(|total| offset >= total);
                let cursor = None;
                (!is_all).then_some(Place { cursor, offset })
            }
        };
        self.items = page.items.into();
    }
}

impl<T: Unpin> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(from) = self.next.clone() else {
                return Poll::Ready(None);
            };
            if self.asked.is_none() {
                self.asked = Some(SyncFuture::new((self.ask)(from.clone())));
            }
            let page = match &mut self.asked {
                Some(asked) => ready!(asked.poll_unpin(context)),
                None => continue,
            };
            self.asked = None;
            match page {
                Ok(page) => self.turn(&from, page),
                Err(error) => {
                    self.next = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<T: Unpin> FusedStream for Pages<T> {
    fn is_terminated(&self) -> bool {
        self.items.is_empty() && self.next.is_none()
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("next", &self.next)
            .field("ready", &self.items.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::{StreamExt, TryStreamExt};
    use grump_core::{Error, ErrorKind};

    use super::*;

    type Asked = Arc<Mutex<Vec<Place>>>;

    /// The pages of a list, one after the other, and where they were asked for.
    fn pages(pages: Vec<Result<Page<u8>>>) -> (Pages<u8>, Asked) {
        let asked = Asked::default();
        let (left, log) = (Arc::new(Mutex::new(VecDeque::from(pages))), asked.clone());
        let pages = Pages::of(move |place| {
            log.lock().unwrap().push(place);
            let page = left.lock().unwrap().pop_front();
            async move { page.expect("nothing is asked for behind the end") }
        });
        (pages, asked)
    }

    fn cursor(items: &[u8], next: Option<&str>) -> Result<Page<u8>> {
        Ok(Page {
            items: items.to_vec(),
            next: Next::Cursor(next.map(str::to_owned)),
        })
    }

    fn offset(items: &[u8], total: Option<u64>) -> Result<Page<u8>> {
        Ok(Page {
            items: items.to_vec(),
            next: Next::Offset(total),
        })
    }

    async fn all(list: Vec<Result<Page<u8>>>) -> Vec<u8> {
        pages(list).0.try_collect().await.unwrap()
    }

    #[tokio::test]
    async fn a_part_is_asked_for_when_the_one_before_was_read() {
        let (mut list, asked) = pages(vec![cursor(&[1, 2], Some("b")), cursor(&[3], None)]);
        let number = || asked.lock().unwrap().len();
        assert_eq!(number(), 0);
        assert_eq!(list.next().await.unwrap().unwrap(), 1);
        assert_eq!(list.next().await.unwrap().unwrap(), 2);
        assert_eq!(number(), 1);
        assert_eq!(list.next().await.unwrap().unwrap(), 3);
        assert!(list.next().await.is_none());
        assert_eq!(asked.lock().unwrap()[1].cursor.as_deref(), Some("b"));
    }

    #[tokio::test]
    async fn an_empty_cursor_is_the_end() {
        assert_eq!(all(vec![cursor(&[1], Some(""))]).await, [1]);
    }

    #[tokio::test]
    async fn a_part_without_items_is_not_the_end_where_there_is_a_cursor() {
        let list = vec![cursor(&[], Some("b")), cursor(&[1], None)];
        assert_eq!(all(list).await, [1]);
    }

    /// A server that goes round in circles is followed round once. (ambiguity X-06)
    #[tokio::test]
    async fn a_cursor_that_is_repeated_is_the_end() {
        let list = vec![
            cursor(&[1], Some("b")),
            cursor(&[2], Some("c")),
            cursor(&[3], Some("b")),
        ];
        assert_eq!(all(list).await, [1, 2, 3]);
    }

    #[tokio::test]
    async fn offsets_go_on_to_the_total() {
        let (list, asked) = pages(vec![offset(&[1, 2], Some(3)), offset(&[3], Some(3))]);
        let items: Vec<_> = list.try_collect().await.unwrap();
        assert_eq!(items, [1, 2, 3]);
        let offsets: Vec<_> = asked.lock().unwrap().iter().map(|at| at.offset).collect();
        assert_eq!(offsets, [0, 2]);
    }

    #[tokio::test]
    async fn a_part_without_items_is_the_end_where_the_total_is_not_told() {
        assert_eq!(all(vec![offset(&[1], None), offset(&[], None)]).await, [1]);
    }

    #[tokio::test]
    async fn an_error_is_the_last_item() {
        let error = Error::new(ErrorKind::Remote, "no");
        let (list, _) = pages(vec![cursor(&[1], Some("b")), Err(error)]);
        let items: Vec<_> = list.collect().await;
        assert_eq!(items.len(), 2);
        assert!(items[1].is_err());
    }
}
