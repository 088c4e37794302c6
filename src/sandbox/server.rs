//! The listener, and the life of one request: who, may they, is it there, run it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpListener;

use super::answer::{Refused, answer, json_answer};
use super::authenticate::{Arrived, authenticate};
use super::config::{Config, Function, User};
use super::function;
use super::operation::{Dialect, Invoke, Operation};
use crate::acs::ambient::utc;
use crate::acs::{Ambient, Headers};
use crate::fc::Target;
use crate::fc::invocation::async_id_header;
use crate::fc::target::TargetNames;
use crate::ram::{Context, Decision, Policies, Request as Question};

/// The largest event of a synchronous call, in bytes.
const SYNC_LIMIT: usize = 32 * 1024 * 1024;
/// The largest event of an asynchronous call, in bytes.
const ASYNC_LIMIT: usize = 128 * 1024;
/// How much of the log comes back, in bytes.
const LOG_TAIL: usize = 4 * 1024;

struct World {
    config: Arc<Config>,
    /// Each user's policies, prepared once.
    policies: HashMap<String, Policies>,
    ambient: Ambient,
}

/// Answers until it is dropped.
pub(super) async fn serve(listener: TcpListener, config: Arc<Config>, ambient: Ambient) {
    let policies = config
        .users
        .iter()
        .map(|user| (user.name.clone(), Policies::new(user.documents())))
        .collect();
    let world = Arc::new(World {
        config,
        policies,
        ambient,
    });
    let app = Router::new().fallback(handle).with_state(world);
    // An error here is the listener's own, and ends the sandbox with the process.
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let _ended = axum::serve(listener, service).await;
}

async fn handle(
    State(world): State<Arc<World>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let headers: Headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let operation = Operation::of(parts.method.as_str(), path, query, &headers);
    let dialect = operation.dialect();
    let request_id = request_id(world.ambient);
    let result = match axum::body::to_bytes(body, SYNC_LIMIT).await {
        Err(_) => Err(too_large(SYNC_LIMIT)),
        Ok(body) => {
            let (method, path, query) = (
                parts.method.as_str().to_owned(),
                path.to_owned(),
                query.to_owned(),
            );
            let arrived = Arrived {
                method,
                path,
                query,
                headers,
                body,
            };
            world.answer(&arrived, operation, peer, &request_id)
        }
    };
    result.unwrap_or_else(|refused| refused.answer(dialect, &request_id))
}

impl World {
    fn answer(
        &self,
        arrived: &Arrived,
        operation: Operation,
        peer: SocketAddr,
        request_id: &str,
    ) -> Result<Response<Body>, Refused> {
        let dialect = operation.dialect();
        let now = (self.ambient.now)();
        let user = authenticate(arrived, dialect, &self.config, now)?;
        match operation {
            Operation::Lacking(_, name) => Err(Refused::lacking(&name)),
            Operation::GetCallerIdentity => Ok(self.caller_identity(user, request_id)),
            Operation::Invoke(invoke) => {
                self.authorise(&invoke, user, arrived, peer)?;
                let function = self.find(&invoke)?;
                self.invoke(&invoke, function, arrived, request_id)
            }
        }
    }

    fn caller_identity(&self, user: &User, request_id: &str) -> Response<Body> {
        let account = &self.config.account;
        let body = json!({
            "IdentityType": "RAMUser",
            "AccountId": account,
            "RequestId": request_id,
            "PrincipalId": user.id(),
            "UserId": user.id(),
            "Arn": format!("acs:ram::{account}:user/{}", user.name),
        });
        json_answer(200, Dialect::Rpc, request_id, &body)
    }

    /// Authorisation precedes existence: no right and no function is a 403.
    fn authorise(
        &self,
        invoke: &Invoke,
        user: &User,
        arrived: &Arrived,
        peer: SocketAddr,
    ) -> Result<(), Refused> {
        const ACTION: &str = "fc:InvokeFunction";
        let resource = self.resource(invoke)?;
        let mut context = Context::default();
        context.give("acs:SourceIp", &peer.ip().to_string());
        context.give("acs:CurrentTime", &utc((self.ambient.now)()));
        context.give("acs:SecureTransport", "false");
        if let Some(agent) = arrived.headers.get("user-agent") {
            context.give("acs:UserAgent", agent);
        }
        context.complete();
        let question = Question {
            action: ACTION,
            resource: &resource,
            context: &context,
        };
        let decision = self
            .policies
            .get(&user.name)
            .map_or(Decision::ImplicitDeny, |policies| {
                policies.decide(&question)
            });
        if decision == Decision::Allowed {
            return Ok(());
        }
        Err(Refused::denied(
            ACTION,
            &resource,
            &self.config.principal(user),
            decision,
        ))
    }

