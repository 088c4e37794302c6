//! The aliyun CLI's `~/.aliyun/config.json`: which file, which profile, and that it is sound.

use std::path::PathBuf;

use serde_json::Value;

use super::fields::{Fields, kind};
use super::profile::Plan;
use super::{Credentials, CredentialsError, Found, World};

pub(super) const SOURCE: &str = "aliyun CLI profile";

const FILE: &str = ".aliyun/config.json";
const FILE_VARIABLE: &str = "ALIBABACLOUD_CONFIG";
const OFF: [&str; 3] = [
    "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
    "ALIBABA_CLOUD_IGNORE_PROFILE",
    "ALIBABACLOUD_IGNORE_PROFILE",
];
const NAMES: [&str; 3] = [
    "ALIBABA_CLOUD_PROFILE",
    "ALIBABACLOUD_PROFILE",
    "ALICLOUD_PROFILE",
];
const WAY_OUT: &str = "correct it, or let `aliyun configure` write it anew";

/// The file, read.
pub(super) struct Config {
    /// Its path, as a person writes it.
    pub(super) shown: String,
    current: Option<String>,
    profiles: Vec<(String, Fields)>,
}

impl Config {
    pub(super) fn profile(&self, name: &str) -> Option<&Fields> {
        let found = self.profiles.iter().find(|(known, _)| known == name);
        found.map(|(_, fields)| fields)
    }

    fn names(&self) -> Vec<String> {
        self.profiles.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// The source of the chain: the profile that a variable names, or the file's current one.
pub(super) async fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    let nothing = |why: String| Ok(Found::Nothing(why));
    if let Some(name) = OFF.into_iter().find(|name| world.is_on(name)) {
        return nothing(format!("`{name}` is set"));
    }
    let config = match open(world)? {
        Ok(config) => config,
        Err(why) => return nothing(why),
    };
    let variable = variable(world)?;
    let named = variable.as_ref().map(|(_, name)| name.as_str());
    let current = config.current.as_deref();
    let name = named.or(current).unwrap_or("default");
    let shown = &config.shown;
    let Some(fields) = config.profile(name) else {
        // The other file of profiles may have it.
        if named.is_some() || current.is_none() || config.profiles.is_empty() {
            return nothing(format!("`{shown}` has no profile `{name}`"));
        }
        let why = format!("`{shown}`: `current` names profile `{name}`, which is not there");
        return Err(CredentialsError::broken(SOURCE, why, WAY_OUT));
    };
    // The CLI writes such a profile before anybody has configured it.
    if named.is_none() && Plan::is_blank(fields)? {
        return nothing(format!(
            "`{shown}`: profile `{name}` holds no credentials yet"
        ));
    }
    let plan = Plan::of(world, &config, name)?;
    plan.credentials(world).await.map(Found::Credentials)
}

/// The profile that the user names.
pub(super) async fn named(world: &World<'_>, name: &str) -> Result<Credentials, CredentialsError> {
    let config = with_profile(world, name)?;
    Plan::of(world, &config, name)?.credentials(world).await
}

/// The file that has the profile which the user names.
fn with_profile(world: &World<'_>, name: &str) -> Result<Config, CredentialsError> {
    let unknown = |why: String, known| CredentialsError::Unknown {
        what: "profile",
        name: name.to_owned(),
        why: vec![why],
        known,
    };
    let config = open(world)?.map_err(|why| unknown(why, Vec::new()))?;
    match config.profile(name).is_some() {
        true => Ok(config),
        false => Err(unknown(
            format!("`{}` does not have it", config.shown),
            config.names(),
        )),
    }
}

/// The region of the profile; without a name, of the one that the chain would read.
pub(super) fn region(
    world: &World<'_>,
    name: Option<&str>,
) -> Result<Option<String>, CredentialsError> {
    let (config, name) = match name {
        Some(name) => (with_profile(world, name)?, Some(name.to_owned())),
        None if OFF.into_iter().any(|name| world.is_on(name)) => return Ok(None),
        None => match open(world)? {
            Ok(config) => (config, variable(world)?.map(|(_, name)| name)),
            Err(_) => return Ok(None),
        },
    };
    let name = name.as_ref().or(config.current.as_ref());
    let profile = config.profile(name.map_or("default", String::as_str));
    let region = profile.map(|fields| fields.text("region_id")).transpose()?;
    Ok(region.flatten().map(str::to_owned))
}

/// The variable that names a profile, and the name.
pub(super) fn variable(
    world: &World<'_>,
) -> Result<Option<(&'static str, String)>, CredentialsError> {
    for name in NAMES {
        if let Some(value) = world.var(SOURCE, name)? {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

/// Where the profile would be, and the names that are there, for who does not find it anywhere.
pub(super) fn known(world: &World<'_>) -> Result<(String, Vec<String>), CredentialsError> {
    if let Some(name) = OFF.into_iter().find(|name| world.is_on(name)) {
        return Ok((
            format!("the aliyun CLI's file is not read: `{name}` is set"),
            Vec::new(),
        ));
    }
    Ok(match open(world)? {
        Ok(config) => (
            format!("`{}` does not have it", config.shown),
            config.names(),
        ),
        Err(why) => (why, Vec::new()),
    })
}

/// The file, or why there is none.
fn open(world: &World<'_>) -> Result<Result<Config, String>, CredentialsError> {
    let named = world.var(SOURCE, FILE_VARIABLE)?;
    let path = match (&named, world.home()) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(home)) => home.join(FILE),
        (None, None) => return Ok(Err("there is no home folder".to_owned())),
    };
    let shown = world.shown(&path);
    let Some(text) = world.read(SOURCE, &path)? else {
        if named.is_none() {
            return Ok(Err(format!("`{shown}` does not exist")));
        }
        let why = format!("`{FILE_VARIABLE}` names `{shown}`, which does not exist");
        let way_out = format!("correct `{FILE_VARIABLE}`, or unset it");
        return Err(CredentialsError::broken(SOURCE, why, way_out));
    };
    parse(&text, shown).map(Ok)
}

fn parse(text: &str, shown: String) -> Result<Config, CredentialsError> {
    let broken =
        |why: String| CredentialsError::broken(SOURCE, format!("`{shown}`: {why}"), WAY_OUT);
    if text.trim().is_empty() {
        return Err(broken("it is empty".to_owned()));
    }
    let root = serde_json::from_str(text).map_err(|error| broken(format!("not JSON: {error}")))?;
    let Value::Object(mut root) = root else {
        return Err(broken(format!("it is {}, not an object", kind(&root))));
    };
    let current = match root.remove("current") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(other) => {
            return Err(broken(format!("`current` is {}, not a text", kind(&other))));
        }
    };
    let list = match root.remove("profiles") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(other) => {
            return Err(broken(format!(
                "`profiles` is {}, not a list",
                kind(&other)
            )));
        }
    };
    let mut profiles = Vec::with_capacity(list.len());
    for (index, profile) in list.into_iter().enumerate() {
        let Value::Object(object) = profile else {
            let kind = kind(&profile);
            return Err(broken(format!(
                "`profiles[{index}]` is {kind}, not an object"
            )));
        };
        let name = match object.get("name") {
            Some(Value::String(name)) => name.clone(),
            _ => return Err(broken(format!("`profiles[{index}].name` is not a text"))),
        };
        let place = format!("`{shown}`, profile `{name}`");
        let fields = Fields::new(format!("{SOURCE} `{name}`"), place, WAY_OUT);
        profiles.push((name, fields.with_object(object)));
    }
    Ok(Config {
        shown,
        current,
        profiles,
    })
}
