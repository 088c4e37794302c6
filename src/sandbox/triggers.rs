//! HTTP triggers: requests below `/2016-08-15/proxy/`, and those to a trigger's own host name.
//!
//! What the platform answers itself has `X-Fc-Error-Type: FcCommonError`; the statuses are those
//! of its page on HTTP triggers (400 for a signature that is missing, 403 for a wrong one and
//! for a method that the trigger does not take, 404 without a trigger), and the codes of the
//! last two are guesses.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri, header};
use bytes::Bytes;

use super::answer::Refused;
use super::authenticate::{Arrived, authenticate_trigger};
use super::config::{Config, Function, Trigger};
use super::functions;
use super::invoke::{self, ASYNC_LIMIT, Mode, Usage};
use super::operation::{FcCall, FcKind, Operation, Product};
use super::runtime::{Fault, HttpCall, HttpRun, Runtime};
use super::server::SYNC_LIMIT;
use super::tasks::Attempt;
use super::trail::Trail;
use super::world::World;
use crate::acs::Headers;
use crate::fc::Api;

/// What the platform's own answers carry in `X-Fc-Error-Type`, and those of a function's error.
pub(super) const PLATFORM_ERROR: &str = "FcCommonError";
const FUNCTION_ERROR: &str = "UnhandledInvocationError";
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-fc-error-type");

/// A request to an HTTP trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TriggerCall {
    /// The function, in the version that is called.
    pub(super) call: FcCall,
    /// The path that the function sees, percent-encoded.
    pub(super) path: String,
    /// The trigger's own host name, when it was called by that.
    pub(super) own_host: Option<String>,
}

/// The trigger whose own host name a request goes to.
pub(super) fn at_own_address(config: &Config, arrived: &Arrived) -> Option<Operation> {
    let host = name_of(arrived.header("host"));
    let of = |function: &Function, trigger: &Trigger| {
        let own_host = trigger.host.clone()?;
        own_host.eq_ignore_ascii_case(host).then(|| TriggerCall {
            call: call(
                function.service(),
                function.name(),
                trigger.qualifier.as_deref(),
            ),
            path: arrived.path.clone(),
            own_host: Some(own_host),
        })
    };
    let mut functions = config.functions.iter();
    let found = functions.find_map(|function| {
        let mut triggers = function.triggers.iter();
        triggers.find_map(|trigger| of(function, trigger))
    });
    found.map(Operation::Trigger)
}

/// What is asked for below `/2016-08-15/proxy/`; the segments are decoded, the path is not.
pub(super) fn below_proxy(segments: &[&str], path: &str) -> Option<TriggerCall> {
    let [service, function, ..] = segments else {
        return None;
    };
    let (service, qualifier) = match service.split_once('.') {
        Some((service, qualifier)) => (service, Some(qualifier)),
        None => (*service, None),
    };
    // Behind it stand service, function, and what the function sees.
    let rest = path.strip_prefix("/2016-08-15/proxy/")?;
    let rest = rest.splitn(3, '/').nth(2).unwrap_or_default();
    Some(TriggerCall {
        call: call(Some(service), function, qualifier),
        path: format!("/{rest}"),
        own_host: None,
    })
}

fn call(service: Option<&str>, function: &str, qualifier: Option<&str>) -> FcCall {
    FcCall {
        api: match service {
            Some(_) => Api::V20160815,
            None => Api::V20230330,
        },
        kind: FcKind::Invoke,
        service: service.map(str::to_owned),
        function: Some(function.to_owned()),
        qualifier: qualifier.map(str::to_owned),
        item: None,
    }
}

/// A body past the limits. FC's page on web functions has this code, other than the API's.
pub(super) fn too_large(limit: usize) -> Refused {
    Refused::invalid_argument(Refused::too_large(limit).message)
}

