//! Whom the sandbox knows and what it runs. The built-in demo needs no file.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::acs::Secret;
use crate::catalogue::system;
use crate::ram::{Layer, Policy, parse};

/// The sandbox's world: one account in one region.
#[derive(Debug, Clone)]
pub struct Config {
    /// The main account's id.
    pub account: String,
    /// The region.
    pub region: String,
    /// The RAM users; the first one calls when no other is named.
    pub users: Vec<User>,
    /// The functions of both generations.
    pub functions: Vec<Function>,
}

/// A RAM user with its access key.
#[derive(Debug, Clone)]
pub struct User {
    /// The user's name.
    pub name: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key's secret.
    pub access_key_secret: Secret,
    /// Name and text of each policy attached at account scope.
    pub attached: Vec<(String, String)>,
}

/// What runs when a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    /// Greets.
    Hello,
    /// Gives the event back.
    Echo,
    /// Raises.
    Fail,
}

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its service, for FC 2.0.
    pub service: Option<String>,
    /// Its name.
    pub name: String,
    /// What it does.
    pub builtin: Builtin,
    /// The memory that its log line names.
    pub memory_mb: u32,
    /// Published versions.
    pub versions: Vec<String>,
    /// Aliases and the version of each.
    pub aliases: BTreeMap<String, String>,
}

impl User {
    fn new(name: &str, attached: &[(&str, &str)]) -> Self {
        Self {
            name: name.to_owned(),
            access_key_id: format!("LTAI-sandbox-{name}"),
            access_key_secret: Secret::new(format!("sandbox-{name}-secret")),
            attached: attached
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        }
    }

    /// The user's numeric id, as RAM gives one: the same for the same name.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(self.name.as_bytes());
        let number = digest
            .iter()
            .take(7)
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("2{number:017}")
    }

    /// The policies attached to the user.
    pub fn documents(&self) -> Vec<Policy> {
        let policies = self.attached.iter().filter_map(|(name, text)| {
            let document = parse(text.as_bytes()).document?;
            Some(Policy {
                name: name.clone(),
                layer: Layer::Account,
                level: 0,
                document,
            })
        });
        policies.collect()
    }
}

/// The contractor's own policy: everything, but for one function.
const CONTRACTOR: &str = r#"{
  "Version": "1",
  "Statement": [
    { "Effect": "Allow", "Action": "fc:*", "Resource": "*" },
    { "Effect": "Deny", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/billing" }
  ]
}
"#;

impl Config {
    /// The world that `--sandbox` shows when it is given none.
    pub fn demo() -> Self {
        let system = |name| [(name, system::document(name).unwrap_or_default())];
        let function = |service: Option<&str>, name: &str, builtin| Function {
            service: service.map(str::to_owned),
            name: name.to_owned(),
            builtin,
            memory_mb: 128,
            versions: vec!["1".to_owned()],
            aliases: BTreeMap::from([("prod".to_owned(), "1".to_owned())]),
        };
        Self {
            account: "1234567890123456".to_owned(),
            region: "cn-hangzhou".to_owned(),
            users: vec![
                User::new("developer", &system("AliyunFCInvocationAccess")),
                User::new("intern", &[]),
                User::new("contractor", &[("contractor.json", CONTRACTOR)]),
                User::new("admin", &system("AdministratorAccess")),
            ],
            functions: vec![
                function(None, "hello", Builtin::Hello),
                function(Some("demo"), "hello", Builtin::Hello),
                function(None, "echo", Builtin::Echo),
                function(Some("demo"), "echo", Builtin::Echo),
                function(None, "billing", Builtin::Hello),
                function(None, "broken", Builtin::Fail),
            ],
        }
    }

    /// The user of a name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The user whose key it is.
    pub fn user_of_key(&self, access_key_id: &str) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.access_key_id == access_key_id)
    }

    /// Whether there is such a service.
    pub fn has_service(&self, service: &str) -> bool {
        self.functions
            .iter()
            .any(|function| function.service.as_deref() == Some(service))
    }

    /// The function of a name.
    pub fn function(&self, service: Option<&str>, name: &str) -> Option<&Function> {
        self.functions
            .iter()
            .find(|function| function.service.as_deref() == service && function.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_of_the_demo_is_a_policy() {
        for user in Config::demo().users {
            assert_eq!(user.documents().len(), user.attached.len(), "{}", user.name);
        }
    }

    #[test]
    fn ids_are_digits_and_differ() {
        let demo = Config::demo();
        let ids: std::collections::BTreeSet<_> = demo.users.iter().map(User::id).collect();
        assert_eq!(ids.len(), demo.users.len());
        assert!(
            ids.iter()
                .all(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
        );
    }
}