    /// The resource that the call is authorised as: the one without a qualifier comes first.
    fn resource(&self, invoke: &Invoke) -> Result<String, Refused> {
        let target = Target::new(TargetNames {
            api: Some(invoke.api),
            region: self.config.region.clone(),
            account: Some(self.config.account.clone()),
            service: invoke.service.clone(),
            function: invoke.function.clone(),
            qualifier: invoke.qualifier.clone(),
        })
        .map_err(|error| Refused::new(400, "InvalidArgument", error.to_string()))?;
        let mut resources = target.resources().into_iter();
        let resource = match invoke.qualifier {
            // An explicit LATEST is the second form.
            Some(_) => resources.next_back(),
            None => resources.next(),
        };
        resource.ok_or_else(|| Refused::new(500, "InternalServerError", "no resource"))
    }

    fn find(&self, invoke: &Invoke) -> Result<&Function, Refused> {
        let name = &invoke.function;
        let not_found = |code, message: String| Err(Refused::new(404, code, message));
        if let Some(service) = &invoke.service
            && !self.config.has_service(service)
        {
            return not_found(
                "ServiceNotFound",
                format!("service '{service}' does not exist"),
            );
        }
        let Some(function) = self.config.function(invoke.service.as_deref(), name) else {
            return not_found(
                "FunctionNotFound",
                match &invoke.service {
                    Some(service) => {
                        format!("function '{name}' does not exist in service '{service}'")
                    }
                    None => format!("function '{name}' does not exist."),
                },
            );
        };
        let Some(qualifier) = invoke.qualifier.as_deref() else {
            return Ok(function);
        };
        let exists = qualifier == "LATEST"
            || function.versions.iter().any(|version| version == qualifier)
            || function.aliases.contains_key(qualifier);
        if exists {
            return Ok(function);
        }
        let owner = match &invoke.service {
            Some(service) => format!("service '{service}'"),
            None => format!("function '{name}'"),
        };
        if qualifier.bytes().all(|byte| byte.is_ascii_digit()) {
            not_found(
                "VersionNotFound",
                format!("version '{qualifier}' of {owner} does not exist"),
            )
        } else {
            not_found(
                "AliasNotFound",
                format!("alias '{qualifier}' of {owner} does not exist"),
            )
        }
    }

    fn invoke(
        &self,
        invoke: &Invoke,
        function: &Function,
        arrived: &Arrived,
        request_id: &str,
    ) -> Result<Response<Body>, Refused> {
        let header = |name| arrived.headers.get(name).unwrap_or_default();
        let is = |name, value: &str| header(name).eq_ignore_ascii_case(value);
        let (builtin, event) = (function.builtin, arrived.body.clone());
        if is("x-fc-invocation-type", "async") {
            if event.len() > ASYNC_LIMIT {
                return Err(too_large(ASYNC_LIMIT));
            }
            let id_header = async_id_header(invoke.api);
            let id = Some(header(id_header))
                .filter(|id| !id.is_empty())
                .unwrap_or(request_id);
            let headers = vec![
                ("x-fc-request-id", request_id.to_owned()),
                (id_header, id.to_owned()),
            ];
            tokio::spawn(async move { function::run(builtin, event) });
            return Ok(answer(202, headers, Bytes::new()));
        }
        let started = Instant::now();
        let run = function::run(builtin, event);
        let duration = started.elapsed().as_secs_f64() * 1000.0;
        let used = "10.83"; // builtins share this process; the number is the demo's own
        let mut headers = vec![
            ("x-fc-request-id", request_id.to_owned()),
            ("x-fc-invocation-duration", format!("{duration:.2}")),
            ("x-fc-max-memory-usage", used.to_owned()),
            (
                "x-fc-invocation-service-version",
                version_of(function, invoke),
            ),
            ("x-fc-instance-id", format!("c-sandbox-{}", function.name)),
            ("content-type", "application/octet-stream".to_owned()),
        ];
        if let Some(error_type) = run.error_type {
            headers.push(("x-fc-error-type", error_type.to_owned()));
        }
        if is("x-fc-log-type", "tail") {
            let log = format!(
                "FC Invoke Start RequestId: {request_id}\n{}FC Invoke End RequestId: {request_id}\n\n\
                 Duration: {duration:.2} ms, Billed Duration: {} ms, Memory Size: {} MB, Max Memory Used: {used} MB",
                run.log,
                duration.ceil().max(1.0),
                function.memory_mb,
            );
            let tail = &log.as_bytes()[log.len().saturating_sub(LOG_TAIL)..];
            headers.push(("x-fc-log-result", STANDARD.encode(tail)));
        }
        Ok(answer(200, headers, run.body))
    }
}

/// The version that a call runs.
fn version_of(function: &Function, invoke: &Invoke) -> String {
    let qualifier = invoke.qualifier.as_deref().unwrap_or("LATEST");
    function
        .aliases
        .get(qualifier)
        .map_or(qualifier, String::as_str)
        .to_owned()
}

fn too_large(limit: usize) -> Refused {
    let message = format!("payload size exceeds maximum allowed size ({limit} bytes)");
    Refused::new(400, "EntityTooLarge", message)
}

/// An id as Function Compute writes them today.
fn request_id(ambient: Ambient) -> String {
    let random = (ambient.nonce)();
    let part = |range: std::ops::Range<usize>| random.get(range).unwrap_or("0").to_owned();
    format!("1-{}-{}-{}", part(0..8), part(8..16), part(16..28))
}
