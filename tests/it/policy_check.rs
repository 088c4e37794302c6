//! `sesame policy check`: each decision with its exit status, its words and its object.

use serde_json::{Value, json};

use super::harness::{Run, line};
use super::policies::{ALLOW_HELLO, HELLO, allow_if, check, check_hello, document, statement};

/// A Deny on every function whose name begins with `he`, in a file of its own.
const DENY: &str = r#"{
  "Version": "1",
  "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": ["fc:Delete*", "fc:Invoke*"], "Resource": "acs:fc:*:*:functions/he*"}
  ]
}
"#;

/// An Allow that asks where the call comes from.
const FROM_THE_OFFICE: &str = r#"{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "fc:InvokeFunction",
      "Resource": "*",
      "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}
    }
  ]
}
"#;

#[test]
fn an_allowance_shows_the_statement_that_gives_it() {
    let run = check_hello(ALLOW_HELLO).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout
    allowed

    --- stderr
    not looked at: control, session, resource-group policies
    note: this statement allows it
     --> p.json:7:19
      |
    6 |       "Action": "fc:InvokeFunction",
      |                 ------------------- matches `fc:InvokeFunction`
    7 |       "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ matches `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
    "#);
}

#[test]
fn an_explicit_denial_shows_the_deny() {
    let run = check_hello(ALLOW_HELLO)
        .args(["--policy-file", "guardrail.json"])
        .file("guardrail.json", DENY)
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout
    explicit_deny

    --- stderr
    error[P0002]: a Deny applies to `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
    error: this statement denies it
     --> guardrail.json:5:76
      |
    5 |     {"Effect": "Deny", "Action": ["fc:Delete*", "fc:Invoke*"], "Resource": "acs:fc:*:*:functions/he*"}
      |                                                 ------------               ^^^^^^^^^^^^^^^^^^^^^^^^^^ matches `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
      |                                                 |
      |                                                 matches `fc:InvokeFunction`

    hint: an Allow does not lift a Deny: ask whoever owns that policy for an exception
    "#);
}

#[test]
fn an_implicit_denial_shows_the_allows_that_come_nearest() {
    let statements = [
        statement(
            "Allow",
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:1234567890123456:functions/hallo",
        ),
        statement("Allow", "fc:GetFunction", "*"),
        r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Condition": {"StringEquals": {"acs:SourceVpc": ["vpc-1"]}}}"#.to_owned(),
        statement("Allow", "oss:GetObject", "acs:oss:*:*:bucket/*"),
    ];
    let run = check_hello(&document(statements))
        .args(["--absent", "acs:SourceVpc"])
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout
    implicit_deny

    --- stderr
    error[P0001]: nothing allows `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
    note: this Allow comes nearest: only its resource does not match
     --> p.json:2:66
      |
    2 |   {"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hallo"},
      |                                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ would have to match `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
    note: this Allow comes nearest: only its action does not match
     --> p.json:3:33
      |
    3 |   {"Effect": "Allow", "Action": "fc:GetFunction", "Resource": "*"},
      |                                 ^^^^^^^^^^^^^^^^ would have to match `fc:InvokeFunction`
    note: this Allow comes nearest: only its condition does not match
     --> p.json:4:89
      |
    4 |   {"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Condition": {"StringEquals": {"acs:SourceVpc": ["vpc-1"]}}},
      |                                                                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^ not met: `StringEquals acs:SourceVpc vpc-1`

    hint: `sesame policy generate --pairs` writes the smallest policy that allows it
    "#);
}

