//! Speed of the policy engine, one thread. `cargo bench --bench ram`.
//!
//! A decision is what `Policies::decide` gives for one request: names matched, conditions
//! evaluated, layers combined. Requests and contexts are built beforehand, as a caller that
//! asks in bulk has them. Elements per second are decisions per second.

#![allow(missing_docs, clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sesame_fc::ram::{Context, Decision, Layer, Policies, Policy, Request, parse};
use std::hint::black_box;

const TEN: &[u8] = include_bytes!("policies/ten.json");
const SIX_KILOBYTES: &[u8] = include_bytes!("policies/six-kilobytes.json");

fn prepare(source: &[u8]) -> Policies {
    let document = parse(source).document.expect("a document");
    Policies::new(vec![Policy {
        name: "bench".to_owned(),
        layer: Layer::Account,
        level: 0,
        document,
    }])
}

/// (a) Ten statements (eight wildcard Allows, one Allow with an IpAddress condition, one
/// wildcard Deny), and four requests in turn: one allowed, one whose condition fails, one
/// denied, one that nothing matches. Then the same with the reasons.
fn ten_statements(criterion: &mut Criterion) {
    let policies = prepare(TEN);
    let mut context = Context::default();
    context.give("acs:SourceIp", "203.0.113.7");
    context.complete();
    let asked = [
        (
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:1234567890123456:services/web-shop/functions/cart",
            Decision::Allowed,
        ),
        (
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:1234567890123456:services/internal/functions/report",
            Decision::ImplicitDeny,
        ),
        (
            "fc:InvokeFunction",
            "acs:fc:cn-hangzhou:1234567890123456:services/web-shop/functions/billing-run",
            Decision::ExplicitDeny,
        ),
        (
            "ram:CreateUser",
            "acs:ram:*:1234567890123456:user/eve",
            Decision::ImplicitDeny,
        ),
    ];
    let requests: Vec<Request<'_>> = asked
        .iter()
        .map(|(action, resource, _)| Request {
            action,
            resource,
            context: &context,
        })
        .collect();
    for (request, (_, _, expected)) in requests.iter().zip(&asked) {
        assert_eq!(policies.decide(request), *expected, "{request:?}");
    }
    let mut group = criterion.benchmark_group("ten statements, four requests");
    group.throughput(Throughput::Elements(4));
    group.bench_function("decide", |bencher| {
        bencher.iter(|| {
            requests
                .iter()
                .for_each(|request| _ = black_box(policies.decide(black_box(request))))
        });
    });
    group.bench_function("explain", |bencher| {
        bencher.iter(|| {
            requests
                .iter()
                .for_each(|request| _ = black_box(policies.explain(black_box(request))))
        });
    });
    let mut matched = Vec::new();
    group.bench_function("decide_matched", |bencher| {
        bencher.iter(|| {
            requests.iter().for_each(|request| {
                _ = black_box(policies.decide_matched(black_box(request), &mut matched))
            })
        });
    });
    group.finish();
}

/// (b) 1,500 statements, about what one principal can hold at RAM's limits: three for each of
/// 500 functions, every tenth of them a Deny, and all 500 functions asked in turn, so that no
/// request profits from the one before.
fn fifteen_hundred_statements(criterion: &mut Criterion) {
    let mut statements = Vec::new();
    for number in 0..500 {
        let function = format!(
            "acs:fc:*:*:services/team-{}/functions/task-{number:03}",
            number % 25
        );
        let effect = if number % 10 == 0 { "Deny" } else { "Allow" };
        statements.push(format!(
            r#"{{"Effect": "{effect}", "Action": "fc:InvokeFunction", "Resource": "{function}"}}"#
        ));
        statements.push(format!(r#"{{"Effect": "Allow", "Action": ["fc:GetFunction", "fc:UpdateFunction"], "Resource": "{function}"}}"#));
        statements.push(format!(
            r#"{{"Effect": "Allow", "Action": "fc:*", "Resource": "{function}/*", "Condition": {{"IpAddress": {{"acs:SourceIp": ["10.0.0.0/8"]}}}}}}"#
        ));
    }
    let policies = prepare(
        format!(
            r#"{{"Version": "1", "Statement": [{}]}}"#,
            statements.join(",")
        )
        .as_bytes(),
    );
    let mut context = Context::default();
    context.give("acs:SourceIp", "10.1.2.3");
    let resources: Vec<String> = (0..500)
        .map(|number| {
            format!(
                "acs:fc:cn-hangzhou:1234567890123456:services/team-{}/functions/task-{number:03}",
                number % 25
            )
        })
        .collect();
    let ask = |resource: &str| {
        policies.decide(&Request {
            action: "fc:InvokeFunction",
            resource,
            context: &context,
        })
    };
    for (number, resource) in resources.iter().enumerate() {
        let expected = if number % 10 == 0 {
            Decision::ExplicitDeny
        } else {
            Decision::Allowed
        };
        assert_eq!(ask(resource), expected, "{resource}");
    }
    let mut group = criterion.benchmark_group("1500 statements, 500 functions");
    group.throughput(Throughput::Elements(500));
    group.bench_function("decide", |bencher| {
        bencher.iter(|| {
            resources
                .iter()
                .for_each(|resource| _ = black_box(ask(black_box(resource))))
        });
    });
    group.finish();
}

/// (c) A document as long as RAM takes one, from bytes to prepared policies; freeing what was
/// prepared is counted too.
fn six_kilobytes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("6 KB document");
    group.throughput(Throughput::Bytes(SIX_KILOBYTES.len() as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| parse(black_box(SIX_KILOBYTES)))
    });
    group.bench_function("parse and prepare", |bencher| {
        bencher.iter(|| prepare(black_box(SIX_KILOBYTES)))
    });
    group.finish();
}

/// The worst that a matcher can be asked: 6,000 characters against 6,000, as a condition's
/// pattern and value.
fn hostile_patterns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("6000 x 6000 pattern");
    group.sample_size(10);
    let text = "a".repeat(6_000);
    for (name, pattern) in [
        ("alternating", "*a".repeat(2_999) + "b"),
        ("one long piece", format!("*{}b*", "a".repeat(2_999))),
        (
            "one long piece with question marks",
            format!("*{}b*", "a?".repeat(1_499)),
        ),
    ] {
        let source = format!(
            r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{"StringLike": {{"k": "{pattern}"}}}}}}]}}"#
        );
        let policies = prepare(source.as_bytes());
        let mut context = Context::default();
        context.give("k", &text);
        let request = Request {
            action: "fc:InvokeFunction",
            resource: "*",
            context: &context,
        };
        assert_eq!(policies.decide(&request), Decision::ImplicitDeny);
        group.bench_function(name, |bencher| {
            bencher.iter(|| policies.decide(black_box(&request)))
        });
    }
    group.finish();
}

criterion_group!(
    benches,
    ten_statements,
    fifteen_hundred_statements,
    six_kilobytes,
    hostile_patterns
);
criterion_main!(benches);
