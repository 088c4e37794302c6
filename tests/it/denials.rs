//! Exits 5, 6 and 7: denied by preflight and by the service, undetermined, and not found.

use serde_json::{Value, json};

use super::fake::{ACCOUNT, Fake, REQUEST_ID, answer, refusal, result};
use super::harness::{Sesame, line, shell_words};

const DEV: &str = r#"{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "fc:InvokeFunction",
      "Resource": "acs:fc:cn-shanghai:*:functions/*"
    }
  ]
}
"#;

const GUARDRAIL: &str = r#"{
  "Version": "1",
  "Statement": [
    { "Effect": "Allow", "Action": "fc:*", "Resource": "*" },
    {
      "Effect": "Deny",
      "Action": ["fc:DeleteFunction", "fc:Invoke*"],
      "Resource": "acs:fc:*:*:functions/prod-*"
    }
  ]
}
"#;

const FROM_OFFICE: &str = r#"{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "fc:InvokeFunction",
      "Resource": "*",
      "Condition": { "IpAddress": { "acs:SourceIp": ["203.0.113.0/24"] } }
    }
  ]
}
"#;

/// A check of function `prod-billing` by the documents, and no call.
fn only(documents: &[(&str, &str)]) -> Sesame {
    let command = line(
        "invoke --region cn-hangzhou --function-name prod-billing --check-perms=only --account-id",
    );
    let command = command.arg(ACCOUNT);
    documents.iter().fold(command, |command, (name, text)| {
        command.file(name, text).args(["--policy-file", name])
    })
}

#[test]
fn preflight_stops_the_intern() {
    let run = line("invoke --sandbox -a intern --function-name hello --check-perms").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout

    --- stderr
    error[P0001]: nothing allows `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`
      who:      RAM user `intern` of account 1234567890123456
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      the caller has no policy at all

    the smallest policy that allows this call, to attach to RAM user `intern`:
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
        }
      ]
    }

    hint: an administrator creates the policy
          aliyun ram CreatePolicy --PolicyName sesame-invoke-hello --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:cn-hangzhou:1234567890123456:functions/hello"}]}'
    hint: and attaches it
          aliyun ram AttachPolicyToUser --PolicyType Custom --PolicyName sesame-invoke-hello --UserName intern
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Users > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    "#);
    let json = line("invoke --sandbox -a intern --function-name hello --check-perms -o json").run();
    insta::assert_snapshot!("json_of_a_preflight_denial", json.shown_json());
}

#[test]
fn the_service_stops_the_intern() {
    let run = line("invoke --sandbox -a intern --function-name hello").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout

    --- stderr
    error[P0001]: the service refused `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`: nothing allows it
      who:      RAM user `intern` of account 1234567890123456
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      decided by the caller's policies of kind AccountLevelIdentityBasedPolicy
      said:     AccessDenied: the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:1234567890123456:functions/hello'
      request:  [request id]

    the smallest policy that allows this call, to attach to RAM user `intern`:
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
        }
      ]
    }

    hint: an administrator creates the policy
          aliyun ram CreatePolicy --PolicyName sesame-invoke-hello --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:cn-hangzhou:1234567890123456:functions/hello"}]}'
    hint: and attaches it
          aliyun ram AttachPolicyToUser --PolicyType Custom --PolicyName sesame-invoke-hello --UserName intern
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Users > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    hint: an administrator can ask RAM which policy decided
          aliyun ram DecodeDiagnosticMessage --EncodedDiagnosticMessage eyJBdXRoQWN0aW9uIjoiZmM6SW52b2tlRnVuY3Rpb24iLCJBdXRoUmVzb3VyY2UiOiJhY3M6ZmM6Y24taGFuZ3pob3U6MTIzNDU2Nzg5MDEyMzQ1NjpmdW5jdGlvbnMvaGVsbG8iLCJBdXRoUHJpbmNpcGFsIjp7IkF1dGhQcmluY2lwYWxUeXBlIjoiU3ViVXNlciIsIkF1dGhQcmluY2lwYWxPd25lcklkIjoiMTIzNDU2Nzg5MDEyMzQ1NiIsIkF1dGhQcmluY2lwYWxEaXNwbGF5TmFtZSI6IjI3MDg0OTkyMTg4OTE1NDQxOSJ9LCJBdXRoQ29uZGl0aW9ucyI6W10sIkV4cGxpY2l0RGVueSI6ZmFsc2UsIk5vUGVybWlzc2lvblBvbGljeVR5cGUiOiJBY2NvdW50TGV2ZWxJZGVudGl0eUJhc2VkUG9saWN5IiwiTWF0Y2hlZFBvbGljaWVzIjpbXX0=
    "#);
    let json = line("invoke --sandbox -a intern --function-name hello -o json").run();
    insta::assert_snapshot!("json_of_a_service_denial", json.shown_json());
}