#[test]
fn a_denial_with_nothing_near_says_so_all_the_same() {
    let run = check_hello(&document([statement(
        "Allow",
        "oss:GetObject",
        "acs:oss:*:*:*",
    )]))
    .run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 5
    --- stdout
    implicit_deny

    --- stderr
    error[P0001]: nothing allows `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello

    hint: `sesame policy generate --pairs` writes the smallest policy that allows it
    ");
}

#[test]
fn an_unknown_key_leaves_it_undetermined_and_is_named() {
    let run = check_hello(FROM_THE_OFFICE).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 6
    --- stdout
    undetermined

    --- stderr
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      the value of `acs:SourceIp` is not known
    warning: this Allow may or may not apply
     --> p.json:8:35
      |
    8 |       "Condition": {"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}
      |                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not known

    hint: to settle it: `--context acs:SourceIp=VALUE`, or `--absent acs:SourceIp` when the request does not have it
    "#);
}

#[test]
fn an_operator_that_ram_does_not_have_leaves_it_undetermined() {
    let policy = allow_if(r#"{"StringEqualsIfExists": {"acs:Service": "fc.aliyuncs.com"}}"#);
    let run = check_hello(&policy)
        .args(["--context", "acs:Service=fc.aliyuncs.com"])
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 6
    --- stdout
    undetermined

    --- stderr
    warning: p.json:2:69: `StringEqualsIfExists` is not a condition operator of RAM; RAM has no `…IfExists`: use `StringEquals`, and a statement of its own for requests without the key
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      statement 0 of `p.json`: `StringEqualsIfExists` is not an operator of RAM
    warning: this Allow may or may not apply
     --> p.json:2:94
      |
    2 |   {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"acs:Service": "fc.aliyuncs.com"}}}
      |                                                                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not known

    hint: to settle it: use one of RAM's 21 condition operators
    "#);
}

#[test]
fn not_resource_leaves_it_undetermined() {
    let deny =
        r#"{"Effect": "Deny", "Action": "fc:*", "NotResource": "acs:fc:*:*:functions/other"}"#;
    let run = check_hello(&document([&statement("Allow", "fc:*", "*"), deny])).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 6
    --- stdout
    undetermined

    --- stderr
    warning: p.json:3:40: `NotResource` is not documented: no verdict relies on this statement; name the resources in `Resource` instead
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      statement 1 of `p.json`: uses `NotResource`, which is not documented
    warning: this Deny may or may not apply
     --> p.json:3:55
      |
    3 |   {"Effect": "Deny", "Action": "fc:*", "NotResource": "acs:fc:*:*:functions/other"}
      |                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not documented whether it matches

    hint: to settle it: name the resources in `Resource`
    "#);
}

#[test]
fn a_star_that_would_have_to_swallow_a_colon_leaves_it_undetermined() {
    let run = check_hello(&document([statement("Allow", "fc:*", "acs:fc:*")])).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 6
    --- stdout
    undetermined

    --- stderr
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      statement 0 of `p.json`: whether `acs:fc:*` matches `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is not documented
    warning: this Allow may or may not apply
     --> p.json:2:53
      |
    2 |   {"Effect": "Allow", "Action": "fc:*", "Resource": "acs:fc:*"}
      |                                                     ^^^^^^^^^^ not documented whether it matches

    hint: to settle it: write the resource with its five fields and in the letter case that the service uses, as in `acs:fc:*:*:functions/hello`
    "#);
}

#[test]
fn a_document_that_is_no_policy_shows_every_fault_and_decides_nothing() {
    let broken = "{\n  \"Version\": \"2\",\n  \"Statement\": [\n    {\"Effect\": \"Permit\", \"Action\": \"fc:*\"},\n  ]\n}\n";
    let run = check_hello(broken).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 2
    --- stdout

    --- stderr
    error[I0007]: `p.json` is not a policy
    error[L0011]: `Version` is `2`, not `1`
     --> p.json:2:14
      |
    2 |   "Version": "2",
      |              ^^^
      |
      = help: write `"Version": "1"`
    error[L0018]: the statement has no `Resource`
     --> p.json:4:5
      |
    4 |     {"Effect": "Permit", "Action": "fc:*"},
      |     ^
      |
      = help: add `"Resource": "*"`, or better the resources that are meant
    error[L0016]: `Effect` is `Permit`, neither `Allow` nor `Deny`
     --> p.json:4:16
      |
    4 |     {"Effect": "Permit", "Action": "fc:*"},
      |                ^^^^^^^^
      |
      = help: write `"Allow"` or `"Deny"`
    error[L0001]: `,` before the closing bracket
     --> p.json:4:43
      |
    4 |     {"Effect": "Permit", "Action": "fc:*"},
      |                                           ^
      |
      = help: remove the comma

    hint: a policy is `{"Version":"1","Statement":[{"Effect":…,"Action":…,"Resource":…}]}`
    "#);
}

