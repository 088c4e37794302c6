//! `sesame policy generate`: the smallest documents, in each form, evaluated once more here.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use super::harness::{Run, Sesame, line, shell_words};

const ACCOUNT: &str = "acs:fc:cn-hangzhou:1234567890123456";

fn generate(words: &str) -> Sesame {
    line("policy generate --region cn-hangzhou --account-id 1234567890123456")
        .args(words.split_whitespace())
}

fn pairs(lines: impl Into<Vec<u8>>) -> Sesame {
    line("policy generate --pairs -").stdin(lines)
}

fn documents(run: &Run) -> Vec<Value> {
    assert_eq!(run.exit, 0, "{}", run.stderr);
    run.json()["documents"].as_array().unwrap().clone()
}

/// The decision on each pair under the documents, by another run.
fn decisions(documents: &[Value], pairs: &[(String, String)]) -> Vec<String> {
    let lines: String = pairs
        .iter()
        .map(|(action, resource)| {
            let line = json!({"policies": documents, "action": action, "resource": resource});
            format!("{line}\n")
        })
        .collect();
    let run = line("policy check --batch -").stdin(lines).run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let answer = |line: &str| {
        let answer: Value = serde_json::from_str(line).unwrap();
        answer["decision"].as_str().unwrap().to_owned()
    };
    run.stdout_lossy().lines().map(answer).collect()
}

/// Holds the documents to what they must and must not allow.
fn allows_exactly(documents: &[Value], allowed: &[(&str, &str)], denied: &[(&str, &str)]) {
    let asked: Vec<(String, String)> = allowed
        .iter()
        .chain(denied)
        .map(|(action, rest)| (format!("fc:{action}"), format!("acs:fc:{rest}")))
        .collect();
    let decided = decisions(documents, &asked);
    for (index, (pair, decision)) in asked.iter().zip(&decided).enumerate() {
        let expected = if index < allowed.len() {
            "allowed"
        } else {
            "implicit_deny"
        };
        assert_eq!(decision, expected, "{pair:?} under {documents:?}");
    }
}

#[test]
fn each_form() {
    let command = |form: &str| {
        generate("--service-name demo --function-name hello --format")
            .arg(form)
            .run()
    };
    insta::assert_snapshot!(command("json").shown(), @r#"
    exit: 0
    --- stdout
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": [
            "acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello",
            "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello"
          ]
        }
      ]
    }

    --- stderr
    "#);
    insta::assert_snapshot!(command("terraform").shown(), @r#"
    exit: 0
    --- stdout
    resource "alicloud_ram_policy" "sesame_invoke_demo_hello" {
      policy_name     = "sesame-invoke-demo-hello"
      policy_document = <<EOF
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": [
            "acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello",
            "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello"
          ]
        }
      ]
    }
    EOF
    }

    --- stderr
    "#);
    insta::assert_snapshot!(command("ros").shown(), @r#"
    exit: 0
    --- stdout
    {
      "ROSTemplateFormatVersion": "2015-09-01",
      "Resources": {
        "SesameInvokeDemoHello": {
          "Type": "ALIYUN::RAM::ManagedPolicy",
          "Properties": {
            "PolicyName": "sesame-invoke-demo-hello",
            "PolicyDocument": {
              "Version": "1",
              "Statement": [
                {
                  "Effect": "Allow",
                  "Action": "fc:InvokeFunction",
                  "Resource": [
                    "acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello",
                    "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello"
                  ]
                }
              ]
            }
          }
        }
      }
    }

    --- stderr
    "#);
    insta::assert_snapshot!(command("aliyun-cli").shown(), @r#"
    exit: 0
    --- stdout
    aliyun ram CreatePolicy --PolicyName sesame-invoke-demo-hello --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":["acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello","acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello"]}]}'

    --- stderr
    "#);
    let object = generate("--service-name demo --function-name hello -o json").run();
    insta::assert_snapshot!(object.shown_json(), @r#"
    exit: 0
    --- stdout
    {
      "schema": "sesame.policy.generate/1",
      "ok": true,
      "documents": [
        {
          "Version": "1",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": "fc:InvokeFunction",
              "Resource": [
                "acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello",
                "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello"
              ]
            }
          ]
        }
      ],
      "warnings": [],
      "error": null
    }
    --- stderr
    "#);
}

