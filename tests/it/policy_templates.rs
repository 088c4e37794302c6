//! `sesame policy templates`: the list, one with placeholders, one filled in, and a folder of
//! one's own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::{Run, Sesame, line};

const TARGET: &str = "--region cn-hangzhou --account-id 1234567890123456 --function-name hello";

fn templates(words: &str) -> Sesame {
    line("policy templates").args(words.split_whitespace())
}

fn rows(run: &Run) -> Vec<Value> {
    assert_eq!(run.exit, 0, "{}", run.stderr);
    run.json()["templates"].as_array().unwrap().clone()
}

#[test]
fn the_list_has_everything_around_a_call_and_a_deployment() {
    let rows = rows(&templates("-o json").run());
    let has = |generation: &str, name: &str| {
        rows.iter()
            .filter(|row| row["generation"] == generation && row["name"] == name)
            .count()
    };
    for name in [
        "invoke",
        "async",
        "async-status",
        "async-stop",
        "http-trigger",
        "discover",
        "logs",
        "metrics",
        "alias-get",
        "alias-list",
        "alias-publish",
        "version-list",
        "version-publish",
        "provision-get",
        "provision-put",
        "on-demand-get",
        "on-demand-put",
        "layer-get",
        "layer-publish",
        "remove-function",
        "deploy-function",
    ] {
        assert_eq!((has("fc2", name), has("fc3", name)), (1, 1), "{name}");
    }
    assert_eq!(
        (has("fc2", "deploy-service"), has("fc3", "deploy-service")),
        (1, 0)
    );
    let names: BTreeSet<String> = rows
        .iter()
        .map(|row| format!("{}/{}", row["generation"], row["name"]))
        .collect();
    assert_eq!(names.len(), rows.len());
    let text = templates("").run();
    assert_eq!(
        (
            text.exit,
            text.stdout_lossy().lines().count(),
            &*text.stderr
        ),
        (0, rows.len(), "")
    );
}

