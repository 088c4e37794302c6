//! Layers of policies in RAM's order: control policies a folder at a time, the session policy,
//! account scope, resource-group scope.

use serde_json::{Value, json};

use super::policies::{HELLO, allow_if, check, document, statement};

/// What a layer says of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Allow,
    Deny,
    Nothing,
    /// An Allow that hangs on a key.
    Perhaps,
    /// An Allow, and a Deny that hangs on a key.
    PerhapsDeny,
}

use Says::{Allow, Deny, Nothing, Perhaps, PerhapsDeny};

impl Says {
    fn document(self) -> String {
        let all = |effect| statement(effect, "*", "*");
        match self {
            Allow => document([all("Allow")]),
            Deny => document([all("Allow"), all("Deny")]),
            Nothing => document([statement("Allow", "oss:GetObject", "*")]),
            Perhaps => allow_if(r#"{"Bool": {"acs:SecureTransport": "true"}}"#),
            PerhapsDeny => document([
                all("Allow"),
                r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"acs:SecureTransport": "false"}}}"#.to_owned(),
            ]),
        }
    }
}

/// A policy of each layer that is there, and the object that comes of it.
fn decided(layers: &[(&str, Says)]) -> (i32, Value) {
    let mut command = check("fc:InvokeFunction", HELLO).args(["-o", "json"]);
    for (index, (layer, says)) in layers.iter().enumerate() {
        let name = format!("{index}.json");
        let flag = match *layer {
            "account" => "--policy-file",
            "control" => "--control-policy",
            "session" => "--session-policy",
            "group" => "--resource-group-policy",
            other => panic!("{other}"),
        };
        command = command.file(&name, says.document()).args([flag, &name]);
    }
    let run = command.run();
    (run.exit, run.json())
}

/// The layers that are there, the decision, and the layer that decides.
type Row = (
    &'static [(&'static str, Says)],
    &'static str,
    Option<&'static str>,
);

#[test]
fn each_layer_has_its_say_in_order() {
    let cases: [Row; 33] = [
        // Account scope alone.
        (&[("account", Allow)], "allowed", Some("account")),
        (&[("account", Deny)], "explicit_deny", Some("account")),
        (&[("account", Nothing)], "implicit_deny", None),
        (&[("account", Perhaps)], "undetermined", None),
        // Several policies of one scope are one set.
        (
            &[("account", Nothing), ("account", Allow)],
            "allowed",
            Some("account"),
        ),
        (
            &[("account", Allow), ("account", Deny)],
            "explicit_deny",
            Some("account"),
        ),
        // A control policy allows nothing by itself, and has to allow.
        (&[("control", Allow)], "implicit_deny", None),
        (
            &[("control", Allow), ("account", Allow)],
            "allowed",
            Some("control"),
        ),
        (
            &[("control", Nothing), ("account", Allow)],
            "implicit_deny",
            None,
        ),
        (
            &[("control", Deny), ("account", Allow)],
            "explicit_deny",
            Some("control"),
        ),
        (
            &[("control", Perhaps), ("account", Allow)],
            "undetermined",
            None,
        ),
        (
            &[("control", Perhaps), ("account", Nothing)],
            "implicit_deny",
            None,
        ),
        (
            &[("control", PerhapsDeny), ("account", Allow)],
            "undetermined",
            None,
        ),
        // Each folder needs an Allow of its own.
        (
            &[("control", Allow), ("control", Allow), ("account", Allow)],
            "allowed",
            Some("control"),
        ),
        (
            &[("control", Allow), ("control", Nothing), ("account", Allow)],
            "implicit_deny",
            None,
        ),
        (
            &[("control", Nothing), ("control", Allow), ("account", Allow)],
            "implicit_deny",
            None,
        ),
        (
            &[("control", Allow), ("control", Deny), ("account", Allow)],
            "explicit_deny",
            Some("control"),
        ),
        // What ends the evaluation first counts: nothing allows at the root.
        (
            &[("control", Nothing), ("control", Deny), ("account", Allow)],
            "implicit_deny",
            None,
        ),
        (
            &[("control", Nothing), ("account", Deny)],
            "implicit_deny",
            None,
        ),
        // The session policy restricts.
        (&[("session", Allow)], "implicit_deny", None),
        (
            &[("session", Allow), ("account", Allow)],
            "allowed",
            Some("session"),
        ),
        (
            &[("session", Nothing), ("account", Allow)],
            "implicit_deny",
            None,
        ),
        (
            &[("session", Deny), ("account", Allow)],
            "explicit_deny",
            Some("session"),
        ),
        (
            &[("session", Perhaps), ("account", Allow)],
            "undetermined",
            None,
        ),
        // Control policies come before the session policy.
        (
            &[("session", Nothing), ("control", Deny), ("account", Allow)],
            "explicit_deny",
            Some("control"),
        ),
        (
            &[("session", Deny), ("control", Nothing), ("account", Allow)],
            "implicit_deny",
            None,
        ),
        // Resource-group scope counts where account scope says nothing.
        (&[("group", Allow)], "allowed", Some("resource-group")),
        (
            &[("account", Nothing), ("group", Allow)],
            "allowed",
            Some("resource-group"),
        ),
        (
            &[("account", Nothing), ("group", Deny)],
            "explicit_deny",
            Some("resource-group"),
        ),
        (
            &[("account", Deny), ("group", Allow)],
            "explicit_deny",
            Some("account"),
        ),
        (
            &[("account", Perhaps), ("group", Allow)],
            "allowed",
            Some("resource-group"),
        ),
        // Two pages contradict each other here, so nobody knows.
        (&[("account", Allow), ("group", Deny)], "undetermined", None),
        (
            &[("account", Allow), ("group", Nothing)],
            "allowed",
            Some("account"),
        ),
    ];
    for (layers, decision, layer) in cases {
        let (exit, object) = decided(layers);
        let by = &object["decided_by"]["layer"];
        assert_eq!(object["decision"], decision, "{layers:?}");
        assert_eq!(by.as_str(), layer, "{layers:?}");
        let expected = match decision {
            "allowed" => 0,
            "undetermined" => 6,
            _ => 5,
        };
        assert_eq!(exit, expected, "{layers:?}");
    }
}

