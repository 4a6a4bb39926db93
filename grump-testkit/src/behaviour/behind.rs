//! [`Behind`]: a plane that is reached through another.

use std::{fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use futures::future::BoxFuture;
use grump::Plane;
use grump_core::PlaneInfo;

use super::{Case, Implementation, Opened};

/// Puts something before a plane: this, and how it is closed.
type Front = dyn Fn(Plane) -> BoxFuture<'static, Opened> + Send + Sync;

/// An implementation that stands before another one: a client of a server of its plane. Put before
/// itself it is a gateway.
///
/// ```no_run
/// # use grump_core::PlaneInfo;
/// # use grump_testkit::behaviour::{self, Behind, Implementation, Opened};
/// # fn engine() -> Box<dyn Implementation> { unimplemented!() }
/// # fn info() -> PlaneInfo { unimplemented!() }
/// # async fn served(plane: grump::Plane) -> Opened { unimplemented!() }
/// fn main() -> std::process::ExitCode {
///     // `served` starts a server of the plane and answers with a client of it; closing that ends
///     // the client, then the server.
///     let server = || Behind::new("server", engine(), info(), served);
///     let gateway = Behind::new("gateway", Box::new(server()), info(), served);
///     behaviour::run(vec![Box::new(server()), Box::new(gateway)])
/// }
/// ```
pub struct Behind {
    name: &'static str,
    inner: Box<dyn Implementation>,
    info: PlaneInfo,
    front: Arc<Front>,
    only: &'static [&'static str],
}

impl Behind {
    /// What is reached when `front` is put before a plane of this implementation; it says this of
    /// itself. Closing what `front` opened must leave the plane behind it open: that is closed next.
    pub fn new<F>(
        name: &'static str,
        inner: Box<dyn Implementation>,
        info: PlaneInfo,
        front: impl Fn(Plane) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Opened> + Send + 'static,
    {
        Self {
            name,
            inner,
            info,
            front: Arc::new(move |plane| Box::pin(front(plane))),
            only: &[],
        }
    }

    /// Plays only the cases about these things: `watching`, for what is called `watching::…`.
    #[must_use]
    pub const fn only(mut self, about: &'static [&'static str]) -> Self {
        self.only = about;
        self
    }
}

#[async_trait]
impl Implementation for Behind {
    fn name(&self) -> &'static str {
        self.name
    }

    fn info(&self) -> PlaneInfo {
        self.info.clone()
    }

    fn plays(&self, case: &Case) -> bool {
        let about = case.name.split("::").next().unwrap_or_default();
        self.only.is_empty() || self.only.contains(&about)
    }

    async fn open(&self, data: &Path) -> Opened {
        let behind = self.inner.open(data).await;
        let front = (self.front)(behind.plane().clone()).await;
        let plane = front.plane().clone();
        Opened::new(plane, move || async move {
            front.close().await;
            behind.close().await;
        })
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behind")
            .field("name", &self.name)
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
