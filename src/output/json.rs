//! JSON for programs. What a terminal could act on is written as `\uXXXX`, which reads the
//! same to a program.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Value, json};

use super::escape;
use crate::acs::Principal;
use crate::diagnosis::{self, Failure, Hint};
use crate::preflight::{Caller, Denial, Preflight};
use crate::ram::{Explanation, Layer, Policies, Reason};

struct Escaping<F>(F);

/// Passes a method of the inner formatter on.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*);)+) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W, $($argument: $type),*) -> io::Result<()> {
            self.0.$name(writer, $($argument),*)
        })+
    };
}

impl<F: Formatter> Formatter for Escaping<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(escape::is_unsafe) {
            let (safe, after) = rest.split_at(at);
            self.0.write_string_fragment(writer, safe)?;
            let mut characters = after.chars();
            if let Some(character) = characters.next() {
                write!(writer, "\\u{:04x}", u32::from(character))?;
            }
            rest = characters.as_str();
        }
        self.0.write_string_fragment(writer, rest)
    }

    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

fn written<F: Formatter>(value: &Value, formatter: F) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Escaping(formatter));
    // A `Value` has string keys and goes into memory, so neither can fail.
    let _ = value.serialize(&mut serializer);
    String::from_utf8(bytes).unwrap_or_default()
}

/// On one line.
pub fn compact(value: &Value) -> String {
    written(value, CompactFormatter)
}

/// On several lines, indented, for a document that people read and paste.
pub fn pretty(value: &Value) -> String {
    written(value, PrettyFormatter::new())
}

fn hints(hints: &[Hint]) -> Vec<Value> {
    let rows = hints.iter();
    rows.map(|hint| json!({"text": hint.text, "command": hint.command}))
        .collect()
}

/// `error` of every command.
pub fn failure(failure: &Failure) -> Value {
    let excerpts: Vec<Value> = failure
        .excerpts
        .iter()
        .map(|excerpt| {
            let start = excerpt.labels.first().map_or(0, |(span, _)| span.start);
            let position = crate::ram::Position::of(&excerpt.source, start);
            json!({
                "path": excerpt.path, "line": position.line, "column": position.column,
                "code": excerpt.code, "message": excerpt.title, "help": excerpt.help,
            })
        })
        .collect();
    json!({
        "code": failure.code.id,
        "cause": failure.code.cause.as_str(),
        "title": failure.title,
        "service_code": failure.service_code,
        "action": failure.action,
        "resource": failure.resource,
        "principal": failure.principal.as_ref().map(principal),
        "denial": failure.denial.map(Denial::as_str),
        "policy_type": failure.policy_type,
        "request_id": failure.request_id,
        "suggested_policy": failure.suggested_policy,
        "attach_to": failure.attach_to,
        "why": failure.why,
        "said": failure.said,
        "places": excerpts,
        "hints": hints(&failure.hints),
    })
}

/// Somebody's text, explained.
pub fn refusal(explanation: &diagnosis::Explanation) -> Value {
    let (reading, failure) = (&explanation.reading, &explanation.failure);
    let decoded = explanation.decoded.as_ref();
    let more = decoded.into_iter().flat_map(|decoded| &decoded.conditions);
    let conditions = reading.conditions.iter().chain(more);
    let conditions: Vec<Value> = conditions
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    let decoded = decoded.map(|decoded| {
        let policies = decoded.policies.iter().map(|policy| {
            json!({
                "name": policy.name, "type": policy.kind, "version": policy.version,
                "effect": policy.effect, "attached_to": policy.entity, "scope": policy.scope,
            })
        });
        json!({"policies": policies.collect::<Vec<_>>()})
    });
    json!({
        "cause": explanation.cause.as_str(),
        "title": failure.title,
        "product": explanation.product,
        "http_status": explanation.http_status,
        "service_code": reading.code,
        "message": reading.message,
        "action": reading.action,
        "resource": reading.resource,
        "conditions": conditions,
        "denial": reading.denial.map(Denial::as_str),
        "policy_type": reading.policy_type,
        "principal": reading.principal.as_ref().map(principal),
        "request_id": reading.request_id,
        "encoded_diagnostic_message": reading.encoded_diagnostic_message,
        "decoded": decoded,
        "suggested_policy": failure.suggested_policy,
        "attach_to": failure.attach_to,
        "why": failure.why,
        "refusals": explanation.count,
        "hints": hints(&failure.hints),
    })
}

