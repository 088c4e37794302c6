//! What RAM says of an `EncodedDiagnosticMessage`: which policy decided, of which kind, and on
//! what it was asked. It names the policy, never the statement.

use serde_json::Value;

use crate::acs::Principal;
use crate::preflight::Denial;

/// A policy that took part in the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedPolicy {
    /// Its name or id.
    pub name: String,
    /// `Custom`, `System`, …
    pub kind: Option<String>,
    /// `v1`, …
    pub version: Option<String>,
    /// `Allow` or `Deny`.
    pub effect: Option<String>,
    /// What it is attached to: `RamUser`, `RamRole`, `RamGroup`, `ResourceDirectoryTarget`.
    pub entity: Option<String>,
    /// Where it counts: `Account`, `ResourceGroup`, `Folder`.
    pub scope: Option<String>,
}

impl MatchedPolicy {
    /// The policy in words.
    pub fn describe(&self) -> String {
        let parts = [&self.kind, &self.version];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        let effect = self.effect.as_deref().unwrap_or("its statement");
        let entity = self
            .entity
            .as_deref()
            .map(|entity| format!(", attached to a {entity}"));
        let scope = self
            .scope
            .as_deref()
            .map(|scope| format!(" at the scope {scope}"));
        format!(
            "RAM names the policy `{}` ({}), with {effect}{}{}",
            self.name,
            parts.join(" "),
            entity.unwrap_or_default(),
            scope.unwrap_or_default()
        )
    }
}

/// RAM's word on a denial. What is not known is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    /// The action that RAM was asked about.
    pub action: Option<String>,
    /// The resource that RAM was asked about.
    pub resource: Option<String>,
    /// Which way it was denied.
    pub denial: Option<Denial>,
    /// The kind of policy that denied.
    pub policy_type: Option<String>,
    /// Who was denied.
    pub principal: Option<Principal>,
    /// Condition keys of the request, with each value.
    pub conditions: Vec<(String, String)>,
    /// The policies that decided.
    pub policies: Vec<MatchedPolicy>,
}

impl Decoded {
    /// Reads the answer to `DecodeDiagnosticMessage`; `None` when it holds no decision.
    pub fn of(answer: &Value) -> Option<Self> {
        let message = answer.get("DecodedDiagnosticMessage")?;
        let text = |value: &Value, name: &str| {
            let found = value.get(name)?.as_str()?;
            Some(found.to_owned()).filter(|text| !text.is_empty())
        };
        // A flag is written as such or as its text.
        let explicit = message.get("ExplicitDeny").and_then(|flag| {
            flag.as_bool()
                .or_else(|| flag.as_str()?.to_ascii_lowercase().parse().ok())
        });
        let principal = message.get("AuthPrincipal").map(|said| Principal {
            kind: text(said, "AuthPrincipalType"),
            id: text(said, "AuthPrincipalDisplayName"),
            name: None,
            account_id: text(said, "AuthPrincipalOwnerId"),
        });
        let list = |name: &str| rows(message.get(name));
        let conditions = list("AuthConditions").into_iter().filter_map(|row| {
            let key = text(row, "ConditionKey")?;
            let values = rows(row.get("ConditionValues")).into_iter();
            let values = values.filter_map(Value::as_str).map(str::to_owned);
            Some(
                values
                    .map(move |value| (key.clone(), value))
                    .collect::<Vec<_>>(),
            )
        });
        let policies = list("MatchedPolicies").into_iter().filter_map(|row| {
            Some(MatchedPolicy {
                name: text(row, "PolicyIdentifier")?,
                kind: text(row, "PolicyType"),
                version: text(row, "PolicyVersion"),
                effect: text(row, "Effect"),
                entity: text(row, "AttachedEntityType"),
                scope: text(row, "AttachedScope"),
            })
        });
        let decoded = Self {
            action: text(message, "AuthAction"),
            resource: text(message, "AuthResource"),
            denial: explicit.map(|explicit| match explicit {
                true => Denial::Explicit,
                false => Denial::Implicit,
            }),
            policy_type: text(message, "NoPermissionPolicyType"),
            principal: principal.filter(|one| *one != Principal::default()),
            conditions: conditions.flatten().collect(),
            policies: policies.collect(),
        };
        (decoded != Self::default()).then_some(decoded)
    }
}

/// A list, bare or in an object of one field, as RPC answers wrap it.
fn rows(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(rows)) => rows.iter().collect(),
        Some(Value::Object(wrapped)) if wrapped.len() == 1 => wrapped
            .values()
            .filter_map(Value::as_array)
            .flatten()
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_read_however_it_wraps_its_lists() {
        let policy = json!({"PolicyIdentifier": "no-billing", "PolicyType": "Custom", "PolicyVersion": "v2",
            "Effect": "Deny", "AttachedEntityType": "RamUser", "AttachedScope": "Account"});
        let condition = json!({"ConditionKey": "acs:SourceIp", "ConditionValues": ["203.0.113.7"]});
        for (policies, conditions) in [
            (json!([policy]), json!([condition])),
            (
                json!({"MatchedPolicy": [policy]}),
                json!({"AuthCondition": [condition]}),
            ),
        ] {
            let decoded = Decoded::of(&json!({"DecodedDiagnosticMessage": {
                "AuthAction": "fc:InvokeFunction", "ExplicitDeny": true,
                "MatchedPolicies": policies, "AuthConditions": conditions,
            }}))
            .unwrap();
            assert_eq!(decoded.denial, Some(Denial::Explicit));
            assert_eq!(
                decoded.conditions,
                [("acs:SourceIp".into(), "203.0.113.7".into())]
            );
            assert_eq!(
                decoded.policies[0].describe(),
                "RAM names the policy `no-billing` (Custom v2), with Deny, attached to a RamUser at the scope Account"
            );
        }
        for answer in [
            json!({}),
            json!({"DecodedDiagnosticMessage": {}}),
            json!([1]),
        ] {
            assert_eq!(Decoded::of(&answer), None);
        }
    }
}