#[test]
fn an_unknown_action_and_a_strange_resource_are_decided_like_any_other() {
    let all = document([statement("Allow", "*", "*")]);
    for (action, resource) in [
        ("fc:NoSuchAction", HELLO),
        ("anything:At-all", "acs:oss:*:1:b"),
        ("fc:InvokeFunction", "*"),
        ("fc:InvokeFunction", "not a resource"),
    ] {
        let run = check(action, resource)
            .args(["--policy-file", "p.json", "-o", "json"])
            .file("p.json", &all)
            .run();
        assert_eq!(run.exit, 0, "{action} {resource}: {}", run.stderr);
    }
}

// ---- JSON

#[test]
fn json_of_each_decision() {
    let allowed = check_hello(ALLOW_HELLO).args(["-o", "json"]).run();
    insta::assert_snapshot!("check_allowed", allowed.shown_json());
    let explicit = check_hello(DENY).args(["-o", "json"]).run();
    insta::assert_snapshot!("check_explicit_deny", explicit.shown_json());
    let implicit = check("fc:GetFunction", HELLO)
        .args(["--policy-file", "p.json", "-o", "json"])
        .file("p.json", ALLOW_HELLO)
        .run();
    insta::assert_snapshot!("check_implicit_deny", implicit.shown_json());
    let open = check_hello(FROM_THE_OFFICE).args(["-o", "json"]).run();
    insta::assert_snapshot!("check_undetermined", open.shown_json());
}

#[test]
fn the_trace_has_each_statement_with_what_became_of_each_element() {
    let policy = document([
        statement("Allow", "fc:InvokeFunction", "acs:fc:*:*:functions/other"),
        statement("Deny", "fc:GetFunction", HELLO),
        r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "acs:fc:*", "Condition": {"Bool": {"acs:SecureTransport": "true"}}}"#.to_owned(),
        r#"{"Effect": "Deny", "NotAction": "fc:Get*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "false"}, "IpAddress": {"acs:SourceIp": "10.0.0.1"}}}"#.to_owned(),
    ]);
    let object = check_hello(&policy)
        .args(["--context", "acs:MFAPresent=true", "-o", "json"])
        .run()
        .json();
    let rows: Vec<Value> = object["trace"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            json!([
                row["statement"],
                row["effect"],
                row["action"],
                row["resource"],
                row["condition"],
                row["applies"]
            ])
        })
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            [0, "Allow", "yes", "no", "yes", "no"],
            [1, "Deny", "no", "yes", "yes", "no"],
            [2, "Allow", "yes", "unknown", "unknown", "unknown"],
            [3, "Deny", "yes", "yes", "no", "no"],
        ])
    );
    assert!(
        object["trace"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["policy"] == "p.json" && row["layer"] == "account")
    );
}

#[test]
fn the_first_statement_that_applies_decides() {
    let two = document([
        statement("Allow", "fc:*", "acs:fc:*:*:functions/other"),
        statement("Allow", "fc:Invoke*", "*"),
        statement("Allow", "*", "*"),
    ]);
    let object = check_hello(&two)
        .args(["--policy-file", "second.json", "-o", "json"])
        .file("second.json", ALLOW_HELLO)
        .run()
        .json();
    assert_eq!(
        object["decided_by"],
        json!({"policy": "p.json", "layer": "account", "statement": 1, "effect": "Allow", "line": 3, "column": 3})
    );
    let denied = check_hello(ALLOW_HELLO)
        .args(["--policy-file", "second.json", "-o", "json"])
        .file(
            "second.json",
            document([
                statement("Allow", "*", "*"),
                statement("Deny", "*", "*"),
                statement("Deny", "fc:*", "*"),
            ]),
        )
        .run()
        .json();
    assert_eq!(
        denied["decided_by"],
        json!({"policy": "second.json", "layer": "account", "statement": 1, "effect": "Deny", "line": 3, "column": 3})
    );
}

// ---- condition keys

