//! Where a call goes and who makes it: Alibaba Cloud with the credentials that are found, or
//! the sandbox inside this process with one of its identities.

use std::cell::RefCell;
use std::time::Duration;

use super::check::unread_caller;
use super::{Command, Stop, signed_by};
use crate::acs::credentials::{self, Choice, CredentialsError, Keeper, Limits, World};
use crate::acs::transport::{Transport, TransportOptions};
use crate::acs::{
    Credentials, Endpoint, EndpointOverrides, Environment, Principal, SystemFiles, sts,
};
use crate::cli::GlobalArgs;
use crate::commands::input;
use crate::diagnosis::{Failure, codes};
use crate::fc::{self, Target};
use crate::output::{Printer, Verbosity, escape};
use crate::preflight::{Caller, RequirementError, Source};
use crate::project::{Function, Value};
use crate::ram::{Layer, Policies, Policy, closest};
use crate::sandbox::{Config, Options, Sandbox};

/// How long STS may take to say whose account it is.
const STS_LIMIT: Duration = Duration::from_secs(20);

/// What credentials are needed for.
#[derive(Clone, Copy)]
pub(super) struct Need {
    /// Something is signed.
    pub(super) signs: bool,
    /// The resource must be known, and with it the account.
    pub(super) resource: bool,
}

pub(super) struct Setting {
    pub(super) transport: Transport,
    overrides: EndpointOverrides,
    /// The sandbox, and the name of who calls.
    world: Option<(Sandbox, String)>,
    keeper: Keeper,
    /// What the project file says of the call at hand.
    file: OfFile,
    /// There is no alias `default`.
    no_default: bool,
}

/// What a project file says where no flag has spoken.
#[derive(Debug, Default)]
struct OfFile {
    /// The alias, which the keeper has been told.
    access: Option<Value>,
    endpoint: Option<Endpoint>,
}

/// The alias that every new project names. Where nobody has made one of the name it means
/// nobody in particular.
const NOBODY: &str = "default";

impl Setting {
    pub(super) async fn of(command: &Command<'_>) -> Result<Self, Stop> {
        let global = command.global;
        let transport = Transport::new(TransportOptions {
            connect_timeout: Duration::from_secs(global.connect_timeout.into()),
            system_certs: global.system_certs,
            cert_file: variable(command.environment, "SSL_CERT_FILE")?,
        });
        if command.args.call.sandbox.is_some() {
            if let Some(name) = &global.profile {
                let title = format!("`--profile {name}` means nothing to the sandbox");
                return Err(Failure::new(codes::IDENTITY, title)
                    .hint("`-a` names one of its identities")
                    .into());
            }
            let world = Some(sandbox(command).await?);
            return Ok(Self {
                transport,
                overrides: EndpointOverrides::default(),
                world,
                keeper: Keeper::default(),
                file: OfFile::default(),
                no_default: false,
            });
        }
        let choice = match (&global.profile, &global.access) {
            (Some(name), _) => Choice::Profile(name.clone()),
            (None, Some(name)) => Choice::Alias(name.clone()),
            (None, None) => Choice::Any,
        };
        Ok(Self {
            transport,
            overrides: overrides(global, command.environment)?,
            world: None,
            keeper: Keeper::new(choice),
            file: OfFile::default(),
            no_default: false,
        })
    }

    /// Turns to the next function: its alias and its endpoint, where they are needed and no
    /// flag has spoken. The sandbox has identities and an endpoint of its own.
    pub(super) fn follow(
        &mut self,
        function: Option<&Function<'_>>,
        need: Need,
        command: &Command<'_>,
    ) -> Result<(), Stop> {
        let Some(function) = function.filter(|_| self.world.is_none()) else {
            return Ok(());
        };
        self.file = OfFile::default();
        let global = command.global;
        let has_account = command.args.target.account_id.is_some();
        let asks = need.signs || !has_account;
        if global.profile.is_none() && global.access.is_none() && asks {
            self.file.access = function.access()?;
            let alias = self.file.access.as_ref().map(|alias| alias.text.clone());
            let alias = alias.filter(|alias| !(self.no_default && alias == NOBODY));
            let choice = alias.map_or(Choice::Any, Choice::Alias);
            if *self.keeper.choice() != choice {
                self.keeper = Keeper::new(choice);
            }
        }
        if need.signs && self.overrides.fc().is_none() {
            self.file.endpoint = function.endpoint(&global.allow_endpoint, global.allow_http)?;
        }
        Ok(())
    }

    /// The endpoint of calls that somebody named.
    fn named_endpoint(&self) -> Option<&Endpoint> {
        self.overrides.fc().or(self.file.endpoint.as_ref())
    }

