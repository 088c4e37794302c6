//! `sesame explain`: codes, and texts that say that something was refused.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sesame_fc::diagnosis::codes;
use sesame_fc::ram::CODES;

use super::fake::{Fake, NOBODY, REQUEST_ID, answer, refusal};
use super::harness::{Run, line, shell_words};

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
    error[I0024]: `X9999` is neither an error code of sesame nor a file

    hint: `sesame explain` lists the codes; `sesame explain -` reads a text from stdin
    ");
    for code in ["X9999", "P1", "P00011", "", "L0000"] {
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

const RESOURCE: &str = "acs:fc:cn-hangzhou:1234567890123456:functions/hello";

/// A refusal in the words of FC 3.0.
fn denial(detail: &Value) -> Value {
    let mut body = json!({
        "Code": "AccessDenied", "RequestId": REQUEST_ID,
        "Message": format!("the caller is not authorized to perform 'fc:InvokeFunction' on resource '{RESOURCE}'"),
    });
    if !detail.is_null() {
        body["AccessDeniedDetail"] = detail.clone();
    }
    body
}

fn implicit() -> Value {
    json!({
        "NoPermissionType": "ImplicitDeny", "PolicyType": "AccountLevelIdentityBasedPolicy",
        "AuthAction": "fc:InvokeFunction", "AuthPrincipalType": "AssumedRoleUser",
        "AuthPrincipalDisplayName": "deploy:ci", "AuthPrincipalOwnerId": "1234567890123456",
        "EncodedDiagnosticMessage": "AQEAAAAA+/==",
    })
}

/// `sesame explain -` of a text.
fn explain(text: impl AsRef<[u8]>, words: &str) -> Run {
    line(&format!("explain - {words}"))
        .stdin(text.as_ref())
        .run()
}

#[test]
fn an_implicit_denial_in_words() {
    insta::assert_snapshot!(explain(denial(&implicit()).to_string(), "").shown(), @r#"
    exit: 0
    --- stdout
    permission_implicit_deny: the service refused `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`: nothing allows it
      who:      role session `deploy:ci` of account 1234567890123456
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      decided by the caller's policies of kind AccountLevelIdentityBasedPolicy
      why:      action and resource are the text's own: make sure of both before anybody grants them
      said:     AccessDenied: the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:1234567890123456:functions/hello'
      request:  [request id]

    the smallest policy that allows this call, to attach to RAM role `deploy`:
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
          aliyun ram CreatePolicy --PolicyName sesame-fc-InvokeFunction-functions-hello --PolicyDocument '{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:cn-hangzhou:1234567890123456:functions/hello"}]}'
    hint: and attaches it
          aliyun ram AttachPolicyToRole --PolicyType Custom --PolicyName sesame-fc-InvokeFunction-functions-hello --RoleName deploy
    hint: or in the console: RAM > Permissions > Policies > Create Policy, then RAM > Identities > Roles > Grant Permission
    hint: a user or role holds 10 custom policies at most: at that limit, add the statement to one of them with `aliyun ram CreatePolicyVersion --SetAsDefault true`, which counts for whoever else has it
    hint: an administrator can ask RAM which policy decided
          aliyun ram DecodeDiagnosticMessage --EncodedDiagnosticMessage AQEAAAAA+/==

    --- stderr
    "#);
}

#[test]
fn json_of_an_implicit_denial() {
    insta::assert_snapshot!(explain(denial(&implicit()).to_string(), "-o json").shown_json());
}

#[test]
fn other_denials_in_words() {
    let mut explicit = implicit();
    explicit["NoPermissionType"] = json!("ExplicitDeny");
    let mut session = implicit();
    session["PolicyType"] = json!("SessionPolicy");
    let mut control = implicit();
    control["PolicyType"] = json!("ControlPolicy");
    let mut trust = implicit();
    trust["PolicyType"] = json!("AssumeRolePolicy");
    let texts = [
        denial(&explicit),
        denial(&session),
        denial(&control),
        denial(&trust),
        json!({"Code": "AccessDenied", "Message": format!("the caller is not authorized to perform 'fc:CreateTrigger' on resource '{RESOURCE}/triggers/t' with condition '[fc:EnableHTTPTriggerInternet=true]'")}),
        json!({"Code": "NoPermission", "Message": "You are not authorized to do this action. Resource: acs:ram:*:1234567890:role/* Action: ram:CreateRole"}),
    ];
    let shown: Vec<String> = texts
        .iter()
        .map(|text| explain(text.to_string(), "").shown())
        .collect();
    insta::assert_snapshot!(shown.join("\n=====\n"));
}

#[test]
fn every_other_cause_in_words() {
    let skew = "the difference between the request time 'Thu, 04 Jan 2024 01:33:13 GMT' and the current time 'Thu, 04 Jan 2024 08:34:58 GMT' is too large";
    let texts = [
        "FCAccessDeniedError: GET /account-settings failed with 403. requestid: 5d33e086, message: FC service is not enabled for current user..",
        r#"{"ErrorCode":"AccessDenied","ErrorMessage":"The service or function doesn't belong to you."}"#,
        "ErrorCode: InvalidRegionId.NotFound\nMessage: The specified region does not exist.",
        "the access key ID is disabled 'LTA******************7JE'.",
        "ErrorCode: InvalidAccessKeyId.NotFound\nMessage: Specified access key is not found.",
        r#"{"ErrorCode":"SignatureNotMatch","ErrorMessage":"The request signature we calculated does not match the signature you provided. Check your access key and signing method."}"#,
        "ErrorCode: InvalidSecurityToken.Expired\nMessage: Specified SecurityToken is expired.",
        "ErrorCode: InvalidSecurityToken.Malformed\nMessage: Specified SecurityToken is malformed.",
        skew,
        r#"{"ErrorCode":"MissingRequiredHeader","ErrorMessage":"required HTTP header Date was not specified"}"#,
        r#"{"Code":"FunctionNotFound","Message":"function 'x' does not exist."}"#,
        r#"{"Code":"EntityAlreadyExists.Policy","Message":"The policy already exists."}"#,
        r#"{"Code":"InvalidArgument","Message":"project 'x' does not exist"}"#,
        r#"{"Code":"EntityTooLarge","Message":"payload size exceeds maximum allowed size (131072 bytes)"}"#,
        r#"{"Code":"Throttling.User","Message":"Request was denied due to user flow control."}"#,
        r#"{"errorMessage":"oops","errorType":"Error","stackTrace":["Error: oops"]}"#,
        r#"{"errorMessage":"Function timed out after 3 seconds (maxMemoryUsage: 112.24MB)"}"#,
        r#"{"errorMessage":"Process exited unexpectedly before completing request (duration: 9ms, maxMemoryUsage: 49.82MB)"}"#,
        r#"{"Code":"CAExited","Message":"Function instance exited unexpectedly(code 1, message:operation not permitted)"}"#,
        r#"{"http_status":499,"headers":{"x-fc-request-id":"1-a"},"body":{"ErrorCode":"X","ErrorMessage":"gone"}}"#,
        r#"{"http_status":500,"headers":{"x-fc-request-id":"1-a"},"body":{"ErrorCode":"InternalServerError","ErrorMessage":"an internal error has occurred. Please retry."}}"#,
        "something else went wrong",
    ];
    let shown: Vec<String> = texts.iter().map(|text| explain(text, "").shown()).collect();
    insta::assert_snapshot!(shown.join("\n=====\n"));
    for text in texts {
        explain(text, "-o json").json();
    }
}

#[test]
fn a_file_is_read_and_a_code_is_a_code_whatever_files_are_there() {
    let body = denial(&implicit()).to_string();
    for name in ["error.json", "./P0001", "log"] {
        let run = line("explain -o json").arg(name).file(name, &body).run();
        assert_eq!(
            (run.exit, &run.json()["cause"]),
            (0, &json!("permission_implicit_deny")),
            "{name}"
        );
    }
    let code = line("explain P0001 -o json").file("P0001", &body).run();
    assert_eq!(code.json()["code"], "P0001");
    // stdin is read for `-` alone.
    let list = line("explain").stdin(body.as_bytes()).run();
    assert_eq!(list.exit, 0);
    assert!(list.stdout_lossy().starts_with("P0001  "));
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    insta::assert_snapshot!(line("explain ./missing.log").run().shown(), @"
    exit: 2
    --- stdout

    --- stderr
    error[I0050]: `./missing.log` cannot be read: no such file or folder

    hint: give it a text of up to 1 MiB, like the lines of a log around the error
    ");
    let long = vec![b'a'; 1024 * 1024 + 1];
    for (name, content) in [
        ("long.log", &*long),
        ("binary.log", b"ELF\0\x01"),
        ("wide.log", b"\xff\xfea\0\0\0"),
    ] {
        let run = line("explain -o json").arg(name).file(name, content).run();
        assert_eq!(
            (run.exit, &run.json()["error"]["code"]),
            (2, &json!("I0050")),
            "{name}"
        );
        assert_eq!(explain(content, "-o json").exit, 2, "{name}");
    }
    for subject in ["../etc/passwd", ".", "/"] {
        let run = line("explain -o json").arg(subject).run();
        assert_eq!(
            (run.exit, &run.json()["error"]["code"]),
            (2, &json!("I0050")),
            "{subject}"
        );
    }
    assert_eq!(explain(&long[1..], "-o json").exit, 1);
}

#[test]
fn other_encodings_are_read() {
    let body = denial(&Value::Null).to_string();
    let mut wide = vec![0xff, 0xfe];
    wide.extend(body.encode_utf16().flat_map(u16::to_le_bytes));
    let mut gbk = b"\xb1\xa8\xb4\xed: ".to_vec();
    gbk.extend(body.as_bytes());
    for text in [wide, gbk] {
        let run = explain(text, "-o json");
        assert_eq!(run.json()["resource"], RESOURCE);
    }
}

#[test]
fn what_is_unknown_ends_with_1_and_shows_what_was_read() {
    let text = "ErrorCode: UserNotAllowed\nRequestId: 1-a\nMessage: The user is not allowed, please submit the application.";
    let run = explain(text, "-o json");
    let object = run.json();
    assert_eq!(run.exit, 1);
    for (field, value) in [
        ("cause", "unknown"),
        ("service_code", "UserNotAllowed"),
        ("request_id", "1-a"),
    ] {
        assert_eq!(object[field], value, "{object:#}");
    }
    assert_eq!(object["error"]["code"], "S0011");
    for text in ["", "\u{1b}[31m\u{202e}", "\n\n"] {
        let run = explain(text, "");
        assert_eq!((run.exit, &*run.stdout), (1, &b""[..]));
        assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains('\u{202e}'));
    }
}

#[test]
fn hostile_text_neither_acts_on_the_terminal_nor_becomes_a_command() {
    let mut detail = implicit();
    detail["AuthPrincipalDisplayName"] = json!("$(reboot)\u{1b}]0;x\u{7}:\u{202e}");
    detail["EncodedDiagnosticMessage"] = json!("AQ==; reboot");
    let mut body = denial(&detail);
    body["Code"] = json!("AccessDenied");
    body["RequestId"] = json!("1\u{9b}31m");
    for words in ["", "-o json", "--color always"] {
        let run = explain(body.to_string(), words);
        let text = run.stdout_lossy() + &run.stderr;
        assert!(!text.contains(['\u{202e}', '\u{9b}', '\u{7}']), "{text}");
        assert_eq!(run.exit, 0);
    }
    let hints = explain(body.to_string(), "-o json").json()["hints"].clone();
    let commands: Vec<&str> = hints
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|hint| hint["command"].as_str())
        .collect();
    let [create] = commands[..] else {
        panic!("{commands:?}")
    };
    let words = shell_words(create);
    assert_eq!(words[..2], ["ram", "CreatePolicy"]);
    assert!(words[3].starts_with("sesame-fc-InvokeFunction-functions-hello"));
    let policy: Value = serde_json::from_str(&words[5]).unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], RESOURCE);
}