/// The decision on calling `hello` under a policy and with more arguments.
fn decided(policy: &str, args: &[&str]) -> (i32, String) {
    let run = check_hello(policy).args(args).args(["-o", "json"]).run();
    let decision = run.json()["decision"].as_str().unwrap().to_owned();
    (run.exit, decision)
}

#[test]
fn a_key_is_known_when_it_is_given_absent_or_the_context_is_complete() {
    let positive = allow_if(r#"{"IpAddress": {"acs:SourceIp": ["203.0.113.0/24"]}}"#);
    let negated = allow_if(r#"{"StringNotEquals": {"acs:SourceVpc": ["vpc-1", "vpc-2"]}}"#);
    let cases: [(&str, &[&str], i32, &str); 12] = [
        (&positive, &[], 6, "undetermined"),
        (
            &positive,
            &["--context", "acs:SourceIp=203.0.113.7"],
            0,
            "allowed",
        ),
        (
            &positive,
            &["--context", "acs:SourceIp=10.0.0.1"],
            5,
            "implicit_deny",
        ),
        (&positive, &["--absent", "acs:SourceIp"], 5, "implicit_deny"),
        (&positive, &["--context-complete"], 5, "implicit_deny"),
        (&positive, &["--absent", "acs:SourceVpc"], 6, "undetermined"),
        (
            &positive,
            &[
                "--context-complete",
                "--context",
                "acs:SourceIp=203.0.113.7",
            ],
            0,
            "allowed",
        ),
        (&negated, &[], 6, "undetermined"),
        (&negated, &["--absent", "acs:SourceVpc"], 0, "allowed"),
        (&negated, &["--context-complete"], 0, "allowed"),
        (
            &negated,
            &["--context", "acs:SourceVpc=vpc-2"],
            5,
            "implicit_deny",
        ),
        (
            &negated,
            &["--context", "acs:SourceVpc=vpc-3"],
            0,
            "allowed",
        ),
    ];
    for (policy, args, exit, decision) in cases {
        assert_eq!(
            decided(policy, args),
            (exit, decision.to_owned()),
            "{args:?} under {policy}"
        );
    }
}

#[test]
fn a_repeated_key_is_a_list() {
    let policy = allow_if(r#"{"StringEquals": {"acs:ResourceTag/team": ["red", "green"]}}"#);
    let teams = |teams: &[&str]| {
        let args = teams.iter().flat_map(|team| {
            [
                "--context".to_owned(),
                format!("acs:ResourceTag/team={team}"),
            ]
        });
        let run = check_hello(&policy).args(args).args(["-o", "json"]).run();
        run.json()
    };
    assert_eq!(teams(&["red"])["decision"], "allowed");
    assert_eq!(teams(&["red", "green"])["decision"], "allowed");
    assert_eq!(teams(&["blue", "black"])["decision"], "implicit_deny");
    // RAM does not document what several values mean when some match and some do not.
    let mixed = teams(&["red", "blue"]);
    assert_eq!(mixed["decision"], "undetermined");
    assert_eq!(mixed["reasons"][0]["kind"], "undocumented");
    assert_eq!(mixed["missing_context"], json!([]));
}

#[test]
fn a_value_may_hold_an_equals_sign_and_be_empty() {
    let policy = allow_if(r#"{"StringEquals": {"acs:ResourceTag/a": "b=c"}}"#);
    let with = |value: &str| {
        decided(
            &policy,
            &["--context", &format!("acs:ResourceTag/a={value}")],
        )
        .0
    };
    assert_eq!((with("b=c"), with("b"), with("")), (0, 5, 5));
}

#[test]
fn nothing_is_filled_in_from_the_client() {
    for condition in [
        r#"{"DateGreaterThan": {"acs:CurrentTime": "2001-01-01T00:00:00Z"}}"#,
        r#"{"Bool": {"acs:SecureTransport": "true"}}"#,
        r#"{"StringLike": {"acs:UserAgent": "*"}}"#,
        r#"{"Bool": {"acs:MFAPresent": "true"}}"#,
    ] {
        assert_eq!(
            decided(&allow_if(condition), &[]),
            (6, "undetermined".into()),
            "{condition}"
        );
    }
    let time = allow_if(r#"{"DateGreaterThan": {"acs:CurrentTime": "2001-01-01T00:00:00Z"}}"#);
    let given = ["--context", "acs:CurrentTime=2026-11-22T00:00:00Z"];
    assert_eq!(decided(&time, &given), (0, "allowed".into()));
}

#[test]
fn keys_that_do_not_matter_are_not_missing() {
    let policy = document([
        statement("Allow", "fc:InvokeFunction", "*"),
        r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Condition": {"Bool": {"acs:MFAPresent": "true"}}}"#.to_owned(),
        r#"{"Effect": "Deny", "Action": "fc:Delete*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "false"}}}"#.to_owned(),
    ]);
    let object = check_hello(&policy).args(["-o", "json"]).run().json();
    assert_eq!(object["decision"], "allowed");
    assert_eq!(object["missing_context"], json!([]));
}

#[test]
fn every_key_that_the_verdict_hangs_on_is_named_with_what_settles_it() {
    let policy = allow_if(
        r#"{"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}, "Bool": {"acs:SecureTransport": "true"}}"#,
    );
    let object = check_hello(&policy).args(["-o", "json"]).run().json();
    assert_eq!(
        object["missing_context"],
        json!(["acs:SourceIp", "acs:SecureTransport"])
    );
    let reasons = object["reasons"].as_array().unwrap();
    for (reason, key) in reasons.iter().zip(["acs:SourceIp", "acs:SecureTransport"]) {
        assert_eq!(reason["kind"], "missing_context");
        let settle = reason["settle_with"].as_str().unwrap();
        assert!(settle.contains(&format!("--context {key}=")), "{settle}");
    }
    // What the answer says to pass does settle it.
    let settled = [
        "--context",
        "acs:SourceIp=10.1.2.3",
        "--context",
        "acs:SecureTransport=true",
    ];
    assert_eq!(decided(&policy, &settled), (0, "allowed".into()));
}

#[test]
fn a_deny_that_may_apply_makes_an_allowance_undetermined() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"NotIpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}}}"#;
    let policy = document([&statement("Allow", "*", "*"), deny]);
    assert_eq!(decided(&policy, &[]), (6, "undetermined".into()));
    let inside = ["--context", "acs:SourceIp=10.0.0.9"];
    assert_eq!(decided(&policy, &inside), (0, "allowed".into()));
    let outside = ["--context", "acs:SourceIp=11.0.0.9"];
    assert_eq!(decided(&policy, &outside), (5, "explicit_deny".into()));
    // A negated operator holds for a key that the request does not carry.
    let absent = ["--absent", "acs:SourceIp"];
    assert_eq!(decided(&policy, &absent), (5, "explicit_deny".into()));
}

#[test]
fn a_deny_that_may_apply_leaves_only_the_kind_of_a_denial_open() {
    let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "false"}}}"#;
    let object = check_hello(&document([deny]))
        .args(["-o", "json"])
        .run()
        .json();
    assert_eq!(object["decision"], "implicit_deny");
    assert_eq!(object["decided_by"], Value::Null);
    let reasons = object["reasons"].to_string();
    assert!(
        reasons.contains("p.json") && reasons.contains("Deny"),
        "{reasons}"
    );
}

// ---- what is not documented

#[test]
fn the_letter_case_of_an_action_does_not_count_and_that_of_a_resource_is_open() {
    let run = check("FC:invokeFUNCTION", HELLO)
        .args(["--policy-file", "p.json", "-o", "json"])
        .file("p.json", ALLOW_HELLO)
        .run();
    assert_eq!(run.json()["decision"], "allowed");
    let upper = check("fc:InvokeFunction", &HELLO.replace("hello", "Hello"))
        .args(["--policy-file", "p.json", "-o", "json"])
        .file("p.json", ALLOW_HELLO)
        .run();
    let object = upper.json();
    assert_eq!(
        (upper.exit, &object["decision"]),
        (6, &json!("undetermined"))
    );
    assert_eq!(object["reasons"][0]["kind"], "undocumented");
}

#[test]
fn a_service_may_hold_a_wildcard() {
    let policy = document([statement("Allow", "*:Invoke*", "*")]);
    assert_eq!(decided(&policy, &[]), (0, "allowed".into()));
    let policy = document([statement(
        "Allow",
        "f?:InvokeFunctio?",
        "acs:*:*:*:functions/hell?",
    )]);
    assert_eq!(decided(&policy, &[]), (0, "allowed".into()));
}

#[test]
fn what_is_undocumented_does_not_count_where_it_does_not_decide() {
    let policy = document([
        statement("Allow", "fc:*", "acs:fc:*:*:functions/*"),
        statement("Allow", "fc:*", "acs:fc:*"),
        r#"{"Effect": "Allow", "Action": "fc:*", "NotResource": "*"}"#.to_owned(),
    ]);
    assert_eq!(decided(&policy, &[]), (0, "allowed".into()));
}

// ---- errors

fn refused(run: &Run, code: &str, words: &[&str]) {
    assert_eq!(run.exit, 2, "{}", run.stderr);
    assert!(run.stdout.is_empty());
    assert!(
        run.stderr.starts_with(&format!("error[{code}]: ")),
        "{}",
        run.stderr
    );
    for word in words {
        assert!(run.stderr.contains(word), "no `{word}` in {}", run.stderr);
    }
}

#[test]
fn a_key_both_given_and_absent_is_refused() {
    let args = [
        "--context",
        "acs:SourceIp=10.0.0.1",
        "--absent",
        "acs:sourceip",
    ];
    let run = check_hello(ALLOW_HELLO).args(args).run();
    refused(&run, "I0008", &["`acs:sourceip`", "--context", "--absent"]);
    let object = check_hello(ALLOW_HELLO)
        .args(args)
        .args(["-o", "json"])
        .run()
        .json();
    assert_eq!(object["error"]["code"], "I0008");
}

#[test]
fn a_context_that_is_none_is_refused() {
    for (args, word) in [
        (["--context", "acs:SourceIp"], "KEY=VALUE"),
        (["--context", "=x"], "KEY=VALUE"),
        (["--absent", ""], "names no key"),
    ] {
        let run = check_hello(ALLOW_HELLO).args(args).run();
        refused(&run, "I0008", &[word]);
    }
}

#[test]
fn a_check_without_policies_or_question_is_refused() {
    let run = check("fc:InvokeFunction", HELLO).run();
    refused(&run, "I0001", &["no policy", "--policy-file"]);
    let run = line("policy check --policy-file p.json")
        .file("p.json", ALLOW_HELLO)
        .run();
    refused(&run, "I0001", &["--action", "--resource"]);
    let run = line("policy check --policy-file p.json --action fc:Get").run();
    refused(&run, "I0001", &["--resource"]);
    for args in [
        "policy check -o json",
        "policy check --no-such-flag -o json",
    ] {
        let object = line(args).run().json();
        assert_eq!(object["schema"], "sesame.policy.check/1");
        assert_eq!(object["error"]["code"], "I0001");
    }
}

#[test]
fn a_policy_file_that_cannot_be_read_is_refused() {
    let run = check("fc:InvokeFunction", HELLO)
        .args(["--policy-file", "nowhere.json"])
        .run();
    refused(&run, "I0006", &["`nowhere.json`", "no such file"]);
    let run = check("fc:InvokeFunction", HELLO)
        .args(["--policy-file", "."])
        .run();
    refused(&run, "I0006", &["`.`", "folder"]);
}

#[test]
fn the_faults_of_all_files_are_said_at_once() {
    let object = check("fc:InvokeFunction", HELLO)
        .args(["--policy-file", "a.json", "--control-policy", "b.json"])
        .args(["--policy-file", "good.json", "-o", "json"])
        .file("a.json", "[]")
        .file(
            "b.json",
            "{\"Version\": \"1\",\n \"Statement\": [{\"Effect\": \"Allow\"}]}",
        )
        .file("good.json", ALLOW_HELLO)
        .run()
        .json();
    assert_eq!(object["error"]["code"], "I0007");
    let places: Vec<Value> = object["error"]["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| json!([place["path"], place["line"], place["column"], place["code"]]))
        .collect();
    assert_eq!(
        json!(places),
        json!([
            ["b.json", 2, 16, "L0017"],
            ["b.json", 2, 16, "L0018"],
            ["a.json", 1, 1, "L0022"],
        ])
    );
}

#[test]
fn hostile_policy_files_are_findings_and_never_a_verdict() {
    let deep = "[".repeat(10_000);
    let cases: [(&str, Vec<u8>); 9] = [
        ("L0001", Vec::new()),
        ("L0001", b"{\"Version\": \"1\"".to_vec()),
        ("L0001", b"{\"Version\": \"1\0\", \"Statement\": []}".to_vec()),
        ("L0002", b"{\"Version\": \"\xff\"}".to_vec()),
        ("L0002", b"\xff\xfe{\0}\0".to_vec()),
        ("L0003", deep.into_bytes()),
        ("L0005", br#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:\ud800", "Resource": "*"}]}"#.to_vec()),
        ("L0006", br#"{"Version": "1", "Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#.to_vec()),
        ("L0022", br#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": 5, "Resource": "*"}]}"#.to_vec()),
    ];
    for (code, bytes) in cases {
        let run = check("fc:InvokeFunction", HELLO)
            .args(["--policy-file", "p.json", "-o", "json"])
            .file("p.json", &bytes)
            .run();
        let object = run.json();
        assert_eq!((run.exit, &object["error"]["code"]), (2, &json!("I0007")));
        assert_eq!(object["decision"], Value::Null);
        let places = object["error"]["places"].as_array().unwrap();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(90)]).into_owned();
        assert!(
            places.iter().any(|place| place["code"] == code),
            "{shown}: {places:?}"
        );
    }
}

#[test]
fn a_very_big_file_is_not_read_whole_into_a_report() {
    let run = check("fc:InvokeFunction", HELLO)
        .args(["--policy-file", "p.json"])
        .file("p.json", vec![b'x'; 3 << 20])
        .run();
    assert_eq!(run.exit, 2);
    assert!(run.stderr.contains("L0008"), "{:.300}", run.stderr);
    assert!(run.stderr.len() < 4_000, "{} bytes", run.stderr.len());
}

#[test]
fn a_byte_order_mark_and_crlf_do_not_stand_in_the_way() {
    let text = format!("\u{feff}{}", ALLOW_HELLO.replace('\n', "\r\n"));
    let object = check_hello(&text).args(["-o", "json"]).run().json();
    assert_eq!(object["decision"], "allowed");
    assert_eq!(
        (
            &object["decided_by"]["line"],
            &object["decided_by"]["column"]
        ),
        (&json!(4), &json!(5))
    );
}

#[test]
fn quiet_leaves_the_decision_alone_on_stdout() {
    let run = check_hello(ALLOW_HELLO).arg("-q").run();
    assert_eq!(
        (run.exit, &*run.stdout, &*run.stderr),
        (0, &b"allowed\n"[..], "")
    );
    let run = check_hello(DENY).arg("-q").run();
    assert_eq!((run.exit, &*run.stdout), (5, &b"explicit_deny\n"[..]));
    assert!(run.stderr.starts_with("error[P0002]"), "{}", run.stderr);
}

#[test]
fn an_allowance_names_the_layers_that_were_not_looked_at() {
    let run = check_hello(ALLOW_HELLO).run();
    for layer in ["control", "session", "resource-group"] {
        assert!(run.stderr.contains(layer), "no `{layer}` in {}", run.stderr);
    }
}

#[test]
fn a_denial_says_what_to_do_next() {
    for policy in [
        DENY.to_owned(),
        document([statement("Allow", "oss:GetObject", "*")]),
    ] {
        let object = check_hello(&policy).args(["-o", "json"]).run().json();
        assert_ne!(
            object["error"]["hints"],
            json!([]),
            "{}",
            object["error"]["title"]
        );
    }
}

#[test]
fn an_empty_action_or_resource_is_refused() {
    let all = document([statement("Allow", "*", "*")]);
    for (action, resource) in [("", HELLO), ("fc:InvokeFunction", "")] {
        let run = check(action, resource)
            .args(["--policy-file", "p.json"])
            .file("p.json", &all)
            .run();
        assert_eq!(
            (run.exit, &*run.stdout),
            (2, &b""[..]),
            "`{action}` on `{resource}`"
        );
    }
}
