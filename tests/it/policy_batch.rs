//! `sesame policy check --batch`: a question a line in, an answer a line out.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::ChildStdin;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::harness::{Run, Sesame, line};
use super::policies::{ALLOW_HELLO, HELLO, document, statement};
use super::schema;

/// The answers, each held against the schema.
fn answers(run: &Run) -> Vec<Value> {
    let text = std::str::from_utf8(&run.stdout).unwrap();
    let answers: Vec<Value> = text
        .split_terminator('\n')
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    answers.iter().for_each(schema::check_answer);
    assert!(text.is_empty() || text.ends_with('\n'));
    let bad = answers.iter().any(|answer| answer.get("error").is_some());
    assert_eq!(run.exit, if bad { 2 } else { 0 }, "{}", run.stderr);
    if bad {
        assert!(run.stderr.starts_with("error[I0019]"), "{}", run.stderr);
    } else {
        assert_eq!(run.stderr, "");
    }
    answers
}

fn ask(lines: impl Into<Vec<u8>>) -> Sesame {
    line("policy check --batch -")
        .args(["--policy-file", "p.json"])
        .file("p.json", ALLOW_HELLO)
        .stdin(lines)
}

/// Whether function `hello` may be called, with more fields.
fn question(more: Value) -> Value {
    let mut question = json!({"action": "fc:InvokeFunction", "resource": HELLO});
    let fields = question.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    question
}

/// The answer to one line under [`ALLOW_HELLO`].
fn answer(line: &str) -> Value {
    let mut all = answers(&ask(format!("{line}\n")).run());
    assert_eq!(all.len(), 1, "{line}: {all:?}");
    all.remove(0)
}

fn error(line: &str) -> (Value, String) {
    let answer = answer(line);
    let why = answer["error"]
        .as_str()
        .unwrap_or_else(|| panic!("{line}: {answer}"));
    (answer["id"].clone(), why.to_owned())
}

#[test]
fn an_id_of_any_type_comes_back_as_it_came() {
    let ids = [
        r#""a""#,
        r#""\u00e4\n\"\\""#,
        "0",
        "-7",
        "1e400",
        "123456789012345678901234567890",
        "0.10",
        "true",
        "null",
        "[]",
        r#"{"a":[1,{"b":null}]}"#,
    ];
    let lines: String = ids
        .iter()
        .map(|id| {
            format!("{{\"id\":{id},\"action\":\"fc:InvokeFunction\",\"resource\":\"{HELLO}\"}}\n")
        })
        .collect();
    let run = ask(lines).run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let text = run.stdout_lossy();
    let shown: Vec<&str> = text.lines().collect();
    assert_eq!(shown.len(), ids.len());
    for (id, shown) in ids.iter().zip(shown) {
        let expected = format!("{{\"id\":{id},\"decision\":\"allowed\",\"matched\":[[0,0]]}}");
        assert_eq!(shown, expected);
    }
}

#[test]
fn a_line_without_an_id_has_a_null_one() {
    assert_eq!(
        answer(&question(json!({})).to_string()),
        json!({"id": null, "decision": "allowed", "matched": [[0, 0]]})
    );
}

#[test]
fn policies_stand_in_the_line_or_come_from_the_flags() {
    let own = json!([{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}]);
    let with = question(json!({"id": 1, "policies": own}));
    let lines = format!(
        "{with}\n{}\n{}\n",
        question(json!({"id": 2})),
        question(json!({"id": 3, "policies": []}))
    );
    let decisions = |run: &Run| -> Vec<Value> {
        answers(run)
            .into_iter()
            .map(|answer| answer["decision"].clone())
            .collect()
    };
    assert_eq!(
        decisions(&ask(lines.clone()).run()),
        ["explicit_deny", "allowed", "implicit_deny"]
    );
    // Without a flag a line has to bring its own.
    let run = line("policy check --batch -").stdin(lines).run();
    let all = answers(&run);
    assert_eq!(all[0]["decision"], "explicit_deny");
    assert_eq!(all[1]["id"], 2);
    assert!(
        all[1]["error"].as_str().unwrap().contains("--policy-file"),
        "{all:?}"
    );
    assert_eq!(all[2]["decision"], "implicit_deny");
}

