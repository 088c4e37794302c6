//! Which operation a request asks for, from its method, path and parameters alone.

use std::borrow::Cow;

use super::triggers::{self, TriggerCall};
use crate::acs::encoding::{decode_text, query_pairs};
use crate::acs::{Headers, sts};
use crate::catalogue::Generation;
use crate::fc::Api;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// One of Function Compute.
    Fc(FcCall),
    /// A call of a function by an HTTP trigger.
    Trigger(TriggerCall),
    /// One whose name and parameters stand in the query or the form.
    Rpc(RpcCall),
    /// One that the sandbox lacks, by its name.
    Lacking(Product, String),
}

/// Whose error shapes and codes an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Product {
    /// Function Compute, in an API version.
    Fc(Api),
    /// STS.
    Sts,
    /// RAM.
    Ram,
    /// ResourceManager.
    ResourceManager,
}

impl Product {
    /// The name in the access log, and of the host.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Fc(_) => "fc",
            Self::Sts => "sts",
            Self::Ram => "ram",
            Self::ResourceManager => "resourcemanager",
        }
    }
}

/// An operation of Function Compute on what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FcCall {
    pub(super) api: Api,
    pub(super) kind: FcKind,
    pub(super) service: Option<String>,
    pub(super) function: Option<String>,
    pub(super) qualifier: Option<String>,
    /// The trigger, alias or task that the path ends with.
    pub(super) item: Option<String>,
}

/// The operations of Function Compute that the sandbox has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FcKind {
    Invoke,
    GetFunction,
    ListFunctions,
    GetService,
    ListServices,
    GetTrigger,
    ListTriggers,
    ListVersions,
    GetAlias,
    ListAliases,
    GetTask,
    ListTasks,
    StopTask,
    GetAccountSettings,
    DescribeRegions,
}

impl FcKind {
    /// The API's name for it, as the action table has it.
    pub(super) fn operation(self, generation: Generation) -> &'static str {
        let fc2 = generation == Generation::Fc2;
        match self {
            Self::Invoke => "InvokeFunction",
            Self::GetFunction => "GetFunction",
            Self::ListFunctions => "ListFunctions",
            Self::GetService => "GetService",
            Self::ListServices => "ListServices",
            Self::GetTrigger => "GetTrigger",
            Self::ListTriggers => "ListTriggers",
            Self::ListVersions if fc2 => "ListServiceVersions",
            Self::ListVersions => "ListFunctionVersions",
            Self::GetAlias => "GetAlias",
            Self::ListAliases => "ListAliases",
            Self::GetTask if fc2 => "GetStatefulAsyncInvocation",
            Self::GetTask => "GetAsyncTask",
            Self::ListTasks if fc2 => "ListStatefulAsyncInvocations",
            Self::ListTasks => "ListAsyncTasks",
            Self::StopTask if fc2 => "StopStatefulAsyncInvocation",
            Self::StopTask => "StopAsyncTask",
            Self::GetAccountSettings => "GetAccountSettings",
            Self::DescribeRegions => "DescribeRegions",
        }
    }
}

impl FcCall {
    pub(super) fn generation(&self) -> Generation {
        match self.api.has_services() {
            true => Generation::Fc2,
            false => Generation::Fc3,
        }
    }

    /// The operation's name in its API.
    pub(super) fn name(&self) -> &'static str {
        self.kind.operation(self.generation())
    }
}

/// An RPC call with its parameters, decoded, from the query and the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RpcCall {
    pub(super) product: Product,
    pub(super) action: String,
    pub(super) parameters: Vec<(String, String)>,
}

impl RpcCall {
    /// A parameter that is there and not empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let (_, value) = parameters.find(|(key, _)| key == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }
}

impl Operation {
    pub(super) fn product(&self) -> Product {
        match self {
            Self::Fc(call) | Self::Trigger(TriggerCall { call, .. }) => Product::Fc(call.api),
            Self::Rpc(call) => call.product,
            Self::Lacking(product, _) => *product,
        }
    }

