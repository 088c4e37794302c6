//! Project files: each folder of `tests/project/` is one, with what is asked of it in
//! `case.json` and what comes of it in `expected.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use sesame_fc::project::{
    self, Chosen, Function, Given, Place, ProjectError, Search, Trigger, Wanted,
};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    environment: BTreeMap<String, String>,
    account: Option<String>,
    wanted: Asked,
    allow_endpoint: Vec<String>,
    template: Option<String>,
    start: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    resource: Option<String>,
    function: Option<String>,
    service: Option<String>,
    region: Option<String>,
}

/// Shows what is found, with paths as seen from the case's folder.
struct Shown<'c> {
    folder: &'c Path,
    case: &'c Case,
}

impl Shown<'_> {
    fn place(&self, place: &Place) -> String {
        self.plain(&place.to_string())
    }

    /// The text without the place of the folder on this machine.
    fn plain(&self, text: &str) -> String {
        let folder = self.folder.to_str().unwrap();
        text.replace(&format!("{folder}/"), "")
    }

    fn error(&self, error: &ProjectError) -> Value {
        if let Some(place) = error.place() {
            let span = place.span();
            assert!(
                place.text().get(span.start..span.end).is_some(),
                "{error:?}"
            );
        }
        json!({
            "error": self.plain(&error.to_string()),
            "place": error.place().map(|place| self.place(place)),
            "flag": error.flag(),
            "hint": error.hint(),
        })
    }

    fn value(&self, value: Result<Option<project::Value>, ProjectError>) -> Value {
        match value {
            Ok(Some(value)) => format!("{} @ {}", value.text, self.place(&value.place)).into(),
            Ok(None) => Value::Null,
            Err(error) => self.error(&error),
        }
    }

    fn function(&self, function: &Function<'_>) -> Value {
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| {
            // What the file does not say is left out.
            if !value.is_null() {
                shown.insert(key.to_owned(), value);
            }
        };
        put("resource", function.resource().into());
        put("component", function.component().as_str().into());
        put("region", self.value(function.region()));
        put("service", self.value(function.service()));
        put("function", self.value(function.function()));
        put("runtime", self.value(function.runtime()));
        put("access", self.value(function.access()));
        put(
            "timeout",
            match function.timeout() {
                Ok(seconds) => json!(seconds),
                Err(error) => self.error(&error),
            },
        );
        put(
            "custom_container",
            match function.is_custom_container() {
                Ok(true) => true.into(),
                _ => Value::Null,
            },
        );
        put(
            "endpoint",
            match function.endpoint(&self.case.allow_endpoint, false) {
                Ok(endpoint) => json!(endpoint.map(|endpoint| endpoint.to_string())),
                Err(error) => self.error(&error),
            },
        );
        put(
            "triggers",
            match function.triggers() {
                Ok(triggers) if triggers.is_empty() => Value::Null,
                Ok(triggers) => triggers.iter().map(|one| self.trigger(one)).collect(),
                Err(error) => self.error(&error),
            },
        );
        shown.into()
    }

    fn trigger(&self, trigger: &Trigger<'_>) -> Value {
        let methods = match trigger.methods() {
            Ok(methods) => methods.into_iter().map(|method| method.text).collect(),
            Err(error) => self.error(&error),
        };
        json!({
            "name": self.value(trigger.name()),
            "type": self.value(trigger.kind()),
            "qualifier": self.value(trigger.qualifier()),
            "auth_type": self.value(trigger.auth_type()),
            "methods": methods,
            "url": self.value(trigger.url()),
        })
    }
}

fn outcome(folder: &Path, case: &Case) -> Value {
    let shown = Shown { folder, case };
    let template = case.template.as_ref().map(|template| folder.join(template));
    let search = Search {
        start: &folder.join(&case.start),
        home: Some(folder),
        user: None,
    };
    let loaded = match project::load(search, template.as_deref()) {
        Ok(loaded) => loaded,
        Err(error) => return shown.error(&error),
    };
    let project = loaded.project.expect("a project file");
    let given = Given {
        environment: &case.environment,
        account: case.account.as_deref(),
    };
    let wanted = Wanted {
        resource: case.wanted.resource.as_deref(),
        function: case.wanted.function.as_deref(),
        service: case.wanted.service.as_deref(),
        region: case.wanted.region.as_deref(),
    };
    match project.choose(wanted, given) {
        Ok(Chosen::Functions { functions, skipped }) => json!({
            "functions": functions.iter().map(|one| shown.function(one)).collect::<Vec<_>>(),
            "skipped": skipped.iter().map(|why| shown.plain(why)).collect::<Vec<_>>(),
        }),
        Ok(Chosen::Aside(why)) => json!({ "aside": shown.plain(&why) }),
        Err(error) => shown.error(&error),
    }
}

#[test]
fn every_project_file_says_what_it_should() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/project");
    let root = root.canonicalize().unwrap();
    let mut wrong = Vec::new();
    let mut folders: Vec<_> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 30, "only {} project files", folders.len());
    for folder in folders {
        let case = match std::fs::read_to_string(folder.join("case.json")) {
            Ok(text) => serde_json::from_str(&text).unwrap(),
            Err(_) => Case::default(),
        };
        let actual = outcome(&folder, &case);
        let path = folder.join("expected.json");
        if std::env::var_os("SESAME_TEST_ACCEPT").is_some() {
            let text = serde_json::to_string_pretty(&actual).unwrap();
            std::fs::write(&path, text + "\n").unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        let expected = serde_json::from_str(&expected).unwrap_or(Value::Null);
        if actual != expected {
            wrong.push(format!("{}:\n{actual:#}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
