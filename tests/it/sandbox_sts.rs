//! STS in the sandbox: who calls, and sessions of roles from their beginning to their end.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use sesame_fc::acs::Ambient;
use sesame_fc::acs::ambient::random_hex;
use sesame_fc::sandbox::Options;

use crate::cloud::{ACCOUNT, Cloud, Parameters, RAM, RESOURCE_MANAGER, STS};

const WORLD: &str = r#"
users:
  alice:
    access_key: { id: LTAI-alice, secret: alice-secret }
    policies:
      - { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Resource: "acs:ram:*:1234567890123456:role/*" }] }
  bob: { access_key: { id: LTAI-bob, secret: bob-secret } }
  admin: { access_key: { id: LTAI-admin, secret: admin-secret }, policies: [AdministratorAccess] }
roles:
  ci:
    trust: { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { RAM: "acs:ram::1234567890123456:root" } }] }
    max_session_seconds: 7200
    policies:
      - AliyunFCInvocationAccess
      - { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Resource: "acs:ram:*:1234567890123456:role/*" }] }
  chained:
    trust: { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { RAM: "acs:ram::1234567890123456:role/ci" } }] }
    policies: [AliyunFCInvocationAccess]
  external:
    trust: { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { RAM: "acs:ram::1234567890123456:root" }, Condition: { StringEquals: { sts:ExternalId: x-1 } } }] }
  forbidden:
    trust:
      Version: "1"
      Statement:
        - { Effect: Allow, Action: sts:AssumeRole, Principal: { RAM: "acs:ram::1234567890123456:root" } }
        - { Effect: Deny, Action: sts:AssumeRole, Principal: { RAM: "acs:ram::1234567890123456:user/alice" } }
  service:
    trust: { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { Service: fc.aliyuncs.com } }] }
  open:
    trust: { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { RAM: "*" } }] }
functions:
  - { name: hello, builtin: hello }
  - { name: billing, builtin: hello }
"#;

#[tokio::test]
async fn a_session_of_a_role_does_what_the_role_may_and_is_named_after_both() {
    let mut cloud = Cloud::start(WORLD).await;
    assert_eq!(
        cloud.invoke("alice", "hello").await.unwrap_err().told(),
        (403, "AccessDenied")
    );
    let answer = cloud.assume("build", "alice", "ci", &[]).await.unwrap();
    let user = &answer["AssumedRoleUser"];
    assert_eq!(user["Arn"], format!("acs:ram::{ACCOUNT}:role/ci/build"));
    let id = user["AssumedRoleId"].as_str().unwrap();
    assert!(id.ends_with(":build"), "{id}");
    let key_id = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
    assert!(key_id.starts_with("STS."), "{key_id}");
    assert_eq!(cloud.invoke("build", "hello").await.unwrap(), 200);

    let identity = cloud.call("build", STS, "GetCallerIdentity", &[]).await;
    let identity = identity.unwrap();
    assert_eq!(identity["IdentityType"], "AssumedRoleUser");
    assert_eq!(
        identity["Arn"],
        format!("acs:ram::{ACCOUNT}:assumed-role/ci/build")
    );
    assert_eq!(identity["PrincipalId"], id);
    assert_eq!(identity["AccountId"], ACCOUNT);
    assert_eq!(
        id,
        format!("{}:build", identity["RoleId"].as_str().unwrap())
    );

    let denied = cloud.ram("build", "ListUsers", &[]).await.unwrap_err();
    let detail = &denied.body["AccessDeniedDetail"];
    assert_eq!(denied.told(), (403, "NoPermission"));
    assert_eq!(detail["AuthPrincipalType"], "AssumedRoleUser");
    assert_eq!(detail["AuthPrincipalDisplayName"], "ci:build");
}

#[tokio::test]
async fn asking_who_calls_needs_nothing() {
    let cloud = Cloud::start(WORLD).await;
    let identity = cloud.call("bob", STS, "GetCallerIdentity", &[]).await;
    let identity = identity.unwrap();
    assert_eq!(identity["IdentityType"], "RAMUser");
    assert_eq!(identity["Arn"], format!("acs:ram::{ACCOUNT}:user/bob"));
    let refused = cloud.call("bob", STS, "AssumeRoleWithSAML", &[]).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.status, 501);
    assert!(refused.message().contains("AssumeRoleWithSAML"));
}

