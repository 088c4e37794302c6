//! Before the call: what it asks for, and whether the caller's policies allow it. A verdict is
//! never a guess: what cannot be known makes it undetermined, and is named.

pub mod live;
mod proof;
mod verdict;

use serde_json::Value;

pub use proof::{Disproof, prove};
pub use verdict::{Check, Denial, Preflight, Verdict};

use crate::acs::Principal;
use crate::catalogue::{Catalogue, FillError, Generation, Requirement, Values};
use crate::fc::Target;
use crate::ram::{Context, Layer, Pair, Policies, Reason, closest, synthesise};

/// Where a caller's policy came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A file that the user named.
    File,
    /// The sandbox inside this process.
    Sandbox,
    /// RAM, asked a moment ago.
    Live,
    /// The copy of a system policy in this program, where RAM did not give the text.
    Embedded,
    /// The credentials, which narrow their own session by it.
    Credentials,
    /// Nowhere: the main account is not subject to policies.
    MainAccount,
}

impl Source {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Sandbox => "sandbox",
            Self::Live => "live",
            Self::Embedded => "embedded",
            Self::Credentials => "credentials",
            Self::MainAccount => "main_account",
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
    /// The policy that would let the caller read it, where permissions are lacking.
    pub to_read: Option<Value>,
}

/// Why it is not known what a call asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// A resource names the main account.
    #[error("the main account's id is not known")]
    NoAccount,
    /// No such operation in the target's generation.
    #[error("there is no template `{name}` for {}", generation.as_str())]
    NoTemplate {
        /// The operation.
        name: String,
        /// The target's generation.
        generation: Generation,
        /// Templates that may have been meant.
        near: Vec<String>,
    },
    /// A placeholder that the target does not give.
    #[error(transparent)]
    Fill(#[from] FillError),
}

/// What an operation asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// Every action, and the resources that RAM may be asked about for it.
    pub requirements: Vec<Requirement>,
    /// System policies that cover it, each alone, the smallest first.
    pub system_policies: Vec<String>,
}

impl Required {
    /// Each action with each resource that RAM may be asked about.
    pub fn pairs(&self) -> Vec<Pair> {
        let pairs = self.requirements.iter().flat_map(|requirement| {
            requirement.resources.iter().map(|resource| Pair {
                action: requirement.action.clone(),
                resource: resource.clone(),
            })
        });
        pairs.collect()
    }

    /// The smallest policy that allows it in each form that RAM may ask for.
    pub fn least_policy(&self) -> Value {
        synthesise(&self.pairs())
            .into_iter()
            .next()
            .unwrap_or(Value::Null)
    }
}

/// The generation of Function Compute that the target is of.
pub fn generation(target: &Target) -> Generation {
    if target.api().has_services() {
        Generation::Fc2
    } else {
        Generation::Fc3
    }
}

/// What the target puts into a template.
///
/// # Errors
/// Its account is not known.
pub fn values(target: &Target) -> Result<Values<'_>, RequirementError> {
    Ok(Values {
        region: target.region(),
        account: target.account().ok_or(RequirementError::NoAccount)?,
        service: target.service(),
        function: Some(target.function()),
        qualifiers: target.qualifier_forms(),
        ..Values::default()
    })
}

/// What an operation on the target asks for.
///
/// # Errors
/// The account is not known, or the operation's template does not fit the target.
pub fn required(
    name: &str,
    generation: Generation,
    values: &Values<'_>,
    catalogue: &Catalogue,
) -> Result<Required, RequirementError> {
    let template = catalogue.find(name, generation);
    let template = template.ok_or_else(|| RequirementError::NoTemplate {
        name: name.to_owned(),
        generation,
        near: near(name, catalogue),
    })?;
    Ok(Required {
        requirements: template.requirements(values)?,
        system_policies: template.system_policies.clone(),
    })
}

