//! The permission, before the call: which check is wanted, what it reads, and what its verdict
//! does.

use std::path::Path;

use super::{Command, Progress, Stop, broken};
use crate::acs::ambient::utc;
use crate::acs::transport::USER_AGENT;
use crate::acs::{Credentials, Principal};
use crate::cli::CheckMode;
use crate::commands::input;
use crate::diagnosis::{self, Failure, codes};
use crate::fc::Target;
use crate::output::{Printer, Verbosity, json};
use crate::preflight::{self, Caller, Preflight, Required, Source, Verdict};
use crate::ram::{Context, Layer, Policies, Policy, Reason, ReasonKind, synthesise};

impl Command<'_> {
    /// Whether the permission is checked, and what the verdict does: naming policies asks for
    /// it, and so does a dry run.
    pub(super) fn check_mode(&self) -> Option<CheckMode> {
        let preflight = &self.args.preflight;
        let implied = preflight.policies.any() || self.args.call.dry_run;
        let implied = implied && preflight.emit_policy.is_none();
        preflight
            .check_perms
            .or(implied.then_some(CheckMode::Enforce))
    }

    /// Adds what the client itself knows of the request; the user's word beats it.
    pub(super) fn known(
        &self,
        mut context: Context,
        credentials: Option<&Credentials>,
        secure: bool,
    ) -> Context {
        context.give_default("acs:CurrentTime", &utc((self.ambient.now)()));
        context.give_default("acs:SecureTransport", if secure { "true" } else { "false" });
        context.give_default("acs:UserAgent", USER_AGENT);
        let access_key = credentials.is_some_and(|found| found.security_token.is_none());
        if access_key && !context.is_given("acs:MFAPresent") {
            context.absent("acs:MFAPresent");
        }
        context
    }

    pub(super) fn check(
        &self,
        mode: CheckMode,
        target: &Target,
        required: &Required,
        caller: Caller,
        context: &Context,
        progress: &mut Progress<'_>,
    ) -> Result<(), Stop> {
        let preflight = preflight::check(required, &caller, context);
        let verdict = preflight.verdict;
        let failure = diagnosis::of_preflight(&preflight, target, &caller);
        let stops = match verdict {
            Verdict::Allowed => false,
            Verdict::Denied => mode != CheckMode::Warn || self.args.call.dry_run,
            Verdict::Undetermined => matches!(mode, CheckMode::Strict | CheckMode::Only),
        };
        match failure {
            Some(failure) if stops => {
                progress.report.preflight = Some((preflight, caller));
                return Err(failure.into());
            }
            Some(failure) => {
                let mut text = failure.title.clone();
                for why in &failure.why {
                    text = format!("{text}; {why}");
                }
                progress.printer.warning(&text);
                for place in &failure.excerpts {
                    progress.printer.excerpt(place);
                }
                for hint in diagnosis::to_settle(&preflight, &caller) {
                    progress.printer.hint(Verbosity::Normal, &hint);
                }
            }
            None => show_allowed(&preflight, &caller, progress.printer),
        }
        progress.report.preflight = Some((preflight, caller));
        Ok(())
    }
}

fn show_allowed(preflight: &Preflight, caller: &Caller, printer: &mut Printer) {
    for check in &preflight.checks {
        let line = format!(
            "preflight: allowed: `{}` on `{}`",
            check.action, check.resource
        );
        printer.line(Verbosity::Normal, &line);
    }
    if let Some(check) = preflight.deciding() {
        let (action, resource) = (&check.action, &check.resource);
        let policies = &caller.policies;
        for place in diagnosis::deciding_places(&check.explanation, action, resource, policies) {
            printer.excerpt(&place);
        }
    }
    input::not_looked_at(&preflight.layers_not_seen, printer);
}

pub(super) async fn emit_policy(
    path: &Path,
    required: &[Required],
    printer: &mut Printer,
) -> Result<(), Stop> {
    let pairs: Vec<_> = required.iter().flat_map(Required::pairs).collect();
    let documents = synthesise(&pairs);
    let lines = documents.iter().map(json::pretty).map(|one| one + "\n");
    let text: String = lines.collect();
    if path == Path::new("-") {
        printer
            .data(text.as_bytes())
            .and_then(|()| printer.flush())
            .map_err(|error| broken(&error))
    } else {
        // On a thread of its own: a pipe may have no reader.
        let to = path.to_owned();
        let written = tokio::task::spawn_blocking(move || input::write_whole(&to, &text)).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        written.map_err(|error| {
            let why = input::io_words(&error);
            let title = format!("`{}` cannot be written: {why}", path.display());
            Failure::new(codes::OUTPUT, title)
                .hint("check the folder and its permissions")
                .into()
        })
    }
}

/// The caller of whom the user names the policies.
pub(super) fn named_caller(principal: Option<Principal>, named: Vec<Policy>) -> Caller {
    Caller {
        principal,
        layers_seen: layers(&named),
        sources: vec![Source::File; named.len()],
        policies: Policies::new(named),
        unread: Vec::new(),
        to_read: None,
    }
}

/// The caller where nobody named policies and none can be read.
pub(super) fn unread_caller(named: Vec<Policy>, why: &str, settle_with: &str) -> Caller {
    Caller {
        principal: None,
        layers_seen: layers(&named),
        sources: vec![Source::File; named.len()],
        policies: Policies::with_unread(named, &[Layer::Account]),
        unread: vec![Reason {
            kind: ReasonKind::UnreadPolicy,
            detail: format!("the caller's own policies were not read: {why}"),
            settle_with: settle_with.to_owned(),
        }],
        to_read: None,
    }
}

fn layers(policies: &[Policy]) -> Vec<Layer> {
    let mut layers: Vec<Layer> = policies.iter().map(|policy| policy.layer).collect();
    layers.dedup();
    layers
}