#[test]
fn fc_2_denies_without_detail() {
    let run = line("invoke --sandbox -a intern --service-name demo --function-name hello").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout

    --- stderr
    error[P0004]: the service refused `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello`: the caller may not do it
      who:      RAM user `intern` of account 1234567890123456
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello
      why:      of the forms that sesame weighed, `acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello` and `acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello`, the service went by `acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello`
      said:     AccessDenied: the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello'
      request:  [request id]

    the smallest policy for this call, to attach to RAM user `intern`, if no Deny applies:
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

    hint: an administrator creates the policy
          aliyun ram CreatePolicy --PolicyName sesame-invoke-demo-hello --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":["acs:fc:cn-hangzhou:1234567890123456:services/demo.LATEST/functions/hello","acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello"]}]}'
    hint: and attaches it
          aliyun ram AttachPolicyToUser --PolicyType Custom --PolicyName sesame-invoke-demo-hello --UserName intern
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Users > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    "#);
}

#[test]
fn a_deny_stops_the_contractor() {
    let run = line("invoke --sandbox -a contractor --function-name billing --check-perms").run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout

    --- stderr
    error[P0002]: a Deny applies to `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/billing`
      who:      RAM user `contractor` of account 1234567890123456
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/billing
    error: this statement denies it
      --> contractor:12:19
       |
    11 |       "Action": "fc:InvokeFunction",
       |                 ------------------- matches `fc:InvokeFunction`
    12 |       "Resource": "acs:fc:*:*:functions/billing"
       |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ matches `acs:fc:cn-hangzhou:1234567890123456:functions/billing`

    hint: an Allow does not lift a Deny: ask whoever owns that policy for an exception
    "#);
    let run = line("invoke --sandbox -a contractor --function-name billing").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 5
    --- stdout

    --- stderr
    error[P0002]: the service refused `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/billing`: a Deny applies
      who:      RAM user `contractor` of account 1234567890123456
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/billing
      why:      decided by the caller's policies of kind AccountLevelIdentityBasedPolicy
      said:     AccessDenied: the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:1234567890123456:functions/billing'
      request:  [request id]

    hint: an Allow does not lift a Deny: ask whoever owns the caller's policies which one it is
    hint: an administrator can ask RAM which policy decided
          aliyun ram DecodeDiagnosticMessage --EncodedDiagnosticMessage eyJBdXRoQWN0aW9uIjoiZmM6SW52b2tlRnVuY3Rpb24iLCJBdXRoUmVzb3VyY2UiOiJhY3M6ZmM6Y24taGFuZ3pob3U6MTIzNDU2Nzg5MDEyMzQ1NjpmdW5jdGlvbnMvYmlsbGluZyIsIkF1dGhQcmluY2lwYWwiOnsiQXV0aFByaW5jaXBhbFR5cGUiOiJTdWJVc2VyIiwiQXV0aFByaW5jaXBhbE93bmVySWQiOiIxMjM0NTY3ODkwMTIzNDU2IiwiQXV0aFByaW5jaXBhbERpc3BsYXlOYW1lIjoiMjEyNTIzNjYxNDY4NDgyMTEzIn0sIkF1dGhDb25kaXRpb25zIjpbXSwiRXhwbGljaXREZW55Ijp0cnVlLCJOb1Blcm1pc3Npb25Qb2xpY3lUeXBlIjoiQWNjb3VudExldmVsSWRlbnRpdHlCYXNlZFBvbGljeSIsIk1hdGNoZWRQb2xpY2llcyI6W3siUG9saWN5SWRlbnRpZmllciI6ImNvbnRyYWN0b3IiLCJQb2xpY3lUeXBlIjoiQ3VzdG9tIiwiRWZmZWN0IjoiRGVueSIsIkF0dGFjaGVkU2NvcGUiOiJBY2NvdW50IiwiQXR0YWNoZWRFbnRpdHlUeXBlIjoiUmFtVXNlciJ9XX0=
    ");
    let other =
        line("invoke --sandbox -a contractor --function-name hello --check-perms -o raw").run();
    assert_eq!((other.exit, &*other.stdout), (0, &b"Hello world!"[..]));
}