#[test]
fn nothing_is_sent_unless_it_is_asked_for() {
    let fake = Fake::start([answer(200, &[], "{}")]);
    let body = denial(&implicit()).to_string();
    let run = line("explain -")
        .stdin(body.as_bytes())
        .env("SESAME_ENDPOINT", fake.url())
        .key()
        .run();
    assert_eq!((run.exit, fake.hits().len()), (0, 0));
    // Nor where there is nothing to decode.
    let bare = denial(&Value::Null).to_string();
    let run = line("explain - --decode")
        .stdin(bare.as_bytes())
        .env("SESAME_ENDPOINT", fake.url())
        .key()
        .run();
    assert_eq!((run.exit, fake.hits().len()), (0, 0));
    assert!(
        run.stderr
            .contains("warning: the text has no `EncodedDiagnosticMessage`"),
        "{}",
        run.stderr
    );
}

fn decoded(explicit: bool) -> Value {
    json!({"RequestId": REQUEST_ID, "DecodedDiagnosticMessage": {
        "AuthAction": "fc:InvokeFunction", "AuthResource": RESOURCE, "ExplicitDeny": explicit,
        "NoPermissionPolicyType": "AccountLevelIdentityBasedPolicy",
        "AuthPrincipal": {"AuthPrincipalType": "SubUser", "AuthPrincipalOwnerId": "1234567890123456", "AuthPrincipalDisplayName": "20732900249392"},
        "AuthConditions": [{"ConditionKey": "acs:SourceIp", "ConditionValues": ["203.0.113.7"]}],
        "MatchedPolicies": if explicit { json!([{"PolicyIdentifier": "no-hello", "PolicyType": "Custom", "PolicyVersion": "v2",
            "Effect": "Deny", "AttachedScope": "Account", "AttachedEntityType": "RamGroup"}]) } else { json!([]) },
    }})
}

