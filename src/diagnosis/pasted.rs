//! Finds refusals in what people have at hand: a body, an answer with status and header
//! fields, an SDK's exception, a pasted terminal, a log. Whatever the form, the one reader of
//! [`Reading`] reads what was found.

mod clean;
mod hits;
mod own;
mod record;
mod sentence;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::refusal::{classify, classify_function_error};
use super::{Cause, Code, Reading};
use crate::acs::{Headers, Refusal};
use crate::fc::answer::Head;

/// What a text looks like, as far as advice may rest on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A platform's refusal, with its values whole.
    Whole,
    /// A platform's words in an object that no platform writes.
    Bare,
    /// A value is broken over lines, so that what stood at the break is not sure.
    Broken,
    /// A function's log or result holds it.
    OfFunction,
    /// RAM names something else than the text.
    Contradicted,
}

/// A refusal, or a function's error, in a text.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The HTTP status, where the text has one.
    pub(super) status: Option<u16>,
    /// What it says.
    pub(super) reading: Reading,
    /// Why it failed.
    pub(super) cause: Cause,
    /// What advice may rest on.
    pub(super) shape: Shape,
    /// Where sesame itself said it: how.
    pub(super) own: Option<Own>,
}

/// How sesame named an error.
#[derive(Debug, Clone)]
pub(super) struct Own {
    pub(super) code: &'static Code,
    pub(super) title: String,
}

/// What a text holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Pasted {
    /// The last refusal, or the last that looks like one.
    pub(super) found: Option<Found>,
    /// How many refusals were recognised.
    pub(super) count: usize,
}

/// How much is shown of a text in which nothing was recognised.
const SHOWN: usize = 300;

/// Finds the last refusal of a text.
pub(super) fn find(text: &str) -> Pasted {
    let text = text.trim_start_matches('\u{feff}').trim();
    let object: Option<Map<String, Value>> = serde_json::from_str(text).ok();
    let whole = object.as_ref().and_then(|object| whole(object, text));
    whole.or_else(|| joined(text)).unwrap_or_else(|| scan(text))
}

/// One object that a terminal broke into lines.
fn joined(text: &str) -> Option<Pasted> {
    let one_line = text.starts_with('{') && text.contains('\n');
    let line = one_line.then(|| text.replace(['\r', '\n'], ""))?;
    let object: Map<String, Value> = serde_json::from_str(&line).ok()?;
    let mut pasted = whole(&object, &line)?;
    if let Some(found) = &mut pasted.found {
        let pair = [&found.reading.action, &found.reading.resource];
        if pair.into_iter().flatten().any(|part| !text.contains(part)) {
            found.shape = Shape::Broken;
        }
    }
    Some(pasted)
}

/// The text as one object: an answer, a function's error, or a service's.
fn whole(object: &Map<String, Value>, text: &str) -> Option<Pasted> {
    if let Some(refusal) = answer(object) {
        return Some(of_answer(&refusal));
    }
    if let Some(found) = own::of_object(object) {
        return Some(found.into());
    }
    if let Some(found) = function_error(object) {
        return Some(found.into());
    }
    let refusal = Refusal {
        status: 0,
        headers: Headers::new(),
        body: Bytes::copy_from_slice(text.as_bytes()),
    };
    let mut reading = Reading::of(&refusal)?;
    let cause = judged(None, &reading);
    if cause == Cause::Unknown {
        return None;
    }
    // Exceptions carry the body once more, with what their own fields leave out.
    if let Some(inner) = scan(text).found {
        reading.complete(inner.reading);
    }
    let cause = judged(None, &reading);
    let found = Found {
        status: status(object, &["HttpStatus", "StatusCode", "http_status"]),
        reading,
        cause,
        shape: Shape::Whole,
        own: None,
    };
    Some(found.into())
}

impl From<Found> for Pasted {
    fn from(found: Found) -> Self {
        Self {
            count: usize::from(found.cause != Cause::Unknown),
            found: Some(found),
        }
    }
}

fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut fields = object.iter();
    let found = fields.find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

fn status(object: &Map<String, Value>, names: &[&str]) -> Option<u16> {
    let mut values = names.iter().filter_map(|name| field(object, name));
    values.find_map(|value| {
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        u16::try_from(number)
            .ok()
            .filter(|one| (100..600).contains(one))
    })
}

