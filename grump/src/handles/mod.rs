//! What users call: one handle per facet, the same for every plane, and [`RunHandle`] for one run.
//! Cheap to clone.

mod accounts;
mod agents;
mod chats;
mod code_bundles;
mod deliveries;
mod designs;
mod devices;
mod events;
mod evidence;
mod folders;
mod loops;
mod models;
mod project_docs;
mod projects;
mod reviews;
mod run;
mod runs;
mod settings;
mod ships;
mod snapshots;
mod system;
mod tasks;
mod until;
mod webhooks;

use grump_core::{Error, Operation};

pub use accounts::Accounts;
pub use agents::Agents;
pub use chats::Chats;
pub use code_bundles::CodeBundles;
pub use deliveries::Deliveries;
pub use designs::Designs;
pub use devices::Devices;
pub use events::Events;
pub use evidence::Evidence;
pub use folders::Folders;
pub use loops::Loops;
pub use models::Models;
pub use project_docs::ProjectDocs;
pub use projects::Projects;
pub use reviews::Reviews;
pub use run::{RunEvents, RunHandle};
pub use runs::Runs;
pub use settings::Settings;
pub use ships::Ships;
pub use snapshots::Snapshots;
pub use system::System;
pub use tasks::Tasks;
pub use until::{TimedOut, Until, Waited};
pub use webhooks::Webhooks;

/// Defines the handle of a facet: each operation with its arguments and its answer, and where a
/// request may set what not every plane can be told, what that is.
macro_rules! handle {
    (
        $(#[$doc:meta])*
        $handle:ident $facet:ident {
            $(
                $(#[$method_doc:meta])*
                $operation:ident $method:ident($($argument:ident: $type:ty),*) -> $answer:ty
                    $(, told $members:expr)?;
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $handle($crate::plane::Plane);

        impl $handle {
            pub(crate) const fn new(plane: $crate::plane::Plane) -> Self {
                Self(plane)
            }

            $(
                $(#[$method_doc])*
                ///
                /// # Errors
                /// `Unsupported` before any I/O where the plane cannot do it;
                #[doc = concat!("see [`grump_core::", stringify!($handle), "::", stringify!($method), "`].")]
                pub async fn $method(&self, $($argument: $type),*) -> ::grump_core::Result<$answer> {
                    const OPERATION: ::grump_core::Operation = ::grump_core::Operation::$operation;
                    let facet = self.0.facet(OPERATION, |facets| &facets.$facet)?;
                    $(self.0.can_be_told(OPERATION, $members)?;)?
                    let answer = facet.$method($($argument),*).await;
                    answer.map_err($crate::handles::named(OPERATION))
                }
            )*
        }
    };
}

use handle;

/// Names the operation that failed, in the one place where every call passes.
fn named(operation: Operation) -> impl FnOnce(Error) -> Error {
    move |error| error.operation(operation.as_str())
}
