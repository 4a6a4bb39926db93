//! Changing loops.

use grump_core::{ErrorKind, LoopEdit, Operation::*};

use super::refused;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(changes_what_is_said_and_keeps_the_rest).needs(&[LoopsCreate, LoopsEdit, RunsOpen]),
        case!(takes_effect_with_the_next_iteration).runs(&[LoopsEdit]),
        case!(changes_nothing_where_it_is_refused).needs(&[LoopsCreate, LoopsEdit, RunsOpen]),
    ]
}

async fn changes_what_is_said_and_keeps_the_rest(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let mut edit = LoopEdit::default();
    edit.title = Some("another name".to_owned());
    edit.max_iterations = Some(7);
    let edited = stage.loops().edit(&run, edit).await.unwrap();
    assert_eq!(edited, stage.loops().open(&run).await.unwrap());
    assert_eq!(edited.title, "another name");
    let mut expected = run.as_loop().unwrap().config.clone();
    expected.max_iterations = Some(7);
    assert_eq!(edited.as_loop().unwrap().config, expected);
}

async fn takes_effect_with_the_next_iteration(stage: &Stage) {
    let run = stage
        .started(stage.task(scripts::STEP_BY_STEP).max_iterations(9))
        .await;
    stage
        .until(&run, |run| run.as_loop().unwrap().iteration == 1)
        .await;
    let mut edit = LoopEdit::default();
    edit.prompt = Some("Do that".to_owned());
    edit.max_iterations = Some(2);
    stage.loops().edit(&run, edit).await.unwrap();
    stage.repository().open_gate("1");
    stage.repository().open_gate("2");
    let over = stage.loops().wait(&run).await.unwrap();
    let log = stage.work(&over, "log.txt").unwrap();
    assert_eq!(log, "1: Do it\n2: Do that\n");
}

async fn changes_nothing_where_it_is_refused(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let mut edits = vec![LoopEdit::default(); 3];
    edits[0].prompt = Some("\n".to_owned());
    edits[1].stop_pattern = Some("(unclosed".to_owned());
    edits[2].title = Some(" ".to_owned());
    for mut edit in edits {
        edit.max_iterations = Some(7);
        refused(
            stage.loops().edit(&run, edit).await,
            ErrorKind::InvalidInput,
        );
        assert_eq!(stage.loops().open(&run).await.unwrap(), run);
    }
}
