//! The OpenAPI 3.1 document of a dialect, from its endpoints.

use grump_wire::{
    Endpoint, Visitor,
    endpoint::{BodyKind, Documented, RequestBody, ResponseBody, ResponseKind},
    ralpher::{self, ErrorBody},
};
use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, transform::RemoveRefSiblings,
};
use serde_json::{Map, Value, json};

/// The document of the Ralpher dialect.
#[must_use]
pub fn ralpher() -> Value {
    let mut document = Document::new::<ErrorBody>();
    ralpher::each(&mut document);
    document.finish("Ralpher", "The Ralpher dialect, as grump serves it.")
}

/// A document while it is put together. What is asked for and what is answered have schemas of
/// their own: a member with a default is optional in the one and always there in the other.
struct Document {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    error: Schema,
    paths: Map<String, Value>,
}

impl Document {
    fn new<E: JsonSchema>() -> Self {
        let settings = || {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            // Of a `$ref` with siblings some generators drop the siblings.
            settings.with_transform(RemoveRefSiblings::default())
        };
        let mut answers = settings().for_serialize().into_generator();
        Self {
            requests: settings().for_deserialize().into_generator(),
            error: answers.subschema_for::<E>(),
            answers,
            paths: Map::new(),
        }
    }

    fn finish(mut self, title: &str, description: &str) -> Value {
        let mut schemas = self.answers.take_definitions(true);
        schemas.extend(self.requests.take_definitions(true));
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": title,
                "description": description,
                "version": env!("CARGO_PKG_VERSION"),
            },
            "paths": self.paths,
            "components": {"schemas": schemas},
        })
    }

    fn parameters<E: Endpoint>(&mut self) -> Vec<Value> {
        let path = self.members::<E::Path>("path");
        path.into_iter()
            .chain(self.members::<E::Query>("query"))
            .collect()
    }

    fn members<T: JsonSchema>(&mut self, place: &str) -> Vec<Value> {
        let schema = self.requests.root_schema_for::<T>().to_value();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let members = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let parameter = |(name, mut schema): (String, Value)| {
            let description = schema
                .as_object_mut()
                .and_then(|schema| schema.remove("description"));
            json!({
                "name": name,
                "in": place,
                "required": required.contains(&json!(name)),
                "description": description,
                "schema": schema,
            })
        };
        members.into_iter().map(parameter).collect()
    }

    fn body<E: Endpoint>(&mut self) -> Option<Value> {
        let schema = E::Body::schema(&mut self.requests)?;
        Some(json!({
            "required": E::Body::KIND == BodyKind::Required,
            "content": {"application/json": {"schema": schema}},
        }))
    }

    fn responses<E: Endpoint>(&mut self) -> Value {
        let schema = E::Response::schema(&mut self.answers);
        let kind = E::Response::KIND;
        // OpenAPI 3.1 has no word for the events of a stream: the schema is that of one.
        let description = match kind {
            ResponseKind::Sse => "A stream; the data of each event is as the schema says.",
            _ => "Done.",
        };
        let mut responses = Map::new();
        let mut success = json!({"description": description});
        if let Some(content_type) = kind.content_type() {
            success["content"] = json!({content_type: {"schema": schema}});
        }
        responses.insert(E::STATUS.to_string(), success);
        for (status, codes) in by_status(E::ERRORS) {
            responses.insert(status.to_string(), self.failure(&codes));
        }
        responses.insert("default".to_owned(), self.failure(&[]));
        responses.into()
    }

    fn failure(&self, codes: &[&str]) -> Value {
        let examples: Map<_, _> = codes
            .iter()
            .map(|code| {
                (
                    (*code).to_owned(),
                    json!({"value": {"error": code, "message": ""}}),
                )
            })
            .collect();
        let mut content = json!({"schema": self.error});
        let description = match codes {
            [] => "It failed.".to_owned(),
            codes => codes.join(", "),
        };
        if !examples.is_empty() {
            content["examples"] = examples.into();
        }
        json!({"description": description, "content": {"application/json": content}})
    }
}

impl Visitor for Document {
    fn endpoint<E: Endpoint>(&mut self) {
        let parameters = self.parameters::<E>();
        let mut operation = json!({
            "operationId": E::NAME,
            "summary": E::DOC.trim(),
            "parameters": parameters,
            "responses": self.responses::<E>(),
        });
        if let Some(body) = self.body::<E>() {
            operation["requestBody"] = body;
        }
        let path = self.paths.entry(E::PATH).or_insert_with(|| json!({}));
        path[E::METHOD.to_ascii_lowercase()] = operation;
    }
}

fn by_status(errors: &[Documented]) -> Vec<(u16, Vec<&'static str>)> {
    let mut grouped: Vec<(u16, Vec<&'static str>)> = Vec::new();
    for error in errors {
        match grouped
            .iter_mut()
            .find(|(status, _)| *status == error.status)
        {
            Some((_, codes)) => codes.push(error.code),
            None => grouped.push((error.status, vec![error.code])),
        }
    }
    grouped
}
