//! One call of a function, and the request that it becomes in each API.

use bytes::Bytes;
use jiff::Timestamp;

use super::{Api, Target, signature};
use crate::acs::acs3::{self, Operation};
use crate::acs::encoding::encode;
use crate::acs::{Credentials, Endpoint, Headers, HttpRequest};

/// Whether the caller waits for the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvocationType {
    /// The answer is the function's result.
    Sync,
    /// The answer says that the event was taken.
    Async,
}

impl InvocationType {
    /// As the header field has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "Sync",
            Self::Async => "Async",
        }
    }
}

/// Whether the answer brings the end of the function's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogType {
    /// The last 4 KB.
    Tail,
    /// Nothing.
    None,
}

/// One call of a function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// What is called.
    pub target: Target,
    /// Whether to wait.
    pub invocation_type: InvocationType,
    /// Whether the log comes back.
    pub log: LogType,
    /// The id under which an asynchronous call can be found again.
    pub async_id: Option<String>,
    /// The event's bytes, which go out as they are.
    pub event: Bytes,
}

/// The header field that carries an asynchronous call's id.
pub fn async_id_header(api: Api) -> &'static str {
    if api.has_services() {
        "x-fc-stateful-async-invocation-id"
    } else {
        "x-fc-async-task-id"
    }
}

/// Whether the service takes the text as an asynchronous call's id.
pub fn is_async_id(id: &str) -> bool {
    let mut bytes = id.bytes();
    let first = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first
        && id.len() <= 128
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

impl Invocation {
    /// The request, not yet signed.
    pub fn request(&self, endpoint: &Endpoint) -> HttpRequest {
        let target = &self.target;
        let version = target.api();
        let function = encode(target.function());
        let qualifier = target.qualifier();
        let (path, in_query) = match (target.service(), version) {
            (Some(service), Api::V20160815) => {
                let dotted = qualifier
                    .map(|qualifier| format!(".{qualifier}"))
                    .unwrap_or_default();
                (
                    format!("/{version}/services/{service}{dotted}/functions/{function}"),
                    None,
                )
            }
            (Some(service), _) => (
                format!("/{version}/services/{service}/functions/{function}"),
                qualifier,
            ),
            (None, _) => (format!("/{version}/functions/{function}"), qualifier),
        };
        let query = in_query
            .map(|qualifier| format!("qualifier={}", encode(qualifier)))
            .unwrap_or_default();

        let mut headers = Headers::from_iter([("accept", "*/*")]);
        if let (Api::V20160815, Some(account)) = (version, target.account()) {
            headers.set("x-fc-account-id", account);
        }
        headers.set("x-fc-invocation-type", self.invocation_type.as_str());
        if self.invocation_type == InvocationType::Sync {
            headers.set(
                "x-fc-log-type",
                match self.log {
                    LogType::Tail => "Tail",
                    LogType::None => "None",
                },
            );
        }
        if let (InvocationType::Async, Some(id)) = (self.invocation_type, &self.async_id) {
            headers.set(async_id_header(version), id.as_str());
        }
        if !self.event.is_empty() {
            headers.set("content-type", "application/octet-stream");
        }
        HttpRequest {
            method: "POST",
            endpoint: endpoint.clone(),
            path: format!("{path}/invocations"),
            query,
            headers,
            body: self.event.clone(),
        }
    }

    /// The request with its signature.
    pub fn signed(
        &self,
        endpoint: &Endpoint,
        credentials: &Credentials,
        now: Timestamp,
        nonce: &str,
    ) -> HttpRequest {
        let mut request = self.request(endpoint);
        match self.target.api() {
            Api::V20160815 => signature::sign(&mut request, credentials, now),
            version => {
                let operation = Operation {
                    action: "InvokeFunction",
                    version: version.as_str(),
                };
                acs3::sign(&mut request, operation, credentials, now, nonce);
            }
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fc::target::TargetNames;

    fn invocation(api: Option<Api>, service: Option<&str>, qualifier: Option<&str>) -> Invocation {
        let target = Target::new(TargetNames {
            api,
            region: "cn-hangzhou".into(),
            account: Some("123".into()),
            service: service.map(str::to_owned),
            function: "svc$fn".into(),
            qualifier: qualifier.map(str::to_owned),
        });
        Invocation {
            target: target.unwrap(),
            invocation_type: InvocationType::Sync,
            log: LogType::Tail,
            async_id: Some("id".into()),
            event: Bytes::from_static(b"\xff\x00\r\n"),
        }
    }

    #[test]
    fn each_api_has_its_path_and_a_qualifier_only_when_given() {
        let target = |api, service, qualifier| {
            let request = invocation(api, service, qualifier).request(&Endpoint::https("h"));
            request.url().strip_prefix("https://h").unwrap().to_owned()
        };
        assert_eq!(
            target(None, Some("s"), None),
            "/2016-08-15/services/s/functions/svc%24fn/invocations"
        );
        assert_eq!(
            target(None, Some("s"), Some("q")),
            "/2016-08-15/services/s.q/functions/svc%24fn/invocations"
        );
        assert_eq!(
            target(Some(Api::V20210406), Some("s"), Some("q")),
            "/2021-04-06/services/s/functions/svc%24fn/invocations?qualifier=q"
        );
        assert_eq!(
            target(None, None, None),
            "/2023-03-30/functions/svc%24fn/invocations"
        );
        assert_eq!(
            target(None, None, Some("q")),
            "/2023-03-30/functions/svc%24fn/invocations?qualifier=q"
        );
    }

    #[test]
    fn an_asynchronous_call_carries_its_id_under_the_generation_s_name() {
        let header = |service, name: &str| {
            let mut call = invocation(None, service, None);
            call.invocation_type = InvocationType::Async;
            call.request(&Endpoint::https("h"))
                .headers
                .get(name)
                .map(str::to_owned)
        };
        assert_eq!(
            header(Some("s"), "x-fc-stateful-async-invocation-id").as_deref(),
            Some("id")
        );
        assert_eq!(header(None, "x-fc-async-task-id").as_deref(), Some("id"));
        assert_eq!(header(None, "x-fc-log-type"), None);
    }

    #[test]
    fn ids_follow_the_service_s_rule() {
        assert!(is_async_id("_a-1"));
        for bad in ["", "1a", "a b", "a.b", &"a".repeat(129)] {
            assert!(!is_async_id(bad), "{bad}");
        }
    }
}
