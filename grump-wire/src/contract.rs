//! What the contract's tables demand, and the comparison with what is spelled in `endpoints.rs`:
//! done by the compiler.

use crate::endpoint::{Documented, Endpoint};

/// An endpoint that the tables list.
pub(crate) struct Required {
    method: &'static str,
    path: &'static str,
    status: u16,
    errors: &'static [(u16, &'static str)],
    operation: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

/// An endpoint that is spelled.
pub(crate) struct Spelled {
    method: &'static str,
    path: &'static str,
    status: u16,
    errors: &'static [Documented],
    operation: &'static str,
}

pub(crate) const fn spelled<E: Endpoint>() -> Spelled {
    Spelled {
        method: E::METHOD,
        path: E::PATH,
        status: E::STATUS,
        errors: E::ERRORS,
        operation: E::OPERATION.as_str(),
    }
}

/// Refuses to compile where endpoints and tables differ.
pub(crate) const fn compare(_dialect: &str, required: &[Required], spelled: &[Spelled]) {
    let mut at = 0;
    while at < required.len() {
        assert!(
            is_spelled(&required[at], spelled),
            "contract/endpoints.tsv lists an endpoint that is not spelled so: compare method, path, status, documented errors and operation"
        );
        at += 1;
    }
    assert!(
        required.len() == spelled.len(),
        "an endpoint is spelled that contract/endpoints.tsv does not list, or one is spelled twice"
    );
}

const fn is_spelled(required: &Required, spelled: &[Spelled]) -> bool {
    let mut at = 0;
    while at < spelled.len() {
        let one = &spelled[at];
        if same(required.method, one.method) && same(required.path, one.path) {
            return required.status == one.status
                && same(required.operation, one.operation)
                && same_errors(required.errors, one.errors);
        }
        at += 1;
    }
    false
}

const fn same_errors(required: &[(u16, &str)], spelled: &[Documented]) -> bool {
    let mut at = 0;
    while at < required.len() {
        if at >= spelled.len()
            || required[at].0 != spelled[at].status
            || !same(required[at].1, spelled[at].code)
        {
            return false;
        }
        at += 1;
    }
    required.len() == spelled.len()
}

/// Refuses to compile where events and tables differ.
pub(crate) const fn compare_events(required: &[&str], spelled: &[&str]) {
    let mut at = 0;
    while at < required.len() {
        let mut other = 0;
        while other < spelled.len() && !same(required[at], spelled[other]) {
            other += 1;
        }
        assert!(
            other < spelled.len(),
            "contract/events.tsv lists an event that is not spelled"
        );
        at += 1;
    }
    assert!(
        required.len() == spelled.len(),
        "an event is spelled that contract/events.tsv does not list"
    );
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}