    /// The account that the credentials record, where they can be had.
    pub(super) async fn recorded_account(
        &mut self,
        command: &Command<'_>,
        printer: &mut Printer,
    ) -> Option<String> {
        let world = sources(&self.transport, &self.overrides, command);
        let found = self.keeper.credentials(&world).await.cloned();
        for notice in world.notices.take() {
            printer.line(Verbosity::Verbose, &escape::line(&notice));
        }
        found.ok()?.account_id
    }

    /// What the sandbox knows, when there is one.
    pub(super) fn world(&self) -> Option<&Config> {
        self.world.as_ref().map(|(sandbox, _)| sandbox.config())
    }

    /// Who calls, where that is known without asking.
    pub(super) fn principal(&self) -> Option<Principal> {
        let (sandbox, user) = self.world.as_ref()?;
        Some(sandbox.principal(user))
    }

    /// The region of the profile that calls, where neither a flag nor a variable names one.
    pub(super) fn region_of_profile(&self, command: &Command<'_>) -> Result<Option<String>, Stop> {
        let world = sources(&self.transport, &self.overrides, command);
        Ok(credentials::region(&world, self.keeper.choice())?)
    }

    /// Whether STS may have to say whose account it is.
    fn needs_account(&self, target: &Target, needs_resource: bool) -> bool {
        target.account().is_none() && (needs_resource || self.named_endpoint().is_none())
    }

    /// Who signs, fresh each time. Where nobody needs to, it is enough to know whether somebody
    /// could, and nothing is fetched for that unless the account must be found out.
    pub(super) async fn credentials(
        &mut self,
        command: &Command<'_>,
        target: &Target,
        need: Need,
        printer: &mut Printer,
    ) -> Result<Option<Credentials>, Stop> {
        if let Some((sandbox, user)) = &self.world {
            return match sandbox.credentials(user) {
                None if need.signs => {
                    let title = format!("the sandbox's identity `{user}` has no access key");
                    let hint = "give it an `access_key` in the configuration";
                    Err(Failure::new(codes::IDENTITY, title).hint(hint).into())
                }
                found => Ok(found),
            };
        }
        let offline = !need.signs && !self.needs_account(target, need.resource);
        let world = World {
            region: Some(target.region().to_owned()),
            offline,
            ..sources(&self.transport, &self.overrides, command)
        };
        let named = *self.keeper.choice() != Choice::Any && self.file.access.is_none();
        let mut found = self.keeper.credentials(&world).await.cloned();
        if self.file.is_nobody(&found) {
            self.keeper = Keeper::new(Choice::Any);
            self.no_default = true;
            found = self.keeper.credentials(&world).await.cloned();
        }
        for notice in world.notices.take() {
            printer.line(Verbosity::Verbose, &escape::line(&notice));
        }
        match found {
            Ok(found) => Ok(Some(found)),
            Err(CredentialsError::NotAsked { .. }) => Ok(None),
            Err(error) if need.signs || named => Err(self.file.named_by(error.into()).into()),
            Err(_) => Ok(None),
        }
    }

    /// The target with its account, where the host or a resource needs it and nobody said it.
    pub(super) async fn with_account(
        &self,
        target: Target,
        needs_resource: bool,
        found: Option<&Credentials>,
        command: &Command<'_>,
    ) -> Result<Target, Stop> {
        if !self.needs_account(&target, needs_resource) {
            return Ok(target);
        }
        let Some(found) = found else {
            return Err(Failure::from(RequirementError::NoAccount).into());
        };
        if let Some(account) = &found.account_id {
            return Ok(target.in_account(account)?);
        }
        if command.args.call.dry_run {
            let failure = Failure::from(RequirementError::NoAccount);
            return Err(failure
                .because("a dry run sends nothing, so STS was not asked")
                .into());
        }
        let endpoint = self.overrides.sts(target.region(), command.global.vpc);
        let asked = sts::get_caller_identity(&self.transport, &endpoint, found, command.ambient);
        match tokio::time::timeout(STS_LIMIT, asked).await {
            Ok(Ok(identity)) => Ok(target.in_account(&identity.account_id)?),
            Ok(Err(error)) => Err(signed_by(error.into(), found).into()),
            Err(_) => {
                let title = format!("STS did not answer within {} s", STS_LIMIT.as_secs());
                Err(Failure::new(codes::TIMEOUT, title)
                    .because("sesame asked it for the account id")
                    .hint("`--account-id` spares the question")
                    .into())
            }
        }
    }

    /// Where the call goes.
    pub(super) fn endpoint(&self, target: &Target, vpc: bool) -> Endpoint {
        if let Some((sandbox, _)) = &self.world {
            return sandbox.endpoint();
        }
        let own = || fc::endpoint::of(target.account().unwrap_or_default(), target.region(), vpc);
        self.named_endpoint().cloned().unwrap_or_else(own)
    }

