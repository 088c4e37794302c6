//! May they: the action and the resource of an operation, and what the engine says of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::authenticate::Arrived;
use super::directory::{Directory, Who};
use super::operation::FcCall;
use crate::acs::ambient::utc;
use crate::catalogue::{Generation, actions};
use crate::ram::{Context, Decision, Explanation, Policies, Request};

/// What an operation asks RAM for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) action: String,
    pub(super) resource: String,
}

/// What RAM says, with the policies that it was asked of.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) asked: Asked,
    pub(super) explanation: Explanation,
    pub(super) policies: Arc<Policies>,
}

impl Verdict {
    pub(super) fn is_allowed(&self) -> bool {
        self.explanation.decision == Decision::Allowed
    }
}

/// Policies that were prepared, by caller and resource group, for as long as nothing changes.
#[derive(Debug, Default)]
pub(super) struct Prepared(Mutex<Cache>);

#[derive(Debug, Default)]
struct Cache {
    changes: u64,
    policies: HashMap<(String, Option<String>), Arc<Policies>>,
}

impl Prepared {
    /// How many callers are remembered: sessions come and go.
    const LIMIT: usize = 1_000;

    fn of(&self, who: &Who, group: Option<&str>, directory: &Directory) -> Arc<Policies> {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.changes != directory.changes() || cache.policies.len() >= Self::LIMIT {
            cache.changes = directory.changes();
            cache.policies.clear();
        }
        let name = match who {
            Who::User(name) => format!("user {name}"),
            Who::Session(session) => format!("session {}", session.key_id),
        };
        let policies = cache
            .policies
            .entry((name, group.map(str::to_owned)))
            .or_insert_with(|| Arc::new(Policies::new(directory.policies_of(who, group))));
        Arc::clone(policies)
    }

    /// Decides with the context complete: what the request shows, and what the configuration
    /// adds, is all there is.
    pub(super) fn decide(
        &self,
        asked: Asked,
        who: &Who,
        group: Option<&str>,
        directory: &Directory,
        context: &Context,
    ) -> Verdict {
        let policies = self.of(who, group, directory);
        let request = Request {
            action: &asked.action,
            resource: &asked.resource,
            context,
        };
        let explanation = policies.explain(&request);
        Verdict {
            asked,
            explanation,
            policies,
        }
    }
}

/// What is known of a request's condition keys; the configuration's word beats the request's.
pub(super) fn context(
    arrived: &Arrived,
    configured: &[(String, Vec<String>)],
    now: jiff::Timestamp,
) -> Context {
    let mut context = Context::default();
    for (key, values) in configured {
        values.iter().for_each(|value| context.give(key, value));
    }
    context.give_default(
        "acs:SourceIp",
        &arrived.peer.ip().to_canonical().to_string(),
    );
    context.give_default("acs:CurrentTime", &utc(now));
    context.give_default("acs:SecureTransport", "false");
    if let Some(agent) = arrived.headers.get("user-agent") {
        context.give_default("acs:UserAgent", agent);
    }
    context.complete();
    context
}

/// What an operation of Function Compute asks for: the form of the table that names all that
/// the call names, and nothing else.
pub(super) fn of_fc(
    call: &FcCall,
    region: &str,
    account: &str,
    qualified_latest: bool,
) -> Option<Asked> {
    let row = actions::operation(call.name(), call.generation())
        // Settings of the account and the regions are the same in both generations.
        .or_else(|| actions::operation(call.name(), Generation::Fc2))?;
    let has_qualified = row.resources.iter().any(|one| one.contains("<qualifier>"));
    let latest = (qualified_latest && has_qualified).then_some("LATEST");
    let item = call.item.as_deref();
    let given = [
        ("region", Some(region)),
        ("account-id", Some(account)),
        ("serviceName", call.service.as_deref()),
        ("functionName", call.function.as_deref()),
        ("qualifier", call.qualifier.as_deref().or(latest)),
        ("triggerName", item),
        ("aliasName", item),
        ("invocationId", item),
        ("taskId", item),
    ];
    let forms = row.resources.iter().filter_map(|form| fill(form, &given));
    let (_, resource) = forms.max_by_key(|(named, _)| *named)?;
    Some(Asked {
        action: row.name.clone(),
        resource,
    })
}

