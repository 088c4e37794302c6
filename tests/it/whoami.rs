//! `sesame whoami` and live checks as whole processes, against a sandbox that is another one.

use serde_json::{Value, json};

use super::harness::{Listening, line, shell_words};

const WORLD: &str = r#"
account: "1234567890123456"
region: cn-hangzhou
users:
  admin: { access_key: { id: LTAI-sandbox-admin, secret: sandbox-admin-secret }, policies: [AdministratorAccess] }
  developer:
    access_key: { id: LTAI-sandbox-developer, secret: sandbox-developer-secret }
    groups: [backend]
    policies: [AliyunFCInvocationAccess, AliyunRAMReadOnlyAccess]
    resource_group_policies: [{ resource_group: rg-demo, policies: [AliyunFCReadOnlyAccess] }]
  intern: { access_key: { id: LTAI-sandbox-intern, secret: sandbox-intern-secret } }
  contractor:
    access_key: { id: LTAI-sandbox-contractor, secret: sandbox-contractor-secret }
    policies:
      - Version: "1"
        Statement:
          - { Effect: Allow, Action: ["fc:*", "ram:Get*", "ram:List*"], Resource: "*" }
          - { Effect: Deny, Action: "fc:InvokeFunction", Resource: "acs:fc:*:*:functions/billing" }
  leaver: { access_key: { id: LTAI-sandbox-leaver, secret: sandbox-leaver-secret, disabled: true } }
groups:
  backend: { policies: [{ Version: "1", Statement: [{ Effect: Allow, Action: "fc:Get*", Resource: "*" }] }] }
functions:
  - { name: hello, builtin: hello }
  - { name: billing, builtin: hello }
"#;

fn sandbox() -> Listening {
    line("sandbox --listen 127.0.0.1:0 --config world.yaml")
        .file("world.yaml", WORLD)
        .listen()
}

