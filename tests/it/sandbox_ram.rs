//! RAM in the sandbox: what each operation asks for, and users, keys, groups and roles as they
//! come, change and go.

use sesame_fc::acs::{Ambient, Credentials, Secret, SessionPolicy};
use sesame_fc::sandbox::Options;

use crate::account::{INVOKE, READ, TRUST, WORLD, does, names, refuses, text};
use crate::cloud::{ACCOUNT, Cloud, Parameters, STS};

/// Every operation with parameters that name what is there, and what it asks for.
#[rustfmt::skip]
const OPERATIONS: &[(&str, Parameters<'_>, &str)] = &[
    ("CreateUser", &[("UserName", "carol")], "1234567890123456:user/*"),
    ("GetUser", &[("UserName", "alice")], "1234567890123456:user/alice"),
    ("ListUsers", &[], "1234567890123456:user/*"),
    ("UpdateUser", &[("UserName", "alice")], "1234567890123456:user/alice"),
    ("DeleteUser", &[("UserName", "alice")], "1234567890123456:user/alice"),
    ("CreateAccessKey", &[("UserName", "alice")], "1234567890123456:user/alice"),
    ("ListAccessKeys", &[("UserName", "alice")], "1234567890123456:user/alice"),
    ("ListAccessKeys", &[], "1234567890123456:user/bob"),
    ("UpdateAccessKey", &[("UserName", "alice"), ("UserAccessKeyId", "LTAI-alice"), ("Status", "Inactive")], "1234567890123456:user/alice"),
    ("DeleteAccessKey", &[("UserName", "alice"), ("UserAccessKeyId", "LTAI-alice")], "1234567890123456:user/alice"),
    ("CreateGroup", &[("GroupName", "ops")], "1234567890123456:group/*"),
    ("GetGroup", &[("GroupName", "backend")], "1234567890123456:group/backend"),
    ("ListGroups", &[], "1234567890123456:group/*"),
    ("DeleteGroup", &[("GroupName", "backend")], "1234567890123456:group/backend"),
    ("AddUserToGroup", &[("UserName", "bob"), ("GroupName", "backend")], "1234567890123456:user/bob"),
    ("RemoveUserFromGroup", &[("UserName", "alice"), ("GroupName", "backend")], "1234567890123456:user/alice"),
    ("ListGroupsForUser", &[("UserName", "alice")], "1234567890123456:user/alice"),
    ("ListUsersForGroup", &[("GroupName", "backend")], "1234567890123456:group/backend"),
    ("CreateRole", &[("RoleName", "cd"), ("AssumeRolePolicyDocument", TRUST)], "1234567890123456:role/*"),
    ("GetRole", &[("RoleName", "ci")], "1234567890123456:role/ci"),
    ("ListRoles", &[], "1234567890123456:role/*"),
    ("UpdateRole", &[("RoleName", "ci")], "1234567890123456:role/ci"),
    ("DeleteRole", &[("RoleName", "ci")], "1234567890123456:role/ci"),
    ("CreatePolicy", &[("PolicyName", "invoke"), ("PolicyDocument", INVOKE)], "1234567890123456:policy/*"),
    ("GetPolicy", &[("PolicyName", "invoke"), ("PolicyType", "Custom")], "1234567890123456:policy/invoke"),
    ("GetPolicy", &[("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "system:policy/AliyunFCFullAccess"),
    ("ListPolicies", &[], "1234567890123456:policy/*"),
    ("DeletePolicy", &[("PolicyName", "invoke")], "1234567890123456:policy/invoke"),
    ("CreatePolicyVersion", &[("PolicyName", "invoke"), ("PolicyDocument", READ)], "1234567890123456:policy/invoke"),
    ("GetPolicyVersion", &[("PolicyName", "invoke"), ("PolicyType", "Custom"), ("VersionId", "v1")], "1234567890123456:policy/invoke"),
    ("ListPolicyVersions", &[("PolicyName", "invoke"), ("PolicyType", "Custom")], "1234567890123456:policy/invoke"),
    ("DeletePolicyVersion", &[("PolicyName", "invoke"), ("VersionId", "v1")], "1234567890123456:policy/invoke"),
    ("SetDefaultPolicyVersion", &[("PolicyName", "invoke"), ("VersionId", "v1")], "1234567890123456:policy/invoke"),
    // Its own policy covers the user, and not the policy.
    ("AttachPolicyToUser", &[("UserName", "alice"), ("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "system:policy/AliyunFCFullAccess"),
    ("AttachPolicyToUser", &[("UserName", "admin"), ("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "1234567890123456:user/admin"),
    ("AttachPolicyToGroup", &[("GroupName", "backend"), ("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "1234567890123456:group/backend"),
    ("AttachPolicyToRole", &[("RoleName", "ci"), ("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "1234567890123456:role/ci"),
    ("DetachPolicyFromUser", &[("UserName", "alice"), ("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "1234567890123456:user/alice"),
    ("DetachPolicyFromGroup", &[("GroupName", "backend"), ("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "1234567890123456:group/backend"),
    ("DetachPolicyFromRole", &[("RoleName", "ci"), ("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "1234567890123456:role/ci"),
    ("ListPoliciesForUser", &[("UserName", "alice")], "1234567890123456:user/alice"),
    ("ListPoliciesForGroup", &[("GroupName", "backend")], "1234567890123456:group/backend"),
    ("ListPoliciesForRole", &[("RoleName", "ci")], "1234567890123456:role/ci"),
    ("ListEntitiesForPolicy", &[("PolicyName", "AliyunFCFullAccess"), ("PolicyType", "System")], "system:policy/AliyunFCFullAccess"),
    ("DecodeDiagnosticMessage", &[("EncodedDiagnosticMessage", "AQ==")], "*"),
];

#[tokio::test]
async fn every_operation_asks_for_its_own_action_on_what_it_names() {
    let cloud = Cloud::start(WORLD).await;
    for (action, parameters, resource) in OPERATIONS {
        let denied = match cloud.ram("bob", action, parameters).await {
            Err(denied) => denied,
            Ok(answer) => panic!("{action}: {answer}"),
        };
        assert_eq!(denied.told(), (403, "NoPermission"), "{action}");
        let resource = match *resource {
            "*" => "*".to_owned(),
            rest => format!("acs:ram:*:{rest}"),
        };
        let told = format!(
            "You are not authorized to do this action. Resource: {resource} Action: ram:{action}"
        );
        assert_eq!(denied.message(), told);
        let detail = &denied.body["AccessDeniedDetail"];
        assert_eq!(detail["AuthAction"], format!("ram:{action}"));
        assert_eq!(detail["AuthPrincipalType"], "SubUser");
        assert_eq!(detail["NoPermissionType"], "ImplicitDeny");
    }
}

#[tokio::test]
async fn under_soft_what_is_denied_is_done() {
    let cloud = Cloud::start_soft(WORLD).await;
    let created = cloud
        .ram("bob", "CreateUser", &[("UserName", "carol")])
        .await;
    assert_eq!(created.unwrap()["User"]["UserName"], "carol");
}

#[tokio::test]
async fn all_permissions_of_an_operation_are_recorded_or_none() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("recorded.json");
    let options = Options {
        record_policy: Some(path.clone()),
        ..Options::default()
    };
    let mut cloud = Cloud::start_with(WORLD, options, Ambient::system()).await;
    let attach = |user| {
        [
            ("UserName", user),
            ("PolicyName", "AliyunFCFullAccess"),
            ("PolicyType", "System"),
        ]
    };
    // Bob may have what concerns the user, and not what concerns the policy.
    let refused = attach("alice");
    let refused = cloud.ram("bob", "AttachPolicyToUser", &refused).await;
    assert_eq!(refused.unwrap_err().told(), (403, "NoPermission"));
    does(&cloud, "AttachPolicyToUser", &attach("bob")).await;
    cloud.sandbox.stop().await.unwrap();
    let recorded = std::fs::read_to_string(path).unwrap();
    for resource in [
        format!("acs:ram:*:{ACCOUNT}:user/bob"),
        "acs:ram:*:system:policy/AliyunFCFullAccess".to_owned(),
    ] {
        assert!(recorded.contains(&resource), "{recorded}");
    }
    assert!(!recorded.contains("user/alice"), "{recorded}");
}

#[tokio::test]
async fn a_user_from_its_creation_to_its_end() {
    let cloud = Cloud::start(WORLD).await;
    let created = does(
        &cloud,
        "CreateUser",
        &[
            ("UserName", "carol.c_1-x"),
            ("DisplayName", "Carol"),
            ("Email", "carol@example.com"),
            ("MobilePhone", "86-1860000****"),
            ("Comments", "new"),
        ],
    )
    .await;
    let user = &created["User"];
    assert_eq!(user["UserName"], "carol.c_1-x");
    assert_eq!(user["Email"], "carol@example.com");
    assert_eq!(user["MobilePhone"], "86-1860000****");
    assert!(
        text(user, "/UserId")
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
    assert!(text(user, "/CreateDate").ends_with('Z'));
    let named = [("UserName", "carol.c_1-x")];
    refuses(
        &cloud,
        &[("CreateUser", &named, 409, "EntityAlreadyExists.User")],
    )
    .await;

    let changes = [
        named[0],
        ("NewUserName", "carol"),
        ("NewComments", "renamed"),
    ];
    does(&cloud, "UpdateUser", &changes).await;
    let carol = [("UserName", "carol")];
    let got = does(&cloud, "GetUser", &carol).await;
    assert_eq!(got["User"]["UserId"], user["UserId"]);
    assert_eq!(got["User"]["Comments"], "renamed");
    assert_eq!(got["User"]["DisplayName"], "Carol");
    let taken = [carol[0], ("NewUserName", "alice")];
    let odd = [carol[0], ("NewUserName", "a*")];
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("GetUser", &named, 404, "EntityNotExist.User"),
        ("UpdateUser", &named, 404, "EntityNotExist.User"),
        ("DeleteUser", &named, 404, "EntityNotExist.User"),
        ("UpdateUser", &[named[0], taken[1]], 404, "EntityNotExist.User"),
        ("UpdateUser", &taken, 409, "EntityAlreadyExists.User"),
        ("UpdateUser", &odd, 400, "InvalidParameter.NewUserName.InvalidChars"),
    ]).await;
    let users = does(&cloud, "ListUsers", &[]).await;
    let listed = names(&users, ("Users", "User"), "UserName");
    assert_eq!(listed, ["admin", "alice", "bob", "carol"]);
    assert_eq!(users["IsTruncated"], false);

    does(&cloud, "DeleteUser", &carol).await;
    refuses(&cloud, &[("GetUser", &carol, 404, "EntityNotExist.User")]).await;
    // Created again, it is another user.
    let again = does(&cloud, "CreateUser", &carol).await;
    assert_ne!(again["User"]["UserId"], user["UserId"]);
    assert_eq!(again["User"]["DisplayName"], "carol");
}

#[tokio::test]
async fn a_user_in_use_does_not_go_away() {
    let cloud = Cloud::start(WORLD).await;
    let alice = [("UserName", "alice")];
    let policy = [
        alice[0],
        ("PolicyName", "AliyunFCReadOnlyAccess"),
        ("PolicyType", "System"),
    ];
    let key = [alice[0], ("UserAccessKeyId", "LTAI-alice")];
    let group = [alice[0], ("GroupName", "backend")];
    does(&cloud, "AttachPolicyToUser", &policy).await;
    let delete = |code| [("DeleteUser", alice.as_slice(), 409, code)];
    refuses(&cloud, &delete("DeleteConflict.User.AccessKey")).await;
    does(&cloud, "DeleteAccessKey", &key).await;
    refuses(&cloud, &delete("DeleteConflict.User.Policy")).await;
    does(&cloud, "DetachPolicyFromUser", &policy).await;
    refuses(&cloud, &delete("DeleteConflict.User.Group")).await;
    does(&cloud, "RemoveUserFromGroup", &group).await;
    does(&cloud, "DeleteUser", &alice).await;
}

#[tokio::test]
async fn a_created_key_signs_at_once_and_a_disabled_or_deleted_one_no_more() {
    let mut cloud = Cloud::start(WORLD).await;
    let alice = [("UserName", "alice")];
    let created = does(&cloud, "CreateAccessKey", &alice).await;
    let key = &created["AccessKey"];
    assert_eq!(key["Status"], "Active");
    let id = text(key, "/AccessKeyId").to_owned();
    let credentials = Credentials {
        access_key_id: id.clone(),
        access_key_secret: Secret::new(text(key, "/AccessKeySecret")),
        security_token: None,
        account_id: None,
        source: "a test".to_owned(),
        expires_at: None,
        session_policy: SessionPolicy::Unknown,
    };
    cloud.know("second", credentials);
    let identity = cloud.call("second", STS, "GetCallerIdentity", &[]).await;
    assert_eq!(
        identity.unwrap()["Arn"],
        format!("acs:ram::{ACCOUNT}:user/alice")
    );
    let limit = [(
        "CreateAccessKey",
        alice.as_slice(),
        409,
        "LimitExceeded.User.AccessKey",
    )];
    refuses(&cloud, &limit).await;
    let keys = does(&cloud, "ListAccessKeys", &alice).await;
    let ids = names(&keys, ("AccessKeys", "AccessKey"), "AccessKeyId");
    assert_eq!(ids, ["LTAI-alice", &id]);
    assert!(!keys.to_string().contains("Secret"), "{keys}");

    let own = [alice[0], ("UserAccessKeyId", id.as_str())];
    let status = |status| [own[0], own[1], ("Status", status)];
    does(&cloud, "UpdateAccessKey", &status("Inactive")).await;
    let refused = cloud.call("second", STS, "GetCallerIdentity", &[]).await;
    assert_eq!(
        refused.unwrap_err().told(),
        (400, "InvalidAccessKeyId.Inactive")
    );
    does(&cloud, "UpdateAccessKey", &status("Active")).await;
    let identity = cloud.call("second", STS, "GetCallerIdentity", &[]).await;
    identity.unwrap();
    does(&cloud, "DeleteAccessKey", &own).await;
    let refused = cloud.call("second", STS, "GetCallerIdentity", &[]).await;
    assert_eq!(
        refused.unwrap_err().told(),
        (404, "InvalidAccessKeyId.NotFound")
    );
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("DeleteAccessKey", &own, 404, "EntityNotExist.User.AccessKey"),
        ("UpdateAccessKey", &status("Active"), 404, "EntityNotExist.User.AccessKey"),
        ("UpdateAccessKey", &status("Off"), 400, "InvalidParameter.Status"),
        ("UpdateAccessKey", &own, 400, "MissingStatus"),
        ("DeleteAccessKey", &alice, 400, "MissingUserAccessKeyId"),
        ("ListAccessKeys", &[("UserName", "nobody")], 404, "EntityNotExist.User"),
        ("CreateAccessKey", &[("UserName", "nobody")], 404, "EntityNotExist.User"),
    ]).await;
    // Without a name it is the caller's own.
    let keys = does(&cloud, "ListAccessKeys", &[]).await;
    let ids = names(&keys, ("AccessKeys", "AccessKey"), "AccessKeyId");
    assert_eq!(ids, ["LTAI-admin"]);
}

#[tokio::test]
async fn a_group_gives_its_members_what_is_attached_to_it() {
    let cloud = Cloud::start(WORLD).await;
    let ops = [("GroupName", "ops")];
    let created = does(&cloud, "CreateGroup", &[ops[0], ("Comments", "on call")]).await;
    assert_eq!(created["Group"]["GroupName"], "ops");
    assert_eq!(created["Group"]["Comments"], "on call");
    let groups = does(&cloud, "ListGroups", &[]).await;
    assert_eq!(
        names(&groups, ("Groups", "Group"), "GroupName"),
        ["backend", "ops"]
    );
    let got = does(&cloud, "GetGroup", &ops).await;
    assert_eq!(got["Group"]["GroupId"], created["Group"]["GroupId"]);

    let policy = [
        ops[0],
        ("PolicyName", "AliyunFCInvocationAccess"),
        ("PolicyType", "System"),
    ];
    let member = [ops[0], ("UserName", "bob")];
    does(&cloud, "AttachPolicyToGroup", &policy).await;
    assert_eq!(cloud.invoke("bob", "hello").await.unwrap_err().status, 403);
    does(&cloud, "AddUserToGroup", &member).await;
    assert_eq!(cloud.invoke("bob", "hello").await.unwrap(), 200);
    let users = does(&cloud, "ListUsersForGroup", &ops).await;
    assert_eq!(names(&users, ("Users", "User"), "UserName"), ["bob"]);
    assert!(text(&users, "/Users/User/0/JoinDate").ends_with('Z'));
    let groups = does(&cloud, "ListGroupsForUser", &[member[1]]).await;
    assert_eq!(names(&groups, ("Groups", "Group"), "GroupName"), ["ops"]);

    let ghost = [ops[0], ("UserName", "ghost")];
    let nowhere = [("GroupName", "nowhere"), ("UserName", "bob")];
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("CreateGroup", &ops, 409, "EntityAlreadyExists.Group"),
        ("AddUserToGroup", &member, 409, "EntityAlreadyExists.User.Group"),
        ("AddUserToGroup", &ghost, 404, "EntityNotExist.User"),
        ("AddUserToGroup", &nowhere, 404, "EntityNotExist.Group"),
        ("RemoveUserFromGroup", &nowhere, 404, "EntityNotExist.Group"),
        ("RemoveUserFromGroup", &[ops[0], ("UserName", "alice")], 404, "EntityNotExist.User.Group"),
        ("ListUsersForGroup", &[nowhere[0]], 404, "EntityNotExist.Group"),
        ("ListGroupsForUser", &[ghost[1]], 404, "EntityNotExist.User"),
        ("GetGroup", &[nowhere[0]], 404, "EntityNotExist.Group"),
        ("DeleteGroup", &ops, 409, "DeleteConflict.Group.User"),
    ]).await;

    does(&cloud, "RemoveUserFromGroup", &member).await;
    assert_eq!(cloud.invoke("bob", "hello").await.unwrap_err().status, 403);
    let in_use = [(
        "DeleteGroup",
        ops.as_slice(),
        409,
        "DeleteConflict.Group.Policy",
    )];
    refuses(&cloud, &in_use).await;
    does(&cloud, "DetachPolicyFromGroup", &policy).await;
    does(&cloud, "DeleteGroup", &ops).await;
    refuses(&cloud, &[("GetGroup", &ops, 404, "EntityNotExist.Group")]).await;
    for number in 1..=5 {
        let name = format!("group-{number}");
        does(&cloud, "CreateGroup", &[("GroupName", &name)]).await;
        let member = [("GroupName", name.as_str()), ("UserName", "bob")];
        does(&cloud, "AddUserToGroup", &member).await;
    }
    let sixth = [("GroupName", "backend"), ("UserName", "bob")];
    refuses(
        &cloud,
        &[("AddUserToGroup", &sixth, 409, "LimitExceeded.User.Group")],
    )
    .await;
}

#[tokio::test]
async fn a_role_trusts_whom_its_document_names() {
    let mut cloud = Cloud::start(WORLD).await;
    let cd = [("RoleName", "cd")];
    let created = does(
        &cloud,
        "CreateRole",
        &[
            cd[0],
            ("AssumeRolePolicyDocument", TRUST),
            ("Description", "ships"),
            ("MaxSessionDuration", "7200"),
        ],
    )
    .await;
    let role = &created["Role"];
    assert_eq!(role["Arn"], format!("acs:ram::{ACCOUNT}:role/cd"));
    assert_eq!(role["AssumeRolePolicyDocument"], TRUST);
    assert_eq!(role["MaxSessionDuration"], 7200);
    let got = does(&cloud, "GetRole", &cd).await;
    assert_eq!(got["Role"], *role);
    let roles = does(&cloud, "ListRoles", &[]).await;
    assert_eq!(names(&roles, ("Roles", "Role"), "RoleName"), ["cd", "ci"]);
    assert!(roles["Roles"]["Role"][0]["AssumeRolePolicyDocument"].is_null());

    // The trust is alice's, and then the administrator's.
    let refused = cloud.assume("s1", "admin", "cd", &[]).await;
    assert_eq!(refused.unwrap_err().told(), (403, "NoPermission"));
    let trust = TRUST.replace("alice", "admin");
    let change = [cd[0], ("NewAssumeRolePolicyDocument", &trust)];
    let updated = does(&cloud, "UpdateRole", &change).await;
    assert_eq!(updated["Role"]["AssumeRolePolicyDocument"], trust);
    assert_eq!(updated["Role"]["Description"], "ships");
    cloud.assume("s1", "admin", "cd", &[]).await.unwrap();
    let longer = [cd[0], ("NewMaxSessionDuration", "3600")];
    does(&cloud, "UpdateRole", &longer).await;
    let refused = cloud
        .assume("s2", "admin", "cd", &[("DurationSeconds", "7200")])
        .await;
    assert_eq!(
        refused.unwrap_err().told(),
        (400, "InvalidParameter.DurationSeconds")
    );

    let with_trust = |document| [("RoleName", "new"), ("AssumeRolePolicyDocument", document)];
    #[rustfmt::skip]
    refuses(&cloud, &[
        ("CreateRole", &[cd[0], ("AssumeRolePolicyDocument", TRUST)], 409, "EntityAlreadyExists.Role"),
        ("CreateRole", &[("RoleName", "new")], 400, "MissingAssumeRolePolicyDocument"),
        ("CreateRole", &with_trust(INVOKE), 400, "MalformedPolicyDocument"),
        ("CreateRole", &with_trust("[]"), 400, "MalformedPolicyDocument"),
        ("CreateRole", &[with_trust(TRUST)[0], with_trust(TRUST)[1], ("MaxSessionDuration", "60")], 400, "InvalidParameter.MaxSessionDuration"),
        ("UpdateRole", &[cd[0], ("NewAssumeRolePolicyDocument", INVOKE)], 400, "MalformedPolicyDocument"),
        ("UpdateRole", &[("RoleName", "nobody")], 404, "EntityNotExist.Role"),
        ("GetRole", &[("RoleName", "nobody")], 404, "EntityNotExist.Role"),
        ("DeleteRole", &[("RoleName", "nobody")], 404, "EntityNotExist.Role"),
    ]).await;
    let policy = [
        cd[0],
        ("PolicyName", "AliyunFCInvocationAccess"),
        ("PolicyType", "System"),
    ];
    does(&cloud, "AttachPolicyToRole", &policy).await;
    assert_eq!(cloud.invoke("s1", "hello").await.unwrap(), 200);
    refuses(
        &cloud,
        &[("DeleteRole", &cd, 409, "DeleteConflict.Role.Policy")],
    )
    .await;
    does(&cloud, "DetachPolicyFromRole", &policy).await;
    assert_eq!(cloud.invoke("s1", "hello").await.unwrap_err().status, 403);
    does(&cloud, "DeleteRole", &cd).await;
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let cloud = Cloud::start(WORLD).await;
    for number in 0..5 {
        let name = format!("user-{number}");
        does(&cloud, "CreateUser", &[("UserName", &name)]).await;
        does(
            &cloud,
            "AddUserToGroup",
            &[("UserName", &name), ("GroupName", "backend")],
        )
        .await;
        does(&cloud, "CreateGroup", &[("GroupName", &name)]).await;
        does(
            &cloud,
            "CreateRole",
            &[("RoleName", &name), ("AssumeRolePolicyDocument", TRUST)],
        )
        .await;
        does(
            &cloud,
            "CreatePolicy",
            &[("PolicyName", &name), ("PolicyDocument", READ)],
        )
        .await;
    }
    for (action, more, list, field, total) in [
        ("ListUsers", None, ("Users", "User"), "UserName", 8_usize),
        ("ListGroups", None, ("Groups", "Group"), "GroupName", 6),
        ("ListRoles", None, ("Roles", "Role"), "RoleName", 6),
        (
            "ListUsersForGroup",
            Some(("GroupName", "backend")),
            ("Users", "User"),
            "UserName",
            6,
        ),
        // Five, and what the configuration attaches to bob and to the group.
        (
            "ListPolicies",
            Some(("PolicyType", "Custom")),
            ("Policies", "Policy"),
            "PolicyName",
            7,
        ),
    ] {
        let mut all: Vec<String> = Vec::new();
        let mut marker = String::new();
        let mut pages = 0;
        loop {
            let mut parameters = vec![("MaxItems", "2")];
            parameters.extend(more);
            if !marker.is_empty() {
                parameters.push(("Marker", &marker));
            }
            let answer = does(&cloud, action, &parameters).await;
            pages += 1;
            all.extend(names(&answer, list, field).into_iter().map(str::to_owned));
            if answer["IsTruncated"] == false {
                assert!(answer["Marker"].is_null());
                break;
            }
            marker = text(&answer, "/Marker").to_owned();
        }
        assert_eq!(pages, total.div_ceil(2), "{action}");
        let mut sorted = all.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), total, "{action} {all:?}");
        assert_eq!(all, sorted, "{action}");
    }
    let all = does(&cloud, "ListPolicies", &[]).await;
    assert!(names(&all, ("Policies", "Policy"), "PolicyType").contains(&"System"));
    for wrong in ["0", "1001", "many"] {
        let wrong = [("MaxItems", wrong)];
        refuses(
            &cloud,
            &[("ListUsers", &wrong, 400, "InvalidParameter.MaxItems")],
        )
        .await;
    }
}