#[test]
fn the_nearest_allow_is_shown() {
    let run = only(&[("dev.json", DEV)]).run();
    assert_eq!(run.stdout, b"");
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout

    --- stderr
    error[P0001]: nothing allows `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing`
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing
      why:      the caller's one policy does not allow it
    note: this Allow comes nearest: only its resource does not match
     --> dev.json:7:19
      |
    7 |       "Resource": "acs:fc:cn-shanghai:*:functions/*"
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ would have to match `acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing`

    the smallest policy that allows this call, to attach to the caller:
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing"
        }
      ]
    }

    hint: an administrator creates the policy
          aliyun ram CreatePolicy --PolicyName sesame-invoke-prod-billing --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing"}]}'
    hint: and attaches it to the RAM user or role that called
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Users > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    "#);
}

#[test]
fn the_deny_is_shown() {
    let run = only(&[("dev.json", DEV), ("guardrail.json", GUARDRAIL)]).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 5
    --- stdout

    --- stderr
    error[P0002]: a Deny applies to `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing`
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing
    error: this statement denies it
     --> guardrail.json:8:19
      |
    7 |       "Action": ["fc:DeleteFunction", "fc:Invoke*"],
      |                                       ------------ matches `fc:InvokeFunction`
    8 |       "Resource": "acs:fc:*:*:functions/prod-*"
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ matches `acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing`

    hint: an Allow does not lift a Deny: ask whoever owns that policy for an exception
    "#);
}

#[test]
fn an_allow_of_a_file_is_shown() {
    let allow = DEV.replace("cn-shanghai", "cn-hangzhou");
    let run = only(&[("dev.json", &allow)]).run();
    assert_eq!(run.exit, 0);
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 0
    --- stdout

    --- stderr
    preflight: allowed: `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing`
    note: this statement allows it
     --> dev.json:7:19
      |
    6 |       "Action": "fc:InvokeFunction",
      |                 ------------------- matches `fc:InvokeFunction`
    7 |       "Resource": "acs:fc:cn-hangzhou:*:functions/*"
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ matches `acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing`
    not looked at: control, session, resource-group policies
    "#);
}

#[test]
fn a_key_that_is_not_known_leaves_it_open() {
    let run = only(&[("office.json", FROM_OFFICE)]).run();
    insta::assert_snapshot!(run.shown(), @r#"
    exit: 6
    --- stdout

    --- stderr
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing
      why:      the value of `acs:SourceIp` is not known
    warning: this Allow may or may not apply
     --> office.json:8:37
      |
    8 |       "Condition": { "IpAddress": { "acs:SourceIp": ["203.0.113.0/24"] } }
      |                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not known

    the smallest policy for this call, to attach to the caller, if no Deny applies:
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing"
        }
      ]
    }

    hint: to settle it: `--context acs:SourceIp=VALUE`, or `--absent acs:SourceIp` when the request does not have it
    hint: an administrator creates the policy
          aliyun ram CreatePolicy --PolicyName sesame-invoke-prod-billing --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:cn-hangzhou:1234567890123456:functions/prod-billing"}]}'
    hint: and attaches it to the RAM user or role that called
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Users > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    "#);
    let settled = |flag: &str, value: &str| {
        only(&[("office.json", FROM_OFFICE)])
            .args([flag, value])
            .run()
            .exit
    };
    assert_eq!(settled("--context", "acs:SourceIp=203.0.113.7"), 0);
    assert_eq!(settled("--context", "acs:SourceIp=192.0.2.1"), 5);
    assert_eq!(settled("--absent", "acs:SourceIp"), 5);
    let complete = only(&[("office.json", FROM_OFFICE)])
        .arg("--context-complete")
        .run();
    assert_eq!(complete.exit, 5);
}

