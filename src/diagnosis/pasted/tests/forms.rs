//! The forms in which people meet a refusal.

use serde_json::{Value, json};

use super::{Sample, code, message};

/// The keys of every object, written otherwise.
pub(super) fn keyed(value: &Value, change: fn(&str) -> String) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (change(key), keyed(value, change)))
            .collect(),
        Value::Array(items) => items.iter().map(|item| keyed(item, change)).collect(),
        other => other.clone(),
    }
}

pub(super) fn lower_camel(key: &str) -> String {
    let mut rest = key.chars();
    let first = rest.next().map(|one| one.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

/// As Python prints a dictionary.
pub(super) fn python(value: &Value) -> String {
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
pub(super) fn go_map(detail: &Value) -> String {
    let rows = detail.as_object().unwrap().iter();
    let rows: Vec<String> = rows
        .map(|(key, value)| format!("{key}:{}", value.as_str().unwrap()))
        .collect();
    format!("map[{}]", rows.join(" "))
}

/// Each sample in the forms that keep its object.
pub(super) fn forms_of_an_object(body: &Value) -> Vec<(&'static str, String)> {
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

/// The ways in which SDKs and CLIs show a refusal.
pub(super) fn sdk_forms(sample: &Sample) -> Vec<(&'static str, String)> {
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
