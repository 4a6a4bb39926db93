//! Making loops, and what is no loop.

use grump_core::{ErrorKind, NewLoop, Operation::*, RunStatus};

use super::refused;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(makes_a_draft_that_keeps_what_it_was_told).needs(&[LoopsCreate, RunsOpen]),
        case!(a_key_that_was_used_makes_no_second_loop).needs(&[LoopsCreate, RunsList]),
        case!(refuses_an_empty_name_or_prompt).needs(&[LoopsCreate, RunsList]),
        case!(refuses_a_folder_that_is_not_absolute).needs(&[LoopsCreate]),
        case!(refuses_a_stop_pattern_that_is_no_regular_expression).needs(&[LoopsCreate]),
        case!(refuses_an_agent_that_is_not_there_and_names_those_that_are).needs(&[LoopsCreate]),
    ]
}

async fn makes_a_draft_that_keeps_what_it_was_told(stage: &Stage) {
    let told = stage.task(scripts::FINISHES).stop_pattern("(?i)done");
    let created = stage.created(told.clone()).await;
    assert_eq!(created.status.unified, RunStatus::Draft);
    let opened = stage.loops().open(&created).await.unwrap();
    assert_eq!(opened, created);
    assert_eq!(opened.title, told.title);
    assert_eq!(opened.as_loop().unwrap().config, told.config);
}

/// Pitfall 39: a request that is repeated does not make a second loop.
async fn a_key_that_was_used_makes_no_second_loop(stage: &Stage) {
    let create = async |key| {
        let new = stage.task(scripts::FINISHES).idempotency_key(key);
        stage.created(new).await
    };
    let (one, again) = futures::join!(create("one"), create("one"));
    assert_eq!(one, again);
    stage.restart().await;
    assert_eq!(create("one").await.name, one.name);
    let other = create("other").await;
    let listed = stage.loops().list().await.unwrap();
    assert_eq!(listed, [other, one]);
}

async fn refuses_an_empty_name_or_prompt(stage: &Stage) {
    let directory = stage.repository().directory();
    for (title, prompt) in [(" ", "Do it"), ("a task", "\n")] {
        let new = NewLoop::new(title, &directory, prompt).agent(scripts::FINISHES);
        refused(stage.loops().create(new).await, ErrorKind::InvalidInput);
    }
    assert_eq!(stage.loops().list().await.unwrap(), []);
}

async fn refuses_a_folder_that_is_not_absolute(stage: &Stage) {
    let new = NewLoop::new("a task", "src/app", "Do it").agent(scripts::FINISHES);
    refused(stage.loops().create(new).await, ErrorKind::InvalidInput);
}

async fn refuses_a_stop_pattern_that_is_no_regular_expression(stage: &Stage) {
    let new = stage.task(scripts::FINISHES).stop_pattern("(unclosed");
    refused(stage.loops().create(new).await, ErrorKind::InvalidInput);
}

async fn refuses_an_agent_that_is_not_there_and_names_those_that_are(stage: &Stage) {
    let new = stage.task("nobody");
    let error = refused(stage.loops().create(new).await, ErrorKind::InvalidInput);
    let shown = error.to_string();
    assert!(shown.contains("nobody"), "{shown}");
    assert!(shown.contains(scripts::FINISHES), "{shown}");
}