#[test]
fn fc_3_without_a_qualifier_is_the_one_documented_form() {
    let made = documents(&generate("--function-name hello -o json").run());
    let own = "cn-hangzhou:1234567890123456:functions/hello";
    allows_exactly(
        &made,
        &[("InvokeFunction", own)],
        &[
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello2",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hell",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello/prod",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello/LATEST",
            ),
            (
                "InvokeFunction",
                "cn-beijing:1234567890123456:functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123457:functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:services/demo/functions/hello",
            ),
            ("GetFunction", own),
            ("InvokeFunctions", own),
        ],
    );
}

#[test]
fn fc_3_with_a_qualifier_is_that_one() {
    let made = documents(&generate("--function-name hello --qualifier prod -o json").run());
    allows_exactly(
        &made,
        &[(
            "InvokeFunction",
            "cn-hangzhou:1234567890123456:functions/hello/prod",
        )],
        &[
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello/prod2",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello/LATEST",
            ),
        ],
    );
    let latest = documents(&generate("--function-name hello --qualifier LATEST -o json").run());
    allows_exactly(
        &latest,
        &[
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello/LATEST",
            ),
        ],
        &[(
            "InvokeFunction",
            "cn-hangzhou:1234567890123456:functions/hello/prod",
        )],
    );
}

#[test]
fn fc_2_names_both_forms_that_latest_may_have() {
    for more in ["", "--qualifier LATEST"] {
        let words = format!("--service-name demo --function-name hello {more} -o json");
        let made = documents(&generate(&words).run());
        allows_exactly(
            &made,
            &[
                (
                    "InvokeFunction",
                    "cn-hangzhou:1234567890123456:services/demo/functions/hello",
                ),
                (
                    "InvokeFunction",
                    "cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello",
                ),
            ],
            &[
                (
                    "InvokeFunction",
                    "cn-hangzhou:1234567890123456:services/demo2/functions/hello",
                ),
                (
                    "InvokeFunction",
                    "cn-hangzhou:1234567890123456:services/demo.prod/functions/hello",
                ),
                (
                    "InvokeFunction",
                    "cn-hangzhou:1234567890123456:services/demo/functions/hello2",
                ),
                (
                    "InvokeFunction",
                    "cn-beijing:1234567890123456:services/demo/functions/hello",
                ),
                (
                    "InvokeFunction",
                    "cn-hangzhou:1:services/demo/functions/hello",
                ),
                (
                    "GetFunction",
                    "cn-hangzhou:1234567890123456:services/demo/functions/hello",
                ),
            ],
        );
    }
}

#[test]
fn any_qualifier_covers_every_version_and_no_other_function() {
    let made = documents(
        &generate("--service-name demo --function-name hello --any-qualifier -o json").run(),
    );
    let text = json!(made).to_string();
    assert!(!text.contains("demo*"), "{text}");
    allows_exactly(
        &made,
        &[
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:services/demo/functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:services/demo.7/functions/hello",
            ),
        ],
        &[
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:services/demo2/functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:services/demo.7/functions/hello2",
            ),
        ],
    );
    let made = documents(&generate("--function-name hello --any-qualifier -o json").run());
    allows_exactly(
        &made,
        &[
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello/prod",
            ),
        ],
        &[
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello2",
            ),
            (
                "InvokeFunction",
                "cn-hangzhou:1234567890123456:functions/hello2/prod",
            ),
        ],
    );
    let both = generate("--function-name hello --any-qualifier --qualifier prod -o json").run();
    assert_eq!(
        (both.exit, &both.json()["error"]["code"]),
        (2, &json!("I0001"))
    );
}

#[test]
fn several_operations_are_joined() {
    let made = documents(
        &generate("--function-name hello --for invoke,async,version-publish -o json").run(),
    );
    let own = "cn-hangzhou:1234567890123456:functions/hello";
    let versions = "cn-hangzhou:1234567890123456:functions/hello/versions";
    allows_exactly(
        &made,
        &[
            ("InvokeFunction", own),
            ("PublishFunctionVersion", versions),
        ],
        &[
            ("DeleteFunction", own),
            ("UpdateFunction", own),
            (
                "PublishFunctionVersion",
                "cn-hangzhou:1234567890123456:functions/other/versions",
            ),
        ],
    );
}

// ---- pairs

