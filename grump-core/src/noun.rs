//! How nouns and requests are written down: each member once.

/// Defines what a plane answers: members that are always there; behind the first semicolon members
/// that may be absent, each with a method that sets it; behind the second what is empty where
/// nothing is said.
macro_rules! noun {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$doc:meta])* $field:ident: $type:ty,)*
            $(; $($(#[$optional_doc:meta])* $optional:ident: $optional_type:ty,)*
            $(; $($(#[$many_doc:meta])* $many:ident: $many_type:ty,)*)?)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
            $($(
                $(#[$optional_doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $optional: Option<$optional_type>,
            )*
            $($(
                $(#[$many_doc])*
                #[serde(default, skip_serializing_if = "crate::noun::is_empty")]
                pub $many: $many_type,
            )*)?)?
        }

        $crate::noun::members! {
            $name { $($field: $type,)* ; $($($optional: $optional_type,)*)? ; $($($($many: $many_type,)*)?)? }
        }
    };
}

/// Defines what a plane is asked for, as [`noun!`] does, but for those who only write it.
macro_rules! request {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$doc:meta])* $field:ident: $type:ty,)*
            $(; $($(#[$optional_doc:meta])* $optional:ident: $optional_type:ty,)*
            $(; $($(#[$many_doc:meta])* $many:ident: $many_type:ty,)*)?)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
            $($($(#[$optional_doc])* pub $optional: Option<$optional_type>,)*
            $($($(#[$many_doc])* pub $many: $many_type,)*)?)?
        }

        $crate::noun::members! {
            $name { $($field: $type,)* ; $($($optional: $optional_type,)*)? ; $($($($many: $many_type,)*)?)? }
        }
    };
}

/// The constructor and the setters of a noun.
macro_rules! members {
    ($name:ident {
        $($field:ident: $type:ty,)* ;
        $($optional:ident: $optional_type:ty,)* ;
        $($many:ident: $many_type:ty,)*
    }) => {
        impl $name {
            /// One that says no more than it must.
            #[must_use]
            #[allow(
                clippy::new_without_default,
                reason = "what has no member that it must have is seldom worth a default"
            )]
            pub fn new($($field: impl Into<$type>),*) -> Self {
                Self {
                    $($field: $field.into(),)*
                    $($optional: None,)*
                    $($many: Default::default(),)*
                }
            }

            $(
                #[doc = concat!("Sets [`", stringify!($optional), "`](Self#structfield.", stringify!($optional), ").")]
                #[must_use]
                pub fn $optional(mut self, $optional: impl Into<$optional_type>) -> Self {
                    self.$optional = Some($optional.into());
                    self
                }
            )*

            $(
                #[doc = concat!("Sets [`", stringify!($many), "`](Self#structfield.", stringify!($many), ").")]
                #[must_use]
                pub fn $many(mut self, $many: impl Into<$many_type>) -> Self {
                    self.$many = $many.into();
                    self
                }
            )*
        }
    };
}

/// Defines an enumeration that is open: a word that it does not know is kept, and written back as
/// it was.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $word:literal $variant:ident,)* }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            ::serde::Serialize, ::serde::Deserialize,
        )]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A word that this version of grump does not know.
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from(word.as_str())
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use {members, noun, request, words};

/// Whether a member says nothing and is left out.
pub(crate) fn is_empty<T: Default + PartialEq>(member: &T) -> bool {
    *member == T::default()
}