#[test]
fn the_flags_give_every_layer() {
    let run = ask(question(json!({})).to_string())
        .file("deny.json", document([statement("Allow", "fc:Get*", "*")]))
        .args(["--control-policy", "deny.json"])
        .run();
    assert_eq!(answers(&run)[0]["decision"], "implicit_deny");
}

#[test]
fn context_absent_and_complete_are_heeded() {
    let policy = json!([{"Version": "1", "Statement": [{
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}, "StringNotEquals": {"acs:SourceVpc": "vpc-1"}},
    }]}]);
    let cases = [
        (json!({}), "undetermined"),
        (
            json!({"context": {"acs:SourceIp": "10.0.0.1"}}),
            "undetermined",
        ),
        (
            json!({"context": {"acs:SourceIp": "10.0.0.1"}, "absent": ["acs:SourceVpc"]}),
            "allowed",
        ),
        (
            json!({"context": {"acs:SourceIp": "10.0.0.1"}, "context_complete": true}),
            "allowed",
        ),
        (
            json!({"context": {"acs:SourceIp": "10.0.0.1"}, "context_complete": false}),
            "undetermined",
        ),
        (
            json!({"context": {"acs:SourceIp": ["10.0.0.1", "10.0.0.2"], "acs:SourceVpc": ["vpc-2"]}}),
            "allowed",
        ),
        (
            json!({"context": {"acs:SourceIp": "11.0.0.1"}}),
            "implicit_deny",
        ),
        (json!({"absent": ["acs:SourceIp"]}), "implicit_deny"),
        (json!({"context_complete": true}), "implicit_deny"),
    ];
    for (fields, decision) in cases {
        let mut asked = question(fields.clone());
        asked["policies"] = policy.clone();
        assert!(schema::is_question(&asked));
        assert_eq!(answer(&asked.to_string())["decision"], decision, "{fields}");
    }
}

#[test]
fn every_statement_that_surely_applies_is_listed_and_no_other() {
    let condition = json!({"Bool": {"acs:SecureTransport": "true"}});
    let policies = json!([
        {"Version": "1", "Statement": [
            {"Effect": "Allow", "Action": "oss:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "fc:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition},
        ]},
        {"Version": "1", "Statement": []},
        {"Version": "1", "Statement": [
            {"Effect": "Deny", "Action": "fc:Invoke*", "Resource": HELLO},
            {"Effect": "Allow", "Action": "*", "Resource": "acs:fc:*"},
            {"Effect": "Allow", "Action": "*", "NotResource": "acs:oss:*:*:*"},
            {"Effect": "Allow", "NotAction": "oss:*", "Resource": "*"},
        ]},
    ]);
    let asked = question(json!({"id": 1, "policies": policies}));
    assert_eq!(
        answer(&asked.to_string()),
        json!({"id": 1, "decision": "explicit_deny", "matched": [[0, 1], [2, 0], [2, 3]]})
    );
    let mut secure = asked;
    secure["context"] = json!({"acs:SecureTransport": "true"});
    assert_eq!(
        answer(&secure.to_string())["matched"],
        json!([[0, 1], [0, 2], [2, 0], [2, 3]])
    );
}

// ---- bad lines

#[test]
fn a_line_that_cannot_be_read_is_answered() {
    for (line, words) in [
        ("{", "EOF"),
        ("", "not an object"),
        ("   ", "not an object"),
        ("[]", "not an object"),
        ("7", "not an object"),
        ("{} {}", ""),
        ("\u{feff}{}", "not an object"),
    ] {
        let (id, why) = error(line);
        assert_eq!(id, Value::Null, "{line}");
        assert!(why.contains(words), "{line}: {why}");
        assert!(!why.contains('\n'), "{line}: {why}");
    }
}