/// The templates whose names begin like the given one, or differ from it in few letters.
pub fn near(name: &str, catalogue: &Catalogue) -> Vec<String> {
    let mut names: Vec<&str> = catalogue
        .templates()
        .iter()
        .map(|template| template.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let family: Vec<String> = names
        .iter()
        .filter(|known| known.starts_with(name))
        .map(|known| (*known).to_owned())
        .collect();
    match family.is_empty() {
        false => family,
        true => closest(name, &names)
            .map(str::to_owned)
            .into_iter()
            .collect(),
    }
}

/// What a call of the target asks for.
///
/// # Errors
/// As [`required`].
pub fn for_invoke(target: &Target, catalogue: &Catalogue) -> Result<Required, RequirementError> {
    required("invoke", generation(target), &values(target)?, catalogue)
}

/// Decides whether the caller may do what an operation asks for.
pub fn check(required: &Required, caller: &Caller, context: &Context) -> Preflight {
    verdict::decide(required, caller, context)
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

    fn invoke(target: &Target) -> Required {
        for_invoke(target, Catalogue::embedded()).unwrap()
    }

    fn verdict_of(target: &Target, caller: &Caller) -> Preflight {
        check(&invoke(target), caller, &Context::default())
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
            to_read: None,
        }
    }

    #[test]
    fn a_template_asks_for_the_resources_that_the_target_names() {
        for (service, qualifier) in TARGETS {
            let target = target(service, qualifier);
            let required = invoke(&target);
            assert_eq!(required.requirements.len(), 1);
            assert_eq!(required.requirements[0].action, "fc:InvokeFunction");
            assert_eq!(required.requirements[0].resources, target.resources());
        }
    }

    #[test]
    fn the_least_policy_allows_the_call_and_no_sibling() {
        for (service, qualifier) in TARGETS {
            let target = target(service, qualifier);
            let caller = caller(&invoke(&target).least_policy().to_string());
            assert_eq!(verdict_of(&target, &caller).verdict, Verdict::Allowed);
            for (other_service, other_qualifier) in TARGETS {
                let other = self::target(other_service, other_qualifier);
                let verdict = verdict_of(&other, &caller).verdict;
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
            for name in invoke(&target).system_policies {
                let caller = caller(system::document(&name).unwrap());
                assert_eq!(
                    verdict_of(&target, &caller).verdict,
                    Verdict::Allowed,
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn candidates_that_disagree_are_undetermined() {
        let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":"acs:fc:*:*:services/s/functions/f"}]}"#;
        let preflight = verdict_of(&target(Some("s"), None), &caller(document));
        assert_eq!(preflight.verdict, Verdict::Undetermined);
        assert_eq!(preflight.checks.len(), 2);
        assert_eq!(preflight.reasons[0].kind.as_str(), "latest_form");
    }

    #[test]
    fn an_unread_layer_leaves_open_what_it_could_change() {
        let with = |layer, effect: &str| {
            let document = format!(
                r#"{{"Version":"1","Statement":[{{"Effect":"{effect}","Action":"fc:*","Resource":"*"}}]}}"#
            );
            let document = parse(document.as_bytes()).document.unwrap();
            let name = "p.json".to_owned();
            let policies = vec![Policy {
                name,
                layer,
                level: 0,
                document,
            }];
            let kind = crate::ram::ReasonKind::UnreadPolicy;
            let caller = Caller {
                principal: None,
                policies: Policies::with_unread(policies, &[Layer::Account]),
                sources: vec![Source::File],
                layers_seen: vec![layer],
                unread: vec![Reason {
                    kind,
                    detail: "d".into(),
                    settle_with: "s".into(),
                }],
                to_read: None,
            };
            let preflight = verdict_of(&target(None, None), &caller);
            (preflight.verdict, preflight.denial, preflight.reasons.len())
        };
        let undetermined = (Verdict::Undetermined, None, 1);
        let denied = |kind| (Verdict::Denied, Some(kind), 0);
        assert_eq!(with(Layer::Account, "Allow"), undetermined);
        assert_eq!(with(Layer::Account, "Deny"), denied(Denial::Explicit));
        assert_eq!(with(Layer::Control, "Deny"), denied(Denial::Explicit));
        assert_eq!(with(Layer::Session, "Allow"), undetermined);
        // An Allow that was not read at account scope would end the evaluation before this.
        assert_eq!(with(Layer::ResourceGroup, "Deny").0, Verdict::Undetermined);
    }

    #[test]
    fn a_policy_of_some_resource_group_leaves_open_what_it_could_change_and_nothing_else() {
        let verdict = |account: Option<&str>, group: &str, action: &str| {
            let policy = |layer, effect: &str, action: &str| {
                let document = format!(
                    r#"{{"Version":"1","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"*"}}]}}"#
                );
                let document = parse(document.as_bytes()).document.unwrap();
                let name = "p.json".to_owned();
                Policy {
                    name,
                    layer,
                    level: 0,
                    document,
                }
            };
            let own = account.map(|effect| policy(Layer::Account, effect, "fc:*"));
            let mut policies: Vec<Policy> = own.into_iter().collect();
            policies.push(policy(Layer::ResourceGroup, group, action));
            let doubtful = [policies.len() - 1];
            let caller = Caller {
                policies: Policies::with_doubts(policies, &[], &doubtful),
                ..caller(r#"{"Version":"1","Statement":[]}"#)
            };
            let preflight = verdict_of(&target(None, None), &caller);
            let reasons = preflight.reasons.iter();
            let kinds: Vec<&str> = reasons.map(|reason| reason.kind.as_str()).collect();
            (preflight.verdict, kinds.contains(&"unread_layer"))
        };
        let open = (Verdict::Undetermined, true);
        assert_eq!(verdict(None, "Allow", "fc:*"), open);
        assert_eq!(verdict(Some("Allow"), "Deny", "fc:*"), open);
        let (allowed, denied) = (Verdict::Allowed, Verdict::Denied);
        assert_eq!(verdict(Some("Allow"), "Allow", "fc:*"), (allowed, false));
        assert_eq!(verdict(Some("Deny"), "Allow", "fc:*"), (denied, false));
        assert_eq!(verdict(None, "Allow", "oss:*"), (denied, false));
        assert_eq!(verdict(Some("Allow"), "Deny", "oss:*"), (allowed, false));
    }

    #[test]
    fn a_layer_above_that_allows_nothing_denies_and_no_allow_of_the_caller_lifts_it() {
        let document = |action: &str| {
            let document = format!(
                r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
            );
            parse(document.as_bytes()).document.unwrap()
        };
        let policy = |layer, action| Policy {
            name: "p.json".to_owned(),
            layer,
            level: 0,
            document: document(action),
        };
        for above in [Layer::Control, Layer::Session] {
            let policies = vec![policy(above, "oss:*"), policy(Layer::Account, "fc:*")];
            let caller = Caller {
                policies: Policies::new(policies),
                ..caller(r#"{"Version":"1","Statement":[]}"#)
            };
            let preflight = verdict_of(&target(None, None), &caller);
            assert_eq!(preflight.denial, Some(Denial::Implicit));
            assert_eq!(preflight.suggested_policy, None);
        }
    }
}
