//! The templates, embedded from `templates/`, and where each comes from.

use serde_json::Value;
use thiserror::Error;

use crate::ram::closest;

/// How sure it is that a trigger sends this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Alibaba Cloud's documents show it.
    Documented,
    /// Its tools or examples have it; its documents do not.
    Observed,
    /// A part of it follows from something near; the notes say which.
    Guessed,
}

impl Confidence {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Guessed => "guessed",
        }
    }
}

/// An event of one kind and type.
#[derive(Debug)]
pub struct Template {
    /// The kind of trigger.
    pub kind: &'static str,
    /// The type, where the kind has several.
    pub form: Option<&'static str>,
    /// A shorter name of the type.
    pub alias: Option<&'static str>,
    /// The file that it is written to.
    pub file: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it comes from.
    pub source: &'static str,
    /// What a user should know of it.
    pub notes: Option<&'static str>,
    text: &'static str,
}

impl Template {
    /// The shortest name of the type.
    pub fn short_form(&self) -> Option<&'static str> {
        self.alias.or(self.form)
    }

    /// The payload. A string is no JSON but the very text of a message.
    pub fn event(&self) -> Value {
        serde_json::from_str(self.text).unwrap_or_else(|_| Value::String(self.text.to_owned()))
    }
}

const FC: &str = "Function Compute, trigger event formats (document 70140)";
const HTTP: &str = "Function Compute 3.0, use an HTTP trigger to invoke a function";
const TOOL: &str = "devsapp/fc-event and devsapp/fc-remote-invoke";
const EXAMPLES: &str = "devsapp's examples of functions with a CDN trigger";
const EVENTBRIDGE: &str = "EventBridge, event overview";
const DATAHUB: &str = "DataHub, synchronize data to Function Compute (document 158822)";

/// A row: kind, type, perhaps its alias; file; confidence and source; title; perhaps notes.
macro_rules! templates {
    ($($kind:literal $($form:literal $(or $alias:literal)?)?, $file:literal,
       $confidence:ident $source:ident, $title:literal $(, $notes:literal)?;)+) => {
        &[$(Template {
            kind: $kind,
            form: templates!(@maybe $($form)?),
            alias: templates!(@maybe $($($alias)?)?),
            file: $file,
            title: $title,
            confidence: Confidence::$confidence,
            source: $source,
            notes: templates!(@maybe $($notes)?),
            text: include_str!(concat!("templates/", $file)),
        },)+]
    };
    (@maybe) => { None };
    (@maybe $text:literal) => { Some($text) };
}

