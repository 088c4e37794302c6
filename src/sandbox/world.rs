//! The sandbox's state, and the life of one request in it: who, may they, is it there, do it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use axum::body::Body;
use axum::http::Response;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::answer::Refused;
use super::authenticate::{Arrived, Nonces, authenticate};
use super::authorise::{self, Asked, Prepared, Verdict};
use super::config::{Config, Function};
use super::denial;
use super::directory::{Directory, Who};
use super::journal::Journal;
use super::operation::{FcCall, FcKind, Operation, Product};
use super::page::guard::Guard;
use super::recorder::{Recorded, Recorder};
use super::runtime::Runtime;
use super::sts::ASSUME_ROLE;
use super::tasks::{self, Tasks};
use super::trail::{Trail, UnderWay};
use super::{functions, invoke, ram, resource_manager, sts, triggers};
use crate::acs::{Ambient, Environment, Secret};
use crate::fc::{Target, TargetNames};

/// Everything that a request can meet.
#[derive(Debug)]
pub(super) struct World {
    pub(super) config: Arc<Config>,
    /// Where it listens.
    pub(super) address: SocketAddr,
    pub(super) started: Timestamp,
    pub(super) ambient: Ambient,
    /// Denials are noted and let pass.
    pub(super) soft: bool,
    pub(super) runtime: Arc<Runtime>,
    pub(super) tasks: Arc<Tasks>,
    pub(super) guard: Guard,
    pub(super) journal: Arc<Journal>,
    pub(super) recorder: Arc<Recorder>,
    /// What whoever runs the sandbox should know.
    notices: mpsc::Sender<String>,
    directory: RwLock<Directory>,
    nonces: Mutex<Nonces>,
    prepared: Prepared,
}

impl World {
    pub(super) fn new(
        config: Arc<Config>,
        address: SocketAddr,
        ambient: Ambient,
        environment: &dyn Environment,
        soft: bool,
        recorder: Recorder,
        notices: mpsc::Sender<String>,
    ) -> Self {
        let started = (ambient.now)();
        let directory = Directory::new(&config, started);
        let (account, region) = (config.account.as_str(), config.region.as_str());
        Self {
            runtime: Arc::new(Runtime::new(account, region, ambient, environment)),
            tasks: Arc::new(Tasks::new(ambient.now)),
            config,
            address,
            started,
            ambient,
            soft,
            guard: Guard::new(address, Secret::new((ambient.nonce)())),
            journal: Arc::default(),
            recorder: Arc::new(recorder),
            notices,
            directory: RwLock::new(directory),
            nonces: Mutex::default(),
            prepared: Prepared::default(),
        }
    }

    pub(super) fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.directory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn directory_mut(&self) -> RwLockWriteGuard<'_, Directory> {
        self.directory
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn answer(
        self: &Arc<Self>,
        call: &mut UnderWay,
    ) -> Result<Response<Body>, Refused> {
        let (arrived, operation, trail) = (&call.arrived, &call.operation, &mut call.trail);
        let request_id = call.request_id.as_str();
        match operation {
            Operation::Trigger(call) => {
                triggers::answer(self, call, arrived, request_id, trail).await
            }
            Operation::Lacking(_, name) => {
                self.authenticate(arrived, operation, trail)?;
                Err(Refused::lacking(name))
            }
            Operation::Rpc(call) => {
                let who = self.authenticate(arrived, operation, trail)?;
                match call.product {
                    Product::Sts => sts::answer(self, call, &who, arrived, request_id, trail),
                    Product::Ram => ram::answer(self, call, &who, arrived, request_id, trail),
                    Product::ResourceManager => {
                        resource_manager::answer(self, call, &who, arrived, request_id, trail)
                    }
                    Product::Fc(_) => Err(Refused::lacking(&call.action)),
                }
            }
            Operation::Fc(call) => {
                let who = self.authenticate(arrived, operation, trail)?;
                self.check_address(call, arrived)?;
                self.authorise_fc(call, &who, arrived, trail)?;
                match call.kind {
                    FcKind::Invoke => invoke::answer(self, call, arrived, request_id).await,
                    FcKind::GetTask | FcKind::ListTasks | FcKind::StopTask => {
                        tasks::answer(self, call, arrived, request_id)
                    }
                    _ => functions::answer(self, call, arrived, request_id),
                }
            }
        }
    }

    /// Who signed a request to an API.
    fn authenticate(
        &self,
        arrived: &Arrived,
        operation: &Operation,
        trail: &mut Trail,
    ) -> Result<Who, Refused> {
        let now = (self.ambient.now)();
        let directory = self.directory();
        let who = authenticate(arrived, operation, &directory, &mut self.nonces(), now)?;
        trail.who = Some(who.clone());
        Ok(who)
    }

