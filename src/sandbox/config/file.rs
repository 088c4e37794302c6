//! The configuration as it is written: what each key may hold, and nothing of what it means.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::Spanned;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) account: Spanned<String>,
    pub(super) region: Spanned<String>,
    #[serde(default)]
    pub(super) context: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    pub(super) latest_form: LatestForm,
    #[serde(default = "yes")]
    pub(super) service_activated: bool,
    #[serde(default)]
    pub(super) users: Listed<User>,
    #[serde(default)]
    pub(super) groups: Listed<Group>,
    #[serde(default)]
    pub(super) roles: Listed<Role>,
    #[serde(default)]
    pub(super) control_policies: Vec<Level>,
    #[serde(default)]
    pub(super) functions: Vec<Spanned<Function>>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum LatestForm {
    #[default]
    Unqualified,
    Qualified,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    #[serde(default)]
    pub(super) access_key: Option<AccessKey>,
    #[serde(default)]
    pub(super) groups: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) policies: Vec<Spanned<Policy>>,
    #[serde(default)]
    pub(super) resource_group_policies: Vec<GroupPolicies>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessKey {
    pub(super) id: Spanned<String>,
    pub(super) secret: Spanned<String>,
    #[serde(default)]
    pub(super) disabled: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    #[serde(default)]
    pub(super) policies: Vec<Spanned<Policy>>,
    #[serde(default)]
    pub(super) resource_group_policies: Vec<GroupPolicies>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupPolicies {
    pub(super) resource_group: String,
    pub(super) policies: Vec<Spanned<Policy>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    #[serde(default)]
    pub(super) trust: Option<Spanned<Policy>>,
    #[serde(default)]
    pub(super) max_session_seconds: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) policies: Vec<Spanned<Policy>>,
    #[serde(default)]
    pub(super) resource_group_policies: Vec<GroupPolicies>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Level {
    pub(super) level: String,
    pub(super) policies: Vec<Spanned<Policy>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Function {
    #[serde(default)]
    pub(super) service: Option<Spanned<String>>,
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) builtin: Option<Builtin>,
    #[serde(default)]
    pub(super) command: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) bootstrap: Option<Spanned<Bootstrap>>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) timeout: Option<Spanned<u64>>,
    #[serde(default)]
    pub(super) memory: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) versions: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) aliases: BTreeMap<String, Spanned<String>>,
    #[serde(default, rename = "async")]
    pub(super) asynchronous: Async,
    #[serde(default)]
    pub(super) triggers: Vec<Spanned<Trigger>>,
    #[serde(default)]
    pub(super) resource_group: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum Builtin {
    Hello,
    Echo,
    Fail,
    Sleep,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bootstrap {
    pub(super) command: Vec<String>,
    #[serde(default)]
    pub(super) port: u16,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Async {
    #[serde(default)]
    pub(super) task: Option<bool>,
    #[serde(default)]
    pub(super) max_retries: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) max_age_seconds: Option<Spanned<u64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trigger {
    pub(super) name: Spanned<String>,
    #[serde(rename = "type", default)]
    pub(super) kind: TriggerKind,
    #[serde(default)]
    pub(super) auth: Auth,
    #[serde(default)]
    pub(super) methods: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) host: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) qualifier: Option<Spanned<String>>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum TriggerKind {
    #[default]
    Http,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Auth {
    Anonymous,
    #[default]
    Function,
}

/// A policy: a system policy's name, a file, or the document itself.
pub(super) enum Policy {
    Named(String),
    Document(Value),
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Policy;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a system policy's name, a file, or a policy document")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Policy, E> {
                Ok(Policy::Named(value.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Policy, A::Error> {
                Value::deserialize(MapAccessDeserializer::new(map)).map(Policy::Document)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// One text or a list of them.
pub(super) struct OneOrMany(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, or a list of them")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![value.to_owned()]))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<OneOrMany, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<OneOrMany, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<OneOrMany, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = items.next_element::<String>()? {
                    values.push(value);
                }
                Ok(OneOrMany(values))
            }
        }

        deserializer.deserialize_any(Texts)
    }
}

/// A mapping whose order counts. A key without a value has the default one.
pub(super) struct Listed<T>(pub(super) Vec<(Spanned<String>, T)>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Entries<T> {
            type Value = Listed<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("names, each with what belongs to it")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Listed<T>, E> {
                Ok(Listed::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(name) = map.next_key()? {
                    entries.push((name, map.next_value::<Option<T>>()?.unwrap_or_default()));
                }
                Ok(Listed(entries))
            }
        }

        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}
