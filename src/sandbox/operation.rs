//! Which operation a request asks for, from its method and its path alone.

use crate::acs::Headers;
use crate::acs::encoding::{decode, query_pairs};
use crate::acs::sts;
use crate::fc::Api;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// A call of a function.
    Invoke(Invoke),
    /// STS GetCallerIdentity.
    GetCallerIdentity,
    /// One that the sandbox lacks, by its name.
    Lacking(Dialect, String),
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invoke {
    pub(super) api: Api,
    pub(super) service: Option<String>,
    pub(super) function: String,
    pub(super) qualifier: Option<String>,
}

/// Whose error shapes and codes an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Function Compute's, in an API version.
    Fc(Api),
    /// STS's and RAM's.
    Rpc,
}

impl Operation {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Invoke(invoke) => Dialect::Fc(invoke.api),
            Self::GetCallerIdentity => Dialect::Rpc,
            Self::Lacking(dialect, _) => *dialect,
        }
    }

    pub(super) fn of(method: &str, path: &str, query: &str, headers: &Headers) -> Self {
        let segments: Vec<String> = path
            .trim_start_matches('/')
            .split('/')
            .map(|segment| String::from_utf8_lossy(&decode(segment)).into_owned())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let qualifier = || {
            let found = query_pairs(query)
                .into_iter()
                .find(|(key, _)| key == b"qualifier");
            found
                .and_then(|(_, value)| value)
                .map(|value| String::from_utf8_lossy(&value).into_owned())
                .filter(|value| !value.is_empty())
        };
        let call = |api, service: Option<&str>, function: &str, qualifier| {
            Self::Invoke(Invoke {
                api,
                service: service.map(str::to_owned),
                function: function.to_owned(),
                qualifier,
            })
        };
        match (method, segments.as_slice()) {
            (
                "POST",
                [
                    "2016-08-15",
                    "services",
                    service,
                    "functions",
                    function,
                    "invocations",
                ],
            ) => {
                let (service, qualifier) = match service.split_once('.') {
                    Some((service, qualifier)) => (service, Some(qualifier.to_owned())),
                    None => (*service, None),
                };
                call(Api::V20160815, Some(service), function, qualifier)
            }
            (
                "POST",
                [
                    "2021-04-06",
                    "services",
                    service,
                    "functions",
                    function,
                    "invocations",
                ],
            ) => call(Api::V20210406, Some(service), function, qualifier()),
            ("POST", ["2023-03-30", "functions", function, "invocations"]) => {
                call(Api::V20230330, None, function, qualifier())
            }
            (_, ["2016-08-15", ..]) => lacking(Dialect::Fc(Api::V20160815), method, path),
            (_, ["2021-04-06", ..]) => lacking(Dialect::Fc(Api::V20210406), method, path),
            (_, ["2023-03-30", ..]) => lacking(Dialect::Fc(Api::V20230330), method, path),
            _ => rpc(method, path, headers),
        }
    }
}

fn lacking(dialect: Dialect, method: &str, path: &str) -> Operation {
    Operation::Lacking(dialect, format!("{method} {path}"))
}

fn rpc(method: &str, path: &str, headers: &Headers) -> Operation {
    match (headers.get("x-acs-action"), headers.get("x-acs-version")) {
        (Some("GetCallerIdentity"), Some(sts::VERSION)) => Operation::GetCallerIdentity,
        (Some(action), _) => Operation::Lacking(Dialect::Rpc, action.to_owned()),
        (None, _) => lacking(Dialect::Rpc, method, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_qualifier_stands_where_each_api_has_it() {
        let invoke =
            |path: &str, query: &str| match Operation::of("POST", path, query, &Headers::new()) {
                Operation::Invoke(invoke) => (invoke.service, invoke.function, invoke.qualifier),
                other => panic!("{other:?}"),
            };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            invoke("/2016-08-15/services/s.prod/functions/f/invocations", ""),
            (some("s"), "f".into(), some("prod"))
        );
        assert_eq!(
            invoke("/2023-03-30/functions/svc%24f/invocations", "qualifier=1"),
            (None, "svc$f".into(), some("1"))
        );
    }

    #[test]
    fn an_operation_that_is_lacking_is_named() {
        let operation = Operation::of("GET", "/2023-03-30/functions", "", &Headers::new());
        let expected = "GET /2023-03-30/functions".to_owned();
        assert_eq!(
            operation,
            Operation::Lacking(Dialect::Fc(Api::V20230330), expected)
        );
    }
}