/// Answers a request to an HTTP trigger. What is refused, the platform refuses.
pub(super) async fn answer(
    world: &World,
    wanted: &TriggerCall,
    arrived: &Arrived,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response<Body>, Refused> {
    let call = &wanted.call;
    world.check_address(call, arrived)?;
    let (function, trigger) = find(world, wanted)?;
    if !trigger.methods.contains(&arrived.method) {
        let message = format!(
            "the HTTP trigger '{}' does not take the method '{}'",
            trigger.name, arrived.method
        );
        return Err(Refused::new(403, "MethodNotAllowed", message));
    }
    if trigger.signed {
        let now = (world.ambient.now)();
        let product = Product::Fc(call.api);
        let own_address = wanted.own_host.is_some();
        let who = authenticate_trigger(arrived, own_address, product, &world.directory(), now)?;
        trail.who = Some(who.clone());
        world.authorise_fc(call, &who, arrived, trail)?;
    } else {
        // A page of another site must not call functions through the user's browser. No DNS
        // server can point such a host here, whatever its port: SDKs leave it out.
        let host = arrived.header("host");
        let is_safe = wanted.own_host.is_some() || is_loopback(name_of(host));
        let also = is_safe.then_some(host);
        let guard = &world.guard;
        guard
            .check(&Uri::default(), &map_of(&arrived.headers), also.as_slice())
            .map_err(|foreign| Refused::new(403, "AccessDenied", foreign.to_string()))?;
    }
    let called = Called {
        world,
        wanted,
        function,
        arrived,
        request_id,
    };
    match Mode::of(arrived)? {
        Mode::Sync { tail } => called.serve(tail && wanted.own_host.is_none()).await,
        Mode::Async => called.enqueue(),
    }
}

/// The function with its trigger.
fn find<'a>(
    world: &'a World,
    wanted: &TriggerCall,
) -> Result<(&'a Function, &'a Trigger), Refused> {
    let function = functions::find(world, &wanted.call)?;
    let version = |qualifier: &Option<String>| qualifier.as_deref().unwrap_or("LATEST").to_owned();
    let mut triggers = function.triggers.iter();
    let trigger = triggers.find(|trigger| match &wanted.own_host {
        Some(_) => trigger.host == wanted.own_host,
        None => version(&trigger.qualifier) == version(&wanted.call.qualifier),
    });
    let trigger = trigger.ok_or_else(|| {
        let message = format!(
            "function '{}' has no HTTP trigger for '{}'",
            function.name(),
            version(&wanted.call.qualifier)
        );
        Refused::new(404, "TriggerNotFound", message)
    })?;
    Ok((function, trigger))
}

fn is_loopback(name: &str) -> bool {
    let address: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
    address.is_some_and(|address| address.is_loopback()) || name.eq_ignore_ascii_case("localhost")
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// A request that may be served.
struct Called<'a> {
    world: &'a World,
    wanted: &'a TriggerCall,
    function: &'a Function,
    arrived: &'a Arrived,
    request_id: &'a str,
}

