//! The functions of the configuration, with their versions, aliases and HTTP triggers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::super::runtime::{Code, MEMORY_MB, Program, TIMEOUT};
use super::super::{Async, Function, Trigger, file};
use super::{Reader, Taken};
use crate::fc::{Target, TargetNames};
use crate::yaml::At;

/// The longest time that a function may take, in seconds: the service's own limit.
const LONGEST_TIMEOUT: u64 = 86_400;

impl Reader {
    pub(super) fn function(
        &mut self,
        function: At<file::Function>,
        taken: &mut Taken,
    ) -> Option<Function> {
        let place = function.place;
        let function = function.value;
        let service = function.service;
        let name = function.name.value;
        let names = TargetNames {
            region: "cn-hangzhou".to_owned(),
            service: service.clone(),
            function: name.clone(),
            ..TargetNames::default()
        };
        if let Err(error) = Target::new(names) {
            self.fault(&function.name.place, error.to_string());
        }
        if !taken.functions.insert((service.clone(), name.clone())) {
            let message = format!("there are two functions `{name}`");
            self.fault(&function.name.place, message);
        }
        let bootstrap = function.bootstrap.map(|one| {
            let code = Code::Bootstrap {
                argv: one.value.command,
                port: one.value.port,
            };
            (code, one.place)
        });
        let command = function
            .command
            .map(|one| (Code::Command { argv: one.value }, one.place));
        let builtin = function
            .builtin
            .map(|one| (Code::Builtin(one), place.clone()));
        let mut codes = [builtin, command, bootstrap].into_iter().flatten();
        let (Some((code, at)), None) = (codes.next(), codes.next()) else {
            let message =
                format!("function `{name}` has exactly one of `builtin`, `command`, `bootstrap`");
            self.fault(&place, message);
            return None;
        };
        if let Code::Command { argv } | Code::Bootstrap { argv, .. } = &code
            && argv.first().is_none_or(String::is_empty)
        {
            self.fault(&at, "a command is a program and its arguments");
        }
        let versions: Vec<String> = function
            .versions
            .into_iter()
            .map(|version| {
                if version.value.is_empty() || !version.value.bytes().all(|b| b.is_ascii_digit()) {
                    self.fault(&version.place, "a version is a number, like `\"1\"`");
                }
                version.value
            })
            .collect();
        let aliases: BTreeMap<String, String> = function
            .aliases
            .into_iter()
            .map(|(alias, version)| {
                if !versions.contains(&version.value) {
                    let message = format!(
                        "alias `{}`: there is no version `{}`",
                        alias.value, version.value
                    );
                    self.fault(&version.place, message);
                }
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
                let is_number = alias.value.bytes().all(|byte| byte.is_ascii_digit());
                if is_number || alias.value == "LATEST" || !alias.value.bytes().all(plain) {
                    let message = format!(
                        "`{}` is not an alias' name: letters, digits, `_`, `-`, and no version's",
                        alias.value
                    );
                    self.fault(&alias.place, message);
                }
                (alias.value, version.value)
            })
            .collect();
        let timeout = function.timeout.map_or(TIMEOUT, |seconds| {
            self.between(&seconds, 1..=LONGEST_TIMEOUT, "a timeout in seconds");
            Duration::from_secs(seconds.value)
        });
        let memory_mb = function.memory.map_or(MEMORY_MB, |memory| {
            if memory.value == 0 {
                self.fault(&memory.place, "memory is in megabytes, at least 1");
            }
            memory.value
        });
        let age = function.asynchronous.max_age_seconds;
        let max_age = age.map_or(86_400, |seconds| {
            self.between(&seconds, 1..=2_592_000, "`max_age_seconds`");
            seconds.value
        });
        let max_retries = function.asynchronous.max_retries.map_or(3, |retries| {
            if retries.value > 8 {
                self.fault(&retries.place, "`max_retries` is 0 to 8");
            }
            retries.value
        });
        Some(Function {
            triggers: self.triggers(function.triggers, &versions, &aliases, taken),
            program: Arc::new(Program {
                service,
                environment: function
                    .environment
                    .into_iter()
                    .map(|(name, value)| (name.value, value))
                    .collect(),
                folder: self.folder.clone(),
                timeout,
                memory_mb,
                ..Program::new(name, code)
            }),
            versions,
            aliases,
            asynchronous: Async {
                task: function.asynchronous.task.unwrap_or(true),
                max_retries,
                max_age: Duration::from_secs(max_age),
            },
            resource_group: function.resource_group,
        })
    }

