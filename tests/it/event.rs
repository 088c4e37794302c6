//! `sesame event` and `sesame cli fc-event`: every template, changes to it, and the file that
//! it is written to.

use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::harness::{Run, Sesame, line, sesame};

fn event(words: &str) -> Sesame {
    line("event").args(words.split_whitespace())
}

/// A run that ends well, and its file.
fn written(run: &Run) -> String {
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let path = run.stdout_lossy();
    run.read(path.trim_end())
        .expect("the file of the path on stdout")
}

/// A run that ends with an error of this code, and leaves stdout empty.
fn refused(run: &Run, code: &str) {
    assert_eq!((run.exit, &*run.stdout_lossy()), (2, ""), "{}", run.stderr);
    assert!(
        run.stderr.starts_with(&format!("error[{code}]: ")),
        "{}",
        run.stderr
    );
}

fn templates() -> Vec<Value> {
    let object = event("-o json").run().json();
    object["templates"].as_array().unwrap().clone()
}

#[test]
fn the_list_shows_kinds_types_and_where_they_come_from() {
    let run = event("").run();
    assert_eq!((run.exit, &*run.stderr), (0, ""));
    insta::assert_snapshot!("list_of_events", run.stdout_lossy());
    assert_eq!(line("cli fc-event").run().stdout, run.stdout);
    let rows = templates();
    let lines = run.stdout_lossy();
    let table = lines.split("\n\n").next().unwrap();
    assert_eq!(table.lines().count(), rows.len());
}

#[test]
fn every_kind_and_type_is_written_to_a_file_of_its_own() {
    for row in templates() {
        let kind = row["kind"].as_str().unwrap();
        for name in ["type", "alias"] {
            let mut command = event(kind);
            if let Some(form) = row[name].as_str() {
                command = command.args(["--type", form]);
            } else if row["type"].is_string() {
                continue;
            }
            let run = command.run();
            let text = written(&run);
            let path = format!("event-template/{}\n", row["file"].as_str().unwrap());
            assert_eq!(run.stdout_lossy(), path);
            if path.contains("mns-stream-without") {
                assert_eq!(text, "hello topic");
                continue;
            }
            assert!(text.ends_with("}\n") || text.ends_with("]\n"), "{path}");
            let payload: Value = serde_json::from_str(&text).unwrap();
            // Where it comes from is told, and stays out of the payload.
            for key in ["source", "confidence", "notes"] {
                assert_ne!(payload.get(key), row.get(key), "{path}");
            }
            let told = format!(
                "{}; {}: {}\n",
                row["title"].as_str().unwrap(),
                row["confidence"].as_str().unwrap(),
                row["source"].as_str().unwrap()
            );
            assert!(run.stderr.starts_with(&told), "{}", run.stderr);
        }
    }
}

#[test]
fn the_types_of_cdn_say_what_they_are() {
    let rows = templates();
    let types: Vec<&str> = rows
        .iter()
        .filter(|row| row["kind"] == "cdn")
        .map(|row| row["type"].as_str().unwrap())
        .collect();
    assert_eq!(types.len(), 8);
    for form in types {
        let run = event(&format!("cdn --stdout --type {form}")).run();
        let payload: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(payload["events"][0]["eventName"], form);
        assert_eq!(payload["events"][0]["eventSource"], "cdn");
    }
}

