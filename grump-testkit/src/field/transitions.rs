//! The state machine of loops, from the table `transitions.tsv`.

/// The table: what leads from where to where, and how it is refused elsewhere.
const TABLE: &str = include_str!("transitions.tsv");

/// A row of the table.
struct Row {
    from: &'static str,
    trigger: &'static str,
    to: &'static str,
    status: &'static str,
    code: &'static str,
}

/// What a trigger does to a loop.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It has this status then.
    To(&'static str),
    /// Its status stays.
    Same,
    /// It is not there any more.
    Gone,
}

/// How a trigger is refused: the HTTP status and the code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Illegal(pub(super) u16, pub(super) &'static str);

/// What this trigger does to a loop of this status.
pub(super) fn step(status: &str, trigger: &str) -> Result<Step, Illegal> {
    let mut of_trigger =
        rows().filter(|row| row.trigger.split('|').any(|one| names(one, row, trigger)));
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
            Err(Illegal(row.status.parse().unwrap_or(500), row.code))
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

fn rows() -> impl Iterator<Item = Row> + Clone {
    TABLE.lines().skip(1).map(|line| {
        let cells: Vec<_> = line.split('\t').collect();
        Row {
            from: cells[0],
            trigger: cells[1],
            to: cells[3],
            status: cells[4],
            code: cells[5],
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_started_and_a_running_loop_is_not() {
        let start = "POST /api/loops/{id}/start";
        assert_eq!(step("idle", start), Ok(Step::To("starting")));
        assert_eq!(step("failed", start), Ok(Step::To("starting")));
        assert_eq!(step("running", start), Err(Illegal(409, "already_running")));
    }

    #[test]
    fn a_row_may_stand_for_two_methods() {
        for trigger in [
            "PUT /api/loops/{id}/pending-prompt",
            "DELETE /api/loops/{id}/pending-prompt",
        ] {
            assert_eq!(step("waiting", trigger), Ok(Step::Same));
            assert_eq!(step("idle", trigger), Err(Illegal(409, "not_running")));
        }
    }

    #[test]
    fn only_what_is_over_for_good_is_purged() {
        let purge = "POST /api/loops/{id}/purge";
        assert_eq!(step("merged", purge), Ok(Step::Gone));
        assert_eq!(step("completed", purge), Err(Illegal(400, "purge_failed")));
    }

    #[test]
    fn anything_can_be_deleted() {
        let delete = "DELETE /api/loops/{id}";
        assert_eq!(step("running", delete), Ok(Step::To("deleted")));
    }
}
