//! Project files: each folder of `tests/project/` is one, with what is asked of it in
//! `case.json` and what comes of it in `expected.json`.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sesame_fc::project::{
    self, Chosen, Function, Given, Place, Project, ProjectError, Search, Selection, Trigger, Wanted,
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

/// Nothing set, no account.
fn empty() -> BTreeMap<String, String> {
    BTreeMap::new()
}

/// A folder of files, each a path and a text.
fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn load(path: &Path) -> Result<Project, ProjectError> {
    let search = Search {
        start: Path::new("/"),
        home: None,
        user: None,
    };
    project::load(search, Some(path)).map(|loaded| loaded.project.unwrap())
}

/// The region of the only function, or why there is none.
fn region(path: &Path) -> Result<String, String> {
    let project = load(path).map_err(|error| error.to_string())?;
    let environment = empty();
    let given = Given {
        environment: &environment,
        account: None,
    };
    let chosen = project.choose(Wanted::default(), given);
    let Ok(Chosen::Functions { functions, .. }) = chosen else {
        panic!("{chosen:?}");
    };
    let region = functions[0].region().map_err(|error| error.to_string())?;
    Ok(region.map(|region| region.text).unwrap_or_default())
}

fn one(region: &str) -> String {
    format!(
        "edition: 3.0.0\nresources:\n  a:\n    component: fc3\n    props:\n      region: {region}\n      functionName: a\n"
    )
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_folder() {
    use std::os::unix::fs::symlink;
    let folder = files(&[
        ("secret.txt", "cn-secret"),
        ("secret.env", "REGION=cn-secret"),
        ("app/own.txt", "cn-own"),
        ("app/file.yaml", &one("${file('link.txt')}")),
        ("app/path.yaml", &one("${path('link.txt')}")),
        ("app/nested.yaml", &one("${file('up/secret.txt')}")),
        ("app/inside.yaml", &one("${file('inner.txt')}")),
        ("app/env.yaml", &one("${env('REGION')}")),
    ]);
    let app = folder.path().join("app");
    symlink("../secret.txt", app.join("link.txt")).unwrap();
    symlink("own.txt", app.join("inner.txt")).unwrap();
    symlink("..", app.join("up")).unwrap();
    symlink("../secret.env", app.join(".env")).unwrap();
    for name in ["file.yaml", "path.yaml", "nested.yaml", "env.yaml"] {
        let why = region(&app.join(name)).unwrap_err();
        assert!(
            why.ends_with("lies outside the project's folder"),
            "{name}: {why}"
        );
    }
    assert_eq!(region(&app.join("inside.yaml")).unwrap(), "cn-own");
}

#[test]
fn a_file_extends_within_its_repository_only() {
    let base = one("cn-base");
    let folder = files(&[
        ("base.yaml", &base),
        ("repository/.git/HEAD", ""),
        ("repository/base.yaml", &base),
        ("repository/app/s.yaml", "extend: ../base.yaml\n"),
        ("repository/app/out.yaml", "extend: ../../base.yaml\n"),
        ("loose/s.yaml", "extend: ../base.yaml\n"),
    ]);
    let region = |path: &str| region(&folder.path().join(path));
    assert_eq!(region("repository/app/s.yaml").unwrap(), "cn-base");
    for outside in ["repository/app/out.yaml", "loose/s.yaml"] {
        let why = region(outside).unwrap_err();
        assert!(why.contains("lies outside the repository"), "{why}");
    }
}

#[test]
fn a_file_that_is_not_there_or_too_long_is_refused() {
    let folder = files(&[("long.yaml", "")]);
    let long = folder.path().join("long.yaml");
    std::fs::write(&long, one("x") + &"# padding\n".repeat(5_000_000)).unwrap();
    let mut why = String::new();
    let memory = allocation_counter::measure(|| why = region(&long).unwrap_err());
    assert!(
        why.ends_with("is longer than 1 MiB, the most that is read"),
        "{why}"
    );
    assert!(memory.bytes_max < 64 * 1024, "{}", memory.bytes_max);
    let why = region(&folder.path().join("none.yaml")).unwrap_err();
    assert!(why.ends_with("none.yaml` does not exist"), "{why}");
}

#[test]
fn no_file_costs_more_memory_than_a_bounded_amount() {
    let mut laughs =
        "edition: 3.0.0\nl0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..40 {
        let below = format!("*l{}, ", level - 1).repeat(8);
        laughs += &format!("l{level}: &l{level} [{below}]\n");
    }
    let entries: String = (0..8_000).map(|key| format!("    k{key}: 1\n")).collect();
    let users: String = (0..2_000)
        .map(|key| format!("  r{key}: {{component: fc3, extend: {{name: t}}, props: {{a: 1}}}}\n"))
        .collect();
    let templates = format!("edition: 3.0.0\ntemplate:\n  t:\n{entries}resources:\n{users}");
    let nodes = format!("edition: 3.0.0\nresources: [{}]\n", "a,".repeat(500_000));
    let deep = format!("edition: 3.0.0\nresources: {}", "[".repeat(900_000));
    for (what, text) in [
        ("aliases", laughs),
        ("templates", templates),
        ("nodes", nodes),
        ("nesting", deep),
    ] {
        let mut outcome = None;
        let memory = allocation_counter::measure(|| {
            outcome = Some(Project::from_text("s.yaml", text, "").map(|project| {
                let environment = empty();
                let given = Given {
                    environment: &environment,
                    account: None,
                };
                project.choose(Wanted::default(), given).map(|_| ()).is_ok()
            }));
        });
        assert!(
            memory.bytes_max < 64 * 1024 * 1024,
            "{what}: {} bytes",
            memory.bytes_max
        );
        match outcome.unwrap() {
            Err(error) => assert!(error.place().is_some(), "{what}: {error}"),
            Ok(chosen) => assert_eq!((what, chosen), ("templates", true)),
        }
    }
}

