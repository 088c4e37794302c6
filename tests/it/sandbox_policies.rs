//! Policies in the sandbox: their versions, to whom they are attached, and what is told of it.

use serde_json::json;

use crate::account::{INVOKE, READ, TRUST, WORLD, does, names, refuses, text};
use crate::cloud::{ACCOUNT, Cloud, Parameters, RESOURCE_MANAGER};

#[tokio::test]
async fn an_attached_policy_allows_until_it_is_detached() {
    let cloud = Cloud::start(WORLD).await;
    let create = [("PolicyName", "invoke"), ("PolicyDocument", INVOKE)];
    let created = does(
        &cloud,
        "CreatePolicy",
        &[create[0], create[1], ("Description", "d")],
    )
    .await;
    let policy = &created["Policy"];
    assert_eq!(policy["PolicyName"], "invoke");
    assert_eq!(policy["PolicyType"], "Custom");
    assert_eq!(policy["DefaultVersion"], "v1");
    assert_eq!(policy["Description"], "d");
    let custom = [create[0], ("PolicyType", "Custom")];
    let alice = [custom[0], custom[1], ("UserName", "alice")];
    assert_eq!(
        cloud.invoke("alice", "hello").await.unwrap_err().status,
        403
    );
    does(&cloud, "AttachPolicyToUser", &alice).await;
    assert_eq!(cloud.invoke("alice", "hello").await.unwrap(), 200);

    let policies = does(&cloud, "ListPoliciesForUser", &[alice[2]]).await;
    let listed = &policies["Policies"]["Policy"];
    assert_eq!(listed[0]["PolicyName"], "invoke");
    assert_eq!(listed[0]["DefaultVersion"], "v1");
    assert!(text(&policies, "/Policies/Policy/0/AttachDate").ends_with('Z'));
    assert_eq!(listed.as_array().unwrap().len(), 1, "not the group's");
    does(
        &cloud,
        "AttachPolicyToGroup",
        &[custom[0], custom[1], ("GroupName", "backend")],
    )
    .await;
    does(
        &cloud,
        "AttachPolicyToRole",
        &[custom[0], custom[1], ("RoleName", "ci")],
    )
    .await;
    let entities = does(&cloud, "ListEntitiesForPolicy", &custom).await;
    assert_eq!(names(&entities, ("Users", "User"), "UserName"), ["alice"]);
    assert_eq!(
        names(&entities, ("Groups", "Group"), "GroupName"),
        ["backend"]
    );
    assert_eq!(names(&entities, ("Roles", "Role"), "RoleName"), ["ci"]);
    let got = does(&cloud, "GetPolicy", &custom).await;
    assert_eq!(got["Policy"]["AttachmentCount"], 3);
    assert_eq!(got["DefaultPolicyVersion"]["PolicyDocument"], INVOKE);
    assert_eq!(got["DefaultPolicyVersion"]["IsDefaultVersion"], true);
    let of_group = does(&cloud, "ListPoliciesForGroup", &[("GroupName", "backend")]).await;
    assert_eq!(of_group["Policies"]["Policy"].as_array().unwrap().len(), 2);
    let of_role = does(&cloud, "ListPoliciesForRole", &[("RoleName", "ci")]).await;
    assert_eq!(
        names(&of_role, ("Policies", "Policy"), "PolicyName"),
        ["invoke"]
    );

    #[rustfmt::skip]
    refuses(&cloud, &[
        ("AttachPolicyToUser", &alice, 409, "EntityAlreadyExists.User.Policy"),
        ("AttachPolicyToGroup", &[custom[0], custom[1], ("GroupName", "backend")], 409, "EntityAlreadyExists.Group.Policy"),
        ("AttachPolicyToRole", &[custom[0], custom[1], ("RoleName", "ci")], 409, "EntityAlreadyExists.Role.Policy"),
        ("AttachPolicyToUser", &[custom[0], custom[1], ("UserName", "ghost")], 404, "EntityNotExist.User"),
        ("AttachPolicyToGroup", &[custom[0], custom[1], ("GroupName", "ghost")], 404, "EntityNotExist.Group"),
        ("AttachPolicyToRole", &[custom[0], custom[1], ("RoleName", "ghost")], 404, "EntityNotExist.Role"),
        ("AttachPolicyToUser", &[("PolicyName", "ghost"), custom[1], alice[2]], 404, "EntityNotExist.Policy"),
        ("AttachPolicyToUser", &[custom[0], ("PolicyType", "System"), alice[2]], 404, "EntityNotExist.Policy"),
        ("AttachPolicyToUser", &[custom[0], ("PolicyType", "Own"), alice[2]], 400, "InvalidParameter.PolicyType"),
        ("AttachPolicyToUser", &[custom[0], alice[2]], 400, "MissingPolicyType"),
        ("AttachPolicyToUser", &custom, 400, "MissingUserName"),
        ("DetachPolicyFromUser", &[custom[0], custom[1], ("UserName", "bob")], 404, "EntityNotExist.User.Policy"),
        ("ListPoliciesForUser", &[("UserName", "ghost")], 404, "EntityNotExist.User"),
        ("ListPoliciesForGroup", &[("GroupName", "ghost")], 404, "EntityNotExist.Group"),
        ("ListPoliciesForRole", &[("RoleName", "ghost")], 404, "EntityNotExist.Role"),
        ("ListEntitiesForPolicy", &[("PolicyName", "ghost"), custom[1]], 404, "EntityNotExist.Policy"),
        ("DeletePolicy", &[custom[0]], 409, "DeleteConflict.Policy.User"),
    ]).await;

    does(&cloud, "DetachPolicyFromUser", &alice).await;
    assert_eq!(
        cloud.invoke("alice", "hello").await.unwrap(),
        200,
        "the group has it"
    );
    refuses(
        &cloud,
        &[(
            "DeletePolicy",
            &[custom[0]],
            409,
            "DeleteConflict.Policy.Group",
        )],
    )
    .await;
    does(
        &cloud,
        "DetachPolicyFromGroup",
        &[custom[0], custom[1], ("GroupName", "backend")],
    )
    .await;
    assert_eq!(
        cloud.invoke("alice", "hello").await.unwrap_err().status,
        403
    );
    refuses(
        &cloud,
        &[(
            "DeletePolicy",
            &[custom[0]],
            409,
            "DeleteConflict.Policy.Role",
        )],
    )
    .await;
    does(
        &cloud,
        "DetachPolicyFromRole",
        &[custom[0], custom[1], ("RoleName", "ci")],
    )
    .await;
    does(&cloud, "DeletePolicy", &[custom[0]]).await;
    refuses(
        &cloud,
        &[("GetPolicy", &custom, 404, "EntityNotExist.Policy")],
    )
    .await;
}

