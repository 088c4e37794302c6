mod forms;
mod hostile;
mod others;

use serde_json::{Value, json};

use forms::*;

use super::*;
use crate::diagnosis::{Decoded, Evidence, Explanation};

/// What a sample of `tests/data/error_samples.json` is: its cause, action and resource.
type Expected = (u64, Cause, Option<&'static str>, Option<&'static str>);

const EXPECTED: &[Expected] = &[
    (
        1,
        Cause::PermissionDenied,
        Some("fc:CreateService"),
        Some("acs:fc:cn-shanghai:1234567890:services/*"),
    ),
    (2, Cause::WrongAccount, None, None),
    (3, Cause::ServiceNotActivated, None, None),
    (5, Cause::AccessKeyDisabled, None, None),
    (6, Cause::SignatureMismatch, None, None),
    (8, Cause::AuthenticationMissing, None, None),
    (10, Cause::AuthenticationMissing, None, None),
    (11, Cause::ClockSkew, None, None),
    (
        12,
        Cause::PermissionImplicitDeny,
        Some("fc:ListFunctions"),
        Some("acs:fc:ap-southeast-1:1234567890:functions/*"),
    ),
    (
        15,
        Cause::PermissionExplicitDeny,
        Some("fc:CreateTrigger"),
        Some("acs:fc:xx:xx:functions/xx/triggers/xx"),
    ),
    (
        17,
        Cause::PermissionExplicitDeny,
        Some("fc:CreateCustomDomain"),
        Some("acs:fc:xxx:xxx:custom-domains/xxx"),
    ),
    (
        19,
        Cause::PermissionImplicitDeny,
        Some("adb:DescribeExcessivePrimaryKeys"),
        None,
    ),
    (
        20,
        Cause::PermissionDenied,
        Some("ram:CreateRole"),
        Some("acs:ram:*:1234567890:role/*"),
    ),
    (22, Cause::SignatureMismatch, None, None),
    (23, Cause::SignatureMismatch, None, None),
    (24, Cause::AccessKeyNotFound, None, None),
    (26, Cause::FunctionError, None, None),
    (27, Cause::FunctionError, None, None),
    (29, Cause::FunctionExited, None, None),
    (31, Cause::FunctionStartFailed, None, None),
    (32, Cause::FunctionStartFailed, None, None),
    (33, Cause::FunctionStartFailed, None, None),
    (35, Cause::ResourceNotFound, None, None),
    (36, Cause::InvalidArgument, None, None),
];

struct Sample {
    expected: Expected,
    status: u64,
    headers: Value,
    body: Value,
}

fn samples() -> Vec<Sample> {
    let text = include_str!("../../../tests/data/error_samples.json");
    let samples: Value = serde_json::from_str(text).unwrap();
    let samples = samples["samples"].as_array().unwrap().clone();
    assert_eq!(samples.len(), EXPECTED.len());
    let with = |sample: Value| Sample {
        expected: *EXPECTED
            .iter()
            .find(|(id, ..)| sample["id"] == json!(id))
            .unwrap(),
        status: sample["http_status"].as_u64().unwrap(),
        headers: sample["headers"].clone(),
        body: sample["body"].clone(),
    };
    samples.into_iter().map(with).collect()
}

fn explained(text: &str) -> Explanation {
    Evidence::read(text).explain()
}

/// Holds a text against what the sample is.
fn hold(form: &str, sample: &Sample, text: &str) {
    let (id, cause, action, resource) = sample.expected;
    let explanation = explained(text);
    let reading = &explanation.reading;
    assert_eq!(
        (
            explanation.cause,
            reading.action.as_deref(),
            reading.resource.as_deref()
        ),
        (cause, action, resource),
        "sample {id} as {form}:\n{text}\n{reading:#?}"
    );
    assert_eq!(
        explanation.count, 1,
        "sample {id} as {form}:\n{text}\n{reading:#?}"
    );
    if id == 19 {
        let principal = reading.principal.clone().unwrap();
        assert_eq!(principal.kind.as_deref(), Some("SubUser"), "{form}");
        assert_eq!(
            principal.account_id.as_deref(),
            Some("1234567890"),
            "{form}"
        );
        assert_eq!(principal.id.as_deref(), Some("2***************9"), "{form}");
    }
    // No sample names one exact pair.
    assert_eq!(explanation.failure.suggested_policy, None, "{id} {form}");
}

