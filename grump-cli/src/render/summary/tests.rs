use grump::{DiffStatus, Loop, LoopConfig, RunDetail, RunRef, Usage};

use super::*;

fn run(status: RunStatus, outcome: Option<Outcome>) -> Run {
    let mut detail = Loop::new(LoopConfig::new("/app", "x"));
    detail.iteration = 3;
    detail.worked_ms = 61_000;
    detail.usage = Usage {
        input: 1000,
        output: 24,
        ..Usage::default()
    };
    detail.branch = Some("ralph/x".into());
    let name = RunRef::of_loop("01890a5d-ac96-774b-bcce-b302099a8057");
    let mut run = Run::new(name, "x", RunDetail::Loop(Box::new(detail)));
    run.status = status.into();
    run.outcome = outcome;
    run
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text.clone() + "\n").collect()
}

#[test]
fn the_summary_says_how_it_ended_and_what_there_is() {
    let mut file = FileDiff::new("a".into(), DiffStatus::Modified);
    (file.additions, file.deletions) = (7, 2);
    let changes = Changes {
        commits: 2,
        files: Some(&[file]),
    };
    insta::assert_snapshot!(text(&summary(
        &run(RunStatus::Completed, Some(Outcome::Matched)),
        changes
    )));
}

#[test]
fn every_end_has_a_headline_of_its_own() {
    let ends = [
        (RunStatus::Completed, Outcome::Matched),
        (RunStatus::LimitReached, Outcome::LimitReached),
        (RunStatus::LimitReached, Outcome::Budget),
        (RunStatus::Failed, Outcome::Errors),
        (RunStatus::Cancelled, Outcome::Stopped),
        (RunStatus::Cancelled, Outcome::Interrupted),
        (RunStatus::Merged, Outcome::Matched),
        (RunStatus::Discarded, Outcome::Stopped),
    ];
    let lines: Vec<_> = ends
        .iter()
        .map(|(status, outcome)| headline(&run(*status, Some(*outcome))))
        .collect();
    insta::assert_snapshot!(text(&lines));
}

#[test]
fn what_to_type_next_fits_the_state() {
    let mut shown = String::new();
    for (status, changes) in [
        (RunStatus::Draft, false),
        (RunStatus::Completed, true),
        (RunStatus::LimitReached, false),
        (RunStatus::Merged, true),
        (RunStatus::Discarded, true),
        (RunStatus::Running, true),
    ] {
        shown.push_str(&format!("{status}:\n"));
        for (command, what) in next_steps(&run(status, None), changes) {
            shown.push_str(&format!("  {command:32}{what}\n"));
        }
    }
    insta::assert_snapshot!(shown);
}