#[tokio::test]
async fn the_version_that_is_in_force_counts() {
    let cloud = Cloud::start(WORLD).await;
    let named = [("PolicyName", "invoke")];
    let custom = [named[0], ("PolicyType", "Custom")];
    let first = [named[0], ("PolicyDocument", READ)];
    let second = [named[0], ("PolicyDocument", INVOKE)];
    does(&cloud, "CreatePolicy", &first).await;
    does(
        &cloud,
        "AttachPolicyToUser",
        &[custom[0], custom[1], ("UserName", "bob")],
    )
    .await;
    let version = does(&cloud, "CreatePolicyVersion", &second).await;
    assert_eq!(version["PolicyVersion"]["VersionId"], "v2");
    assert_eq!(version["PolicyVersion"]["IsDefaultVersion"], false);
    assert_eq!(cloud.invoke("bob", "hello").await.unwrap_err().status, 403);
    let v2 = [named[0], ("VersionId", "v2")];
    does(&cloud, "SetDefaultPolicyVersion", &v2).await;
    assert_eq!(cloud.invoke("bob", "hello").await.unwrap(), 200);
    let in_force = [first[0], first[1], ("SetAsDefault", "true")];
    let version = does(&cloud, "CreatePolicyVersion", &in_force).await;
    assert_eq!(version["PolicyVersion"]["VersionId"], "v3");
    assert_eq!(cloud.invoke("bob", "hello").await.unwrap_err().status, 403);

    let got = does(&cloud, "GetPolicyVersion", &[custom[0], custom[1], v2[1]]).await;
    assert_eq!(got["PolicyVersion"]["PolicyDocument"], INVOKE);
    let ghost = [("PolicyName", "ghost"), ("VersionId", "v1")];
    let v9 = [named[0], ("VersionId", "v9")];
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("DeletePolicyVersion", &[named[0], ("VersionId", "v3")], 409, "DeleteConflict.Policy.Version.Default"),
        ("DeletePolicyVersion", &v9, 404, "EntityNotExist.Policy.Version"),
        ("DeletePolicyVersion", &ghost, 404, "EntityNotExist.Policy"),
        ("DeletePolicyVersion", &[named[0], ("VersionId", "2")], 400, "InvalidParameter.VersionId.Format"),
        ("SetDefaultPolicyVersion", &v9, 404, "EntityNotExist.Policy.Version"),
        ("SetDefaultPolicyVersion", &ghost, 404, "EntityNotExist.Policy"),
        ("GetPolicyVersion", &[custom[0], custom[1], v9[1]], 404, "EntityNotExist.Policy.Version"),
        ("GetPolicyVersion", &[ghost[0], ghost[1], custom[1]], 404, "EntityNotExist.Policy"),
        ("ListPolicyVersions", &[ghost[0], custom[1]], 404, "EntityNotExist.Policy"),
        ("CreatePolicyVersion", &[ghost[0], first[1]], 404, "EntityNotExist.Policy"),
        ("CreatePolicyVersion", &[named[0], ("PolicyDocument", "{}")], 400, "MalformedPolicyDocument"),
        ("CreatePolicyVersion", &[first[0], first[1], ("SetAsDefault", "perhaps")], 400, "InvalidParameter.SetAsDefault"),
        ("CreatePolicyVersion", &[first[0], first[1], ("RotateStrategy", "x")], 400, "InvalidParameter.RotateStrategy"),
    ]).await;

    // An id is never used again.
    does(&cloud, "DeletePolicyVersion", &v2).await;
    for id in ["v4", "v5", "v6"] {
        let version = does(&cloud, "CreatePolicyVersion", &second).await;
        assert_eq!(version["PolicyVersion"]["VersionId"], id);
    }
    refuses(
        &cloud,
        &[(
            "CreatePolicyVersion",
            &second,
            409,
            "LimitExceeded.Policy.Version",
        )],
    )
    .await;
    let strategy = (
        "RotateStrategy",
        "DeleteOldestNonDefaultVersionWhenLimitExceeded",
    );
    does(
        &cloud,
        "CreatePolicyVersion",
        &[second[0], second[1], strategy],
    )
    .await;
    let versions = does(&cloud, "ListPolicyVersions", &custom).await;
    let ids = names(&versions, ("PolicyVersions", "PolicyVersion"), "VersionId");
    assert_eq!(
        ids,
        ["v3", "v4", "v5", "v6", "v7"],
        "v1 made room, v3 is in force"
    );

    does(
        &cloud,
        "DetachPolicyFromUser",
        &[custom[0], custom[1], ("UserName", "bob")],
    )
    .await;
    refuses(
        &cloud,
        &[("DeletePolicy", &named, 409, "DeleteConflict.Policy.Version")],
    )
    .await;
    does(
        &cloud,
        "DeletePolicy",
        &[named[0], ("CascadingDelete", "true")],
    )
    .await;
}

