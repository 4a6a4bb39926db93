//! What a user is told beside answers: [`Retrying`], [`Reconnecting`].

use std::{fmt, sync::Arc, time::Duration};

use grump_core::{Error, RunRef};

/// A request is sent again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Retrying<'a> {
    /// The operation, such as `runs.list`.
    pub operation: &'static str,
    /// How often it was tried so far.
    pub tries: u32,
    /// How long is waited now.
    pub wait: Duration,
    /// Why the last try failed.
    pub error: &'a Error,
}

/// A stream lost its connection and makes another one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Reconnecting<'a> {
    /// The run that is watched; `None` for all.
    pub run: Option<&'a RunRef>,
    /// Why the connection was lost, in words.
    pub reason: &'static str,
    /// The error that it was lost by, where there was one.
    pub error: Option<&'a Error>,
    /// How long is waited now.
    pub wait: Duration,
}

/// Whom to tell, and whom to ask.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) on_retry: Option<Arc<OnRetry>>,
    pub(crate) on_reconnect: Option<Arc<OnReconnect>>,
    pub(crate) trace_parent: Option<Arc<TraceParent>>,
}

type OnRetry = dyn Fn(&Retrying<'_>) + Send + Sync;
type OnReconnect = dyn Fn(&Reconnecting<'_>) + Send + Sync;
type TraceParent = dyn Fn() -> Option<String> + Send + Sync;

impl Hooks {
    pub(crate) fn retry(&self, told: &Retrying<'_>) {
        tracing::debug!(tries = told.tries, wait = ?told.wait, error = %told.error, "sent again");
        if let Some(hook) = &self.on_retry {
            hook(told);
        }
    }

    pub(crate) fn reconnect(&self, told: &Reconnecting<'_>) {
        if let Some(hook) = &self.on_reconnect {
            hook(told);
        }
    }

    /// The trace that the caller is in, if it is spelled as it must be.
    pub(crate) fn trace_parent(&self) -> Option<String> {
        let parent = self.trace_parent.as_ref()?();
        parent.filter(|parent| is_trace_parent(parent))
    }
}

/// Four fields in hexadecimal digits. (W3C "Trace Context", 3.2)
fn is_trace_parent(text: &str) -> bool {
    let fields: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = fields.iter().map(|field| field.len()).collect();
    let is_hex = |field: &&str| field.bytes().all(|byte| byte.is_ascii_hexdigit());
    lengths == [2, 32, 16, 2] && fields.iter().all(is_hex)
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("on_retry", &self.on_retry.is_some())
            .field("on_reconnect", &self.on_reconnect.is_some())
            .field("trace_parent", &self.trace_parent.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_passed_on_only_if_it_is_spelled_as_one() {
        let given = |text: &'static str| Hooks {
            trace_parent: Some(Arc::new(move || Some(text.to_owned()))),
            ..Hooks::default()
        };
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(given(good).trace_parent().as_deref(), Some(good));
        assert_eq!(given("00-1-2-3").trace_parent(), None);
        assert_eq!(Hooks::default().trace_parent(), None);
    }
}