#[tokio::test]
async fn a_role_is_assumed_only_with_the_callers_own_permission_and_the_roles_trust() {
    let mut cloud = Cloud::start(WORLD).await;
    let denied = cloud.assume("s1", "bob", "ci", &[]).await.unwrap_err();
    let detail = &denied.body["AccessDeniedDetail"];
    assert_eq!(denied.told(), (403, "NoPermission"));
    assert_eq!(detail["AuthAction"], "sts:AssumeRole");
    assert_eq!(detail["PolicyType"], "AccountLevelIdentityBasedPolicy");
    assert_eq!(detail["NoPermissionType"], "ImplicitDeny");
    // Authorisation precedes existence.
    let denied = cloud.assume("s1", "bob", "nobody", &[]).await.unwrap_err();
    assert_eq!(denied.told(), (403, "NoPermission"));

    for (role, kind) in [
        ("service", "ImplicitDeny"),
        ("chained", "ImplicitDeny"),
        ("forbidden", "ExplicitDeny"),
        // What the engine leaves open is refused.
        ("open", "ImplicitDeny"),
    ] {
        let denied = cloud.assume("s1", "alice", role, &[]).await.unwrap_err();
        let detail = &denied.body["AccessDeniedDetail"];
        assert_eq!(denied.told(), (403, "NoPermission"), "{role}");
        assert_eq!(detail["PolicyType"], "AssumeRolePolicy", "{role}");
        assert_eq!(detail["NoPermissionType"], kind, "{role}");
    }
    cloud.assume("s1", "admin", "forbidden", &[]).await.unwrap();
}

#[tokio::test]
async fn an_external_id_is_needed_where_the_trust_says_so() {
    let mut cloud = Cloud::start(WORLD).await;
    let without = cloud.assume("s1", "alice", "external", &[]).await;
    assert_eq!(without.unwrap_err().told(), (403, "NoPermission"));
    let wrong = [("ExternalId", "x-2")];
    let wrong = cloud.assume("s1", "alice", "external", &wrong).await;
    assert_eq!(wrong.unwrap_err().told(), (403, "NoPermission"));
    let right = [("ExternalId", "x-1")];
    cloud
        .assume("s1", "alice", "external", &right)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_session_may_assume_the_next_role_where_that_trusts_its_role() {
    let mut cloud = Cloud::start(WORLD).await;
    cloud.assume("first", "alice", "ci", &[]).await.unwrap();
    let answer = cloud.assume("second", "first", "chained", &[]).await;
    let answer = answer.unwrap();
    assert_eq!(
        answer["AssumedRoleUser"]["Arn"],
        format!("acs:ram::{ACCOUNT}:role/chained/second")
    );
    assert_eq!(cloud.invoke("second", "hello").await.unwrap(), 200);
}

#[tokio::test]
async fn a_session_policy_cuts_and_never_adds() {
    let mut cloud = Cloud::start(WORLD).await;
    let policy = r#"{"Version": "1", "Statement": [
        {"Effect": "Allow", "Action": ["fc:InvokeFunction", "ram:*"], "Resource": ["acs:fc:*:*:functions/hello", "acs:ram:*:*:*"]}]}"#;
    let more = [("Policy", policy)];
    cloud.assume("cut", "alice", "ci", &more).await.unwrap();
    assert_eq!(cloud.invoke("cut", "hello").await.unwrap(), 200);
    let denied = cloud.invoke("cut", "billing").await.unwrap_err();
    assert_eq!(denied.told(), (403, "AccessDenied"));
    let detail = &denied.body["AccessDeniedDetail"];
    assert_eq!(detail["PolicyType"], "SessionPolicy");
    let denied = cloud.ram("cut", "ListUsers", &[]).await.unwrap_err();
    assert_eq!(denied.told(), (403, "NoPermission"));
}

