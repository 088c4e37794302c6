//! From the file to the world that it describes. Everything that is wrong is said at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::super::runtime::{Code, MEMORY_MB, Program, TIMEOUT};
use super::file::{self, File, Listed};
use super::{AccessKey, Async, Attached, Config, Function, Group, Policies, Role, Trigger, User};
use crate::acs::Secret;
use crate::catalogue::system;
use crate::diagnosis::failure::io_words;
use crate::diagnosis::{self, Excerpt};
use crate::fc::target::check_account;
use crate::fc::{Target, TargetNames, region};
use crate::ram::{Document, Span, closest, parse};
use crate::yaml::{self, At, Faults, FileFault, Kind, Node, Place, Source};

/// The longest time that a function may take, in seconds: the service's own limit.
const LONGEST_TIMEOUT: u64 = 86_400;

/// Why there is no configuration.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or is no text.
    #[error("the sandbox's configuration `{path}` {fault}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why not.
        fault: FileFault,
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
    let source = Source::open(path).map_err(|fault| ConfigError::Unreadable {
        path: path.display().to_string(),
        fault,
    })?;
    read(&source)
}

pub(super) fn read(source: &Arc<Source>) -> Result<Config, ConfigError> {
    let folder = source.folder();
    let mut reader = Reader {
        folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
        faults: Faults::new(),
    };
    let (config, shown) = match yaml::read(source) {
        Ok(root) => {
            let file = file::file(&root, &mut reader.faults);
            // What a text means is asked where all of it can be read.
            let file = file.filter(|_| reader.faults.is_empty());
            let config = file.map(|file| reader.config(file));
            (config, without_secrets(source.text(), Some(&root)))
        }
        Err((place, fault)) => {
            reader.faults.push((place, fault.to_string()));
            (None, without_secrets(source.text(), None))
        }
    };
    match config {
        Some(config) if reader.faults.is_empty() => Ok(config),
        _ => Err(ConfigError::Invalid {
            path: source.path().display().to_string(),
            places: diagnosis::yaml::excerpts(reader.faults, &shown),
        }),
    }
}

/// The key whose value is covered.
const SECRET: &str = "secret";

/// The text with the value of each `secret` covered, at the same offsets: an error may quote
/// the line. Of a text that is not YAML, the line and the one behind it are covered.
fn without_secrets(source: &str, root: Option<&Node>) -> String {
    let mut spans = Vec::new();
    match root {
        Some(root) => secrets(root, false, &mut spans),
        None => {
            let (mut start, mut behind) = (0, false);
            for line in source.split_inclusive('\n') {
                let end = start + line.len();
                match line.find(SECRET) {
                    _ if behind => spans.push(Span::new(start, end)),
                    Some(key) => spans.push(Span::new(start + key + SECRET.len(), end)),
                    None => {}
                }
                (start, behind) = (end, line.contains(SECRET));
            }
        }
    }
    let mut shown = source.as_bytes().to_vec();
    for span in spans {
        let covered = shown.get_mut(span.start..span.end).unwrap_or_default();
        let covered = covered.iter_mut().filter(|byte| !b" \r\n".contains(byte));
        covered.for_each(|byte| *byte = b'*');
    }
    String::from_utf8(shown).unwrap_or_default()
}

/// Where the values of `secret` stand, or of what was probably meant to be one.
fn secrets(node: &Node, below: bool, spans: &mut Vec<Span>) {
    match &node.kind {
        Kind::Null => {}
        Kind::Scalar(_) if below => spans.push(node.place.span()),
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| secrets(item, below, spans)),
        Kind::Mapping(entries) => {
            for entry in entries {
                let below = below || closest(&entry.key, &[SECRET]).is_some();
                secrets(&entry.value, below, spans);
            }
        }
    }
}

struct Reader {
    folder: PathBuf,
    faults: Faults,
}

impl Reader {
    fn fault(&mut self, place: &Place, message: impl Into<String>) {
        self.faults.push((place.clone(), message.into()));
    }

    fn config(&mut self, file: File) -> Config {
        if let Err(error) = check_account(&file.account.value) {
            self.fault(&file.account.place, error.to_string());
        }
        if !region::is_well_formed(&file.region.value) {
            let message = format!("`{}` is not a region id", file.region.value);
            self.fault(&file.region.place, message);
        }
        let mut taken = Taken::default();
        let groups: Vec<Group> = self.groups(file.groups);
        let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
        Config {
            account: file.account.value,
            region: file.region.value,
            context: file
                .context
                .into_iter()
                .map(|(key, values)| (key.value, values))
                .collect(),
            qualified_latest: file.qualified_latest,
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
        }
    }