#[test]
fn pairs_are_merged_without_granting_one_more() {
    let lines: String = [
        ("Get", "a"),
        ("Get", "b"),
        ("Invoke", "a"),
        ("Invoke", "b"),
        ("Delete", "a"),
    ]
    .map(|(action, name)| {
        format!(
            "{{\"action\":\"fc:{action}Function\",\"resource\":\"{ACCOUNT}:functions/{name}\"}}\n"
        )
    })
    .concat();
    let made = documents(&pairs(lines.clone()).args(["-o", "json"]).run());
    assert_eq!(made.len(), 1);
    assert_eq!(
        made[0]["Statement"].as_array().unwrap().len(),
        2,
        "{made:?}"
    );
    let a = "cn-hangzhou:1234567890123456:functions/a";
    let b = "cn-hangzhou:1234567890123456:functions/b";
    allows_exactly(
        &made,
        &[
            ("GetFunction", a),
            ("GetFunction", b),
            ("InvokeFunction", a),
            ("InvokeFunction", b),
            ("DeleteFunction", a),
        ],
        &[("DeleteFunction", b), ("UpdateFunction", a)],
    );
    // Neither the order, nor empty lines, nor repetition changes it.
    let mut turned: Vec<&str> = lines.lines().rev().collect();
    turned.extend(["", " ", turned[0]]);
    let again = pairs(turned.join("\r\n")).args(["-o", "json"]).run();
    assert_eq!(documents(&again), made);
    let file = line("policy generate --pairs pairs.ndjson -o json")
        .file("pairs.ndjson", lines)
        .run();
    assert_eq!(documents(&file), made);
}

#[test]
fn pairs_that_cannot_be_read_are_refused_with_their_line() {
    let good = r#"{"action":"fc:GetFunction","resource":"*"}"#;
    for bad in [
        "{",
        "[]",
        "7",
        r#"{"action":"a:b"}"#,
        r#"{"action":1,"resource":"*"}"#,
        r#"{"action":"","resource":"*"}"#,
        r#"{"action":"a:b","resource":"*","effect":"Deny"}"#,
    ] {
        let run = pairs(format!("{good}\n\n{bad}\n{good}\n"))
            .args(["-o", "json"])
            .run();
        let object = run.json();
        assert_eq!(
            (run.exit, &object["error"]["code"]),
            (2, &json!("I0021")),
            "{bad}"
        );
        let title = object["error"]["title"].as_str().unwrap();
        assert!(title.starts_with("-:3: "), "{bad}: {title}");
        assert_eq!(object["documents"], Value::Null);
    }
    for empty in ["", "\n\n"] {
        assert_eq!(pairs(empty).run().exit, 2);
    }
    assert_eq!(pairs(b"\xff\n".to_vec()).run().exit, 2);
    assert_eq!(line("policy generate --pairs nowhere").run().exit, 2);
    let both = generate("--pairs pairs.ndjson").run();
    assert_eq!(both.exit, 2);
    assert!(both.stderr.starts_with("error[I0001]"), "{}", both.stderr);
}

#[test]
fn more_than_a_document_holds_is_split_and_numbered() {
    let asked: Vec<(String, String)> = (0..300)
        .map(|number| {
            (
                "fc:InvokeFunction".to_owned(),
                format!("{ACCOUNT}:functions/a-function-with-a-name-{number:03}"),
            )
        })
        .collect();
    let lines: String = asked
        .iter()
        .map(|(action, resource)| format!("{}\n", json!({"action": action, "resource": resource})))
        .collect();
    let made = documents(&pairs(lines.clone()).args(["-o", "json"]).run());
    assert!(made.len() > 1);
    for document in &made {
        assert!(document.to_string().len() <= 6_144);
    }
    assert!(
        decisions(&made, &asked)
            .iter()
            .all(|decision| decision == "allowed")
    );
    let sibling = [(
        "fc:InvokeFunction".to_owned(),
        format!("{ACCOUNT}:functions/a-function-with-a-name-300"),
    )];
    assert_eq!(decisions(&made, &sibling), ["implicit_deny"]);

    let run = pairs(lines.clone())
        .args(["--format", "aliyun-cli", "--policy-name", "many"])
        .run();
    assert!(
        run.stderr.contains(&format!("{} documents", made.len())),
        "{}",
        run.stderr
    );
    let text = run.stdout_lossy();
    for (index, command) in text.lines().enumerate() {
        let words = shell_words(command);
        assert_eq!(words[3], format!("many-{}", index + 1));
        assert_eq!(
            serde_json::from_str::<Value>(&words[5]).unwrap(),
            made[index]
        );
    }
    assert_eq!(text.lines().count(), made.len());
    let ros: Value =
        serde_json::from_slice(&pairs(lines).args(["--format", "ros"]).run().stdout).unwrap();
    let names: BTreeSet<&str> = ros["Resources"]
        .as_object()
        .unwrap()
        .values()
        .map(|one| one["Properties"]["PolicyName"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), made.len());
}