#[test]
fn a_template_with_its_placeholders() {
    insta::assert_snapshot!(templates("alias-get").run().shown(), @r#"
    exit: 0
    --- stdout
    {
      "Version": "1",
      "Statement": [
        {
          "Action": "fc:GetAlias",
          "Effect": "Allow",
          "Resource": "acs:fc:<region>:<account-id>:services/<serviceName>/aliases/<aliasName>"
        }
      ]
    }
    {
      "Version": "1",
      "Statement": [
        {
          "Action": "fc:GetAlias",
          "Effect": "Allow",
          "Resource": "acs:fc:<region>:<account-id>:functions/<functionName>/aliases/<aliasName>"
        }
      ]
    }

    --- stderr
    fc2: read an alias of a service, documented: devsapp/fc docs/en/command/alias.md
    fc3: read an alias of a function, documented: Function Compute 3.0, policies and sample policies
    "#);
    let shown = rows(&templates("alias-get -o json").run());
    assert_eq!(shown.len(), 2);
    for row in &shown {
        assert!(
            row["placeholders"]
                .as_array()
                .unwrap()
                .contains(&json!("aliasName")),
            "{row}"
        );
    }
}

#[test]
fn a_template_filled_in_for_a_target() {
    let run = templates(&format!("alias-get {TARGET} --set aliasName=prod")).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout
    {
      "Version": "1",
      "Statement": [
        {
          "Action": "fc:GetAlias",
          "Effect": "Allow",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello/aliases/prod"
        }
      ]
    }

    --- stderr
    "#);
    let fc2 = rows(
        &templates(&format!(
            "invoke {TARGET} --service-name demo --qualifier prod -o json"
        ))
        .run(),
    );
    assert_eq!(fc2.len(), 1);
    assert_eq!(fc2[0]["generation"], "fc2");
    assert_eq!(
        fc2[0]["document"]["Statement"][0]["Resource"],
        "acs:fc:cn-hangzhou:1234567890123456:services/demo.prod/functions/hello"
    );
}

#[test]
fn every_template_can_be_filled_in() {
    for row in rows(&templates("-o json").run()) {
        let service = if row["generation"] == "fc2" {
            "--service-name demo"
        } else {
            ""
        };
        let name = row["name"].as_str().unwrap();
        let set: String = row["placeholders"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .filter(|one| {
                ![
                    "region",
                    "account-id",
                    "serviceName",
                    "functionName",
                    "qualifier",
                ]
                .contains(one)
            })
            .map(|one| format!(" --set {one}=x1"))
            .collect();
        let run = templates(&format!(
            "{name} {TARGET} --qualifier prod {service} {set} -o json"
        ))
        .run();
        let filled = rows(&run);
        let text = filled[0]["document"].to_string();
        assert!(!text.contains('<') && !text.contains('>'), "{name}: {text}");
    }
}

#[test]
fn what_a_template_needs_is_named() {
    let run = templates(&format!("alias-get {TARGET}")).run();
    assert_eq!(run.exit, 2);
    assert!(
        run.stderr
            .starts_with("error[I0022]: template `alias-get` needs a value for `<aliasName>`"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--set"), "{}", run.stderr);
    for words in [
        "nope",
        &format!("nope {TARGET}"),
        &format!("deploy-service {TARGET}"),
        &format!("alias-get {TARGET} --set aliasName=*"),
    ] {
        let run = templates(words).args(["-o", "json"]).run();
        assert_eq!(
            (run.exit, &run.json()["error"]["code"]),
            (2, &json!("I0022")),
            "{words}"
        );
    }
}

// ---- a folder of one's own

/// A folder with files, and the command with it.
fn with_folder(words: &str, files: &[(&str, &str)]) -> Sesame {
    let command = templates(words).args(["--templates", "own"]);
    for folder in ["own", "own/fc2", "own/fc3"] {
        std::fs::create_dir(command.path(folder)).unwrap();
    }
    files.iter().fold(command, |command, (name, text)| {
        command.file(&format!("own/{name}"), text)
    })
}

const OWN: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["fc:InvokeFunction","fc:GetFunction"],"Resource":"acs:fc:<region>:<account-id>:functions/<functionName>"}]}"#;

#[test]
fn a_folder_overrides_and_adds() {
    let files = [("fc3/invoke.json", OWN), ("fc3/of-our-own.json", OWN)];
    let all = rows(&with_folder("-o json", &files).run());
    assert_eq!(all.len(), rows(&templates("-o json").run()).len() + 1);
    let find = |generation: &str, name: &str| {
        all.iter()
            .find(|row| row["generation"] == generation && row["name"] == name)
            .unwrap()
    };
    assert_eq!(find("fc3", "invoke")["confidence"], "local");
    assert_eq!(find("fc3", "of-our-own")["confidence"], "local");
    assert_eq!(find("fc2", "invoke")["confidence"], "documented");
    let filled = rows(&with_folder(&format!("of-our-own {TARGET} -o json"), &files).run());
    assert_eq!(
        filled[0]["document"]["Statement"][0]["Resource"],
        "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
    );
    // Generating uses it as well.
    let command = line(&format!("policy generate {TARGET} --templates own -o json"));
    std::fs::create_dir_all(command.path("own/fc3")).unwrap();
    let made = command.file("own/fc3/invoke.json", OWN).run().json();
    assert_eq!(
        made["documents"][0]["Statement"][0]["Action"],
        json!(["fc:GetFunction", "fc:InvokeFunction"])
    );
}

#[test]
fn a_bad_folder_is_refused_with_file_and_field() {
    let deny = OWN.replace("Allow", "Deny");
    let condition = OWN.replace(
        "}]}",
        r#","Condition":{"Bool":{"acs:SecureTransport":"true"}}}]}"#,
    );
    let broken = OWN.replace("<functionName>", "<functionName");
    type Files<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Files<'_>, &[&str]); 9] = [
        (
            &[("fc3/x.json", &deny)],
            &["`fc3/x.json`", "`Statement[0].Effect`", "Deny"],
        ),
        (
            &[("fc3/x.json", &condition)],
            &["`fc3/x.json`", "`Statement[0].Condition`"],
        ),
        (
            &[("fc3/x.json", &broken)],
            &["`fc3/x.json`", "`Statement[0].Resource`", "placeholder"],
        ),
        (
            &[("fc3/x.json", "{\n")],
            &["`fc3/x.json`", "line", "column"],
        ),
        (
            &[("fc3/Bad Name.json", OWN)],
            &["`fc3/Bad Name.json`", "file name"],
        ),
        (&[("index.json", "[{}]")], &["`index.json`", "`[0]."]),
        (&[("index.json", "{}")], &["`index.json`"]),
        (
            &[(
                "index.json",
                r#"[{"name":"x","generation":"fc3","file":"fc3/gone.json","title":"t","confidence":"local","source":"s"}]"#,
            )],
            &["gone.json"],
        ),
        (&[], &["own", "no template"]),
    ];
    for (files, words) in cases {
        let run = with_folder("-o json", files).run();
        let object = run.json();
        assert_eq!(
            (run.exit, &object["error"]["code"]),
            (2, &json!("I0025")),
            "{files:?}"
        );
        let title = object["error"]["title"].as_str().unwrap();
        for word in words {
            assert!(title.contains(word), "no {word} in: {title}");
        }
    }
    let gone = templates("--templates gone -o json").run();
    assert_eq!(
        (gone.exit, &gone.json()["error"]["code"]),
        (2, &json!("I0025"))
    );
}

#[test]
fn a_folder_that_is_not_there_says_why() {
    let run = templates("--templates gone").run();
    assert!(
        run.stderr.contains("no such file or folder"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_target_without_a_function_is_refused() {
    let run = templates("invoke --region cn-hangzhou --account-id 1234567890123456").run();
    assert_eq!(run.exit, 2, "{}", run.shown());
}
