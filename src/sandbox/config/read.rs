//! From the file to the world that it describes. Everything that is wrong is said at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_saphyr::{Location, Spanned};

use super::super::runtime::{Builtin, Code, MEMORY_MB, Program, TIMEOUT};
use super::file::{self, File, GroupPolicies, Listed};
use super::{AccessKey, Async, Attached, Config, Function, Group, Policies, Role, Trigger, User};
use crate::acs::Secret;
use crate::catalogue::system;
use crate::diagnosis::failure::io_words;
use crate::diagnosis::{Excerpt, yaml};
use crate::fc::target::check_account;
use crate::fc::{Target, TargetNames, region};
use crate::ram::{Document, closest, parse};

/// The largest file that is read, in bytes.
const LIMIT: u64 = 1024 * 1024;
/// The longest time that a function may take, in seconds: the service's own limit.
const LONGEST_TIMEOUT: u64 = 86_400;

/// Why there is no configuration.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or is no text.
    #[error("the sandbox's configuration `{path}` cannot be read: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why not.
        why: String,
    },
    /// Something in it is not what the sandbox takes.
    #[error("`{path}` is not a configuration of the sandbox")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong, and where.
        places: Vec<Excerpt>,
    },
}

pub(super) fn file(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |why: String| ConfigError::Unreadable {
        path: path.display().to_string(),
        why,
    };
    let size = std::fs::metadata(path).map_or(0, |file| file.len());
    if size > LIMIT {
        return Err(unreadable(format!("{size} bytes is more than 1 MiB")));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(io_words(&error)))?;
    let source = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    text(&source, path)
}

pub(super) fn text(source: &str, path: &Path) -> Result<Config, ConfigError> {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => Path::new("."),
    };
    let mut reader = Reader {
        path: path.display().to_string(),
        shown: without_secrets(source),
        folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
        faults: Vec::new(),
    };
    let config = match serde_saphyr::from_str::<File>(source) {
        Ok(file) => reader.config(file),
        Err(error) => {
            let place = yaml::place(&error, &reader.path, &reader.shown);
            reader.faults.push(place);
            None
        }
    };
    match config {
        Some(config) if reader.faults.is_empty() => Ok(config),
        _ => Err(ConfigError::Invalid {
            path: reader.path,
            places: reader.faults,
        }),
    }
}

