//! Where tests cut the process off.
//!
//! The engine passes a point around everything that outlives it: each transaction of the journal,
//! each call of git, and each folder that it removes. Only the feature `failpoints`, which the
//! engine's own tests turn on, gives points a meaning; without it they are not compiled in.

#[cfg(feature = "failpoints")]
mod hook {
    use std::sync::OnceLock;

    type Hook = Box<dyn Fn(&str) + Send + Sync>;

    static HOOK: OnceLock<Hook> = OnceLock::new();

    /// Calls `hook` with the name of each point that this process passes from now on. The first
    /// hook stays.
    pub fn on_pass(hook: impl Fn(&str) + Send + Sync + 'static) {
        let _ = HOOK.set(Box::new(hook));
    }

    pub(crate) fn pass(name: impl FnOnce() -> String) {
        if let Some(hook) = HOOK.get() {
            hook(&name());
        }
    }
}

#[cfg(feature = "failpoints")]
pub use hook::on_pass;
#[cfg(feature = "failpoints")]
pub(crate) use hook::pass;

/// Passes a point; the name is made only where somebody asks for it.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub(crate) fn pass(_: impl FnOnce() -> String) {}
