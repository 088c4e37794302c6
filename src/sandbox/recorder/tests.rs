use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::ram::{Context, Decision, Layer, Policies, Policy, Request, parse};

const INVOKE: &str = "fc:InvokeFunction";

fn function(name: impl std::fmt::Display) -> String {
    format!("acs:fc:cn-hangzhou:1234567890123456:functions/{name}")
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rec.json");
    (folder, file)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn allows(files: &[PathBuf], action: &str, resource: &str) -> bool {
    let policies = files.iter().map(|file| {
        let text = fs::read(file).unwrap();
        Policy {
            name: file.display().to_string(),
            layer: Layer::Account,
            level: 0,
            document: parse(&text).document.unwrap(),
        }
    });
    let context = Context::default();
    let request = Request {
        action,
        resource,
        context: &context,
    };
    Policies::new(policies.collect()).decide(&request) == Decision::Allowed
}

#[test]
fn each_identity_has_a_file_and_all_have_one() {
    let (folder, file) = folder();
    let recorder = Recorder::new(Some(file.clone())).unwrap();
    recorder.write().unwrap();
    assert!(names(folder.path()).is_empty(), "nothing to allow yet");
    recorder.record("developer", INVOKE, &function("hello"));
    recorder.record("ci", "fc:GetFunction", &function("hello"));
    recorder.write().unwrap();
    assert_eq!(
        names(folder.path()),
        ["rec.ci.json", "rec.developer.json", "rec.json"]
    );
    let ci = [folder.path().join("rec.ci.json")];
    assert!(allows(&ci, "fc:GetFunction", &function("hello")));
    assert!(!allows(&ci, INVOKE, &function("hello")));
    let all = [file];
    assert!(allows(&all, "fc:GetFunction", &function("hello")));
    assert!(allows(&all, INVOKE, &function("hello")));
    assert!(!allows(&all, INVOKE, &function("other")));
}

#[test]
fn only_what_is_new_is_written() {
    let (folder, file) = folder();
    let recorder = Recorder::new(Some(file.clone())).unwrap();
    let record = |name, function_name| recorder.record(name, INVOKE, &function(function_name));
    assert_eq!(record("developer", "hello"), Recorded::New);
    assert_eq!(record("developer", "hello"), Recorded::Known);
    assert_eq!(record("admin", "hello"), Recorded::New);
    recorder.write().unwrap();
    for name in names(folder.path()) {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    recorder.write().unwrap();
    assert!(names(folder.path()).is_empty());
    record("developer", "echo");
    recorder.write().unwrap();
    assert_eq!(names(folder.path()), ["rec.developer.json", "rec.json"]);
}

#[test]
fn a_long_policy_goes_on_in_numbered_files() {
    let (folder, file) = folder();
    let recorder = Recorder::new(Some(file)).unwrap();
    for number in 0..150 {
        recorder.record("developer", INVOKE, &function(number));
    }
    recorder.write().unwrap();
    let names = names(folder.path());
    assert_eq!(
        names,
        [
            "rec.2.json",
            "rec.developer.2.json",
            "rec.developer.json",
            "rec.json"
        ]
    );
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
    for path in &paths {
        let document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert!(document.to_string().len() <= MAX_POLICY_LENGTH);
    }
    for pair in [[&paths[0], &paths[3]], [&paths[1], &paths[2]]] {
        let pair = pair.map(Clone::clone);
        for number in 0..150 {
            assert!(allows(&pair, INVOKE, &function(number)), "{number}");
        }
    }
}

#[test]
fn a_document_that_is_no_longer_needed_goes() {
    let (folder, file) = folder();
    let recorder = Recorder::new(Some(file)).unwrap();
    for number in 0..150 {
        recorder.record("developer", INVOKE, &function(number));
    }
    recorder.write().unwrap();
    recorder.record("developer", INVOKE, &function("*"));
    recorder.write().unwrap();
    assert_eq!(names(folder.path()), ["rec.developer.json", "rec.json"]);
}

#[test]
fn an_identity_becomes_a_file_name_of_its_own() {
    let named = |identity| {
        let path = beside(Path::new("/r/rec.json"), Some(identity), 1);
        assert_eq!(path.parent(), Some(Path::new("/r")), "{identity}");
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(named("developer"), "rec.developer.json");
    assert_eq!(
        named("../../etc/passwd"),
        "rec.%2E%2E%2F%2E%2E%2Fetc%2Fpasswd.json"
    );
    // Neither is the second document of something else.
    assert_eq!(named("2"), "rec.%32.json");
    assert_eq!(named("developer.2"), "rec.developer%2E2.json");
    assert_eq!(
        beside(Path::new("rec"), Some("ci"), 2),
        Path::new("rec.ci.2")
    );
}

#[test]
fn a_path_that_cannot_be_written_fails_at_once() {
    let (folder, file) = folder();
    let why = |path: &Path| Recorder::new(Some(path.to_owned())).unwrap_err();
    assert!(matches!(why(folder.path()), RecordError::NotAFile(_)));
    assert!(matches!(why(Path::new("rec/")), RecordError::NotAFile(_)));
    assert!(matches!(why(Path::new("")), RecordError::NotAFile(_)));
    let lost = folder.path().join("no/rec.json");
    let RecordError::Write { path, source } = why(&lost) else {
        panic!("the folder is not there");
    };
    assert_eq!((path, source.kind()), (lost, io::ErrorKind::NotFound));
    Recorder::new(Some(file)).unwrap();
    assert!(names(folder.path()).is_empty(), "the check leaves nothing");
}

#[test]
fn what_was_not_written_is_written_later_and_nothing_half() {
    let (folder, file) = folder();
    let recorder = Recorder::new(Some(file.clone())).unwrap();
    // A folder of that name stands in the way of the rename.
    fs::create_dir(&file).unwrap();
    recorder.record("developer", INVOKE, &function("hello"));
    assert!(matches!(recorder.write(), Err(RecordError::Write { .. })));
    assert_eq!(names(folder.path()), ["rec.json"]);
    fs::remove_dir(&file).unwrap();
    recorder.write().unwrap();
    assert!(allows(&[file], INVOKE, &function("hello")));
}

#[test]
fn a_reader_never_meets_half_a_file() {
    let (_folder, file) = folder();
    let recorder = Recorder::new(Some(file.clone())).unwrap();
    recorder.record("developer", INVOKE, &function(0));
    recorder.write().unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for number in 1..40 {
                recorder.record("developer", INVOKE, &function(number));
                recorder.write().unwrap();
            }
        });
        while !writing.is_finished() {
            let text = fs::read(&file).unwrap();
            serde_json::from_slice::<Value>(&text).unwrap();
        }
    });
}

