//! Who calls and where to, as the flags and the environment say it: what every command that
//! signs has in common.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::acs::credentials::{Choice, Limits, World};
use crate::acs::ram::{self, Ram};
use crate::acs::resource_manager::{self, ResourceManager};
use crate::acs::rpc::{Client, RpcError};
use crate::acs::sts::{self, CallerIdentity};
use crate::acs::transport::{Transport, TransportOptions};
use crate::acs::{Ambient, Credentials, Endpoint, EndpointOverrides, Environment, SystemFiles};
use crate::cli::GlobalArgs;
use crate::diagnosis::{Exit, Failure, codes};
use crate::preflight::live::{self, Services, Standing};

/// What a command is given from outside.
#[derive(Clone, Copy)]
pub(super) struct Outside<'a> {
    pub(super) global: &'a GlobalArgs,
    pub(super) environment: &'a dyn Environment,
    pub(super) ambient: Ambient,
}

impl Outside<'_> {
    pub(super) fn transport(&self) -> Result<Transport, Box<Failure>> {
        Ok(Transport::new(TransportOptions {
            connect_timeout: Duration::from_secs(self.global.connect_timeout.into()),
            system_certs: self.global.system_certs,
            cert_file: variable(self.environment, "SSL_CERT_FILE")?,
        }))
    }

    /// Whose credentials are wanted.
    pub(super) fn choice(&self) -> Choice {
        match (&self.global.profile, &self.global.access) {
            (Some(name), _) => Choice::Profile(name.clone()),
            (None, Some(name)) => Choice::Alias(name.clone()),
            (None, None) => Choice::Any,
        }
    }

    /// What the sources of credentials may look at.
    pub(super) fn sources<'a>(
        &'a self,
        transport: &'a Transport,
        endpoints: &'a EndpointOverrides,
    ) -> World<'a> {
        World {
            environment: self.environment,
            files: &SystemFiles,
            transport,
            endpoints,
            metadata: Endpoint::metadata(),
            region: None,
            vpc: self.global.vpc,
            allow_http: self.global.allow_http,
            offline: false,
            limits: Limits::default(),
            ambient: self.ambient,
            notices: RefCell::default(),
        }
    }

    /// The endpoints that flags and variables name. A flag, even the general one, beats a
    /// variable.
    pub(super) fn overrides(&self) -> Result<EndpointOverrides, Box<Failure>> {
        let global = self.global;
        let parse = |name: &str, address: Option<&str>| -> Result<_, Box<Failure>> {
            let parsed = address.map(|address| Endpoint::parse(address, global.allow_http));
            parsed.transpose().map_err(|error| {
                let failure = Failure::from(error);
                Box::new(failure.because(format!("given with `{name}`")))
            })
        };
        let from_variable = |name: &str| parse(name, variable(self.environment, name)?.as_deref());
        let all = parse("--endpoint", global.endpoint.as_deref())?;
        let particular = |flag: &str, value: &Option<String>, name: &str| match (
            parse(flag, value.as_deref())?,
            &all,
        ) {
            (None, None) => from_variable(name),
            (given, _) => Ok(given),
        };
        Ok(EndpointOverrides {
            fc: particular("--fc-endpoint", &global.fc_endpoint, "SESAME_FC_ENDPOINT")?,
            sts: particular(
                "--sts-endpoint",
                &global.sts_endpoint,
                "SESAME_STS_ENDPOINT",
            )?,
            ram: particular(
                "--ram-endpoint",
                &global.ram_endpoint,
                "SESAME_RAM_ENDPOINT",
            )?,
            all: match all {
                Some(all) => Some(all),
                None => from_variable("SESAME_ENDPOINT")?,
            },
        })
    }
}

fn variable(environment: &dyn Environment, name: &str) -> Result<Option<String>, Box<Failure>> {
    environment.var(name).map_err(|error| {
        let failure = Failure::new(codes::ENVIRONMENT, error);
        Box::new(failure.hint("set it to text in UTF-8, or unset it"))
    })
}

/// Why it is not known who calls.
pub(super) enum NoIdentity {
    /// The credentials are refused, wherever they go.
    Refused(Box<Failure>),
    /// Another cause, in words; the call itself may work all the same.
    Unknown(Box<Failure>),
}

/// Asks the account who calls and by which policies.
pub(super) struct Asker<'a> {
    pub(super) transport: &'a Transport,
    pub(super) overrides: &'a EndpointOverrides,
    pub(super) credentials: &'a Credentials,
    pub(super) ambient: Ambient,
    /// When all answers must be there.
    pub(super) deadline: Instant,
}

impl<'a> Asker<'a> {
    pub(super) fn new(
        transport: &'a Transport,
        overrides: &'a EndpointOverrides,
        credentials: &'a Credentials,
        ambient: Ambient,
    ) -> Self {
        Self {
            transport,
            overrides,
            credentials,
            ambient,
            deadline: Instant::now() + live::LIMIT,
        }
    }

    /// Who calls, as STS knows it.
    pub(super) async fn identity(&self, sts: &Endpoint) -> Result<CallerIdentity, NoIdentity> {
        let asked = sts::get_caller_identity(self.transport, sts, self.credentials, self.ambient);
        match timeout_at(self.deadline, asked).await {
            Ok(Ok(identity)) => Ok(identity),
            Ok(Err(error)) => Err(self.no_identity(error)),
            Err(_) => {
                let seconds = live::LIMIT.as_secs();
                let title = format!("STS did not answer within {seconds} s");
                let failure = Failure::new(codes::TIMEOUT, title);
                Err(NoIdentity::Unknown(Box::new(failure.hint(
                    "check the network, and `--sts-endpoint` where it is given",
                ))))
            }
        }
    }

    fn no_identity(&self, error: RpcError) -> NoIdentity {
        let failure = Failure::of_rpc(error, "sesame asked STS who calls");
        match failure.code.exit {
            Exit::Credentials => {
                NoIdentity::Refused(Box::new(signed_by(failure, self.credentials)))
            }
            _ => NoIdentity::Unknown(Box::new(failure)),
        }
    }

    /// The caller's policies, as far as they may be read.
    pub(super) async fn standing(&self, caller: &CallerIdentity) -> Standing {
        let client = |endpoint, version| Client {
            transport: self.transport,
            endpoint,
            version,
            credentials: self.credentials,
            ambient: self.ambient,
        };
        let resource_manager = self.overrides.resource_manager();
        let services = Services {
            ram: Ram(client(self.overrides.ram(), ram::VERSION)),
            resource_manager: ResourceManager(client(resource_manager, resource_manager::VERSION)),
            deadline: self.deadline,
        };
        live::read(&services, caller, &self.credentials.session_policy).await
    }
}

/// Where the key is from, when it is the key that a service does not take.
pub(super) fn signed_by(failure: Failure, credentials: &Credentials) -> Failure {
    match failure.code.exit {
        Exit::Credentials => failure.because(format!(
            "the key `{}` is from {}",
            credentials.access_key_id, credentials.source
        )),
        _ => failure,
    }
}
