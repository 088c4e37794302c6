//! Every identity against every form of a call, in a sandbox: what a live check says is what
//! the call then does, and the policy that is suggested for a denial lifts it and nothing else.

use bytes::Bytes;
use serde_json::Value;
use sesame_fc::acs::ambient::utc;
use sesame_fc::acs::ram::{self, Ram};
use sesame_fc::acs::resource_manager::{self, ResourceManager};
use sesame_fc::acs::rpc::Client;
use sesame_fc::acs::sts;
use sesame_fc::acs::transport::USER_AGENT;
use sesame_fc::acs::{Credentials, Refusal, SessionPolicy};
use sesame_fc::catalogue::Catalogue;
use sesame_fc::diagnosis::{self, Failure};
use sesame_fc::fc::target::TargetNames;
use sesame_fc::fc::{Api, Invocation, InvocationType, LogType, Target, client};
use sesame_fc::preflight::live::{self, Services, Standing};
use sesame_fc::preflight::{self, Caller, Preflight, Verdict};
use sesame_fc::ram::{Context, Layer, Policy, parse};

use crate::cloud::{ACCOUNT, Cloud};
use crate::harness::shell_words;

/// The root folder forbids one function.
const ROOT: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"fc:InvokeFunction","Resource":"acs:fc:*:*:functions/forbidden"}]}"#;
/// The folder below it allows calls of the functions that it lists.
const FOLDER: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","NotAction":"fc:InvokeFunction","Resource":"*"},{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":["acs:fc:*:*:services/*","acs:fc:*:*:functions/hello","acs:fc:*:*:functions/hello/*","acs:fc:*:*:functions/neighbour","acs:fc:*:*:functions/neighbour/*","acs:fc:*:*:functions/billing","acs:fc:*:*:functions/forbidden"]}]}"#;
/// Session policies: one that leaves calls out, and one that denies them.
const NARROW: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ram:*","Resource":"*"}]}"#;
const DENYING: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"fc:InvokeFunction","Resource":"*"}]}"#;
const WIDE: &str =
    r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn world() -> String {
    let hello = r#"["acs:fc:*:*:functions/hello","acs:fc:*:*:functions/hello/*","acs:fc:*:*:services/demo/functions/hello","acs:fc:*:*:services/demo.*/functions/hello"]"#;
    let bare = r#"["acs:fc:*:*:functions/hello","acs:fc:*:*:services/demo/functions/hello"]"#;
    let allow = |resource: &str, more: &str| {
        format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"fc:InvokeFunction","Resource":{resource}{more}}}]}}"#
        )
    };
    let denying = |more: &str| {
        format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"fc:*","Resource":"*"}},{{"Effect":"Deny","Action":"fc:InvokeFunction","Resource":"*"{more}}}]}}"#
        )
    };
    let user = |name: &str, more: &str| {
        format!("  {name}: {{ access_key: {{ id: LTAI-{name}, secret: {name}-secret }}{more} }}\n")
    };
    let with = |name: &str, policy: &str| user(name, &format!(", policies: [{policy}]"));
    let users = [
        with("admin", "AdministratorAccess"),
        user("plain", ""),
        with("holder", "AliyunFCInvocationAccess"),
        user("member", ", groups: [callers]"),
        user("guarded", ", policies: [AliyunFCFullAccess], groups: [callers, guards]"),
        with("near", &allow(r#""acs:fc:*:*:functions/other""#, "")),
        with("bare", &allow(bare, "")),
        with("office", &allow(r#""*""#, r#","Condition":{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}"#)),
        with("past", &allow(r#""*""#, r#","Condition":{"DateLessThan":{"acs:CurrentTime":"2020-01-01T00:00:00Z"}}"#)),
        with("plainly", &denying(r#","Condition":{"Bool":{"acs:SecureTransport":"false"}}"#)),
        with("elsewhere", &denying(r#","Condition":{"IpAddress":{"acs:SourceIp":"127.0.0.0/8"}}"#)),
        user("scoped", ", resource_group_policies: [{ resource_group: rg-demo, policies: [AliyunFCInvocationAccess] }]"),
    ]
    .concat();
    let trust = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"RAM":"acs:ram::1234567890123456:root"}}]}"#;
    let functions: String = [
        "name: hello",
        "service: demo, name: hello",
        "name: neighbour",
        "service: demo, name: neighbour",
        "name: forbidden",
        "name: unlisted",
        "name: billing, resource_group: rg-demo",
    ]
    .map(|one| {
        format!("  - {{ {one}, builtin: hello, versions: ['1'], aliases: {{ prod: '1' }} }}\n")
    })
    .concat();
    format!(
        "users:\n{users}groups:\n  callers: {{ policies: [{}] }}\n  guards: {{ policies: [{}] }}\n\
         roles:\n  idle: {{ trust: {trust} }}\n  runner: {{ trust: {trust}, policies: [AliyunFCInvocationAccess] }}\n\
         control_policies: [{{ level: root, policies: [{ROOT}] }}, {{ level: folder, policies: [{FOLDER}] }}]\n\
         functions:\n{functions}",
        allow(hello, ""),
        denying(""),
    )
}

/// What a call is to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Allowed,
    /// Nothing allows it, and an Allow for the caller would.
    Liftable,
    /// No Allow for the caller helps.
    Kept,
}
use Told::{Allowed, Kept, Liftable};

/// Every form in which one function is called.
const FORMS: [(Option<Api>, Option<&str>, Option<&str>); 11] = [
    (None, None, None),
    (None, None, Some("LATEST")),
    (None, None, Some("1")),
    (None, None, Some("prod")),
    (None, Some("demo"), None),
    (None, Some("demo"), Some("LATEST")),
    (None, Some("demo"), Some("1")),
    (None, Some("demo"), Some("prod")),
    (Some(Api::V20210406), Some("demo"), None),
    (Some(Api::V20210406), Some("demo"), Some("LATEST")),
    (Some(Api::V20210406), Some("demo"), Some("prod")),
];

fn target(
    function: &str,
    (api, service, qualifier): (Option<Api>, Option<&str>, Option<&str>),
) -> Target {
    Target::new(TargetNames {
        api,
        region: "cn-hangzhou".into(),
        account: Some(ACCOUNT.into()),
        service: service.map(str::to_owned),
        function: function.into(),
        qualifier: qualifier.map(str::to_owned),
    })
    .unwrap()
}

fn policy(name: &str, layer: Layer, level: usize, text: &str) -> Policy {
    let document = parse(text.as_bytes()).document.unwrap();
    Policy {
        name: name.to_owned(),
        layer,
        level,
        document,
    }
}

fn control() -> Vec<Policy> {
    vec![
        policy("root", Layer::Control, 0, ROOT),
        policy("folder", Layer::Control, 1, FOLDER),
    ]
}

struct Matrix {
    cloud: Cloud,
}

impl Matrix {
    async fn standing(&self, who: &str) -> Standing {
        let cloud = &self.cloud;
        let credentials = cloud.credentials(who);
        let endpoint = cloud.sandbox.endpoint();
        let (transport, ambient) = (&cloud.transport, cloud.ambient);
        let caller = sts::get_caller_identity(transport, &endpoint, &credentials, ambient);
        let caller = caller.await.unwrap();
        let client = |version| Client {
            transport,
            endpoint: endpoint.clone(),
            version,
            credentials: &credentials,
            ambient,
        };
        let services = Services {
            ram: Ram(client(ram::VERSION)),
            resource_manager: ResourceManager(client(resource_manager::VERSION)),
            deadline: tokio::time::Instant::now() + live::LIMIT,
        };
        live::read(&services, &caller, &credentials.session_policy).await
    }

    /// What the client knows of its own request, as `sesame invoke` has it.
    fn context(&self, who: &str) -> Context {
        let mut context = Context::default();
        context.give("acs:CurrentTime", &utc((self.cloud.ambient.now)()));
        context.give("acs:SecureTransport", "false");
        context.give("acs:UserAgent", USER_AGENT);
        if self.cloud.credentials(who).security_token.is_none() {
            context.absent("acs:MFAPresent");
        }
        context
    }

    fn check(target: &Target, caller: &Caller, context: &Context) -> Preflight {
        let required = preflight::for_invoke(target, Catalogue::embedded()).unwrap();
        preflight::check(&required, caller, context)
    }

    /// The call itself; what it was refused with.
    async fn call(&self, who: &str, target: &Target) -> Result<(), Refusal> {
        let cloud = &self.cloud;
        let invocation = Invocation {
            target: target.clone(),
            invocation_type: InvocationType::Sync,
            log: LogType::None,
            async_id: None,
            event: Bytes::new(),
        };
        let credentials: Credentials = cloud.credentials(who);
        let endpoint = cloud.sandbox.endpoint();
        let sent = client::invoke(
            &cloud.transport,
            &endpoint,
            &credentials,
            &invocation,
            cloud.ambient,
            |_| {},
        );
        let mut incoming = sent.await.unwrap().incoming;
        let body = incoming.body(1 << 20).await.unwrap();
        match incoming.status {
            200 => Ok(()),
            status => Err(Refusal {
                status,
                headers: incoming.headers,
                body,
            }),
        }
    }

    /// Does what a hinted command says, as the administrator.
    async fn run(&self, command: &str) {
        let words = shell_words(command);
        assert_eq!(words[0], "ram", "{command}");
        let parameters: Vec<(&str, &str)> = words[2..]
            .chunks(2)
            .map(|pair| (pair[0].strip_prefix("--").unwrap(), pair[1].as_str()))
            .collect();
        let answer = self.cloud.ram("admin", &words[1], &parameters).await;
        answer.unwrap_or_else(|refused| panic!("{command}: {refused:?}"));
    }

    /// The policy that a failure suggests lifts the denial, and nothing else.
    async fn lifts(&self, who: &str, target: &Target, failure: &Failure, neighbour: &Target) {
        let commands: Vec<&str> = failure
            .hints
            .iter()
            .filter_map(|hint| hint.command.as_deref())
            .collect();
        let [create, attach] = commands.as_slice() else {
            panic!("{who} {target:?}: {commands:?}")
        };
        assert!(
            create.contains("CreatePolicy ") && attach.contains("AttachPolicyTo"),
            "{commands:?}"
        );
        self.run(create).await;
        self.run(attach).await;
        let lifted = self.call(who, target).await;
        assert!(lifted.is_ok(), "{who} {target:?}: {create}: {lifted:?}");
        let beside = self.call(who, neighbour).await;
        assert_eq!(
            beside.map_err(|refused| refused.status),
            Err(403),
            "{who} {neighbour:?}: {create}"
        );
        self.run(&attach.replace("AttachPolicyTo", "DetachPolicyFrom"))
            .await;
        let name = shell_words(create)[3].clone();
        self.run(&format!("aliyun ram DeletePolicy --PolicyName {name}"))
            .await;
    }

    async fn holds(&self, who: &str, target: &Target, told: Told, neighbour: &Target) -> bool {
        let context = format!("{who}, {target:?}");
        let refused = self.call(who, target).await.err();
        assert_eq!(refused.is_none(), told == Allowed, "{context}: {refused:?}");

        // What is known of all layers: the verdict is the call's end, or it is open.
        let standing = self.standing(who).await;
        assert!(
            standing.unread.is_empty(),
            "{context}: {:?}",
            standing.unread
        );
        let caller = standing.clone().caller(control());
        let known = self.context(who);
        let preflight = Self::check(target, &caller, &known);
        match preflight.verdict {
            Verdict::Allowed => assert_eq!(told, Allowed, "{context}: {preflight:?}"),
            Verdict::Denied => assert_ne!(told, Allowed, "{context}: {preflight:?}"),
            Verdict::Undetermined => assert!(!preflight.reasons.is_empty(), "{context}"),
        }
        // Without the control policies the same, but where they decide: nobody can read them.
        let blind = Self::check(target, &standing.caller(Vec::new()), &known);
        assert!(blind.layers_not_seen.contains(&Layer::Control));
        let by_control = refused.as_ref().is_some_and(|refusal| {
            String::from_utf8_lossy(&refusal.body).contains(r#""ControlPolicy""#)
        });
        if !by_control && blind.verdict != Verdict::Undetermined {
            assert_eq!(
                blind.verdict == Verdict::Allowed,
                told == Allowed,
                "{context}"
            );
        }

        if let Some(refusal) = refused {
            let failure = diagnosis::of_preflight(&preflight, target, &caller).unwrap();
            let call = diagnosis::Call {
                target: Some(target),
                principal: preflight.principal.as_ref(),
                ..diagnosis::Call::default()
            };
            let after = diagnosis::refused(&refusal, &call);
            // FC 2016-08-15 does not say which way it denies.
            let says = target.api() != Api::V20160815;
            if told == Kept {
                let suggested: Option<&Value> = failure.suggested_policy.as_ref();
                assert_eq!(
                    suggested.filter(|_| preflight.verdict == Verdict::Denied),
                    None,
                    "{context}"
                );
                assert_eq!(after.suggested_policy.filter(|_| says), None, "{context}");
            } else {
                assert!(
                    failure.suggested_policy.is_some(),
                    "{context}: {preflight:?}"
                );
                assert_eq!(
                    after.suggested_policy, failure.suggested_policy,
                    "{context}"
                );
                self.lifts(who, target, &failure, neighbour).await;
                let mut only = after;
                // What RAM can decode is no way out.
                only.hints.retain(|hint| {
                    !hint
                        .command
                        .as_ref()
                        .is_some_and(|one| one.contains("DecodeDiagnosticMessage"))
                });
                self.lifts(who, target, &only, neighbour).await;
            }
        }
        preflight.verdict != Verdict::Undetermined
    }

    /// Lets a caller read its own policies, by the policy that is suggested for it.
    async fn let_read(&self, who: &str) {
        let before = self.standing(who).await;
        let Some(policy) = before.to_read.as_ref() else {
            assert!(before.unread.is_empty(), "{who}: {:?}", before.unread);
            return;
        };
        let name = format!("read-{}", before.principal.name.as_deref().unwrap());
        for hint in diagnosis::to_read(Some(policy), &before.principal) {
            let command = hint.command.unwrap();
            self.run(&command.replace("sesame-read-own-policies", &name))
                .await;
        }
        let after = self.standing(who).await;
        assert!(after.unread.is_empty(), "{who}: {:?}", after.unread);
        assert_eq!(after.to_read, None);
    }
}

#[tokio::test]
async fn what_a_live_check_says_is_what_the_call_does_and_what_it_suggests_lifts_the_denial() {
    let mut matrix = Matrix {
        cloud: Cloud::start(&world()).await,
    };
    for (name, role, policy) in [
        ("idler", "idle", None),
        ("runs", "runner", None),
        ("wide", "runner", Some(WIDE)),
        ("narrow", "runner", Some(NARROW)),
        ("denying", "runner", Some(DENYING)),
    ] {
        let more: Vec<(&str, &str)> = policy.map(|text| ("Policy", text)).into_iter().collect();
        matrix
            .cloud
            .assume(name, "admin", role, &more)
            .await
            .unwrap();
        let mut key = matrix.cloud.credentials(name);
        // As the chain has it for a profile that takes the role on.
        key.session_policy = match policy {
            Some(policy) => SessionPolicy::Given(policy.to_owned()),
            None => SessionPolicy::Without,
        };
        matrix.cloud.know(name, key);
    }
    // How many of the eleven forms each identity's verdict is to be sure of.
    let rows = [
        ("plain", Liftable, 11),
        ("holder", Allowed, 11),
        ("member", Allowed, 11),
        ("guarded", Kept, 11),
        ("near", Liftable, 11),
        ("office", Liftable, 0),
        ("past", Liftable, 11),
        ("plainly", Kept, 11),
        ("elsewhere", Kept, 0),
        ("scoped", Liftable, 0),
        ("idler", Liftable, 11),
        ("runs", Allowed, 11),
        ("wide", Allowed, 11),
        ("narrow", Kept, 11),
        ("denying", Kept, 11),
    ];
    for (who, told, sure) in rows {
        matrix.let_read(who).await;
        let mut decided = 0;
        for form in FORMS {
            let (call, neighbour) = (target("hello", form), target("neighbour", form));
            decided += usize::from(matrix.holds(who, &call, told, &neighbour).await);
        }
        assert_eq!(decided, sure, "{who}");
    }
    // The unqualified resource alone.
    matrix.let_read("bare").await;
    for form in FORMS {
        let told = if form.2.is_none() { Allowed } else { Liftable };
        matrix
            .holds(
                "bare",
                &target("hello", form),
                told,
                &target("neighbour", form),
            )
            .await;
    }
    // Control policies, and a policy that is bound to a resource group.
    for (who, function, told) in [
        ("holder", "forbidden", Kept),
        ("holder", "unlisted", Kept),
        ("guarded", "forbidden", Kept),
        ("wide", "unlisted", Kept),
        ("scoped", "billing", Allowed),
        ("member", "billing", Liftable),
    ] {
        let call = target(function, FORMS[0]);
        matrix
            .holds(who, &call, told, &target("neighbour", FORMS[0]))
            .await;
    }
}

#[tokio::test]
async fn both_forms_of_latest_are_lifted_where_the_service_asks_for_the_other() {
    let matrix = Matrix {
        cloud: Cloud::start(&format!("latest_form: qualified\n{}", world())).await,
    };
    for who in ["plain", "bare"] {
        matrix.let_read(who).await;
        // A call of FC 3.0 without a qualifier has one documented form only.
        for form in FORMS.into_iter().skip(1) {
            let (call, neighbour) = (target("hello", form), target("neighbour", form));
            let decided = matrix.holds(who, &call, Liftable, &neighbour).await;
            let both = who == "bare"
                && matches!(
                    form,
                    (_, Some(_), None | Some("LATEST")) | (_, None, Some("LATEST"))
                );
            assert_eq!(decided, !both, "{who} {form:?}");
        }
    }
}

#[tokio::test]
async fn what_settles_a_doubt_settles_it() {
    let matrix = Matrix {
        cloud: Cloud::start(&world()).await,
    };
    let hello = target("hello", FORMS[0]);
    for (who, expected) in [("office", Verdict::Denied), ("elsewhere", Verdict::Denied)] {
        matrix.let_read(who).await;
        let caller = matrix.standing(who).await.caller(control());
        let mut context = matrix.context(who);
        let open = Matrix::check(&hello, &caller, &context);
        assert_eq!(open.verdict, Verdict::Undetermined, "{who}");
        assert!(
            open.reasons[0]
                .settle_with
                .contains("--context acs:SourceIp")
        );
        context.give("acs:SourceIp", "127.0.0.1");
        let settled = Matrix::check(&hello, &caller, &context);
        assert_eq!(settled.verdict, expected, "{who}");
        assert!(matrix.call(who, &hello).await.is_err());
    }
    // The group of the function is not known, unless its policies are named.
    matrix.let_read("scoped").await;
    let standing = matrix.standing("scoped").await;
    let (billing, context) = (target("billing", FORMS[0]), matrix.context("scoped"));
    let open = Matrix::check(&billing, &standing.clone().caller(Vec::new()), &context);
    assert_eq!(open.verdict, Verdict::Undetermined);
    let reason = &open.reasons[0];
    assert_eq!(reason.kind.as_str(), "unread_layer");
    assert!(
        reason.detail.contains("`AliyunFCInvocationAccess`"),
        "{reason:?}"
    );
    assert!(reason.settle_with.contains("--resource-group-policy"));
    for (text, verdict) in [(WIDE, Verdict::Allowed), (NARROW, Verdict::Denied)] {
        let named = vec![policy("own", Layer::ResourceGroup, 0, text)];
        let settled = Matrix::check(&billing, &standing.clone().caller(named), &context);
        assert_eq!(settled.verdict, verdict);
    }
}

#[tokio::test]
async fn a_caller_that_may_not_read_is_undetermined_and_an_explicit_deny_decides_all_the_same() {
    let cloud = Cloud::start(&world()).await;
    let may = |action: &str| {
        format!(
            r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
        )
    };
    let matrix = Matrix { cloud };
    let hello = target("hello", FORMS[0]);
    let standing = matrix.standing("holder").await;
    let context = matrix.context("holder");
    assert!(standing.policies.is_empty());
    let lacking: Vec<&str> = standing
        .unread
        .iter()
        .map(|one| one.permission.as_ref().unwrap().action.as_str())
        .collect();
    assert_eq!(
        lacking,
        [
            "ram:ListPoliciesForUser",
            "ram:ListPolicyAttachments",
            "ram:ListGroupsForUser"
        ]
    );
    let preflight = Matrix::check(&hello, &standing.caller(Vec::new()), &context);
    assert_eq!(preflight.verdict, Verdict::Undetermined);
    assert_eq!(preflight.reasons.len(), 3);
    assert!(matrix.call("holder", &hello).await.is_ok());

    // The Deny comes through a group. With what is attached known and no document but a copy
    // of a system policy nothing decides; with the document the Deny does, whatever the
    // resource groups hold.
    let read = |actions: &[&str]| actions.iter().map(|one| may(one)).collect::<Vec<_>>();
    let mut verdicts = Vec::new();
    for (name, policy) in [
        ("a", read(&["ram:ListPoliciesForUser"])),
        ("b", read(&["ram:ListGroupsForUser"])),
        ("c", read(&["ram:ListPoliciesForGroup"])),
        ("d", read(&["ram:GetPolicy"])),
    ] {
        for document in policy {
            let parameters = [("PolicyName", name), ("PolicyDocument", document.as_str())];
            crate::account::does(&matrix.cloud, "CreatePolicy", &parameters).await;
            let parameters = [
                ("PolicyName", name),
                ("PolicyType", "Custom"),
                ("UserName", "guarded"),
            ];
            crate::account::does(&matrix.cloud, "AttachPolicyToUser", &parameters).await;
        }
        let standing = matrix.standing("guarded").await;
        let embedded = standing
            .policies
            .iter()
            .filter(|one| one.source == preflight::Source::Embedded);
        let embedded = embedded.count();
        let preflight = Matrix::check(
            &hello,
            &standing.caller(Vec::new()),
            &matrix.context("guarded"),
        );
        verdicts.push((preflight.verdict, preflight.denial, embedded));
    }
    let open = Verdict::Undetermined;
    assert_eq!(
        verdicts,
        [
            (open, None, 1),
            (open, None, 1),
            (open, None, 1),
            (Verdict::Denied, Some(preflight::Denial::Explicit), 0),
        ]
    );
    assert_eq!(
        matrix.call("guarded", &hello).await.unwrap_err().status,
        403
    );
}
