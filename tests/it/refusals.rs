//! Refusals as others met them, replayed: each is explained, none is shown raw, and nobody's
//! text becomes advice or acts on the terminal.

use serde_json::{Value, json};

use super::fake::{ACCOUNT, Fake, REQUEST_ID, answer, refusal};
use super::harness::TOKEN;

/// Cause and exit status of each sample, by its id.
const EXPECTED: &[(u64, &str, i32)] = &[
    (1, "permission_denied", 5),
    (2, "wrong_account", 5),
    (3, "service_not_activated", 5),
    (5, "access_key_disabled", 4),
    (6, "signature_mismatch", 4),
    (8, "authentication_missing", 4),
    (10, "authentication_missing", 4),
    (11, "clock_skew", 4),
    (12, "permission_implicit_deny", 5),
    (15, "permission_explicit_deny", 5),
    (17, "permission_explicit_deny", 5),
    (19, "permission_implicit_deny", 5),
    (20, "permission_denied", 5),
    (22, "signature_mismatch", 4),
    (23, "signature_mismatch", 4),
    (24, "access_key_not_found", 4),
    (26, "function_error", 3),
    (27, "function_error", 3),
    (29, "function_exited", 3),
    (31, "function_start_failed", 3),
    (32, "function_start_failed", 3),
    (33, "function_start_failed", 3),
    (35, "resource_not_found", 7),
    (36, "invalid_argument", 1),
];

/// The samples with the endpoint that answers with each.
fn samples() -> Vec<(u64, String, Fake)> {
    let text = include_str!("../data/error_samples.json");
    let samples: Value = serde_json::from_str(text).unwrap();
    let samples = samples["samples"].as_array().unwrap().clone();
    let replayed = samples.into_iter().map(|sample| {
        let headers = sample["headers"].as_object().cloned().unwrap_or_default();
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let body = sample["body"].to_string();
        let status = u16::try_from(sample["http_status"].as_u64().unwrap()).unwrap();
        let fake = Fake::start([answer(status, &headers, &body)]);
        (sample["id"].as_u64().unwrap(), body, fake)
    });
    replayed.collect()
}

#[test]
fn every_sample_has_its_cause_and_exit_status() {
    let samples = samples();
    assert_eq!(samples.len(), EXPECTED.len());
    for (id, _, fake) in samples {
        let (_, cause, exit) = EXPECTED.iter().find(|(known, ..)| *known == id).unwrap();
        let run = fake.call("-o json").run();
        let object = run.json();
        assert_eq!(
            (&object["error"]["cause"], run.exit),
            (&json!(cause), *exit),
            "sample {id}"
        );
        assert!(
            object["response"]["body"].is_string(),
            "what was received is kept"
        );
        assert_eq!(fake.hits().len(), 1, "sample {id}");
    }
}

#[test]
fn no_sample_is_shown_raw() {
    for (id, body, fake) in samples() {
        let run = fake.call("").run();
        assert!(!run.stderr.contains(&body), "sample {id}:\n{}", run.stderr);
        assert!(run.stderr.contains("error["), "sample {id}");
        if run.exit == 3 && body.contains("errorMessage") {
            assert_eq!(run.stdout_lossy(), body, "the function's own bytes");
        } else {
            assert_eq!(run.stdout, b"", "sample {id}");
        }
        let hinted = run.stderr.contains("\nhint: ");
        assert!(hinted, "sample {id} has no next step:\n{}", run.stderr);
    }
}

#[test]
fn no_sample_makes_advice_for_another_call() {
    // Each of them names another action or resource than the call of `hello`.
    for (id, _, fake) in samples() {
        let object = fake.call("-o json").run().json();
        let suggested = &object["error"]["suggested_policy"];
        assert!(suggested.is_null(), "sample {id}: {suggested}");
    }
}

/// A 403 in the platform's shape that names what it likes.
fn denial(action: &str, resource: &str, code: &str) -> Fake {
    let text =
        format!("the caller is not authorized to perform '{action}' on resource '{resource}'");
    let body = json!({"Code": code, "Message": text, "RequestId": REQUEST_ID});
    Fake::start([answer(
        403,
        &[("X-Fc-Request-Id", REQUEST_ID)],
        body.to_string(),
    )])
}

