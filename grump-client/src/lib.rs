//! Remote control planes, spoken to in their own dialects.

pub mod stream;
