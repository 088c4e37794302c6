//! Who may assume a role, by its trust policy; rows are marked as in `semantics`.

use super::Evidence::{Assumed, Documented};
use super::*;
use sesame_fc::ram::{Assumer, Identity, trusts};

const ACCOUNT: &str = "1234567890123456";
const ALICE: Identity<'_> = Identity::User { name: "alice" };
const CI: Identity<'_> = Identity::RoleSession {
    role: "ci",
    session: "build",
};

fn decide(source: &str, identity: Identity<'_>, given: &[&str]) -> Decision {
    let parsed = parse(source.as_bytes());
    let document = parsed
        .document
        .unwrap_or_else(|| panic!("{source}: {:?}", parsed.findings));
    let caller = Assumer {
        account: ACCOUNT,
        identity,
    };
    trusts(&document, &caller, "sts:AssumeRole", &context(given))
}

/// `Principal`, who asks, the decision on a statement that allows.
#[test]
fn principals() {
    #[rustfmt::skip]
    let rows: &[(Evidence, &str, Identity<'_>, Decision)] = &[
        (Documented, r#""RAM": "acs:ram::1234567890123456:root""#, ALICE, ALLOWED),
        (Documented, r#""RAM": ["acs:ram::1234567890123456:root"]"#, CI, ALLOWED),
        (Documented, r#""RAM": "acs:ram::6543210987654321:root""#, ALICE, IMPLICIT),
        (Documented, r#""RAM": "acs:ram::1234567890123456:user/alice""#, ALICE, ALLOWED),
        (Documented, r#""RAM": "acs:ram::1234567890123456:user/bob""#, ALICE, IMPLICIT),
        (Documented, r#""RAM": "acs:ram::6543210987654321:user/alice""#, ALICE, IMPLICIT),
        (Documented, r#""RAM": ["acs:ram::1234567890123456:user/bob", "acs:ram::1234567890123456:user/alice"]"#, ALICE, ALLOWED),
        (Documented, r#""RAM": "acs:ram::1234567890123456:role/ci""#, CI, ALLOWED),
        (Documented, r#""RAM": "acs:ram::1234567890123456:role/cd""#, CI, IMPLICIT),
        (Documented, r#""RAM": "acs:ram::1234567890123456:user/ci""#, CI, IMPLICIT),
        (Documented, r#""RAM": "acs:ram::1234567890123456:role/alice""#, ALICE, IMPLICIT),
        (Documented, r#""Service": "fc.aliyuncs.com""#, ALICE, IMPLICIT),
        (Documented, r#""Service": "*""#, CI, IMPLICIT),
        (Documented, r#""Federated": "acs:ram::1234567890123456:saml-provider/p""#, ALICE, IMPLICIT),
        (Assumed, r#""Service": "fc.aliyuncs.com", "RAM": "acs:ram::1234567890123456:root""#, ALICE, ALLOWED),
        // Each of these could mean the caller.
        (Assumed, r#""RAM": "*""#, ALICE, OPEN),
        (Assumed, r#""RAM": "acs:ram::*:root""#, ALICE, OPEN),
        (Assumed, r#""RAM": "acs:ram::1234567890123456:user/al*""#, ALICE, OPEN),
        (Assumed, r#""RAM": "acs:ram::1234567890123456:user/b*""#, ALICE, IMPLICIT),
        (Assumed, r#""RAM": "acs:ram::1234567890123456:user/Alice""#, ALICE, OPEN),
        (Assumed, r#""RAM": "acs:ram::1234567890123456:*""#, CI, OPEN),
        (Assumed, r#""RAM": "1234567890123456""#, ALICE, OPEN),
        (Assumed, r#""RAM": "6543210987654321""#, ALICE, IMPLICIT),
        (Assumed, r#""RAM": "acs:ram::1234567890123456:assumed-role/ci/build""#, CI, OPEN),
        (Assumed, r#""RAM": "acs:ram::1234567890123456:assumed-role/ci/other""#, CI, IMPLICIT),
    ];
    for (evidence, principal, identity, expected) in rows {
        let source = statements(&format!(
            r#"{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{{principal}}}}}"#
        ));
        let decision = decide(&source, *identity, &["."]);
        assert_eq!(decision, *expected, "{evidence:?} {principal} {identity:?}");
    }
}

/// The rest of a statement that names everyone of the account, the context, the decision.
#[test]
fn actions_and_conditions() {
    let external_id =
        r#""Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "x-1"}}"#;
    #[rustfmt::skip]
    let rows: &[(Evidence, &str, &[&str], Decision)] = &[
        (Documented, r#""Action": "sts:AssumeRole""#, &["."], ALLOWED),
        (Documented, r#""Action": "STS:assumerole""#, &["."], ALLOWED),
        (Documented, r#""Action": "sts:*""#, &["."], ALLOWED),
        (Documented, r#""Action": "*""#, &["."], ALLOWED),
        (Documented, r#""Action": ["sts:TagSession", "sts:AssumeRole"]"#, &["."], ALLOWED),
        (Documented, r#""Action": "sts:AssumeRoleWithOIDC""#, &["."], IMPLICIT),
        (Assumed, r#""NotAction": "sts:TagSession""#, &["."], OPEN),
        (Documented, r#""NotAction": "sts:AssumeRole""#, &["."], IMPLICIT),
        (Documented, external_id, &["sts:ExternalId=x-1", "."], ALLOWED),
        (Documented, external_id, &["sts:ExternalId=x-2", "."], IMPLICIT),
        (Documented, external_id, &["."], IMPLICIT),
        (Assumed, external_id, &[], OPEN),
        (Assumed, r#""Action": "sts:AssumeRole", "Condition": {"Null": {"sts:ExternalId": "true"}}"#, &["."], OPEN),
    ];
    for (evidence, rest, given, expected) in rows {
        let source = statements(&format!(
            r#"{{"Effect": "Allow", "Principal": {{"RAM": "acs:ram::{ACCOUNT}:root"}}, {rest}}}"#
        ));
        assert_eq!(
            decide(&source, ALICE, given),
            *expected,
            "{evidence:?} {rest} {given:?}"
        );
    }
}

#[test]
fn a_deny_beats_an_allow_and_one_that_is_open_leaves_it_open() {
    let allow = format!(
        r#"{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"RAM": "acs:ram::{ACCOUNT}:root"}}}}"#
    );
    let with_deny = |principal: &str| {
        let deny = format!(
            r#"{{"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {{"RAM": "{principal}"}}}}"#
        );
        let source = statements(&format!("{allow}, {deny}"));
        decide(&source, ALICE, &["."])
    };
    assert_eq!(
        with_deny(&format!("acs:ram::{ACCOUNT}:user/alice")),
        EXPLICIT
    );
    assert_eq!(with_deny(&format!("acs:ram::{ACCOUNT}:root")), EXPLICIT);
    assert_eq!(with_deny(&format!("acs:ram::{ACCOUNT}:user/bob")), ALLOWED);
    assert_eq!(with_deny("*"), OPEN);
}

#[test]
fn an_identity_policy_trusts_nobody_for_sure() {
    let source = statements(r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}"#);
    assert_eq!(decide(&source, ALICE, &["."]), OPEN);
}
