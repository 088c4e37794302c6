//! The configuration as it is written: what each key may hold, and nothing of what it means.

use serde_json::Value;

use super::super::runtime::Builtin;
use crate::yaml::{
    At, Faults, Fields, Kind, Node, at, choice, entries, flag, json, list, number, text, texts,
};

/// A mapping whose order counts.
pub(super) type Listed<T> = Vec<(At<String>, T)>;

/// The whole file.
pub(super) struct File {
    pub(super) account: At<String>,
    pub(super) region: At<String>,
    pub(super) context: Listed<Vec<String>>,
    pub(super) qualified_latest: bool,
    pub(super) service_activated: bool,
    pub(super) users: Listed<User>,
    pub(super) groups: Listed<Group>,
    pub(super) roles: Listed<Role>,
    pub(super) control_policies: Vec<Level>,
    pub(super) functions: Vec<At<Function>>,
}

/// Reads the whole file; what is wrong is among the faults.
pub(super) fn file(node: &Node, faults: &mut Faults) -> Option<File> {
    const KNOWN: &[&str] = &[
        "account",
        "region",
        "context",
        "latest_form",
        "service_activated",
        "users",
        "groups",
        "roles",
        "control_policies",
        "functions",
    ];
    let mut fields = Fields::of(node, KNOWN, faults)?;
    let account = fields.required("account", at(text));
    let region = fields.required("region", at(text));
    let context = fields.optional("context", entries(texts));
    let latest = choice(&[("unqualified", false), ("qualified", true)]);
    let qualified_latest = fields.optional("latest_form", latest);
    let service_activated = fields.optional("service_activated", flag);
    let users = fields.optional("users", entries(user));
    let groups = fields.optional("groups", entries(group));
    let roles = fields.optional("roles", entries(role));
    let control_policies = fields.optional("control_policies", list(level));
    let functions = fields.optional("functions", list(at(function)));
    Some(File {
        account: account?,
        region: region?,
        context: context.unwrap_or_default(),
        qualified_latest: qualified_latest.unwrap_or(false),
        service_activated: service_activated.unwrap_or(true),
        users: users.unwrap_or_default(),
        groups: groups.unwrap_or_default(),
        roles: roles.unwrap_or_default(),
        control_policies: control_policies.unwrap_or_default(),
        functions: functions.unwrap_or_default(),
    })
}

/// A policy: a system policy's name, a file, or the document itself.
pub(super) enum Policy {
    Named(String),
    Document(Value),
}

fn policy(node: &Node, faults: &mut Faults) -> Option<At<Policy>> {
    let value = match &node.kind {
        Kind::Scalar(name) => Policy::Named(name.clone()),
        Kind::Mapping(_) => Policy::Document(json(node)),
        Kind::Null | Kind::Sequence(_) => {
            let message = "a system policy's name, a file or a policy document is wanted here";
            faults.push((node.place.clone(), message.to_owned()));
            return None;
        }
    };
    let place = node.place.clone();
    Some(At { value, place })
}

/// What is attached to a principal.
#[derive(Default)]
pub(super) struct Policies {
    pub(super) account: Vec<At<Policy>>,
    /// By the resource group's id.
    pub(super) groups: Vec<(String, Vec<At<Policy>>)>,
}

fn policies(fields: &mut Fields<'_>) -> Policies {
    let account = fields.optional("policies", list(policy));
    let groups = fields.optional("resource_group_policies", list(group_policies));
    Policies {
        account: account.unwrap_or_default(),
        groups: groups.unwrap_or_default(),
    }
}

fn group_policies(node: &Node, faults: &mut Faults) -> Option<(String, Vec<At<Policy>>)> {
    let mut fields = Fields::of(node, &["resource_group", "policies"], faults)?;
    let group = fields.required("resource_group", text);
    let policies = fields.required("policies", list(policy));
    Some((group?, policies?))
}

pub(super) struct User {
    pub(super) access_key: Option<AccessKey>,
    pub(super) groups: Vec<At<String>>,
    pub(super) policies: Policies,
}

fn user(node: &Node, faults: &mut Faults) -> Option<User> {
    const KNOWN: &[&str] = &[
        "access_key",
        "groups",
        "policies",
        "resource_group_policies",
    ];
    let mut fields = Fields::of(node, KNOWN, faults)?;
    Some(User {
        access_key: fields.optional("access_key", access_key),
        groups: fields
            .optional("groups", list(at(text)))
            .unwrap_or_default(),
        policies: policies(&mut fields),
    })
}

pub(super) struct AccessKey {
    pub(super) id: At<String>,
    pub(super) secret: String,
    pub(super) disabled: bool,
}

fn access_key(node: &Node, faults: &mut Faults) -> Option<AccessKey> {
    let mut fields = Fields::of(node, &["id", "secret", "disabled"], faults)?;
    let id = fields.required("id", at(text));
    let secret = fields.required("secret", text);
    let disabled = fields.optional("disabled", flag);
    Some(AccessKey {
        id: id?,
        secret: secret?,
        disabled: disabled.unwrap_or(false),
    })
}

pub(super) struct Group {
    pub(super) policies: Policies,
}

fn group(node: &Node, faults: &mut Faults) -> Option<Group> {
    let mut fields = Fields::of(node, &["policies", "resource_group_policies"], faults)?;
    Some(Group {
        policies: policies(&mut fields),
    })
}