#[test]
fn a_line_with_a_fault_keeps_its_id() {
    let cases: [(Value, &str); 14] = [
        (json!({"polices": []}), "polices"),
        (json!({"action": null}), "action"),
        (json!({"action": 1}), "action"),
        (json!({"resource": ["*"]}), "resource"),
        (json!({"context": []}), "context"),
        (json!({"context": {"acs:SourceIp": 1}}), "string"),
        (json!({"context": {"acs:SourceIp": null}}), "string"),
        (json!({"context": {"acs:SourceIp": []}}), "without a value"),
        (json!({"context": {"acs:SourceIp": ["a", 1]}}), "string"),
        (json!({"absent": "acs:SourceIp"}), "sequence"),
        (
            json!({"context": {"acs:SourceIp": "a"}, "absent": ["acs:sourceip"]}),
            "both",
        ),
        (json!({"context_complete": "true"}), "boolean"),
        (json!({"policies": {}}), "policies"),
        (json!({"policies": [[]]}), "policies[0]"),
    ];
    for (fields, word) in cases {
        let mut asked = question(fields.clone());
        asked["id"] = json!("mine");
        let (id, why) = error(&asked.to_string());
        assert_eq!(id, "mine", "{fields}");
        assert!(
            !schema::is_question(&asked) || word == "both" || word == "policies[0]",
            "{fields}"
        );
        // Which field is wrong is said by name or by place.
        assert!(
            why.contains(word) || why.contains("column"),
            "{fields}: {why}"
        );
    }
    for missing in ["action", "resource"] {
        let mut asked = question(json!({"id": 5}));
        asked.as_object_mut().unwrap().remove(missing);
        let (id, why) = error(&asked.to_string());
        assert_eq!(id, 5);
        assert!(why.contains(&format!("`{missing}`")), "{why}");
    }
}

#[test]
fn a_key_twice_is_refused() {
    let twice = format!(
        r#"{{"id":1,"action":"fc:GetFunction","action":"fc:InvokeFunction","resource":"{HELLO}"}}"#
    );
    let (_, why) = error(&twice);
    assert!(why.contains("duplicate field `action`"), "{why}");
    let context = format!(
        r#"{{"id":1,"action":"fc:GetFunction","resource":"{HELLO}","context":{{"acs:SourceIp":"1.1.1.1","acs:sourceip":"2.2.2.2"}}}}"#
    );
    let (id, why) = error(&context);
    assert_eq!(id, 1);
    assert!(
        why.contains("`acs:sourceip`") && why.contains("twice"),
        "{why}"
    );
}

#[test]
fn a_bad_document_in_a_line_is_named_with_its_place() {
    let asked = format!(
        r#"{{"id":1,"policies":[{ALLOW_ALL},{{"Version":"1","Statement":[{{"Effect":"Permit","Action":"*","Resource":"*"}}]}}],"action":"fc:GetFunction","resource":"{HELLO}"}}"#
    );
    let (id, why) = error(&asked);
    assert_eq!(id, 1);
    assert_eq!(
        why,
        "policies[1] at line 1, column 39: `Effect` is `Permit`, neither `Allow` nor `Deny`"
    );
    // The same again, out of what is kept.
    let run = ask(format!("{asked}\n{asked}\n")).run();
    let all = answers(&run);
    assert_eq!(all[0], all[1]);
}

const ALLOW_ALL: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

