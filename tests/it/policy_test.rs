//! `sesame policy test`: files of expectations.

use serde_json::{Value, json};

use super::harness::{Run, Sesame, line};
use super::policies::{ALLOW_HELLO, HELLO, document, statement};

/// A policy with an outcome of each kind, for actions `fc:A` to `fc:E`.
fn each_kind() -> String {
    document([
        statement("Allow", "fc:A", "*"),
        statement("Deny", "fc:B", "*"),
        r#"{"Effect": "Allow", "Action": "fc:D", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "true"}}}"#.to_owned(),
    ])
}

fn test(cases: &str) -> Sesame {
    line("policy test cases.yaml")
        .file("p.json", each_kind())
        .file("cases.yaml", format!("policies: [p.json]\ncases:\n{cases}"))
}

/// A case on the action `fc:…`, with more fields.
fn case(action: &str, more: &str) -> String {
    format!("- {{name: case {action}, action: 'fc:{action}', resource: '*', {more}}}\n")
}

#[test]
fn every_word_of_expect_fits_its_decisions() {
    // Action, and for each word whether it holds.
    let words = [
        "allowed",
        "denied",
        "explicit_deny",
        "implicit_deny",
        "undetermined",
    ];
    for (action, decision, fitting) in [
        ("A", "allowed", &["allowed"][..]),
        ("B", "explicit_deny", &["denied", "explicit_deny"]),
        ("C", "implicit_deny", &["denied", "implicit_deny"]),
        ("D", "undetermined", &["undetermined"]),
    ] {
        let cases: String = words
            .iter()
            .map(|word| case(action, &format!("expect: {word}")))
            .collect();
        let run = test(&cases).args(["-o", "json"]).run();
        let object = run.json();
        assert_eq!(run.exit, 1);
        for (row, word) in object["cases"].as_array().unwrap().iter().zip(words) {
            assert_eq!(row["actual"], decision);
            assert_eq!(row["expected"], word);
            assert_eq!(row["ok"], fitting.contains(&word), "{action} {word}");
        }
        assert_eq!(object["passed"], fitting.len());
        assert_eq!(object["failed"], words.len() - fitting.len());
        assert_eq!(object["error"]["code"], "I0018");
    }
}