/// Every template. The first of a kind is the one that is meant when no type is named.
pub const TEMPLATES: &[Template] = templates! {
    "http" "parameter", "http-parameter.json", Observed TOOL,
        "a request, as `sesame invoke` sends it to an HTTP trigger";
    "http" "event", "http-event.json", Documented HTTP,
        "a request, as a built-in runtime of FC 3.0 hands it to the function";
    "oss", "oss-event.json", Documented FC,
        "an object was uploaded";
    "sls", "sls-event.json", Documented FC,
        "a shard has new logs",
        "the cursors are made up: a function that reads the logs needs real ones";
    "tablestore", "tablestore-event.json", Documented FC,
        "a row was written",
        "a real trigger sends these fields as CBOR; a function that decodes CBOR cannot read this JSON";
    "mns" "stream-without-message-attributes" or "stream", "mns-stream-without-message-attributes.json", Documented FC,
        "a message of a topic, format STREAM: its bare text, no JSON";
    "mns" "stream-with-message-attributes" or "stream-attributes", "mns-stream-with-message-attributes.json", Documented FC,
        "a message of a topic, format STREAM, with attributes";
    "mns" "json-without-message-attributes" or "json", "mns-json-without-message-attributes.json", Documented FC,
        "a message of a topic, format JSON";
    "mns" "json-with-message-attributes" or "json-attributes", "mns-json-with-message-attributes.json", Documented FC,
        "a message of a topic, format JSON, with attributes";
    "cdn" "LogFileCreated", "cdn-LogFileCreated.json", Documented FC,
        "a log file is ready";
    "cdn" "CachedObjectsRefreshed", "cdn-CachedObjectsRefreshed.json", Documented FC,
        "objects were refreshed";
    "cdn" "CachedObjectsPushed", "cdn-CachedObjectsPushed.json", Documented FC,
        "objects were preloaded";
    "cdn" "CachedObjectsBlocked", "cdn-CachedObjectsBlocked.json", Observed EXAMPLES,
        "objects were blocked";
    "cdn" "CdnDomainStarted", "cdn-CdnDomainStarted.json", Documented FC,
        "a domain was switched on";
    "cdn" "CdnDomainStopped", "cdn-CdnDomainStopped.json", Guessed FC,
        "a domain was switched off",
        "the fields are documented, the status `offline` is a guess";
    "cdn" "CdnDomainAdded", "cdn-CdnDomainAdded.json", Documented FC,
        "a domain was added";
    "cdn" "CdnDomainDeleted", "cdn-CdnDomainDeleted.json", Documented FC,
        "a domain was deleted";
    "timer", "timer-event.json", Documented FC,
        "it is time";
    "eventbridge", "eventbridge-event.json", Documented EVENTBRIDGE,
        "an application published an event",
        "`source`, `type`, `subject` and `data` are what the publisher makes them";
    "api-gateway", "api-gateway-event.json", Documented FC,
        "a request to an API";
    "kafka", "kafka-event.json", Documented FC,
        "messages of a topic";
    "rocketmq", "rocketmq-event.json", Documented FC,
        "messages of a topic";
    "mqtt", "mqtt-event.json", Documented FC,
        "messages of a topic";
    "rabbitmq", "rabbitmq-event.json", Documented FC,
        "messages of a queue";
    "datahub", "datahub-event.json", Documented DATAHUB,
        "records of a topic";
};

/// The kinds, each once.
pub fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<&str> = TEMPLATES.iter().map(|one| one.kind).collect();
    kinds.dedup();
    kinds
}

/// The templates of a kind.
pub fn of_kind(kind: &str) -> impl Iterator<Item = &'static Template> {
    TEMPLATES
        .iter()
        .filter(move |one| one.kind.eq_ignore_ascii_case(kind))
}

/// Why there is no such template.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FindError {
    /// No trigger of that kind is known.
    #[error("`{kind}` is not a kind of event")]
    Kind {
        /// What was asked for.
        kind: String,
        /// What was probably meant.
        near: Option<&'static str>,
    },
    /// The kind has no such type.
    #[error("the kind `{kind}` has no type `{form}`")]
    Type {
        /// The kind.
        kind: &'static str,
        /// What was asked for.
        form: String,
        /// What was probably meant.
        near: Option<&'static str>,
        /// The types that there are.
        known: Vec<&'static str>,
    },
}

