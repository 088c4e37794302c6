//! A sandbox in this process, called as different identities with the crate's own signers.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use sesame_fc::acs::acs3::{self, Operation};
use sesame_fc::acs::rpc::{self, RpcError};
use sesame_fc::acs::{
    Ambient, Credentials, Headers, HttpRequest, ProcessEnvironment, Secret, SessionPolicy,
    Transport, TransportOptions,
};
use sesame_fc::sandbox::{Config, Options, Sandbox};

pub(crate) const ACCOUNT: &str = "1234567890123456";
pub(crate) const RAM: &str = "2015-05-01";
pub(crate) const STS: &str = "2015-04-01";
pub(crate) const RESOURCE_MANAGER: &str = "2020-03-31";

/// Names and values, as a call takes them.
pub(crate) type Parameters<'a> = &'a [(&'a str, &'a str)];

/// A running sandbox and a client of it.
pub(crate) struct Cloud {
    pub(crate) sandbox: Sandbox,
    pub(crate) transport: Transport,
    pub(crate) ambient: Ambient,
    /// Keys that were made by a call, by a name of the test's own.
    keys: BTreeMap<String, Credentials>,
}

/// What a service refused with.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) body: Value,
}

impl Refused {
    pub(crate) fn told(&self) -> (u16, &str) {
        (self.status, &self.code)
    }

    pub(crate) fn message(&self) -> &str {
        self.body["Message"].as_str().unwrap()
    }
}

impl Cloud {
    pub(crate) async fn start(yaml: &str) -> Self {
        Self::start_with(yaml, Options::default(), Ambient::system()).await
    }

    /// Denials are noted and let pass.
    pub(crate) async fn start_soft(yaml: &str) -> Self {
        let options = Options {
            soft: true,
            ..Options::default()
        };
        Self::start_with(yaml, options, Ambient::system()).await
    }

    pub(crate) async fn start_with(yaml: &str, options: Options, ambient: Ambient) -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("sandbox.yaml");
        let head = format!("account: \"{ACCOUNT}\"\nregion: cn-hangzhou\n");
        std::fs::write(&path, format!("{head}{yaml}")).unwrap();
        let config = Config::read(&path).unwrap();
        Self {
            sandbox: Sandbox::start(config, options, ambient, &ProcessEnvironment)
                .await
                .unwrap(),
            transport: Transport::new(TransportOptions::default()),
            ambient,
            keys: BTreeMap::new(),
        }
    }

    /// Signs with this key whenever the name calls.
    pub(crate) fn know(&mut self, name: &str, key: Credentials) {
        self.keys.insert(name.to_owned(), key);
    }

    pub(crate) fn credentials(&self, name: &str) -> Credentials {
        let known = self.keys.get(name).cloned();
        let known = known.or_else(|| self.sandbox.credentials(name));
        known.unwrap_or_else(|| panic!("`{name}` has no key"))
    }

    pub(crate) async fn call(
        &self,
        who: &str,
        version: &str,
        action: &str,
        parameters: Parameters<'_>,
    ) -> Result<Value, Refused> {
        let answer = rpc::call(
            &self.transport,
            &self.sandbox.endpoint(),
            Operation { action, version },
            parameters,
            &self.credentials(who),
            self.ambient,
        )
        .await;
        match answer {
            Ok(answer) => {
                assert!(answer["RequestId"].is_string(), "{answer}");
                Ok(answer)
            }
            Err(RpcError::Refused { refusal, .. }) => Err(refused(refusal.status, &refusal.body)),
            Err(other) => panic!("{action}: {other}"),
        }
    }

    pub(crate) async fn ram(
        &self,
        who: &str,
        action: &str,
        parameters: Parameters<'_>,
    ) -> Result<Value, Refused> {
        self.call(who, RAM, action, parameters).await
    }

    /// Assumes a role, and knows the session by `name` from then on.
    pub(crate) async fn assume(
        &mut self,
        name: &str,
        who: &str,
        role: &str,
        more: Parameters<'_>,
    ) -> Result<Value, Refused> {
        let arn = format!("acs:ram::{ACCOUNT}:role/{role}");
        let mut parameters = vec![("RoleArn", arn.as_str()), ("RoleSessionName", name)];
        parameters.extend(more);
        let answer = self.call(who, STS, "AssumeRole", &parameters).await?;
        let part = |part: &str| answer["Credentials"][part].as_str().unwrap().to_owned();
        let key = Credentials {
            access_key_id: part("AccessKeyId"),
            access_key_secret: Secret::new(part("AccessKeySecret")),
            security_token: Some(Secret::new(part("SecurityToken"))),
            account_id: None,
            source: "a test".to_owned(),
            expires_at: None,
            session_policy: SessionPolicy::Unknown,
        };
        self.know(name, key);
        Ok(answer)
    }

    /// Invokes a function of FC 3.0; the status, or what was refused.
    pub(crate) async fn invoke(&self, who: &str, function: &str) -> Result<u16, Refused> {
        let request = self.invocation(who, function);
        self.send(request).await
    }

    /// A signed invocation that has not been sent.
    pub(crate) fn invocation(&self, who: &str, function: &str) -> HttpRequest {
        let mut request = HttpRequest {
            method: "POST",
            endpoint: self.sandbox.endpoint(),
            path: format!("/2023-03-30/functions/{function}/invocations"),
            query: String::new(),
            headers: Headers::new(),
            body: Bytes::from_static(b"{}"),
        };
        let operation = Operation {
            action: "InvokeFunction",
            version: "2023-03-30",
        };
        acs3::sign(
            &mut request,
            operation,
            &self.credentials(who),
            (self.ambient.now)(),
            &(self.ambient.nonce)(),
        );
        request
    }

    pub(crate) async fn send(&self, request: HttpRequest) -> Result<u16, Refused> {
        let mut incoming = self.transport.send(request).await.unwrap();
        let body = incoming.body(1 << 20).await.unwrap();
        match incoming.status {
            200 => Ok(200),
            status => Err(refused(status, &body)),
        }
    }
}

fn refused(status: u16, body: &[u8]) -> Refused {
    let body: Value = serde_json::from_slice(body).unwrap();
    Refused {
        status,
        code: body["Code"].as_str().unwrap().to_owned(),
        body,
    }
}
