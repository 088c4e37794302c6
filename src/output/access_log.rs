//! The sandbox's access log: one line a call, for people, `awk` and programs.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{escape, json};
use crate::ram::Decision;
use crate::sandbox::Call;

/// The name and number of a JSON line.
pub const SCHEMA: &str = "sesame.sandbox.call/1";

/// Time, method, path, identity, action, resource, verdict, deciding statement, status and
/// milliseconds, one space apart, `-` where there is none; behind them, in words, what else is
/// to be said. Nothing that came with the call can add a field or a line.
pub fn text(call: &Call) -> String {
    let by = call.decided_by.as_ref();
    let by = by.map(|by| format!("{}#{}", by.policy, by.statement));
    let mut line = format!(
        "{} {} {} {} {} {} {} {} {} {:.1} ms",
        crate::acs::ambient::utc(call.time),
        field(Some(&call.method)),
        field(Some(&call.path)),
        field(call.identity.as_deref()),
        field(call.action.as_deref()),
        field(call.resource.as_deref()),
        verdict(call),
        field(by.as_deref()),
        call.status,
        call.duration_ms,
    );
    let code = call.error_code.as_ref();
    for (number, reason) in code.into_iter().chain(&call.reasons).enumerate() {
        line.push_str(if number == 0 { " " } else { "; " });
        line.push_str(&escape::line(reason));
    }
    line
}

/// The same as one object on one line.
pub fn json_line(call: &Call) -> String {
    let mut object = json!({"schema": SCHEMA});
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), call.to_fields()) {
        object.extend(fields);
    }
    json::compact(&object)
}

/// One word. What was let through says so, and why it would not have been.
fn verdict(call: &Call) -> &'static str {
    match (call.verdict, call.let_through) {
        (None, _) => "-",
        (Some(Decision::Allowed), _) => "allowed",
        (Some(Decision::ExplicitDeny), false) => "denied(explicit)",
        (Some(Decision::ImplicitDeny), false) => "denied(implicit)",
        (Some(Decision::Undetermined), false) => "undetermined",
        (Some(Decision::ExplicitDeny), true) => "let-through(explicit)",
        (Some(Decision::ImplicitDeny), true) => "let-through(implicit)",
        (Some(Decision::Undetermined), true) => "let-through(undetermined)",
    }
}

/// A text without white space; `-` for none.
fn field(text: Option<&str>) -> Cow<'_, str> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Cow::Borrowed("-");
    };
    let safe = escape::line(text);
    if !safe.contains(char::is_whitespace) {
        return safe;
    }
    let mut field = String::with_capacity(safe.len() + 8);
    for character in safe.chars() {
        if character.is_whitespace() {
            // Writing to a string cannot fail.
            let _ = write!(field, "\\u{{{:x}}}", u32::from(character));
        } else {
            field.push(character);
        }
    }
    Cow::Owned(field)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ram::{Effect, Layer, Span};
    use crate::sandbox::Decider;

    fn call() -> Call {
        Call {
            number: 1,
            time: "2026-11-22T12:03:11Z".parse().unwrap(),
            method: "POST".into(),
            path: "/2023-03-30/functions/hello/invocations".into(),
            identity: Some("developer".into()),
            product: "fc",
            operation: Some("InvokeFunction".into()),
            action: Some("fc:InvokeFunction".into()),
            resource: Some("acs:fc:cn-hangzhou:1:functions/hello".into()),
            verdict: Some(Decision::Allowed),
            decided_by: Some(Decider {
                policy: "AliyunFCInvocationAccess".into(),
                layer: Layer::Account,
                statement: 0,
                effect: Effect::Allow,
                line: 4,
                column: 5,
                text: Arc::from("{}"),
                span: Span::new(0, 2),
            }),
            reasons: Vec::new(),
            let_through: false,
            status: 200,
            error_code: None,
            duration_ms: 1.26,
            request_id: "1-0-0-0".into(),
        }
    }

    #[test]
    fn a_line_has_its_fields_one_space_apart() {
        assert_eq!(
            text(&call()),
            "2026-11-22T12:03:11Z POST /2023-03-30/functions/hello/invocations developer \
             fc:InvokeFunction acs:fc:cn-hangzhou:1:functions/hello allowed \
             AliyunFCInvocationAccess#0 200 1.3 ms"
        );
    }

    #[test]
    fn what_is_not_known_is_a_dash_and_what_else_is_known_comes_last() {
        let unknown = Call {
            identity: None,
            action: None,
            resource: Some(String::new()),
            verdict: None,
            decided_by: None,
            status: 403,
            error_code: Some("SignatureNotMatch".into()),
            ..call()
        };
        let line = text(&unknown);
        let rest = line.split_once("invocations ").unwrap().1;
        assert_eq!(rest, "- - - - - 403 1.3 ms SignatureNotMatch");
        let open = Call {
            verdict: Some(Decision::Undetermined),
            reasons: vec!["`acs:Key` is not known".into(), "let through".into()],
            let_through: true,
            ..call()
        };
        let line = text(&open);
        assert!(line.contains(" let-through(undetermined) "), "{line}");
        assert!(line.ends_with(" ms `acs:Key` is not known; let through"));
    }

    #[test]
    fn a_caller_cannot_forge_a_line_or_a_field_or_reach_the_terminal() {
        let forged = Call {
            path: "/a allowed\n2026 \u{1b}[2J\u{202e}\u{3000}x".into(),
            reasons: vec!["a\nb".into()],
            ..call()
        };
        let expected = text(&call()).split(' ').count() + 1;
        let line = text(&forged);
        assert_eq!(line.split_whitespace().count(), expected, "{line}");
        assert!(!line.chars().any(escape::is_unsafe), "{line}");
        assert!(!json_line(&forged).chars().any(escape::is_unsafe));
    }

    #[test]
    fn a_json_line_names_its_schema_first() {
        let line = json_line(&call());
        assert!(line.starts_with(r#"{"schema":"sesame.sandbox.call/1","time":"#));
        let object: Value = serde_json::from_str(&line).unwrap();
        let by = json!({"policy": "AliyunFCInvocationAccess", "layer": "account", "statement": 0,
            "effect": "Allow", "line": 4, "column": 5});
        assert_eq!(object["decided_by"], by);
    }
}
