//! The policy engine as its users meet it: documents in, verdicts and findings out.

#![allow(clippy::expect_used, clippy::panic)]

mod conditions;
mod documents;
mod explain;
mod linting;
mod properties;
mod robustness;
mod semantics;
mod trust;

use sesame_fc::ram::{
    Context, Decision, Explanation, Layer, Policies, Policy, Request, Truth, parse,
};

/// What a row of a table rests on.
#[derive(Clone, Copy, Debug)]
enum Evidence {
    Documented,
    Assumed,
}

const ALLOWED: Decision = Decision::Allowed;
const EXPLICIT: Decision = Decision::ExplicitDeny;
const IMPLICIT: Decision = Decision::ImplicitDeny;
const OPEN: Decision = Decision::Undetermined;

const INVOKE: &str = "fc:InvokeFunction";
const HELLO: &str = "acs:fc:cn-hangzhou:1234567890123456:functions/hello";

fn policy(layer: Layer, level: usize, source: &str) -> Policy {
    let parsed = parse(source.as_bytes());
    let document = parsed
        .document
        .unwrap_or_else(|| panic!("{source}: {:?}", parsed.findings));
    Policy {
        name: format!("{}-{level}", layer.as_str()),
        layer,
        level,
        document,
    }
}

fn statements(text: &str) -> String {
    format!(r#"{{"Version": "1", "Statement": [{text}]}}"#)
}

/// `K=V` gives, `!K` is absent, `.` completes.
fn context(text: &[&str]) -> Context {
    let mut context = Context::default();
    for item in text {
        if *item == "." {
            context.complete();
        } else if let Some(key) = item.strip_prefix('!') {
            context.absent(key);
        } else {
            let (key, value) = item.split_once('=').expect("K=V");
            context.give(key, value);
        }
    }
    context
}

/// Asks both ways and sees that they agree.
fn ask(policies: &Policies, action: &str, resource: &str, context: &Context) -> Explanation {
    let request = Request {
        action,
        resource,
        context,
    };
    let explanation = policies.explain(&request);
    assert_eq!(
        policies.decide(&request),
        explanation.decision,
        "decide and explain differ"
    );
    let mut matched = Vec::new();
    assert_eq!(
        policies.decide_matched(&request, &mut matched),
        explanation.decision
    );
    let mut applying: Vec<(usize, usize)> = explanation
        .trace
        .iter()
        .filter(|row| row.applies == Truth::Yes)
        .map(|row| (row.policy, row.statement))
        .collect();
    applying.sort_unstable();
    assert_eq!(matched, applying);
    explanation
}

fn account(text: &str) -> Policies {
    Policies::new(vec![policy(Layer::Account, 0, &statements(text))])
}

const ALLOW: &str = r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "*"}"#;
const DENY: &str = r#"{"Effect": "Deny", "Action": "fc:InvokeFunction", "Resource": "*"}"#;
const PERHAPS_ALLOW: &str = r#"{"Effect": "Allow", "Action": "fc:*", "Resource": "*", "Condition": {"StringEquals": {"k": "a"}}}"#;
const PERHAPS_DENY: &str = r#"{"Effect": "Deny", "Action": "fc:*", "Resource": "*", "Condition": {"StringEquals": {"l": "a"}}}"#;
const ELSE: &str = r#"{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}"#;

fn layered(layers: &[(Layer, usize, &[&str])]) -> Policies {
    Policies::new(
        layers
            .iter()
            .map(|(layer, level, texts)| policy(*layer, *level, &statements(&texts.join(", "))))
            .collect(),
    )
}
