//! [`Shape`]: what a request may hold, as the table of endpoints spells it.
//!
//! ```text
//! name*:string, mode:spawn|connect, git:{branchPrefix:string, …open}, files:string[]
//! ```

use serde_json::{Map, Value};

/// The members of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    pub(super) known: Vec<Member>,
    /// Whether others may be there too.
    pub(super) open: bool,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shapes: Vec<Shape>,
}

/// One of the things that a value may be.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Any,
    Null,
    Text,
    Integer,
    Number,
    Boolean,
    Object(Members),
    List(Box<Self>),
    /// This word.
    Word(&'static str),
}

impl Members {
    /// Reads `name*:type, …`.
    pub(super) fn read(spelled: &'static str) -> Self {
        let mut members = Self::default();
        for part in parts(spelled, ',') {
            match part.split_once(':') {
                None if part == "…open" => members.open = true,
                None => panic!("the table has a member that is not understood: {part:?}"),
                Some((name, shapes)) => members.known.push(Member {
                    name: name.trim_end_matches('*'),
                    required: name.ends_with('*'),
                    shapes: parts(shapes, '|').map(Shape::read).collect(),
                }),
            }
        }
        members
    }

    /// What is wrong with an object; `within` is where it stands, such as `git.`.
    pub(super) fn faults(&self, object: &Map<String, Value>, within: &str) -> Vec<String> {
        let missing = self
            .known
            .iter()
            .filter(|member| member.required && !object.contains_key(member.name))
            .map(|member| format!("{within}{} is missing", member.name));
        let wrong = object.iter().flat_map(|(name, value)| {
            match self.known.iter().find(|member| member.name == name) {
                Some(member) => member.faults(value, &format!("{within}{name}")),
                None if self.open => Vec::new(),
                None => vec![format!("{within}{name} is not documented")],
            }
        });
        missing.chain(wrong).collect()
    }
}

impl Member {
    fn faults(&self, value: &Value, place: &str) -> Vec<String> {
        let mut tried = self.shapes.iter().map(|shape| shape.faults(value, place));
        let fits = tried.clone().any(|faults| faults.is_empty());
        if fits {
            return Vec::new();
        }
        match (&self.shapes[..], tried.next()) {
            ([_], Some(faults)) => faults,
            _ => vec![format!("{place} is none of what is documented: {value}")],
        }
    }

    /// What is wrong with this as the value of a query member.
    pub(super) fn query_fault(&self, value: &str) -> Option<String> {
        let name = self.name;
        let fits = self.shapes.iter().any(|shape| match shape {
            Shape::Integer => value.parse::<u64>().is_ok(),
            Shape::Word(word) => *word == value,
            _ => true,
        });
        match value {
            "" => Some(format!("{name} is empty and should not be there")),
            _ if fits => None,
            _ => Some(format!("{name} may not be {value:?}")),
        }
    }
}

impl Shape {
    fn read(spelled: &'static str) -> Self {
        if let Some(element) = spelled.strip_suffix("[]") {
            return Self::List(Box::new(Self::read(element)));
        }
        match spelled {
            "any" => Self::Any,
            "null" => Self::Null,
            "string" => Self::Text,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "object" => Self::Object(Members {
                open: true,
                ..Members::default()
            }),
            _ => match spelled.strip_prefix('{') {
                Some(inside) => Self::Object(Members::read(inside.trim_end_matches('}'))),
                None => Self::Word(spelled),
            },
        }
    }

    fn faults(&self, value: &Value, place: &str) -> Vec<String> {
        let fits = match (self, value) {
            (Self::Object(members), Value::Object(object)) => {
                return members.faults(object, &format!("{place}."));
            }
            (Self::List(element), Value::Array(values)) => {
                let faults = |value| element.faults(value, &format!("{place}[]"));
                return values.iter().flat_map(faults).collect();
            }
            (Self::Any, _)
            | (Self::Null, Value::Null)
            | (Self::Text, Value::String(_))
            | (Self::Number, Value::Number(_))
            | (Self::Boolean, Value::Bool(_)) => true,
            (Self::Integer, Value::Number(number)) => number.is_i64() || number.is_u64(),
            (Self::Word(word), Value::String(text)) => word == text,
            _ => false,
        };
        match fits {
            true => Vec::new(),
            false => vec![format!("{place} may not be {value}")],
        }
    }
}

/// The parts of a text between separators that stand in no braces.
fn parts(text: &'static str, separator: char) -> impl Iterator<Item = &'static str> {
    let mut depth = 0;
    text.split(move |letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        letter == separator && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(spelled: &'static str, value: &Value) -> Vec<String> {
        Members::read(spelled).faults(value.as_object().unwrap(), "")
    }

    #[test]
    fn what_is_documented_has_no_faults() {
        let spelled = "name*:string, mode:spawn|connect, git:{prefix:string, …open}, files:string[], id:integer|string";
        let value = json!({"name": "n", "mode": "spawn", "git": {"prefix": "p", "x": 1}, "files": ["a"], "id": 1});
        assert_eq!(faults(spelled, &value), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_named_with_its_place() {
        let spelled =
            "name*:string, mode:spawn|connect, git:{prefix:string}, files:string[], limit:integer";
        let value =
            json!({"mode": "fly", "git": {"x": 1}, "files": [1], "limit": 1.5, "extra": null});
        assert_eq!(
            faults(spelled, &value),
            [
                "name is missing",
                "mode is none of what is documented: \"fly\"",
                "git.x is not documented",
                "files[] may not be 1",
                "limit may not be 1.5",
                "extra is not documented",
            ]
        );
    }

    #[test]
    fn null_is_only_where_it_is_documented() {
        let spelled = "name:string, description:string|null";
        assert_eq!(faults(spelled, &json!({"description": null})).len(), 0);
        assert_eq!(faults(spelled, &json!({"name": null})).len(), 1);
    }
}