#[test]
fn a_user_sees_itself_its_credentials_and_its_policies() {
    let sandbox = sandbox();
    insta::assert_snapshot!(sandbox.call("developer", "whoami").run().shown(), @"
    exit: 0
    --- stdout
    RAM user `developer` of account 1234567890123456
      id:          238555532547556443
      credentials: environment

    policies:
      AliyunFCInvocationAccess  System  account
      AliyunRAMReadOnlyAccess   System  account
      AliyunFCReadOnlyAccess    System  resource-group rg-demo
      backend                   Custom  account                 through group `backend`

    layers not looked at: control

    --- stderr
    ");
    let run = sandbox.call("developer", "whoami -o json").run();
    insta::assert_snapshot!(run.shown_json(), @r#"
    exit: 0
    --- stdout
    {
      "schema": "sesame.whoami/1",
      "ok": true,
      "principal": {
        "type": "SubUser",
        "id": "238555532547556443",
        "name": "developer",
        "account_id": "1234567890123456"
      },
      "credentials": {
        "source": "environment",
        "expires_at": null
      },
      "policies": [
        {
          "name": "AliyunFCInvocationAccess",
          "type": "System",
          "layer": "account",
          "through": null,
          "resource_group": null,
          "source": "live"
        },
        {
          "name": "AliyunRAMReadOnlyAccess",
          "type": "System",
          "layer": "account",
          "through": null,
          "resource_group": null,
          "source": "live"
        },
        {
          "name": "AliyunFCReadOnlyAccess",
          "type": "System",
          "layer": "resource-group",
          "through": null,
          "resource_group": "rg-demo",
          "source": "live"
        },
        {
          "name": "backend",
          "type": "Custom",
          "layer": "account",
          "through": "backend",
          "resource_group": null,
          "source": "live"
        }
      ],
      "unread": [],
      "layers_not_seen": [
        "control"
      ],
      "to_read": null,
      "warnings": [],
      "error": null
    }
    --- stderr
    "#);
    super::schema::refuses(
        &run.json(),
        &[
            ("/ok", json!(false)),
            ("/principal", json!("developer")),
            ("/credentials/source", json!("")),
            ("/credentials/expires_at", json!("tomorrow")),
            ("/policies", json!(null)),
            ("/policies/0/type", json!("Own")),
            ("/policies/0/layer", json!("group")),
            ("/policies/0/source", json!("guess")),
            ("/unread", json!({})),
            ("/layers_not_seen", json!(["folder"])),
            ("/to_read", json!({"Version": "1"})),
        ],
    );
    // RAM has no regions, and STS one for all.
    let run = sandbox
        .call("developer", "whoami")
        .env("ALIBABA_CLOUD_REGION_ID", "")
        .run();
    assert_eq!(run.exit, 0, "{}", run.stderr);
}

#[test]
fn who_may_read_nothing_is_told_what_would_let_it() {
    let sandbox = sandbox();
    let run = sandbox.call("intern", "whoami").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout
    RAM user `intern` of account 1234567890123456
      id:          270849921889154419
      credentials: environment

    not read:
      the policies of user `intern`: the caller lacks `ram:ListPoliciesForUser` on `acs:ram:*:1234567890123456:user/intern`
      the policies of user `intern` at resource-group scope: the caller lacks `ram:ListPolicyAttachments` on `*`
      the groups of user `intern`: the caller lacks `ram:ListGroupsForUser` on `acs:ram:*:1234567890123456:user/intern`

    layers not looked at: control, account, resource-group

    --- stderr
    hint: to let the caller read its own policies, and change nothing, an administrator creates this policy
          aliyun ram CreatePolicy --PolicyName sesame-read-own-policies --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:GetPolicy","Resource":["acs:ram:*:1234567890123456:policy/*","acs:ram:*:system:policy/*"]},{"Effect":"Allow","Action":["ram:ListGroupsForUser","ram:ListPoliciesForUser"],"Resource":"acs:ram:*:1234567890123456:user/intern"},{"Effect":"Allow","Action":"ram:ListPoliciesForGroup","Resource":"acs:ram:*:1234567890123456:group/*"},{"Effect":"Allow","Action":"ram:ListPolicyAttachments","Resource":"*"}]}'
    hint: and attaches it
          aliyun ram AttachPolicyToUser --PolicyType Custom --PolicyName sesame-read-own-policies --UserName intern
    "#);
    let object = sandbox.call("intern", "whoami -o json").run().json();
    assert_eq!(object["policies"], json!([]));
    // An administrator does as it says.
    let commands = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("      aliyun ram "));
    let commands: Vec<Vec<String>> = commands.map(|line| shell_words(line.trim())).collect();
    assert_eq!(commands.len(), 2);
    assert_eq!(
        commands[0][2..4],
        ["--PolicyName", "sesame-read-own-policies"]
    );
    let document: Value = serde_json::from_str(&commands[0][5]).unwrap();
    assert_eq!(document, object["to_read"]);
    let action = |statement: &Value| statement["Action"].to_string();
    let statements = document["Statement"].as_array().unwrap().iter().map(action);
    for actions in statements {
        assert!(!actions.contains('*'), "{actions}");
        assert!(
            actions
                .split(',')
                .all(|one| one.contains("ram:Get") || one.contains("ram:List"))
        );
    }
}

#[test]
fn a_live_check_decides_before_the_call() {
    let sandbox = sandbox();
    let run = sandbox
        .call("developer", "invoke --function-name hello --check-perms")
        .run();
    assert_eq!(
        (run.exit, &*run.stdout),
        (0, &b"Hello world!"[..]),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.starts_with("preflight: allowed: "),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("\nnot looked at: control policies\n"),
        "{}",
        run.stderr
    );

    let run = sandbox
        .call(
            "contractor",
            "invoke --function-name billing --check-perms -o json",
        )
        .run();
    let object = run.json();
    assert_eq!((run.exit, &object["request"]["sent"]), (5, &json!(false)));
    assert_eq!(object["error"]["cause"], "permission_explicit_deny");
    assert_eq!(
        object["preflight"]["checks"][0]["decided_by"]["statement"],
        1
    );
    assert_eq!(object["preflight"]["policies"][0]["source"], "live");

    // Who may not read is not kept from calling.
    let run = sandbox
        .call(
            "intern",
            "invoke --function-name hello --check-perms -o json",
        )
        .run();
    let object = run.json();
    assert_eq!((run.exit, &object["request"]["sent"]), (5, &json!(true)));
    assert_eq!(object["preflight"]["verdict"], "undetermined");
    assert_eq!(object["error"]["attach_to"], "RAM user `intern`");
    let run = sandbox
        .call(
            "intern",
            "invoke --function-name hello --check-perms=strict",
        )
        .run();
    assert_eq!(run.exit, 6, "{}", run.stderr);
}

#[test]
fn without_credentials_that_are_taken_nobody_is_anybody() {
    let sandbox = sandbox();
    for (run, cause) in [
        (
            sandbox.call("leaver", "whoami -o json").run(),
            "access_key_disabled",
        ),
        (
            sandbox.call("nobody", "whoami -o json").run(),
            "access_key_not_found",
        ),
        (
            sandbox
                .call("admin", "whoami -o json")
                .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "another")
                .run(),
            "signature_mismatch",
        ),
        (line("whoami -o json").run(), "no_credentials"),
        (
            line("whoami -o json --profile nobody").run(),
            "invalid_input",
        ),
    ] {
        let object = run.json();
        let exit = if cause == "invalid_input" { 2 } else { 4 };
        assert_eq!((run.exit, &object["error"]["cause"]), (exit, &json!(cause)));
    }
}

#[test]
fn a_profile_and_an_alias_say_who_they_are() {
    let sandbox = sandbox();
    let config = r#"{"current":"other","profiles":[{"name":"dev","mode":"AK","access_key_id":"LTAI-sandbox-admin","access_key_secret":"sandbox-admin-secret","region_id":"cn-beijing"}]}"#;
    let alias =
        r#"{"AccessKeyID":"LTAI-sandbox-intern","AccessKeySecret":"sandbox-intern-secret"}"#;
    for (words, name, source) in [
        (
            "whoami -o json --profile dev",
            "admin",
            "aliyun CLI profile `dev` (AK)",
        ),
        (
            "whoami -o json -a my_serverless_devs_key",
            "intern",
            "my_serverless_devs_key",
        ),
    ] {
        let run = line(words)
            .args(["--endpoint", &sandbox.url])
            .file("config.json", config)
            .env("ALIBABACLOUD_CONFIG", "config.json")
            .env("my_serverless_devs_key", alias)
            .run();
        let object = run.json();
        assert_eq!(object["principal"]["name"], name, "{}", run.stderr);
        let shown = object["credentials"]["source"].as_str().unwrap();
        assert!(shown.contains(source), "{shown}");
    }
}

#[test]
fn what_cannot_be_an_address_is_said_before_anything_is_sent() {
    for (words, variable, piece) in [
        (
            "whoami",
            "not a region",
            "`not a region` is not a region id",
        ),
        ("whoami --vpc", "", "`--vpc` needs a region"),
        ("whoami --ram-endpoint x", "", "given with `--ram-endpoint`"),
        (
            "whoami --sts-endpoint ftp://h",
            "",
            "given with `--sts-endpoint`",
        ),
    ] {
        let run = line(words)
            .key()
            .env("ALIBABA_CLOUD_REGION_ID", variable)
            .run();
        assert_eq!(run.exit, 2, "{}", run.stderr);
        assert!(run.stderr.contains(piece), "{}", run.stderr);
    }
}
