//! An endpoint that answers as Function Compute, STS, RAM and ResourceManager do, for as long
//! as it is held. It verifies each signature by the signers' own rules, authorises each call
//! with the engine against the identities that it was given, runs the function, and answers in
//! the services' shapes.

mod answer;
mod authenticate;
mod authorise;
mod config;
mod denial;
mod directory;
mod function;
mod functions;
mod invoke;
mod operation;
mod parameters;
mod ram;
mod resource_manager;
mod server;
mod sts;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::sync::watch;

pub use config::{Code, Config, ConfigError, Function, User};

use crate::acs::{Ambient, Credentials, Endpoint, Principal};
use crate::preflight::{Caller, Source};
use crate::ram::{Layer, Policies, Policy};
use directory::Who;
use world::World;

/// How a sandbox is run, beside its configuration.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Where it listens; port 0 is any.
    pub listen: SocketAddr,
    /// Denials are noted and let pass; signatures are checked all the same.
    pub soft: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            soft: false,
        }
    }
}

/// A running sandbox; it ends when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    world: Arc<World>,
    ending: watch::Sender<bool>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sandbox {
    /// Listens, and answers in the background.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn start(config: Config, options: Options, ambient: Ambient) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let (ending, end) = watch::channel(false);
        let world = Arc::new(World::new(Arc::new(config), address, ambient, options.soft));
        let server = tokio::spawn(server::serve(listener, Arc::clone(&world), end));
        Ok(Self {
            address,
            world,
            ending,
            server,
        })
    }

    /// Ends it: what is under way has a moment left.
    pub async fn stop(mut self) {
        self.ending.send_replace(true);
        let _ended = (&mut self.server).await;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a client of this machine finds it.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::loopback(self.address.port())
    }

    /// What it was started with.
    pub fn config(&self) -> &Config {
        &self.world.config
    }

    /// A user's key, to sign with; none when the user has none.
    pub fn credentials(&self, user: &str) -> Option<Credentials> {
        let directory = self.world.directory();
        let key = directory.users.get(user)?.keys.first()?;
        Some(Credentials {
            access_key_id: key.id.clone(),
            access_key_secret: key.secret.clone(),
            security_token: None,
            account_id: Some(directory.account.clone()),
            source: format!("sandbox identity `{user}`"),
        })
    }

    /// A user as RAM names it.
    pub fn principal(&self, user: &str) -> Principal {
        let who = Who::User(user.to_owned());
        self.world.directory().principal(&who)
    }

    /// A user with every policy that applies to it on a function: what RAM would know, and
    /// what else is named.
    pub fn caller(
        &self,
        user: &str,
        service: Option<&str>,
        function: &str,
        named: Vec<Policy>,
    ) -> Caller {
        let who = Who::User(user.to_owned());
        let directory = self.world.directory();
        let function = self.world.function(service, function);
        let group = function.and_then(|function| function.resource_group.as_deref());
        let mut policies = directory.policies_of(&who, group);
        let mut sources = vec![Source::Sandbox; policies.len()];
        sources.resize(policies.len() + named.len(), Source::File);
        policies.extend(named);
        Caller {
            principal: Some(directory.principal(&who)),
            policies: Policies::new(policies),
            sources,
            layers_seen: Layer::ALL.to_vec(),
            unread: Vec::new(),
        }
    }
}