/// The form with its placeholders replaced, and how many they were; none when one is not given.
fn fill(form: &str, given: &[(&str, Option<&str>)]) -> Option<(usize, String)> {
    let mut resource = String::with_capacity(form.len());
    let mut named = 0;
    let mut rest = form;
    while let Some((before, behind)) = rest.split_once('<') {
        let (placeholder, behind) = behind.split_once('>')?;
        let mut given = given.iter();
        let (_, value) = given.find(|(name, _)| *name == placeholder)?;
        resource.push_str(before);
        resource.push_str((*value)?);
        named += 1;
        rest = behind;
    }
    resource.push_str(rest);
    Some((named, resource))
}

#[cfg(test)]
mod tests {
    use super::super::operation::{FcKind, Operation};
    use super::*;
    use crate::acs::Headers;

    fn asked(method: &str, path: &str, query: &str, qualified_latest: bool) -> (String, String) {
        let Operation::Fc(call) = Operation::of(method, path, query, &Headers::new(), b"") else {
            panic!("{path}")
        };
        let asked = of_fc(&call, "cn-hangzhou", "1", qualified_latest).unwrap();
        let path = asked.resource.rsplit(':').next().unwrap().to_owned();
        (asked.action, path)
    }

    #[test]
    fn the_form_that_names_what_the_call_names_is_asked_for() {
        let invoke = |path: &str, query, latest| {
            asked("POST", &format!("{path}/invocations"), query, latest).1
        };
        let (fc2, fc3) = ("/2016-08-15/services", "/2023-03-30/functions");
        let service = |name: &str| format!("{fc2}/{name}/functions/f");
        assert_eq!(invoke(&service("s"), "", false), "services/s/functions/f");
        assert_eq!(
            invoke(&service("s"), "", true),
            "services/s.LATEST/functions/f"
        );
        assert_eq!(
            invoke(&service("s.LATEST"), "", false),
            "services/s.LATEST/functions/f"
        );
        assert_eq!(
            invoke(&service("s.1"), "", true),
            "services/s.1/functions/f"
        );
        assert_eq!(invoke(&format!("{fc3}/f"), "", false), "functions/f");
        assert_eq!(invoke(&format!("{fc3}/f"), "", true), "functions/f/LATEST");
        assert_eq!(
            invoke(&format!("{fc3}/f"), "qualifier=p", false),
            "functions/f/p"
        );
        let listed = |path: &str| asked("GET", path, "", true);
        assert_eq!(
            listed(fc3),
            ("fc:ListFunctions".into(), "functions/*".into())
        );
        assert_eq!(
            listed(&format!("{fc3}/f/triggers/t")),
            ("fc:GetTrigger".into(), "functions/f/triggers/t".into())
        );
        assert_eq!(
            listed("/2021-04-06/services/s/functions/f/stateful-async-invocations/t").1,
            "services/s/functions/f/stateful-async-invocations/t"
        );
        assert_eq!(
            listed("/2023-03-30/regions"),
            ("fc:DescribeRegions".into(), "*".into())
        );
    }

    #[test]
    fn every_operation_has_its_row() {
        use FcKind::*;
        for kind in [
            Invoke,
            GetFunction,
            ListFunctions,
            GetTrigger,
            ListTriggers,
            ListVersions,
            GetAlias,
            ListAliases,
            GetTask,
            ListTasks,
            StopTask,
        ] {
            for generation in [Generation::Fc2, Generation::Fc3] {
                let name = kind.operation(generation);
                assert!(actions::operation(name, generation).is_some(), "{name}");
            }
        }
        assert!(actions::operation("GetAccountSettings", Generation::Fc2).is_some());
        assert!(actions::operation("ListServices", Generation::Fc2).is_some());
        assert!(actions::operation("GetService", Generation::Fc2).is_some());
        assert!(actions::operation("DescribeRegions", Generation::Fc3).is_some());
    }
}
