//! Lists that come in parts.

use futures::{StreamExt, TryStreamExt};
use grump_client::grump::JobOptions;
use grump_wire::grump::{Job, JobFilter};

use super::{asked, grump, is_documented, job, paths};

#[tokio::test]
async fn jobs_are_asked_for_part_by_part_as_they_are_read() {
    let (server, client) = grump().await;
    for _ in 0..5 {
        job(&server, "queued");
    }
    let mut jobs = client.jobs().list(JobOptions::new().limit(2u64));
    assert!(paths(&server).is_empty());
    jobs.next().await.unwrap().unwrap();
    jobs.next().await.unwrap().unwrap();
    assert_eq!(paths(&server).len(), 1);
    let rest: Vec<Job> = jobs.try_collect().await.unwrap();
    assert_eq!(rest.len(), 3);
    let asked: Vec<_> = asked(&server)
        .into_iter()
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(
        asked,
        [
            "/api/jobs?limit=2",
            "/api/jobs?limit=2&offset=2",
            "/api/jobs?limit=2&offset=4"
        ]
    );
    is_documented(&server);
}

#[tokio::test]
async fn a_list_may_begin_further_on_and_be_of_one_status() {
    let (server, client) = grump().await;
    for _ in 0..3 {
        job(&server, "queued");
        job(&server, "failed");
    }
    let options = JobOptions::new()
        .status(JobFilter::Failed)
        .limit(1u64)
        .offset(1u64);
    let jobs: Vec<Job> = client.jobs().list(options).try_collect().await.unwrap();
    assert_eq!(jobs.len(), 2);
    let asked: Vec<_> = asked(&server)
        .into_iter()
        .map(|(_, path, _)| path)
        .collect();
    assert_eq!(asked[1], "/api/jobs?limit=1&offset=2&status=failed");
    is_documented(&server);
}

#[tokio::test]
async fn a_part_is_given_as_the_server_gives_it() {
    let (server, client) = grump().await;
    job(&server, "queued");
    let page = client.jobs().page(JobOptions::new()).await.unwrap();
    assert_eq!(
        (page.total, page.limit, page.offset),
        (Some(1), Some(50), Some(0))
    );
    let one = client.jobs().get_status(&page.jobs[0].id).await.unwrap();
    assert_eq!(one.id, page.jobs[0].id);
    let told = client.jobs().cancel(&one.id).await.unwrap();
    assert_eq!(told.status().as_deref(), Some("cancelled"));
    is_documented(&server);
}
