//! Holds a generated policy to what was asked: each pair is allowed, and nothing beside it.

use serde_json::Value;

use crate::ram::{Context, Decision, Layer, Pair, Policies, Policy, Request, parse, synthesise};

/// A generated policy that is not the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disproof {
    /// The text is not a policy.
    #[error("a generated document is not a policy")]
    Unreadable,
    /// Something asked is not allowed.
    #[error("`{action}` on `{resource}` was asked for and is not allowed")]
    Missing {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
    /// Something is allowed that nobody asked for.
    #[error("`{action}` on `{resource}` was not asked for and is allowed")]
    Excess {
        /// The action.
        action: String,
        /// The resource.
        resource: String,
    },
}

/// Evaluates the documents: every pair must be allowed, and a sibling of a pair (another
/// function, region, account, qualifier, action) only where some pair alone allows it.
///
/// # Errors
/// The first pair that is missing or the first sibling that is too much.
pub fn prove(pairs: &[Pair], documents: &[Value]) -> Result<(), Disproof> {
    let all = prepared(documents)?;
    let context = Context::default();
    let allows = |policies: &Policies, pair: &Pair| {
        let request = Request {
            action: &pair.action,
            resource: &pair.resource,
            context: &context,
        };
        policies.decide(&request) == Decision::Allowed
    };
    // What the pairs allow by themselves: a statement for each, nothing merged.
    let alone: Vec<Value> = pairs
        .iter()
        .flat_map(|pair| synthesise(std::slice::from_ref(pair)))
        .collect();
    let asked = prepared(&alone)?;
    for pair in pairs {
        if !allows(&all, pair) {
            let (action, resource) = (pair.action.clone(), pair.resource.clone());
            return Err(Disproof::Missing { action, resource });
        }
    }
    for sibling in pairs.iter().flat_map(siblings) {
        if !allows(&asked, &sibling) && allows(&all, &sibling) {
            let Pair { action, resource } = sibling;
            return Err(Disproof::Excess { action, resource });
        }
    }
    Ok(())
}

fn prepared(documents: &[Value]) -> Result<Policies, Disproof> {
    let policies = documents.iter().enumerate().map(|(index, document)| {
        let document = parse(document.to_string().as_bytes()).document?;
        Some(Policy {
            name: index.to_string(),
            layer: Layer::Account,
            level: 0,
            document,
        })
    });
    let policies: Option<Vec<Policy>> = policies.collect();
    Ok(Policies::new(policies.ok_or(Disproof::Unreadable)?))
}

/// The pair with one part changed, each part in turn.
fn siblings(pair: &Pair) -> Vec<Pair> {
    let Pair { action, resource } = pair;
    let with = |action: String, resource: String| Pair { action, resource };
    let mut siblings = vec![with(format!("{action}x"), resource.clone())];
    let fields: Vec<&str> = resource.splitn(5, ':').collect();
    for changed in 2..fields.len() {
        let changed: Vec<String> = fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                if index == changed {
                    format!("{field}x")
                } else {
                    (*field).to_owned()
                }
            })
            .collect();
        siblings.push(with(action.clone(), changed.join(":")));
    }
    // Each segment of the path, and the service's name apart from its qualifier.
    for (place, byte) in resource.bytes().enumerate() {
        if matches!(byte, b'/' | b'.') {
            let (before, after) = resource.split_at(place);
            siblings.push(with(action.clone(), format!("{before}x{after}")));
        }
    }
    siblings.push(with(action.clone(), format!("{resource}/x")));
    siblings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pair(action: &str, path: &str) -> Pair {
        let resource = format!("acs:fc:cn-hangzhou:123:{path}");
        Pair {
            action: action.into(),
            resource,
        }
    }

    #[test]
    fn what_is_synthesised_holds() {
        let pairs = [
            pair("fc:InvokeFunction", "services/s/functions/f"),
            pair("fc:InvokeFunction", "services/s.LATEST/functions/f"),
            pair("fc:GetFunction", "services/s/functions/f"),
            pair("fc:ListFunctions", "services/s/functions/*"),
        ];
        assert_eq!(prove(&pairs, &synthesise(&pairs)), Ok(()));
    }

    #[test]
    fn too_little_and_too_much_are_found() {
        let pairs = [pair("fc:InvokeFunction", "functions/f")];
        let with = |action: &str, resource: &str| {
            prove(
                &pairs,
                &[json!({"Version": "1", "Statement": [
                    {"Effect": "Allow", "Action": action, "Resource": resource}
                ]})],
            )
        };
        let exact = "acs:fc:cn-hangzhou:123:functions/f";
        assert_eq!(with("fc:InvokeFunction", exact), Ok(()));
        assert!(matches!(
            with("fc:GetFunction", exact),
            Err(Disproof::Missing { .. })
        ));
        for wide in [
            "*",
            "acs:fc:*:123:functions/f",
            "acs:fc:cn-hangzhou:*:functions/f",
            "acs:fc:cn-hangzhou:123:functions/f*",
            "acs:fc:cn-hangzhou:123:*",
        ] {
            assert!(
                matches!(
                    with("fc:InvokeFunction", wide),
                    Err(Disproof::Excess { .. })
                ),
                "{wide}"
            );
        }
        assert!(matches!(
            with("fc:InvokeFunction*", exact),
            Err(Disproof::Excess { .. })
        ));
    }
}
