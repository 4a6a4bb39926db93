//! [`Jobs`]: background jobs.

use grump_core::Result;
use grump_wire::{
    endpoint::{NoBody, NoPath, NoQuery},
    grump::{Answer, CancelJob, Job, JobId, JobList, JobPath, JobQuery, ListJobs, OpenJob},
};

use super::{GrumpClient, JobOptions, check};
use crate::{
    Pages,
    page::{Next, Page},
};

/// Background jobs. (G-Rump, "Job Management Endpoints")
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'c>(pub(super) &'c GrumpClient);

impl Jobs<'_> {
    /// List all background jobs, in the server's order: a part of the list is asked for when the one
    /// before was read. (G-Rump, "List Jobs")
    pub fn list(&self, options: JobOptions) -> Pages<Job> {
        let (client, query) = (self.0.clone(), options.0);
        let start = query.offset.unwrap_or_default();
        Pages::of(move |place| {
            let client = client.clone();
            let mut query = query.clone();
            if place.offset > 0 {
                query.offset = Some(start + place.offset);
            }
            async move {
                let list = client.jobs().part(query).await?;
                let left = list.total.map(|total| total.saturating_sub(start));
                Ok(Page {
                    items: list.jobs,
                    next: Next::Offset(left),
                })
            }
        })
    }

    /// One part of the list, as the server gives it. (G-Rump, "List Jobs")
    pub async fn page(&self, options: JobOptions) -> Result<JobList> {
        self.part(options.0).await
    }

    /// Check the status of a specific job. (G-Rump, "Get Job Status")
    pub async fn get_status(&self, job_id: impl Into<JobId>) -> Result<Job> {
        self.0.get::<OpenJob>(at(job_id)?, NoQuery {}).await
    }

    /// Cancel a running job. What answers, the document does not show: read the job. (G-Rump,
    /// "Cancel Job")
    pub async fn cancel(&self, job_id: impl Into<JobId>) -> Result<Answer> {
        self.0.send::<CancelJob>(at(job_id)?, NoBody).await
    }

    pub(crate) async fn part(&self, query: JobQuery) -> Result<JobList> {
        self.0.get::<ListJobs>(NoPath {}, query).await
    }
}

fn at(job_id: impl Into<JobId>) -> Result<JobPath> {
    let job_id = job_id.into();
    check("job", job_id.as_str())?;
    Ok(JobPath { job_id })
}
