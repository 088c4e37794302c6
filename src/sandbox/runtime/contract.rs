//! What functions are told by variables and header fields, by the names that Function Compute
//! has for them (its pages "Configure environment variables", "Context and log format" and
//! "Web functions").

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{Call, Program, Surroundings};
use crate::acs::Environment;

/// Where programs are looked for when this process does not know, either.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What children get of this process' environment: enough to find programs and to write text.
/// HOME is not in it: it leads to the user's own keys.
pub(super) fn inherited(environment: &dyn Environment) -> BTreeMap<String, String> {
    let mut inherited = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    for name in ["PATH", "LANG", "LC_ALL", "TZ", "SystemRoot"] {
        if let Ok(Some(value)) = environment.var(name) {
            inherited.insert(name.to_owned(), value);
        }
    }
    inherited
}

/// A child's whole environment. The credentials of the function's role, which the service puts
/// there, are left out: the sandbox has no keys to give away.
pub(super) fn environment(
    surroundings: &Surroundings,
    program: &Program,
    call: &Call,
    instance_id: &str,
) -> BTreeMap<String, String> {
    let mut environment = surroundings.inherited.clone();
    environment.extend(program.environment.clone());
    let folder = std::path::absolute(&program.folder);
    let folder = folder.unwrap_or_else(|_| program.folder.clone());
    let folder = folder.to_string_lossy();
    let memory = program.memory_mb.to_string();
    let own = [
        ("FC_ACCOUNT_ID", surroundings.account.as_str()),
        ("FC_REGION", &surroundings.region),
        (
            "FC_SERVICE_NAME",
            program.service.as_deref().unwrap_or_default(),
        ),
        ("FC_FUNCTION_NAME", &program.name),
        ("FC_FUNCTION_HANDLER", &program.handler),
        ("FC_FUNCTION_MEMORY_SIZE", &memory),
        ("FC_FUNC_CODE_PATH", &folder),
        ("FC_INSTANCE_ID", instance_id),
        (
            "FC_QUALIFIER",
            call.qualifier.as_deref().unwrap_or("LATEST"),
        ),
        ("FC_VER_ID", &call.version),
        ("FC_FUNCTION_VERSION", &call.version),
    ];
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    environment.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment
}

/// The fields that a web server gets with each call. The service sends the keys of the
/// function's role as well (`x-fc-access-key-id`, `x-fc-access-key-secret`,
/// `x-fc-security-token`); the sandbox has none to give away.
pub(super) fn headers(
    surroundings: &Surroundings,
    program: &Program,
    call: &Call,
    control_path: &'static str,
) -> HeaderMap {
    let memory = program.memory_mb.to_string();
    let timeout = program.timeout.as_secs().to_string();
    // The latest code has no version number.
    let version = Some(call.version.as_str()).filter(|version| *version != "LATEST");
    let fields = [
        ("x-fc-request-id", call.request_id.as_str()),
        ("x-fc-account-id", &surroundings.account),
        ("x-fc-region", &surroundings.region),
        (
            "x-fc-service-name",
            program.service.as_deref().unwrap_or_default(),
        ),
        ("x-fc-service-logproject", ""),
        ("x-fc-service-logstore", ""),
        ("x-fc-function-name", &program.name),
        ("x-fc-function-handler", &program.handler),
        ("x-fc-function-memory", &memory),
        ("x-fc-function-timeout", &timeout),
        (
            "x-fc-qualifier",
            call.qualifier.as_deref().unwrap_or("LATEST"),
        ),
        ("x-fc-version-id", version.unwrap_or_default()),
        ("x-fc-control-path", control_path),
    ];
    // A value that no header field can carry is left out.
    let fields = fields.into_iter().filter_map(|(name, value)| {
        let value = HeaderValue::from_str(value).ok()?;
        Some((HeaderName::from_static(name), value))
    });
    fields.collect()
}

/// Drops what belongs to one connection only, and what only the service may say.
pub(super) fn strip(headers: &mut HeaderMap) {
    const HOP_BY_HOP: [&str; 9] = [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let mut gone: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    gone.extend(HOP_BY_HOP.iter().map(|name| HeaderName::from_static(name)));
    gone.push(header::CONTENT_LENGTH);
    let own = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-fc-"));
    gone.extend(own.cloned());
    for name in gone {
        headers.remove(name);
    }
}
