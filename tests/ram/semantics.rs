//! The meaning of policies, rule by rule.
//!
//! Each row is one rule of the policy language and a request that shows it. A row is marked
//! `Documented` when a document of the vendor, or a report of live behaviour, says so, and
//! `Assumed` when it is inferred or is what remains when the documents are silent; an assumed
//! row never says `Allowed` where another reading would not.

use super::Evidence::{Assumed, Documented};
use super::*;

#[test]
fn actions() {
    #[rustfmt::skip]
    let rows: &[(Evidence, &str, &str, Decision)] = &[
        (Documented, r#""Action": "fc:InvokeFunction""#, INVOKE, ALLOWED),
        (Documented, r#""Action": ["fc:GetFunction", "fc:InvokeFunction"]"#, INVOKE, ALLOWED),
        (Documented, r#""Action": ["fc:InvokeFunction"]"#, INVOKE, ALLOWED),
        (Documented, r#""Action": "*""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "fc:*""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "fc:Invoke*""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "fc:*Function""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "fc:Invoke?unction""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "fc:Invoke?Function""#, INVOKE, IMPLICIT),
        (Documented, r#""Action": "fc:Get*""#, INVOKE, IMPLICIT),
        // Letter case: "in most cases not case-sensitive".
        (Documented, r#""Action": "FC:invokefunction""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "fc:INVOKE*""#, "FC:InvokeFunction", ALLOWED),
        // A wildcard in the service's part: an official sample has `*:Describe*`.
        (Documented, r#""Action": "*:Invoke*""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "*:Describe*""#, INVOKE, IMPLICIT),
        (Documented, r#""Action": "f?:Invoke*""#, INVOKE, ALLOWED),
        (Documented, r#""Action": "*:*""#, INVOKE, ALLOWED),
        // A `*` that would have to swallow the colon.
        (Assumed, r#""Action": "fc*""#, INVOKE, OPEN),
        (Assumed, r#""Action": "*InvokeFunction""#, INVOKE, OPEN),
        (Assumed, r#""Action": "**""#, INVOKE, OPEN),
        (Assumed, r#""Action": "oss*""#, INVOKE, IMPLICIT),
        (Documented, r#""NotAction": "fc:Get*""#, INVOKE, ALLOWED),
        (Documented, r#""NotAction": ["fc:Get*", "fc:Invoke*"]"#, INVOKE, IMPLICIT),
        (Documented, r#""NotAction": "ram:*""#, INVOKE, ALLOWED),
        (Documented, r#""NotAction": "*""#, INVOKE, IMPLICIT),
        (Assumed, r#""NotAction": "fc*""#, INVOKE, OPEN),
        (Assumed, r#""NotAction": """#, INVOKE, OPEN),
        (Assumed, r#""NotAction": "GetFunction""#, INVOKE, OPEN),
        (Assumed, r#""NotAction": " fc:GetFunction""#, INVOKE, OPEN),
        (Assumed, r#""NotAction": ["ram", "fc:Invoke*"]"#, INVOKE, IMPLICIT),
        (Assumed, r#""Action": []"#, INVOKE, OPEN),
        (Assumed, r#""NotAction": []"#, INVOKE, OPEN),
        // No action has letters past ASCII; the Kelvin sign folds to `k`.
        (Assumed, "\"Action\": \"fc:Invo\u{212a}eFunction\"", INVOKE, OPEN),
        (Assumed, r#""Action": """#, INVOKE, IMPLICIT),
    ];
    for (evidence, element, action, expected) in rows {
        let policies = account(&format!(
            r#"{{"Effect": "Allow", {element}, "Resource": "*"}}"#
        ));
        let decision = ask(&policies, action, HELLO, &Context::default()).decision;
        assert_eq!(decision, *expected, "{evidence:?}: {element} ~ {action}");
    }
}

#[test]
fn resources() {
    let service = "acs:fc:cn-hangzhou:1234567890123456:services/demo/functions/hello";
    #[rustfmt::skip]
    let rows: &[(Evidence, &str, &str, Decision)] = &[
        (Documented, r#""*""#, HELLO, ALLOWED),
        (Documented, r#""acs:fc:cn-hangzhou:1234567890123456:functions/hello""#, HELLO, ALLOWED),
        (Documented, r#"["acs:oss:*:*:b", "acs:fc:*:*:functions/hello"]"#, HELLO, ALLOWED),
        (Documented, r#""acs:fc:*:*:functions/hello""#, HELLO, ALLOWED),
        (Documented, r#""acs:fc:*:*:*""#, HELLO, ALLOWED),
        (Documented, r#""acs:*:*:*:*""#, HELLO, ALLOWED),
        (Documented, r#""*:*:*:*:*""#, HELLO, ALLOWED),
        (Documented, r#""acs:*:*cn-hang*:*:*""#, HELLO, ALLOWED),
        (Documented, r#""acs:*:*cn-beijing*:*:*""#, HELLO, IMPLICIT),
        (Documented, r#""acs:fc:cn-hangzhou:6543210987654321:functions/hello""#, HELLO, IMPLICIT),
        (Documented, r#""acs:fc:cn-shanghai:*:functions/hello""#, HELLO, IMPLICIT),
        (Documented, r#""acs:fc:*:*:functions/hell""#, HELLO, IMPLICIT),
        (Documented, r#""acs:fc:*:*:functions/hell?""#, HELLO, ALLOWED),
        (Documented, r#""acs:fc:*:*:functions/hello?""#, HELLO, IMPLICIT),
        (Documented, r#""acs:fc:*:*:functions/hello*""#, HELLO, ALLOWED),
        (Documented, r#""acs:fc:*:*:functions/*""#, HELLO, ALLOWED),
        // `*` crosses `/`.
        (Documented, r#""acs:fc:*:*:services/*""#, service, ALLOWED),
        (Documented, r#""acs:fc:*:*:services/demo*/functions/hello""#, service, ALLOWED),
        (Documented, r#""acs:fc:*:*:services/demo.*/functions/hello""#, service, IMPLICIT),
        (Documented, r#""acs:fc:*:*:*/hello""#, service, ALLOWED),
        // A qualified call has a resource of its own.
        (Documented, r#""acs:fc:*:*:functions/hello""#, "acs:fc:cn-hangzhou:1234567890123456:functions/hello/prod", IMPLICIT),
        // The last field is everything after the fourth colon, and both readings agree there.
        (Assumed, r#""acs:oss:*:*:bucket/*""#, "acs:oss:oss-cn:1:bucket/a:b", ALLOWED),
        (Assumed, r#""acs:oss:*:*:bucket/a:*""#, "acs:oss:oss-cn:1:bucket/a:b", ALLOWED),
        (Documented, r#""acs:fc:*:*:services/*""#, "acs:fc:cn-hangzhou:1:services/*", ALLOWED),
        (Documented, r#""acs:fc:*:*:services/a""#, "acs:fc:cn-hangzhou:1:services/*", IMPLICIT),
        (Documented, r#""acs:fc:*:*:*""#, "*", IMPLICIT),
        (Documented, r#""*""#, "*", ALLOWED),
        (Documented, r#""acs:ram:*:*:role/a""#, "acs:ram::1:role/a", ALLOWED),
        // A `*` or `?` that would have to swallow a colon.
        (Assumed, r#""acs:fc:*""#, HELLO, OPEN),
        (Assumed, r#""acs:*""#, HELLO, OPEN),
        (Assumed, r#""acs*""#, HELLO, OPEN),
        (Assumed, r#""**""#, HELLO, OPEN),
        (Assumed, r#""acs:fc:*:functions/hello""#, HELLO, OPEN),
        (Assumed, r#""acs:fc:*:functions/other""#, HELLO, IMPLICIT),
        (Assumed, r#""acs:fc:cn-hangzhou?1234567890123456:functions/hello""#, HELLO, OPEN),
        (Assumed, r#""acs:oss:*""#, HELLO, IMPLICIT),
        (Assumed, r#""acs:fc:*:*:b""#, "acs:fc:cn-hangzhou:1:a:b", OPEN),
        (Assumed, r#""acs:fc:cn-hangzhou:*:functions/hello:x""#, HELLO, IMPLICIT),
        // Letter case.
        (Assumed, r#""acs:fc:*:*:functions/Hello""#, HELLO, OPEN),
        (Assumed, r#""ACS:FC:*:*:functions/hello""#, HELLO, OPEN),
        (Assumed, r#""acs:fc:CN-Hangzhou:*:functions/hello""#, HELLO, OPEN),
        (Assumed, r#""acs:fc:*:*:functions/HELLO*""#, HELLO, OPEN),
        (Assumed, r#""acs:fc:*:*:functions/other""#, "acs:fc:cn-hangzhou:1:functions/HELLO", IMPLICIT),
        (Documented, r#""acs:fc:*:*:functions/Hello""#, "acs:fc:cn-hangzhou:1:functions/Hello", ALLOWED),
        (Assumed, r#""acs:oss:*:*:bucket/É""#, "acs:oss:oss-cn:1:bucket/é", OPEN),
        (Assumed, "\"acs:oss:*:*:bucket/\u{212a}\"", "acs:oss:oss-cn:1:bucket/k", OPEN),
        (Documented, r#""acs:oss:*:*:bucket/云?""#, "acs:oss:oss-cn:1:bucket/云云", ALLOWED),
        (Assumed, r#"[]"#, HELLO, OPEN),
        // One certain match is enough.
        (Documented, r#"["acs:fc:*", "acs:fc:*:*:*"]"#, HELLO, ALLOWED),
        (Documented, r#"["acs:fc:*:*:functions/HELLO", "acs:fc:*:*:functions/hello"]"#, HELLO, ALLOWED),
        // Policy variables are plain text.
        (Assumed, r#""acs:fc:*:*:functions/${acs:UserName}""#, HELLO, IMPLICIT),
    ];
    for (evidence, pattern, resource, expected) in rows {
        let policies = account(&format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": {pattern}}}"#
        ));
        let decision = ask(&policies, INVOKE, resource, &Context::default()).decision;
        assert_eq!(decision, *expected, "{evidence:?}: {pattern} ~ {resource}");
        // An uncertain Deny is never taken for none.
        let denied = account(&format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*"}}, {{"Effect": "Deny", "Action": "*", "Resource": {pattern}}}"#
        ));
        let expected = match expected {
            Decision::Allowed => EXPLICIT,
            Decision::ImplicitDeny => ALLOWED,
            _ => OPEN,
        };
        assert_eq!(
            ask(&denied, INVOKE, resource, &Context::default()).decision,
            expected,
            "Deny {pattern} ~ {resource}"
        );
    }
}

#[test]
fn long_and_foreign_names_are_matched_like_short_ones() {
    let long = format!("acs:oss:oss-cn:1:bucket/{}", "x".repeat(2_000));
    let policies =
        account(r#"{"Effect": "Allow", "Action": "*", "Resource": "acs:oss:*:*:bucket/x*x"}"#);
    assert_eq!(
        ask(&policies, INVOKE, &long, &Context::default()).decision,
        ALLOWED
    );
    assert_eq!(
        ask(&policies, INVOKE, &long.to_uppercase(), &Context::default()).decision,
        OPEN
    );
    assert_eq!(
        ask(&policies, INVOKE, &format!("{long}y"), &Context::default()).decision,
        IMPLICIT
    );
}

#[test]
fn not_resource_is_undetermined_where_it_decides() {
    for pattern in [
        "acs:fc:*:*:functions/hello",
        "acs:fc:*:*:functions/other",
        "*",
    ] {
        let only = account(&format!(
            r#"{{"Effect": "Allow", "Action": "*", "NotResource": "{pattern}"}}"#
        ));
        assert_eq!(
            ask(&only, INVOKE, HELLO, &Context::default()).decision,
            OPEN,
            "{pattern}"
        );
        let denies = account(&format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*"}}, {{"Effect": "Deny", "Action": "*", "NotResource": "{pattern}"}}"#
        ));
        assert_eq!(
            ask(&denies, INVOKE, HELLO, &Context::default()).decision,
            OPEN,
            "{pattern}"
        );
        let elsewhere = account(&format!(
            r#"{{"Effect": "Allow", "Action": "oss:*", "NotResource": "{pattern}"}}"#
        ));
        assert_eq!(
            ask(&elsewhere, INVOKE, HELLO, &Context::default()).decision,
            IMPLICIT,
            "{pattern}"
        );
    }
}

#[test]
fn a_trust_policy_is_no_identity_policy() {
    let trust = account(
        r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["fc.aliyuncs.com"]}}"#,
    );
    let role = "acs:ram:*:1234567890123456:role/r";
    assert_eq!(
        ask(&trust, "sts:AssumeRole", role, &Context::default()).decision,
        OPEN
    );
    assert_eq!(
        ask(&trust, INVOKE, HELLO, &Context::default()).decision,
        IMPLICIT
    );
}

/// One set: Deny, then Allow, then nothing.
#[test]
fn one_set() {
    #[rustfmt::skip]
    let rows: &[(Evidence, &[&str], Decision)] = &[
        (Documented, &[], IMPLICIT),
        (Documented, &[ELSE], IMPLICIT),
        (Documented, &[ALLOW], ALLOWED),
        (Documented, &[DENY], EXPLICIT),
        (Documented, &[ALLOW, DENY], EXPLICIT),
        (Documented, &[DENY, ALLOW], EXPLICIT),
        (Documented, &[PERHAPS_ALLOW], OPEN),
        (Documented, &[PERHAPS_ALLOW, ALLOW], ALLOWED),
        (Documented, &[PERHAPS_ALLOW, DENY], EXPLICIT),
        (Documented, &[ALLOW, PERHAPS_DENY], OPEN),
        (Documented, &[PERHAPS_DENY, DENY], EXPLICIT),
        // Every reading is a denial: only its kind is open.
        (Documented, &[PERHAPS_DENY], IMPLICIT),
        (Documented, &[PERHAPS_DENY, PERHAPS_ALLOW], OPEN),
    ];
    for (evidence, texts, expected) in rows {
        let policies = layered(&[(Layer::Account, 0, texts)]);
        assert_eq!(
            ask(&policies, INVOKE, HELLO, &Context::default()).decision,
            *expected,
            "{evidence:?}: {texts:?}"
        );
    }
    assert_eq!(
        ask(
            &Policies::new(Vec::new()),
            INVOKE,
            HELLO,
            &Context::default()
        )
        .decision,
        IMPLICIT
    );
}

#[test]
fn layers() {
    use Layer::{Account, Control, ResourceGroup, Session};
    type Rows<'a> = &'a [(Evidence, &'a [(Layer, usize, &'a [&'a str])], Decision)];
    #[rustfmt::skip]
    let rows: Rows<'_> = &[
        // Each folder of control policies needs an Allow of its own.
        (Documented, &[(Control, 0, &[ALLOW]), (Control, 1, &[ALLOW]), (Account, 0, &[ALLOW])], ALLOWED),
        (Documented, &[(Control, 0, &[ALLOW]), (Control, 1, &[ELSE]), (Account, 0, &[ALLOW])], IMPLICIT),
        (Documented, &[(Control, 0, &[ELSE]), (Control, 1, &[ALLOW]), (Account, 0, &[ALLOW])], IMPLICIT),
        (Documented, &[(Control, 0, &[ALLOW]), (Control, 1, &[ALLOW, DENY]), (Account, 0, &[ALLOW])], EXPLICIT),
        (Documented, &[(Control, 0, &[ELSE]), (Control, 0, &[ALLOW]), (Account, 0, &[ALLOW])], ALLOWED),
        (Documented, &[(Control, 0, &[PERHAPS_ALLOW]), (Account, 0, &[ALLOW])], OPEN),
        (Documented, &[(Control, 0, &[PERHAPS_ALLOW]), (Account, 0, &[ELSE])], IMPLICIT),
        // A denial ends the evaluation; a Deny further on may make it explicit after all.
        (Assumed, &[(Control, 0, &[ELSE]), (Account, 0, &[DENY])], IMPLICIT),
        (Assumed, &[(Control, 0, &[PERHAPS_ALLOW]), (Account, 0, &[DENY])], IMPLICIT),
        (Documented, &[(Control, 0, &[ALLOW]), (Account, 0, &[DENY])], EXPLICIT),
        // The session policy restricts.
        (Documented, &[(Session, 0, &[ALLOW]), (Account, 0, &[ALLOW])], ALLOWED),
        (Documented, &[(Session, 0, &[ELSE]), (Account, 0, &[ALLOW])], IMPLICIT),
        (Documented, &[(Session, 0, &[DENY]), (Account, 0, &[ALLOW])], EXPLICIT),
        (Documented, &[(Session, 0, &[ALLOW]), (Account, 0, &[ELSE])], IMPLICIT),
        (Documented, &[(Session, 0, &[ALLOW]), (Account, 0, &[DENY])], EXPLICIT),
        (Documented, &[(Session, 0, &[ALLOW, PERHAPS_DENY]), (Account, 0, &[ALLOW])], OPEN),
        // It grants nothing by itself.
        (Assumed, &[(Session, 0, &[ALLOW])], IMPLICIT),
        (Assumed, &[(Control, 0, &[ALLOW])], IMPLICIT),
        // An Allow at account scope ends the evaluation; only an implicit denial goes on.
        (Documented, &[(Account, 0, &[ALLOW]), (ResourceGroup, 0, &[ELSE])], ALLOWED),
        (Documented, &[(Account, 0, &[ELSE]), (ResourceGroup, 0, &[ALLOW])], ALLOWED),
        (Documented, &[(Account, 0, &[ELSE]), (ResourceGroup, 0, &[DENY])], EXPLICIT),
        (Documented, &[(Account, 0, &[ELSE]), (ResourceGroup, 0, &[ELSE])], IMPLICIT),
        (Documented, &[(Account, 0, &[DENY]), (ResourceGroup, 0, &[ALLOW])], EXPLICIT),
        (Documented, &[(ResourceGroup, 0, &[ALLOW])], ALLOWED),
        // Two pages contradict each other here.
        (Assumed, &[(Account, 0, &[ALLOW]), (ResourceGroup, 0, &[DENY])], OPEN),
        (Assumed, &[(Account, 0, &[ALLOW]), (ResourceGroup, 0, &[PERHAPS_DENY])], OPEN),
        (Documented, &[(Account, 0, &[PERHAPS_ALLOW]), (ResourceGroup, 0, &[ALLOW])], ALLOWED),
        (Assumed, &[(Account, 0, &[PERHAPS_ALLOW]), (ResourceGroup, 0, &[DENY])], OPEN),
        (Documented, &[(Account, 0, &[PERHAPS_DENY]), (ResourceGroup, 0, &[ALLOW])], OPEN),
        (Documented, &[(Account, 0, &[PERHAPS_DENY]), (ResourceGroup, 0, &[DENY])], EXPLICIT),
        (Documented, &[(Account, 0, &[PERHAPS_DENY]), (ResourceGroup, 0, &[ELSE])], IMPLICIT),
    ];
    for (evidence, given, expected) in rows {
        let decision = ask(&layered(given), INVOKE, HELLO, &Context::default()).decision;
        assert_eq!(decision, *expected, "{evidence:?}: {given:?}");
        // The order in which they were given does not matter.
        let mut turned = given.to_vec();
        turned.reverse();
        assert_eq!(
            ask(&layered(&turned), INVOKE, HELLO, &Context::default()).decision,
            *expected,
            "{turned:?}"
        );
    }
}

#[test]
fn the_first_statement_that_surely_applies_decides() {
    let policies = layered(&[
        (Layer::Account, 0, &[ELSE, PERHAPS_ALLOW, ALLOW, ALLOW]),
        (Layer::Account, 0, &[ALLOW]),
    ]);
    let decided = ask(&policies, INVOKE, HELLO, &Context::default())
        .decided_by
        .expect("a statement");
    assert_eq!((decided.policy, decided.statement), (0, 2));
    assert_eq!(decided.span.of(policies.list()[0].document.source()), ALLOW);

    let policies = layered(&[
        (Layer::ResourceGroup, 0, &[DENY]),
        (Layer::Account, 0, &[ALLOW]),
        (Layer::Account, 0, &[ALLOW, DENY]),
        (Layer::Session, 0, &[ALLOW]),
    ]);
    let explained = ask(&policies, INVOKE, HELLO, &Context::default());
    let decided = explained.decided_by.expect("a statement");
    assert_eq!(
        (decided.policy, decided.statement, decided.layer),
        (2, 1, Layer::Account)
    );
    assert_eq!(explained.layers_not_seen, [Layer::Control]);

    let policies = layered(&[
        (Layer::Account, 0, &[ALLOW]),
        (Layer::Session, 0, &[ELSE, ALLOW]),
        (Layer::Control, 0, &[ALLOW]),
    ]);
    let decided = ask(&policies, INVOKE, HELLO, &Context::default())
        .decided_by
        .expect("a statement");
    assert_eq!((decided.policy, decided.layer), (2, Layer::Control));

    for undecided in [
        layered(&[(Layer::Account, 0, &[ELSE])]),
        layered(&[(Layer::Account, 0, &[PERHAPS_ALLOW])]),
    ] {
        assert_eq!(
            ask(&undecided, INVOKE, HELLO, &Context::default()).decided_by,
            None
        );
    }
}