    /// Who calls and by which policies: the ones that were named, or the sandbox's own.
    pub(super) fn caller(&self, target: &Target, named: Vec<Policy>) -> Caller {
        let mut layers: Vec<Layer> = named.iter().map(|policy| policy.layer).collect();
        layers.dedup();
        let principal = self.principal();
        if layers.contains(&Layer::Account) {
            let sources = vec![Source::File; named.len()];
            let policies = Policies::new(named);
            return Caller {
                principal,
                policies,
                sources,
                layers_seen: layers,
                unread: Vec::new(),
            };
        }
        match &self.world {
            Some((sandbox, user)) => {
                sandbox.caller(user, target.service(), target.function(), named)
            }
            None => unread_caller(named, layers),
        }
    }
}

impl OfFile {
    /// Whether the file names nobody in particular.
    fn is_nobody(&self, found: &Result<Credentials, CredentialsError>) -> bool {
        let is_default = self.access.as_ref().is_some_and(|one| one.text == NOBODY);
        is_default && matches!(found, Err(CredentialsError::Unknown { .. }))
    }

    /// Who named the alias, when it is the alias that does not do.
    fn named_by(&self, failure: Failure) -> Failure {
        match &self.access {
            Some(alias) => failure
                .because(format!(
                    "the project file names `{}`: {}",
                    alias.text, alias.place
                ))
                .hint("`-a ALIAS` or `--profile NAME` beats the file"),
            None => failure,
        }
    }
}

/// What the sources of credentials may look at.
fn sources<'a>(
    transport: &'a Transport,
    endpoints: &'a EndpointOverrides,
    command: &'a Command<'_>,
) -> World<'a> {
    World {
        environment: command.environment,
        files: &SystemFiles,
        transport,
        endpoints,
        metadata: Endpoint::metadata(),
        region: None,
        vpc: command.global.vpc,
        allow_http: command.global.allow_http,
        offline: false,
        limits: Limits::default(),
        ambient: command.ambient,
        notices: RefCell::default(),
    }
}

async fn sandbox(command: &Command<'_>) -> Result<(Sandbox, String), Stop> {
    let mut config = match command.args.call.sandbox.iter().flatten().next() {
        Some(path) => input::sandbox(path)?,
        None => Config::demo(),
    };
    let flags = &command.args.target;
    // The flags move the whole sandbox, so that what is called and what answers agree.
    config.region = flags.region.clone().unwrap_or(config.region);
    config.account = flags.account_id.clone().unwrap_or(config.account);
    let names: Vec<&str> = config.users.iter().map(|user| user.name.as_str()).collect();
    let name = command.global.access.as_deref().or(names.first().copied());
    let name = name.unwrap_or_default().to_owned();
    if !names.contains(&name.as_str()) {
        let title = match name.is_empty() {
            true => "the sandbox has no identity".to_owned(),
            false => format!("the sandbox has no identity `{name}`"),
        };
        let hint = match closest(&name, &names) {
            Some(meant) => format!("did you mean `{meant}`? it has {}", names.join(", ")),
            None if names.is_empty() => "give its configuration a user".to_owned(),
            None => format!("it has {}", names.join(", ")),
        };
        return Err(Failure::new(codes::IDENTITY, title).hint(hint).into());
    }
    let (options, ambient) = (Options::default(), command.ambient);
    let sandbox = Sandbox::start(config, options, ambient, command.environment)
        .await
        .map_err(|error| {
            Failure::new(
                codes::UNREACHABLE,
                format!("the sandbox cannot listen on loopback: {error}"),
            )
        })?;
    Ok((sandbox, name))
}

fn variable(environment: &dyn Environment, name: &str) -> Result<Option<String>, Stop> {
    environment.var(name).map_err(|error| {
        Failure::new(codes::ENVIRONMENT, error)
            .hint("set it to text in UTF-8, or unset it")
            .into()
    })
}

/// The endpoints that flags and variables name. A flag, even the general one, beats a variable.
fn overrides(
    global: &GlobalArgs,
    environment: &dyn Environment,
) -> Result<EndpointOverrides, Stop> {
    let parse = |name: &str, address: Option<&str>| -> Result<Option<Endpoint>, Stop> {
        let parsed = address.map(|address| Endpoint::parse(address, global.allow_http));
        parsed.transpose().map_err(|error| {
            Failure::from(error)
                .because(format!("given with `{name}`"))
                .into()
        })
    };
    let from_variable = |name: &str| parse(name, variable(environment, name)?.as_deref());
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