#[test]
fn bytes_that_are_no_text_are_answered() {
    let mut lines = b"{\"id\":1,\"action\":\"fc:\xff\"}\n\xff\xfe\n".to_vec();
    lines.extend_from_slice(question(json!({"id": 3})).to_string().as_bytes());
    let all = answers(&ask(lines).run());
    assert_eq!(all.len(), 3);
    for bad in &all[..2] {
        assert!(bad["error"].as_str().unwrap().contains("UTF-8"), "{bad}");
    }
    assert_eq!(
        (&all[2]["id"], &all[2]["decision"]),
        (&json!(3), &json!("allowed"))
    );
}

#[test]
fn a_line_of_more_than_16_mebibytes_is_answered_and_passed_over() {
    let limit = 16 * 1024 * 1024;
    let asked = question(json!({"id": 1})).to_string();
    let padded = |length: usize| {
        let mut line = asked.clone().into_bytes();
        line.resize(length, b' ');
        line
    };
    let mut lines = padded(limit);
    lines.push(b'\n');
    lines.extend(padded(limit + 1));
    lines.push(b'\n');
    lines.extend_from_slice(asked.as_bytes());
    lines.push(b'\n');
    lines.extend(padded(limit + 1));
    let all = answers(&ask(lines).run());
    let allowed = json!({"id": 1, "decision": "allowed", "matched": [[0, 0]]});
    assert_eq!((&all[0], &all[2], all.len()), (&allowed, &allowed, 4));
    for long in [&all[1], &all[3]] {
        assert!(
            long["error"].as_str().unwrap().contains("longer than"),
            "{long}"
        );
    }
}

#[test]
fn nothing_in_is_nothing_out() {
    let run = ask("").run();
    assert_eq!((run.exit, &*run.stdout, &*run.stderr), (0, &b""[..], ""));
}

#[test]
fn lines_end_in_any_way() {
    let asked = |id: u8| question(json!({"id": id})).to_string();
    for lines in [
        format!("{}\n{}", asked(1), asked(2)),
        format!("{}\r\n{}\r\n", asked(1), asked(2)),
        format!("{} \t\n {}\n", asked(1), asked(2)),
    ] {
        let all = answers(&ask(lines).run());
        let ids: Vec<&Value> = all.iter().map(|answer| &answer["id"]).collect();
        assert_eq!(ids, [1, 2]);
        assert!(all.iter().all(|answer| answer["decision"] == "allowed"));
    }
}

#[test]
fn the_end_counts_the_bad_lines() {
    let lines = format!("{{\n{}\n\n", question(json!({"id": 2})));
    let run = ask(lines).run();
    assert_eq!(answers(&run).len(), 3);
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 2
    --- stdout
    {"id":null,"error":"EOF while parsing an object at line 1 column 1"}
    {"id":2,"decision":"allowed","matched":[[0,0]]}
    {"id":null,"error":"the line is not an object"}

    --- stderr
    error[I0019]: 2 of 3 lines could not be decided

    hint: the answers with an `error` say why
    "#);
}