/// The template of a kind and perhaps a type, in any letter case.
///
/// # Errors
/// There is none; the error names the nearest.
pub fn find(kind: &str, form: Option<&str>) -> Result<&'static Template, FindError> {
    let first = of_kind(kind).next().ok_or_else(|| FindError::Kind {
        kind: kind.to_owned(),
        near: closest(kind, &kinds()),
    })?;
    let Some(form) = form else {
        return Ok(first);
    };
    let named = |name: &Option<&str>| name.is_some_and(|name| name.eq_ignore_ascii_case(form));
    let found = of_kind(kind).find(|one| named(&one.form) || named(&one.alias));
    found.ok_or_else(|| {
        let known: Vec<&str> = of_kind(kind).filter_map(Template::short_form).collect();
        let long = of_kind(kind).filter_map(|one| one.form);
        let all: Vec<&str> = known.iter().copied().chain(long).collect();
        FindError::Type {
            kind: first.kind,
            form: form.to_owned(),
            near: closest(form, &all),
            known,
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The type of what happened, by whatever name the payload has for it.
    fn event_name(event: &Value) -> Option<&str> {
        let one = event.get(0).unwrap_or(event);
        let one = one.pointer("/events/0").unwrap_or(one);
        ["eventName", "type"]
            .iter()
            .find_map(|key| one.get(key)?.as_str())
    }

    #[test]
    fn each_payload_names_what_happened() {
        for template in TEMPLATES {
            let expected = match template.kind {
                "cdn" => template.form,
                "oss" => Some("ObjectCreated:PutObject"),
                "kafka" => Some("alikafka:Topic:Message"),
                "rocketmq" => Some("mq:Topic:SendMessage"),
                "rabbitmq" => Some("amqp:Queue:SendMessage"),
                "datahub" => Some("acs:datahub:putRecord"),
                "eventbridge" => Some("demo:Order:Created"),
                _ => None,
            };
            let event = template.event();
            assert_eq!(event_name(&event), expected, "{}", template.file);
        }
    }

    #[test]
    fn only_the_bare_message_is_no_json() {
        let texts = TEMPLATES.iter().filter(|one| one.event().is_string());
        let texts: Vec<&str> = texts.map(|one| one.file).collect();
        assert_eq!(texts, ["mns-stream-without-message-attributes.json"]);
        assert_eq!(
            find("mns", None).unwrap().event(),
            Value::from("hello topic")
        );
    }

    #[test]
    fn the_registry_and_the_folder_have_the_same_files() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/event/templates");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let here: BTreeSet<String> = TEMPLATES.iter().map(|one| one.file.to_owned()).collect();
        assert_eq!(here, there);
        assert_eq!(here.len(), TEMPLATES.len());
    }

    #[test]
    fn kinds_stand_together_and_types_are_distinct() {
        let kinds = kinds();
        assert_eq!(
            kinds.len(),
            kinds.iter().copied().collect::<BTreeSet<_>>().len()
        );
        for kind in kinds {
            let names: Vec<&str> = of_kind(kind)
                .flat_map(|one| [one.form, one.alias])
                .flatten()
                .collect();
            let distinct: BTreeSet<&str> = names.iter().copied().collect();
            assert_eq!(distinct.len(), names.len(), "{kind}");
            // A kind with one template has no type; with several each has one.
            let forms = of_kind(kind).filter(|one| one.form.is_some()).count();
            let count = of_kind(kind).count();
            assert_eq!(forms, if count == 1 { 0 } else { count }, "{kind}");
        }
    }

    #[test]
    fn a_template_is_found_in_any_letter_case_and_by_its_alias() {
        let file = |kind, form| find(kind, form).unwrap().file;
        assert_eq!(file("OSS", None), "oss-event.json");
        assert_eq!(file("cdn", None), "cdn-LogFileCreated.json");
        assert_eq!(
            file("cdn", Some("cdndomainadded")),
            "cdn-CdnDomainAdded.json"
        );
        assert_eq!(
            file("Mns", Some("Json")),
            "mns-json-without-message-attributes.json"
        );
    }

    #[test]
    fn what_is_not_there_is_answered_with_the_nearest() {
        let near = |kind, form| match find(kind, form).unwrap_err() {
            FindError::Kind { near, .. } | FindError::Type { near, .. } => near,
        };
        assert_eq!(near("tabelstore", None), Some("tablestore"));
        assert_eq!(near("apigateway", None), Some("api-gateway"));
        assert_eq!(near("lambda", None), None);
        assert_eq!(near("cdn", Some("LogFileCreate")), Some("LogFileCreated"));
        assert_eq!(near("mns", Some("strem")), Some("stream"));
        assert_eq!(near("oss", Some("Put")), None);
    }
}