    /// The operation's name, for the access log.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Fc(call) | Self::Trigger(TriggerCall { call, .. }) => call.name(),
            Self::Rpc(call) => &call.action,
            Self::Lacking(_, name) => name,
        }
    }

    pub(super) fn of(
        method: &str,
        path: &str,
        query: &str,
        headers: &Headers,
        body: &[u8],
    ) -> Self {
        let segments = path.trim_matches('/').split('/').map(decode_text);
        let segments: Vec<Cow<'_, str>> = segments.collect();
        let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
        let (api, rest) = match segments.as_slice() {
            ["2016-08-15", rest @ ..] => (Api::V20160815, rest),
            ["2021-04-06", rest @ ..] => (Api::V20210406, rest),
            ["2023-03-30", rest @ ..] => (Api::V20230330, rest),
            _ => return rpc(method, path, query, headers, body),
        };
        if let (Api::V20160815, ["proxy", rest @ ..]) = (api, rest)
            && let Some(call) = triggers::below_proxy(rest, path)
        {
            return Self::Trigger(call);
        }
        let found = match api {
            Api::V20230330 => fc3(method, rest),
            _ => fc2(method, rest, api),
        };
        let Some(mut call) = found else {
            return Self::Lacking(Product::Fc(api), format!("{method} {path}"));
        };
        if api != Api::V20160815 {
            let parameters = parameters(query);
            let qualifier = parameters.into_iter().find(|(key, _)| key == "qualifier");
            call.qualifier = qualifier
                .map(|(_, value)| value)
                .filter(|value| !value.is_empty());
        }
        Self::Fc(call)
    }
}

fn fc2(method: &str, segments: &[&str], api: Api) -> Option<FcCall> {
    use FcKind::*;
    let tasks = "stateful-async-invocations";
    let (kind, service, function, item) = match (method, segments) {
        ("GET", ["account-settings"]) => (GetAccountSettings, None, None, None),
        ("GET", ["services"]) => (ListServices, None, None, None),
        (_, ["services", service, rest @ ..]) => {
            let (kind, function, item) = match (method, rest) {
                ("GET", []) => (GetService, None, None),
                ("GET", ["versions"]) => (ListVersions, None, None),
                ("GET", ["aliases"]) => (ListAliases, None, None),
                ("GET", ["aliases", alias]) => (GetAlias, None, Some(*alias)),
                ("GET", ["functions"]) => (ListFunctions, None, None),
                (_, ["functions", function, rest @ ..]) => {
                    let (kind, item) = match (method, rest) {
                        ("POST", ["invocations"]) => (Invoke, None),
                        ("GET", []) => (GetFunction, None),
                        ("GET", ["triggers"]) => (ListTriggers, None),
                        ("GET", ["triggers", trigger]) => (GetTrigger, Some(*trigger)),
                        ("GET", [list]) if *list == tasks => (ListTasks, None),
                        ("GET", [list, task]) if *list == tasks => (GetTask, Some(*task)),
                        ("PUT", [list, task]) if *list == tasks => (StopTask, Some(*task)),
                        _ => return None,
                    };
                    (kind, Some(*function), item)
                }
                _ => return None,
            };
            (kind, Some(*service), function, item)
        }
        _ => return None,
    };
    // The qualifier stands behind the service's name in the first API, in the query since.
    let (service, qualifier) = match service.and_then(|service| service.split_once('.')) {
        Some((service, qualifier)) if api == Api::V20160815 => (Some(service), Some(qualifier)),
        _ => (service, None),
    };
    Some(FcCall {
        api,
        kind,
        service: service.map(str::to_owned),
        function: function.map(str::to_owned),
        qualifier: qualifier.map(str::to_owned),
        item: item.map(str::to_owned),
    })
}

fn fc3(method: &str, segments: &[&str]) -> Option<FcCall> {
    use FcKind::*;
    let (kind, function, item) = match (method, segments) {
        ("GET", ["regions"]) => (DescribeRegions, None, None),
        ("GET", ["functions"]) => (ListFunctions, None, None),
        (_, ["functions", function, rest @ ..]) => {
            let (kind, item) = match (method, rest) {
                ("POST", ["invocations"]) => (Invoke, None),
                ("GET", []) => (GetFunction, None),
                ("GET", ["triggers"]) => (ListTriggers, None),
                ("GET", ["triggers", trigger]) => (GetTrigger, Some(*trigger)),
                ("GET", ["versions"]) => (ListVersions, None),
                ("GET", ["aliases"]) => (ListAliases, None),
                ("GET", ["aliases", alias]) => (GetAlias, Some(*alias)),
                ("GET", ["async-tasks"]) => (ListTasks, None),
                ("GET", ["async-tasks", task]) => (GetTask, Some(*task)),
                ("PUT", ["async-tasks", task, "stop"]) => (StopTask, Some(*task)),
                _ => return None,
            };
            (kind, Some(*function), item)
        }
        _ => return None,
    };
    Some(FcCall {
        api: Api::V20230330,
        kind,
        service: None,
        function: function.map(str::to_owned),
        qualifier: None,
        item: item.map(str::to_owned),
    })
}