    fn between(&mut self, number: &At<u64>, range: std::ops::RangeInclusive<u64>, what: &str) {
        if !range.contains(&number.value) {
            let message = format!("{what} is {} to {}", range.start(), range.end());
            self.fault(&number.place, message);
        }
    }

    fn triggers(
        &mut self,
        triggers: Vec<file::Trigger>,
        versions: &[String],
        aliases: &BTreeMap<String, String>,
        taken: &mut Taken,
    ) -> Vec<Trigger> {
        let (mut names, mut qualifiers) = (BTreeSet::new(), BTreeSet::new());
        let triggers = triggers.into_iter().map(|trigger| {
            let name = trigger.name;
            if !names.insert(name.value.clone()) {
                let message = format!("there are two triggers `{}`", name.value);
                self.fault(&name.place, message);
            }
            let version = trigger.qualifier.as_ref().map(|one| one.value.clone());
            if !qualifiers.insert(version.unwrap_or_else(|| "LATEST".to_owned())) {
                let message = "a version has one HTTP trigger, and this is its second";
                self.fault(&name.place, message);
            }
            if let Some(qualifier) = &trigger.qualifier {
                let text = &qualifier.value;
                if text != "LATEST" && !versions.contains(text) && !aliases.contains_key(text) {
                    let message = format!("there is no version or alias `{text}`");
                    self.fault(&qualifier.place, message);
                }
            }
            let host = trigger.host.map(|host| {
                let text = host.value.to_ascii_lowercase();
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
                if text.is_empty() || !text.bytes().all(allowed) {
                    let message = "a host is a name such as `web.local.fcapp.run`, without a port";
                    self.fault(&host.place, message);
                }
                // The sandbox's own names and the services' would no longer reach the services.
                let is_address = text.parse::<std::net::IpAddr>().is_ok();
                if is_address || text == "localhost" || text.ends_with(".aliyuncs.com") {
                    let message = format!("`{text}` is where the services answer, not a trigger");
                    self.fault(&host.place, message);
                }
                if !taken.hosts.insert(text.clone()) {
                    let message = format!("the host `{text}` is another trigger's already");
                    self.fault(&host.place, message);
                }
                text
            });
            Trigger {
                name: name.value,
                signed: trigger.signed,
                methods: self.methods(trigger.methods),
                host,
                qualifier: trigger.qualifier.map(|qualifier| qualifier.value),
            }
        });
        triggers.collect()
    }

    /// The methods in capitals; all of them when none is named.
    fn methods(&mut self, methods: Vec<At<String>>) -> Vec<String> {
        const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"];
        if methods.is_empty() {
            return METHODS.map(str::to_owned).into();
        }
        let methods = methods.into_iter().map(|method| {
            let name = method.value.to_ascii_uppercase();
            if !METHODS.contains(&name.as_str()) {
                let message = format!("`{name}` is none of {}", METHODS.join(", "));
                self.fault(&method.place, message);
            }
            name
        });
        methods.collect()
    }
}

/// In FC 2.0 versions and aliases are the service's, so each of its functions has them all.
pub(super) fn of_services(mut functions: Vec<Function>) -> Vec<Function> {
    let mut services: BTreeMap<String, (BTreeSet<String>, BTreeMap<String, String>)> =
        BTreeMap::new();
    for function in &functions {
        if let Some(service) = &function.program.service {
            let (versions, aliases) = services.entry(service.clone()).or_default();
            versions.extend(function.versions.iter().cloned());
            for (alias, version) in &function.aliases {
                aliases.entry(alias.clone()).or_insert(version.clone());
            }
        }
    }
    for function in &mut functions {
        let service = function.program.service.as_ref();
        if let Some((versions, aliases)) = service.and_then(|service| services.get(service)) {
            function.versions = versions.iter().cloned().collect();
            function.aliases = aliases.clone();
        }
    }
    functions
}