#[tokio::test]
async fn malformed_parameters_are_refused_by_name() {
    let cloud = Cloud::start(WORLD).await;
    let long_policy = format!(
        r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "{}", "Resource": "*"}}]}}"#,
        "a".repeat(2_048)
    );
    let long_name = "a".repeat(65);
    let ci = "acs:ram::1234567890123456:role/ci";
    #[rustfmt::skip]
    let rows: &[(Parameters<'_>, u16, &str)] = &[
        (&[("RoleSessionName", "s1")], 400, "MissingRoleArn"),
        (&[("RoleArn", ci)], 400, "MissingRoleSessionName"),
        (&[("RoleArn", "ci"), ("RoleSessionName", "s1")], 400, "InvalidParameter.RoleArn"),
        (&[("RoleArn", "acs:ram::1234567890123456:role/*"), ("RoleSessionName", "s1")], 400, "InvalidParameter.RoleArn"),
        (&[("RoleArn", "acs:ram::1234567890123456:user/alice"), ("RoleSessionName", "s1")], 400, "InvalidParameter.RoleArn"),
        (&[("RoleArn", ci), ("RoleSessionName", "s")], 400, "InvalidParameter.RoleSessionName"),
        (&[("RoleArn", ci), ("RoleSessionName", "a b")], 400, "InvalidParameter.RoleSessionName"),
        (&[("RoleArn", ci), ("RoleSessionName", &long_name)], 400, "InvalidParameter.RoleSessionName"),
        (&[("RoleArn", ci), ("RoleSessionName", "s1"), ("DurationSeconds", "899")], 400, "InvalidParameter.DurationSeconds"),
        (&[("RoleArn", ci), ("RoleSessionName", "s1"), ("DurationSeconds", "7201")], 400, "InvalidParameter.DurationSeconds"),
        (&[("RoleArn", ci), ("RoleSessionName", "s1"), ("DurationSeconds", "soon")], 400, "InvalidParameter.DurationSeconds"),
        (&[("RoleArn", ci), ("RoleSessionName", "s1"), ("DurationSeconds", "99999999999999999999")], 400, "InvalidParameter.DurationSeconds"),
        (&[("RoleArn", ci), ("RoleSessionName", "s1"), ("Policy", "{")], 400, "InvalidParameter.PolicyGrammar"),
        (&[("RoleArn", ci), ("RoleSessionName", "s1"), ("Policy", &long_policy)], 400, "InvalidParameter.PolicySize"),
        (&[("RoleArn", ci), ("RoleSessionName", "s1"), ("ExternalId", "x")], 400, "InvalidParameter.ExternalId"),
        (&[("RoleArn", "acs:ram::1234567890123456:role/nobody"), ("RoleSessionName", "s1")], 404, "EntityNotExist.Role"),
        (&[("RoleArn", "acs:ram::6543210987654321:role/ci"), ("RoleSessionName", "s1")], 404, "EntityNotExist.Role"),
    ];
    for (parameters, status, code) in rows {
        let refused = cloud.call("admin", STS, "AssumeRole", parameters).await;
        assert_eq!(
            refused.unwrap_err().told(),
            (*status, *code),
            "{parameters:?}"
        );
    }
}

#[tokio::test]
async fn a_session_ends_when_its_time_is_over() {
    static NOW: AtomicI64 = AtomicI64::new(1_800_000_000);
    fn now() -> Timestamp {
        Timestamp::from_second(NOW.load(Ordering::SeqCst)).unwrap()
    }
    let ambient = Ambient {
        now,
        nonce: random_hex,
    };
    let mut cloud = Cloud::start_with(WORLD, Options::default(), ambient).await;
    let answer = cloud.assume("usual", "alice", "ci", &[]).await.unwrap();
    assert_eq!(answer["Credentials"]["Expiration"], "2027-01-15T09:00:00Z");
    let short = [("DurationSeconds", "900")];
    let answer = cloud.assume("short", "alice", "ci", &short).await.unwrap();
    assert_eq!(answer["Credentials"]["Expiration"], "2027-01-15T08:15:00Z");
    let long = [("DurationSeconds", "7200")];
    cloud.assume("long", "alice", "ci", &long).await.unwrap();

    NOW.fetch_add(899, Ordering::SeqCst);
    assert_eq!(cloud.invoke("short", "hello").await.unwrap(), 200);
    NOW.fetch_add(1, Ordering::SeqCst);
    let over = cloud.invoke("short", "hello").await.unwrap_err();
    assert_eq!(over.told(), (403, "InvalidSecurityToken.Expired"));
    let over = cloud.call("short", STS, "GetCallerIdentity", &[]).await;
    assert_eq!(
        over.unwrap_err().told(),
        (400, "InvalidSecurityToken.Expired")
    );
    assert_eq!(cloud.invoke("usual", "hello").await.unwrap(), 200);
    NOW.fetch_add(2_700, Ordering::SeqCst);
    let over = cloud.invoke("usual", "hello").await.unwrap_err();
    assert_eq!(over.told(), (403, "InvalidSecurityToken.Expired"));
    assert_eq!(cloud.invoke("long", "hello").await.unwrap(), 200);
}

