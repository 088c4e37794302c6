//! One change to an event: `events[0].oss.object.key=a.txt`.
//!
//! A path is keys with dots between them and indices in brackets. A key that has `.`, `[`, `=`
//! or `"` in it is written as a JSON string: `headers."a.b"`. The value takes the type of what
//! it replaces, so that `"0"` stays a string and `0` a number.

use std::fmt::Write as _;

use serde_json::Value;
use thiserror::Error;

use crate::ram::closest;

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SetError {
    /// It is not a path and a value.
    #[error("`{given}` is not `PATH=VALUE`: {why}")]
    Form {
        /// What was given.
        given: String,
        /// What is wrong.
        why: &'static str,
    },
    /// The event has nothing there.
    #[error("the event has no `{path}`")]
    NoPath {
        /// The path.
        path: String,
        /// What was probably meant.
        near: Option<String>,
        /// How far the path is there; empty when nothing of it is.
        there: String,
        /// What is in that place.
        holds: String,
    },
    /// The value is not of the type that stands there.
    #[error("`{path}` is {expected}, and `{value}` is not")]
    Type {
        /// The path.
        path: String,
        /// What stands there.
        expected: &'static str,
        /// What was given.
        value: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Changes one place of the event.
///
/// # Errors
/// The text is not `PATH=VALUE`, the event has no such place, or the value has not the type of
/// what stands there.
pub fn set(event: &mut Value, assignment: &str) -> Result<(), SetError> {
    let (steps, text) = parse(assignment).map_err(|why| SetError::Form {
        given: assignment.to_owned(),
        why,
    })?;
    let mut reached = &*event;
    for (depth, step) in steps.iter().enumerate() {
        reached = child(reached, step).ok_or_else(|| no_path(event, &steps, depth, reached))?;
    }
    let value = like(reached, text).ok_or_else(|| SetError::Type {
        path: shown(&steps),
        expected: type_of(reached),
        value: text.to_owned(),
    })?;
    if let Some(place) = steps.iter().try_fold(event, child_mut) {
        *place = value;
    }
    Ok(())
}

/// The steps of the path, and the value.
fn parse(assignment: &str) -> Result<(Vec<Step>, &str), &'static str> {
    let mut steps = Vec::new();
    let mut rest = assignment;
    loop {
        let step;
        (step, rest) = match rest.strip_prefix('[') {
            Some(rest) => index(rest)?,
            None => key(rest)?,
        };
        steps.push(step);
        if let Some(value) = rest.strip_prefix('=') {
            return Ok((steps, value));
        }
        rest = match rest.strip_prefix('.') {
            Some(rest) if rest.starts_with('[') => return Err("there is no key after a `.`"),
            Some(rest) => rest,
            None if rest.starts_with('[') => rest,
            None if rest.is_empty() => return Err("there is no `=`"),
            None => return Err("after a key or an index comes `.`, `[` or `=`"),
        };
    }
}

fn index(rest: &str) -> Result<(Step, &str), &'static str> {
    let (digits, rest) = rest.split_once(']').ok_or("a `[` is not closed")?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let index = digits.parse().ok().filter(|_| plain);
    let index = index.ok_or("between `[` and `]` stands a number, counted from 0")?;
    Ok((Step::Index(index), rest))
}

fn key(rest: &str) -> Result<(Step, &str), &'static str> {
    if rest.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let key = strings.next().and_then(Result::ok);
        let key = key.ok_or("a key in quotes is a JSON string")?;
        return Ok((Step::Key(key), &rest[strings.byte_offset()..]));
    }
    let end = rest.find(SPECIAL).unwrap_or(rest.len());
    match rest.split_at(end) {
        ("", _) => Err("a key is empty"),
        (key, rest) => Ok((Step::Key(key.to_owned()), rest)),
    }
}

/// What a key without quotes cannot have in it.
const SPECIAL: [char; 4] = ['.', '[', '=', '"'];

fn child<'v>(value: &'v Value, step: &Step) -> Option<&'v Value> {
    match step {
        Step::Key(key) => value.as_object()?.get(key),
        Step::Index(index) => value.as_array()?.get(*index),
    }
}

fn child_mut<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match step {
        Step::Key(key) => value.as_object_mut()?.get_mut(key),
        Step::Index(index) => value.as_array_mut()?.get_mut(*index),
    }
}

/// The text as a value of the same type.
fn like(old: &Value, text: &str) -> Option<Value> {
    let parsed = || serde_json::from_str::<Value>(text).ok();
    match old {
        Value::String(_) => Some(text.into()),
        Value::Null => Some(parsed().unwrap_or_else(|| text.into())),
        Value::Bool(_) => parsed().filter(Value::is_boolean),
        Value::Number(_) => parsed().filter(Value::is_number).filter(|number| {
            // A whole number past 64 bits would lose its last digits.
            let whole = text
                .trim()
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-');
            !(whole && number.is_f64())
        }),
        Value::Array(_) => parsed().filter(Value::is_array),
        Value::Object(_) => parsed().filter(Value::is_object),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn no_path(event: &Value, steps: &[Step], depth: usize, reached: &Value) -> SetError {
    let path = shown(steps);
    let mut places = Vec::new();
    collect(event, &mut Vec::new(), &mut places);
    let known: Vec<String> = places.iter().map(|place| shown(place)).collect();
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    let near = closest(&path, &names)
        .map(str::to_owned)
        .or_else(|| ending(steps, &places));
    SetError::NoPath {
        path,
        near,
        there: shown(&steps[..depth]),
        holds: holds(reached),
    }
}

/// The one place whose path ends with these keys, whatever its indices are.
fn ending(steps: &[Step], places: &[Vec<Step>]) -> Option<String> {
    let keys = |steps: &[Step]| -> Vec<Step> {
        let keys = steps.iter().filter(|step| matches!(step, Step::Key(_)));
        keys.cloned().collect()
    };
    let wanted = keys(steps);
    let mut found = places.iter().filter(|place| {
        // A place in a list has the keys of its list.
        matches!(place.last(), Some(Step::Key(_))) && keys(place).ends_with(&wanted)
    });
    let only = found.next().filter(|_| !wanted.is_empty())?;
    found.next().is_none().then(|| shown(only))
}

/// Every place below a value.
fn collect(value: &Value, at: &mut Vec<Step>, places: &mut Vec<Vec<Step>>) {
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (Step::Key(key.clone()), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, value)| (Step::Index(index), value))
            .collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        at.push(step);
        places.push(at.clone());
        collect(child, at, places);
        at.pop();
    }
}

/// What can be named in a place.
fn holds(value: &Value) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let keys: Vec<String> = fields
                .keys()
                .map(|key| format!("`{}`", shown(&[Step::Key(key.clone())])))
                .collect();
            format!("has {}", keys.join(", "))
        }
        Value::Array(items) if items.len() == 1 => "has `[0]`".to_owned(),
        Value::Array(items) if !items.is_empty() => {
            format!("has `[0]` to `[{}]`", items.len() - 1)
        }
        Value::Object(_) | Value::Array(_) => "is empty".to_owned(),
        _ => format!("is {}", type_of(value)),
    }
}

fn shown(steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Index(index) => {
                // Writing to a string cannot fail.
                let _ = write!(text, "[{index}]");
            }
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                match key.is_empty() || key.contains(SPECIAL) {
                    true => text.push_str(&Value::from(key.as_str()).to_string()),
                    false => text.push_str(key),
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests;
