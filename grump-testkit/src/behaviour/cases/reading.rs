//! Listing and opening runs.

use std::slice::from_ref;

use grump_core::{Operation::*, RunFilter, RunKind, RunRef, RunStatus};

use super::is_nowhere;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(lists_the_newest_first).needs(&[LoopsCreate, RunsList]),
        case!(lists_only_the_statuses_asked_for).runs(&[RunsList]),
        case!(lists_only_the_kind_asked_for).needs(&[LoopsCreate, RunsList]),
        case!(what_is_not_there_is_not_found).needs(&[RunsOpen]),
    ]
}

async fn lists_the_newest_first(stage: &Stage) {
    let mut created = Vec::new();
    for title in ["first", "second", "third"] {
        let mut new = stage.task(scripts::FINISHES);
        new.title = title.to_owned();
        created.insert(0, stage.created(new).await);
    }
    assert_eq!(stage.loops().list().await.unwrap(), created);
}

async fn lists_only_the_statuses_asked_for(stage: &Stage) {
    let done = stage.finished(stage.task(scripts::FINISHES)).await;
    let draft = stage.created(stage.task(scripts::FINISHES)).await;
    let with = async |statuses: &[RunStatus]| {
        let mut filter = RunFilter::default();
        filter.statuses = statuses.to_vec();
        stage.runs().list(filter).await.unwrap()
    };
    assert_eq!(with(&[RunStatus::Draft]).await, from_ref(&draft));
    assert_eq!(with(&[RunStatus::Completed]).await, from_ref(&done));
    assert_eq!(
        with(&[RunStatus::Completed, RunStatus::Draft]).await,
        [draft, done]
    );
    assert_eq!(with(&[RunStatus::Failed]).await, []);
}

async fn lists_only_the_kind_asked_for(stage: &Stage) {
    let run = stage.created(stage.task(scripts::FINISHES)).await;
    let of = async |kind| stage.runs().list(RunFilter::kind(kind)).await.unwrap();
    assert_eq!(of(RunKind::Loop).await, [run]);
    assert_eq!(of(RunKind::Ship).await, []);
}

async fn what_is_not_there_is_not_found(stage: &Stage) {
    is_nowhere(stage, &RunRef::of_loop("nobody")).await;
}
