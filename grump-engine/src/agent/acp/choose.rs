//! What can be chosen in a session: its model and its mode. Agents say so in two ways: as options
//! of the configuration, or, older ones, as lists of their own.

use agent_client_protocol::{
    UntypedMessage,
    v1::schema::{SetSessionConfigOptionRequest, SetSessionModeRequest},
};
use grump_core::{Error, ErrorKind, Model, ModelRef, Result};
use serde_json::{Value, json};

use super::{args::request, fault};

/// A session that was made, and what it answered.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    answer: Value,
}

/// One thing that can be chosen.
#[derive(Debug, PartialEq)]
struct Choice {
    setter: Setter,
    current: Option<String>,
    /// Values, and what people call them.
    values: Vec<(String, String)>,
}

/// How it is set.
#[derive(Debug, PartialEq)]
enum Setter {
    /// As the option of the configuration of this id.
    Option(String),
    Model,
    Mode,
}

impl Session {
    /// Takes the answer to `session/new`.
    pub(super) fn new(answer: Value) -> Result<Self> {
        match answer["sessionId"].as_str() {
            Some(id) => Ok(Self {
                id: id.to_owned(),
                answer,
            }),
            None => Err(fault("the agent made a session without an id").with("answer", answer)),
        }
    }

    /// The models that it can be set to. Those that name no provider get `agent`.
    pub(super) fn models(&self, agent: &str) -> Vec<Model> {
        let choice = self.model_choice();
        let values = choice.into_iter().flat_map(|choice| choice.values);
        values
            .map(|(value, title)| {
                let name = value
                    .parse()
                    .unwrap_or_else(|_| ModelRef::new(agent, &*value));
                let mut model = Model::new(name);
                model.title = title;
                model
            })
            .collect()
    }

    /// What sets the model; `None` where it is set already.
    pub(super) fn set_model(&self, wanted: &ModelRef) -> Result<Option<UntypedMessage>> {
        let choice = self.model_choice().ok_or_else(|| {
            refuse("this agent lets nobody choose a model over ACP")
                .with("model", wanted)
                .advise("leave the model out, and choose it in the agent's own configuration")
        })?;
        let names = [wanted.to_string(), wanted.model.clone()];
        let value = names.iter().find(|name| choice.has(name)).ok_or_else(|| {
            refuse("the agent has no such model")
                .with("model", wanted)
                .advise(format!("it has {}", choice.listed()))
        })?;
        self.set(&choice, value)
    }

    /// What sets the mode; `None` where it is set already.
    pub(super) fn set_mode(&self, wanted: &str) -> Result<Option<UntypedMessage>> {
        let choice = self.mode_choice().ok_or_else(|| {
            refuse("this agent has no modes")
                .with("mode", wanted)
                .advise("leave `mode` out")
        })?;
        if !choice.has(wanted) {
            return Err(refuse("the agent has no such mode")
                .with("mode", wanted)
                .advise(format!("it has {}", choice.listed())));
        }
        self.set(&choice, wanted)
    }

    fn set(&self, choice: &Choice, value: &str) -> Result<Option<UntypedMessage>> {
        if choice.current.as_deref() == Some(value) {
            return Ok(None);
        }
        let (session, value) = (self.id.clone(), value.to_owned());
        let message = match &choice.setter {
            Setter::Option(id) => request(
                "session/set_config_option",
                SetSessionConfigOptionRequest::new(session, id.clone(), &*value),
            ),
            Setter::Model => request(
                "session/set_model",
                json!({"sessionId": session, "modelId": value}),
            ),
            Setter::Mode => request(
                "session/set_mode",
                SetSessionModeRequest::new(session, value),
            ),
        };
        message.map(Some)
    }

    fn model_choice(&self) -> Option<Choice> {
        self.option("model").or_else(|| {
            let list = &self.answer["models"];
            Choice::of_list(
                Setter::Model,
                list,
                "availableModels",
                "modelId",
                "currentModelId",
            )
        })
    }

    fn mode_choice(&self) -> Option<Choice> {
        self.option("mode").or_else(|| {
            let list = &self.answer["modes"];
            Choice::of_list(Setter::Mode, list, "availableModes", "id", "currentModeId")
        })
    }

    /// The first option of this category; one without a category goes by its id.
    fn option(&self, what: &str) -> Option<Choice> {
        let options = self.answer["configOptions"].as_array()?;
        let about =
            |option: &&Value| option["category"].as_str().or(option["id"].as_str()) == Some(what);
        let option = options
            .iter()
            .filter(about)
            .find(|option| option["options"].is_array())?;
        Some(Choice {
            setter: Setter::Option(text(&option["id"])?),
            current: text(&option["currentValue"]),
            values: values(&option["options"], "value"),
        })
    }
}

