//! The RAM engine against an independent one, from answers recorded by
//! `tests/differential/run --record`; `tests/differential/README.md` says what is compared.

use serde::Deserialize;
use serde_json::Value;
use sesame_fc::ram::{Context, Layer, Policies, Policy, Request, parse};
use std::collections::{BTreeMap, BTreeSet};

const CORPUS: &str = include_str!("../data/differential.ndjson");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    policies: Vec<Value>,
    action: String,
    resource: String,
    context: BTreeMap<String, String>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    context_complete: bool,
    decision: String,
    matched: Vec<(usize, usize)>,
}

impl Case {
    fn policies(&self) -> Option<Policies> {
        let documents = self.policies.iter().map(|policy| {
            Some(Policy {
                name: String::new(),
                layer: Layer::Account,
                level: 0,
                document: parse(policy.to_string().as_bytes()).document?,
            })
        });
        documents.collect::<Option<_>>().map(Policies::new)
    }

    fn context(&self) -> Context {
        let mut context = Context::default();
        for (key, value) in &self.context {
            context.give(key, value);
        }
        for key in &self.absent {
            context.absent(key);
        }
        if self.context_complete {
            context.complete();
        }
        context
    }

    /// The verdict and the statements that apply.
    fn answer(&self) -> Option<(String, Vec<(usize, usize)>)> {
        let request = Request {
            action: &self.action,
            resource: &self.resource,
            context: &self.context(),
        };
        let mut matched = Vec::new();
        let decision = self.policies()?.decide_matched(&request, &mut matched);
        Some((decision.as_str().to_owned(), matched))
    }
}

#[test]
fn the_recorded_answers_of_an_independent_engine_are_ours() {
    let mut verdicts = BTreeSet::new();
    let mut cases = 0;
    for (index, line) in CORPUS.lines().enumerate() {
        let case: Case = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("line {}: {error}", index + 1));
        let expected = Some((case.decision.clone(), case.matched.clone()));
        assert_eq!(case.answer(), expected, "line {}: {line}", index + 1);
        verdicts.insert(case.decision);
        cases += 1;
    }
    assert!(cases >= 2_500, "only {cases} cases are recorded");
    assert_eq!(
        verdicts.into_iter().collect::<Vec<_>>(),
        ["allowed", "explicit_deny", "implicit_deny"]
    );
}
