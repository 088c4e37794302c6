//! What the modes of the aliyun CLI's profiles mean: where the first key is, and the roles that
//! are taken on with it.

use std::path::PathBuf;

use super::aliyun::{Config, SOURCE};
use super::fields::{Fields, KeyNames};
use super::role::{self, Role};
use super::{Credentials, CredentialsError, World, metadata, oidc, process, uri};
use crate::acs::Endpoint;
use crate::acs::sts::RoleRequest;
use crate::ram::closest;

const KEY: KeyNames = KeyNames {
    id: "access_key_id",
    secret: "access_key_secret",
    token: "sts_token",
};

/// The modes, as the CLI writes them.
const MODES: [(&str, Mode); 14] = [
    ("AK", Mode::Ak),
    ("StsToken", Mode::StsToken),
    ("RamRoleArn", Mode::RamRoleArn),
    ("EcsRamRole", Mode::EcsRamRole),
    ("RamRoleArnWithRoleName", Mode::RamRoleArnWithRoleName),
    ("ChainableRamRoleArn", Mode::ChainableRamRoleArn),
    ("External", Mode::External),
    ("CredentialsURI", Mode::CredentialsUri),
    ("OIDC", Mode::Oidc),
    ("CloudSSO", Mode::Stored),
    ("OAuth", Mode::Stored),
    ("RsaKeyPair", Mode::Other("signs with an RSA key")),
    (
        "BearerToken",
        Mode::Other("sends a token and signs nothing"),
    ),
    ("Anonymous", Mode::Other("signs nothing")),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Ak,
    StsToken,
    RamRoleArn,
    EcsRamRole,
    RamRoleArnWithRoleName,
    ChainableRamRoleArn,
    External,
    CredentialsUri,
    Oidc,
    /// A sign-in in a browser left a token.
    Stored,
    /// Nothing that Function Compute takes, and what it does.
    Other(&'static str),
}

/// The mode and its name. Without one, the fields tell, as they do to the CLI.
fn mode(fields: &Fields) -> Result<(&'static str, Mode), CredentialsError> {
    let has = |name| fields.text(name).map(|text| text.is_some());
    let given = fields.text("mode")?;
    let name = match given {
        Some(name) => name,
        None if has(KEY.id)? || has(KEY.secret)? => match (has(KEY.token)?, has("ram_role_arn")?) {
            (true, _) => "StsToken",
            (false, true) => "RamRoleArn",
            (false, false) => "AK",
        },
        None if has("ram_role_name")? => "EcsRamRole",
        None if has("process_command")? => "External",
        None if has("oidc_provider_arn")? => "OIDC",
        None if has("cloud_sso_sign_in_url")? => "CloudSSO",
        None => return Err(fields.broken("`mode` is missing")),
    };
    let known = MODES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.copied().ok_or_else(|| {
        let names = MODES.map(|(name, _)| name);
        let meant = closest(name, &names).map(|meant| format!("; did you mean `{meant}`?"));
        // Letters alone are no key in the wrong place.
        let shown = match name.len() <= 32 && name.bytes().all(|one| one.is_ascii_alphabetic()) {
            true => format!("`mode` is `{name}`, which sesame does not know"),
            false => "`mode` is none that sesame knows".to_owned(),
        };
        fields.broken(format!("{shown}{}", meant.unwrap_or_default()))
    })
}

/// The first key.
enum Base {
    Key(Credentials),
    Ecs {
        role: Option<String>,
    },
    Process {
        command: String,
    },
    Uri {
        address: String,
        field: &'static str,
    },
    Oidc {
        role: Role,
        provider: String,
        file: PathBuf,
    },
}

/// How a profile comes to its credentials.
pub(super) struct Plan {
    base: Base,
    /// The roles to take on, the first one last.
    roles: Vec<Role>,
    /// The profile that was asked for, and its mode.
    source: String,
    /// The profile that has the first key.
    place: String,
}

impl Plan {
    /// Whether nobody has configured the profile yet.
    pub(super) fn is_blank(fields: &Fields) -> Result<bool, CredentialsError> {
        for name in [
            KEY.id,
            KEY.secret,
            KEY.token,
            "ram_role_arn",
            "ram_role_name",
            "process_command",
            "oidc_provider_arn",
            "cloud_sso_sign_in_url",
        ] {
            if fields.text(name)?.is_some() {
                return Ok(false);
            }
        }
        let mode = fields.text("mode")?;
        Ok(mode.is_none_or(|mode| mode.eq_ignore_ascii_case("AK")))
    }

    /// Reads the profile, which is there, and those that it builds on.
    pub(super) fn of(
        world: &World<'_>,
        config: &Config,
        name: &str,
    ) -> Result<Self, CredentialsError> {
        Self::read(world, config, name).map_err(|error| match error {
            // Whichever profile is at fault, it is this one that cannot be used.
            CredentialsError::Broken { why, way_out, .. } => {
                CredentialsError::broken(format!("{SOURCE} `{name}`"), why, way_out)
            }
            other => other,
        })
    }

    fn read(world: &World<'_>, config: &Config, name: &str) -> Result<Self, CredentialsError> {
        let mut source = String::new();
        let mut roles = Vec::new();
        let mut way = vec![name.to_owned()];
        loop {
            let at = way.last().map_or(name, String::as_str);
            let Some(fields) = config.profile(at) else {
                let why = format!(
                    "`{}` has no profile `{at}`, the `source_profile` of another",
                    config.shown
                );
                return Err(CredentialsError::broken(
                    source,
                    why,
                    "correct `source_profile`",
                ));
            };
            let (mode_name, mode) = mode(fields)?;
            if source.is_empty() {
                source = format!("{} ({mode_name})", fields.source);
            }
            if mode != Mode::ChainableRamRoleArn {
                let base = base(world, fields, mode_name, mode, &source, &mut roles)?;
                return Ok(Self {
                    base,
                    roles,
                    place: format!("`{}`, profile `{at}`", config.shown),
                    source,
                });
            }
            roles.push(self::role(world, fields, &source)?);
            let next = fields.required("source_profile")?.to_owned();
            if way.contains(&next) {
                let circle = format!("{} → {next}", way.join(" → "));
                return Err(fields.broken(format!("`source_profile` goes in a circle: {circle}")));
            }
            way.push(next);
        }
    }

    /// Gets the first key, and takes the roles on.
    pub(super) async fn credentials(
        &self,
        world: &World<'_>,
    ) -> Result<Credentials, CredentialsError> {
        let source = &self.source;
        let mut credentials = match &self.base {
            Base::Key(key) => key.clone(),
            Base::Ecs { role } => metadata::of_role(world, role.as_deref(), source).await?,
            Base::Process { command } => process::run(world, command, source, &self.place).await?,
            Base::Uri { address, field } => uri::fetch(world, address, source, field).await?,
            Base::Oidc {
                role,
                provider,
                file,
            } => {
                let token = oidc::token(world, source, provider.clone(), file)?;
                role::assume_with_oidc(world, role, &token).await?
            }
        };
        for role in self.roles.iter().rev() {
            credentials = role::assume(world, role, &credentials).await?;
        }
        credentials.source = source.clone();
        Ok(credentials)
    }
}

/// What a mode says of the first key. A role that is taken on with it is added to `roles`.
fn base(
    world: &World<'_>,
    fields: &Fields,
    name: &str,
    mode: Mode,
    source: &str,
    roles: &mut Vec<Role>,
) -> Result<Base, CredentialsError> {
    let whole = |field: &str| {
        let missing = || fields.broken(format!("`{field}` is missing"));
        Ok::<_, CredentialsError>(fields.text(field)?.ok_or_else(missing)?.to_owned())
    };
    let ecs = || {
        let role = fields.word("ram_role_name")?.map(str::to_owned);
        Ok::<_, CredentialsError>(Base::Ecs { role })
    };
    match mode {
        Mode::Ak => {
            let mut key = fields.required_key(&KEY)?;
            // A token that an earlier mode left behind.
            key.security_token = None;
            Ok(Base::Key(key))
        }
        Mode::StsToken => stored(world, fields, "put a new token there"),
        Mode::Stored => {
            if fields.seconds("sts_expiration")?.is_none() {
                return Err(fields.broken_with(
                    "there is no token yet",
                    format!("sign in with `aliyun configure --mode {name}`"),
                ));
            }
            stored(
                world,
                fields,
                "any call of the aliyun CLI with this profile fetches new ones",
            )
        }
        Mode::RamRoleArn => {
            roles.push(role(world, fields, source)?);
            Ok(Base::Key(fields.required_key(&KEY)?))
        }
        Mode::RamRoleArnWithRoleName => {
            roles.push(role(world, fields, source)?);
            ecs()
        }
        Mode::EcsRamRole => ecs(),
        Mode::External => Ok(Base::Process {
            command: whole("process_command")?,
        }),
        Mode::CredentialsUri => match fields.text("credentials_uri")? {
            Some(address) => Ok(Base::Uri {
                address: address.to_owned(),
                field: "credentials_uri",
            }),
            None => match world.var(source, uri::VARIABLE)? {
                Some(address) => Ok(Base::Uri {
                    address,
                    field: uri::VARIABLE,
                }),
                None => Err(fields.broken("`credentials_uri` is missing")),
            },
        },
        Mode::Oidc => Ok(Base::Oidc {
            role: role(world, fields, source)?,
            provider: fields.required("oidc_provider_arn")?.to_owned(),
            file: whole("oidc_token_file")?.into(),
        }),
        // The caller walks on to the next profile.
        Mode::ChainableRamRoleArn => Err(fields.broken("`source_profile` is missing")),
        Mode::Other(does) => Err(fields.broken_with(
            format!("mode `{name}` {does}, which no call of a function takes"),
            "choose another profile with `--profile`",
        )),
    }
}

/// A key with its token, as they stand in the file.
fn stored(world: &World<'_>, fields: &Fields, way_out: &str) -> Result<Base, CredentialsError> {
    let mut key = fields.required_key(&KEY)?;
    if key.security_token.is_none() {
        return Err(fields.broken(format!("`{}` is missing", KEY.token)));
    }
    key.expires_at = fields.seconds("sts_expiration")?;
    Ok(Base::Key(fields.unexpired(key, world.now(), way_out)?))
}

fn role(world: &World<'_>, fields: &Fields, source: &str) -> Result<Role, CredentialsError> {
    // The CLI writes the first name, the Python library reads the second.
    let session = match fields.word("ram_session_name")? {
        Some(name) => Some(name),
        None => fields.word("role_session_name")?,
    };
    let seconds = fields.number("expired_seconds")?;
    Ok(Role {
        request: RoleRequest {
            role_arn: role::arn(fields, "ram_role_arn")?,
            session_name: session.unwrap_or(role::SESSION).to_owned(),
            duration_seconds: seconds
                .filter(|seconds| *seconds > 0)
                .unwrap_or(role::DURATION),
            policy: None,
            external_id: fields.text("external_id")?.map(str::to_owned),
        },
        sts: sts(world, fields, source)?,
        source: source.to_owned(),
    })
}

/// Where STS is. A file may name an address of Alibaba Cloud's own, and no other.
fn sts(world: &World<'_>, fields: &Fields, source: &str) -> Result<Endpoint, CredentialsError> {
    let named = fields.text("sts_endpoint")?;
    match named.filter(|_| !world.endpoints.names_sts()) {
        None => role::endpoint(world, source, fields.text("sts_region")?),
        Some(host) => {
            let host = host.strip_prefix("https://").unwrap_or(host);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            match host.ends_with(".aliyuncs.com") && host.bytes().all(plain) {
                true => Ok(Endpoint::https(host)),
                false => Err(fields.broken_with(
                    "`sts_endpoint` is no host of Alibaba Cloud",
                    "pass `--sts-endpoint` to send signed requests elsewhere",
                )),
            }
        }
    }
}
