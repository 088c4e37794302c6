//! An address that answers with a key: `ALIBABA_CLOUD_CREDENTIALS_URI`.

use reqwest::Url;

use super::fetch::{self, Question};
use super::{Credentials, CredentialsError, Found, World};
use crate::acs::{Endpoint, EndpointError};

pub(super) const SOURCE: &str = "credentials URI";
pub(super) const VARIABLE: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";

pub(super) async fn read(world: &World<'_>) -> Result<Found, CredentialsError> {
    match world.var(SOURCE, VARIABLE)? {
        None => Ok(Found::Nothing(format!("`{VARIABLE}` is not set"))),
        Some(uri) => fetch(world, &uri, SOURCE, VARIABLE)
            .await
            .map(Found::Credentials),
    }
}

/// Asks the address. It may carry a password of its own, so only its host is ever shown.
pub(super) async fn fetch(
    world: &World<'_>,
    uri: &str,
    source: &str,
    field: &str,
) -> Result<Credentials, CredentialsError> {
    let malformed = |why: &str| {
        let way_out = format!("give `{field}` an address like `http://localhost:6666/path`");
        CredentialsError::broken(source, format!("`{field}` {why}"), way_out)
    };
    let url = Url::parse(uri).map_err(|_| malformed("is not an address"))?;
    let endpoint = endpoint(world, &url).map_err(|error| match error {
        EndpointError::PlainHttp(host) => CredentialsError::broken(
            source,
            format!(
                "`{field}` is plain http to `{host}`, where anyone on the way could read the key"
            ),
            "use https, or pass `--allow-http`",
        ),
        EndpointError::UserInfo => malformed("carries a user name or a password"),
        _ => malformed("is not an address over http or https"),
    })?;
    world.may_ask(source)?;
    let place = format!("`{endpoint}`");
    let broken = |why: String| {
        let way_out = "check that the address is right and that something answers there";
        CredentialsError::broken(source, format!("{place}: {why}"), way_out)
    };
    let question = Question {
        method: "GET",
        endpoint: &endpoint,
        path: url.path(),
        query: url.query().unwrap_or_default(),
        header: None,
    };
    let asked = tokio::time::timeout(world.limits.uri, fetch::ask(world, question)).await;
    match asked {
        Err(_) => Err(broken(format!(
            "no answer within {} s",
            world.limits.uri.as_secs_f64()
        ))),
        Ok(Err(error)) => Err(broken(error.to_string())),
        Ok(Ok((200, body))) => fetch::key(&body, source, &place, world),
        Ok(Ok((status, _))) => Err(broken(format!("it answers with status {status}"))),
    }
}

/// Scheme, host and port of the address.
fn endpoint(world: &World<'_>, url: &Url) -> Result<Endpoint, EndpointError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EndpointError::UserInfo);
    }
    let mut origin = url.clone();
    origin.set_path("");
    origin.set_query(None);
    origin.set_fragment(None);
    let near = Endpoint::parse(origin.as_str(), true)?.is_metadata();
    Endpoint::parse(origin.as_str(), world.allow_http || near)
}