    fn users(
        &mut self,
        users: Listed<file::User>,
        groups: &[String],
        taken: &mut Taken,
    ) -> Vec<User> {
        let users = users.into_iter().map(|(name, user)| {
            self.principal_name(&name, "user");
            for group in &user.groups {
                if !groups.contains(&group.value) {
                    let names: Vec<&str> = groups.iter().map(String::as_str).collect();
                    let message = format!("there is no group `{}`", group.value);
                    let meant = closest(&group.value, &names);
                    let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
                    self.fault(&group.place, message + &meant.unwrap_or_default());
                }
            }
            let access_key = user.access_key.map(|key| {
                if key.id.value.is_empty() || key.secret.is_empty() {
                    self.fault(&key.id.place, "an access key has an id and a secret");
                }
                if !taken.keys.insert(key.id.value.clone()) {
                    let message = format!("the access key `{}` is another's already", key.id.value);
                    self.fault(&key.id.place, message);
                }
                AccessKey {
                    id: key.id.value,
                    secret: Secret::new(key.secret),
                    disabled: key.disabled,
                }
            });
            User {
                access_key,
                groups: user.groups.into_iter().map(|group| group.value).collect(),
                policies: self.policies(user.policies, &name.value),
                name: name.value,
            }
        });
        users.collect()
    }

    fn groups(&mut self, groups: Listed<file::Group>) -> Vec<Group> {
        let groups = groups.into_iter().map(|(name, group)| {
            self.principal_name(&name, "group");
            Group {
                policies: self.policies(group.policies, &name.value),
                name: name.value,
            }
        });
        groups.collect()
    }

    fn roles(&mut self, roles: Listed<file::Role>) -> Vec<Role> {
        let mut read = Vec::new();
        for (name, role) in roles {
            self.principal_name(&name, "role");
            let Some(trust) = role.trust else {
                let message = format!("the role `{}` has no `trust` policy", name.value);
                self.fault(&name.place, message);
                continue;
            };
            let place = trust.place.clone();
            let Some(trust) = self.attached_one(trust, &name.value) else {
                continue;
            };
            if !trust.document.is_trust_policy() {
                self.fault(&place, "each statement of a trust policy has a `Principal`");
            }
            let seconds = role.max_session_seconds.map_or(3600, |seconds| {
                if !(3600..=43_200).contains(&seconds.value) {
                    let message = "a session's longest time is 3600 to 43200 seconds";
                    self.fault(&seconds.place, message);
                }
                seconds.value
            });
            read.push(Role {
                trust: trust.document,
                max_session: Duration::from_secs(seconds),
                policies: self.policies(role.policies, &name.value),
                name: name.value,
            });
        }
        read
    }

    /// A name as RAM takes it, which can stand in a resource as it is.
    fn principal_name(&mut self, name: &At<String>, kind: &str) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
        let text = &name.value;
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            let message =
                format!("`{text}` is not a {kind}'s name: letters, digits, `.`, `_`, `-`, `@`");
            self.fault(&name.place, message);
        }
    }

    fn policies(&mut self, policies: file::Policies, owner: &str) -> Policies {
        let groups = policies.groups.into_iter().map(|(group, policies)| {
            let owner = format!("{owner}-{group}");
            let policies = self.attached(policies, &owner);
            (group, policies)
        });
        Policies {
            resource_groups: groups.collect(),
            account: self.attached(policies.account, owner),
        }
    }

    /// The documents; one that stands in the file itself is named after its owner.
    fn attached(&mut self, policies: Vec<At<file::Policy>>, owner: &str) -> Vec<Attached> {
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

    fn attached_one(&mut self, policy: At<file::Policy>, own_name: &str) -> Option<Attached> {
        let place = &policy.place;
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

    fn system(&mut self, name: String, place: &Place) -> Option<Attached> {
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

    fn document(&mut self, text: &str, place: &Place, file: Option<&str>) -> Option<Document> {
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

    fn function(&mut self, function: At<file::Function>, taken: &mut Taken) -> Option<Function> {
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
        let mut names = BTreeSet::new();
        let triggers = triggers.into_iter().map(|trigger| {
            let name = trigger.name;
            if !names.insert(name.value.clone()) {
                let message = format!("there are two triggers `{}`", name.value);
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

/// What must not be used twice.
#[derive(Default)]
struct Taken {
    keys: BTreeSet<String>,
    hosts: BTreeSet<String>,
    functions: BTreeSet<(Option<String>, String)>,
}
