//! What holds for every embedded template.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::*;
use crate::catalogue::{actions, system};
use crate::ram::{Context, Decision, Layer, Policies, Policy, Request, parse};

/// A target and what else the embedded templates may want to know.
fn sample(qualifiers: Vec<Option<&str>>) -> Values<'_> {
    let extra = [
        ("triggerName", "trigger"),
        ("aliasName", "prod"),
        ("versionId", "1"),
        ("layerName", "layer"),
        ("domainName", "www.example.com"),
        ("roleName", "role"),
        ("policyName", "policy"),
        ("projectName", "project"),
        ("logstoreName", "logstore"),
    ];
    Values {
        region: "cn-hangzhou",
        account: "123",
        service: Some("s"),
        function: Some("f"),
        qualifiers,
        extra: BTreeMap::from(extra),
    }
}

fn forms() -> [Vec<Option<&'static str>>; 3] {
    [
        vec![None, Some("LATEST")],
        vec![Some("prod")],
        vec![None, Some("*")],
    ]
}

fn policies(texts: &[&str]) -> Policies {
    let list = texts.iter().map(|text| Policy {
        name: "p".to_owned(),
        layer: Layer::Account,
        level: 0,
        document: parse(text.as_bytes()).document.unwrap(),
    });
    Policies::new(list.collect())
}

/// What Function Compute says when it passes a role on.
fn context() -> Context {
    let mut context = Context::default();
    context.give("acs:Service", "fc.aliyuncs.com");
    context
}

fn allows(policies: &Policies, requirement: &Requirement, context: &Context) -> bool {
    requirement.resources.iter().all(|resource| {
        let request = Request {
            action: &requirement.action,
            resource,
            context,
        };
        policies.decide(&request) == Decision::Allowed
    })
}

/// Whether a template's resource is one of the table's, a `*` standing for any placeholder.
fn is_form_of(resource: &str, pattern: &str) -> bool {
    let whole = |text: &str| placeholders::pieces(text).unwrap().len();
    let mut rest = resource;
    for piece in placeholders::pieces(pattern).unwrap() {
        let next = match piece {
            Piece::Literal(text) => rest.strip_prefix(text),
            Piece::Placeholder(name) => rest
                .strip_prefix(&format!("<{name}>"))
                .or_else(|| rest.strip_prefix('*')),
        };
        let Some(next) = next else { return false };
        rest = next;
    }
    assert!(whole(resource) > 0);
    rest.is_empty()
}

#[test]
fn a_star_stands_for_a_placeholder_and_nothing_else() {
    let pattern = "services/<serviceName>/aliases/*";
    assert!(is_form_of("services/<serviceName>/aliases/*", pattern));
    assert!(is_form_of("services/*/aliases/*", pattern));
    assert!(!is_form_of(
        "services/<serviceName>/aliases/<aliasName>",
        pattern
    ));
    assert!(!is_form_of(
        "services/services/<serviceName>/aliases/*",
        pattern
    ));
    assert!(!is_form_of("services/*", pattern));
}

#[test]
fn the_index_and_the_folders_hold_the_same_files() {
    let listed: BTreeSet<String> = all().iter().map(|one| one.file.clone()).collect();
    assert_eq!(listed.len(), all().len());
    let embedded = embedded::TEMPLATES.iter().chain(embedded::SYSTEM);
    let embedded: BTreeSet<String> = embedded.map(|(file, _)| (*file).to_owned()).collect();
    let mut found = BTreeSet::new();
    for folder in ["fc2", "fc3", "system"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("policies")
            .join(folder);
        for entry in fs::read_dir(path).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let file = format!("{folder}/{name}");
            if file != "system/index.json" {
                assert!(folder == "system" || listed.contains(&file), "{file}");
                found.insert(file);
            }
        }
    }
    assert_eq!(found, embedded);
    for template in all() {
        let expected = format!("{}/{}.json", template.generation, template.name);
        assert_eq!(template.file, expected);
    }
}

