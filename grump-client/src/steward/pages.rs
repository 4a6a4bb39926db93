//! Lists that come in parts. ("Conventions")

use grump_core::Result;
use grump_wire::{
    Endpoint,
    endpoint::{NoBody, Whole},
    steward::{self, PageQuery},
};

use super::StewardClient;
use crate::{
    caller::Value,
    page::{Next, Page, Pages},
};

/// All items of a list, part by part as they are read.
pub(super) fn pages<E, T>(client: &StewardClient, path: E::Path) -> Pages<T>
where
    E: Endpoint<Query = PageQuery, Body = NoBody>,
    E::Path: Clone + Sync,
    E::Response: Whole<Value = steward::Page<T>>,
    T: Send + 'static,
{
    let client = client.clone();
    Pages::of(move |place| {
        let (client, path) = (client.clone(), path.clone());
        let query = PageQuery {
            cursor: place.cursor,
            limit: None,
        };
        async move { client.get::<E>(path, query).await.map(part) }
    })
}

pub(super) fn part<T>(page: steward::Page<T>) -> Page<T> {
    let next = Next::Cursor(page.next_cursor().map(str::to_owned));
    Page {
        items: page.data,
        next,
    }
}

/// A whole list, however many parts it comes in.
pub(crate) async fn follow<E, T>(client: &StewardClient, path: E::Path) -> Result<Vec<T>>
where
    E: Endpoint<Query = PageQuery, Body = NoBody>,
    E::Path: Clone + Sync,
    E::Response: Whole<Value = steward::Page<T>>,
    Value<E>: Into<steward::Page<T>>,
    T: Send + Unpin + 'static,
{
    futures::TryStreamExt::try_collect(pages::<E, T>(client, path)).await
}
