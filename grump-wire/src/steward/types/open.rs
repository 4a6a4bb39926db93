//! The words that a list of known ones does not end.

use std::{borrow::Cow, convert::Infallible, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Defines an enumeration that keeps words it does not know. (ambiguity X-09)
macro_rules! open {
    ($($(#[$meta:meta])* $name:ident { $($(#[$word_meta:meta])* $word:ident = $text:literal,)* })*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_meta])* $word,)*
            /// Another word, as it came.
            Unknown(String),
        }

        impl $name {
            /// Every word that is known.
            pub const KNOWN: &[Self] = &[$(Self::$word),*];

            /// The word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$word => $text,)*
                    Self::Unknown(word) => word,
                }
            }
        }

        impl Default for $name {
            /// No word at all.
            fn default() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($text => Self::$word,)*
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match &*word {
                    $($text => Self::$word,)*
                    _ => Self::Unknown(word),
                }
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(word: &str) -> Result<Self, Infallible> {
                Ok(word.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer).map(|word| Self::from(&*word))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "x-known-values": [$($text),*] })
            }
        }
    )* };
}

open! {
    /// Where a run is. ("Runs")
    RunStatus {
        /// Created, not started.
        Draft = "draft",
        /// Waits for a worker.
        Queued = "queued",
        /// At work.
        Running = "running",
        /// Held by a person.
        Paused = "paused",
        /// Asks a person. Not in the document.
        WaitingForUser = "waiting_for_user",
        /// Done with success. Not named in the document.
        Completed = "completed",
        /// Ended by an error.
        Failed = "failed",
        /// Ended by a person.
        Cancelled = "cancelled",
    }

    /// Where a project is. ("Projects")
    ProjectStatus {
        /// It is made. Not in the document.
        Creating = "creating",
        /// Its repository is cloned.
        Cloning = "cloning",
        /// Its code is indexed. Not in the document.
        Indexing = "indexing",
        /// It can be worked on. Not named in the document.
        Ready = "ready",
        /// The clone failed.
        Error = "error",
        /// Its workspace was archived.
        Archived = "archived",
    }

    /// What a review decided. ("Run approval & Git actions"; the words are not in the document)
    ReviewStatus {
        /// Yes.
        Approved = "approved",
        /// No.
        Rejected = "rejected",
    }

    /// How grave an event is. The words are not in the document.
    Severity {
        /// For information.
        Info = "info",
        /// Something went well.
        Success = "success",
        /// Something may be wrong.
        Warning = "warning",
        /// Something went wrong.
        Error = "error",
        /// For developers.
        Debug = "debug",
    }

    /// Which agent does a run's work. The words are not in the document.
    AgentRole {
        /// Designs.
        Architect = "architect",
        /// Works on servers.
        Backend = "backend",
        /// Works on web pages.
        Frontend = "frontend",
        /// Works on the iPhone app.
        Iphone = "iphone",
        /// Works on retrieval.
        Rag = "rag",
        /// Tests.
        Qa = "qa",
        /// Operates.
        Devops = "devops",
        /// Writes documentation.
        Documentation = "documentation",
    }
}