#[tokio::test]
async fn documents_and_names_are_checked_before_anything_is_made() {
    let cloud = Cloud::start(WORLD).await;
    let resources = vec![r#""acs:fc:cn-hangzhou:1234567890123456:functions/some-function""#; 120];
    let too_long = format!(
        r#"{{"Version": "1", "Statement": [{{"Effect": "Allow", "Action": "fc:*", "Resource": [{}]}}]}}"#,
        resources.join(",")
    );
    let wide = format!("{}{}", INVOKE, " ".repeat(7_000));
    let long_policy_name = "p".repeat(129);
    let long_name = "u".repeat(65);
    let document = |document| [("PolicyName", "new"), ("PolicyDocument", document)];
    let name = |name| [("PolicyName", name), ("PolicyDocument", INVOKE)];
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("CreatePolicy", &document("{"), 400, "MalformedPolicyDocument"),
        ("CreatePolicy", &document(r#"{"Version": "2", "Statement": []}"#), 400, "MalformedPolicyDocument"),
        ("CreatePolicy", &document(TRUST), 400, "MalformedPolicyDocument"),
        ("CreatePolicy", &document(&too_long), 400, "InvalidParameter.PolicyDocument.Length"),
        ("CreatePolicy", &[("PolicyName", "new")], 400, "MissingPolicyDocument"),
        ("CreatePolicy", &[("PolicyDocument", INVOKE)], 400, "MissingPolicyName"),
        ("CreatePolicy", &name("a_b"), 400, "InvalidParameter.PolicyName.InvalidChars"),
        ("CreatePolicy", &name("*"), 400, "InvalidParameter.PolicyName.InvalidChars"),
        ("CreatePolicy", &name(&long_policy_name), 400, "InvalidParameter.PolicyName.Length"),
        // A custom policy does not shadow a system policy.
        ("CreatePolicy", &name("AliyunFCFullAccess"), 409, "EntityAlreadyExists.Policy"),
        ("CreateUser", &[], 400, "MissingUserName"),
        ("CreateUser", &[("UserName", "a/b")], 400, "InvalidParameter.UserName.InvalidChars"),
        ("GetUser", &[("UserName", "*")], 400, "InvalidParameter.UserName.InvalidChars"),
        ("CreateUser", &[("UserName", &long_name)], 400, "InvalidParameter.UserName.Length"),
        ("CreateUser", &[("UserName", "carol"), ("Comments", &"c".repeat(129))], 400, "InvalidParameter.Comments.Length"),
        ("CreateGroup", &[("GroupName", "a b")], 400, "InvalidParameter.GroupName.InvalidChars"),
        ("GetRole", &[("RoleName", "a:b")], 400, "InvalidParameter.RoleName.InvalidChars"),
    ]).await;
    let refused = cloud
        .ram(
            "admin",
            "CreatePolicy",
            &document("{\n  \"Version\": \"2\", \"Statement\": []}"),
        )
        .await;
    let refused = refused.unwrap_err();
    assert!(
        refused.message().contains("line 2"),
        "{}",
        refused.message()
    );
    does(&cloud, "CreatePolicy", &document(&wide)).await;
    refuses(
        &cloud,
        &[(
            "CreatePolicy",
            &document(INVOKE),
            409,
            "EntityAlreadyExists.Policy",
        )],
    )
    .await;
}

#[tokio::test]
async fn system_policies_are_there_and_their_unknown_texts_are_not_made_up() {
    let cloud = Cloud::start(WORLD).await;
    let known = [
        ("PolicyName", "AliyunFCFullAccess"),
        ("PolicyType", "System"),
    ];
    let got = does(&cloud, "GetPolicy", &known).await;
    assert_eq!(got["Policy"]["PolicyType"], "System");
    let version = text(&got, "/Policy/DefaultVersion").to_owned();
    assert_eq!(got["DefaultPolicyVersion"]["VersionId"], version);
    assert!(text(&got, "/DefaultPolicyVersion/PolicyDocument").contains("fc:*"));
    let versions = does(&cloud, "ListPolicyVersions", &known).await;
    let ids = names(&versions, ("PolicyVersions", "PolicyVersion"), "VersionId");
    assert_eq!(ids, [&version]);
    does(
        &cloud,
        "GetPolicyVersion",
        &[known[0], known[1], ("VersionId", &version)],
    )
    .await;
    let unknown_text = [
        ("PolicyName", "AliyunOSSFullAccess"),
        ("PolicyType", "System"),
    ];
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("GetPolicyVersion", &[known[0], known[1], ("VersionId", "v99")], 404, "EntityNotExist.Policy.Version"),
        ("GetPolicy", &unknown_text, 501, "NotImplemented"),
        ("AttachPolicyToUser", &[unknown_text[0], unknown_text[1], ("UserName", "bob")], 501, "NotImplemented"),
        ("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", INVOKE), ("Tag.1.Key", "k")], 501, "NotImplemented"),
        ("GetPolicy", &[("PolicyName", "AliyunNothing"), known[1]], 404, "EntityNotExist.Policy"),
    ]).await;
}