#[test]
fn layers_that_were_not_given_are_named() {
    let seen = |layers: &[(&str, Says)]| decided(layers).1["layers_not_seen"].clone();
    assert_eq!(
        seen(&[("account", Allow)]),
        json!(["control", "session", "resource-group"])
    );
    assert_eq!(
        seen(&[("control", Allow), ("session", Allow)]),
        json!(["account", "resource-group"])
    );
    let all = [
        ("control", Allow),
        ("session", Allow),
        ("account", Allow),
        ("group", Allow),
    ];
    assert_eq!(seen(&all), json!([]));
}

#[test]
fn a_deny_at_resource_group_scope_against_an_allow_at_account_scope_is_explained() {
    let run = check("fc:InvokeFunction", HELLO)
        .args([
            "--policy-file",
            "account.json",
            "--resource-group-policy",
            "group.json",
        ])
        .file("account.json", Allow.document())
        .file("group.json", Deny.document())
        .run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 6
    --- stdout
    undetermined

    --- stderr
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      statement 1 of `group.json` denies at resource-group scope what is allowed at account scope: which of them wins is not documented

    hint: to settle it: bind the Deny at account scope
    ");
}

#[test]
fn a_folder_without_an_allow_is_explained() {
    let run = check("fc:InvokeFunction", HELLO)
        .args([
            "--control-policy",
            "root.json",
            "--control-policy",
            "folder.json",
        ])
        .args(["--policy-file", "account.json"])
        .file("root.json", Allow.document())
        .file(
            "folder.json",
            document([statement("Allow", "fc:Get*", "*")]),
        )
        .file("account.json", Allow.document())
        .run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout
    implicit_deny

    --- stderr
    error[P0001]: nothing allows `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      no control policy allows it, whatever the caller's own policies say
    note: this Allow comes nearest: only its action does not match
     --> folder.json:2:33
      |
    2 |   {"Effect": "Allow", "Action": "fc:Get*", "Resource": "*"}
      |                                 ^^^^^^^^^ would have to match `fc:InvokeFunction`

    hint: control policies are kept in the resource directory's management account: ask its administrators
    "#);
}

#[test]
fn the_trace_goes_through_the_layers_in_order() {
    let (_, object) = decided(&[
        ("group", Allow),
        ("account", Allow),
        ("session", Allow),
        ("control", Deny),
        ("control", Allow),
    ]);
    let rows: Vec<Value> = object["trace"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["layer"], row["policy"], row["statement"]]))
        .collect();
    assert_eq!(
        json!(rows),
        json!([
            ["control", "3.json", 0],
            ["control", "3.json", 1],
            ["control", "4.json", 0],
            ["session", "2.json", 0],
            ["account", "1.json", 0],
            ["resource-group", "0.json", 0],
        ])
    );
}

#[test]
fn the_layer_that_lacks_an_allow_is_named() {
    let (_, object) = decided(&[("control", Allow), ("control", Nothing), ("account", Allow)]);
    let why = object["error"]["why"].to_string();
    assert!(why.contains("control"), "{why}");
}
