//! The MetaForge dialect: [`MetaForgeClient`](crate::MetaForgeClient), its nouns and its options.

pub(crate) mod client;
mod hub;
mod nouns;
mod skill;

pub(crate) use self::hub::{Before, Hub};
pub use self::{
    nouns::{Agents, Approvals, Sessions, System},
    skill::{SkillOptions, SkillRun},
};
