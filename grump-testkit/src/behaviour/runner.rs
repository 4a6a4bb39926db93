//! [`run`]: every case on every implementation, as a test binary.

use std::{panic::AssertUnwindSafe, process::ExitCode, sync::Arc, time::Duration};

use futures::FutureExt;
use libtest_mimic::{Arguments, Failed, Trial};

use super::{
    Implementation,
    case::{self, Case},
    stage::Stage,
};

/// How long a case may take before it counts as hung. No case takes a tenth of it.
const DEADLINE: Duration = Duration::from_secs(180);

/// Plays every case on every implementation, as the `main` of a test without a harness. It takes
/// the arguments of any Rust test binary, and works under cargo-nextest.
///
/// A case that the plane lacks something for is listed as ignored, and says what is missing.
pub fn run(implementations: Vec<Box<dyn Implementation>>) -> ExitCode {
    let trials = implementations
        .into_iter()
        .flat_map(|implementation| trials(implementation.into()))
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trials(implementation: Arc<dyn Implementation>) -> impl Iterator<Item = Trial> {
    let info = implementation.info();
    let played = case::all()
        .into_iter()
        .filter(|case| implementation.plays(case))
        .collect::<Vec<_>>();
    played.into_iter().map(move |case| {
        let lacks = case.lacks(&info).join(", ");
        let name = format!("{}::{}", implementation.name(), case.name);
        if !lacks.is_empty() {
            let reason = format!("lacks {lacks}");
            let refuse = format!("this case cannot be played: the plane {reason}");
            return Trial::test(name, || Err(Failed::from(refuse)))
                .with_kind(reason)
                .with_ignored_flag(true);
        }
        let implementation = implementation.clone();
        Trial::test(name, move || play(&case, implementation))
    })
}

fn play(case: &Case, implementation: Arc<dyn Implementation>) -> Result<(), Failed> {
    crate::coverage::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stage = Stage::set(implementation).await;
        let played = AssertUnwindSafe((case.run)(&stage)).catch_unwind();
        let played = tokio::time::timeout(DEADLINE, played).await;
        stage.clear().await;
        match played {
            Ok(Ok(())) => Ok(()),
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(Failed::from("the case hangs")),
        }
    })
}
