//! What Function Compute tells of services, functions, versions, aliases, triggers, the
//! account and the regions.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Map, Value, json};

use super::answer::{Refused, json_answer};
use super::authenticate::Arrived;
use super::config::{Function, Trigger};
use super::operation::{FcCall, FcKind, Product, parameters};
use super::runtime::Code;
use super::world::World;
use crate::acs::ambient::utc;
use crate::fc::region;

/// How many entries a list has when nobody says, and at most.
const PAGE: usize = 20;
const LONGEST_PAGE: usize = 100;

pub(super) fn answer(
    world: &World,
    call: &FcCall,
    arrived: &Arrived,
    request_id: &str,
) -> Result<Response<Body>, Refused> {
    let telling = Telling {
        world,
        call,
        page: Page::of(&arrived.query)?,
    };
    let body = telling.body()?;
    Ok(json_answer(200, Product::Fc(call.api), request_id, &body))
}

/// Which part of a list is wanted.
struct Page {
    prefix: String,
    limit: usize,
    /// The first entry's name: the token that the last page ended with.
    start: String,
}

impl Page {
    fn of(query: &str) -> Result<Self, Refused> {
        let mut page = Self {
            prefix: String::new(),
            limit: PAGE,
            start: String::new(),
        };
        for (key, value) in parameters(query) {
            match key.as_str() {
                "prefix" => page.prefix = value,
                "nextToken" | "startKey" if !value.is_empty() => page.start = value,
                "limit" if !value.is_empty() => {
                    let limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=LONGEST_PAGE).contains(limit));
                    page.limit = limit.ok_or_else(|| {
                        let message =
                            format!("limit '{value}' is not between 1 and {LONGEST_PAGE}");
                        Refused::invalid_argument(message)
                    })?;
                }
                _ => {}
            }
        }
        Ok(page)
    }

    /// The wanted entries under the list's name, and the token of the next page.
    fn list(&self, name: &str, entries: Vec<(String, Value)>) -> Value {
        let mut entries: Vec<(String, Value)> = entries
            .into_iter()
            .filter(|(key, _)| key.starts_with(&self.prefix) && *key >= self.start)
            .collect();
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        let next = entries.get(self.limit).map(|(key, _)| key.clone());
        let shown = entries.into_iter().take(self.limit).map(|(_, entry)| entry);
        let mut list = Map::from_iter([(name.to_owned(), Value::Array(shown.collect()))]);
        if let Some(next) = next {
            list.insert("nextToken".to_owned(), next.into());
        }
        Value::Object(list)
    }
}

struct Telling<'a> {
    world: &'a World,
    call: &'a FcCall,
    page: Page,
}

