//! `~/.alibabacloud/credentials.ini`, which the official SDKs share.

use std::path::PathBuf;

use super::fields::{Fields, KeyNames};
use super::role::{self, Role};
use super::{Credentials, CredentialsError, Found, World, aliyun, ini, metadata, oidc};
use crate::acs::sts::RoleRequest;

pub(super) const SOURCE: &str = "credentials file";

const FILES: [&str; 2] = [".alibabacloud/credentials.ini", ".alibabacloud/credentials"];
const FILE_VARIABLE: &str = "ALIBABA_CLOUD_CREDENTIALS_FILE";
const WAY_OUT: &str = "correct the file, or remove it";
const TYPES: &str = "`access_key`, `ram_role_arn`, `oidc_role_arn` or `ecs_ram_role`";

const KEY: KeyNames = KeyNames {
    id: "access_key_id",
    secret: "access_key_secret",
    token: "security_token",
};

/// The source of the chain: the section that a variable names, or `default`.
pub(super) async fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    let variable = aliyun::variable(world)?;
    let (shown, sections) = match open(world)? {
        Ok(opened) => opened,
        Err(why) => return absent(world, variable, why, Vec::new()),
    };
    let name = variable
        .as_ref()
        .map_or("default", |(_, name)| name.as_str());
    let known: Vec<String> = sections
        .iter()
        .map(|section| section.name.clone())
        .collect();
    let Some(section) = sections.into_iter().find(|section| section.name == name) else {
        let why = format!("`{shown}` has no section `{name}`");
        return absent(world, variable, why, known);
    };
    let place = format!("`{shown}`, section `{name}`");
    let mut fields = Fields::new(format!("{SOURCE}, section `{name}`"), place, WAY_OUT);
    for (key, value) in section.values {
        fields.insert(key, value);
    }
    credentials(world, &fields).await.map(Found::Credentials)
}

/// Nothing here. If a variable names a profile, then it is nowhere, and nobody else may sign.
fn absent(
    world: &World<'_>,
    variable: Option<(&'static str, String)>,
    why: String,
    mut known: Vec<String>,
) -> Result<Found, CredentialsError> {
    let Some((variable, name)) = variable else {
        return Ok(Found::Nothing(why));
    };
    let (other, profiles) = aliyun::known(world)?;
    known.extend(profiles);
    Err(CredentialsError::Unknown {
        what: "profile",
        name,
        why: vec![format!("`{variable}` names it"), other, why],
        known,
    })
}

type Opened = (String, Vec<ini::Section>);

/// The file's sections, or why there are none.
fn open(world: &World<'_>) -> Result<Result<Opened, String>, CredentialsError> {
    let named = world.var(SOURCE, FILE_VARIABLE)?.map(PathBuf::from);
    let paths = match (&named, world.home()) {
        (Some(path), _) => vec![path.clone()],
        (None, Some(home)) => FILES.map(|file| home.join(file)).to_vec(),
        (None, None) => return Ok(Err("there is no home folder".to_owned())),
    };
    for path in &paths {
        let Some(text) = world.read(SOURCE, path)? else {
            continue;
        };
        let shown = world.shown(path);
        let sections = ini::parse(&text).map_err(|error| {
            let why = format!("`{shown}`, line {}: {}", error.line, error.why);
            CredentialsError::broken(SOURCE, why, WAY_OUT)
        })?;
        return Ok(Ok((shown, sections)));
    }
    let shown = paths
        .first()
        .map(|path| world.shown(path))
        .unwrap_or_default();
    if named.is_none() {
        return Ok(Err(format!("`{shown}` does not exist")));
    }
    let why = format!("`{FILE_VARIABLE}` names `{shown}`, which does not exist");
    let way_out = format!("correct `{FILE_VARIABLE}`, or unset it");
    Err(CredentialsError::broken(SOURCE, why, way_out))
}

async fn credentials(world: &World<'_>, fields: &Fields) -> Result<Credentials, CredentialsError> {
    let Some(kind) = fields.text("type")? else {
        return Err(fields.broken(format!("`type` is missing; it is {TYPES}")));
    };
    let mut credentials = match kind {
        "access_key" => {
            let mut key = fields.required_key(&KEY)?;
            key.security_token = None;
            key
        }
        "ram_role_arn" => {
            let role = role(world, fields)?;
            role::assume(world, &role, &fields.required_key(&KEY)?).await?
        }
        "oidc_role_arn" => {
            let role = role(world, fields)?;
            let provider = fields.required("oidc_provider_arn")?.to_owned();
            let missing = || fields.broken("`oidc_token_file_path` is missing");
            let path = fields.text("oidc_token_file_path")?.ok_or_else(missing)?;
            let token = oidc::token(world, &fields.source, provider, path.as_ref())?;
            role::assume_with_oidc(world, &role, &token).await?
        }
        "ecs_ram_role" => {
            metadata::of_role(world, fields.word("role_name")?, &fields.source).await?
        }
        "rsa_key_pair" => {
            let why =
                "type `rsa_key_pair` signs with an RSA key, which no call of a function takes";
            return Err(fields.broken(why));
        }
        _ => return Err(fields.broken(format!("`type` is not {TYPES}"))),
    };
    credentials.source.clone_from(&fields.source);
    Ok(credentials)
}

fn role(world: &World<'_>, fields: &Fields) -> Result<Role, CredentialsError> {
    let session = fields.word("role_session_name")?;
    Ok(Role {
        request: RoleRequest {
            role_arn: role::arn(fields, "role_arn")?,
            session_name: session.unwrap_or(role::SESSION).to_owned(),
            duration_seconds: role::DURATION,
            policy: fields.text("policy")?.map(str::to_owned),
            external_id: None,
        },
        sts: role::endpoint(world, &fields.source, None)?,
        source: fields.source.clone(),
    })
}
