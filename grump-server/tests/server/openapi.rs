//! The document that the server gives of itself.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{stage::Served, tape::Tape};

const CONTRACT: &str = include_str!("../../../grump-wire/contract/endpoints.tsv");

#[tokio::test]
async fn the_document_lists_exactly_the_contracts_endpoints() {
    let served = Served::of(Tape::new()).await;
    let document = served.ask().done("GET", "/openapi.json", None).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut listed = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            listed.insert((method.to_uppercase(), path.clone()));
        }
    }
    let rows = CONTRACT
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let contract = rows.filter(|cells| cells[0] == "ralpher");
    let contract = contract.map(|cells| (cells[1].to_owned(), cells[2].to_owned()));
    assert_eq!(listed, contract.collect());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = grump_server::openapi::ralpher();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                assert_eq!(members.len(), 1, "a reference has no siblings: {value}");
                references.push(reference.to_owned());
            }
            members
                .values()
                .for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[test]
fn the_document_is_as_it_was() {
    let document = grump_server::openapi::ralpher();
    let text = serde_json::to_string_pretty(&document).unwrap();
    insta::assert_snapshot!("ralpher", text);
}