#[test]
fn a_file_is_written_and_its_path_told() {
    insta::assert_snapshot!(event("oss").run().shown(), @r"
    exit: 0
    --- stdout
    event-template/oss-event.json

    --- stderr
    an object was uploaded; documented: Function Compute, trigger event formats (document 70140)
    to send it: sesame invoke --function-name NAME -f event-template/oss-event.json
    ");
    insta::assert_snapshot!(event("tablestore").run().stderr, @r"
    a row was written; documented: Function Compute, trigger event formats (document 70140)
    note: a real trigger sends these fields as CBOR; a function that decodes CBOR cannot read this JSON
    to send it: sesame invoke --function-name NAME -f event-template/tablestore-event.json
    ");
    insta::assert_snapshot!(event("mns").run().shown(), @r"
    exit: 0
    --- stdout
    event-template/mns-stream-without-message-attributes.json

    --- stderr
    a message of a topic, format STREAM: its bare text, no JSON; documented: Function Compute, trigger event formats (document 70140)
    `--type` chooses another of stream, stream-attributes, json, json-attributes
    to send it: sesame invoke --function-name NAME -f event-template/mns-stream-without-message-attributes.json
    ");
    assert_eq!(event("oss -q").run().stderr, "");
}

#[test]
fn fc_event_prints_the_line_of_serverless_devs() {
    for (words, path_line) in [
        (
            "oss",
            "👓 Event Template Path: event-template/oss-event.json\n",
        ),
        (
            "http",
            "👓 Parameter Template Path: event-template/http-parameter.json\n",
        ),
        (
            "http --type event",
            "👓 Event Template Path: event-template/http-event.json\n",
        ),
        (
            "CDN --type cdndomainadded",
            "👓 Event Template Path: event-template/cdn-CdnDomainAdded.json\n",
        ),
    ] {
        let run = line(&format!("cli fc-event {words}")).run();
        assert_eq!((run.exit, &*run.stdout_lossy()), (0, path_line));
        let path = path_line.trim_end().rsplit(' ').next().unwrap();
        let same = written(&event(words).run());
        assert_eq!(run.read(path).as_ref(), Some(&same), "{path}");
    }
    let run = line("cli fc-event timer --stdout").run();
    assert_eq!(run.stdout, event("timer --stdout").run().stdout);
}

#[test]
fn stdout_has_the_event_and_no_more() {
    let run = event("timer --stdout").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout
    {
      "triggerTime": "[date]",
      "triggerName": "demo-timer",
      "payload": "hello timer"
    }

    --- stderr
    "#);
    assert_eq!(run.read("event-template/timer-event.json"), None);
    assert_eq!(event("mns --stdout").run().stdout, b"hello topic");
    // What it is worth is said when asked for; what would surprise, always.
    let verbose = event("timer --stdout -v").run();
    assert_eq!(verbose.stdout, run.stdout);
    assert!(
        verbose.stderr.starts_with("it is time; documented: "),
        "{}",
        verbose.stderr
    );
    let quiet = event("tablestore --stdout").run();
    assert!(
        quiet.stderr.starts_with("note: a real trigger sends"),
        "{}",
        quiet.stderr
    );
}

#[test]
fn a_function_of_the_sandbox_gets_what_stdout_had() {
    for row in templates() {
        let mut command = event(row["kind"].as_str().unwrap()).arg("--stdout");
        if let Some(form) = row["type"].as_str() {
            command = command.args(["--type", form]);
        }
        let sent = command.run().stdout;
        let run = line("invoke --sandbox --function-name echo -f - -o raw")
            .stdin(sent.clone())
            .run();
        assert_eq!((run.exit, &run.stdout), (0, &sent), "{row}");
    }
}

#[test]
fn changes_keep_the_type_of_what_they_replace() {
    let run = event("oss --stdout")
        .args(["--set", "events[0].oss.object.key=2024.01"])
        .args(["--set", "events[0].oss.object.size=7"])
        .args([
            "--set",
            r#"events[0].oss.object.objectMeta.userMeta={"x-oss-meta-a.b": "c"}"#,
        ])
        .args([
            "--set",
            r#"events[0].oss.object.objectMeta.userMeta."x-oss-meta-a.b"=d e"#,
        ])
        .run();
    let payload: Value = serde_json::from_slice(&run.stdout).unwrap();
    let object = &payload["events"][0]["oss"]["object"];
    assert_eq!(
        (&object["key"], &object["size"]),
        (&json!("2024.01"), &json!(7))
    );
    assert_eq!(
        object["objectMeta"]["userMeta"],
        json!({"x-oss-meta-a.b": "d e"})
    );
    let run = event("kafka --stdout --set [0].data.partition=3").run();
    let payload: Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(payload[0]["data"]["partition"], 3);
}

#[test]
fn a_change_that_cannot_be_made_names_the_way_out() {
    let set = |kind: &str, change: &str| event(kind).args(["--set", change]).run();
    insta::assert_snapshot!(set("oss", "events[0].oss.object.ky=a").shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0041]: the event has no `events[0].oss.object.ky`

    hint: did you mean `events[0].oss.object.key`?
    ");
    insta::assert_snapshot!(set("oss", "events[0].oss.folder=a").shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0041]: the event has no `events[0].oss.folder`

    hint: the nearest is `events[0].oss`, which has `bucket`, `object`, `ossSchemaVersion`, `ruleId`
    ");
    insta::assert_snapshot!(set("sls", "source.shardId=first").shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0041]: `source.shardId` is a number, and `first` is not

    hint: a value takes the type of what it replaces; a list or an object is JSON
    ");
    insta::assert_snapshot!(set("oss", "key").shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0041]: `key` is not `PATH=VALUE`: there is no `=`

    hint: write `--set 'events[0].oss.object.key=a.txt'`; a key with a dot stands in double quotes
    ");
    let run = set("timer", "a\u{1b}[31m=x");
    refused(&run, "I0041");
    assert!(!run.stderr.contains('\u{1b}'));
    // Nothing is written where one of several cannot be made.
    let run = event("timer --set payload=x --set pay=y").run();
    refused(&run, "I0041");
    assert_eq!(run.read("event-template/timer-event.json"), None);
}

#[test]
fn a_kind_or_type_that_is_not_there_names_the_nearest() {
    for (words, hint) in [
        ("os", "did you mean `oss`?"),
        ("tabelstore", "did you mean `tablestore`?"),
        ("rocket-mq", "did you mean `rocketmq`?"),
        ("lambda", "`sesame event` lists the kinds"),
        (
            "cdn --type CdnDomainStoped",
            "did you mean `CdnDomainStopped`?",
        ),
        ("http --type x", "its types are `parameter`, `event`"),
        (
            "oss --type PutObject",
            "it has one form: leave `--type` out",
        ),
    ] {
        let run = event(words).run();
        refused(&run, "I0040");
        assert!(
            run.stderr.ends_with(&format!("hint: {hint}\n")),
            "{}",
            run.stderr
        );
        assert_eq!(
            line(&format!("cli fc-event {words}")).run().stderr,
            run.stderr
        );
    }
}

#[test]
fn what_a_user_changed_in_a_file_is_not_lost() {
    let mine = "{\"mine\": true}\n";
    let there = |words: &str| {
        let command = event(words).args(["--dir", "."]);
        command.file("oss-event.json", mine)
    };
    let run = there("oss").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0042]: `./oss-event.json` is there already, with other content

    hint: `--force` writes over it, `--dir` chooses another folder, `--stdout` writes no file
    ");
    assert_eq!(run.read("oss-event.json").unwrap(), mine);
    let run = there("oss --force").run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let template = event("oss --stdout").run().stdout_lossy();
    assert_eq!(run.read("oss-event.json"), Some(template.clone()));
    // The same content is no loss.
    let again = event("oss --dir .").file("oss-event.json", &template).run();
    assert_eq!(again.exit, 0, "{}", again.stderr);
    // Nothing else is left in the folder.
    let command = event("oss --dir d");
    let folder = command.path("d");
    std::fs::create_dir(&folder).unwrap();
    let run = command.start().end();
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    assert_eq!((run.exit, left.len()), (0, 1));
}

#[test]
fn a_folder_is_made_and_one_that_cannot_be_is_named() {
    assert!(written(&event("timer --dir a/b").run()).contains("demo-timer"));
    for (dir, why) in [
        ("taken", "`taken` is not a folder"),
        ("taken/x", "`taken/x` is not a folder"),
    ] {
        let run = event("timer").args(["--dir", dir]).file("taken", "").run();
        refused(&run, "I0011");
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
    let command = event("timer --dir d");
    std::fs::create_dir_all(command.path("d/timer-event.json")).unwrap();
    refused(&command.run(), "I0042");
    // Whoever runs as root may write everywhere.
    let command = event("timer --dir locked/d");
    let folder = command.path("locked");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_err() {
        let run = command.run();
        refused(&run, "I0011");
        assert!(run.stderr.contains("no permission"), "{}", run.stderr);
    }
}

#[test]
fn json_is_one_object() {
    let object = event("timer -o json").run().json();
    assert_eq!(object["path"], "event-template/timer-event.json");
    assert_eq!(object["event"]["triggerName"], "demo-timer");
    let run = event("mns --type JSON-attributes --stdout -o json").run();
    let object = run.json();
    assert_eq!(object["path"], Value::Null);
    assert_eq!(object["type"], "json-with-message-attributes");
    assert_eq!(object["event"]["key"], "value");
    assert_eq!(
        run.read("event-template/mns-json-with-message-attributes.json"),
        None
    );
    assert_eq!(event("mns -o json").run().json()["event"], "hello topic");
    for (words, code) in [
        ("event os -o json", "I0040"),
        ("event oss --set a=b -o json", "I0041"),
        ("cli fc-event oss --type x -o json", "I0040"),
        ("event oss --stdout --force -o json", "I0001"),
        ("event oss --stdout --dir d -o json", "I0001"),
        ("event --type x -o json", "I0001"),
        ("cli fc-event oss --nope -o json", "I0001"),
    ] {
        let run = line(words).run();
        let object = run.json();
        assert_eq!(
            (run.exit, &object["error"]["code"]),
            (2, &json!(code)),
            "{words}"
        );
        assert_eq!(object["schema"], "sesame.event/1", "{words}");
    }
}

#[test]
fn a_reader_that_leaves_has_what_it_wanted() {
    let mut running = event("oss --stdout").start();
    let stdout = running.child.stdout.take().unwrap();
    let mut first = String::new();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    let run = running.end_unread();
    assert_eq!((run.exit, &*first, &*run.stderr), (0, "{\n", ""));
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let run = event("oss --stdout").stdout(full).run();
    assert_eq!(run.exit, 1);
    assert!(run.stderr.starts_with("error[I0015]: "), "{}", run.stderr);
}

#[test]
fn the_help_shows_paths_and_its_examples_run() {
    let run = line("event -h").run();
    assert_eq!((run.exit, &*run.stderr), (0, ""));
    insta::assert_snapshot!("help_of_event", run.stdout_lossy());
    let help = run.stdout_lossy();
    let examples: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("sesame "))
        .collect();
    assert_eq!(examples.len(), 4, "{help}");
    for example in examples {
        let words = example.split(" | ").next().unwrap();
        let run = sesame(super::harness::shell_words(&format!("sesame {words}"))).run();
        assert_eq!(run.exit, 0, "{example}: {}", run.stderr);
    }
    let cli = line("cli -h").run().stdout_lossy();
    assert!(cli.contains("\n  fc-event  Write an event"), "{cli}");
}