#[tokio::test]
async fn as_many_policies_as_the_service_takes_can_be_attached() {
    let cloud = Cloud::start(WORLD).await;
    for number in 0..=10 {
        let name = format!("policy-{number}");
        does(
            &cloud,
            "CreatePolicy",
            &[("PolicyName", &name), ("PolicyDocument", READ)],
        )
        .await;
        let attach = [
            ("PolicyName", name.as_str()),
            ("PolicyType", "Custom"),
            ("UserName", "alice"),
        ];
        match number {
            10 => {
                let limit = "LimitExceeded.User.Policy";
                refuses(&cloud, &[("AttachPolicyToUser", &attach, 409, limit)]).await;
            }
            _ => drop(does(&cloud, "AttachPolicyToUser", &attach).await),
        }
    }
    // System policies and other scopes are counted apart.
    let system = [
        ("PolicyName", "AliyunFCFullAccess"),
        ("PolicyType", "System"),
        ("UserName", "alice"),
    ];
    does(&cloud, "AttachPolicyToUser", &system).await;
}

#[tokio::test]
async fn a_denial_can_be_decoded_by_who_may() {
    let cloud = Cloud::start(WORLD).await;
    let denied = cloud.invoke("alice", "hello").await.unwrap_err();
    let encoded = text(&denied.body, "/AccessDeniedDetail/EncodedDiagnosticMessage");
    let message = [("EncodedDiagnosticMessage", encoded)];
    let decoded = does(&cloud, "DecodeDiagnosticMessage", &message).await;
    let decoded = &decoded["DecodedDiagnosticMessage"];
    assert_eq!(decoded["AuthAction"], "fc:InvokeFunction");
    assert_eq!(
        decoded["AuthResource"],
        format!("acs:fc:cn-hangzhou:{ACCOUNT}:functions/hello")
    );
    assert_eq!(decoded["ExplicitDeny"], false);
    assert_eq!(
        decoded["NoPermissionPolicyType"],
        "AccountLevelIdentityBasedPolicy"
    );
    assert_eq!(decoded["AuthPrincipal"]["AuthPrincipalOwnerId"], ACCOUNT);
    assert_eq!(decoded["MatchedPolicies"], json!([]));
    let refused = cloud
        .ram("alice", "DecodeDiagnosticMessage", &message)
        .await;
    assert_eq!(refused.unwrap_err().told(), (403, "NoPermission"));
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("DecodeDiagnosticMessage", &[], 400, "MissingEncodedDiagnosticMessage"),
        ("DecodeDiagnosticMessage", &[("EncodedDiagnosticMessage", "AQEAAAAAZ+/=abc")], 400, "InvalidParameter.EncodedDiagnosticMessage"),
    ]).await;
}

