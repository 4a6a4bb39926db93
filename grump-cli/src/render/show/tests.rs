use grump::{Budget, ModelRef, Outcome, RunDetail, RunRef, RunStatus, Usage};

use super::*;

fn now() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

fn before(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 - seconds * 1000)
}

fn run() -> Run {
    let mut config = LoopConfig::new("/home/me/app", "Add dark mode\nwith a switch");
    config.model = Some(ModelRef::new("anthropic", "claude"));
    config.max_iterations = Some(10);
    config.budget = Budget {
        seconds: Some(7200),
        tokens: Some(2_000_000),
    };
    config.verify = Some("cargo test".into());
    config.require_changes = true;
    let mut detail = Loop::new(config);
    detail.iteration = 2;
    detail.branch = Some("ralph/add-dark-mode".into());
    detail.target_branch = Some("main".into());
    detail.worktree = Some("/data/worktrees/app/1".into());
    detail.usage = Usage {
        input: 20_000,
        output: 1_000,
        cached: 0,
        cost: Some(0.25),
    };
    detail.worked_ms = 95_000;
    detail.recent_iterations = vec![
        iteration(
            1,
            IterationOutcome::Error,
            None,
            Some("the agent ended\nwith 1"),
        ),
        iteration(2, IterationOutcome::Matched, Some("0123456789abcdef"), None),
    ];
    let name = RunRef::of_loop("01890a5d-ac96-774b-bcce-b302099a8057");
    let mut run = Run::new(name, "dark mode", RunDetail::Loop(Box::new(detail)));
    run.status = RunStatus::Completed.into();
    run.outcome = Some(Outcome::Matched);
    run.created_at = before(7200);
    run.updated_at = before(42);
    run
}

fn iteration(
    number: u64,
    outcome: IterationOutcome,
    commit: Option<&str>,
    error: Option<&str>,
) -> Iteration {
    Iteration {
        number,
        started_at: before(200),
        ended_at: before(150),
        outcome,
        commit: commit.map(str::to_owned),
        error: error.map(str::to_owned),
    }
}

fn engine() -> PlaneInfo {
    PlaneInfo::new("engine").members(Member::ALL.iter().copied())
}

#[test]
fn what_a_plane_does_not_tell_is_not_shown() {
    let shown = show(&run(), &PlaneInfo::new("ralpher"), &now());
    assert!(shown.contains("iteration"), "{shown}");
    assert!(
        !shown.contains("policy") && !shown.contains("used"),
        "{shown}"
    );
}

#[test]
fn everything_about_a_loop_is_shown() {
    insta::assert_snapshot!(show(&run(), &engine(), &now()));
}

#[test]
fn a_draft_shows_what_there_is() {
    let detail = Loop::new(LoopConfig::new("/home/me/app", "x"));
    let mut run = Run::new(
        RunRef::of_loop("l-1"),
        "x",
        RunDetail::Loop(Box::new(detail)),
    );
    (run.created_at, run.updated_at) = (before(3), before(3));
    insta::assert_snapshot!(show(&run, &engine(), &now()));
}

#[test]
fn loops_are_listed_one_per_line() {
    let mut cut_off = run();
    cut_off.title = "a\u{1b}[2Jb".into();
    cut_off.status = RunStatus::Cancelled.into();
    cut_off.outcome = Some(Outcome::Interrupted);
    let mut budget = run();
    budget.status = RunStatus::LimitReached.into();
    budget.outcome = Some(Outcome::Budget);
    budget.as_loop_mut().unwrap().config.max_iterations = None;
    insta::assert_snapshot!(list::list(&[run(), cut_off, budget], &now()));
}