fn message(sample: &Sample) -> String {
    let names = ["ErrorMessage", "Message", "errorMessage"];
    let mut messages = names.iter().filter_map(|name| sample.body[*name].as_str());
    messages.next().unwrap_or_default().to_owned()
}

fn code(sample: &Sample) -> Option<&str> {
    let names = ["ErrorCode", "Code"];
    names.iter().find_map(|name| sample.body[*name].as_str())
}

fn is_function(sample: &Sample) -> bool {
    [26, 27, 29].contains(&sample.expected.0)
}

#[test]
fn every_sample_is_read_as_a_body_in_any_dress() {
    for sample in samples() {
        for (form, text) in forms_of_an_object(&sample.body) {
            hold(form, &sample, &text);
        }
    }
}

#[test]
fn every_sample_is_read_as_an_answer() {
    for sample in samples() {
        let headers = match &sample.headers {
            Value::Null => json!({}),
            headers => headers.clone(),
        };
        let answer = json!({"http_status": sample.status, "headers": headers, "body": sample.body});
        hold("an answer", &sample, &answer.to_string());
        let text = json!({"http_status": sample.status, "headers": headers, "body": sample.body.to_string()});
        hold("an answer with a text", &sample, &format!("{text:#}"));
        let explanation = explained(&answer.to_string());
        assert_eq!(explanation.http_status.map(u64::from), Some(sample.status));
        let mut dump = format!("HTTP/1.1 {} Any\r\n", sample.status);
        for (name, value) in headers.as_object().unwrap() {
            dump.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
        }
        dump.push_str(&format!(
            "Content-Type: application/json\r\n\r\n{}\r\n",
            sample.body
        ));
        hold("curl -i", &sample, &dump);
    }
}

#[test]
fn every_sample_is_read_in_the_words_of_sdks() {
    for sample in samples().iter().filter(|one| !is_function(one)) {
        if sample.expected.0 == 19 {
            // It has no message, so only the forms that carry the detail can show it.
            let text = format!(
                "SDKError:\n   StatusCode: 403\n   Code: Forbidden\n   Data: {}",
                sample.body
            );
            hold("tea in Go", sample, &text);
            hold(
                "Go",
                sample,
                &format!(
                    "AccessDeniedDetail: {}\n",
                    go_map(&sample.body["AccessDeniedDetail"])
                ),
            );
            continue;
        }
        for (form, text) in sdk_forms(sample) {
            let by_code_alone = [24, 35, 36].contains(&sample.expected.0);
            let coded = code(sample).is_some();
            // The detail is what makes a denial implicit, and few forms carry it.
            if sample.expected.0 == 12 && !["aliyun CLI", "terraform", "tea in Go"].contains(&form)
            {
                let explanation = explained(&text);
                assert_eq!(explanation.cause, Cause::PermissionDenied, "{form}");
                assert_eq!(
                    explanation.reading.action.as_deref(),
                    sample.expected.2,
                    "{form}"
                );
                assert_eq!(
                    explanation.reading.resource.as_deref(),
                    sample.expected.3,
                    "{form}"
                );
                continue;
            }
            assert!(coded || !by_code_alone);
            hold(form, sample, &text);
        }
    }
}

#[test]
fn the_sentence_alone_is_enough() {
    for sample in samples() {
        let (id, ..) = sample.expected;
        let text = message(&sample);
        if text.is_empty() || [12, 26, 27, 35, 36].contains(&id) {
            continue;
        }
        hold("a sentence", &sample, &text);
        hold(
            "a sentence in Chinese",
            &sample,
            &format!("调用函数时提示「{text}」，求助"),
        );
    }
}

#[test]
fn lines_broken_by_a_terminal_are_joined() {
    for sample in samples() {
        for width in [33, 40, 72, 80] {
            let body: Vec<char> = sample.body.to_string().chars().collect();
            let rows: Vec<String> = body.chunks(width).map(String::from_iter).collect();
            hold("broken lines", &sample, &rows.join("\n"));
            hold("broken lines with CRLF", &sample, &rows.join("\r\n"));
        }
    }
}