// ---- quoting

/// Names that a shell, terraform or a person could take for something else.
const ODD: &str = r#"{"action":"fc:Get'Function","resource":"acs:fc:*:*:functions/$(touch x)`touch x`${var.x}%{if}\"\\中"}"#;

#[test]
fn a_real_shell_reads_the_document_back() {
    let made = documents(&pairs(ODD).args(["-o", "json"]).run());
    let run = pairs(ODD).args(["--format", "aliyun-cli"]).run();
    let words = shell_words(run.stdout_lossy().trim_end());
    assert_eq!(
        words[..4],
        ["ram", "CreatePolicy", "--PolicyName", "sesame"]
    );
    assert_eq!(words[4], "--PolicyDocument");
    assert_eq!(serde_json::from_str::<Value>(&words[5]).unwrap(), made[0]);
    let echoed = Command::new("sh")
        .args([
            "-c",
            &format!("aliyun() {{ printf %s \"$6\"; }}; {}", run.stdout_lossy()),
        ])
        .output()
        .unwrap();
    assert!(echoed.status.success() && echoed.stderr.is_empty());
    assert_eq!(
        serde_json::from_slice::<Value>(&echoed.stdout).unwrap(),
        made[0]
    );
}

#[test]
fn a_heredoc_of_terraform_holds_the_document() {
    let made = documents(&pairs(ODD).args(["-o", "json"]).run());
    let text = pairs(ODD)
        .args(["--format", "terraform"])
        .run()
        .stdout_lossy();
    let (_, body) = text.split_once("<<EOF\n").unwrap();
    let (body, _) = body.split_once("\nEOF\n").unwrap();
    assert!(
        body.contains("$${var.x}") && body.contains("%%{if}"),
        "{body}"
    );
    // What terraform makes of a heredoc: only these two mean something.
    let read = body.replace("$${", "${").replace("%%{", "%{");
    assert_eq!(serde_json::from_str::<Value>(&read).unwrap(), made[0]);
    let end = r#"{"action":"fc:GetFunction","resource":"acs:fc:*:*:functions/x\nEOF\n"}"#;
    let text = pairs(end)
        .args(["--format", "terraform"])
        .run()
        .stdout_lossy();
    assert_eq!(
        text.lines().filter(|line| line.trim() == "EOF").count(),
        1,
        "{text}"
    );
}

#[test]
fn the_template_of_ros_holds_the_document() {
    let made = documents(&pairs(ODD).args(["-o", "json"]).run());
    let ros: Value =
        serde_json::from_slice(&pairs(ODD).args(["--format", "ros"]).run().stdout).unwrap();
    assert_eq!(ros["ROSTemplateFormatVersion"], "2015-09-01");
    let resources = ros["Resources"].as_object().unwrap();
    let (_, resource) = resources.iter().next().unwrap();
    assert_eq!(resource["Type"], "ALIYUN::RAM::ManagedPolicy");
    assert_eq!(resource["Properties"]["PolicyDocument"], made[0]);
}

#[test]
fn names_that_no_function_has_are_refused() {
    for name in [
        "he'llo",
        "he*",
        "he?",
        "a/b",
        "a:b",
        "a b",
        "",
        "%61",
        "${x}",
        "he\u{1b}llo",
    ] {
        let run = generate("-o json --function-name").arg(name).run();
        assert_eq!(
            (run.exit, &run.json()["error"]["code"]),
            (2, &json!("I0002")),
            "{name}"
        );
    }
    for name in ["", "a b", "a'b", "a_b", "a.b", &"a".repeat(129)] {
        let run = generate("--function-name hello -o json --policy-name")
            .arg(name)
            .run();
        assert_eq!(
            (run.exit, &run.json()["error"]["code"]),
            (2, &json!("I0002")),
            "{name}"
        );
    }
}