pub(super) struct Role {
    pub(super) trust: Option<At<Policy>>,
    pub(super) max_session_seconds: Option<At<u64>>,
    pub(super) policies: Policies,
}

fn role(node: &Node, faults: &mut Faults) -> Option<Role> {
    const KNOWN: &[&str] = &[
        "trust",
        "max_session_seconds",
        "policies",
        "resource_group_policies",
    ];
    let mut fields = Fields::of(node, KNOWN, faults)?;
    Some(Role {
        trust: fields.optional("trust", policy),
        max_session_seconds: fields.optional("max_session_seconds", at(number)),
        policies: policies(&mut fields),
    })
}

pub(super) struct Level {
    pub(super) level: String,
    pub(super) policies: Vec<At<Policy>>,
}

fn level(node: &Node, faults: &mut Faults) -> Option<Level> {
    let mut fields = Fields::of(node, &["level", "policies"], faults)?;
    let level = fields.required("level", text);
    let policies = fields.required("policies", list(policy));
    Some(Level {
        level: level?,
        policies: policies?,
    })
}

pub(super) struct Function {
    pub(super) service: Option<String>,
    pub(super) name: At<String>,
    pub(super) builtin: Option<Builtin>,
    pub(super) command: Option<At<Vec<String>>>,
    pub(super) bootstrap: Option<At<Bootstrap>>,
    pub(super) environment: Listed<String>,
    pub(super) timeout: Option<At<u64>>,
    pub(super) memory: Option<At<u32>>,
    pub(super) versions: Vec<At<String>>,
    pub(super) aliases: Listed<At<String>>,
    pub(super) asynchronous: Async,
    pub(super) triggers: Vec<Trigger>,
    pub(super) resource_group: Option<String>,
}

const BUILTINS: &[(&str, Builtin)] = &[
    ("hello", Builtin::Hello),
    ("echo", Builtin::Echo),
    ("fail", Builtin::Fail),
    ("sleep", Builtin::Sleep),
];

fn function(node: &Node, faults: &mut Faults) -> Option<Function> {
    const KNOWN: &[&str] = &[
        "service",
        "name",
        "builtin",
        "command",
        "bootstrap",
        "environment",
        "timeout",
        "memory",
        "versions",
        "aliases",
        "async",
        "triggers",
        "resource_group",
    ];
    let mut fields = Fields::of(node, KNOWN, faults)?;
    let name = fields.required("name", at(text));
    let environment = fields.optional("environment", entries(text));
    let versions = fields.optional("versions", list(at(text)));
    let aliases = fields.optional("aliases", entries(at(text)));
    let asynchronous = fields.optional("async", asynchronous);
    let triggers = fields.optional("triggers", list(trigger));
    Some(Function {
        service: fields.optional("service", text),
        builtin: fields.optional("builtin", choice(BUILTINS)),
        command: fields.optional("command", at(list(text))),
        bootstrap: fields.optional("bootstrap", at(bootstrap)),
        environment: environment.unwrap_or_default(),
        timeout: fields.optional("timeout", at(number)),
        memory: fields.optional("memory", at(number)),
        versions: versions.unwrap_or_default(),
        aliases: aliases.unwrap_or_default(),
        asynchronous: asynchronous.unwrap_or_default(),
        triggers: triggers.unwrap_or_default(),
        resource_group: fields.optional("resource_group", text),
        name: name?,
    })
}

pub(super) struct Bootstrap {
    pub(super) command: Vec<String>,
    pub(super) port: u16,
}

fn bootstrap(node: &Node, faults: &mut Faults) -> Option<Bootstrap> {
    let mut fields = Fields::of(node, &["command", "port"], faults)?;
    let command = fields.required("command", list(text));
    let port = fields.optional("port", number);
    Some(Bootstrap {
        command: command?,
        port: port.unwrap_or_default(),
    })
}

#[derive(Default)]
pub(super) struct Async {
    pub(super) task: Option<bool>,
    pub(super) max_retries: Option<At<u32>>,
    pub(super) max_age_seconds: Option<At<u64>>,
}

fn asynchronous(node: &Node, faults: &mut Faults) -> Option<Async> {
    let mut fields = Fields::of(node, &["task", "max_retries", "max_age_seconds"], faults)?;
    Some(Async {
        task: fields.optional("task", flag),
        max_retries: fields.optional("max_retries", at(number)),
        max_age_seconds: fields.optional("max_age_seconds", at(number)),
    })
}

pub(super) struct Trigger {
    pub(super) name: At<String>,
    pub(super) signed: bool,
    pub(super) methods: Vec<At<String>>,
    pub(super) host: Option<At<String>>,
    pub(super) qualifier: Option<At<String>>,
}

fn trigger(node: &Node, faults: &mut Faults) -> Option<Trigger> {
    const KNOWN: &[&str] = &["name", "type", "auth", "methods", "host", "qualifier"];
    let mut fields = Fields::of(node, KNOWN, faults)?;
    let name = fields.required("name", at(text));
    // There is no other kind yet, and nothing to be remembered of it.
    fields.optional("type", choice(&[("http", ())]));
    let auth = choice(&[("anonymous", false), ("function", true)]);
    let signed = fields.optional("auth", auth);
    let methods = fields.optional("methods", list(at(text)));
    Some(Trigger {
        signed: signed.unwrap_or(true),
        methods: methods.unwrap_or_default(),
        host: fields.optional("host", at(text)),
        qualifier: fields.optional("qualifier", at(text)),
        name: name?,
    })
}