/// `{"http_status","headers","body"}`, or `response` of our own output.
fn answer(object: &Map<String, Value>) -> Option<Refusal> {
    if let Some(Value::Object(inner)) = field(object, "response") {
        return answer(inner);
    }
    let status = status(
        object,
        &["http_status", "status", "StatusCode", "HttpStatus"],
    );
    let fields = field(object, "headers").and_then(Value::as_object);
    if status.is_none() && fields.is_none() {
        return None;
    }
    let body = match field(object, "body")? {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let text = |value: &Value| match value {
        Value::Array(values) => values.first().and_then(Value::as_str).map(str::to_owned),
        other => other.as_str().map(str::to_owned),
    };
    let headers = fields.into_iter().flatten();
    let headers = headers.filter_map(|(name, value)| Some((name.clone(), text(value)?)));
    Some(Refusal {
        status: status.unwrap_or_default(),
        headers: headers.collect(),
        body: body.into(),
    })
}

fn of_answer(refusal: &Refusal) -> Pasted {
    let head = Head(&refusal.headers);
    let reading = Reading::of(refusal);
    let started = !reading.as_ref().is_some_and(Reading::is_start_failure);
    let object: Option<Map<String, Value>> = serde_json::from_slice(&refusal.body).ok();
    let own = |kind: &str| !kind.eq_ignore_ascii_case("FcCommonError");
    let known = Some(refusal.status).filter(|status| *status > 0);
    let with_head = |mut pasted: Pasted| {
        if let Some(found) = &mut pasted.found {
            found.status = known;
            let id = head.request_id().map(str::to_owned);
            found.reading.request_id = id.or_else(|| found.reading.request_id.take());
        }
        pasted
    };
    if started && head.error_type().is_some_and(own) {
        let object = object.unwrap_or_default();
        let mut found = of_function(field(&object, "errorMessage"));
        found.reading.code = head.error_type().map(str::to_owned);
        return with_head(found.into());
    }
    if let Some(found) = object.as_ref().and_then(function_error) {
        return with_head(found.into());
    }
    let from_platform = head.is_from_fc() || head.request_id().is_some();
    let (reading, shape) = match reading {
        Some(reading) => (reading, Shape::Whole),
        None if head.is_from_fc() && refusal.status >= 400 => {
            let message = excerpt(&String::from_utf8_lossy(&refusal.body));
            (
                Reading {
                    message,
                    ..Reading::default()
                },
                Shape::Whole,
            )
        }
        None => {
            let text = String::from_utf8_lossy(&refusal.body);
            let mut pasted = scan(&text);
            pasted.found.get_or_insert_with(|| unknown(&text));
            return with_head(pasted);
        }
    };
    let found = Found {
        status: known,
        cause: judged(known.filter(|_| from_platform), &reading),
        reading,
        shape,
        own: None,
    };
    with_head(found.into())
}

/// The error that a function ended with: no platform writes `errorType` or `stackTrace`, and
/// none leaves its code out.
fn function_error(object: &Map<String, Value>) -> Option<Found> {
    let has = |name: &str| field(object, name).is_some();
    let message = field(object, "errorMessage");
    let coded = has("Code") || has("ErrorCode") || has("AccessDeniedDetail");
    let own = has("errorType") || has("stackTrace") || (message.is_some() && !coded);
    (own && message.is_some()).then(|| of_function(message))
}

fn of_function(message: Option<&Value>) -> Found {
    let message = message.and_then(Value::as_str).map(str::to_owned);
    Found {
        status: None,
        cause: classify_function_error(message.as_deref().unwrap_or_default()),
        reading: Reading {
            message,
            ..Reading::default()
        },
        shape: Shape::Bare,
        own: None,
    }
}

/// The cause, unless another cloud wrote it: their codes and texts resemble these.
fn judged(status: Option<u16>, reading: &Reading) -> Cause {
    let message = reading.message.as_deref().unwrap_or_default();
    let code = reading.code.as_deref().unwrap_or_default();
    let host = reading.host.as_deref().unwrap_or_default();
    let of_a_host = |one: u8| one.is_ascii_alphanumeric() || b".:-_*".contains(&one);
    let foreign = ["arn:aws", "amazonaws", "x-amz-", "AWS account"];
    if foreign.iter().any(|one| message.contains(one))
        || code.ends_with("Exception")
        || !host.bytes().all(of_a_host)
        || host.contains("amazonaws")
    {
        return Cause::Unknown;
    }
    classify(status, reading)
}

/// The refusals of a text of any form; the last one counts.
fn scan(text: &str) -> Pasted {
    let text = clean::clean(text);
    let mut pasted = Pasted::default();
    let found = own::pieces(&text)
        .into_iter()
        .flat_map(|piece| match piece {
            own::Piece::Own(found) => vec![*found],
            own::Piece::Other(text) => record::records(text),
        });
    for found in found {
        let recognised = found.cause != Cause::Unknown;
        let before = pasted.found.as_ref();
        if recognised || before.is_none_or(|before| before.cause == Cause::Unknown) {
            pasted.found = Some(found);
        }
        pasted.count += usize::from(recognised);
    }
    pasted
}

/// What can be said of a text in which nothing was recognised.
pub(super) fn unknown(text: &str) -> Found {
    Found {
        status: None,
        reading: Reading {
            message: excerpt(text),
            ..Reading::default()
        },
        cause: Cause::Unknown,
        shape: Shape::Bare,
        own: None,
    }
}

/// The start of a text.
fn excerpt(text: &str) -> Option<String> {
    let text = text.trim();
    let shown: String = text.chars().take(SHOWN).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    Some(format!("{shown}{cut}")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
