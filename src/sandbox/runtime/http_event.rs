//! An HTTP trigger's request as the event of a function that is no web server, and the
//! function's result as an HTTP answer, by FC 3.0's page "Use an HTTP trigger to invoke a
//! function". Pure.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{CallLog, Fault, HttpCall, HttpRun, Run};
use crate::acs::ambient::utc;
use crate::acs::encoding;

/// The event that stands for a request.
pub(super) fn event(http: &HttpCall, account: &str) -> Bytes {
    let text = std::str::from_utf8(&http.body)
        .ok()
        .filter(|_| is_text(&http.headers));
    let body = text.map_or_else(|| STANDARD.encode(&http.body), str::to_owned);
    let prefix = http.host.split('.').next().unwrap_or_default();
    let agent = http.headers.get(header::USER_AGENT).map(lossy);
    let event = json!({
        "version": "v1",
        "rawPath": http.path,
        "body": body,
        "isBase64Encoded": text.is_none(),
        "headers": headers_of(&http.headers),
        "queryParameters": parameters_of(&http.query),
        "requestContext": {
            "accountId": account,
            "domainName": http.host,
            "domainPrefix": prefix,
            "http": {
                "method": http.method.as_str(),
                "path": String::from_utf8_lossy(&encoding::decode(&http.path)),
                "protocol": "HTTP/1.1",
                "sourceIp": http.source_ip.to_string(),
                "userAgent": agent.unwrap_or_default(),
            },
            "requestId": http.call.request_id,
            "time": utc(http.time),
            "timeEpoch": http.time.as_millisecond().to_string(),
        },
    });
    Bytes::from(event.to_string())
}

/// The answer that stands for a result: an object with `statusCode` says it all, other JSON and
/// other bytes are the body of a 200.
///
/// # Errors
/// The object has fields that are none of an answer.
pub(super) fn answer(run: Run) -> Result<HttpRun, Fault> {
    if run.error_type.is_some() {
        return Ok(HttpRun::failed(run));
    }
    let (status, headers, body) = match serde_json::from_slice::<Value>(&run.body) {
        Ok(Value::Object(fields)) if fields.contains_key("statusCode") => shaped(&fields)?,
        Ok(_) => plain("application/json", run.body),
        Err(_) if std::str::from_utf8(&run.body).is_ok() => {
            plain("text/plain; charset=utf-8", run.body)
        }
        Err(_) => plain("application/octet-stream", run.body),
    };
    Ok(HttpRun {
        status,
        headers,
        body: Body::from(body),
        error_type: None,
        log: CallLog::finished(run.log),
        duration: run.duration,
        max_memory_mb: run.max_memory_mb,
        instance_id: run.instance_id,
    })
}

type Answer = (StatusCode, HeaderMap, Bytes);

fn plain(content_type: &'static str, body: Bytes) -> Answer {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    (StatusCode::OK, HeaderMap::from_iter([content_type]), body)
}

fn shaped(fields: &Map<String, Value>) -> Result<Answer, Fault> {
    let status = fields["statusCode"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        // An interim status would leave the client waiting.
        .filter(|status| !status.is_informational())
        .ok_or_else(|| Fault::bad_response("statusCode is no HTTP status"))?;
    let mut headers = HeaderMap::new();
    for (name, value) in fields
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let field = name.parse::<HeaderName>().ok();
            let value = HeaderValue::from_str(&text_of(value)).ok();
            let (Some(field), Some(value)) = (field, value) else {
                return Err(Fault::bad_response(format!("no header field: {name}")));
            };
            headers.append(field, value);
        }
    }
    super::contract::strip(&mut headers);
    let body = fields.get("body").map(text_of).unwrap_or_default();
    let body = if fields.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        STANDARD
            .decode(&body)
            .map_err(|error| Fault::bad_response(format!("body is no base64: {error}")))?
            .into()
    } else {
        Bytes::from(body)
    };
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    Ok((status, headers, body))
}

/// A string as it is, anything else as its JSON text.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whether a body of this kind is text. One of no kind is, if it can be.
fn is_text(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).map(lossy) else {
        return true;
    };
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind.as_str(),
            "" | "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/x-www-form-urlencoded"
        )
}

/// Values of one name joined by commas; names as Go's `net/http` writes them, which the service
/// does (its page on upper-case header keys).
fn headers_of(headers: &HeaderMap) -> Map<String, Value> {
    // What signed the request is the caller's, not the function's.
    let fields = headers
        .iter()
        .filter(|(name, _)| !super::contract::SIGNING.contains(&name.as_str()))
        .map(|(name, value)| (canonical(name.as_str()), lossy(value)));
    joined(fields)
}

fn parameters_of(query: &str) -> Map<String, Value> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let pairs = encoding::query_pairs(query);
    joined(
        pairs
            .iter()
            .map(|(name, value)| (text(name), text(value.as_deref().unwrap_or_default()))),
    )
}

fn joined(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        match map.get_mut(&name) {
            Some(Value::String(before)) => {
                before.push(',');
                before.push_str(&value);
            }
            _ => {
                map.insert(name, Value::String(value));
            }
        }
    }
    map
}

/// `accept-encoding` → `Accept-Encoding`.
fn canonical(name: &str) -> String {
    let mut start = true;
    let letters = name.chars().map(|letter| {
        let letter = if start {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        start = letter == '-';
        letter
    });
    letters.collect()
}

fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests;