#[test]
fn strict_stops_where_enforce_warns_and_goes_on() {
    let fake = Fake::start([result("done")]);
    let with = |mode: &str| {
        fake.call(mode)
            .file("office.json", FROM_OFFICE)
            .args(["--policy-file", "office.json"])
            .run()
    };
    let strict = with("--check-perms=strict");
    assert_eq!((strict.exit, fake.hits().len()), (6, 0));
    insta::assert_snapshot!(strict.shown(), @r#"
    exit: 6
    --- stdout

    --- stderr
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      the value of `acs:SourceIp` is not known
    warning: this Allow may or may not apply
     --> office.json:8:37
      |
    8 |       "Condition": { "IpAddress": { "acs:SourceIp": ["203.0.113.0/24"] } }
      |                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not known

    the smallest policy for this call, to attach to the caller, if no Deny applies:
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
        }
      ]
    }

    hint: to settle it: `--context acs:SourceIp=VALUE`, or `--absent acs:SourceIp` when the request does not have it
    hint: an administrator creates the policy
          aliyun ram CreatePolicy --PolicyName sesame-invoke-hello --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:cn-hangzhou:1234567890123456:functions/hello"}]}'
    hint: and attaches it to the RAM user or role that called
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Users > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    "#);
    let enforce = with("--check-perms");
    assert_eq!((enforce.exit, fake.hits().len()), (0, 1));
    for piece in [
        "warning: cannot tell whether `fc:InvokeFunction`",
        "the value of `acs:SourceIp` is not known",
        " --> office.json:8:37\n",
        "hint: to settle it: `--context acs:SourceIp=VALUE`",
        "FC Invoke Result[code: 200]:\n",
    ] {
        assert!(
            enforce.stderr.contains(piece),
            "{piece}: {}",
            enforce.stderr
        );
    }
}

#[test]
fn warn_never_stops() {
    let fake = Fake::start([result("done")]);
    let run = fake
        .call("--check-perms=warn")
        .file("dev.json", DEV)
        .args(["--policy-file", "dev.json"])
        .run();
    assert_eq!((run.exit, fake.hits().len()), (0, 1));
    assert_eq!(run.stdout, b"done");
    assert!(
        run.stderr
            .starts_with("warning: nothing allows `fc:InvokeFunction`")
    );
    assert!(run.stderr.contains(" --> dev.json:7:19\n"));
}

#[test]
fn without_policies_nothing_is_known() {
    // What answers is no STS.
    let fake = Fake::start([result("done")]);
    for (mode, asked) in [("--check-perms=only", 1), ("--check-perms=strict", 2)] {
        let run = fake.call(mode).run();
        assert_eq!((run.exit, fake.hits().len()), (6, asked), "{mode}");
    }
    insta::assert_snapshot!(fake.call("--check-perms=only").run().shown(), @r#"
    exit: 6
    --- stdout

    --- stderr
    error[P0003]: cannot tell whether `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello` is allowed
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      the caller's own policies were not read: STS did not say who calls: the answer to GetCallerIdentity cannot be read: expected value at line 1 column 1

    the smallest policy for this call, to attach to the caller, if no Deny applies:
    {
      "Version": "1",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": "fc:InvokeFunction",
          "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
        }
      ]
    }

    hint: to settle it: name them with `--policy-file`
    hint: an administrator creates the policy
          aliyun ram CreatePolicy --PolicyName sesame-invoke-hello --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:cn-hangzhou:1234567890123456:functions/hello"}]}'
    hint: and attaches it to the RAM user or role that called
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Users > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    "#);
    let run = fake.call("--check-perms -o json").run();
    assert_eq!((run.exit, fake.hits().len()), (0, 5));
    assert_eq!(
        run.json()["preflight"]["reasons"][0]["kind"],
        "unread_policy"
    );
}

