//! The machines of states of the five dialects, from the table `transitions.tsv`.

/// The table: what leads from where to where, and how it is refused elsewhere.
const TABLE: &str = include_str!("../contract/data/transitions.tsv");

/// A row of the table.
struct Row {
    dialect: &'static str,
    entity: &'static str,
    from: &'static str,
    trigger: &'static str,
    to: &'static str,
    status: &'static str,
    code: &'static str,
}

/// What a trigger does to an entity.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It has this status then.
    To(&'static str),
    /// Its status stays.
    Same,
    /// It is not there any more.
    Gone,
}

/// How a trigger is refused: the HTTP status and the code, the first of each that the table names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Illegal(pub(crate) u16, pub(crate) &'static str);

/// What this trigger does to an entity of this status, where the table has a row for it.
pub(crate) fn step(
    dialect: &str,
    entity: &str,
    status: &str,
    trigger: &str,
) -> Result<Step, Illegal> {
    let mut of_trigger = rows().filter(|row| {
        row.dialect == dialect
            && row.entity == entity
            && row.trigger.split('|').any(|one| names(one, row, trigger))
    });
    let found = of_trigger
        .clone()
        .find(|row| row.from == "(any)" || row.from.split('|').any(|from| from == status));
    match found.map(|row| row.to) {
        Some("(same)") => Ok(Step::Same),
        Some("(gone)") => Ok(Step::Gone),
        Some(to) => Ok(Step::To(to)),
        None => {
            let row = of_trigger.next();
            let row = row.unwrap_or_else(|| panic!("the table has no trigger {trigger:?}"));
            Err(Illegal(first(row.status), row.code.trim_end_matches('?')))
        }
    }
}

/// Whether one of a row's triggers is this one: `PUT|DELETE /path` are two.
fn names(one: &str, row: &Row, trigger: &str) -> bool {
    let path = row.trigger.rsplit(' ').next().unwrap_or_default();
    row.trigger == trigger
        || one.trim() == trigger
        || (path.starts_with('/')
            && format!("{} {path}", one.split(' ').next().unwrap_or_default()) == trigger)
}

/// The first status of a cell: `409 (inferred) | 403` begins with one. There is none where an
/// engine decides.
fn first(status: &str) -> u16 {
    let digits = status.get(..3).and_then(|digits| digits.parse().ok());
    digits.unwrap_or(500)
}

fn rows() -> impl Iterator<Item = Row> + Clone {
    TABLE.lines().skip(1).map(|line| {
        let cells: Vec<_> = line.split('\t').collect();
        Row {
            dialect: cells[0],
            entity: cells[1],
            from: cells[2],
            trigger: cells[3],
            to: cells[5],
            status: cells[7],
            code: cells[8],
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looped(status: &str, trigger: &str) -> Result<Step, Illegal> {
        step("ralpher", "loop", status, trigger)
    }

    #[test]
    fn a_draft_is_started_and_a_running_loop_is_not() {
        let start = "POST /api/loops/{id}/start";
        assert_eq!(looped("idle", start), Ok(Step::To("starting")));
        assert_eq!(looped("failed", start), Ok(Step::To("starting")));
        assert_eq!(
            looped("running", start),
            Err(Illegal(409, "already_running"))
        );
    }

    #[test]
    fn a_row_may_stand_for_two_methods() {
        for trigger in [
            "PUT /api/loops/{id}/pending-prompt",
            "DELETE /api/loops/{id}/pending-prompt",
        ] {
            assert_eq!(looped("waiting", trigger), Ok(Step::Same));
            assert_eq!(looped("idle", trigger), Err(Illegal(409, "not_running")));
        }
    }

    #[test]
    fn only_what_is_over_for_good_is_purged() {
        let purge = "POST /api/loops/{id}/purge";
        assert_eq!(looped("merged", purge), Ok(Step::Gone));
        assert_eq!(
            looped("completed", purge),
            Err(Illegal(400, "purge_failed"))
        );
    }

    #[test]
    fn anything_can_be_deleted() {
        let delete = "DELETE /api/loops/{id}";
        assert_eq!(looped("running", delete), Ok(Step::To("deleted")));
    }

    #[test]
    fn a_status_that_is_not_certain_is_the_first_one_named() {
        let step = |dialect, entity, status, trigger| step(dialect, entity, status, trigger);
        let push = step("steward", "review", "rejected", "POST /api/runs/{run}/push");
        assert_eq!(push, Err(Illegal(409, "review-required")));
        let cancel = step("grump", "job", "failed", "POST /api/jobs/{jobId}/cancel");
        assert_eq!(cancel, Err(Illegal(400, "invalid_request")));
    }
}
