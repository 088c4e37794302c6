//! Where a call goes and who makes it: Alibaba Cloud with the credentials that are found, or
//! the sandbox inside this process with one of its identities.

use std::time::Duration;

use super::check::{named_caller, unread_caller};
use super::{Command, Stop};
use crate::acs::credentials::{self, Choice, CredentialsError, Keeper, World};
use crate::acs::sts::{self, CallerIdentity};
use crate::acs::transport::Transport;
use crate::acs::{Credentials, Endpoint, EndpointOverrides, Principal};
use crate::commands::calling::{Asker, NoIdentity, signed_by};
use crate::commands::input;
use crate::diagnosis::{Failure, codes};
use crate::fc::{self, Target};
use crate::output::{Printer, Verbosity, escape};
use crate::preflight::live::Standing;
use crate::preflight::{Caller, RequirementError};
use crate::project::{Function, Value};
use crate::ram::{Layer, Policy, closest};
use crate::sandbox::{Config, Options, Sandbox};

/// How long STS may take to say whose account it is.
const STS_LIMIT: Duration = Duration::from_secs(20);

/// How policies that cannot be read are given.
const NAME_THEM: &str = "name them with `--policy-file`";

/// What credentials are needed for.
#[derive(Clone, Copy)]
pub(super) struct Need {
    /// Something is signed.
    pub(super) signs: bool,
    /// The resource must be known, and with it the account.
    pub(super) resource: bool,
    /// The account is asked about the caller's policies.
    pub(super) asks: bool,
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
    /// Who calls, once STS has said it.
    identity: Option<CallerIdentity>,
    /// Their policies, once they were read: the same for each function that is called.
    standing: Option<Standing>,
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
        let outside = command.outside();
        let transport = outside.transport()?;
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
                identity: None,
                standing: None,
            });
        }
        Ok(Self {
            transport,
            overrides: outside.overrides()?,
            world: None,
            keeper: Keeper::new(outside.choice()),
            file: OfFile::default(),
            no_default: false,
            identity: None,
            standing: None,
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
                self.sign_as(choice);
            }
        }
        if need.signs && self.overrides.fc().is_none() {
            self.file.endpoint = function.endpoint(&global.allow_endpoint, global.allow_http)?;
        }
        Ok(())
    }

    fn sign_as(&mut self, choice: Choice) {
        self.keeper = Keeper::new(choice);
        (self.identity, self.standing) = (None, None);
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
        let outside = command.outside();
        let world = outside.sources(&self.transport, &self.overrides);
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
        let outside = command.outside();
        let world = outside.sources(&self.transport, &self.overrides);
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
        let offline = !need.signs && !need.asks && !self.needs_account(target, need.resource);
        let outside = command.outside();
        let world = World {
            region: Some(target.region().to_owned()),
            offline,
            ..outside.sources(&self.transport, &self.overrides)
        };
        let named = *self.keeper.choice() != Choice::Any && self.file.access.is_none();
        let mut found = self.keeper.credentials(&world).await.cloned();
        if self.file.is_nobody(&found) {
            self.keeper = Keeper::new(Choice::Any);
            (self.identity, self.standing) = (None, None);
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
            Err(CredentialsError::NotFound { .. }) => Ok(None),
            Err(error) if need.asks => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// The target with its account, where the host or a resource needs it and nobody said it.
    pub(super) async fn with_account(
        &mut self,
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
        let known = self.identity.as_ref().map(|identity| &identity.account_id);
        if let Some(account) = found.account_id.as_ref().or(known) {
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
            Ok(Ok(identity)) => {
                let target = target.in_account(&identity.account_id)?;
                self.identity = Some(identity);
                Ok(target)
            }
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

    /// Whether a check by the named policies still has to ask the account for others. A dry
    /// run asks nobody.
    pub(super) fn must_ask(&self, named: &[Policy], command: &Command<'_>) -> bool {
        let is_named = named.iter().any(|policy| policy.layer == Layer::Account);
        self.world.is_none() && !is_named && !command.args.call.dry_run
    }

    /// Who calls and by which policies: the ones that were named, the sandbox's own, or the
    /// account's.
    pub(super) async fn caller(
        &mut self,
        target: &Target,
        named: Vec<Policy>,
        found: Option<&Credentials>,
        command: &Command<'_>,
    ) -> Result<Caller, Stop> {
        let is_named = named.iter().any(|policy| policy.layer == Layer::Account);
        match (&self.world, found) {
            _ if is_named => Ok(named_caller(self.principal(), named)),
            (Some((sandbox, user)), _) => {
                Ok(sandbox.caller(user, target.service(), target.function(), named))
            }
            (None, _) if command.args.call.dry_run => {
                Ok(unread_caller(named, "a dry run asks nobody", NAME_THEM))
            }
            (None, None) => Ok(unread_caller(
                named,
                "there are no credentials to ask with",
                NAME_THEM,
            )),
            (None, Some(found)) => self.live_caller(target, named, found, command).await,
        }
    }

    async fn live_caller(
        &mut self,
        target: &Target,
        named: Vec<Policy>,
        found: &Credentials,
        command: &Command<'_>,
    ) -> Result<Caller, Stop> {
        let asker = Asker::new(&self.transport, &self.overrides, found, command.ambient);
        let asked = match &self.identity {
            Some(identity) => Ok(identity.clone()),
            None => {
                let sts = self.overrides.sts(target.region(), command.global.vpc);
                let asked = asker.identity(&sts).await;
                self.identity = asked.as_ref().ok().cloned();
                asked
            }
        };
        let of_target = target.account().unwrap_or_default();
        match asked {
            // No policy of the caller's account reaches into another.
            Ok(identity) if identity.account_id != of_target => {
                let own = &identity.account_id;
                let why =
                    format!("the caller is of account {own}, and the function of {of_target}");
                let settle =
                    format!("call with credentials of {of_target}, or with `--account-id {own}`");
                Ok(unread_caller(named, &why, &settle))
            }
            Ok(identity) => {
                let standing = match self.standing.take() {
                    Some(standing) => standing,
                    None => asker.standing(&identity).await,
                };
                Ok(self.standing.insert(standing).clone().caller(named))
            }
            Err(NoIdentity::Refused(failure)) => Err(failure.into()),
            Err(NoIdentity::Unknown(failure)) => Ok(unread_caller(
                named,
                &format!("STS did not say who calls: {}", failure.title),
                NAME_THEM,
            )),
        }
    }
}

async fn sandbox(command: &Command<'_>) -> Result<(Sandbox, String), Stop> {
    let mut config = match command.args.call.sandbox.iter().flatten().next() {
        Some(path) => input::sandbox(path)?,
        None => Config::demo(),
    };
    let flags = command.selection();
    // The flags move the whole sandbox, so that what is called and what answers agree.
    config.region = flags.region.unwrap_or(config.region);
    config.account = flags.account.unwrap_or(config.account);
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