#[test]
fn a_control_policy_that_denies_is_enough() {
    let deny = r#"{"Version":"1","Statement":[{"Effect":"Deny","Action":"fc:*","Resource":"*"}]}"#;
    let run =
        line("invoke --region cn-hangzhou --function-name hello --check-perms=only --account-id")
            .args([ACCOUNT, "--control-policy", "root.json"])
            .file("root.json", deny)
            .run();
    assert_eq!(run.exit, 5, "{}", run.stderr);
}

#[test]
fn the_service_is_not_switched_on() {
    let fake = Fake::start([refusal(
        403,
        "AccessDenied",
        "FC service is not enabled for current user.",
    )]);
    insta::assert_snapshot!(fake.call("").run().shown(), @r"
    exit: 5
    --- stdout

    --- stderr
    error[S0007]: Function Compute is not switched on for this account
      said:     AccessDenied: FC service is not enabled for current user.
      request:  [request id]

    hint: the account's owner switches it on in the Function Compute console; no policy can
    ");
}

#[test]
fn the_account_is_another_one() {
    let fake = Fake::start([refusal(
        403,
        "AccessDenied",
        "The service or function doesn't belong to you.",
    )]);
    insta::assert_snapshot!(fake.call("").run().shown(), @r"
    exit: 5
    --- stdout

    --- stderr
    error[S0008]: the account in the address is not the access key's own
      said:     AccessDenied: The service or function doesn't belong to you.
      request:  [request id]

    hint: pass the main account's id with `--account-id` (not a RAM user's id), or leave it out
    ");
}

#[test]
fn the_service_denies_although_preflight_allowed() {
    let text = format!(
        "the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:{ACCOUNT}:functions/hello'"
    );
    let body = json!({
        "Code": "AccessDenied", "Message": text, "RequestId": REQUEST_ID,
        "AccessDeniedDetail": {
            "AuthAction": "fc:InvokeFunction", "AuthPrincipalType": "SubUser",
            "AuthPrincipalOwnerId": ACCOUNT, "AuthPrincipalDisplayName": "200000000000000001",
            "NoPermissionType": "ImplicitDeny", "PolicyType": "AccountLevelIdentityBasedPolicy",
            "EncodedDiagnosticMessage": "AQIB+/==",
        },
    });
    let fake = Fake::start([answer(
        403,
        &[("X-Fc-Request-Id", REQUEST_ID)],
        body.to_string(),
    )]);
    let allow = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let run = fake
        .call("")
        .file("all.json", allow)
        .args(["--policy-file", "all.json"])
        .run();
    assert_eq!((run.exit, fake.hits().len()), (5, 1));
    for piece in [
        "preflight: allowed",
        "error[P0001]: the service refused",
        "who:      RAM user `200000000000000001` of account 1234567890123456\n",
        "why:      preflight said allowed",
        "  aliyun ram DecodeDiagnosticMessage --EncodedDiagnosticMessage AQIB+/==\n",
    ] {
        assert!(run.stderr.contains(piece), "{piece}: {}", run.stderr);
    }
}

#[test]
fn the_suggested_policy_lifts_the_denial() {
    for target in [
        &["--function-name", "hello"][..],
        &["--function-name", "hello", "--qualifier", "LATEST"],
        &["--service-name", "demo", "--function-name", "hello"],
        &[
            "--service-name",
            "demo",
            "--function-name",
            "hello",
            "--qualifier",
            "prod",
        ],
    ] {
        for check in [&["--check-perms"][..], &[]] {
            let denied = line("invoke --sandbox -a intern -o json")
                .args(target)
                .args(check)
                .run();
            assert_eq!(denied.exit, 5, "{target:?}");
            let policy: Value = denied.json()["error"]["suggested_policy"].clone();
            let allowed = line("invoke --region cn-hangzhou --check-perms=only --account-id")
                .arg(ACCOUNT)
                .args(target)
                .file("suggested.json", policy.to_string())
                .args(["--policy-file", "suggested.json"])
                .run();
            assert_eq!(allowed.exit, 0, "{target:?}: {policy}\n{}", allowed.stderr);
        }
    }
}

#[test]
fn the_commands_create_and_attach_that_policy() {
    let run = line("invoke --sandbox -a intern --service-name demo --function-name hello --check-perms -o json").run();
    let error = run.json()["error"].clone();
    let hints = error["hints"].as_array().unwrap();
    let commands: Vec<Vec<String>> = hints
        .iter()
        .filter_map(|hint| hint["command"].as_str())
        .map(shell_words)
        .collect();
    let [create, attach] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!(
        create[..4],
        [
            "ram",
            "CreatePolicy",
            "--PolicyName",
            "sesame-invoke-demo-hello"
        ]
    );
    assert_eq!(create[4], "--PolicyDocument");
    let document: Value = serde_json::from_str(&create[5]).unwrap();
    assert_eq!(document, error["suggested_policy"]);
    assert_eq!(
        attach[..],
        [
            "ram",
            "AttachPolicyToUser",
            "--PolicyType",
            "Custom",
            "--PolicyName",
            "sesame-invoke-demo-hello",
            "--UserName",
            "intern",
        ]
    );
}

#[test]
fn no_such_function() {
    let run = line("invoke --sandbox --function-name nosuch").run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 7
    --- stdout

    --- stderr
    error[S0002]: there is no such function
      why:      called: `nosuch` in `cn-hangzhou`, API 2023-03-30
      said:     FunctionNotFound: function 'nosuch' does not exist.
      request:  [request id]

    hint: check the names, `--region` and `--qualifier`; a function of FC 2.0 is found with `--service-name`, one of FC 3.0 without
    ");
}

#[test]
fn no_such_service() {
    let run = line("invoke --sandbox --service-name nosuch --function-name hello").run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 7
    --- stdout

    --- stderr
    error[S0002]: there is no such service
      why:      called: `nosuch/hello` in `cn-hangzhou`, API 2016-08-15
      said:     ServiceNotFound: service 'nosuch' does not exist
      request:  [request id]

    hint: check the names, `--region` and `--qualifier`; a function of FC 2.0 is found with `--service-name`, one of FC 3.0 without
    ");
}

#[test]
fn no_such_version() {
    let run = line("invoke --sandbox --function-name hello --qualifier 7").run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 7
    --- stdout

    --- stderr
    error[S0002]: there is no such version
      why:      called: `hello` in `cn-hangzhou`, API 2023-03-30
      said:     VersionNotFound: version '7' of function 'hello' does not exist
      request:  [request id]

    hint: check the names, `--region` and `--qualifier`; a function of FC 2.0 is found with `--service-name`, one of FC 3.0 without
    ");
}

#[test]
fn no_such_alias() {
    let run =
        line("invoke --sandbox --service-name demo --function-name hello --qualifier beta").run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 7
    --- stdout

    --- stderr
    error[S0002]: there is no such alias
      why:      called: `demo/hello` in `cn-hangzhou`, API 2016-08-15
      said:     AliasNotFound: alias 'beta' of service 'demo' does not exist
      request:  [request id]

    hint: check the names, `--region` and `--qualifier`; a function of FC 2.0 is found with `--service-name`, one of FC 3.0 without
    ");
    let json = line("invoke --sandbox --function-name hello --qualifier beta -o json").run();
    assert_eq!(
        (json.exit, &json.json()["error"]["cause"]),
        (7, &"resource_not_found".into())
    );
}

#[test]
fn authorisation_precedes_existence() {
    let run = line("invoke --sandbox -a intern --function-name nosuch -o json").run();
    assert_eq!(
        (run.exit, &run.json()["error"]["cause"]),
        (5, &"permission_implicit_deny".into())
    );
}

#[test]
fn a_warning_has_no_hint_that_hangs_in_the_air() {
    let fake = Fake::start([result("done")]);
    let run = fake
        .call("--check-perms=warn --policy-file dev.json")
        .file("dev.json", DEV)
        .run();
    assert!(
        !run.stderr.contains("hint: and attaches it"),
        "{}",
        run.stderr
    );
}