impl Telling<'_> {
    fn body(&self) -> Result<Value, Refused> {
        Ok(match self.call.kind {
            FcKind::GetAccountSettings => json!({
                "availableAZs": [format!("{}-h", self.world.config.region)],
                "defaultRole": "",
            }),
            FcKind::DescribeRegions => {
                let regions = region::KNOWN
                    .iter()
                    .map(|id| json!({"RegionId": id, "LocalName": id}));
                json!({"Regions": {"Region": regions.collect::<Vec<_>>()}})
            }
            FcKind::ListServices => {
                let mut services: Vec<&str> = self.world.services().collect();
                services.sort_unstable();
                services.dedup();
                let entries = services
                    .iter()
                    .map(|name| ((*name).to_owned(), self.service(name)));
                self.page.list("services", entries.collect())
            }
            FcKind::GetService => {
                let service = find_service(self.world, self.call)?;
                check_qualifier(self.world, self.call)?;
                self.service(service)
            }
            FcKind::ListFunctions => {
                if self.call.service.is_some() {
                    find_service(self.world, self.call)?;
                    check_qualifier(self.world, self.call)?;
                }
                let functions = self.world.functions_of(self.call.service.as_deref());
                let entries = functions.map(|one| (one.name().to_owned(), self.function(one)));
                self.page.list("functions", entries.collect())
            }
            FcKind::GetFunction => self.function(find(self.world, self.call)?),
            FcKind::ListTriggers => {
                let function = find(self.world, self.call)?;
                let entries = function.triggers.iter();
                let entries = entries.map(|one| (one.name.clone(), self.trigger(function, one)));
                self.page.list("triggers", entries.collect())
            }
            FcKind::GetTrigger => {
                let function = find(self.world, self.call)?;
                let name = self.call.item.as_deref().unwrap_or_default();
                let trigger = function.triggers.iter().find(|one| one.name == name);
                let trigger = trigger.ok_or_else(|| {
                    let message = format!(
                        "trigger '{name}' does not exist in function '{}'",
                        function.name()
                    );
                    Refused::new(404, "TriggerNotFound", message)
                })?;
                self.trigger(function, trigger)
            }
            FcKind::ListVersions => {
                let entries = self.versions()?;
                let entries = entries.iter().map(|id| (id.clone(), self.version(id)));
                self.page.list("versions", entries.collect())
            }
            FcKind::ListAliases => {
                let aliases = self.aliases()?;
                let entries = aliases.iter();
                let entries = entries.map(|(name, id)| (name.clone(), self.alias(name, id)));
                self.page.list("aliases", entries.collect())
            }
            FcKind::GetAlias => {
                let name = self.call.item.as_deref().unwrap_or_default();
                let aliases = self.aliases()?;
                let (_, id) = aliases
                    .iter()
                    .find(|(alias, _)| alias == name)
                    .ok_or_else(|| alias_not_found(self.call, name))?;
                self.alias(name, id)
            }
            FcKind::Invoke | FcKind::GetTask | FcKind::ListTasks | FcKind::StopTask => {
                return Err(Refused::lacking(self.call.name()));
            }
        })
    }

    fn started(&self) -> String {
        utc(self.world.started)
    }

    fn service(&self, name: &str) -> Value {
        json!({
            "serviceName": name,
            "serviceId": name,
            "description": "",
            "role": "",
            "internetAccess": true,
            "createdTime": self.started(),
            "lastModifiedTime": self.started(),
        })
    }

    fn function(&self, function: &Function) -> Value {
        let program = &function.program;
        let runtime = match program.code {
            Code::Bootstrap { .. } => "custom",
            Code::Command { .. } | Code::Builtin(_) => "python3.10",
        };
        let mut told = json!({
            "functionName": program.name,
            "functionId": program.name,
            "description": "",
            "runtime": runtime,
            "handler": program.handler,
            "timeout": program.timeout.as_secs(),
            "memorySize": program.memory_mb,
            "codeSize": 0,
            "codeChecksum": "0",
            "environmentVariables": program.environment,
            "instanceConcurrency": 1,
            "createdTime": self.started(),
            "lastModifiedTime": self.started(),
        });
        if program.service.is_none() {
            let account = &self.world.config.account;
            let region = &self.world.config.region;
            told["functionArn"] =
                format!("acs:fc:{region}:{account}:functions/{}", program.name).into();
            told["state"] = "Active".into();
            told["lastUpdateStatus"] = "Successful".into();
            told["internetAccess"] = true.into();
            if let Some(group) = &function.resource_group {
                told["resourceGroupId"] = group.clone().into();
            }
        }
        told
    }

    fn trigger(&self, function: &Function, trigger: &Trigger) -> Value {
        let config = json!({
            "authType": if trigger.signed { "function" } else { "anonymous" },
            "methods": trigger.methods,
            "disableURLInternet": false,
        });
        let mut told = json!({
            "triggerName": trigger.name,
            "triggerId": trigger.name,
            "triggerType": "http",
            "description": "",
            "qualifier": trigger.qualifier.as_deref().unwrap_or("LATEST"),
            "sourceArn": null,
            "invocationRole": null,
            "createdTime": self.started(),
            "lastModifiedTime": self.started(),
        });
        let url = trigger
            .host
            .as_ref()
            .map(|host| self.world.trigger_url(host));
        match function.service() {
            Some(_) => {
                told["triggerConfig"] = config;
                told["urlInternet"] = url.clone().into();
                told["urlIntranet"] = url.into();
            }
            None => {
                told["triggerConfig"] = config.to_string().into();
                told["httpTrigger"] = json!({"urlInternet": url, "urlIntranet": url});
                told["status"] = "Active".into();
            }
        }
        told
    }

    fn versions(&self) -> Result<Vec<String>, Refused> {
        let mut versions: Vec<String> = match self.call.function {
            Some(_) => find(self.world, self.call)?.versions.clone(),
            None => {
                let service = find_service(self.world, self.call)?;
                let functions = self.world.functions_of(Some(service));
                functions.flat_map(|one| one.versions.clone()).collect()
            }
        };
        versions.sort_unstable();
        versions.dedup();
        Ok(versions)
    }

    fn version(&self, id: &str) -> Value {
        json!({
            "versionId": id,
            "description": "",
            "createdTime": self.started(),
            "lastModifiedTime": self.started(),
        })
    }

    fn aliases(&self) -> Result<Vec<(String, String)>, Refused> {
        let pairs = |function: &Function| {
            let aliases = function.aliases.iter();
            aliases
                .map(|(name, id)| (name.clone(), id.clone()))
                .collect::<Vec<_>>()
        };
        let mut aliases = match self.call.function {
            Some(_) => pairs(find(self.world, self.call)?),
            None => {
                let service = find_service(self.world, self.call)?;
                self.world
                    .functions_of(Some(service))
                    .flat_map(pairs)
                    .collect()
            }
        };
        aliases.sort_unstable();
        aliases.dedup_by(|left, right| left.0 == right.0);
        Ok(aliases)
    }

    fn alias(&self, name: &str, id: &str) -> Value {
        json!({
            "aliasName": name,
            "versionId": id,
            "description": "",
            "additionalVersionWeight": {},
            "createdTime": self.started(),
            "lastModifiedTime": self.started(),
        })
    }
}