#[test]
fn only_what_no_flag_says_is_taken_from_the_file() {
    let text = "edition: 1.0.0\nservices:\n  a:\n    component: fc\n    props:\n      region: ${env(UNSET)}\n      service: {name: s}\n      function: {name: '${env(UNSET)}'}\n";
    let project = Project::from_text("s.yaml", text, "").unwrap();
    let environment = empty();
    let given = Given {
        environment: &environment,
        account: None,
    };
    let Ok(Chosen::Functions { functions, .. }) = project.choose(Wanted::default(), given) else {
        panic!("one function");
    };
    let mut selection = Selection {
        function: Some("f".into()),
        ..Selection::default()
    };
    let error = functions[0].complete(&mut selection).unwrap_err();
    assert_eq!(error.flag(), Some("--region"));
    let place = error.place().unwrap().position();
    assert_eq!((place.line, place.column), (6, 15));
    selection.region = Some("cn-hangzhou".into());
    functions[0].complete(&mut selection).unwrap();
    let (target, _) = project::select(selection, &environment).unwrap();
    assert_eq!(
        (target.name(), target.region()),
        ("s/f".into(), "cn-hangzhou")
    );
}

#[test]
fn a_search_that_finds_nothing_is_no_error_and_tells_what_it_passed_over() {
    let folder = files(&[(".git/HEAD", ""), ("a/b", "")]);
    std::fs::create_dir(folder.path().join("a/s.yaml")).unwrap();
    let search = Search {
        start: &folder.path().join("a"),
        home: None,
        user: None,
    };
    let loaded = project::load(search, None).unwrap();
    assert!(loaded.project.is_none());
    assert_eq!(loaded.notices.len(), 1);
    assert!(
        loaded.notices[0].contains("is not a file"),
        "{:?}",
        loaded.notices
    );
}

/// Text that comes near the language: its words, and what could bring it out of step.
fn near_the_language() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "${",
        "}",
        "(",
        ")",
        "'",
        "\"",
        ",",
        ".",
        "[",
        "]",
        "\\",
        " ",
        "$",
        "{",
        "||",
        "0",
        "-",
        "云",
        "env",
        "config",
        "file",
        "path",
        "json",
        "yaml",
        "vars",
        "this",
        "that",
        "resources",
        "props",
        "AccountID",
        "SET",
        "UNSET",
        "a",
        "b",
        "f",
        "region",
        "functionName",
        "output",
        "name",
        "${vars.a}",
        "${vars.b}",
        "${env('SET')}",
        "${this.props.region}",
        "${env(UNSET, ",
        "\n",
        "\t",
    ]);
    prop::collection::vec(words, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_written_between_braces_ends_as_a_value_or_an_error_with_a_place(
        a in near_the_language(),
        b in near_the_language(),
        region in near_the_language(),
        dotenv in near_the_language(),
    ) {
        check_interpolation(&a, &b, &region, &dotenv);
    }
}

/// What the fuzz target `interpolation` asserts, too.
fn check_interpolation(a: &str, b: &str, region: &str, dotenv: &str) {
    // JSON is YAML, so a text comes through as it is.
    let document = json!({
        "edition": "3.0.0",
        "vars": {"a": a, "b": b},
        "resources": {"f": {"component": "fc3", "props": {"region": region, "functionName": a}}},
    });
    let folder = Path::new("/nonexistent/folder/s.yaml");
    let project = Project::from_text(folder, document.to_string(), dotenv).unwrap();
    let environment = BTreeMap::from([("SET".to_owned(), "set ${vars.a}".to_owned())]);
    let given = Given {
        environment: &environment,
        account: Some("123"),
    };
    let wanted = Wanted {
        resource: Some("f"),
        ..Wanted::default()
    };
    let Ok(Chosen::Functions { functions, .. }) = project.choose(wanted, given) else {
        panic!("the resource is a function");
    };
    for value in [functions[0].region(), functions[0].function()] {
        match value {
            Ok(value) => assert!(value.is_some_and(|value| value.text.len() <= 64 * 1024)),
            Err(error) => {
                let place = error.place().expect("a place");
                let span = place.span();
                assert!(
                    place.text().get(span.start..span.end).is_some(),
                    "{error:?}"
                );
            }
        }
    }
    if !region.contains("${") {
        assert_eq!(functions[0].region().unwrap().unwrap().text, region);
    }
}
