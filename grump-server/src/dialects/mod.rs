//! One file per dialect: its endpoints on the facets of a plane.

pub(crate) mod ralpher;
