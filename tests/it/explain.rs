//! `sesame explain CODE`, offline.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sesame_fc::diagnosis::codes;
use sesame_fc::ram::CODES;

use super::harness::line;

/// The code of every row of both registers.
fn ids() -> impl Iterator<Item = &'static str> {
    let own = codes::ALL.iter().map(|code| code.id);
    own.chain(CODES.iter().map(|code| code.code))
}

#[test]
fn every_code_explains_itself() {
    for id in ids() {
        let run = line(&format!("explain {id} -o json")).run();
        let object = run.json();
        assert_eq!((run.exit, &object["code"]), (0, &json!(id)), "{id}");
        assert!(
            object["explanation"].as_str().unwrap().ends_with('.'),
            "{id}"
        );
    }
    for id in ["P0001", "L0016", "I0016"] {
        let run = line(&format!("explain {id}")).run();
        let text = run.stdout_lossy();
        assert!(text.starts_with(id) && run.stderr.is_empty(), "{text}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
    }
}

#[test]
fn a_list_has_every_code_once() {
    let object = line("explain -o json").run().json();
    let listed: Vec<&str> = object["codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["code"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ids().collect::<Vec<_>>());
    let distinct: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(distinct.len(), listed.len());
    let text = line("explain").run();
    assert_eq!(text.exit, 0);
    assert_eq!(text.stdout_lossy().lines().count(), listed.len());
}

#[test]
fn a_code_is_known_in_any_letter_case_and_a_lint_code_by_its_name() {
    let whole = line("explain L0001").run();
    for name in ["l0001", "JSON_SYNTAX_ERROR", "json_syntax_error"] {
        let run = line("explain").arg(name).run();
        assert_eq!((run.exit, run.stdout), (0, whole.stdout.clone()), "{name}");
    }
}

#[test]
fn codes_of_each_register_in_words() {
    insta::assert_snapshot!(line("explain P0003").run().shown(), @"
    exit: 0
    --- stdout
    P0003: preflight cannot tell whether the call is allowed

    The verdict hangs on something that sesame does not know: a condition key (`--context`, `--absent`), a policy that it did not read (`--policy-file`), or what RAM does not document. It never guesses. `--check-perms=enforce` warns and goes on, `strict` stops.

    cause permission_undetermined, exit status 6

    --- stderr
    ");
    insta::assert_snapshot!(line("explain L0053").run().shown(), @r#"
    exit: 0
    --- stdout
    L0053 INVALID_ARN_FIELDS: a resource without five fields

    `acs:service:region:account:relative-id` has four colons. Whether a `*` swallows a colon is not documented, so `acs:fc:*` counts as unknown. Write `acs:fc:*:*:*`.

    example:
      {"Resource": "acs:fc:*"}

    severity warning

    --- stderr
    "#);
}

#[test]
fn an_unknown_code_ends_with_1() {
    insta::assert_snapshot!(line("explain X9999").run().shown(), @"
    exit: 1
    --- stdout

    --- stderr
    error[I0024]: `X9999` is not an error code of sesame

    hint: `sesame explain` lists them
    ");
    for code in ["X9999", "P1", "P00011", "", "../etc/passwd", "L0000"] {
        let run = line("explain -o json").arg(code).run();
        let object = run.json();
        assert_eq!(run.exit, 1, "{code}");
        assert_eq!(object["error"]["code"], "I0024", "{code}");
        assert_eq!(object["codes"], Value::Null);
    }
    let run = line("explain P0001 P0002 -o json").run();
    assert_eq!(
        (run.exit, &run.json()["error"]["code"]),
        (2, &json!("I0001"))
    );
}

#[test]
fn it_needs_neither_network_nor_account() {
    let run = line("explain P0001")
        .env("SESAME_ENDPOINT", "not an address")
        .run();
    assert_eq!((run.exit, &*run.stderr), (0, ""));
}