/// The text with the value of each `secret` covered, at the same offsets: an error may quote
/// the line.
fn without_secrets(source: &str) -> String {
    const KEY: &str = "secret:";
    let mut shown = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(found) = rest.find(KEY) {
        let (before, after) = rest.split_at(found + KEY.len());
        shown.push_str(before);
        let end = after.find([',', '}', '\n']).unwrap_or(after.len());
        let (value, tail) = after.split_at(end);
        let covered = value.chars().map(|one| match one {
            ' ' | '\r' => one.to_string(),
            other => "*".repeat(other.len_utf8()),
        });
        shown.extend(covered);
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

struct Reader {
    path: String,
    shown: String,
    folder: PathBuf,
    faults: Vec<Excerpt>,
}

impl Reader {
    fn fault(&mut self, location: Location, message: impl Into<String>) {
        let place = yaml::at(Some(location), message, &self.path, &self.shown);
        self.faults.push(place);
    }

    fn config(&mut self, file: File) -> Option<Config> {
        if let Err(error) = check_account(&file.account.value) {
            self.fault(file.account.referenced, error.to_string());
        }
        if !region::is_well_formed(&file.region.value) {
            let message = format!("`{}` is not a region id", file.region.value);
            self.fault(file.region.referenced, message);
        }
        let mut taken = Taken::default();
        let groups: Vec<Group> = self.groups(file.groups);
        let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
        let config = Config {
            account: file.account.value,
            region: file.region.value,
            context: file
                .context
                .into_iter()
                .map(|(key, file::OneOrMany(values))| (key, values))
                .collect(),
            qualified_latest: file.latest_form == file::LatestForm::Qualified,
            service_activated: file.service_activated,
            users: self.users(file.users, &names, &mut taken),
            groups,
            roles: self.roles(file.roles),
            control_policies: file
                .control_policies
                .into_iter()
                .map(|level| self.attached(level.policies, &level.level))
                .collect(),
            functions: file
                .functions
                .into_iter()
                .filter_map(|function| self.function(function, &mut taken))
                .collect(),
            folder: self.folder.clone(),
        };
        Some(config)
    }

    fn users(
        &mut self,
        users: Listed<file::User>,
        groups: &[String],
        taken: &mut Taken,
    ) -> Vec<User> {
        let users = users.0.into_iter().map(|(name, user)| {
            self.principal_name(&name, "user");
            for group in &user.groups {
                if !groups.contains(&group.value) {
                    let names: Vec<&str> = groups.iter().map(String::as_str).collect();
                    let message = format!("there is no group `{}`", group.value);
                    let meant = closest(&group.value, &names);
                    let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
                    self.fault(group.referenced, message + &meant.unwrap_or_default());
                }
            }
            let access_key = user.access_key.map(|key| {
                if key.id.value.is_empty() || key.secret.value.is_empty() {
                    self.fault(key.id.referenced, "an access key has an id and a secret");
                }
                if !taken.keys.insert(key.id.value.clone()) {
                    let message = format!("the access key `{}` is another's already", key.id.value);
                    self.fault(key.id.referenced, message);
                }
                AccessKey {
                    id: key.id.value,
                    secret: Secret::new(key.secret.value),
                    disabled: key.disabled,
                }
            });
            User {
                access_key,
                groups: user.groups.into_iter().map(|group| group.value).collect(),
                policies: self.policies(user.policies, user.resource_group_policies, &name.value),
                name: name.value,
            }
        });
        users.collect()
    }

    fn groups(&mut self, groups: Listed<file::Group>) -> Vec<Group> {
        let groups = groups.0.into_iter().map(|(name, group)| {
            self.principal_name(&name, "group");
            Group {
                policies: self.policies(group.policies, group.resource_group_policies, &name.value),
                name: name.value,
            }
        });
        groups.collect()
    }

    fn roles(&mut self, roles: Listed<file::Role>) -> Vec<Role> {
        let mut read = Vec::new();
        for (name, role) in roles.0 {
            self.principal_name(&name, "role");
            let Some(trust) = role.trust else {
                let message = format!("the role `{}` has no `trust` policy", name.value);
                self.fault(name.referenced, message);
                continue;
            };
            let place = trust.referenced;
            let Some(trust) = self.attached_one(trust, &name.value) else {
                continue;
            };
            if !trust.document.is_trust_policy() {
                self.fault(place, "each statement of a trust policy has a `Principal`");
            }
            let seconds = role.max_session_seconds.map_or(3600, |seconds| {
                if !(3600..=43_200).contains(&seconds.value) {
                    let message = "a session's longest time is 3600 to 43200 seconds";
                    self.fault(seconds.referenced, message);
                }
                seconds.value
            });
            read.push(Role {
                trust: trust.document,
                max_session: Duration::from_secs(seconds),
                policies: self.policies(role.policies, role.resource_group_policies, &name.value),
                name: name.value,
            });
        }
        read
    }

    /// A name as RAM takes it, which can stand in a resource as it is.
    fn principal_name(&mut self, name: &Spanned<String>, kind: &str) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        let text = &name.value;
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            let message =
                format!("`{text}` is not a {kind}'s name: letters, digits, `.`, `_`, `-`, `@`");
            self.fault(name.referenced, message);
        }
    }

    fn policies(
        &mut self,
        account: Vec<Spanned<file::Policy>>,
        groups: Vec<GroupPolicies>,
        owner: &str,
    ) -> Policies {
        Policies {
            account: self.attached(account, owner),
            resource_groups: groups
                .into_iter()
                .map(|group| {
                    let owner = format!("{owner}-{}", group.resource_group);
                    let policies = self.attached(group.policies, &owner);
                    (group.resource_group, policies)
                })
                .collect(),
        }
    }

    /// The documents; one that stands in the file itself is named after its owner.
    fn attached(&mut self, policies: Vec<Spanned<file::Policy>>, owner: &str) -> Vec<Attached> {
        let several = policies.len() > 1;
        let attached = policies.into_iter().enumerate().filter_map(|(index, one)| {
            let name = match several {
                true => format!("{owner}-{}", index + 1),
                false => owner.to_owned(),
            };
            self.attached_one(one, &name)
        });
        attached.collect()
    }

    fn attached_one(&mut self, policy: Spanned<file::Policy>, own_name: &str) -> Option<Attached> {
        let place = policy.referenced;
        match policy.value {
            file::Policy::Document(document) => {
                let text = serde_json::to_string_pretty(&document).unwrap_or_default();
                Some(Attached {
                    name: own_name.to_owned(),
                    system: false,
                    document: self.document(&text, place, None)?,
                })
            }
            file::Policy::Named(name) if name.contains(['/', '.', '\\']) => {
                let path = self.folder.join(&name);
                let text = match std::fs::read_to_string(&path) {
                    Ok(text) => text,
                    Err(error) => {
                        let why = io_words(&error);
                        self.fault(place, format!("`{name}` cannot be read: {why}"));
                        return None;
                    }
                };
                let stem = path.file_stem().unwrap_or_default();
                Some(Attached {
                    name: stem.to_string_lossy().into_owned(),
                    system: false,
                    document: self.document(&text, place, Some(&name))?,
                })
            }
            file::Policy::Named(name) => self.system(name, place),
        }
    }

    fn system(&mut self, name: String, place: Location) -> Option<Attached> {
        let Some(text) = system::document(&name) else {
            let known: Vec<&str> = system::all()
                .iter()
                .filter(|policy| policy.status.is_known())
                .map(|policy| policy.name.as_str())
                .collect();
            let message = match (system::find(&name), closest(&name, &known)) {
                (Some(_), _) => format!(
                    "the text of the system policy `{name}` is not known here; write the document itself"
                ),
                (None, Some(meant)) => {
                    format!("there is no system policy `{name}`; did you mean `{meant}`?")
                }
                (None, None) => format!(
                    "there is no system policy `{name}`; a file is named with its folder, like `./{name}.json`"
                ),
            };
            self.fault(place, message);
            return None;
        };
        Some(Attached {
            document: self.document(text, place, None)?,
            name,
            system: true,
        })
    }

    fn document(&mut self, text: &str, place: Location, file: Option<&str>) -> Option<Document> {
        let parsed = parse(text.as_bytes());
        if parsed.document.is_none() {
            let faults: Vec<&str> = parsed
                .findings
                .iter()
                .map(|finding| finding.message.as_str())
                .collect();
            let what = file.map_or("this".to_owned(), |file| format!("`{file}`"));
            self.fault(
                place,
                format!("{what} is not a policy: {}", faults.join("; ")),
            );
        }
        parsed.document
    }

    fn function(
        &mut self,
        function: Spanned<file::Function>,
        taken: &mut Taken,
    ) -> Option<Function> {
        let place = function.referenced;
        let function = function.value;
        let service = function.service.map(|service| service.value);
        let name = function.name.value;
        let names = TargetNames {
            region: "cn-hangzhou".to_owned(),
            service: service.clone(),
            function: name.clone(),
            ..TargetNames::default()
        };
        if let Err(error) = Target::new(names) {
            self.fault(function.name.referenced, error.to_string());
        }
        if !taken.functions.insert((service.clone(), name.clone())) {
            let message = format!("there are two functions `{name}`");
            self.fault(function.name.referenced, message);
        }
        let bootstrap = function.bootstrap.map(|one| {
            let code = Code::Bootstrap {
                argv: one.value.command,
                port: one.value.port,
            };
            (code, one.referenced)
        });
        let command = function
            .command
            .map(|one| (Code::Command { argv: one.value }, one.referenced));
        let builtin = function
            .builtin
            .map(|one| (Code::Builtin(builtin(one)), place));
        let mut codes = [builtin, command, bootstrap].into_iter().flatten();
        let (Some((code, at)), None) = (codes.next(), codes.next()) else {
            let message =
                format!("function `{name}` has exactly one of `builtin`, `command`, `bootstrap`");
            self.fault(place, message);
            return None;
        };
        if let Code::Command { argv } | Code::Bootstrap { argv, .. } = &code
            && argv.first().is_none_or(String::is_empty)
        {
            self.fault(at, "a command is a program and its arguments");
        }
        let versions: Vec<String> = function
            .versions
            .into_iter()
            .map(|version| {
                if version.value.is_empty() || !version.value.bytes().all(|b| b.is_ascii_digit()) {
                    self.fault(version.referenced, "a version is a number, like `\"1\"`");
                }
                version.value
            })
            .collect();
        let aliases: BTreeMap<String, String> = function
            .aliases
            .into_iter()
            .map(|(alias, version)| {
                if !versions.contains(&version.value) {
                    let message =
                        format!("alias `{alias}`: there is no version `{}`", version.value);
                    self.fault(version.referenced, message);
                }
                (alias, version.value)
            })
            .collect();
        let timeout = function.timeout.map_or(TIMEOUT, |seconds| {
            self.between(&seconds, 1..=LONGEST_TIMEOUT, "a timeout in seconds");
            Duration::from_secs(seconds.value)
        });
        let memory_mb = function.memory.map_or(MEMORY_MB, |memory| {
            if memory.value == 0 {
                self.fault(memory.referenced, "memory is in megabytes, at least 1");
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
                self.fault(retries.referenced, "`max_retries` is 0 to 8");
            }
            retries.value
        });
        Some(Function {
            triggers: self.triggers(function.triggers, &versions, &aliases, taken),
            program: Arc::new(Program {
                service,
                environment: function.environment,
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

    fn between(&mut self, number: &Spanned<u64>, range: std::ops::RangeInclusive<u64>, what: &str) {
        if !range.contains(&number.value) {
            let message = format!("{what} is {} to {}", range.start(), range.end());
            self.fault(number.referenced, message);
        }
    }

    fn triggers(
        &mut self,
        triggers: Vec<Spanned<file::Trigger>>,
        versions: &[String],
        aliases: &BTreeMap<String, String>,
        taken: &mut Taken,
    ) -> Vec<Trigger> {
        let mut names = BTreeSet::new();
        let triggers = triggers.into_iter().map(|trigger| {
            let trigger = trigger.value;
            // Another kind does not get past the reading of the file.
            let file::TriggerKind::Http = trigger.kind;
            let name = trigger.name;
            if !names.insert(name.value.clone()) {
                let message = format!("there are two triggers `{}`", name.value);
                self.fault(name.referenced, message);
            }
            if let Some(qualifier) = &trigger.qualifier {
                let text = &qualifier.value;
                if text != "LATEST" && !versions.contains(text) && !aliases.contains_key(text) {
                    let message = format!("there is no version or alias `{text}`");
                    self.fault(qualifier.referenced, message);
                }
            }
            let host = trigger.host.map(|host| {
                let text = host.value.to_ascii_lowercase();
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
                if text.is_empty() || !text.bytes().all(allowed) {
                    let message = "a host is a name such as `web.local.fcapp.run`, without a port";
                    self.fault(host.referenced, message);
                }
                if !taken.hosts.insert(text.clone()) {
                    let message = format!("the host `{text}` is another trigger's already");
                    self.fault(host.referenced, message);
                }
                text
            });
            Trigger {
                name: name.value,
                signed: trigger.auth == file::Auth::Function,
                methods: self.methods(trigger.methods),
                host,
                qualifier: trigger.qualifier.map(|qualifier| qualifier.value),
            }
        });
        triggers.collect()
    }

    /// The methods in capitals; all of them when none is named.
    fn methods(&mut self, methods: Vec<Spanned<String>>) -> Vec<String> {
        const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"];
        if methods.is_empty() {
            return METHODS.map(str::to_owned).into();
        }
        let methods = methods.into_iter().map(|method| {
            let name = method.value.to_ascii_uppercase();
            if !METHODS.contains(&name.as_str()) {
                let message = format!("`{name}` is none of {}", METHODS.join(", "));
                self.fault(method.referenced, message);
            }
            name
        });
        methods.collect()
    }
}

/// What must not be used twice.
#[derive(Default)]
struct Taken {
    keys: BTreeSet<String>,
    hosts: BTreeSet<String>,
    functions: BTreeSet<(Option<String>, String)>,
}

fn builtin(builtin: file::Builtin) -> Builtin {
    match builtin {
        file::Builtin::Hello => Builtin::Hello,
        file::Builtin::Echo => Builtin::Echo,
        file::Builtin::Fail => Builtin::Fail,
        file::Builtin::Sleep => Builtin::Sleep,
    }
}
