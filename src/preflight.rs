//! Before the call: what it asks for, and whether the caller's policies allow it. A verdict is
//! never a guess: what cannot be known makes it undetermined, and is named.

mod proof;
mod verdict;

use serde_json::Value;

pub use proof::{Disproof, prove};
pub use verdict::{Check, Denial, Preflight, Verdict};

use crate::acs::Principal;
use crate::catalogue::templates::{self, Generation};
use crate::catalogue::{Requirement, Values};
use crate::fc::Target;
use crate::ram::{Context, Layer, Pair, Policies, Reason, synthesise};

/// Where a caller's policy came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A file that the user named.
    File,
    /// The sandbox inside this process.
    Sandbox,
}

impl Source {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Sandbox => "sandbox",
        }
    }
}

/// Who calls, and what is known of their policies.
#[derive(Debug)]
pub struct Caller {
    /// Who, as far as it is known.
    pub principal: Option<Principal>,
    /// The policies that were read.
    pub policies: Policies,
    /// Where each of them came from, in the same order.
    pub sources: Vec<Source>,
    /// The layers that were looked at, with or without a policy in them.
    pub layers_seen: Vec<Layer>,
    /// What should have been read and was not.
    pub unread: Vec<Reason>,
}

/// The generation of Function Compute that the target is of.
pub fn generation(target: &Target) -> Generation {
    if target.api().has_services() {
        Generation::Fc2
    } else {
        Generation::Fc3
    }
}

/// What the target puts into a template; `None` while its account is unknown.
pub fn values(target: &Target) -> Option<Values<'_>> {
    Some(Values {
        region: target.region(),
        account: target.account()?,
        service: target.service(),
        function: target.function(),
        qualifiers: target.qualifier_forms(),
    })
}

/// What a call of the target asks for, and the system policies that cover it; `None` while the
/// target's account is unknown.
pub fn requirements(target: &Target) -> Option<(Vec<Requirement>, Vec<String>)> {
    let template = templates::find("invoke", generation(target))?;
    Some((
        template.requirements(&values(target)?),
        template.system_policies,
    ))
}

/// Each action with each resource that RAM may be asked about.
pub fn pairs(requirements: &[Requirement]) -> Vec<Pair> {
    let pairs = requirements.iter().flat_map(|requirement| {
        requirement.resources.iter().map(|resource| Pair {
            action: requirement.action.clone(),
            resource: resource.clone(),
        })
    });
    pairs.collect()
}

/// The smallest policy that allows the requirements in each form that RAM may ask for.
pub fn least_policy(requirements: &[Requirement]) -> Value {
    synthesise(&pairs(requirements))
        .into_iter()
        .next()
        .unwrap_or(Value::Null)
}

/// Decides whether the caller may do what the target asks for; `None` while the target's
/// account is unknown.
pub fn check(target: &Target, caller: &Caller, context: &Context) -> Option<Preflight> {
    let (requirements, system_policies) = requirements(target)?;
    Some(verdict::decide(
        &requirements,
        system_policies,
        caller,
        context,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::system;
    use crate::fc::target::TargetNames;
    use crate::ram::{Policy, parse};

    fn target(service: Option<&str>, qualifier: Option<&str>) -> Target {
        Target::new(TargetNames {
            api: None,
            region: "cn-hangzhou".into(),
            account: Some("123".into()),
            service: service.map(str::to_owned),
            function: "f".into(),
            qualifier: qualifier.map(str::to_owned),
        })
        .unwrap()
    }

    const TARGETS: [(Option<&str>, Option<&str>); 6] = [
        (None, None),
        (None, Some("LATEST")),
        (None, Some("1")),
        (Some("s"), None),
        (Some("s"), Some("LATEST")),
        (Some("s"), Some("prod")),
    ];

    fn caller(document: &str) -> Caller {
        let document = parse(document.as_bytes()).document.unwrap();
        let name = "p.json".to_owned();
        let policy = Policy {
            name,
            layer: Layer::Account,
            level: 0,
            document,
        };
        Caller {
            principal: None,
            policies: Policies::new(vec![policy]),
            sources: vec![Source::File],
            layers_seen: vec![Layer::Account],
            unread: Vec::new(),
        }
    }

    #[test]
    fn a_template_asks_for_the_resources_that_the_target_names() {
        for (service, qualifier) in TARGETS {
            let target = target(service, qualifier);
            let (requirements, _) = requirements(&target).unwrap();
            assert_eq!(requirements.len(), 1);
            assert_eq!(requirements[0].action, "fc:InvokeFunction");
            assert_eq!(requirements[0].resources, target.resources());
        }
    }

    #[test]
    fn the_least_policy_allows_the_call_and_no_sibling() {
        let context = Context::default();
        for (service, qualifier) in TARGETS {
            let target = target(service, qualifier);
            let policy = least_policy(&requirements(&target).unwrap().0).to_string();
            let caller = caller(&policy);
            assert_eq!(
                check(&target, &caller, &context).unwrap().verdict,
                Verdict::Allowed
            );
            for (other_service, other_qualifier) in TARGETS {
                let other = self::target(other_service, other_qualifier);
                let verdict = check(&other, &caller, &context).unwrap().verdict;
                let covered = other
                    .resources()
                    .iter()
                    .all(|one| target.resources().contains(one));
                assert_eq!(verdict == Verdict::Allowed, covered, "{target:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_system_policies_of_the_template_are_sufficient() {
        for (service, qualifier) in TARGETS {
            let target = target(service, qualifier);
            for name in requirements(&target).unwrap().1 {
                let caller = caller(system::document(&name).unwrap());
                let preflight = check(&target, &caller, &Context::default()).unwrap();
                assert_eq!(preflight.verdict, Verdict::Allowed, "{name}");
            }
        }
    }

    #[test]
    fn candidates_that_disagree_are_undetermined() {
        let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:*:*:services/s/functions/f"}]}"#;
        let preflight = check(
            &target(Some("s"), None),
            &caller(document),
            &Context::default(),
        )
        .unwrap();
        assert_eq!(preflight.verdict, Verdict::Undetermined);
        assert_eq!(preflight.checks.len(), 2);
        assert_eq!(preflight.reasons[0].kind.as_str(), "latest_form");
    }

    #[test]
    fn an_unread_layer_leaves_only_an_explicit_denial_decided() {
        let unread = || {
            let kind = crate::ram::ReasonKind::UnreadPolicy;
            vec![Reason {
                kind,
                detail: "d".into(),
                settle_with: "s".into(),
            }]
        };
        let with = |effect: &str| {
            let document = format!(
                r#"{{"Version":"1","Statement":[{{"Effect":"{effect}","Action":"*","Resource":"*"}}]}}"#
            );
            let caller = Caller {
                unread: unread(),
                ..caller(&document)
            };
            check(&target(None, None), &caller, &Context::default()).unwrap()
        };
        assert_eq!(with("Allow").verdict, Verdict::Undetermined);
        let denied = with("Deny");
        assert_eq!(
            (denied.verdict, denied.denial),
            (Verdict::Denied, Some(Denial::Explicit))
        );
    }
}