#[test]
fn questions_come_from_a_file_too() {
    let run = line("policy check --batch q.ndjson --policy-file p.json")
        .file("p.json", ALLOW_HELLO)
        .file("q.ndjson", question(json!({"id": 1})).to_string())
        .run();
    assert_eq!(answers(&run).len(), 1);
    let run = line("policy check --batch nowhere --policy-file p.json")
        .file("p.json", ALLOW_HELLO)
        .run();
    assert_eq!((run.exit, &*run.stdout), (2, &b""[..]));
    assert!(
        run.stderr
            .contains("`nowhere` cannot be read: no such file"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_batch_excludes_a_single_question() {
    let run = line("policy check --batch - --action fc:GetFunction --policy-file p.json")
        .file("p.json", ALLOW_HELLO)
        .run();
    assert_eq!((run.exit, &*run.stdout), (2, &b""[..]));
    let run = ask(question(json!({})).to_string())
        .args(["--policy-file", "nowhere.json"])
        .run();
    assert_eq!((run.exit, &*run.stdout), (2, &b""[..]));
    assert!(run.stderr.starts_with("error[I0006]"), "{}", run.stderr);
}

#[test]
fn the_form_of_stdout_does_not_matter() {
    let lines = question(json!({"id": 1})).to_string();
    let text = ask(lines.clone()).run();
    for form in ["json", "raw"] {
        let run = ask(lines.clone()).args(["-o", form]).run();
        assert_eq!((run.exit, run.stdout), (0, text.stdout.clone()), "{form}");
    }
}

// ---- streaming

/// A line of a batch, as anybody may write it.
fn any_line() -> impl Strategy<Value = (String, Option<Value>)> {
    let id = prop_oneof![
        any::<i32>().prop_map(|id| json!(id)),
        "[a-z\\\\\"\u{e4}\u{1f600}]{0,6}".prop_map(|id| json!(id)),
        Just(json!(null)),
        Just(json!({"a": [1, "b"]})),
    ];
    let good = (id.clone(), any::<bool>()).prop_map(|(id, own)| {
        let mut asked = question(json!({"id": id}));
        if own {
            asked["policies"] = serde_json::from_str(&format!("[{ALLOW_ALL}]")).unwrap();
        }
        (asked.to_string(), Some(id))
    });
    let faulty = id.prop_map(|id| {
        (
            json!({"id": id, "action": 1, "resource": "*"}).to_string(),
            Some(id),
        )
    });
    let junk = "[^\n\r{]{0,20}".prop_map(|junk| (junk, None));
    prop_oneof![4 => good, 2 => faulty, 1 => junk]
}

#[test]
fn no_line_is_lost_and_the_order_is_kept() {
    let config = ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let lines = proptest::collection::vec(any_line(), 0..60);
    proptest!(config, |(lines in lines, last_end in any::<bool>())| {
        let mut text: String = lines.iter().map(|(line, _)| format!("{line}\n")).collect();
        let open = lines.last().is_some_and(|(line, _)| !line.is_empty());
        if !last_end && open {
            text.pop();
        }
        let all = answers(&ask(text).run());
        prop_assert_eq!(all.len(), lines.len());
        for (answer, (line, id)) in all.iter().zip(&lines) {
            let expected = id.clone().unwrap_or_default();
            prop_assert_eq!(&answer["id"], &expected, "{}", line);
        }
        Ok::<(), TestCaseError>(())
    }?);
}

/// The most memory that a process had so far, in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Reads lines until `count` are there.
fn read_lines(reader: &mut impl BufRead, count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        let read = reader.read_line(&mut text).unwrap();
        assert!(read > 0, "the stream ended after {number} lines");
    }
    text
}

/// Writes so many questions, every tenth one with a document of its own.
fn write_many(stdin: &mut ChildStdin, count: usize) {
    let mut stdin = std::io::BufWriter::with_capacity(1 << 16, stdin);
    for id in 0..count {
        let written = if id % 10 == 0 {
            writeln!(
                stdin,
                r#"{{"id":{id},"policies":[{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"fc:Invoke*","Resource":"acs:fc:*:*:functions/f{id}"}}]}}],"action":"fc:InvokeFunction","resource":"acs:fc:cn-hangzhou:1:functions/f{id}"}}"#
            )
        } else {
            writeln!(
                stdin,
                r#"{{"id":{id},"action":"fc:InvokeFunction","resource":"{HELLO}"}}"#
            )
        };
        if written.is_err() {
            return;
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn two_hundred_thousand_lines_go_through_in_constant_memory() {
    const COUNT: usize = 200_000;
    let mut running = ask("").start_with_open_stdin();
    let process = running.child.id();
    let mut stdin = running.child.stdin.take().unwrap();
    let mut reader = BufReader::new(running.child.stdout.take().unwrap());
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let writer = std::thread::spawn(move || {
        write_many(&mut stdin, COUNT);
        // While its stdin is open the process is there to be looked at.
        let _ = wait.recv();
    });
    let mut seen = 0;
    let mut line = String::new();
    for id in 0..COUNT {
        if id == COUNT - 5_000 {
            seen = peak(process);
            go_on.send(()).unwrap();
        }
        line.clear();
        reader.read_line(&mut line).unwrap();
        let start = format!("{{\"id\":{id},\"decision\":\"allowed\"");
        assert!(line.starts_with(&start), "{id}: {line}");
    }
    writer.join().unwrap();
    assert!((1_000..150_000).contains(&seen), "{seen} KiB");
    assert_eq!(running.end_unread().exit, 0);
}

#[test]
fn a_reader_that_leaves_ends_it_with_0() {
    let mut running = ask("").start_with_open_stdin();
    let mut stdin = running.child.stdin.take().unwrap();
    let mut reader = BufReader::new(running.child.stdout.take().unwrap());
    let writer = std::thread::spawn(move || write_many(&mut stdin, 200_000));
    read_lines(&mut reader, 3);
    drop(reader);
    writer.join().unwrap();
    let run = running.end_unread();
    assert_eq!((run.exit, &*run.stderr), (0, ""));
}

#[test]
fn answers_come_while_questions_are_still_open() {
    let mut running = ask("").start_with_open_stdin();
    // A command that keeps its answers back must fail the test, not stop it.
    let process = running.child.id().to_string();
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if wait.recv_timeout(Duration::from_secs(10)).is_err() {
            let _ = std::process::Command::new("kill").arg(process).status();
        }
    });
    let mut stdin = running.child.stdin.take().unwrap();
    let mut reader = BufReader::new(running.child.stdout.take().unwrap());
    for id in 0..5 {
        writeln!(stdin, "{}", question(json!({"id": id}))).unwrap();
        stdin.flush().unwrap();
        let answer: Value = serde_json::from_str(&read_lines(&mut reader, 1)).unwrap();
        assert_eq!(answer["id"], id);
    }
    // Half a line has no answer yet.
    let asked = question(json!({"id": 9})).to_string();
    let (first, second) = asked.split_at(20);
    stdin.write_all(first.as_bytes()).unwrap();
    stdin.flush().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    writeln!(stdin, "{second}").unwrap();
    let answer: Value = serde_json::from_str(&read_lines(&mut reader, 1)).unwrap();
    assert_eq!(
        (&answer["id"], &answer["decision"]),
        (&json!(9), &json!("allowed"))
    );
    drop(stdin);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    done.send(()).unwrap();
    guard.join().unwrap();
    assert_eq!(running.end_unread().exit, 0);
}

#[test]
fn questions_cannot_come_from_a_folder() {
    let run = line("policy check --batch . --policy-file p.json")
        .file("p.json", ALLOW_HELLO)
        .run();
    assert_eq!((run.exit, &*run.stdout), (2, &b""[..]), "{}", run.stderr);
    assert!(
        run.stderr.contains("`.` cannot be read: it is a folder"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_line_that_is_no_text_has_a_null_id() {
    let run = ask(b"{\"id\":1,\"action\":\"fc:\xff\"}\n".to_vec()).run();
    assert_eq!(answers(&run)[0]["id"], Value::Null);
}

#[test]
fn context_flags_are_not_dropped_in_a_batch() {
    // Applied to every line, or refused.
    let policy = super::policies::allow_if(r#"{"Bool": {"acs:SecureTransport": "true"}}"#);
    for flag in [
        &["--context", "acs:SecureTransport=true"][..],
        &["--context-complete"],
    ] {
        let run = line("policy check --batch - --policy-file p.json")
            .args(flag)
            .file("p.json", &policy)
            .stdin(question(json!({"id": 1})).to_string())
            .run();
        let refused = run.exit == 2 && run.stdout.is_empty();
        let applied = run.exit == 0 && !run.stdout_lossy().contains("undetermined");
        assert!(refused || applied, "{flag:?}: {}", run.shown());
    }
}