    /// Whether the account has the service at all, and the names are names.
    pub(super) fn check_address(&self, call: &FcCall, arrived: &Arrived) -> Result<(), Refused> {
        let account = &self.config.account;
        let named = arrived.headers.get("x-fc-account-id");
        let host = arrived.header("host").split('.').next().unwrap_or_default();
        let in_host = Some(host)
            .filter(|label| label.len() >= 10 && label.bytes().all(|byte| byte.is_ascii_digit()));
        if [named, in_host]
            .into_iter()
            .flatten()
            .any(|id| id != account)
        {
            let message = "The service or function doesn't belong to you.";
            return Err(Refused::new(403, "AccessDenied", message));
        }
        if !self.config.service_activated {
            let message = "FC service is not enabled for current user.";
            return Err(Refused::new(403, "AccessDenied", message));
        }
        // A name that no function can have would stand in the resource that RAM is asked about.
        let names = TargetNames {
            api: None,
            region: self.config.region.clone(),
            account: None,
            service: call.service.clone(),
            function: call.function.clone().unwrap_or_else(|| "f".to_owned()),
            qualifier: call.qualifier.clone(),
        };
        Target::new(names).map_err(|error| Refused::invalid_argument(error.to_string()))?;
        let item = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        match &call.item {
            Some(name) if name.is_empty() || !name.bytes().all(item) => Err(
                Refused::invalid_argument(format!("'{name}' cannot be a name")),
            ),
            _ => Ok(()),
        }
    }

    pub(super) fn authorise_fc(
        &self,
        call: &FcCall,
        who: &Who,
        arrived: &Arrived,
        trail: &mut Trail,
    ) -> Result<(), Refused> {
        let config = &self.config;
        let asked = authorise::of_fc(
            call,
            &config.region,
            &config.account,
            config.qualified_latest,
        );
        let asked = asked.ok_or_else(|| Refused::lacking(call.name()))?;
        let group = call.function.as_deref().and_then(|name| {
            let function = self.function(call.service.as_deref(), name)?;
            function.resource_group.as_deref()
        });
        self.authorise(asked, Product::Fc(call.api), who, group, arrived, trail)
    }

    /// Asks the engine. Authorisation precedes existence: no right and no function is a 403.
    pub(super) fn authorise(
        &self,
        asked: Asked,
        product: Product,
        who: &Who,
        group: Option<&str>,
        arrived: &Arrived,
        trail: &mut Trail,
    ) -> Result<(), Refused> {
        self.authorise_all(vec![asked], product, who, group, arrived, trail)
    }

    /// The same for an operation that needs several permissions: all of them.
    pub(super) fn authorise_all(
        &self,
        asked: Vec<Asked>,
        product: Product,
        who: &Who,
        group: Option<&str>,
        arrived: &Arrived,
        trail: &mut Trail,
    ) -> Result<(), Refused> {
        let context = authorise::context(arrived, &self.config.context, (self.ambient.now)());
        let directory = self.directory();
        let decide = |asked| {
            let prepared = &self.prepared;
            prepared.decide(asked, who, group, &directory, &context)
        };
        let mut verdicts: Vec<Verdict> = asked.into_iter().map(decide).collect();
        let denied = verdicts.iter().position(|verdict| !verdict.is_allowed());
        let refused = denied
            .filter(|_| !self.soft)
            .and_then(|place| verdicts.get(place))
            .map(|verdict| denial::refuse(product, verdict, &directory.principal(who)));
        trail.let_through |= denied.is_some() && self.soft;
        // A role's trust policy has its own word to say before anything went through.
        if refused.is_none() && !verdicts.iter().any(|one| one.asked.action == ASSUME_ROLE) {
            verdicts
                .iter()
                .for_each(|verdict| self.record(who, &verdict.asked));
        }
        // A denial says more than what was allowed beside it.
        verdicts.drain(..denied.unwrap_or_default());
        trail.verdict = verdicts.into_iter().next();
        refused.map_or(Ok(()), Err)
    }

    /// Adds what went through to the recorded policy.
    pub(super) fn record(&self, who: &Who, asked: &Asked) {
        let identity = match who {
            Who::User(name) => name.clone(),
            // A role's sessions come and go; its policy is what is looked for. No user is named so.
            Who::Session(session) => format!("role/{}", session.role),
        };
        match self
            .recorder
            .record(&identity, &asked.action, &asked.resource)
        {
            Recorded::Known => {}
            Recorded::Full => self.notify("the recorded policy is full: what is new is left out"),
            Recorded::New => {
                let (recorder, notices) = (Arc::clone(&self.recorder), self.notices.clone());
                tokio::task::spawn_blocking(move || {
                    if let Err(error) = recorder.write() {
                        // Nobody listens, or too much was said already.
                        let _unheard = notices.try_send(error.to_string());
                    }
                });
            }
        }
    }

    fn notify(&self, notice: &str) {
        let _unheard = self.notices.try_send(notice.to_owned());
    }

    /// The function of a name.
    pub(super) fn function(&self, service: Option<&str>, name: &str) -> Option<&Function> {
        self.config
            .functions
            .iter()
            .find(|function| function.service() == service && function.name() == name)
    }

    /// The functions of a service; none when there is no such service.
    pub(super) fn functions_of<'a>(
        &'a self,
        service: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Function> {
        self.config
            .functions
            .iter()
            .filter(move |function| function.service() == service)
    }

    /// The services; one with several functions comes as often.
    pub(super) fn services(&self) -> impl Iterator<Item = &str> {
        let functions = self.config.functions.iter();
        functions.filter_map(Function::service)
    }

    /// The address of an HTTP trigger's own host name.
    pub(super) fn trigger_url(&self, host: &str) -> String {
        format!("http://{host}:{}", self.address.port())
    }
}
