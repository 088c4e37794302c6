use super::super::Call;
use super::*;

fn request(headers: &[(&str, &str)], body: &'static [u8]) -> HttpCall {
    let headers = headers.iter().map(|(name, value)| {
        let name = name.parse::<HeaderName>().unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    let mut map = HeaderMap::new();
    headers.for_each(|(name, value)| {
        map.append(name, value);
    });
    HttpCall {
        call: Call {
            request_id: "1-64f6cd87-0-1".to_owned(),
            qualifier: None,
            version: "LATEST".to_owned(),
        },
        method: axum::http::Method::POST,
        path: "/a%20b/c".to_owned(),
        query: "x=1&y=%C3%A9+z&x=2&bare".to_owned(),
        headers: map,
        body: Bytes::from_static(body),
        host: "web-abc.cn-hangzhou.fcapp.run".to_owned(),
        source_ip: "127.0.0.1".parse().unwrap(),
        time: "2023-09-05T06:41:11.895Z".parse().unwrap(),
    }
}

fn event_of(headers: &[(&str, &str)], body: &'static [u8]) -> Value {
    serde_json::from_slice(&event(&request(headers, body), "1234567890123456")).unwrap()
}

fn run(body: &[u8]) -> Run {
    Run {
        body: Bytes::copy_from_slice(body),
        error_type: None,
        log: Vec::new(),
        duration: std::time::Duration::ZERO,
        max_memory_mb: 1.0,
        instance_id: "c-1".to_owned(),
    }
}

async fn answered(body: &[u8]) -> (u16, Option<String>, Bytes) {
    let answer = answer(run(body)).unwrap();
    let content_type = answer.headers.get(header::CONTENT_TYPE).map(lossy);
    let body = axum::body::to_bytes(answer.body, usize::MAX).await.unwrap();
    (answer.status.as_u16(), content_type, body)
}

#[test]
fn a_request_becomes_the_documented_event() {
    let headers = [
        ("user-agent", "curl/8"),
        ("accept-encoding", "gzip"),
        ("x-two", "1"),
        ("x-two", "2"),
    ];
    let expected = json!({
        "version": "v1",
        "rawPath": "/a%20b/c",
        "body": "Hello FC!",
        "isBase64Encoded": false,
        "headers": { "User-Agent": "curl/8", "Accept-Encoding": "gzip", "X-Two": "1,2" },
        "queryParameters": { "x": "1,2", "y": "é z", "bare": "" },
        "requestContext": {
            "accountId": "1234567890123456",
            "domainName": "web-abc.cn-hangzhou.fcapp.run",
            "domainPrefix": "web-abc",
            "http": {
                "method": "POST",
                "path": "/a b/c",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl/8",
            },
            "requestId": "1-64f6cd87-0-1",
            "time": "2023-09-05T06:41:11Z",
            "timeEpoch": "1693896071895",
        },
    });
    assert_eq!(event_of(&headers, b"Hello FC!"), expected);
}

#[test]
fn a_body_that_is_no_text_is_base64() {
    for (headers, body, text) in [
        (&[][..], &b"plain"[..], true),
        (
            &[("content-type", "application/json; charset=utf-8")],
            b"{}",
            true,
        ),
        (&[("content-type", "image/svg+xml")], b"<svg/>", true),
        (
            &[("content-type", "application/octet-stream")],
            b"plain",
            false,
        ),
        (&[("content-type", "text/plain")], b"\xff", false),
    ] {
        let event = event_of(headers, body);
        assert_eq!(event["isBase64Encoded"], !text, "{headers:?}");
        if !text {
            assert_eq!(event["body"], STANDARD.encode(body));
        }
    }
}

#[tokio::test]
async fn a_result_with_a_status_code_says_the_whole_answer() {
    let result = json!({
        "statusCode": 201,
        "headers": { "Content-Type": "text/html", "Set-Cookie": ["a=1", "b=2"], "X-Fc-Own": "no" },
        "isBase64Encoded": true,
        "body": "AP8=",
    });
    let answer = answer(run(result.to_string().as_bytes())).unwrap();
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["content-type"], "text/html");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert!(!answer.headers.contains_key("x-fc-own"));
    let body = axum::body::to_bytes(answer.body, usize::MAX).await.unwrap();
    assert_eq!(body, &b"\0\xff"[..]);
}

#[tokio::test]
async fn any_other_result_is_the_body_of_a_200() {
    let json = Some("application/json".to_owned());
    let text = Some("text/plain; charset=utf-8".to_owned());
    let bytes = Some("application/octet-stream".to_owned());
    for (result, content_type) in [
        (&br#"{"a":1}"#[..], &json),
        (b"[1]", &json),
        (b"Hello world!", &text),
        (b"\xff", &bytes),
    ] {
        let expected = (200, content_type.clone(), Bytes::from_static(result));
        assert_eq!(answered(result).await, expected);
    }
    let object = br#"{"statusCode":404,"body":{"why":"gone"}}"#;
    let expected = (404, json, Bytes::from_static(br#"{"why":"gone"}"#));
    assert_eq!(answered(object).await, expected);
}

#[test]
fn a_result_that_is_no_answer_is_refused() {
    for result in [
        r#"{"statusCode":"200"}"#,
        r#"{"statusCode":99}"#,
        r#"{"statusCode":100}"#,
        r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
        r#"{"statusCode":200,"headers":{"a":"b\nc"}}"#,
        r#"{"statusCode":200,"isBase64Encoded":true,"body":"?"}"#,
    ] {
        let fault = answer(run(result.as_bytes())).unwrap_err();
        assert_eq!((fault.status, fault.code), (502, "BadResponse"), "{result}");
    }
}

#[test]
fn a_function_error_is_a_502() {
    let mut failed = run(br#"{"errorMessage":"oops"}"#);
    failed.error_type = Some("UnhandledInvocationError");
    let answer = answer(failed).unwrap();
    assert_eq!(answer.status, 502);
    assert_eq!(answer.error_type, Some("UnhandledInvocationError"));
}
