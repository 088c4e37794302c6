//! What functions are told by variables and header fields, by the names that Function Compute
//! has for them (its pages "Configure environment variables", "Context and log format" and
//! "Web functions").

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{Call, Fault, Program, Surroundings};
use crate::acs::Environment;

/// The largest header of a trigger's request or answer, names and values, in bytes.
const HEADERS_LIMIT: usize = 8 * 1024;
/// The largest path of a trigger's request, with its query, in bytes.
const PATH_LIMIT: usize = 4 * 1024;

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

/// Holds a trigger's request to the limits of web functions.
///
/// # Errors
/// It is past one; the service's words for it are not documented.
pub(super) fn check_request(path: &str, headers: &HeaderMap) -> Result<(), Fault> {
    let refused = |what, limit| {
        let message = format!("{what} exceeds maximum allowed size ({limit} bytes)");
        Err(Fault::new(400, "InvalidArgument", message))
    };
    if path.len() > PATH_LIMIT {
        return refused("path", PATH_LIMIT);
    }
    if size_of(headers) > HEADERS_LIMIT {
        return refused("header size", HEADERS_LIMIT);
    }
    Ok(())
}

/// Holds a web function's answer to its limit.
///
/// # Errors
/// It is past it; the service's words for it are not documented.
pub(super) fn check_answer(headers: &HeaderMap) -> Result<(), Fault> {
    if size_of(headers) <= HEADERS_LIMIT {
        return Ok(());
    }
    let why = format!("header size exceeds maximum allowed size ({HEADERS_LIMIT} bytes)");
    Err(Fault::bad_response(why))
}

fn size_of(headers: &HeaderMap) -> usize {
    let fields = headers.iter();
    fields
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

/// Drops what belongs to one connection only, and what only the service may say.
/// What carries a signature or a token, and goes to no function.
pub(super) const SIGNING: [&str; 3] = [
    "authorization",
    "x-acs-security-token",
    "x-fc-security-token",
];

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
    gone.extend(SIGNING.iter().map(|name| HeaderName::from_static(name)));
    let own = headers
        .keys()
        .filter(|name| name.as_str().starts_with("x-fc-"));
    gone.extend(own.cloned());
    for name in gone {
        headers.remove(name);
    }
}