#[test]
fn all_is_well_with_0_and_a_failure_ends_with_1() {
    let good = case("A", "expect: allowed") + &case("B", "expect: denied");
    insta::assert_snapshot!(test(&good).run().shown(), @"
    exit: 0
    --- stdout
    ok: case A
    ok: case B
    2 passed, 0 failed

    --- stderr
    ");
    let bad = case("A", "expect: implicit_deny")
        + &case("B", "expect: allowed")
        + &case("C", "expect: denied");
    insta::assert_snapshot!(test(&bad).run().shown(), @r#"
    exit: 1
    --- stdout
    FAILED: case A (expected implicit_deny, got allowed)
    FAILED: case B (expected allowed, got explicit_deny)
    ok: case C
    1 passed, 2 failed

    --- stderr
    note: this statement allows it
     --> p.json:2:53
      |
    2 |   {"Effect": "Allow", "Action": "fc:A", "Resource": "*"},
      |                                 ------              ^^^ matches `*`
      |                                 |
      |                                 matches `fc:A`
    error: this statement denies it
     --> p.json:3:52
      |
    3 |   {"Effect": "Deny", "Action": "fc:B", "Resource": "*"},
      |                                ------              ^^^ matches `*`
      |                                |
      |                                matches `fc:B`
    error[I0018]: 2 of 3 expectations failed

    hint: `sesame policy check` with the case's action and resource shows every statement
    "#);
}

#[test]
fn context_absent_and_complete_are_heeded() {
    let cases = [
        case(
            "D",
            "expect: allowed, context: {acs:SecureTransport: 'true'}",
        ),
        case("D", "expect: allowed, context: {acs:SecureTransport: true}"),
        case(
            "D",
            "expect: allowed, context: {acs:SecureTransport: ['true']}",
        ),
        case("D", "expect: implicit_deny, absent: [acs:SecureTransport]"),
        case("D", "expect: implicit_deny, context_complete: true"),
        case("D", "expect: undetermined, context_complete: false"),
    ];
    let run = test(&cases.concat()).run();
    assert_eq!(run.exit, 0, "{}", run.shown());
    assert!(
        run.stdout_lossy().ends_with("6 passed, 0 failed\n"),
        "{}",
        run.shown()
    );
}

#[test]
fn decided_by_names_policy_and_statement() {
    let cases = [
        (
            case(
                "B",
                "expect: denied, decided_by: {policy: p.json, statement: 1}",
            ),
            true,
        ),
        (
            case("B", "expect: denied, decided_by: {statement: 1}"),
            true,
        ),
        (
            case("B", "expect: denied, decided_by: {policy: p.json}"),
            true,
        ),
        (
            case("B", "expect: denied, decided_by: {statement: 0}"),
            false,
        ),
        (
            case("B", "expect: denied, decided_by: {policy: other.json}"),
            false,
        ),
        (
            case("B", "expect: denied, decided_by: {policy: json}"),
            false,
        ),
        (
            case("C", "expect: denied, decided_by: {policy: p.json}"),
            false,
        ),
    ];
    for (case, ok) in cases {
        let object = test(&case).args(["-o", "json"]).run().json();
        assert_eq!(object["cases"][0]["ok"], ok, "{case}");
    }
}

#[test]
fn a_file_may_be_json_and_names_its_policies_relative_to_itself() {
    let cases = json!({
        "policies": ["../policies/p.json"],
        "cases": [{"name": "a", "action": "fc:InvokeFunction", "resource": HELLO, "expect": "allowed"}],
    });
    let command = line("policy test tests/one.json -o json");
    std::fs::create_dir(command.path("tests")).unwrap();
    std::fs::create_dir(command.path("policies")).unwrap();
    let run = command
        .file("tests/one.json", cases.to_string())
        .file("policies/p.json", ALLOW_HELLO)
        .run();
    let object = run.json();
    assert_eq!(
        (run.exit, &object["passed"]),
        (0, &json!(1)),
        "{}",
        run.stderr
    );
    assert_eq!(object["cases"][0]["file"], "tests/one.json");
}

#[test]
fn the_other_layers_are_read_too() {
    let all = document([statement("Allow", "*", "*")]);
    let nothing = document([statement("Allow", "oss:*", "*")]);
    let file = |layers: &str, expect: &str| {
        format!("{layers}\ncases: [{{name: n, action: 'fc:A', resource: '*', expect: {expect}}}]\n")
    };
    for (layers, expect) in [
        (
            "policies: [all.json]\ncontrol_policies: [all.json]",
            "allowed",
        ),
        (
            "policies: [all.json]\ncontrol_policies: [all.json, nothing.json]",
            "implicit_deny",
        ),
        (
            "policies: [all.json]\nsession_policy: nothing.json",
            "implicit_deny",
        ),
        (
            "policies: [nothing.json]\nresource_group_policies: [all.json]",
            "allowed",
        ),
    ] {
        let run = line("policy test c.yaml")
            .file("all.json", &all)
            .file("nothing.json", &nothing)
            .file("c.yaml", file(layers, expect))
            .run();
        assert_eq!(run.exit, 0, "{layers}: {}", run.shown());
    }
}

#[test]
fn several_files_are_summed_up() {
    let file = |expect: &str| {
        format!(
            "policies: [p.json]\ncases: [{{name: '{expect}', action: 'fc:A', resource: '*', expect: {expect}}}]\n"
        )
    };
    let run = line("policy test a.yaml b.yaml -o json")
        .file("p.json", each_kind())
        .file("a.yaml", file("allowed"))
        .file("b.yaml", file("denied"))
        .run();
    let object = run.json();
    assert_eq!(run.exit, 1);
    assert_eq!(
        (&object["passed"], &object["failed"]),
        (&json!(1), &json!(1))
    );
    let files: Vec<&Value> = object["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["file"])
        .collect();
    assert_eq!(files, ["a.yaml", "b.yaml"]);
}

// ---- faulty files

fn faulty(content: &str) -> Run {
    line("policy test c.yaml -o json")
        .file("p.json", each_kind())
        .file("c.yaml", content)
        .run()
}

#[test]
fn a_faulty_file_is_shown_with_line_and_column() {
    let good = "policies: [p.json]\ncases:\n- name: a\n  action: fc:A\n  resource: '*'\n  expect: allowed\n";
    assert_eq!(faulty(good).exit, 0);
    let cases = [
        // What is changed, what is wrong then, and in which lines that may be shown.
        (
            good.replace("  expect: allowed", "  expect: allowed\n  contxt: {}"),
            "contxt",
            7..=7,
        ),
        (good.replace("allowed", "maybe"), "maybe", 6..=6),
        (good.replace("  action: fc:A\n", ""), "action", 3..=5),
        (good.replace("policies: [p.json]\n", ""), "policies", 1..=1),
        (good.replace("[p.json]", "{}"), "", 1..=1),
        (good.replace("  action: fc:A", "  action: [1]"), "", 4..=4),
        (good.replace("  action", "\taction"), "", 3..=4),
        (good.replace("[p.json]", "[p.json"), "", 2..=2),
        (
            good.replace(
                "expect: allowed",
                "expect: allowed\n  context: {a:b: {c: d}}",
            ),
            "",
            7..=7,
        ),
        (
            good.replace(
                "expect: allowed",
                "expect: allowed\n  decided_by: {statment: 1}",
            ),
            "statment",
            7..=7,
        ),
        (String::new(), "", 1..=1),
        ("[]".into(), "", 1..=1),
    ];
    let mut wrong = Vec::new();
    for (content, word, lines) in cases {
        let run = faulty(&content);
        let object = run.json();
        assert_eq!(
            (run.exit, &object["error"]["code"]),
            (2, &json!("I0017")),
            "{content}"
        );
        let place = &object["error"]["places"][0];
        assert!(
            place["message"].as_str().unwrap().contains(word),
            "{place} of:\n{content}"
        );
        let shown = place["line"].as_u64().unwrap();
        if !lines.contains(&shown) {
            wrong.push(format!("{lines:?}, not {place} of:\n{content}"));
        }
        assert_eq!(object["cases"], Value::Null);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_faulty_file_in_words() {
    let run = line("policy test c.yaml")
        .file("c.yaml", "policies: [p.json]\ncases:\n- name: a\n  action: fc:A\n  resource: '*'\n  expected: allowed\n")
        .run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 2
    --- stdout

    --- stderr
    error[I0017]: `c.yaml` is not a file of expectations
    error: unknown key `expected`; did you mean `expect`?
     --> c.yaml:6:3
      |
    6 |   expected: allowed
      |   ^^^^^^^^
    error: `expect` is missing
     --> c.yaml:3:3
      |
    3 | - name: a
      |   ^^^^

    hint: `sesame policy test --help` shows one
    ");
}

#[test]
fn files_that_cannot_be_read_end_with_2() {
    let missing = line("policy test nowhere.yaml -o json").run();
    assert_eq!(
        (missing.exit, &missing.json()["error"]["code"]),
        (2, &json!("I0017"))
    );
    let no_policy = faulty("policies: [gone.json]\ncases: []\n");
    assert_eq!(
        (no_policy.exit, &no_policy.json()["error"]["code"]),
        (2, &json!("I0006"))
    );
    let broken = line("policy test c.yaml -o json")
        .file("p.json", "{")
        .file("c.yaml", "policies: [p.json]\ncases: []\n")
        .run();
    assert_eq!(
        (broken.exit, &broken.json()["error"]["code"]),
        (2, &json!("I0007"))
    );
    let both = faulty(
        "policies: [p.json]\ncases: [{name: n, action: 'fc:A', resource: '*', expect: allowed, context: {a:b: c}, absent: [A:B]}]\n",
    );
    assert_eq!(
        (both.exit, &both.json()["error"]["code"]),
        (2, &json!("I0017"))
    );
    let none = line("policy test -o json").run();
    assert_eq!(
        (none.exit, &none.json()["error"]["code"]),
        (2, &json!("I0001"))
    );
}

#[test]
fn a_wrong_deciding_statement_is_said() {
    let run = test(&case("A", "expect: allowed, decided_by: {statement: 5}")).run();
    assert!(
        !run.stdout_lossy().contains("expected allowed, got allowed"),
        "{}",
        run.shown()
    );
}