/// The parameters of a query or a form, decoded.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    query_pairs(query)
        .into_iter()
        .map(|(key, value)| (text(key), text(value.unwrap_or_default())))
        .collect()
}

fn rpc(method: &str, path: &str, query: &str, headers: &Headers, body: &[u8]) -> Operation {
    let mut parameters = parameters(query);
    let is_form = headers
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if is_form && let Ok(form) = std::str::from_utf8(body) {
        parameters.extend(self::parameters(form));
    }
    let find = |name: &str| {
        let mut parameters = parameters.iter();
        parameters
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let action = headers.get("x-acs-action").map(str::to_owned);
    let action = action.or_else(|| find("Action"));
    let version = headers.get("x-acs-version").map(str::to_owned);
    let version = version.or_else(|| find("Version"));
    let product = match version.as_deref() {
        Some("2015-05-01") => Product::Ram,
        Some("2020-03-31") => Product::ResourceManager,
        Some(sts::VERSION) | None => Product::Sts,
        Some(other) => {
            let action = action.unwrap_or_else(|| format!("{method} {path}"));
            return Operation::Lacking(Product::Sts, format!("{action} {other}"));
        }
    };
    match action {
        Some(action) if path.trim_matches('/').is_empty() => Operation::Rpc(RpcCall {
            product,
            action,
            parameters,
        }),
        _ => Operation::Lacking(product, format!("{method} {path}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &str, path: &str, query: &str) -> Operation {
        Operation::of(method, path, query, &Headers::new(), b"")
    }

    #[test]
    fn the_qualifier_stands_where_each_api_has_it() {
        let invoke = |path: &str, query: &str| match of("POST", path, query) {
            Operation::Fc(call) => (call.service, call.function, call.qualifier),
            other => panic!("{other:?}"),
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            invoke("/2016-08-15/services/s.prod/functions/f/invocations", ""),
            (some("s"), some("f"), some("prod"))
        );
        assert_eq!(
            invoke(
                "/2021-04-06/services/s/functions/f/invocations",
                "qualifier=1"
            ),
            (some("s"), some("f"), some("1"))
        );
        assert_eq!(
            invoke("/2023-03-30/functions/svc%24f/invocations", "qualifier=1"),
            (None, some("svc$f"), some("1"))
        );
    }

    #[test]
    fn each_path_is_one_operation() {
        let name = |method, path| of(method, path, "").name().to_owned();
        for (method, path, expected) in [
            ("GET", "/2016-08-15/services", "ListServices"),
            ("GET", "/2016-08-15/services/s.1", "GetService"),
            (
                "GET",
                "/2021-04-06/services/s/versions",
                "ListServiceVersions",
            ),
            (
                "PUT",
                "/2021-04-06/services/s/functions/f/stateful-async-invocations/t",
                "StopStatefulAsyncInvocation",
            ),
            ("GET", "/2023-03-30/functions", "ListFunctions"),
            (
                "GET",
                "/2023-03-30/functions/f/versions",
                "ListFunctionVersions",
            ),
            (
                "PUT",
                "/2023-03-30/functions/f/async-tasks/t/stop",
                "StopAsyncTask",
            ),
            ("GET", "/2023-03-30/regions", "DescribeRegions"),
        ] {
            assert_eq!(name(method, path), expected, "{path}");
        }
    }

    #[test]
    fn an_operation_that_is_lacking_is_named() {
        let operation = of("DELETE", "/2023-03-30/functions/f", "");
        let expected = "DELETE /2023-03-30/functions/f".to_owned();
        assert_eq!(
            operation,
            Operation::Lacking(Product::Fc(Api::V20230330), expected)
        );
    }
}
