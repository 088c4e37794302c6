//! The role of the ECS instance that this runs on, from its metadata service. Elsewhere nobody
//! answers at that address, so it is asked late and never for longer than a second.

use super::fetch::{self, Question};
use super::{Credentials, CredentialsError, Found, World};

pub(super) const SOURCE: &str = "ECS metadata";

const OFF: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
const TOKEN: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
const WAY_OUT: &str =
    "attach a role to the instance, or set `ALIBABA_CLOUD_ECS_METADATA_DISABLED=true`";

/// What the service says.
enum Answer {
    Credentials(Credentials),
    /// Nobody is there.
    Silence,
    /// The instance has no role.
    NoRole,
}

/// The source of the chain. Unless a variable names the role, silence is no fault.
pub(super) async fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    if world.is_on(OFF) {
        return Ok(Found::Nothing(format!("`{OFF}` is set")));
    }
    if let Some(role) = world.word(SOURCE, "ALIBABA_CLOUD_ECS_METADATA")? {
        return of_role(world, Some(&role), SOURCE)
            .await
            .map(Found::Credentials);
    }
    if world.offline {
        return Ok(Found::Nothing("not asked".to_owned()));
    }
    Ok(match bounded(world, None, SOURCE).await? {
        Answer::Credentials(credentials) => Found::Credentials(credentials),
        Answer::Silence => Found::Nothing(silence(world)),
        Answer::NoRole => Found::Nothing("the instance has no role".to_owned()),
    })
}

/// The credentials of a role that somebody counts on, the instance's only one if unnamed.
pub(super) async fn of_role(
    world: &World<'_>,
    role: Option<&str>,
    source: &str,
) -> Result<Credentials, CredentialsError> {
    if world.is_on(OFF) {
        let why = format!("the metadata service is not asked, because `{OFF}` is set");
        return Err(CredentialsError::broken(
            source,
            why,
            format!("unset `{OFF}`"),
        ));
    }
    world.may_ask(source)?;
    let why = match bounded(world, role, source).await? {
        Answer::Credentials(credentials) => return Ok(credentials),
        Answer::Silence => silence(world),
        Answer::NoRole => match role {
            Some(role) => format!("the instance has no role `{role}`"),
            None => "the instance has no role".to_owned(),
        },
    };
    Err(CredentialsError::broken(source, why, WAY_OUT))
}

fn silence(world: &World<'_>) -> String {
    let seconds = world.limits.metadata.as_secs_f64();
    format!("nobody answered at `{}` within {seconds} s", world.metadata)
}

async fn bounded(
    world: &World<'_>,
    role: Option<&str>,
    source: &str,
) -> Result<Answer, CredentialsError> {
    let asked = tokio::time::timeout(world.limits.metadata, ask(world, role, source)).await;
    asked.unwrap_or(Ok(Answer::Silence))
}

async fn ask(
    world: &World<'_>,
    role: Option<&str>,
    source: &str,
) -> Result<Answer, CredentialsError> {
    let place = format!("`{}`", world.metadata);
    let broken = |why: &str| CredentialsError::broken(source, format!("{place}: {why}"), WAY_OUT);
    let refused = |status: u16| broken(&format!("it answers with status {status}"));

    let put = question(
        world,
        "PUT",
        TOKEN,
        Some(("X-aliyun-ecs-metadata-token-ttl-seconds", "21600")),
    );
    let token = match fetch::ask(world, put).await {
        Err(_) => return Ok(Answer::Silence),
        Ok((200, body)) => Some(word(&body).ok_or_else(|| broken("its token is no token"))?),
        // An instance of the older kind has no tokens.
        Ok((status, _)) if world.is_on("ALIBABA_CLOUD_IMDSV1_DISABLED") => {
            return Err(broken(&format!(
                "it answers with status {status} when asked for a token, and \
                 `ALIBABA_CLOUD_IMDSV1_DISABLED` forbids to ask without one"
            )));
        }
        Ok(_) => None,
    };
    let header = token
        .as_deref()
        .map(|token| ("X-aliyun-ecs-metadata-token", token));

    let found;
    let role = match role {
        Some(role) => role,
        None => match fetch::ask(world, question(world, "GET", ROLES, header)).await {
            // By now it is known that somebody is there.
            Err(error) => return Err(broken(&error.to_string())),
            Ok((404, _)) => return Ok(Answer::NoRole),
            Ok((200, body)) => {
                let first = body.split(|byte| *byte == b'\n').next();
                found = first
                    .and_then(word)
                    .ok_or_else(|| broken("it names no role"))?;
                &found
            }
            Ok((status, _)) => return Err(refused(status)),
        },
    };
    // The name becomes a part of the path.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    if !role.bytes().all(plain) {
        return Err(broken(
            "the role's name has a character that no role's name has",
        ));
    }
    let path = format!("{ROLES}{role}");
    match fetch::ask(world, question(world, "GET", &path, header)).await {
        Err(error) => Err(broken(&error.to_string())),
        Ok((404, _)) => Ok(Answer::NoRole),
        Ok((200, body)) => {
            let mut key = fetch::key(&body, source, &place, world)?;
            if source == SOURCE {
                key.source = format!("{SOURCE} (role `{role}`)");
            }
            Ok(Answer::Credentials(key))
        }
        Ok((status, _)) => Err(refused(status)),
    }
}

fn question<'a>(
    world: &'a World<'_>,
    method: &'static str,
    path: &'a str,
    header: Option<(&'static str, &'a str)>,
) -> Question<'a> {
    Question {
        method,
        endpoint: &world.metadata,
        path,
        query: "",
        header,
    }
}

/// One word of an answer.
fn word(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let word = !text.is_empty() && text.len() <= 4096 && super::world::is_word(text);
    word.then(|| text.to_owned())
}
