//! Answers that are odd.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::{add_unknown, rename};
use crate::{
    contract::{Dialect, table::Row, world::World},
    serving::Reply,
};

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>App</title></head><body><div id=\"root\"></div></body></html>\n";

/// Members that are left out where members are missing: times and descriptions.
const OPTIONAL: [&str; 17] = [
    "created",
    "createdAt",
    "created_at",
    "updatedAt",
    "updated_at",
    "updated",
    "message",
    "estimatedTime",
    "logs",
    "description",
    "version",
    "services",
    "capabilities",
    "history",
    "progress",
    "iterations",
    "timeline",
];

impl World {
    /// An answer as this server gives it.
    pub(in crate::contract) fn odd(&self, row: Option<&Row>, reply: Reply) -> Reply {
        if !self.changes() {
            return reply;
        }
        let reply = match (reply.status, row) {
            (200..300, Some(row)) => self.odd_success(row, reply),
            (400.., _) => self.odd_error(reply),
            _ => reply,
        };
        match self.is("correlation-ids") {
            true => reply.header("x-correlation-id", "5f0c7a1e"),
            false => reply,
        }
    }

    fn odd_success(&self, row: &Row, mut reply: Reply) -> Reply {
        if self.is("html-pages") {
            return Reply::text(200, "text/html;charset=utf-8", PAGE);
        }
        reply.status = match (row.method, reply.status) {
            ("POST", 200) if self.is("created-for-ok") => 201,
            ("POST", 200) if self.is("accepted-for-ok") => 202,
            (_, 201) if self.is("ok-for-created") => 200,
            (_, status) => status,
        };
        if reply.status == 204 && self.is("body-for-no-content") {
            return Reply::json(200, &json!({"status": "deleted"}));
        }
        let Some(value) = json_of(&reply) else {
            return reply;
        };
        let value = self.odd_value(row, value);
        reply.body = Bytes::from(value.to_string());
        reply
    }

    fn odd_value(&self, row: &Row, mut value: Value) -> Value {
        if self.is("field-names") {
            self.rename_fields(row, &mut value);
        }
        if self.is("missing-members") {
            leave_out(&mut value);
        }
        if self.is("unknown-members") {
            add_unknown(&mut value);
        }
        match self.dialect {
            Dialect::Steward if self.is("bare-lists") && value.get("meta").is_none() => {
                let list = value.get_mut("data").map(Value::take);
                list.unwrap_or(value)
            }
            Dialect::Steward if self.is("envelopes") && value.get("data").is_none() => {
                json!({"data": value})
            }
            Dialect::Grump if self.is("envelopes") => json!({
                "success": true,
                "data": value,
                "meta": {"timestamp": "2025-01-15T10:30:00Z", "requestId": "req_abc123"},
            }),
            _ => value,
        }
    }

    /// The names that were seen in the field.
    fn rename_fields(&self, row: &Row, value: &mut Value) {
        let names: &[(&str, &str)] = match (self.dialect, row.operation) {
            (Dialect::Grump, "billingTiers") => &[
                ("price", "priceMonthlyCents"),
                ("apiCalls", "apiCallsPerMonth"),
            ],
            (Dialect::Grump, "webhooksCreate") => &[("id", "webhookId")],
            (Dialect::MetaForge, "sessionCreate" | "sessionGet" | "sessionList") => {
                &[("id", "session_id")]
            }
            (Dialect::MetaForge, _) => &[("session_id", "id")],
            (Dialect::MiniDevin, "modelsList") => {
                &[("supports_function_calling", "supports_tools")]
            }
            (Dialect::MiniDevin, "sessionsGet") => {
                // The id of a task beside it keeps its name.
                if let Some(id) = value.as_object_mut().and_then(|one| one.remove("id")) {
                    value["session_id"] = id;
                }
                return;
            }
            (Dialect::MiniDevin, "sessionsList" | "sessionsCreate") => &[("id", "session_id")],
            (Dialect::MiniDevin, "tasksList" | "tasksCreate" | "tasksGet" | "tasksStop") => {
                if row.operation == "tasksGet" {
                    rename_first(value, "id", "task_id");
                    return;
                }
                &[("id", "task_id")]
            }
            (Dialect::MiniDevin, "authRegister") => &[("id", "user_id"), ("name", "username")],
            (Dialect::MiniDevin, "authApiKeyCreate") => &[("id", "api_key_id")],
            _ => return,
        };
        rename(value, names);
    }

    fn odd_error(&self, mut reply: Reply) -> Reply {
        let status = reply.status;
        let value = json_of(&reply).unwrap_or_default();
        let text = |name: &str| {
            value
                .pointer(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let odd = match () {
            () if self.is("html-errors") => Reply::text(status, "text/html", PAGE),
            () if self.is("plain-errors") => Reply::text(status, "text/plain", "It did not work"),
            () if self.is("empty-errors") => Reply::empty(status),
            () if self.is("type-errors") => Reply::json(
                status,
                &json!({"error": text("/error/message"), "type": text("/error/code")}),
            ),
            () if self.is("text-errors") => {
                Reply::json(status, &json!({"error": text("/error/message")}))
            }
            () if self.is("detail-errors") => Reply::json(status, &json!({"detail": "Not Found"})),
            () if self.is("detail-lists") && status == 422 => Reply::json(
                status,
                &json!({"detail": [{"loc": ["body", "name"], "msg": text("/detail"), "type": "missing"}]}),
            ),
            () => {
                if self.is("json-problems") {
                    reply.content_type = Some("application/json".into());
                }
                if self.is("unknown-members") && !value.is_null() {
                    let mut value = value;
                    add_unknown(&mut value);
                    reply.body = Bytes::from(value.to_string());
                }
                return reply;
            }
        };
        Reply {
            headers: reply.headers,
            ..odd
        }
    }
}

/// The body as JSON, where it is said to be some.
fn json_of(reply: &Reply) -> Option<Value> {
    let content_type = reply.content_type.as_deref()?;
    content_type
        .ends_with("json")
        .then(|| serde_json::from_slice(&reply.body).ok())
        .flatten()
}

fn rename_first(value: &mut Value, name: &str, other: &str) {
    if let Some(member) = value.as_object_mut().and_then(|one| one.remove(name)) {
        value[other] = member;
    }
}

fn leave_out(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(leave_out),
        Value::Object(members) => {
            members.retain(|name, _| !OPTIONAL.contains(&&**name));
            members.values_mut().for_each(leave_out);
        }
        _ => {}
    }
}
