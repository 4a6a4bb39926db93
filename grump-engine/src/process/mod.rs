//! Agents as processes: started so that all they start is found again, and ended so that nothing
//! of it is left.
//!
//! Killing a process group is not enough: agents start their tools in sessions of their own. There
//! are two layers. The first is the *keeper* ([`keeper_main`]), a tiny process between this one and
//! the agent, which kills and reaps everything below it when the agent ends, when it is told to,
//! and by itself when this process dies. The second is the [`sweep`] by [`Mark`], for when the
//! keeper was killed too.
//!
//! On Linux both layers hold. Elsewhere (macOS) there is no subreaper and no `/proc`: the keeper
//! reaches the agent's process group only, and that while the agent lives; the sweep answers
//! `Unsupported`. What an agent has others start for it, such as a container, is nowhere below it
//! and without its mark: that is for the agent's own cancel to end.

mod child;
mod identity;
mod keeper;
mod kill;
mod link;
mod mark;
mod output;
mod spawn;
mod sweep;
mod table;

pub use child::{Child, Ended, Exit, GoodExit, Ladder};
pub use identity::ProcessIdentity;
pub use keeper::{keeper_code, keeper_main};
pub use mark::Mark;
pub use output::{Line, Lines, Output, Source, Tail};
pub use spawn::{Input, KeeperCommand, Launch, Launcher};
pub use sweep::{survivors, sweep};
pub use table::ProcessInfo;
