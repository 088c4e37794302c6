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
mod functions;
mod invoke;
mod journal;
mod operation;
mod page;
mod parameters;
mod ram;
mod recorder;
mod resource_manager;
mod runtime;
mod server;
mod shown;
mod sts;
mod tasks;
mod trail;
mod triggers;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

pub use config::{Config, ConfigError, Function, User};
pub use journal::{Call, Decider, Follower, Journal, News};
pub use recorder::{RecordError, Recorded, Recorder};
pub use runtime::{Builtin, Code, Program};

use crate::acs::{Ambient, Credentials, Endpoint, Environment, Principal, SessionPolicy};
use crate::preflight::{Caller, Source};
use crate::ram::{Layer, Policies, Policy};
use directory::Who;
use world::World;

/// How many notices wait until somebody hears them; more are not needed.
const NOTICES: usize = 16;

/// How long requests that are under way may take once [`Sandbox::stop`] is called.
pub const GRACE: Duration = Duration::from_millis(400);

/// How a sandbox is run, beside its configuration.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 is any.
    pub listen: SocketAddr,
    /// Denials are noted and let pass; signatures are checked all the same.
    pub soft: bool,
    /// Where the smallest policy that covers the calls seen is written.
    pub record_policy: Option<PathBuf>,
    /// How long a client may take to send its header fields, again its body, and to go on
    /// reading.
    pub patience: Duration,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be had.
    #[error("the sandbox cannot listen on `{address}`: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The recorded policy could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            soft: false,
            record_policy: None,
            patience: Duration::from_secs(30),
        }
    }
}

/// A running sandbox; it ends when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    world: Arc<World>,
    ending: watch::Sender<bool>,
    notices: mpsc::Receiver<String>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
        // What runs holds the world, and with it every child.
        self.world.tasks.end();
    }
}

impl Sandbox {
    /// Listens, and answers in the background. Functions get of the environment what they need
    /// to find programs.
    ///
    /// # Errors
    /// The address cannot be had, or the recorded policy could not be written.
    pub async fn start(
        config: Config,
        options: Options,
        ambient: Ambient,
        environment: &dyn Environment,
    ) -> Result<Self, StartError> {
        let recorder = Recorder::new(options.record_policy)?;
        let listen = options.listen;
        let cannot = |source| StartError::Listen {
            address: listen,
            source,
        };
        let listener = server::listen(listen).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let (ending, end) = watch::channel(false);
        let (say, notices) = mpsc::channel(NOTICES);
        let config = Arc::new(config);
        let soft = options.soft;
        let world = World::new(config, address, ambient, environment, soft, recorder, say);
        let world = Arc::new(world);
        let server = server::serve(listener, Arc::clone(&world), options.patience, end);
        let server = tokio::spawn(server);
        Ok(Self {
            address,
            world,
            ending,
            notices,
            server,
        })
    }

    /// Ends it within a second: calls that are under way have a moment left, asynchronous ones
    /// none, and no child process is left behind.
    ///
    /// # Errors
    /// The recorded policy cannot be written.
    pub async fn stop(&mut self) -> Result<(), RecordError> {
        self.ending.send_replace(true);
        self.world.tasks.end();
        self.world.journal.close();
        let _ended = (&mut self.server).await;
        self.world.runtime.stop().await;
        self.world.recorder.write()
    }

    /// The calls as they come.
    pub fn follow(&self) -> Follower {
        self.world.journal.follow(0)
    }

    /// The next thing that whoever runs it should know.
    pub async fn notice(&mut self) -> Option<String> {
        self.notices.recv().await
    }

    /// The address of its page.
    pub fn page(&self) -> String {
        self.world.guard.address()
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
            expires_at: None,
            session_policy: SessionPolicy::Unknown,
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
            to_read: None,
        }
    }
}
