//! From the file to the world that it describes. Everything that is wrong is said at once.

mod functions;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::file::{self, File, Listed};
use super::{AccessKey, Attached, Config, Group, Policies, Role, User};
use crate::acs::Secret;
use crate::catalogue::system;
use crate::diagnosis::failure::io_words;
use crate::diagnosis::{self, Excerpt};
use crate::fc::region;
use crate::fc::target::check_account;
use crate::ram::{Document, Span, closest, parse};
use crate::yaml::{self, At, Faults, FileFault, Kind, Node, Place, Source};

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
                let key = entry.key.as_str();
                let below = below || key == "environment" || closest(key, &[SECRET]).is_some();
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
                .map(|level| self.control_level(level))
                .collect(),
            functions: functions::of_services(
                file.functions
                    .into_iter()
                    .filter_map(|function| self.function(function, &mut taken))
                    .collect(),
            ),
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
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let text = &name.value;
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            let message =
                format!("`{text}` is not a {kind}'s name: letters, digits, `.`, `_`, `-`");
            self.fault(&name.place, message);
        }
    }

    /// Each folder needs an Allow of its own, so one without a policy would deny everything.
    fn control_level(&mut self, level: file::Level) -> Vec<Attached> {
        if level.policies.is_empty() {
            let message = format!("the folder `{}` has no policy", level.level.value);
            self.fault(&level.level.place, message);
        }
        self.attached(level.policies, &level.level.value)
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
}

/// What must not be used twice.
#[derive(Default)]
struct Taken {
    keys: BTreeSet<String>,
    hosts: BTreeSet<String>,
    functions: BTreeSet<(Option<String>, String)>,
}