#[tokio::test]
async fn attachments_of_every_scope_are_listed() {
    let cloud = Cloud::start(WORLD).await;
    let list = async |parameters: Parameters<'_>| {
        let answer = cloud.call(
            "admin",
            RESOURCE_MANAGER,
            "ListPolicyAttachments",
            parameters,
        );
        let answer = answer.await.unwrap();
        let count = answer["TotalCount"].as_u64().unwrap();
        let rows = answer["PolicyAttachments"]["PolicyAttachment"].clone();
        (count, rows)
    };
    let (count, rows) = list(&[("PrincipalType", "IMSUser"), ("PrincipalName", "bob")]).await;
    assert_eq!(count, 2);
    assert_eq!(rows[0]["ResourceGroupId"], ACCOUNT);
    assert_eq!(rows[0]["PolicyType"], "Custom");
    assert_eq!(rows[1]["ResourceGroupId"], "rg-demo");
    assert_eq!(rows[1]["PolicyName"], "AliyunFCReadOnlyAccess");
    assert_eq!(
        rows[1]["PrincipalName"],
        format!("bob@{ACCOUNT}.onaliyun.com")
    );
    assert_eq!(rows[1]["PrincipalType"], "IMSUser");
    // RAM's own list shows the account's scope only.
    let policies = does(&cloud, "ListPoliciesForUser", &[("UserName", "bob")]).await;
    assert_eq!(policies["Policies"]["Policy"].as_array().unwrap().len(), 1);

    let full = format!("bob@{ACCOUNT}.onaliyun.com");
    let (by_full_name, _) = list(&[("PrincipalName", &full)]).await;
    assert_eq!(by_full_name, 2);
    let (in_group, _) = list(&[("ResourceGroupId", "rg-demo")]).await;
    assert_eq!(in_group, 1);
    let (system, _) = list(&[("PolicyType", "System")]).await;
    assert_eq!(system, 2);
    let (named, _) = list(&[("PolicyName", "AdministratorAccess")]).await;
    assert_eq!(named, 1);
    let (of_groups, rows) = list(&[("PrincipalType", "IMSGroup")]).await;
    assert_eq!(of_groups, 1);
    assert_eq!(
        rows[0]["PrincipalName"],
        format!("backend@group.{ACCOUNT}.onaliyun.com")
    );
    let (nobody, rows) = list(&[("PrincipalName", "nobody")]).await;
    assert_eq!((nobody, rows), (0, json!([])));

    let (all, first) = list(&[("PageSize", "3")]).await;
    assert_eq!((all, first.as_array().unwrap().len()), (4, 3));
    let (_, second) = list(&[("PageSize", "3"), ("PageNumber", "2")]).await;
    assert_eq!(second.as_array().unwrap().len(), 1);
    let (_, beyond) = list(&[("PageNumber", "4294967295")]).await;
    assert_eq!(beyond, json!([]));

    // What is attached at a resource group's scope goes the same way again.
    let scoped = [
        ("UserName", "bob"),
        ("PolicyName", "AliyunFCReadOnlyAccess"),
        ("PolicyType", "System"),
        ("ResourceGroupId", "rg-demo"),
    ];
    refuses(
        &cloud,
        &[(
            "AttachPolicyToUser",
            &scoped,
            409,
            "EntityAlreadyExists.User.Policy",
        )],
    )
    .await;
    does(&cloud, "DetachPolicyFromUser", &scoped).await;
    let (left, _) = list(&[("ResourceGroupId", "rg-demo")]).await;
    assert_eq!(left, 0);

    for (name, value) in [
        ("PageSize", "101"),
        ("PageNumber", "0"),
        ("PrincipalType", "User"),
    ] {
        let parameters = [(name, value)];
        let refused = cloud.call(
            "admin",
            RESOURCE_MANAGER,
            "ListPolicyAttachments",
            &parameters,
        );
        let code = format!("InvalidParameter.{name}");
        assert_eq!(refused.await.unwrap_err().told(), (400, code.as_str()));
    }
    let denied = cloud.call("alice", RESOURCE_MANAGER, "ListPolicyAttachments", &[]);
    let denied = denied.await.unwrap_err();
    assert_eq!(denied.told(), (403, "NoPermission"));
    let detail = &denied.body["AccessDeniedDetail"];
    assert_eq!(detail["AuthAction"], "ram:ListPolicyAttachments");
}
