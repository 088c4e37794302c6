//! Policies and questions that the tests of `sesame policy` share.

use super::harness::{Sesame, sesame};

pub(crate) const HELLO: &str = "acs:fc:cn-hangzhou:1234567890123456:functions/hello";

/// `Allow fc:InvokeFunction` on function `hello`, as a person would write it.
pub(crate) const ALLOW_HELLO: &str = r#"{
  "Version": "1",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "fc:InvokeFunction",
      "Resource": "acs:fc:cn-hangzhou:1234567890123456:functions/hello"
    }
  ]
}
"#;

/// A document of statements.
pub(crate) fn document<I: IntoIterator<Item: AsRef<str>>>(statements: I) -> String {
    let statements: Vec<String> = statements
        .into_iter()
        .map(|statement| statement.as_ref().to_owned())
        .collect();
    let statements = statements.join(",\n  ");
    format!("{{\"Version\": \"1\", \"Statement\": [\n  {statements}\n]}}\n")
}

/// A statement of one action on one resource.
pub(crate) fn statement(effect: &str, action: &str, resource: &str) -> String {
    format!(r#"{{"Effect": "{effect}", "Action": "{action}", "Resource": "{resource}"}}"#)
}

/// An Allow of everything under a condition.
pub(crate) fn allow_if(condition: &str) -> String {
    document([format!(
        r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {condition}}}"#
    )])
}

/// `sesame policy check`: may this function be called?
pub(crate) fn check(action: &str, resource: &str) -> Sesame {
    sesame([
        "policy",
        "check",
        "--action",
        action,
        "--resource",
        resource,
    ])
}

/// [`check`] of calling `hello` under one policy.
pub(crate) fn check_hello(policy: &str) -> Sesame {
    check("fc:InvokeFunction", HELLO)
        .args(["--policy-file", "p.json"])
        .file("p.json", policy)
}
