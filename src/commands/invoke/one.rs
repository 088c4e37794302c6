//! One call: its target, its permission, its request, its answer.

use std::borrow::Cow;

use bytes::Bytes;

use super::send::Outgoing;
use super::setting::{Need, Setting};
use super::{Command, Progress, Stop, broken, event};
use crate::acs::Credentials;
use crate::acs::http::HttpRequest;
use crate::catalogue::Catalogue;
use crate::cli::{InvocationTypeArg, LogArg};
use crate::commands::input;
use crate::diagnosis::{Failure, codes};
use crate::fc::invocation::is_async_id;
use crate::fc::{Invocation, InvocationType, LogType, Target};
use crate::output::invocation::{RequestReport, shown_headers};
use crate::output::{Format, Printer, Verbosity, escape};
use crate::preflight;
use crate::project::{self, Function, REGION_VARIABLE, SelectionError};
use crate::ram::{Context, Policy};

/// What the calls of one command have in common.
pub(super) struct Shared {
    setting: Setting,
    async_id: Option<String>,
    policies: Vec<Policy>,
    context: Context,
    catalogue: Option<Cow<'static, Catalogue>>,
    /// Once it was read.
    event: Option<Bytes>,
}

impl Command<'_> {
    pub(super) async fn shared(
        &self,
        setting: Setting,
        printer: &mut Printer,
    ) -> Result<Shared, Stop> {
        let async_id = self.async_id(printer)?;
        let named = self.policies().await?;
        let sends = self.signs() && !self.args.call.dry_run;
        if setting.world().is_some() && !named.policies.is_empty() && sends {
            printer.warning("the sandbox decides without the policies that you named");
        }
        for warning in named.warnings {
            printer.warning(&warning);
        }
        let catalogue = match self.args.preflight.templates.as_ref() {
            directory @ Some(_) => Some(input::catalogue(directory)?),
            None => None,
        };
        Ok(Shared {
            setting,
            async_id,
            policies: named.policies,
            context: input::context(&self.args.preflight.context)?,
            catalogue,
            event: None,
        })
    }

    /// The event, read once: stdin has only one end.
    pub(super) async fn event(
        &self,
        shared: &mut Shared,
        printer: &mut Printer,
    ) -> Result<Bytes, Stop> {
        let event = match &shared.event {
            Some(event) => event.clone(),
            None if self.signs() => event::read(&self.args.event, printer).await?,
            None => Bytes::new(),
        };
        shared.event = Some(event.clone());
        Ok(event)
    }

    pub(super) async fn one(
        &self,
        function: Option<&Function<'_>>,
        shared: &mut Shared,
        progress: &mut Progress<'_>,
    ) -> Result<(), Stop> {
        let call = &self.args.call;
        let mode = self.check_mode();
        let emits = self.args.preflight.emit_policy.is_some();
        let need = Need {
            signs: self.signs(),
            resource: mode.is_some() || emits,
            asks: mode.is_some() && shared.setting.must_ask(&shared.policies, self),
        };
        shared.setting.follow(function, need, self)?;
        let setting = &mut shared.setting;
        let target = self.target(function, setting, progress).await?;
        let credentials = setting
            .credentials(self, &target, need, progress.printer)
            .await?;
        let event = self.event(shared, progress.printer).await?;
        let setting = &mut shared.setting;
        let target = setting
            .with_account(target, need.resource, credentials.as_ref(), self)
            .await?;
        let endpoint = setting.endpoint(&target, self.global.vpc);
        let invocation = self.invocation(target, shared.async_id.clone(), event);
        progress.report.target = Some(invocation.target.clone());
        progress.report.request = Some(RequestReport::new(&invocation, &endpoint));
        if need.resource {
            let catalogue = match &shared.catalogue {
                Some(catalogue) => catalogue,
                None => Catalogue::embedded(),
            };
            let required = preflight::for_invoke(&invocation.target, catalogue)?;
            if emits {
                progress.required.push(required.clone());
            }
            if let Some(mode) = mode {
                let named = shared.policies.clone();
                let found = credentials.as_ref();
                let setting = &mut shared.setting;
                let caller = setting.caller(&invocation.target, named, found, self);
                let caller = caller.await?;
                let context = shared.context.clone();
                let context = self.known(context, credentials.as_ref(), endpoint.is_secure());
                let target = &invocation.target;
                self.check(mode, target, &required, caller, &context, progress)?;
            }
        }
        if !need.signs {
            return Ok(());
        }
        // Again: the event may have been long in coming, and a token can run out meanwhile.
        let target = &invocation.target;
        let setting = &mut shared.setting;
        let credentials = setting.credentials(self, target, need, progress.printer);
        let Some(credentials) = credentials.await? else {
            return Ok(());
        };
        if call.dry_run || progress.printer.wants(Verbosity::Verbose) {
            let (now, nonce) = ((self.ambient.now)(), (self.ambient.nonce)());
            let signed = invocation.signed(&endpoint, &credentials, now, &nonce);
            if call.dry_run {
                return dry_run(&signed, progress);
            }
            explain_request(&signed, &credentials, progress.printer);
        }
        let outgoing = Outgoing {
            endpoint: &endpoint,
            credentials: &credentials,
            invocation: &invocation,
            limit: self.limit(function)?,
        };
        let catalogue = shared.catalogue.as_deref();
        self.send(&shared.setting, outgoing, catalogue, progress)
            .await
    }

    fn invocation(&self, target: Target, async_id: Option<String>, event: Bytes) -> Invocation {
        let call = &self.args.call;
        Invocation {
            target,
            invocation_type: match call.invocation_type {
                InvocationTypeArg::Sync => InvocationType::Sync,
                InvocationTypeArg::Async => InvocationType::Async,
            },
            log: match call.log {
                LogArg::Tail => LogType::Tail,
                LogArg::None => LogType::None,
            },
            async_id,
            event,
        }
    }

    async fn target(
        &self,
        function: Option<&Function<'_>>,
        setting: &mut Setting,
        progress: &mut Progress<'_>,
    ) -> Result<Target, Stop> {
        let mut selection = self.selection();
        if let Some(world) = setting.world() {
            selection.region.get_or_insert_with(|| world.region.clone());
            selection
                .account
                .get_or_insert_with(|| world.account.clone());
        }
        if let Some(function) = function {
            self.complete(&mut selection, function, setting, progress.printer)
                .await?;
        }
        self.check_component(&selection)?;
        let variable = self.environment.var(REGION_VARIABLE);
        let variable = variable.map_err(SelectionError::Environment)?;
        if selection.region.is_none() && variable.is_none() {
            selection.region = setting.region_of_profile(self)?;
        }
        let (target, warnings) = project::select(selection, self.environment)?;
        for warning in warnings {
            progress.printer.warning(&warning);
        }
        Ok(target)
    }

    fn async_id(&self, printer: &mut Printer) -> Result<Option<String>, Stop> {
        let call = &self.args.call;
        let id = call
            .stateful_async_invocation_id
            .clone()
            .filter(|id| !id.is_empty());
        let Some(id) = id else { return Ok(None) };
        if !is_async_id(&id) {
            let title = format!("`{id}` cannot be the id of an asynchronous call");
            return Err(Failure::new(codes::ASYNC_ID, title)
                .hint("it begins with a letter or `_`, goes on with letters, digits, `_` and `-`, and has at most 128 of them")
                .into());
        }
        if call.invocation_type == InvocationTypeArg::Sync {
            let text = "a synchronous call takes no id: `--invocation-type async` is missing";
            printer.warning(text);
            return Ok(None);
        }
        Ok(Some(id))
    }
}

/// Prints the request that would be sent.
fn dry_run(request: &HttpRequest, progress: &mut Progress<'_>) -> Result<(), Stop> {
    if let Some(reported) = &mut progress.report.request {
        reported.headers = Some(request.headers.clone());
    }
    if progress.printer.format() == Format::Json {
        return Ok(());
    }
    let mut text = format!("{} {}\n", request.method, request.url());
    for (name, value) in shown_headers(&request.headers) {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&format!(
        "\n({} bytes of event; nothing was sent)\n",
        request.body.len()
    ));
    progress
        .printer
        .data(text.as_bytes())
        .and_then(|()| progress.printer.flush())
        .map_err(|error| broken(&error))
}

fn explain_request(request: &HttpRequest, credentials: &Credentials, printer: &mut Printer) {
    printer.line(
        Verbosity::Verbose,
        &format!("{} {}", request.method, request.url()),
    );
    let line = format!(
        "signed with `{}` from {}",
        credentials.access_key_id, credentials.source
    );
    printer.line(Verbosity::Verbose, &escape::line(&line));
    if printer.wants(Verbosity::Debug) {
        for (name, value) in shown_headers(&request.headers) {
            printer.line(Verbosity::Debug, &format!("> {name}: {value}"));
        }
    }
}