/// The service that a call names.
pub(super) fn find_service<'a>(world: &World, call: &'a FcCall) -> Result<&'a str, Refused> {
    let service = call.service.as_deref().unwrap_or_default();
    match world.services().any(|known| known == service) {
        true => Ok(service),
        false => Err(Refused::new(
            404,
            "ServiceNotFound",
            format!("service '{service}' does not exist"),
        )),
    }
}

/// The function that a call names, in the version that it names.
pub(super) fn find<'a>(world: &'a World, call: &FcCall) -> Result<&'a Function, Refused> {
    if call.service.is_some() {
        find_service(world, call)?;
    }
    let name = call.function.as_deref().unwrap_or_default();
    let function = world
        .function(call.service.as_deref(), name)
        .ok_or_else(|| {
            let message = match &call.service {
                Some(service) => format!("function '{name}' does not exist in service '{service}'"),
                None => format!("function '{name}' does not exist."),
            };
            Refused::new(404, "FunctionNotFound", message)
        })?;
    check_qualifier(world, call)?;
    Ok(function)
}

/// Whether the version or alias that the call names is there.
fn check_qualifier(world: &World, call: &FcCall) -> Result<(), Refused> {
    let Some(qualifier) = call.qualifier.as_deref() else {
        return Ok(());
    };
    // In FC 2.0 versions are the service's.
    let mut functions = world
        .functions_of(call.service.as_deref())
        .filter(|function| {
            call.service.is_some() || Some(function.name()) == call.function.as_deref()
        });
    let exists = qualifier == "LATEST"
        || functions.any(|function| {
            function.versions.iter().any(|version| version == qualifier)
                || function.aliases.contains_key(qualifier)
        });
    if exists {
        return Ok(());
    }
    if !qualifier.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(alias_not_found(call, qualifier));
    }
    let message = format!("version '{qualifier}' of {} does not exist", owner(call));
    Err(Refused::new(404, "VersionNotFound", message))
}

fn alias_not_found(call: &FcCall, alias: &str) -> Refused {
    let message = format!("alias '{alias}' of {} does not exist", owner(call));
    Refused::new(404, "AliasNotFound", message)
}

/// Whose versions and aliases they are.
fn owner(call: &FcCall) -> String {
    match (&call.service, &call.function) {
        (Some(service), _) => format!("service '{service}'"),
        (None, function) => format!("function '{}'", function.as_deref().unwrap_or_default()),
    }
}
