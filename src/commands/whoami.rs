//! `sesame whoami`: who calls, where its credentials are from, and which policies apply to it.

use super::calling::{Asker, NoIdentity, Outside};
use super::{Ended, finish, print, runtime, signal};
use crate::acs::credentials::{self, Keeper};
use crate::acs::{Ambient, Credentials, Endpoint, EndpointOverrides, Environment, Transport};
use crate::cli::GlobalArgs;
use crate::diagnosis::{self, Exit, Failure, codes};
use crate::output::whoami::{Report, SCHEMA};
use crate::output::{Format, Printer, Verbosity, escape};
use crate::project::REGION_VARIABLE;

pub(super) fn run(
    global: &GlobalArgs,
    ambient: Ambient,
    environment: &dyn Environment,
    printer: &mut Printer,
) -> Exit {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(failure) => return finish(SCHEMA, Err(failure), printer),
    };
    let outside = Outside {
        global,
        environment,
        ambient,
    };
    let ended = runtime.block_on(async {
        tokio::select! {
            biased;
            exit = signal() => Err(exit),
            ended = ask(outside, printer) => Ok(ended),
        }
    });
    // A credential process may still run.
    runtime.shutdown_background();
    match ended {
        Ok(ended) => finish(SCHEMA, ended, printer),
        Err(exit) => {
            let ended = Ended {
                fields: Some(serde_json::Value::Null),
                failure: Some(Failure::new(codes::SIGNAL, word(exit))),
            };
            finish(SCHEMA, Ok(ended), printer);
            exit
        }
    }
}

/// What a signal did to the command.
fn word(exit: Exit) -> &'static str {
    match exit {
        Exit::Interrupted => "interrupted",
        _ => "terminated",
    }
}

async fn ask(outside: Outside<'_>, printer: &mut Printer) -> Result<Ended, Box<Failure>> {
    let transport = outside.transport()?;
    let overrides = outside.overrides()?;
    let found = find(outside, &transport, &overrides, printer).await?;
    let (credentials, sts) = &found;
    let asker = Asker::new(&transport, &overrides, credentials, outside.ambient);
    let caller = match asker.identity(sts).await {
        Ok(caller) => caller,
        Err(NoIdentity::Refused(failure) | NoIdentity::Unknown(failure)) => return Err(failure),
    };
    let report = Report {
        standing: asker.standing(&caller).await,
        source: credentials.source.clone(),
        expires_at: credentials.expires_at,
    };
    if printer.format() != Format::Json {
        print(&report.to_text(), printer)?;
        let standing = &report.standing;
        for hint in diagnosis::to_read(standing.to_read.as_ref(), &standing.principal) {
            printer.hint(Verbosity::Normal, &hint);
        }
    }
    Ok(Ended {
        fields: Some(report.to_fields()),
        failure: None,
    })
}

/// The credentials, and the STS to ask about them: the one of the region where one is known.
async fn find(
    outside: Outside<'_>,
    transport: &Transport,
    overrides: &EndpointOverrides,
    printer: &mut Printer,
) -> Result<(Credentials, Endpoint), Box<Failure>> {
    let mut world = outside.sources(transport, overrides);
    let mut keeper = Keeper::new(outside.choice());
    let variable = outside.environment.var(REGION_VARIABLE).map_err(|error| {
        let failure = Failure::new(codes::ENVIRONMENT, error);
        Box::new(failure.hint("set it to text in UTF-8, or unset it"))
    })?;
    let region = match variable.filter(|region| !region.is_empty()) {
        Some(region) => Some(region),
        None => credentials::region(&world, keeper.choice()).map_err(Failure::from)?,
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if let Some(region) = region.as_ref().filter(|region| !region.bytes().all(plain)) {
        let title = format!("`{region}` is not a region id");
        let hint = format!("set `{REGION_VARIABLE}` to one like `cn-hangzhou`, or unset it");
        return Err(Box::new(Failure::new(codes::REGION, title).hint(hint)));
    }
    let sts = match &region {
        Some(region) => overrides.sts(region, outside.global.vpc),
        None if outside.global.vpc && !overrides.names_sts() => {
            let title = "`--vpc` needs a region: the addresses inside the network are a region's";
            let hint = format!("set `{REGION_VARIABLE}`");
            return Err(Box::new(Failure::new(codes::REGION, title).hint(hint)));
        }
        None => overrides.global_sts(),
    };
    world.region = region;
    let found = keeper.credentials(&world).await.cloned();
    for notice in world.notices.take() {
        printer.line(Verbosity::Verbose, &escape::line(&notice));
    }
    Ok((found.map_err(Failure::from)?, sts))
}