#[tokio::test]
async fn a_token_counts_only_with_its_own_key() {
    let mut cloud = Cloud::start(WORLD).await;
    cloud.assume("one", "alice", "ci", &[]).await.unwrap();
    cloud.assume("two", "alice", "ci", &[]).await.unwrap();
    let mut mixed = cloud.credentials("one");
    mixed.security_token = cloud.credentials("two").security_token;
    cloud.know("mixed", mixed);
    let refused = cloud.invoke("mixed", "hello").await.unwrap_err();
    assert_eq!(
        refused.told(),
        (403, "InvalidSecurityToken.MismatchWithAccessKey")
    );
}

#[tokio::test]
async fn a_signed_request_counts_once() {
    let mut cloud = Cloud::start(WORLD).await;
    cloud.assume("build", "alice", "ci", &[]).await.unwrap();
    let request = cloud.invocation("build", "hello");
    assert_eq!(cloud.send(request.clone()).await.unwrap(), 200);
    let again = cloud.send(request).await.unwrap_err();
    assert_eq!(again.told(), (403, "SignatureNonceUsed"));
}

#[tokio::test]
async fn under_soft_a_role_is_assumed_that_neither_side_allows() {
    let mut cloud = Cloud::start_soft(WORLD).await;
    cloud.assume("s1", "bob", "service", &[]).await.unwrap();
    let identity = cloud.call("s1", STS, "GetCallerIdentity", &[]).await;
    assert_eq!(identity.unwrap()["IdentityType"], "AssumedRoleUser");
}

#[tokio::test]
async fn a_deleted_role_ends_its_sessions_rights_for_good() {
    let mut cloud = Cloud::start(WORLD).await;
    cloud
        .assume("build", "alice", "chained", &[])
        .await
        .unwrap_err();
    cloud.assume("first", "alice", "ci", &[]).await.unwrap();
    cloud
        .assume("second", "first", "chained", &[])
        .await
        .unwrap();
    assert_eq!(cloud.invoke("second", "hello").await.unwrap(), 200);
    let held = [
        ("PolicyType", "System"),
        ("PolicyName", "AliyunFCInvocationAccess"),
        ("RoleName", "chained"),
    ];
    let role = [("RoleName", "chained")];
    cloud
        .ram("admin", "DetachPolicyFromRole", &held)
        .await
        .unwrap();
    cloud.ram("admin", "DeleteRole", &role).await.unwrap();
    let denied = cloud.invoke("second", "hello").await.unwrap_err();
    assert_eq!(denied.told(), (403, "AccessDenied"));
    // A new role of that name is another one.
    let trust = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": "acs:ram::1234567890123456:root"}}]}"#;
    let created = [role[0], ("AssumeRolePolicyDocument", trust)];
    cloud.ram("admin", "CreateRole", &created).await.unwrap();
    cloud
        .ram("admin", "AttachPolicyToRole", &held)
        .await
        .unwrap();
    let denied = cloud.invoke("second", "hello").await.unwrap_err();
    assert_eq!(denied.told(), (403, "AccessDenied"));
    cloud
        .assume("third", "alice", "chained", &[])
        .await
        .unwrap();
    assert_eq!(cloud.invoke("third", "hello").await.unwrap(), 200);
}

#[tokio::test]
async fn what_the_sandbox_lacks_is_named() {
    let cloud = Cloud::start(WORLD).await;
    for (version, action) in [
        (STS, "AssumeRoleWithOIDC"),
        (RAM, "CreateVirtualMFADevice"),
        (RESOURCE_MANAGER, "CreateFolder"),
    ] {
        let refused = cloud.call("admin", version, action, &[]).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.status, 501, "{action}");
        assert!(refused.message().contains(action), "{}", refused.message());
    }
}
