//! Handle of the facet `Reviews`.

use grump_core::{Answer, Approval, Operation, Result};

use super::named;
use crate::plane::Plane;

/// What waits for a person.
#[derive(Clone, Debug)]
pub struct Reviews(Plane);

impl Reviews {
    pub(crate) const fn new(plane: Plane) -> Self {
        Self(plane)
    }

    /// Lists what waits for an answer, the oldest first.
    ///
    /// # Errors
    /// See [`grump_core::Reviews::pending`].
    pub async fn pending(&self) -> Result<Vec<Approval>> {
        let reviews = self
            .0
            .facet(Operation::ReviewsPending, |facets| &facets.reviews)?;
        reviews
            .pending()
            .await
            .map_err(named(Operation::ReviewsPending))
    }

    /// Answers one approval.
    ///
    /// # Errors
    /// See [`grump_core::Reviews::answer`].
    pub async fn answer(&self, answer: Answer) -> Result<()> {
        let reviews = self
            .0
            .facet(Operation::ReviewsAnswer, |facets| &facets.reviews)?;
        reviews
            .answer(answer)
            .await
            .map_err(named(Operation::ReviewsAnswer))
    }
}
