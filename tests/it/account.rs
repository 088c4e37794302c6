//! An account for the tests of RAM, called by its administrator.

use serde_json::Value;

use crate::cloud::{Cloud, Parameters};

pub(crate) const WORLD: &str = r#"
users:
  admin: { access_key: { id: LTAI-admin, secret: admin-secret }, policies: [AdministratorAccess] }
  alice: { access_key: { id: LTAI-alice, secret: alice-secret }, groups: [backend] }
  bob:
    access_key: { id: LTAI-bob, secret: bob-secret }
    policies:
      - { Version: "1", Statement: [{ Effect: Allow, Action: ram:AttachPolicyToUser, Resource: "acs:ram:*:1234567890123456:user/alice" }] }
    resource_group_policies: [{ resource_group: rg-demo, policies: [AliyunFCReadOnlyAccess] }]
groups:
  backend:
    policies:
      - { Version: "1", Statement: [{ Effect: Allow, Action: fc:GetFunction, Resource: "*" }] }
roles:
  ci:
    trust: { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { RAM: "acs:ram::1234567890123456:root" } }] }
functions:
  - { name: hello, builtin: hello }
"#;

pub(crate) const INVOKE: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/hello"}]}"#;
pub(crate) const READ: &str =
    r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:Get*", "Resource": "*"}]}"#;
pub(crate) const TRUST: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:user/alice"}}]}"#;

/// Called by the administrator.
pub(crate) async fn does(cloud: &Cloud, action: &str, parameters: Parameters<'_>) -> Value {
    let answer = cloud.ram("admin", action, parameters).await;
    answer.unwrap_or_else(|refused| panic!("{action} {parameters:?}: {refused:?}"))
}

/// Each call of the administrator is refused as the row says.
pub(crate) async fn refuses(cloud: &Cloud, rows: &[(&str, Parameters<'_>, u16, &str)]) {
    for (action, parameters, status, code) in rows {
        let refused = match cloud.ram("admin", action, parameters).await {
            Err(refused) => refused,
            Ok(answer) => panic!("{action} {parameters:?}: {answer}"),
        };
        assert_eq!(refused.told(), (*status, *code), "{action} {parameters:?}");
        assert!(!refused.message().is_empty());
    }
}

/// The names in a list of an answer.
pub(crate) fn names<'a>(
    answer: &'a Value,
    (outer, inner): (&str, &str),
    field: &str,
) -> Vec<&'a str> {
    let items = answer[outer][inner].as_array().unwrap();
    let names = items.iter().map(|item| item[field].as_str().unwrap());
    names.collect()
}

pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    let found = value.pointer(path).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {path} in {value}"))
}