#[test]
fn a_hostile_refusal_plants_no_advice() {
    let own = format!("acs:fc:cn-hangzhou:{ACCOUNT}:functions/hello");
    let sibling = format!("acs:fc:cn-hangzhou:{ACCOUNT}:functions/hello2");
    let wider = format!("acs:fc:cn-hangzhou:{ACCOUNT}:functions/*");
    for (action, resource) in [
        ("ram:*", "*"),
        ("ram:*", &*own),
        ("*", &*own),
        ("fc:*", &*own),
        ("fc:InvokeFunction", "*"),
        ("fc:InvokeFunction", &*sibling),
        ("fc:InvokeFunction", &*wider),
        ("fc:DeleteFunction", &*own),
        ("ram:AttachPolicyToUser", "acs:ram:*:1:user/mallory"),
    ] {
        let fake = denial(action, resource, "AccessDenied");
        let run = fake.call("-o json").run();
        let error = run.json()["error"].clone();
        assert_eq!(run.exit, 5);
        assert!(
            error["suggested_policy"].is_null(),
            "{action} on {resource}: {error:#}"
        );
        let commands = error["hints"].as_array().unwrap().iter();
        let commands: Vec<&str> = commands
            .filter_map(|hint| hint["command"].as_str())
            .collect();
        assert!(
            commands
                .iter()
                .all(|command| !command.contains("CreatePolicy")
                    && !command.contains("AttachPolicy")),
            "{action} on {resource}: {commands:?}"
        );
        // What was said is shown as said.
        assert_eq!(error["action"], action);
        assert_eq!(error["resource"], resource);
    }
    let run = denial("ram:*", "*", "AccessDenied").call("").run();
    insta::assert_snapshot!(run.shown(), @r"
    exit: 5
    --- stdout

    --- stderr
    error[P0004]: the service refused `ram:*` on `*`: the caller may not do it
      action:   ram:*
      resource: *
      why:      sesame assumed `fc:InvokeFunction` on `acs:fc:cn-hangzhou:1234567890123456:functions/hello`, which is not what the answer names
      said:     AccessDenied: the caller is not authorized to perform 'ram:*' on resource '*'
      request:  [request id]

    hint: sesame suggests no policy for something else than the call: compare the two before you grant it
    ");
}

#[test]
fn the_call_s_own_denial_has_its_policy() {
    let own = format!("acs:fc:cn-hangzhou:{ACCOUNT}:functions/hello");
    let fake = denial("fc:InvokeFunction", &own, "AccessDenied");
    let error = fake.call("-o json").run().json()["error"].clone();
    let statement = &error["suggested_policy"]["Statement"][0];
    assert_eq!(statement["Action"], "fc:InvokeFunction");
    assert_eq!(statement["Resource"], own);
}

#[test]
fn an_encoded_message_is_quoted_for_a_shell() {
    let body = json!({
        "Code": "AccessDenied", "Message": "no", "RequestId": REQUEST_ID,
        "AccessDeniedDetail": {
            "AuthAction": "fc:InvokeFunction", "NoPermissionType": "ImplicitDeny",
            "AuthPrincipalDisplayName": "x'; rm -rf / #", "AuthPrincipalType": "SubUser",
            "EncodedDiagnosticMessage": "$(touch owned)'; rm -rf / #",
        },
    });
    let fake = Fake::start([answer(403, &[], body.to_string())]);
    let error = fake.call("-o json").run().json()["error"].clone();
    for hint in error["hints"].as_array().unwrap() {
        let Some(command) = hint["command"].as_str() else {
            continue;
        };
        // A shell takes the whole of it as arguments.
        let words = super::harness::shell_words(command);
        assert_eq!(words[0], "ram", "{command}");
        if words[1] == "DecodeDiagnosticMessage" {
            assert_eq!(words[3..], ["$(touch owned)'; rm -rf / #"]);
        }
    }
}

/// What a terminal would act on: escape sequences, C1 controls, marks of writing direction.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}gnp.exe\u{2066}\r\nerror[P0001]: forged\u{0}\u{8}";

fn acts_on_a_terminal(text: &str) -> bool {
    text.chars().any(|character| {
        (character.is_control() && character != '\n' && character != '\t')
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

#[test]
fn a_hostile_text_is_escaped_wherever_it_stands() {
    assert!(acts_on_a_terminal(HOSTILE));
    let detail = json!({
        "AuthAction": HOSTILE, "AuthPrincipalType": HOSTILE, "AuthPrincipalOwnerId": HOSTILE,
        "AuthPrincipalDisplayName": HOSTILE, "NoPermissionType": "ImplicitDeny", "PolicyType": HOSTILE,
        "EncodedDiagnosticMessage": HOSTILE,
    });
    let bodies = [
        (403, json!({"Code": HOSTILE, "Message": HOSTILE, "RequestId": HOSTILE, "AccessDeniedDetail": detail}).to_string()),
        (403, json!({"ErrorCode": "AccessDenied", "ErrorMessage": format!("the caller is not authorized to perform '{HOSTILE}' on resource '{HOSTILE}' with condition '[{HOSTILE}={HOSTILE}]'")}).to_string()),
        (404, json!({"Code": "FunctionNotFound", "Message": HOSTILE, "RequestId": HOSTILE}).to_string()),
        (429, json!({"Code": HOSTILE, "Message": HOSTILE}).to_string()),
        (500, json!({"Code": HOSTILE, "Message": HOSTILE, "RequestId": HOSTILE}).to_string()),
        (502, HOSTILE.to_owned()),
        (200, HOSTILE.to_owned()),
    ];
    for (status, body) in bodies {
        let fake = Fake::start([answer(status, &[("X-Acs-Retry-After", "1")], &body)]);
        for words in ["", "--debug", "-o json", "-o json --debug"] {
            let run = fake.call(words).run();
            assert_ne!(run.exit, 0);
            assert!(
                !acts_on_a_terminal(&run.stderr),
                "{status} {words}: {:?}",
                run.stderr
            );
            assert!(!acts_on_a_terminal(&run.stdout_lossy()), "{status} {words}");
            let forged = run
                .stderr
                .lines()
                .any(|line| line.starts_with("error[P0001]: forged"));
            assert!(!forged, "{status} {words}: {}", run.stderr);
        }
    }
}

#[test]
fn a_hostile_log_is_escaped_and_the_result_is_untouched() {
    use base64::Engine;
    let log = base64::engine::general_purpose::STANDARD.encode(HOSTILE);
    let latin = "caf\u{e9}";
    for error in [None, Some(HOSTILE)] {
        let mut headers = vec![
            ("X-Fc-Request-Id", REQUEST_ID),
            ("X-Fc-Log-Result", log.as_str()),
            ("X-Fc-Instance-Id", latin),
        ];
        if error.is_some() {
            headers.push(("X-Fc-Error-Type", "UnhandledInvocationError"));
        }
        let fake = Fake::start([answer(200, &headers, HOSTILE)]);
        let run = fake.call("").run();
        assert_eq!(run.stdout, HOSTILE.as_bytes());
        assert!(!acts_on_a_terminal(&run.stderr), "{:?}", run.stderr);
        assert!(
            run.stderr.contains("\\u{1b}[2J"),
            "shown, not dropped: {}",
            run.stderr
        );
        let raw = fake.call("-o raw").run();
        assert_eq!(raw.stdout, HOSTILE.as_bytes());
        let json = fake.call("-o json").run();
        assert!(!acts_on_a_terminal(&json.stdout_lossy()));
        assert_eq!(json.json()["response"]["log"], HOSTILE);
        assert_eq!(json.json()["response"]["body"], HOSTILE);
    }
}

#[test]
fn a_function_s_error_message_is_escaped() {
    let headers = [
        ("X-Fc-Request-Id", REQUEST_ID),
        ("X-Fc-Error-Type", "UnhandledInvocationError"),
    ];
    let body = json!({"errorMessage": HOSTILE, "errorType": HOSTILE}).to_string();
    let fake = Fake::start([answer(200, &headers, &body)]);
    let run = fake.call("").run();
    assert_eq!((run.exit, run.stdout_lossy()), (3, body));
    assert!(!acts_on_a_terminal(&run.stderr), "{:?}", run.stderr);
}

#[test]
fn a_policy_s_own_text_is_escaped() {
    // As JSON writes it and as it stands in the file.
    let escaped = format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":{}}}]}}"#,
        json!(HOSTILE)
    );
    let literal = "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"\u{202e}wollA\u{9b}31m\",\"Action\":\"fc:*\",\"Resource\":\"*\"}]}".to_owned();
    for text in [escaped, literal] {
        for words in ["--check-perms", "-o json"] {
            let run =
                super::harness::line("invoke --sandbox --function-name hello --policy-file p.json")
                    .args(words.split(' '))
                    .file("p.json", &text)
                    .run();
            assert!(matches!(run.exit, 2 | 5), "{}", run.stderr);
            assert!(!acts_on_a_terminal(&run.stderr), "{:?}", run.stderr);
            assert!(
                !acts_on_a_terminal(&run.stdout_lossy()),
                "{:?}",
                run.stdout_lossy()
            );
        }
    }
}

#[test]
fn a_hostile_file_name_is_escaped() {
    for flag in ["-f", "--policy-file", "--emit-policy"] {
        let name = "no/\u{1b}[31m\u{202e}";
        let command = super::harness::line("invoke --sandbox --function-name hello");
        let command = match flag {
            "--emit-policy" => command.arg(format!("--emit-policy={name}")),
            _ => command.args([flag, name]),
        };
        let run = command.run();
        assert_eq!(run.exit, 2, "{flag}");
        assert!(!acts_on_a_terminal(&run.stderr), "{flag}: {:?}", run.stderr);
    }
}

#[test]
fn an_answer_of_fc_without_an_error_s_form_is_still_fc_s() {
    for (status, body, cause, exit) in [
        (403, "", "permission_denied", 5),
        (404, "", "resource_not_found", 7),
        (500, "oops", "service_error", 1),
        (502, "<html>bad gateway</html>", "service_error", 1),
    ] {
        let fake = Fake::start([answer(status, &[("X-Fc-Request-Id", REQUEST_ID)], body)]);
        let run = fake.call("-o json").run();
        assert_eq!(
            (&run.json()["error"]["cause"], run.exit),
            (&json!(cause), exit),
            "{status}"
        );
    }
}

#[test]
fn a_secret_that_the_service_repeats_is_not_shown() {
    let echo = format!("server CanonicalRequest is:POST\n/\n\nx-acs-security-token:{TOKEN}\n");
    let quoted = "invalid authorization 'ACS3-HMAC-SHA256 Credential=LTAI-test-key,SignedHeaders=host,Signature=eb60d8d5936ff45bf3f9217e12d8760605413de39bffd6252ba368d6c4cf8419'";
    for (code, text) in [
        ("SignatureDoesNotMatch", &*echo),
        ("InvalidArgument", quoted),
    ] {
        for words in ["", "-o json", "--debug"] {
            let fake = Fake::start([refusal(400, code, text)]);
            // The harness searches both streams.
            fake.call(words).temporary_key().run();
        }
    }
    let headers = [
        ("X-Fc-Request-Id", REQUEST_ID),
        ("X-Acs-Security-Token", TOKEN),
        ("X-Fc-Security-Token", TOKEN),
    ];
    let fake = Fake::start([answer(200, &headers, "")]);
    fake.call("--debug").temporary_key().run();
}

#[test]
fn a_log_that_repeats_a_secret_is_shown_without_it() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let log = STANDARD.encode(format!("env: TOKEN={TOKEN}\nauthorization 'ACS3-HMAC-SHA256 Credential=a,SignedHeaders=b,Signature=0a'"));
    for (status, headers, body) in [
        (200, vec![], "done"),
        (
            200,
            vec![("X-Fc-Error-Type", "UnhandledInvocationError")],
            "{}",
        ),
        (403, vec![], r#"{"Code":"AccessDenied","Message":"no"}"#),
    ] {
        for words in ["", "-o json", "--debug"] {
            let mut headers = headers.clone();
            headers.extend([("X-Fc-Request-Id", REQUEST_ID), ("X-Fc-Log-Result", &*log)]);
            let fake = Fake::start([answer(status, &headers, body)]);
            let run = fake.call(words).temporary_key().run();
            let decoded = run
                .stdout_lossy()
                .split('"')
                .chain(run.stderr.split_whitespace())
                .filter_map(|word| STANDARD.decode(word).ok())
                .any(|bytes| String::from_utf8_lossy(&bytes).contains(TOKEN));
            assert!(!decoded, "{status} {words}");
        }
    }
}

#[test]
fn a_function_s_own_body_is_never_a_denial() {
    let body =
        r#"{"errorMessage":"the caller is not authorized to perform 'ram:*' on resource '*'"}"#;
    let headers = [
        ("X-Fc-Request-Id", REQUEST_ID),
        ("X-Fc-Error-Type", "UnhandledInvocationError"),
    ];
    for status in [200, 403, 502] {
        let fake = Fake::start([answer(status, &headers, body)]);
        let run = fake.call("-o json").run();
        assert_eq!(
            (run.exit, &run.json()["error"]["cause"]),
            (3, &json!("function_error")),
            "{status}"
        );
        assert_eq!(run.json()["error"]["suggested_policy"], Value::Null);
    }
}

#[test]
fn anyone_can_write_a_message() {
    for (status, body) in [
        (404, r#"{"message":"no Route matched with those values"}"#),
        (401, r#"{"message":"Unauthorized"}"#),
        (403, r#"{"error":{"message":"forbidden"}}"#),
    ] {
        let fake = Fake::start([answer(status, &[], body)]);
        let run = fake.call("-o json").run();
        assert_eq!(
            (run.exit, &run.json()["error"]["cause"]),
            (1, &json!("not_fc")),
            "{status}"
        );
    }
}

#[test]
fn no_policy_is_suggested_where_a_layer_above_denies() {
    for layer in ["ControlPolicy", "SessionPolicy"] {
        let body = json!({
            "Code": "AccessDenied",
            "Message": format!("the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:{ACCOUNT}:functions/hello'"),
            "AccessDeniedDetail": {"NoPermissionType": "ImplicitDeny", "PolicyType": layer},
        });
        let fake = Fake::start([answer(
            403,
            &[("X-Fc-Request-Id", REQUEST_ID)],
            body.to_string(),
        )]);
        let error = fake.call("-o json").run().json()["error"].clone();
        assert_eq!(error["cause"], "permission_implicit_deny");
        assert_eq!(
            (&error["suggested_policy"], &error["policy_type"]),
            (&Value::Null, &json!(layer))
        );
    }
}

#[test]
fn what_the_service_went_by_is_held_against_what_was_assumed() {
    let body = |resource: &str, kind: &str| {
        json!({
            "Code": "AccessDenied",
            "Message": format!("the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:{ACCOUNT}:{resource}'"),
            "AccessDeniedDetail": {"NoPermissionType": kind},
        })
    };
    for kind in ["ImplicitDeny", "ExplicitDeny"] {
        for (resource, words, said) in [
            ("functions/hello", "", ""),
            (
                "functions/hello/LATEST",
                "",
                "which is not what the answer names",
            ),
            (
                "functions/hello/LATEST",
                "--qualifier LATEST",
                "the service went by",
            ),
            (
                "services/s/functions/hello",
                "--service-name s",
                "the service went by",
            ),
            (
                "services/s.1/functions/hello",
                "--service-name s --qualifier 2",
                "not what the answer names",
            ),
        ] {
            let headers = [("X-Fc-Request-Id", REQUEST_ID)];
            let fake = Fake::start([answer(403, &headers, body(resource, kind).to_string())]);
            let error = fake.call(&format!("-o json {words}")).run().json()["error"].clone();
            let why = error["why"].to_string();
            let heard = why.contains("sesame assumed") || why.contains("the service went by");
            assert_eq!(heard, !said.is_empty(), "{resource} {words}: {why}");
            assert!(why.contains(said), "{resource} {words}: {why}");
        }
    }
}

#[test]
fn a_secret_is_found_however_it_is_written() {
    let escaped: String = TOKEN
        .chars()
        .map(|one| format!("\\u{:04x}", u32::from(one)))
        .collect();
    let json = format!(r#"{{"Code":"SignatureNotMatch","Message":"token {escaped}"}}"#);
    let mut page =
        format!("<html>token {TOKEN} Authorization: FC LTAI-test-key:sigsig=").into_bytes();
    page.extend(vec![b'a'; 400]);
    page.extend(b"\xff\xfe");
    for (status, headers, body) in [
        (403, vec![("X-Fc-Request-Id", REQUEST_ID)], json.as_bytes()),
        (403, vec![("X-Fc-Request-Id", REQUEST_ID)], &*page),
        (502, vec![], &*page),
    ] {
        for words in ["", "-o json", "--debug"] {
            let fake = Fake::start([answer(status, &headers, body)]);
            let run = fake.call(words).temporary_key().run();
            let object: Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
            assert!(!object["response"]["body"].to_string().contains(TOKEN));
            let encoded = object["response"]["body_base64"]
                .as_str()
                .unwrap_or_default();
            use base64::Engine;
            let decoded = base64::engine::general_purpose::STANDARD
                .decode(encoded)
                .unwrap();
            assert!(
                !String::from_utf8_lossy(&decoded).contains(TOKEN),
                "{status}"
            );
        }
    }
}