#[test]
fn memory_is_bounded_and_that_is_said_once() {
    let recorder = Recorder::new(None).unwrap();
    for number in 0..MAX_ENTRIES {
        let identity = format!("user-{}", number % 3);
        assert_eq!(
            recorder.record(&identity, INVOKE, &function(number)),
            Recorded::New
        );
    }
    assert!(recorder.is_complete());
    assert_eq!(recorder.record("new", INVOKE, &function(0)), Recorded::Full);
    assert_eq!(
        recorder.record("new", INVOKE, &function(0)),
        Recorded::Known
    );
    assert_eq!(
        recorder.record("user-0", INVOKE, &function(0)),
        Recorded::Known
    );
    assert!(!recorder.is_complete());
    assert_eq!(recorder.policies().len(), 3);
}

#[test]
fn an_entry_that_no_policy_could_hold_is_left_out() {
    let recorder = Recorder::new(None).unwrap();
    let long = "x".repeat(MAX_POLICY_LENGTH);
    assert_eq!(recorder.record("developer", INVOKE, &long), Recorded::Full);
    assert!(recorder.policies().is_empty());
}

#[test]
fn the_smallest_policy_is_shown_without_a_file() {
    let recorder = Recorder::new(None).unwrap();
    recorder.record("developer", INVOKE, &function("hello"));
    recorder.write().unwrap();
    let document = json!({"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": INVOKE, "Resource": function("hello")}]});
    assert_eq!(
        recorder.policies(),
        [("developer".to_owned(), vec![document])]
    );
}