#[test]
fn the_name_of_a_function_of_fc_2_shown_by_fc_3_is_quoted() {
    let run = generate("--format aliyun-cli --function-name svc$hello").run();
    let words = shell_words(run.stdout_lossy().trim_end());
    assert_eq!(words[3], "sesame-invoke-svc-hello");
    assert!(words[5].contains("functions/svc$hello"), "{}", words[5]);
}

// ---- what is missing

#[test]
fn what_is_missing_is_named_with_the_flag_that_gives_it() {
    let cases = [
        (
            "policy generate --account-id 1 --function-name f",
            "I0003",
            "--region",
        ),
        (
            "policy generate --region cn-hangzhou --function-name f",
            "I0004",
            "--account-id",
        ),
        (
            "policy generate --region cn-hangzhou --account-id 1",
            "I0002",
            "--function-name",
        ),
        (
            "policy generate --region cn-hangzhou --account-id x --function-name f",
            "I0004",
            "account",
        ),
        (
            "policy generate --region cn-hangzhou --account-id 1 --function-name f --for nope",
            "I0022",
            "`nope`",
        ),
        (
            "policy generate --region cn-hangzhou --account-id 1 --function-name f --for logs",
            "I0022",
            "--set",
        ),
        (
            "policy generate --region cn-hangzhou --account-id 1 --function-name f --set x",
            "I0022",
            "NAME=VALUE",
        ),
        (
            "policy generate --region cn-hangzhou --account-id 1 --function-name f --for logs --set projectName=1 --set projectName=2",
            "I0022",
            "second",
        ),
        (
            "policy generate --region cn-hangzhou --account-id 1 --function-name f --for logs --set projctName=p",
            "I0022",
            "did you mean `projectName`?",
        ),
    ];
    for (words, code, word) in cases {
        let run = line(words).run();
        assert_eq!(run.exit, 2, "{words}");
        assert!(
            run.stderr.starts_with(&format!("error[{code}]")) && run.stderr.contains(word),
            "{words}: {}",
            run.stderr
        );
        assert!(run.stdout.is_empty());
        let object = line(words).args(["-o", "json"]).run().json();
        assert_eq!(object["error"]["code"], code);
    }
}

#[test]
fn a_value_of_a_placeholder_grants_nothing_else() {
    for value in ["*", "a/b", "a:b", "<x>", "", "a b", "a?"] {
        let run = generate("--function-name hello --for alias-get -o json --set")
            .arg(format!("aliasName={value}"))
            .run();
        assert_eq!(
            (run.exit, &run.json()["error"]["code"]),
            (2, &json!("I0022")),
            "{value}"
        );
    }
}

#[test]
fn a_label_of_terraform_is_an_identifier() {
    let run = generate("--function-name hello --format terraform --policy-name 7up").run();
    let text = run.stdout_lossy();
    let label = text.split('"').nth(3).unwrap();
    assert!(
        !label.starts_with(|first: char| first.is_ascii_digit()),
        "{label}"
    );
    assert!(text.contains(r#"policy_name     = "7up""#), "{text}");
}

#[test]
fn no_policy_s_name_is_longer_than_ram_takes() {
    let longest = "a".repeat(128);
    let run = generate("--format aliyun-cli --function-name")
        .arg(&longest)
        .run();
    let words = shell_words(run.stdout_lossy().trim_end());
    assert!(words[3].len() <= 128, "{} characters", words[3].len());
    // Numbers of a split document count, too.
    let lines: String = (0..300)
        .map(|number| format!("{}\n", json!({"action": "fc:InvokeFunction", "resource": format!("{ACCOUNT}:functions/a-function-with-a-name-{number}")})))
        .collect();
    let run = pairs(lines)
        .args(["--format", "aliyun-cli", "--policy-name", &longest])
        .run();
    for command in run.stdout_lossy().lines() {
        assert!(shell_words(command)[3].len() <= 128, "{command}");
    }
}

#[test]
fn a_placeholder_that_no_template_has_is_refused() {
    let run = generate("--function-name hello --set triggerNam=http").run();
    assert_eq!(run.exit, 2, "{}", run.shown());
}

#[test]
fn a_function_is_asked_for_only_where_the_template_names_one() {
    let run = generate("--for deploy-service --service-name demo -o json").run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let text = run.json()["documents"].to_string();
    assert!(text.contains(":services/demo\""), "{text}");
    assert!(!text.contains("functions"), "{text}");
    let run = generate("--for deploy-service,invoke --service-name demo").run();
    assert!(run.stderr.contains("--function-name"), "{}", run.stderr);
}