#[test]
fn every_document_is_a_policy_with_nothing_but_allows() {
    for template in all() {
        let file = &template.file;
        let document: Value = serde_json::from_str(template.document()).unwrap();
        assert_eq!(document["Version"], "1", "{file}");
        assert_eq!(document.as_object().unwrap().len(), 2, "{file}");
        for statement in document["Statement"].as_array().unwrap() {
            let keys: Vec<_> = statement.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["Action", "Effect", "Resource"], "{file}");
        }
        assert!(!template.document().contains("services/services"), "{file}");
        let findings = parse(template.document().as_bytes()).findings;
        assert!(findings.is_empty(), "{file}: {findings:?}");
        template.grants().unwrap();
    }
}

#[test]
fn every_row_says_where_each_statement_comes_from_and_claims_no_more() {
    for template in all() {
        let grants = template.grants().unwrap();
        assert_eq!(template.statements.len(), grants.len(), "{}", template.file);
        let weakest = template.statements.iter().map(|one| one.confidence).max();
        assert!(Some(template.confidence) >= weakest, "{}", template.file);
        assert_ne!(template.confidence, Confidence::Local);
        assert!(!template.source.is_empty() && !template.title.is_empty());
        for (grant, provenance) in grants.iter().zip(&template.statements) {
            for action in &grant.actions {
                if let Some(row) = actions::find(action, template.generation) {
                    assert!(provenance.confidence >= row.confidence, "{}", template.file);
                }
            }
        }
    }
}

#[test]
fn every_action_of_function_compute_is_in_the_table_with_the_resource() {
    for template in all() {
        for grant in template.grants().unwrap() {
            for action in grant.actions.iter().filter(|one| one.starts_with("fc:")) {
                let row = actions::find(action, template.generation);
                let row = row.unwrap_or_else(|| panic!("{}: {action}", template.file));
                assert_eq!(*action, row.name, "{}", template.file);
                for resource in &grant.resources {
                    let known = row
                        .resources
                        .iter()
                        .any(|pattern| is_form_of(resource, pattern));
                    assert!(known, "{}: {action} on {resource}", template.file);
                }
            }
        }
    }
}

#[test]
fn the_actions_of_a_statement_have_the_same_forms() {
    // Otherwise a filled statement would allow one of them in a form that is another's.
    for template in all() {
        for grant in template.grants().unwrap() {
            let qualified_only: BTreeSet<bool> = grant
                .actions
                .iter()
                .map(|action| {
                    actions::find(action, template.generation)
                        .is_some_and(actions::Action::is_qualified_only)
                })
                .collect();
            assert_eq!(qualified_only.len(), 1, "{}", template.file);
        }
    }
}

#[test]
fn a_target_fills_every_template_and_leaves_no_placeholder() {
    for template in all() {
        for name in template.placeholders().unwrap() {
            assert!(placeholders::find(&name).is_some(), "{name}");
        }
        for qualifiers in forms() {
            let values = sample(qualifiers);
            let requirements = template.requirements(&values).unwrap();
            let filled = template.filled(&values).unwrap().to_string();
            assert!(!filled.contains(['<', '>']), "{filled}");
            let own = policies(&[&filled]);
            assert!(!requirements.is_empty(), "{}", template.file);
            for requirement in &requirements {
                assert!(!requirement.resources.is_empty());
                assert!(allows(&own, requirement, &Context::default()), "{filled}");
            }
        }
    }
}

#[test]
fn a_filled_template_of_one_function_allows_no_other() {
    let other = |resource: &str| {
        resource
            .replace("functions/f", "functions/g")
            .replace("services/s", "services/t")
    };
    for template in all() {
        let names = template.placeholders().unwrap();
        if !names.iter().any(|name| name == "functionName") {
            continue;
        }
        let values = sample(vec![Some("prod")]);
        let own = policies(&[&template.filled(&values).unwrap().to_string()]);
        for requirement in template.requirements(&values).unwrap() {
            for resource in &requirement.resources {
                let moved = other(resource);
                // Helper functions have names that nobody knows.
                let named = resource.contains("functions/f");
                if named && moved != *resource {
                    let sibling = Requirement {
                        action: requirement.action.clone(),
                        resources: vec![moved],
                    };
                    assert!(!allows(&own, &sibling, &Context::default()), "{sibling:?}");
                }
            }
        }
    }
}