impl Choice {
    fn of_list(
        setter: Setter,
        list: &Value,
        values_at: &str,
        id: &str,
        current: &str,
    ) -> Option<Self> {
        list[values_at].is_array().then(|| Self {
            setter,
            current: text(&list[current]),
            values: values(&list[values_at], id),
        })
    }

    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|(known, _)| known == value)
    }

    fn listed(&self) -> String {
        const SHOWN: usize = 20;
        let names = self.values.iter().take(SHOWN).map(|(value, _)| &**value);
        let mut listed = Vec::from_iter(names).join(", ");
        if self.values.len() > SHOWN {
            listed.push_str(", …");
        }
        listed
    }
}

/// The values of a list, also of one in groups.
fn values(list: &Value, id: &str) -> Vec<(String, String)> {
    let entries = list.as_array().into_iter().flatten();
    entries
        .flat_map(|entry| match text(&entry[id]) {
            Some(value) => {
                let title = text(&entry["name"]).unwrap_or_else(|| value.clone());
                vec![(value, title)]
            }
            None => values(&entry["options"], id),
        })
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn refuse(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, message).operation("agent.acp")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(mut answer: Value) -> Session {
        answer["sessionId"] = "s".into();
        Session::new(answer).unwrap()
    }

    fn with_options() -> Session {
        session(json!({"configOptions": [
            {"id": "effort", "category": "thought_level", "type": "select", "options": []},
            {"id": "llm", "category": "model", "type": "select", "currentValue": "a/small", "options": [
                {"group": "a", "name": "A", "options": [
                    {"value": "a/small", "name": "Small"}, {"value": "a/large", "name": "Large"},
                ]},
            ]},
            {"id": "mode", "type": "select", "currentValue": "build", "options": [
                {"value": "build", "name": "Build"}, {"value": "plan", "name": "Plan"},
            ]},
        ]}))
    }

    /// As gemini answers.
    fn with_lists() -> Session {
        session(json!({
            "models": {"currentModelId": "auto", "availableModels": [{"modelId": "pro", "name": "Pro"}]},
            "modes": {"currentModeId": "default", "availableModes": [{"id": "yolo", "name": "YOLO"}]},
        }))
    }

    #[test]
    fn a_model_is_set_as_an_option_of_the_configuration() {
        let message = with_options()
            .set_model(&ModelRef::new("a", "large"))
            .unwrap()
            .unwrap();
        assert_eq!(message.method(), "session/set_config_option");
        let expected = json!({"sessionId": "s", "configId": "llm", "value": "a/large"});
        assert_eq!(*message.params(), expected);
    }

    #[test]
    fn a_model_of_an_older_agent_goes_by_its_name_alone() {
        let message = with_lists()
            .set_model(&ModelRef::new("google", "pro"))
            .unwrap()
            .unwrap();
        assert_eq!(message.method(), "session/set_model");
        assert_eq!(
            *message.params(),
            json!({"sessionId": "s", "modelId": "pro"})
        );
    }

    #[test]
    fn a_mode_is_set_either_way() {
        let message = with_options().set_mode("plan").unwrap().unwrap();
        assert_eq!(message.params()["configId"], "mode");
        let message = with_lists().set_mode("yolo").unwrap().unwrap();
        assert_eq!(message.method(), "session/set_mode");
        assert_eq!(
            *message.params(),
            json!({"sessionId": "s", "modeId": "yolo"})
        );
    }

    #[test]
    fn what_is_set_already_is_not_set_again() {
        assert!(
            with_options()
                .set_model(&ModelRef::new("a", "small"))
                .unwrap()
                .is_none()
        );
        assert!(with_options().set_mode("build").unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_chosen_is_refused_with_what_can() {
        let error = with_options()
            .set_model(&ModelRef::new("a", "huge"))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(
            error.to_string().contains("it has a/small, a/large"),
            "{error}"
        );
        let error = with_options().set_mode("yolo").unwrap_err();
        assert!(error.to_string().contains("it has build, plan"), "{error}");
    }

    #[test]
    fn an_agent_that_offers_no_choice_says_what_to_do() {
        let plain = session(json!({}));
        let error = plain.set_model(&ModelRef::new("a", "b")).unwrap_err();
        assert!(
            error.to_string().contains("the agent's own configuration"),
            "{error}"
        );
        assert!(plain.set_mode("plan").is_err() && plain.models("x").is_empty());
    }

    #[test]
    fn models_without_a_provider_are_the_agents() {
        let names = |models: Vec<Model>| -> Vec<_> {
            models
                .iter()
                .map(|model| (model.name.to_string(), model.title.clone()))
                .collect()
        };
        let expected = [("gemini-cli/pro".to_owned(), "Pro".to_owned())];
        assert_eq!(names(with_lists().models("gemini-cli")), expected);
        assert_eq!(names(with_options().models("x"))[1].0, "a/large");
    }

    #[test]
    fn a_session_without_an_id_is_no_session() {
        assert_eq!(
            Session::new(json!({})).unwrap_err().kind(),
            ErrorKind::Agent
        );
    }
}
