//! An endpoint that answers as Function Compute and STS do, for as long as it is held. It
//! verifies each signature by the signers' own rules, authorises each call with the engine
//! against the identities that it was given, runs the function, and answers in the service's
//! shapes. It listens on loopback only.

mod answer;
mod authenticate;
mod config;
mod function;
mod operation;
mod runtime;
mod server;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

pub use config::{Builtin, Config, Function, User};

use crate::acs::{Ambient, Credentials, Endpoint, Principal};
use crate::preflight::{Caller, Source};
use crate::ram::{Layer, Policies, Policy};

/// A running sandbox; it ends when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    endpoint: Endpoint,
    config: Arc<Config>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sandbox {
    /// Listens on a port of loopback and answers in the background.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(config: Config, ambient: Ambient) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let endpoint = Endpoint::loopback(listener.local_addr()?.port());
        let config = Arc::new(config);
        let server = tokio::spawn(server::serve(listener, Arc::clone(&config), ambient));
        Ok(Self {
            endpoint,
            config,
            server,
        })
    }

    /// Where it answers.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What it was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

impl Config {
    /// A user's key, to sign with.
    pub fn credentials(&self, user: &User) -> Credentials {
        Credentials {
            access_key_id: user.access_key_id.clone(),
            access_key_secret: user.access_key_secret.clone(),
            security_token: None,
            account_id: Some(self.account.clone()),
            source: format!("sandbox identity `{}`", user.name),
        }
    }

    /// A user with every policy that applies to it: what RAM would know, and what else is named.
    pub fn caller(&self, user: &User, named: Vec<Policy>) -> Caller {
        let mut policies = user.documents();
        let mut sources = vec![Source::Sandbox; policies.len()];
        sources.resize(policies.len() + named.len(), Source::File);
        policies.extend(named);
        Caller {
            principal: Some(self.principal(user)),
            policies: Policies::new(policies),
            sources,
            layers_seen: vec![
                Layer::Control,
                Layer::Session,
                Layer::Account,
                Layer::ResourceGroup,
            ],
            unread: Vec::new(),
        }
    }

    /// A user as RAM names it.
    pub fn principal(&self, user: &User) -> Principal {
        Principal {
            kind: Some("SubUser".to_owned()),
            id: Some(user.id()),
            name: Some(user.name.clone()),
            account_id: Some(self.account.clone()),
        }
    }
}
