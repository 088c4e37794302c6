//! `sesame policy lint`: every code of the register comes out of the command, with its place.

use std::collections::BTreeSet;

use serde_json::Value;
use sesame_fc::ram::{CODES, Severity};

use super::harness::{Run, line};
use super::policies::{ALLOW_HELLO, document, statement};

fn lint(content: impl AsRef<[u8]>) -> Run {
    line("policy lint p.json -o json")
        .file("p.json", content)
        .run()
}

/// The findings of one file.
fn findings(run: &Run) -> Vec<Value> {
    run.json()["files"][0]["findings"]
        .as_array()
        .unwrap()
        .clone()
}

/// The name, line and column of each finding.
fn places(content: impl AsRef<[u8]>) -> Vec<(String, u64, u64)> {
    let place = |finding: &Value| {
        let number = |field: &str| finding[field].as_u64().unwrap();
        let name = finding["name"].as_str().unwrap().to_owned();
        (name, number("line"), number("column"))
    };
    findings(&lint(content)).iter().map(place).collect()
}

/// What an example of the register leaves out, put around it.
fn whole(example: &str) -> String {
    let statement_of = |element: &str| {
        let rest = match element {
            action if action.starts_with(r#""Action""#) => r#""Resource": "*""#,
            _ => r#""Action": "*""#,
        };
        document([format!(r#"{{"Effect": "Allow", {rest}, {element}}}"#)])
    };
    let inner = example.trim_start_matches('{').trim_end_matches('}');
    match example {
        _ if example.contains(r#""Version""#) || example.contains(r#""Statement""#) => {
            example.to_owned()
        }
        _ if example.starts_with('[') => format!(r#"{{"Version": "1", "Statement": {example}}}"#),
        _ if example.contains(r#""Effect""#)
            || example.starts_with(r#"{"Action": "fc:*", "Res"#) =>
        {
            document([example])
        }
        _ if example.contains(r#""Action""#) && example.contains(r#""Resource""#) => {
            document([format!(r#"{{"Effect": "Allow", {inner}}}"#)])
        }
        _ if example.starts_with(r#"{"Action""#) || example.starts_with(r#"{"Resource""#) => {
            statement_of(inner)
        }
        _ if example.starts_with(r#"{"Condition""#) => document([format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", {}}}"#,
            &example[1..example.len() - 1]
        )]),
        _ => document([format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {example}}}"#
        )]),
    }
}

/// A file for each code whose example is described in words.
fn described(name: &str) -> Option<Vec<u8>> {
    let padded = |length: usize| {
        let statements = (0..length / 60).map(|number| {
            statement(
                "Allow",
                "fc:GetFunction",
                &format!("acs:fc:cn-hangzhou:1:functions/f{number}"),
            )
        });
        document(statements).into_bytes()
    };
    match name {
        "INVALID_ENCODING" => Some(b"\xff\xfe{\0}\0".to_vec()),
        "JSON_TOO_DEEP" => Some("[".repeat(70).into_bytes()),
        "BYTE_ORDER_MARK" => Some(format!("\u{feff}{ALLOW_HELLO}").into_bytes()),
        "DOCUMENT_TOO_BIG" => Some(vec![b' '; (1 << 20) + 1]),
        "POLICY_TOO_LONG" => Some(padded(7_000)),
        _ => None,
    }
}

#[test]
fn the_example_of_every_code_brings_out_the_code() {
    let mut silent = Vec::new();
    for code in CODES {
        let content = described(code.name).unwrap_or_else(|| whole(code.example).into_bytes());
        let run = lint(&content);
        let found = findings(&run);
        let own = found.iter().find(|finding| finding["code"] == code.code);
        let Some(own) = own else {
            let names: Vec<_> = found.iter().map(|one| one["name"].to_string()).collect();
            silent.push(format!("{} {}: {names:?}", code.code, code.name));
            continue;
        };
        assert_eq!(own["name"], code.name);
        assert_eq!(own["severity"], code.severity.as_str(), "{}", code.name);
        if code.severity == Severity::Error {
            assert_eq!(run.exit, 1, "{}", code.name);
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn a_clean_file_has_no_finding() {
    let clean = line("policy lint p.json").file("p.json", CLEAN).run();
    assert_eq!(
        (clean.exit, &*clean.stdout, &*clean.stderr),
        (0, &b""[..], "")
    );
    assert_eq!(findings(&lint(CLEAN)), Vec::<Value>::new());
}

/// Both forms of the function's name, and conditions as RAM documents them.
const CLEAN: &str = r#"{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["fc:InvokeFunction", "fc:GetFunction"],
      "Resource": [
        "acs:fc:cn-hangzhou:1234567890123456:functions/hello",
        "acs:fc:cn-hangzhou:1234567890123456:functions/hello/*"
      ],
      "Condition": {
        "IpAddress": {"acs:SourceIp": ["203.0.113.0/24", "198.51.100.7"]},
        "Bool": {"acs:SecureTransport": "true"},
        "DateLessThan": {"acs:CurrentTime": "2027-01-01T00:00:00Z"}
      }
    },
    {"Effect": "Allow", "Action": "fc:ListFunctions", "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/*"}
  ]
}
"#;

// ---- exit status and files

#[test]
fn errors_end_with_1_and_warnings_and_notes_with_0() {
    let warning = document([statement("Allow", "fc:InvokeFuncton", "*")]);
    let run = line("policy lint p.json").file("p.json", &warning).run();
    assert_eq!(run.exit, 0, "{}", run.shown());
    assert!(
        run.stdout_lossy().contains("warning[L0072]"),
        "{}",
        run.shown()
    );
    let error = document([statement("allow", "fc:*", "*")]);
    let run = line("policy lint p.json").file("p.json", &error).run();
    assert_eq!(run.exit, 1);
    assert!(
        run.stderr.starts_with("error[I0016]: 1 error and 0 other"),
        "{}",
        run.stderr
    );
}

#[test]
fn each_file_has_its_own_findings_in_order() {
    let run = line("policy lint b.json a.json b.json -o json")
        .file("a.json", "{}")
        .file("b.json", CLEAN)
        .run();
    let object = run.json();
    assert_eq!(run.exit, 1);
    let files: Vec<(&str, usize)> = object["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            (
                file["path"].as_str().unwrap(),
                file["findings"].as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(files, [("b.json", 0), ("a.json", 2), ("b.json", 0)]);
    assert_eq!(object["error"]["code"], "I0016");
}

#[test]
fn a_file_that_cannot_be_read_ends_with_2() {
    for path in ["nowhere.json", "."] {
        let run = line("policy lint good.json -o json")
            .file("good.json", CLEAN)
            .arg(path)
            .run();
        assert_eq!(run.exit, 2);
        assert_eq!(run.json()["error"]["code"], "I0006", "{path}");
    }
    let run = line("policy lint -o json").run();
    assert_eq!(
        (run.exit, run.json()["error"]["code"].as_str()),
        (2, Some("I0001"))
    );
}

// ---- places

#[test]
fn faults_have_their_line_and_column() {
    let condition = |operator: &str, value: &str| {
        document([format!(
            "{{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\",\n  \"Condition\": {{\"{operator}\": {value}}}}}"
        )])
    };
    let cases: [(String, (&str, u64, u64)); 15] = [
        (String::new(), ("JSON_SYNTAX_ERROR", 1, 1)),
        (
            "{\n  \"Version\": \"1\",\n  \"Statement\": [],\n}".into(),
            ("JSON_SYNTAX_ERROR", 3, 18),
        ),
        (
            "{\"Version\": \"1\",\r\n\"Statement\": [],\r\n\"Wrong\": 1}".into(),
            ("INVALID_POLICY_ELEMENT", 3, 1),
        ),
        (
            document([
                "{\"Effect\": \"Deny\",\n \"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}",
            ]),
            ("DUPLICATE_KEYS", 3, 2),
        ),
        (
            document([r#"{"Effect": "Allow", "Action": 5, "Resource": "*"}"#]),
            ("DATA_TYPE_MISMATCH", 2, 33),
        ),
        (
            document([r#"{"Effect": "Allow", "Action": [], "Resource": "*"}"#]),
            ("EMPTY_ARRAY_ACTION", 2, 33),
        ),
        (
            document([r#"{"Effect": "Allow", "Action": "*", "Resource": []}"#]),
            ("EMPTY_ARRAY_RESOURCE", 2, 50),
        ),
        (
            document([
                "{\"Effect\": \"Allow\", \"Action\": \"中文:\\ud800\", \"Resource\": \"*\"}",
            ]),
            ("LONE_SURROGATE", 2, 37),
        ),
        (
            condition(
                "IpAddress",
                r#"{"acs:SourceIp": ["10.0.0.0/8", "10.0.0.0/33"]}"#,
            ),
            ("TYPE_MISMATCH_IP_RANGE", 3, 62),
        ),
        (
            condition("DateLessThan", r#"{"acs:CurrentTime": "soon"}"#),
            ("TYPE_MISMATCH_DATE", 3, 53),
        ),
        (
            condition("NumericEquals", r#"{"oss:MaxKeys": "1e5"}"#),
            ("TYPE_MISMATCH_NUMBER", 3, 50),
        ),
        (
            condition("Bool", r#"{"acs:SecureTransport": true}"#),
            ("UNQUOTED_CONDITION_VALUE", 3, 49),
        ),
        (
            condition("Bool", r#"{"acs:SecureTransport": []}"#),
            ("EMPTY_ARRAY_CONDITION", 3, 49),
        ),
        (
            condition("stringEquals", r#"{"acs:Service": "a"}"#),
            ("INVALID_CONDITION_OPERATOR", 3, 17),
        ),
        (
            condition("StringEquals", r#"{"Service": "a"}"#),
            ("INVALID_CONDITION_KEY_FORMAT", 3, 34),
        ),
    ];
    let mut wrong = Vec::new();
    for (content, (name, row, column)) in cases {
        let found = places(&content);
        if !found.contains(&(name.to_owned(), row, column)) {
            wrong.push(format!(
                "{name} {row}:{column} is not in {found:?} of:\n{content}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hostile_files_have_findings_and_no_crash() {
    let deep = |open: &str| open.repeat(10_000);
    let nul = ALLOW_HELLO.replace("hello", "he\0llo");
    let cases: [(&str, Vec<u8>); 9] = [
        ("JSON_TOO_DEEP", deep("[").into_bytes()),
        ("JSON_TOO_DEEP", deep("{\"a\":").into_bytes()),
        (
            "JSON_TOO_DEEP",
            document([format!("{}{}", deep("["), deep("]"))]).into_bytes(),
        ),
        ("JSON_SYNTAX_ERROR", nul.into_bytes()),
        ("JSON_SYNTAX_ERROR", b"\0".to_vec()),
        ("INVALID_ENCODING", b"{\"Version\": \"\xc3\x28\"}".to_vec()),
        (
            "LONE_SURROGATE",
            ALLOW_HELLO.replace("hello", r"\udc00").into_bytes(),
        ),
        (
            "DATA_TYPE_MISMATCH",
            b"12345678901234567890123456789012345678901234567890".to_vec(),
        ),
        ("DATA_TYPE_MISMATCH", b"null".to_vec()),
    ];
    for (name, content) in cases {
        let run = lint(&content);
        assert_eq!(run.exit, 1);
        let found = places(&content);
        let start = String::from_utf8_lossy(&content[..content.len().min(60)]).into_owned();
        assert!(
            found.iter().any(|(one, ..)| one == name),
            "{start}: {name} is not in {found:?}"
        );
        assert!(
            run.stdout.len() < 20_000,
            "{start}: {} bytes",
            run.stdout.len()
        );
        let text = line("policy lint p.json").file("p.json", &content).run();
        assert_eq!(text.exit, 1);
        assert!(
            text.stdout.len() < 60_000,
            "{start}: {} bytes of text",
            text.stdout.len()
        );
    }
}

#[test]
fn a_byte_order_mark_is_a_note_and_moves_no_place() {
    let text = format!("\u{feff}{}", document([statement("allow", "fc:*", "*")]));
    let found = places(&text);
    assert_eq!(found[0], ("BYTE_ORDER_MARK".into(), 1, 1));
    assert!(
        found.contains(&("INVALID_EFFECT".into(), 2, 14)),
        "{found:?}"
    );
    let clean = lint(format!("\u{feff}{CLEAN}"));
    assert_eq!(clean.exit, 0);
    assert_eq!(findings(&clean)[0]["severity"], "note");
}

// ---- the action table

#[test]
fn actions_and_resources_are_held_against_the_table_of_function_compute() {
    let functions = "acs:fc:cn-hangzhou:1234567890123456:functions/hello";
    let cases: [(&str, &str, &[&str]); 11] = [
        (
            "fc:InvokeFunction",
            "acs:fc:*:*:custom-domains/*",
            &["RESOURCE_NOT_FOR_ACTION"],
        ),
        ("fc:CreateTrigger", functions, &["RESOURCE_NOT_FOR_ACTION"]),
        ("fc:InvokeFunction", "acs:fc:*:*:functions/*", &[]),
        ("fc:ListFunctions", functions, &["LIST_ACTION_NEEDS_STAR"]),
        ("fc:ListFunctions", "acs:fc:cn-hangzhou:1:functions/*", &[]),
        (
            "fc:InvokeFunction",
            functions,
            &["QUALIFIER_FORM_UNCOVERED"],
        ),
        (
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:1:services/s/functions/f",
            &["QUALIFIER_FORM_UNCOVERED"],
        ),
        ("fc:InvokeFuncton", "*", &["UNKNOWN_ACTION"]),
        ("fc:invokefunction", "*", &["ACTION_CASE"]),
        ("oss:NoSuchThing", "*", &[]),
        ("fc:Invoke*", "*", &[]),
    ];
    let watched: BTreeSet<&str> = [
        "RESOURCE_NOT_FOR_ACTION",
        "LIST_ACTION_NEEDS_STAR",
        "QUALIFIER_FORM_UNCOVERED",
        "UNKNOWN_ACTION",
        "ACTION_CASE",
        "INVALID_ACTION",
    ]
    .into();
    for (action, resource, expected) in cases {
        let found = places(document([statement("Allow", action, resource)]));
        let names: Vec<&str> = found
            .iter()
            .map(|(name, ..)| &**name)
            .filter(|name| watched.contains(name))
            .collect();
        assert_eq!(names, expected, "{action} on {resource}");
    }
}

#[test]
fn an_action_that_is_nearly_one_is_suggested() {
    let run = lint(document([statement("Allow", "fc:InvokeFuncton", "*")]));
    let found = findings(&run);
    let help = found[0]["help"].as_str().unwrap();
    assert!(help.contains("fc:InvokeFunction"), "{help}");
}

#[test]
fn a_finding_of_each_weight_is_shown_with_its_place() {
    let policy = r#"{
  "Version": "1",
  "Statement": [
    {"Effect": "Allow", "Action": "fc:InvokeFuncton", "Resource": "*"},
    {"Effect": "Allow", "Action": "fc:ListFunctions", "Resource": "acs:fc:*:*:functions/hello"},
    {"Effect": "Deny", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/hello"},
    {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"IpAddressIfExists": {"acs:SourceIp": ["10.0.0.0/8"]}}}
  ]
}
"#;
    let run = line("policy lint p.json").file("p.json", policy).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 1
    --- stdout
    warning[L0072]: no known action is `fc:InvokeFuncton`
     --> p.json:4:35
      |
    4 |     {"Effect": "Allow", "Action": "fc:InvokeFuncton", "Resource": "*"},
      |                                   ^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `fc:InvokeFunction`?
    warning[L0068]: `fc:ListFunctions` lists, and is not authorised on a single name
     --> p.json:5:67
      |
    5 |     {"Effect": "Allow", "Action": "fc:ListFunctions", "Resource": "acs:fc:*:*:functions/hello"},
      |                                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: it is authorised on `acs:fc:{region}:{account-id}:services/{serviceName}/functions/*` or `acs:fc:{region}:{account-id}:functions/*`
    error[L0030]: `IpAddressIfExists` is not a condition operator of RAM
     --> p.json:7:70
      |
    7 |     {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"IpAddressIfExists": {"acs:SourceIp": ["10.0.0.0/8"]}}}
      |                                                                      ^^^^^^^^^^^^^^^^^^^
      |
      = help: RAM has no `…IfExists`: use `IpAddress`, and a statement of its own for requests without the key

    --- stderr
    error[I0016]: 1 error and 2 other findings

    hint: `sesame explain CODE` says more about each
    "#);
    insta::assert_snapshot!("lint_of_each_weight", lint(policy).shown_json());
}

#[test]
fn a_syntax_error_is_shown_with_its_place() {
    let run = line("policy lint p.json")
        .file("p.json", "{\n  \"Version\": \"1\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\" \"Action\": 'fc:*'},\n  ]\n}\n")
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 1
    --- stdout
    error[L0018]: the statement has no `Resource`
     --> p.json:4:5
      |
    4 |     {"Effect": "Allow" "Action": 'fc:*'},
      |     ^
      |
      = help: add `"Resource": "*"`, or better the resources that are meant
    error[L0001]: `,` or `}` is missing here
     --> p.json:4:24
      |
    4 |     {"Effect": "Allow" "Action": 'fc:*'},
      |                        ^
      |
      = help: separate the elements with `,`
    error[L0001]: strings stand in double quotes, not in single ones
     --> p.json:4:34
      |
    4 |     {"Effect": "Allow" "Action": 'fc:*'},
      |                                  ^^^^^^
      |
      = help: write `"` instead of `'`
    error[L0001]: `,` before the closing bracket
     --> p.json:4:41
      |
    4 |     {"Effect": "Allow" "Action": 'fc:*'},
      |                                         ^
      |
      = help: remove the comma

    --- stderr
    error[I0016]: 4 errors and 0 other findings

    hint: `sesame explain CODE` says more about each
    "#);
}