#[test]
fn ram_s_word_completes_the_text() {
    // The text says less than RAM knows.
    let text = denial(&json!({"EncodedDiagnosticMessage": "AQEAAAAA+/=="})).to_string();
    for explicit in [true, false] {
        let fake = Fake::start([answer(200, &[], decoded(explicit).to_string())]);
        let run = line("explain - --decode -o json")
            .stdin(text.as_bytes())
            .args(["--ram-endpoint", &fake.url(), "--endpoint", NOBODY])
            .temporary_key()
            .run();
        let hit = fake.only_hit();
        assert_eq!(hit.header("x-acs-action"), Some("DecodeDiagnosticMessage"));
        assert_eq!(hit.header("x-acs-version"), Some("2015-05-01"));
        assert_eq!(hit.query, "EncodedDiagnosticMessage=AQEAAAAA%2B%2F%3D%3D");
        let object = run.json();
        let cause = ["permission_implicit_deny", "permission_explicit_deny"][usize::from(explicit)];
        assert_eq!((run.exit, &object["cause"]), (0, &json!(cause)));
        assert_eq!(object["suggested_policy"].is_null(), explicit, "{object:#}");
        assert_eq!(object["principal"]["id"], "20732900249392");
        assert_eq!(
            object["conditions"][0],
            json!({"key": "acs:SourceIp", "value": "203.0.113.7"})
        );
        assert_eq!(
            object["decoded"]["policies"].as_array().unwrap().len(),
            usize::from(explicit)
        );
    }
    let fake = Fake::start([answer(200, &[], decoded(true).to_string())]);
    let run = line("explain - --decode")
        .stdin(text.as_bytes())
        .args(["--endpoint", &fake.url()])
        .key()
        .run();
    insta::assert_snapshot!(run.shown(), @"
    exit: 0
    --- stdout
    permission_explicit_deny: the service refused `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`: a Deny applies
      who:      RAM user `20732900249392` of account 1234567890123456
      action:   fc:InvokeFunction
      resource: acs:fc:cn-hangzhou:1234567890123456:functions/hello
      why:      decided by the caller's policies of kind AccountLevelIdentityBasedPolicy
      why:      RAM names the policy `no-hello` (Custom v2), with Deny, attached to a RamGroup at the scope Account
      why:      in the request: acs:SourceIp is 203.0.113.7
      said:     AccessDenied: the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:1234567890123456:functions/hello'
      request:  [request id]

    hint: an Allow does not lift a Deny: ask whoever owns `no-hello` for an exception

    --- stderr
    ");
}

#[test]
fn where_ram_does_not_say_the_text_is_explained_without_it() {
    let text = denial(&implicit()).to_string();
    let denied = refusal(
        403,
        "NoPermission",
        "You are not authorized to do this action. Resource: acs:ram:*:1:* Action: ram:DecodeDiagnosticMessage",
    );
    for (reply, why) in [
        (denied, "the caller may not do it"),
        (answer(200, &[], "{}"), "its answer holds no decision"),
        (answer(200, &[], "<html>"), "cannot be read"),
        (
            refusal(400, "InvalidParameter.EncodedDiagnosticMessage", "no"),
            "does not take an argument",
        ),
    ] {
        let fake = Fake::start([reply]);
        let run = line("explain - --decode -o json")
            .stdin(text.as_bytes())
            .env("SESAME_RAM_ENDPOINT", fake.url())
            .key()
            .run();
        let object = run.json();
        assert_eq!((run.exit, &object["decoded"]), (0, &Value::Null));
        let warning = object["warnings"][0].as_str().unwrap();
        assert!(
            warning.contains(why) && warning.ends_with("an administrator can"),
            "{warning}"
        );
        let hints = object["hints"].to_string();
        assert!(
            hints.contains(
                "aliyun ram DecodeDiagnosticMessage --EncodedDiagnosticMessage AQEAAAAA+/=="
            ),
            "{hints}"
        );
    }
    let nobody = line("explain - --decode -o json")
        .stdin(text.as_bytes())
        .env("SESAME_ENDPOINT", NOBODY)
        .key()
        .run();
    assert_eq!(nobody.exit, 0);
    let keyless = line("explain - --decode -o json")
        .stdin(text.as_bytes())
        .run();
    assert_eq!(
        (keyless.exit, &keyless.json()["error"]["code"]),
        (4, &json!("C0001"))
    );
    for words in ["explain --decode -o json", "explain P0001 --decode -o json"] {
        let run = line(words).run();
        assert_eq!(
            (run.exit, &run.json()["error"]["code"]),
            (2, &json!("I0001")),
            "{words}"
        );
    }
}

#[test]
fn what_a_call_says_is_explained_as_the_call_was() {
    for words in [
        "-a intern --function-name hello",
        "-a contractor --function-name billing",
        "-a intern --service-name demo --function-name hello",
        "--function-name broken",
        "--function-name nope",
    ] {
        let call = |output: &str| line(&format!("invoke --sandbox {words} {output}")).run();
        let cause = call("-o json").json()["error"]["cause"].clone();
        let shown = call("");
        let text = shown.stdout_lossy() + "\n" + &shown.stderr;
        let object = explain(text, "-o json").json();
        // The words alone do not say which way the service denied.
        let told =
            object["cause"] == cause || (object["cause"] == "permission_denied" && shown.exit == 5);
        assert!(told, "{words}: {cause} is {object:#}");
        assert_eq!(
            explain(call("-o json").stdout, "-o json").json()["cause"],
            cause
        );
    }
}

#[test]
fn what_a_service_repeats_of_a_request_is_not_shown() {
    let text = "ErrorCode: SignatureDoesNotMatch\nMessage: Specified signature is not matched with our calculation. server string to sign is:GET&%2F&SecurityToken%3Dcanary-of-the-token&Signature=0123456789abcdef";
    for words in ["", "-o json"] {
        // The harness searches both streams.
        let run = explain(text, words);
        assert_eq!(run.exit, 0);
        assert!(
            run.stdout_lossy().contains("[hidden]"),
            "{}",
            run.stdout_lossy()
        );
    }
}

#[test]
fn every_sample_is_explained_as_the_call_would_be() {
    let text = include_str!("../data/error_samples.json");
    let samples: Value = serde_json::from_str(text).unwrap();
    for sample in samples["samples"].as_array().unwrap() {
        let (id, body) = (&sample["id"], sample["body"].to_string());
        let run = explain(&body, "-o json");
        let object = run.json();
        let headers: Vec<(&str, &str)> = sample["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let status = sample["http_status"].as_u64().unwrap().try_into().unwrap();
        let fake = Fake::start([answer(status, &headers, &body)]);
        let called = fake.call("-o json").run().json();
        assert_eq!(object["cause"], called["error"]["cause"], "sample {id}");
        assert_eq!(object["action"], called["error"]["action"], "sample {id}");
        assert_eq!(
            object["resource"], called["error"]["resource"],
            "sample {id}"
        );
        assert_eq!(
            (run.exit, &object["suggested_policy"]),
            (0, &Value::Null),
            "sample {id}"
        );
        // What a call leaves is explained as the call was.
        let again = explain(called.to_string(), "-o json").json();
        assert_eq!(again["cause"], object["cause"], "sample {id}");
        assert_eq!(again["http_status"], status, "sample {id}");
    }
}

/// What the contractor's refused call, and the intern's, leave in each form.
#[test]
fn sesame_s_own_words_are_read_as_its_own() {
    for (who, function, denied) in [("contractor", "billing", true), ("intern", "hello", false)] {
        for mode in ["", "--check-perms"] {
            for output in ["", "--color always", "-o json"] {
                let words =
                    format!("invoke --sandbox -a {who} --function-name {function} {mode} {output}");
                let call = line(&words).run();
                let both = call.stderr.clone() + &call.stdout_lossy();
                let alone = match output {
                    "-o json" => call.stdout_lossy(),
                    _ => call.stderr.clone(),
                };
                let pretty = serde_json::from_str::<Value>(&call.stdout_lossy()).ok();
                let pretty = pretty.map(|object| format!("{}{object:#}\n", call.stderr));
                let log = format!("$ sesame\n{both}\n$ echo $?\n5\n");
                for text in [alone, log].into_iter().chain(pretty) {
                    let object = explain(&text, "-o json").json();
                    let (cause, denial) = match denied {
                        true => ("permission_explicit_deny", "explicit"),
                        false => ("permission_implicit_deny", "implicit"),
                    };
                    assert_eq!(object["cause"], cause, "{words}: {object:#}\n{text}");
                    assert_eq!(object["denial"], denial, "{words}");
                    assert_eq!(object["action"], "fc:InvokeFunction", "{words}");
                    let resource =
                        format!("acs:fc:cn-hangzhou:1234567890123456:functions/{function}");
                    assert_eq!(object["resource"], resource, "{words}");
                    assert_eq!(object["suggested_policy"].is_null(), denied, "{words}");
                    assert_eq!(object["principal"]["type"], "SubUser", "{words}");
                }
            }
        }
    }
    let call = line("invoke --sandbox -a contractor --function-name billing").run();
    insta::assert_snapshot!(explain(call.stderr, "").shown());
}

#[test]
fn what_is_said_in_several_lines_is_shown_in_several() {
    let text = json!({"Code": "CAExited", "Message": "Function instance exited unexpectedly.\nLogs: bo\u{1b}om\nerror[P0001]: x"});
    let shown = explain(text.to_string(), "").stdout_lossy();
    let said = "  said:     CAExited: Function instance exited unexpectedly.\n            Logs: bo\\u{1b}om\n            error[P0001]: x\n";
    assert!(shown.contains(said), "{shown}");
}
