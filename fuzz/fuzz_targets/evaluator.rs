//! Lines: action, resource, then context (`K=V`, `!K` for absent, `.` for complete) up to an
//! empty line, then a policy. All ways of asking agree, nothing panics, and telling the rest
//! of the context never turns a verdict.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sesame_fc::ram::{Context, Decision, Layer, Policies, Policy, Request, parse};

fuzz_target!(|input: &str| {
    let Some((asked, source)) = input.split_once("\n\n") else { return };
    let mut lines = asked.lines();
    let (Some(action), Some(resource)) = (lines.next(), lines.next()) else { return };
    let Some(document) = parse(source.as_bytes()).document else { return };
    let policy = |layer| Policy { name: "p".to_owned(), layer, level: 0, document: document.clone() };
    let sets = [vec![policy(Layer::Account)], vec![policy(Layer::Control), policy(Layer::ResourceGroup)], Layer::ALL.map(policy).into()];
    let prepared: Vec<Policies> = sets.into_iter().map(Policies::new).collect();
    let mut context = Context::default();
    let mut verdicts: Vec<Option<Decision>> = vec![None; prepared.len()];
    let mut told: Vec<&str> = Vec::new();
    for line in std::iter::once("").chain(lines).take(8) {
        let (key, value) = match line.split_once('=') {
            _ if line.starts_with('!') => (&line[1..], None),
            Some((key, value)) => (key, Some(value)),
            None => ("", None),
        };
        // A key told twice, or after the context was complete, takes something back.
        let again = told.contains(&key) || context.is_given(key) || context.is_absent(key) || context.is_complete();
        match value {
            _ if line == "." => context.complete(),
            _ if line.is_empty() || again => {}
            Some(value) => context.give(key, value),
            None => context.absent(key),
        }
        told.push(key);
        for (policies, verdict) in prepared.iter().zip(&mut verdicts) {
            let request = Request { action, resource, context: &context };
            let decision = policies.decide(&request);
            let explained = policies.explain(&request);
            assert_eq!(decision, explained.decision);
            let mut matched = Vec::new();
            assert_eq!(decision, policies.decide_matched(&request, &mut matched));
            assert!(decision != Decision::Undetermined || !explained.reasons.is_empty());
            match verdict {
                Some(before) => assert!(*before == decision || (before.is_denied() && decision.is_denied()), "{before:?} -> {decision:?}"),
                None => *verdict = (decision != Decision::Undetermined).then_some(decision),
            }
        }
    }
});
