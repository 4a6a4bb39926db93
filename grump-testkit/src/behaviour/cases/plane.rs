//! The plane itself: its health, the models it remembers, and that it can be closed and opened.

use grump_core::{ErrorKind, ModelRef, Operation::*, RunStatus};

use super::refused;
use crate::behaviour::{
    case::{Case, case},
    scripts,
    stage::Stage,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!(it_is_healthy).needs(&[SystemHealth]),
        case!(it_remembers_the_last_model).needs(&[ModelsLastUsed, ModelsSetLastUsed]),
        case!(it_refuses_half_a_model).needs(&[ModelsLastUsed, ModelsSetLastUsed]),
        case!(it_remembers_the_model_of_a_loop).runs(&[ModelsLastUsed]),
        case!(it_lists_models_of_absolute_folders_only).needs(&[ModelsList]),
        case!(it_keeps_everything_when_it_is_closed).runs(&[RunsList]),
        case!(it_goes_on_with_what_it_was_closed_in).runs(&[]),
    ]
}

async fn it_is_healthy(stage: &Stage) {
    let health = stage.plane().system().health().await.unwrap();
    assert!(health.healthy, "{health:?}");
}

async fn it_remembers_the_last_model(stage: &Stage) {
    let models = stage.plane().models();
    assert_eq!(models.last_used().await.unwrap(), None);
    for name in ["one", "other"] {
        let model = ModelRef::new("provider", name);
        models.set_last_used(model.clone()).await.unwrap();
        assert_eq!(models.last_used().await.unwrap(), Some(model));
    }
}

async fn it_refuses_half_a_model(stage: &Stage) {
    let models = stage.plane().models();
    for (provider, model) in [("", "model"), ("provider", " ")] {
        let set = models.set_last_used(ModelRef::new(provider, model)).await;
        refused(set, ErrorKind::InvalidInput);
    }
    assert_eq!(models.last_used().await.unwrap(), None);
}

async fn it_remembers_the_model_of_a_loop(stage: &Stage) {
    let model = ModelRef::new("provider", "model");
    let new = stage.task(scripts::FINISHES).model(model.clone());
    stage.finished(new).await;
    let last = stage.plane().models().last_used().await.unwrap();
    assert_eq!(last, Some(model));
}

async fn it_lists_models_of_absolute_folders_only(stage: &Stage) {
    let models = stage.plane().models();
    refused(models.list("src/app").await, ErrorKind::InvalidInput);
    models.list(&stage.repository().directory()).await.unwrap();
}

async fn it_keeps_everything_when_it_is_closed(stage: &Stage) {
    let run = stage.finished(stage.task(scripts::TELLS_ALL)).await;
    stage.created(stage.task(scripts::FINISHES)).await;
    let read = async || {
        let runs = stage.loops().list().await.unwrap();
        (runs, stage.events(&run).await)
    };
    let before = read().await;
    stage.restart().await;
    assert_eq!(read().await, before);
}

/// Pitfall 18: what was cut off is not shown as running unless it is.
async fn it_goes_on_with_what_it_was_closed_in(stage: &Stage) {
    let run = stage
        .started(stage.task(scripts::STEP_BY_STEP).max_iterations(2))
        .await;
    stage.repository().open_gate("1");
    stage
        .until(&run, |run| run.as_loop().unwrap().iteration == 2)
        .await;
    stage.restart().await;
    stage.repository().open_gate("2");
    let over = stage.loops().wait(&run).await.unwrap();
    assert_eq!(
        over.status.unified,
        RunStatus::LimitReached,
        "{:?}",
        over.error
    );
    assert_eq!(over.as_loop().unwrap().iteration, 2);
    let log = stage.work(&over, "log.txt").unwrap();
    assert_eq!(log, "1: Do it\n2: Do it\n");
}
