//! Lists in pages: `Marker` in, `Marker` and `IsTruncated` out.

use serde_json::{Value, json};

use super::Answer;
use crate::sandbox::operation::RpcCall;
use crate::sandbox::parameters::number;

/// How many come when nobody says otherwise, and at most.
const USUAL: u64 = 100;
const MOST: u64 = 1_000;

/// One page of a list that is in the order of its keys. A page ends with a marker, the last
/// key, so that what is added or deleted meanwhile does not shift the rest.
pub(super) fn page<K: AsRef<str>>(
    call: &RpcCall,
    (outer, inner): (&str, &str),
    items: impl Iterator<Item = (K, Value)>,
) -> Answer {
    let most = number(call, "MaxItems", 1..=MOST)?.unwrap_or(USUAL);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let marker = call.parameter("Marker").unwrap_or_default();
    let mut items = items.skip_while(|(key, _)| key.as_ref() <= marker);
    let mut last = None;
    let mut page = Vec::new();
    for (key, item) in items.by_ref().take(most) {
        last = Some(key);
        page.push(item);
    }
    let mut answer = list((outer, inner), page);
    let is_truncated = items.next().is_some();
    answer["IsTruncated"] = is_truncated.into();
    if let Some(last) = last.filter(|_| is_truncated) {
        answer["Marker"] = last.as_ref().into();
    }
    Ok(answer)
}

/// A list as RAM nests one: `{"Users": {"User": […]}}`.
pub(super) fn list((outer, inner): (&str, &str), items: impl IntoIterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.into_iter().collect();
    json!({outer: {inner: items}})
}