#[test]
fn what_is_cut_off_is_never_read_as_something_else() {
    for sample in samples() {
        let (id, cause, action, resource) = sample.expected;
        let body = sample.body.to_string();
        for end in (0..body.len()).filter(|end| body.is_char_boundary(*end)) {
            let explanation = explained(&body[..end]);
            let found = explanation.cause;
            let reading = &explanation.reading;
            // Which way it was denied is known once the text has said so.
            let denied = |one: Cause| one.as_str().starts_with("permission_");
            let start_of = denied(cause) && denied(found);
            // Code alone: the text would have told.
            let by_code = code(&sample) == Some("AccessDenied") && found == Cause::PermissionDenied;
            let by_function = is_function(&sample) && found == Cause::FunctionError;
            let by_argument = found == Cause::InvalidArgument
                && ["InvalidArgument", "MissingRequiredHeader"]
                    .map(Some)
                    .contains(&code(&sample));
            assert!(
                found == cause
                    || found == Cause::Unknown
                    || start_of
                    || by_code
                    || by_function
                    || by_argument,
                "sample {id} cut at {end} is {found:?}: {}",
                &body[..end]
            );
            assert!(
                reading.action.is_none() || reading.action.as_deref() == action,
                "{}: {reading:?}",
                &body[..end]
            );
            assert!(
                reading.resource.is_none() || reading.resource.as_deref() == resource,
                "{}: {reading:?}",
                &body[..end]
            );
            assert_eq!(explanation.failure.suggested_policy, None);
        }
    }
}

const OWN: &str = "acs:fc:cn-hangzhou:1234567890123456:functions/hello";

fn denial(action: &str, resource: &str) -> Value {
    json!({"Code": "AccessDenied", "RequestId": "1-a",
        "Message": format!("the caller is not authorized to perform '{action}' on resource '{resource}'")})
}

