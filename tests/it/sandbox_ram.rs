//! RAM and ResourceManager in the sandbox: every operation as it succeeds, is denied, and
//! meets what is or is not there.

use serde_json::{Value, json};
use sesame_fc::acs::{Ambient, Credentials, Secret};

use crate::cloud::{ACCOUNT, Cloud, RESOURCE_MANAGER, STS};

const WORLD: &str = r#"
users:
  admin: { access_key: { id: LTAI-admin, secret: admin-secret }, policies: [AdministratorAccess] }
  alice: { access_key: { id: LTAI-alice, secret: alice-secret }, groups: [backend] }
  bob:
    access_key: { id: LTAI-bob, secret: bob-secret }
    policies:
      - { Version: "1", Statement: [{ Effect: Allow, Action: ram:AttachPolicyToUser, Resource: "acs:ram:*:1234567890123456:user/alice" }] }
    resource_group_policies: [{ resource_group: rg-demo, policies: [AliyunFCReadOnlyAccess] }]
groups:
  backend:
    policies:
      - { Version: "1", Statement: [{ Effect: Allow, Action: fc:GetFunction, Resource: "*" }] }
roles:
  ci:
    trust: { Version: "1", Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { RAM: "acs:ram::1234567890123456:root" } }] }
functions:
  - { name: hello, builtin: hello }
"#;

const INVOKE: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:InvokeFunction", "Resource": "acs:fc:*:*:functions/hello"}]}"#;
const READ: &str =
    r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "fc:Get*", "Resource": "*"}]}"#;
const TRUST: &str = r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1234567890123456:user/alice"}}]}"#;

type Parameters<'a> = &'a [(&'a str, &'a str)];

/// Called by the administrator.
async fn does(cloud: &Cloud, action: &str, parameters: Parameters<'_>) -> Value {
    let answer = cloud.ram("admin", action, parameters).await;
    answer.unwrap_or_else(|refused| panic!("{action} {parameters:?}: {refused:?}"))
}

/// Each call of the administrator is refused as the row says.
async fn refuses(cloud: &Cloud, rows: &[(&str, Parameters<'_>, u16, &str)]) {
    for (action, parameters, status, code) in rows {
        let refused = match cloud.ram("admin", action, parameters).await {
            Err(refused) => refused,
            Ok(answer) => panic!("{action} {parameters:?}: {answer}"),
        };
        assert_eq!(refused.told(), (*status, *code), "{action} {parameters:?}");
        assert!(!refused.message().is_empty());
    }
}

/// The names in a list of an answer.
fn names<'a>(answer: &'a Value, (outer, inner): (&str, &str), field: &str) -> Vec<&'a str> {
    let items = answer[outer][inner].as_array().unwrap();
    let names = items.iter().map(|item| item[field].as_str().unwrap());
    names.collect()
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    let found = value.pointer(path).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {path} in {value}"))
}

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
    let cloud = Cloud::start_with(WORLD, true, Ambient::system()).await;
    let created = cloud
        .ram("bob", "CreateUser", &[("UserName", "carol")])
        .await;
    assert_eq!(created.unwrap()["User"]["UserName"], "carol");
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
        .ram("admin", "CreatePolicy", &document("{\n  \"Version\": \"2\", \"Statement\": []}"))
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
        ("ListUsers", None, ("Users", "User"), "UserName", 8),
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
        assert_eq!(pages, (total + 1) / 2, "{action}");
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