#[test]
fn an_unfilled_placeholder_is_an_error_that_names_it() {
    for template in all() {
        for name in template.placeholders().unwrap() {
            let placeholder = placeholders::find(&name).unwrap();
            let mut values = sample(vec![Some("prod")]);
            match name.as_str() {
                "region" | "account-id" => continue,
                "serviceName" => values.service = None,
                "functionName" => values.function = None,
                "qualifier" => values.qualifiers.clear(),
                other => drop(values.extra.remove(other)),
            }
            let filled = template.requirements(&values);
            match filled {
                Ok(_) => assert!(placeholder.default.is_some(), "{name}"),
                Err(error) => assert!(error.to_string().contains(&format!("`<{name}>`"))),
            }
        }
    }
}

#[test]
fn system_policies_that_are_said_to_cover_a_template_do() {
    let context = context();
    for template in all() {
        let alone = template.system_policies.iter().map(|name| vec![name]);
        let together = &template.system_policies_together;
        for names in alone.chain([together.iter().collect::<Vec<_>>()]) {
            for name in &names {
                assert!(system::status(name).is_some(), "{name}");
            }
            let texts: Vec<&str> = names
                .iter()
                .filter_map(|name| system::document(name))
                .collect();
            let policies = policies(&texts);
            // Documents of other products' policies are not known.
            let known = texts.len() == names.len();
            for requirement in template.requirements(&sample(vec![Some("prod")])).unwrap() {
                let ours = requirement.action.starts_with("fc:") && !texts.is_empty();
                if !names.is_empty() && (known || ours) {
                    let covered = allows(&policies, &requirement, &context);
                    assert!(covered, "{names:?} {}: {requirement:?}", template.file);
                }
            }
        }
    }
}

#[test]
fn both_generations_have_what_surrounds_a_call() {
    for generation in Generation::ALL {
        for name in [
            "invoke",
            "async",
            "async-status",
            "http-trigger",
            "discover",
            "logs",
            "metrics",
            "alias-publish",
            "version-publish",
            "provision-put",
            "on-demand-put",
            "layer-publish",
            "remove-function",
            "remove-trigger",
            "deploy-function",
        ] {
            assert!(find(name, generation).is_some(), "{generation} {name}");
        }
        let trigger = find("http-trigger", generation).unwrap();
        assert_eq!(trigger.confidence, Confidence::Guessed);
        assert!(trigger.notes.is_some());
        assert_eq!(
            find("invoke", generation).unwrap().confidence,
            Confidence::Documented
        );
    }
    assert!(find("invoke ", Generation::Fc2).is_none());
}

#[test]
fn a_call_asks_for_each_form_of_its_qualifier() {
    let requirements = find("invoke", Generation::Fc2)
        .unwrap()
        .requirements(&sample(vec![None, Some("LATEST")]))
        .unwrap();
    assert_eq!(
        requirements,
        [Requirement {
            action: "fc:InvokeFunction".into(),
            resources: vec![
                "acs:fc:cn-hangzhou:123:services/s/functions/f".into(),
                "acs:fc:cn-hangzhou:123:services/s.LATEST/functions/f".into(),
            ],
        }]
    );
    let provision = find("provision-put", Generation::Fc2).unwrap();
    let requirements = provision.requirements(&sample(vec![Some("prod")])).unwrap();
    assert_eq!(
        requirements[0].resources,
        ["acs:fc:cn-hangzhou:123:services/s.prod/functions/f"]
    );
}