impl Called<'_> {
    fn http(&self) -> Result<HttpCall, Refused> {
        let arrived = self.arrived;
        let method = Method::from_bytes(arrived.method.as_bytes())
            .map_err(|error| Refused::invalid_argument(error.to_string()))?;
        Ok(HttpCall {
            call: invoke::call_of(self.function, &self.wanted.call, self.request_id),
            method,
            path: self.wanted.path.clone(),
            query: arrived.query.clone(),
            headers: map_of(&arrived.headers),
            body: arrived.body.clone(),
            host: match &self.wanted.own_host {
                Some(host) => host.clone(),
                None => name_of(arrived.header("host")).to_owned(),
            },
            source_ip: arrived.peer.ip().to_canonical(),
            time: (self.world.ambient.now)(),
        })
    }

    fn enqueue(&self) -> Result<Response<Body>, Refused> {
        if self.arrived.body.len() > ASYNC_LIMIT {
            return Err(too_large(ASYNC_LIMIT));
        }
        let http = self.http()?;
        let runtime = Arc::clone(&self.world.runtime);
        let program = Arc::clone(&self.function.program);
        let attempt = move || {
            let (runtime, program) = (Arc::clone(&runtime), Arc::clone(&program));
            let http = http.clone();
            async move {
                match runtime.serve_http(&program, http).await {
                    Ok(run) => attempt_of(run).await,
                    Err(fault) => invoke::failed_attempt(&fault),
                }
            }
        };
        let call = &self.wanted.call;
        let (function, arrived) = (self.function, self.arrived);
        invoke::enqueue(
            self.world,
            function,
            call,
            arrived,
            self.request_id,
            attempt,
        )
    }

    async fn serve(&self, tail: bool) -> Result<Response<Body>, Refused> {
        let http = self.http()?;
        let runtime: &Runtime = &self.world.runtime;
        let mut run = match runtime.serve_http(&self.function.program, http).await {
            Ok(run) if run.status.is_informational() => {
                return Ok(self.bad_response("BadResponse: the answer is none"));
            }
            Ok(run) => run,
            // What the function answered, and not whether it runs.
            Err(Fault {
                status: 502,
                message,
                ..
            }) => return Ok(self.bad_response(&message)),
            Err(fault) => return Err(invoke::refused(fault)),
        };
        let instance_id = std::mem::take(&mut run.instance_id);
        let usage = Usage {
            request_id: self.request_id,
            version: invoke::version_of(self.function, &self.wanted.call),
            duration: run.duration,
            memory_mb: self.function.program.memory_mb,
            max_memory_mb: run.max_memory_mb,
            instance_id: &instance_id,
        };
        let mut fields = usage.headers();
        if tail {
            // The log is whole when the body is, and it goes ahead of it.
            let Ok(body) = axum::body::to_bytes(run.body, SYNC_LIMIT).await else {
                return Ok(self.bad_response("BadResponse: the answer broke off"));
            };
            run.body = Body::from(body);
            fields.push(("x-fc-log-result", usage.log_tail(&run.log.read().await)));
        }
        let mut response = Response::new(run.body);
        *response.status_mut() = run.status;
        let headers = response.headers_mut();
        *headers = run.headers;
        if let Some(error_type) = run.error_type {
            headers.insert(ERROR_TYPE, HeaderValue::from_static(error_type));
        }
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        if self.is_default_address() {
            // Nobody can show pages at the service's own addresses, whatever the function says:
            // here they would share the origin of the sandbox's page.
            let attachment = HeaderValue::from_static("attachment");
            headers.insert(header::CONTENT_DISPOSITION, attachment);
        }
        Ok(response)
    }

    fn is_default_address(&self) -> bool {
        let own_host = self.wanted.own_host.as_deref();
        own_host.is_none_or(|host| host.ends_with(".fcapp.run"))
    }

    /// The function's answer cannot be passed on.
    fn bad_response(&self, message: &str) -> Response<Body> {
        let product = Product::Fc(self.wanted.call.api);
        let refused = Refused::new(502, "BadResponse", message);
        let mut response = refused.answer(product, self.request_id);
        let error_type = HeaderValue::from_static(FUNCTION_ERROR);
        response.headers_mut().insert(ERROR_TYPE, error_type);
        response
    }
}

/// An answer as a task sees it.
async fn attempt_of(run: HttpRun) -> Attempt {
    let (instance_id, duration) = (run.instance_id, run.duration);
    let (result, error) = match axum::body::to_bytes(run.body, SYNC_LIMIT).await {
        Ok(body) => (body, run.error_type),
        Err(_) => (Bytes::new(), Some(FUNCTION_ERROR)),
    };
    Attempt {
        result,
        error: error.map(str::to_owned),
        instance_id,
        duration,
    }
}

/// The fields as they came; what cannot stand in one did not come.
fn map_of(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    map
}

#[cfg(test)]
mod tests;