/// The pairs of a suggested policy.
fn granted(explanation: &Explanation) -> Option<(String, String)> {
    let policy = explanation.failure.suggested_policy.as_ref()?;
    let statements = policy["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 1);
    let text = |name: &str| statements[0][name].as_str().unwrap().to_owned();
    assert_eq!(text("Effect"), "Allow");
    Some((text("Action"), text("Resource")))
}

#[test]
fn one_exact_pair_is_granted_and_nothing_else() {
    let pair = Some(("fc:InvokeFunction".to_owned(), OWN.to_owned()));
    let body = denial("fc:InvokeFunction", OWN);
    for (form, text) in forms_of_an_object(&body) {
        let explanation = explained(&text);
        // Quotation marks in colours leave the values whole, and PHP's slashes are undone.
        assert_eq!(
            granted(&explanation),
            pair,
            "{form}: {text}\n{:#?}",
            explanation.failure.why
        );
        assert_eq!(explanation.warnings, Vec::<String>::new(), "{form}");
    }
    for hint in &explained(&body.to_string()).failure.hints {
        let command = hint.command.as_deref().unwrap_or_default();
        assert!(
            command.is_empty() || command.starts_with("aliyun ram CreatePolicy "),
            "{command}"
        );
    }
    let other = explained(
        &denial(
            "fnf:DescribeFlow",
            "acs:fnf:cn-hangzhou:1234567890123456:flow/f",
        )
        .to_string(),
    );
    assert!(granted(&other).is_some());
    assert!(other.warnings[0].contains("`fnf:DescribeFlow` is not in sesame's table"));
}

#[test]
fn a_refusal_behind_a_function_s_result_is_the_platform_s() {
    let text = format!(
        "Invoke Result:\nHello world!\n✔ [hello] completed (0.06s)\n✖ [hello] failed to [invoke]:\n{}\n",
        denial("fc:InvokeFunction", OWN)
    );
    assert!(granted(&explained(&text)).is_some());
}

#[test]
fn a_detail_is_read_in_every_spelling() {
    let message = denial("fc:InvokeFunction", OWN)["Message"].clone();
    let detail = json!({"NoPermissionType": "ExplicitDeny", "PolicyType": "ControlPolicy", "AuthAction": "fc:InvokeFunction",
        "AuthPrincipalType": "SubUser", "AuthPrincipalDisplayName": "20732900249392", "AuthPrincipalOwnerId": "1234567890123456",
        "EncodedDiagnosticMessage": "AQEAAAAA+/=="});
    fn snake(key: &str) -> String {
        let pieces = key.chars().map(|one| match one.is_ascii_uppercase() {
            true => format!("_{}", one.to_ascii_lowercase()),
            false => one.to_string(),
        });
        pieces
            .collect::<String>()
            .trim_start_matches('_')
            .to_owned()
    }
    let texts = [
        json!({"Code": "AccessDenied", "Message": message, "AccessDeniedDetail": detail}).to_string(),
        json!({"Code": "AccessDenied", "Message": message, "AccessDeniedDetail": detail.to_string()}).to_string(),
        json!({"code": "AccessDenied", "message": message, "accessDeniedDetail": keyed(&detail, lower_camel)}).to_string(),
        json!({"code": "AccessDenied", "message": message, "access_denied_detail": keyed(&detail, snake)}).to_string(),
        json!({"code": "AccessDenied", "message": format!("code: 403, {} request id: 1-a", message.as_str().unwrap()),
            "data": {"Code": "AccessDenied", "Message": message, "AccessDeniedDetail": detail}, "statusCode": 403}).to_string(),
        format!("Code: AccessDenied\nMessage: >-\n  {}\nAccessDeniedDetail:\n{}", message.as_str().unwrap(),
            detail.as_object().unwrap().iter().map(|(key, value)| format!("  {key}: {}\n", value.as_str().unwrap())).collect::<String>()),
        format!("AccessDenied: {}, AccessDeniedDetail: {}", message.as_str().unwrap(), go_map(&detail)),
        python(&json!({"ErrorCode": "AccessDenied", "ErrorMessage": message, "AccessDeniedDetail": detail})),
    ];
    for text in texts {
        let explanation = explained(&text);
        let reading = explanation.reading;
        assert_eq!(
            (explanation.cause, explanation.count),
            (Cause::PermissionExplicitDeny, 1),
            "{text}"
        );
        assert_eq!(
            reading.policy_type.as_deref(),
            Some("ControlPolicy"),
            "{text}"
        );
        assert_eq!(
            reading.encoded_diagnostic_message.as_deref(),
            Some("AQEAAAAA+/=="),
            "{text}"
        );
        let principal = reading.principal.unwrap();
        assert_eq!(principal.id.as_deref(), Some("20732900249392"), "{text}");
        assert_eq!(
            principal.account_id.as_deref(),
            Some("1234567890123456"),
            "{text}"
        );
        assert_eq!(principal.kind.as_deref(), Some("SubUser"), "{text}");
    }
}

#[test]
fn ram_s_word_counts_for_more_than_the_text_s() {
    let decoded = |action: &str, resource: &str| Decoded {
        action: Some(action.to_owned()),
        resource: Some(resource.to_owned()),
        denial: Some(crate::preflight::Denial::Implicit),
        ..Decoded::default()
    };
    let explained = |text: &str, decoded: Decoded| Evidence::read(text).decoded(decoded).explain();
    let text = denial("fc:InvokeFunction", OWN).to_string();
    let agreed = explained(&text, decoded("fc:InvokeFunction", OWN));
    assert!(granted(&agreed).is_some());
    assert!(
        !agreed
            .failure
            .why
            .iter()
            .any(|why| why.contains("the text's own"))
    );
    let other = explained(
        &text,
        decoded("ram:CreateUser", "acs:ram::1234567890123456:user/x"),
    );
    assert_eq!(other.reading.action.as_deref(), Some("ram:CreateUser"));
    assert_eq!(granted(&other), None);
    // What the text does not say whole, RAM does.
    let cut = &text[..text.len() - 30];
    assert_eq!(granted(&super::tests::explained(cut)), None);
    assert!(granted(&explained(cut, decoded("fc:InvokeFunction", OWN))).is_some());
}