/// The one object of a command: its schema, whether it is done, its own fields,
/// what may be wrong, and why not.
pub fn envelope(
    schema: &str,
    fields: Value,
    warnings: &[String],
    failure: Option<&Failure>,
) -> Value {
    let mut object = json!({"schema": schema, "ok": failure.is_none()});
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
    object["warnings"] = warnings.into();
    object["error"] = failure.map(self::failure).unwrap_or_default();
    object
}

/// The decision on one question, with why.
pub fn explanation(explanation: &Explanation, policies: &Policies) -> Value {
    let trace: Vec<Value> = explanation
        .trace
        .iter()
        .map(|row| {
            json!({
                "policy": name(policies, row.policy), "layer": row.layer.as_str(),
                "statement": row.statement, "effect": row.effect.as_str(),
                "action": row.action.as_str(), "resource": row.resource.as_str(),
                "condition": row.condition.as_str(), "applies": row.applies.as_str(),
            })
        })
        .collect();
    json!({
        "decision": explanation.decision.as_str(),
        "decided_by": decided_by(explanation, policies),
        "trace": trace,
        "nearest": nearest(explanation, policies),
        "missing_context": explanation.missing_context,
        "reasons": reasons(&explanation.reasons),
        "layers_not_seen": layers(&explanation.layers_not_seen),
    })
}

fn name(policies: &Policies, index: usize) -> Option<&str> {
    policies
        .list()
        .get(index)
        .map(|policy| policy.name.as_str())
}

/// The statement that decides.
pub fn decided_by(explanation: &Explanation, policies: &Policies) -> Value {
    let by = explanation.decided_by.as_ref().map(|by| {
        json!({
            "policy": name(policies, by.policy), "layer": by.layer.as_str(),
            "statement": by.statement, "effect": by.effect.as_str(),
            "line": by.position.line, "column": by.position.column,
        })
    });
    by.unwrap_or_default()
}

fn nearest(explanation: &Explanation, policies: &Policies) -> Vec<Value> {
    let rows = explanation.nearest.iter().map(|near| {
        json!({
            "policy": name(policies, near.policy), "statement": near.statement,
            "fails": near.fails.as_str(), "would_match": near.would_match,
        })
    });
    rows.collect()
}

fn reasons(reasons: &[Reason]) -> Vec<Value> {
    let rows = reasons.iter().map(|reason| {
        json!({
            "kind": reason.kind.as_str(), "detail": reason.detail,
            "settle_with": reason.settle_with,
        })
    });
    rows.collect()
}

fn layers(layers: &[Layer]) -> Vec<&'static str> {
    layers.iter().map(|layer| layer.as_str()).collect()
}

/// A caller.
pub fn principal(principal: &Principal) -> Value {
    json!({
        "type": principal.kind,
        "id": principal.id,
        "name": principal.name,
        "account_id": principal.account_id,
    })
}

/// `preflight` of `invoke`.
pub fn preflight(preflight: &Preflight, caller: &Caller) -> Value {
    let policies = &caller.policies;
    let checks: Vec<Value> = preflight
        .checks
        .iter()
        .map(|check| {
            json!({
                "action": check.action,
                "resource": check.resource,
                "verdict": check.verdict.as_str(),
                "denial": check.denial.map(Denial::as_str),
                "decided_by": decided_by(&check.explanation, policies),
                "missing_context": check.explanation.missing_context,
                "nearest": nearest(&check.explanation, policies),
            })
        })
        .collect();
    let read: Vec<Value> = policies
        .list()
        .iter()
        .zip(&caller.sources)
        .map(|(policy, source)| {
            json!({
                "name": policy.name, "layer": policy.layer.as_str(), "source": source.as_str(),
            })
        })
        .collect();
    json!({
        "verdict": preflight.verdict.as_str(),
        "denial": preflight.denial.map(Denial::as_str),
        "principal": preflight.principal.as_ref().map(principal),
        "checks": checks,
        "policies": read,
        "layers_not_seen": layers(&preflight.layers_not_seen),
        "reasons": reasons(&preflight.reasons),
        "suggested_policy": preflight.suggested_policy,
        "to_read": caller.to_read,
        "sufficient_system_policies": preflight.sufficient_system_policies,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_escaped_text_reads_the_same() {
        let value = json!({"a\u{9b}": ["\u{1b}[31m", "x\u{202e}y", "plain \" 中文\n"]});
        for text in [compact(&value), pretty(&value)] {
            assert!(
                !text
                    .chars()
                    .any(|character| character != '\n' && escape::is_unsafe(character))
            );
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
